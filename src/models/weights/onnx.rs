//! The few messages of ONNX's `onnx.proto` that a graph with weights needs, with its field numbers.
//!
//! Every scalar is optional, as in the proto2 original: what is set is written, zero or empty too.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};
use std::io::{self, Write};

#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    #[prost(int64, optional, tag = "1")]
    pub ir_version: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub producer_name: Option<String>,
    #[prost(message, optional, tag = "7")]
    pub graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
}

impl ModelProto {
    /// The bytes that `encode_to_vec` gives, tensor by tensor: the weights are not in memory a second time.
    pub fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        let opset_import = std::mem::take(&mut self.opset_import);
        let mut graph = self.graph.take().unwrap_or_default();
        let tensors = std::mem::take(&mut graph.initializer);
        let after = GraphProto {
            input: std::mem::take(&mut graph.input),
            output: std::mem::take(&mut graph.output),
            ..GraphProto::default()
        };
        let field = |tensor: &TensorProto| {
            let length = tensor.encoded_len();
            key(GRAPH_INITIALIZER).len() + encoded_len_varint(length as u64) + length
        };
        let length = graph.encoded_len() + tensors.iter().map(field).sum::<usize>() + after.encoded_len();
        out.write_all(&self.encode_to_vec())?;
        out.write_all(&head(MODEL_GRAPH, length))?;
        out.write_all(&graph.encode_to_vec())?;
        for tensor in tensors {
            tensor.write(out)?;
        }
        out.write_all(&after.encode_to_vec())?;
        out.write_all(&ModelProto { opset_import, ..ModelProto::default() }.encode_to_vec())
    }
}

/// Numbers of the fields that are written apart.
const MODEL_GRAPH: u32 = 7;
const GRAPH_INITIALIZER: u32 = 5;
const TENSOR_RAW: u32 = 9;

fn key(field: u32) -> Vec<u8> {
    let mut key = Vec::new();
    encode_key(field, WireType::LengthDelimited, &mut key);
    key
}

/// What stands before a field of that many bytes.
fn head(field: u32, length: usize) -> Vec<u8> {
    let mut head = key(field);
    encode_varint(length as u64, &mut head);
    head
}

#[derive(Clone, PartialEq, Message)]
pub struct OperatorSetIdProto {
    #[prost(string, optional, tag = "1")]
    pub domain: Option<String>,
    #[prost(int64, optional, tag = "2")]
    pub version: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
}

#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    #[prost(string, optional, tag = "3")]
    pub name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub op_type: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
    #[prost(string, optional, tag = "7")]
    pub domain: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    #[prost(enumeration = "AttributeType", optional, tag = "20")]
    pub r#type: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
pub enum AttributeType {
    Undefined = 0,
    Float = 1,
    Int = 2,
    String = 3,
    Ints = 7,
}

#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    #[prost(enumeration = "DataType", optional, tag = "2")]
    pub data_type: Option<i32>,
    #[prost(string, optional, tag = "8")]
    pub name: Option<String>,
    /// Little-endian.
    #[prost(bytes = "vec", optional, tag = "9")]
    pub raw_data: Option<Vec<u8>>,
}

impl TensorProto {
    /// As a field of its graph. The raw values come last.
    fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&head(GRAPH_INITIALIZER, self.encoded_len()))?;
        let raw = self.raw_data.take();
        out.write_all(&self.encode_to_vec())?;
        match raw {
            Some(raw) => {
                out.write_all(&head(TENSOR_RAW, raw.len()))?;
                out.write_all(&raw)
            }
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
pub enum DataType {
    Undefined = 0,
    Float = 1,
    Uint8 = 2,
    Int8 = 3,
    Int64 = 7,
    Int4 = 22,
}

#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<TypeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorTypeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TensorTypeProto {
    #[prost(enumeration = "DataType", optional, tag = "1")]
    pub elem_type: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShapeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<DimensionProto>,
}

#[derive(Clone, PartialEq, Message)]
pub struct DimensionProto {
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub dim_param: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, raw: Option<Vec<u8>>) -> TensorProto {
        TensorProto { dims: vec![3, 1], data_type: Some(DataType::Int8 as i32), name: Some(name.into()), raw_data: raw }
    }

    #[test]
    fn a_model_written_tensor_by_tensor_is_the_same_message() {
        let value = |name: &str| ValueInfoProto { name: Some(name.into()), r#type: None };
        let model = ModelProto {
            ir_version: Some(10),
            producer_name: Some("test".into()),
            graph: Some(GraphProto {
                node: vec![NodeProto { input: vec!["x".into()], domain: Some(String::new()), ..Default::default() }],
                name: Some("graph".into()),
                // Lengths of one byte and of more.
                initializer: vec![tensor("a", Some(vec![7; 3])), tensor("b", Some(vec![9; 300])), tensor("c", None)],
                input: vec![value("x")],
                output: vec![value("y")],
            }),
            opset_import: vec![OperatorSetIdProto { domain: Some("com.microsoft".into()), version: Some(1) }],
        };
        let expected = model.encode_to_vec();
        let mut written = Vec::new();
        model.write(&mut written).unwrap();
        assert_eq!(written, expected);
    }
}
