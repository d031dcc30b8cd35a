//! An ONNX graph while it is being written: nodes and tensors in the order they were added.

use super::onnx::{
    AttributeProto, AttributeType, DataType, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

const OPSET: i64 = 21;
const IR_VERSION: i64 = 10;
/// Operators of ONNX Runtime's own: weights of four or eight bits.
const CONTRIB: &str = "com.microsoft";

/// Value of a node's attribute.
pub enum Attr<'a> {
    Int(i64),
    Float(f32),
    Ints(&'a [i64]),
    Text(&'a str),
}

/// One side of a tensor's shape.
pub enum Dim<'a> {
    Fixed(usize),
    /// Known only when the graph runs.
    Named(&'a str),
}

/// Every method that adds something returns its name, to be an input further on.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
}

impl Graph {
    /// A node of the standard operators. The order of `attributes` is by name, whatever order they come in.
    pub fn node(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[(&str, Attr)]) -> String {
        self.node_of("", op, inputs, output, attributes)
    }

    /// `x` times a matrix of `rows` × `columns` whose weights are packed in blocks along the columns:
    /// the tensors are `{name}.B` and `{name}.S`.
    pub fn packed_matmul(&mut self, x: &str, name: &str, output: &str, matrix: PackedMatrix) -> String {
        let PackedMatrix { rows, columns, bits, block, weights, scales } = matrix;
        let weights =
            self.raw(&format!("{name}.B"), &[rows, columns / block, block * bits / 8], DataType::Uint8, weights);
        let scales = self.floats(&format!("{name}.S"), &[scales.len()], &scales);
        self.node_of(
            CONTRIB,
            "MatMulNBits",
            &[x, &weights, &scales],
            output,
            &[
                ("K", Attr::Int(columns as i64)),
                ("N", Attr::Int(rows as i64)),
                // Activations are quantized to eight bits as well: fastest on CPUs, no loss seen.
                ("accuracy_level", Attr::Int(4)),
                ("bits", Attr::Int(bits as i64)),
                ("block_size", Attr::Int(block as i64)),
            ],
        )
    }

    /// Rows of a four-bit table, looked up and dequantized.
    pub fn packed_gather(&mut self, table: &str, indices: &str, scales: &str, block: usize, output: &str) -> String {
        self.node_of(
            CONTRIB,
            "GatherBlockQuantized",
            &[table, indices, scales],
            output,
            &[
                ("bits", Attr::Int(4)),
                ("block_size", Attr::Int(block as i64)),
                ("gather_axis", Attr::Int(0)),
                ("quantize_axis", Attr::Int(1)),
            ],
        )
    }

    fn node_of(
        &mut self,
        domain: &str,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Attr)],
    ) -> String {
        let mut attribute: Vec<_> = attributes.iter().map(|(name, value)| attribute_proto(name, value)).collect();
        attribute.sort_by(|a, b| a.name.cmp(&b.name));
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|name| name.to_string()).collect(),
            output: vec![output.to_owned()],
            name: Some(output.to_owned()),
            op_type: Some(op.to_owned()),
            attribute,
            domain: Some(domain.to_owned()),
        });
        output.to_owned()
    }

    pub fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.raw(name, dims, DataType::Float, raw)
    }

    pub fn ints(&mut self, name: &str, values: &[i64]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.raw(name, &[values.len()], DataType::Int64, raw)
    }

    pub fn raw(&mut self, name: &str, dims: &[usize], data_type: DataType, raw: Vec<u8>) -> String {
        self.tensors.push(TensorProto {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type: Some(data_type as i32),
            name: Some(name.to_owned()),
            raw_data: Some(raw),
        });
        name.to_owned()
    }

    /// The finished model. `inputs` are int64, `outputs` are float.
    pub fn model(self, name: &str, producer: &str, inputs: &[Value], outputs: &[Value]) -> ModelProto {
        let values = |values: &[Value], data_type| values.iter().map(|value| value.proto(data_type)).collect();
        ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: Some(producer.to_owned()),
            graph: Some(GraphProto {
                node: self.nodes,
                name: Some(name.to_owned()),
                initializer: self.tensors,
                input: values(inputs, DataType::Int64),
                output: values(outputs, DataType::Float),
            }),
            opset_import: [("", OPSET), (CONTRIB, 1)]
                .map(|(domain, version)| OperatorSetIdProto { domain: Some(domain.to_owned()), version: Some(version) })
                .into(),
        }
    }
}

/// A matrix of small integers with one scale a block.
pub struct PackedMatrix {
    pub rows: usize,
    pub columns: usize,
    pub bits: usize,
    pub block: usize,
    pub weights: Vec<u8>,
    pub scales: Vec<f32>,
}

/// An input or output of the whole graph.
pub struct Value<'a> {
    pub name: &'a str,
    pub shape: &'a [Dim<'a>],
}

impl Value<'_> {
    fn proto(&self, data_type: DataType) -> ValueInfoProto {
        let dim = self
            .shape
            .iter()
            .map(|dim| match dim {
                Dim::Fixed(size) => DimensionProto { dim_value: Some(*size as i64), dim_param: None },
                Dim::Named(name) => DimensionProto { dim_value: None, dim_param: Some(name.to_string()) },
            })
            .collect();
        let tensor = TensorTypeProto { elem_type: Some(data_type as i32), shape: Some(TensorShapeProto { dim }) };
        ValueInfoProto { name: Some(self.name.to_owned()), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
    }
}

fn attribute_proto(name: &str, value: &Attr) -> AttributeProto {
    let mut proto = AttributeProto { name: Some(name.to_owned()), ..Default::default() };
    let kind = match value {
        Attr::Int(int) => {
            proto.i = Some(*int);
            AttributeType::Int
        }
        Attr::Float(float) => {
            proto.f = Some(*float);
            AttributeType::Float
        }
        Attr::Ints(ints) => {
            proto.ints = ints.to_vec();
            AttributeType::Ints
        }
        Attr::Text(text) => {
            proto.s = Some(text.as_bytes().to_vec());
            AttributeType::String
        }
    };
    proto.r#type = Some(kind as i32);
    proto
}
