//! The tensors of safetensors files, packed as they are read: once, from front to back.

use super::super::graph::PackedMatrix;
use super::{GemmaProblem, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io::Read;

/// Weights that share a scale.
pub(super) const BLOCK: usize = 32;
/// The one matrix whose rows are looked up instead of multiplied.
pub(super) const WORDS: &str = "embed_tokens.weight";
/// In an error, instead of a tensor's name.
const HEADER: &str = "the header";
/// Longer headers are damage.
const HEADER_BYTES_MAX: u64 = 1 << 24;
/// So are larger files.
const FILE_BYTES_MAX: u64 = 1 << 31;
/// Weights are kept as whole multiples of their scale, up to this one.
const STEPS: f32 = 127.0;
/// What stands for zero where packed weights have no sign.
const ZERO: f32 = 128.0;

/// By name. Vectors stay floats; matrices become bytes with scales.
#[derive(Default)]
pub(super) struct Tensors(HashMap<String, Tensor>);

struct Tensor {
    shape: Vec<usize>,
    /// Of a matrix only.
    weights: Vec<u8>,
    /// The scales of a matrix, the values of a vector.
    floats: Vec<f32>,
}

/// What a header says of a tensor.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

impl Tensors {
    /// Adds the tensors of a file, each under `prefix` and its own name.
    pub fn read(&mut self, file: &mut dyn Read, prefix: &str) -> Result<()> {
        for (name, entry) in header(file)? {
            let tensor = Tensor::read(file, &name, entry.shape)?;
            self.0.insert(format!("{prefix}{name}"), tensor);
        }
        Ok(())
    }

    pub fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        Ok(self.take(name, &[length])?.floats)
    }

    /// With a scale for each block of a row.
    pub fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<PackedMatrix> {
        let Tensor { weights, floats: scales, .. } = self.take(name, &[rows, columns])?;
        Ok(PackedMatrix { rows, columns, bits: 8, block: BLOCK, weights, scales })
    }

    /// [`WORDS`], signed, and a scale for each row.
    pub fn words(&mut self, rows: usize, columns: usize) -> Result<(Vec<u8>, Vec<f32>)> {
        let words = self.take(WORDS, &[rows, columns])?;
        Ok((words.weights, words.floats))
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let found = self.0.remove(name).filter(|tensor| tensor.shape == shape);
        found.ok_or_else(|| GemmaProblem::NoTensor { name: name.into(), shape: shape.into() })
    }
}

impl Tensor {
    /// The next tensor of a file, row by row.
    fn read(file: &mut dyn Read, name: &str, shape: Vec<usize>) -> Result<Tensor> {
        let columns = shape.last().copied().unwrap_or(1);
        let rows = shape.iter().rev().skip(1).product();
        let pack = match shape.len() {
            2 if name == WORDS => pack_row,
            2 => pack_blocks,
            _ => keep,
        };
        let mut tensor = Tensor { shape, weights: Vec::new(), floats: Vec::new() };
        let mut bytes = vec![0; columns * 4];
        let mut row = Vec::with_capacity(columns);
        for _ in 0..rows {
            read_exact(file, name, &mut bytes)?;
            row.clear();
            row.extend(bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])));
            pack(&row, &mut tensor);
        }
        Ok(tensor)
    }
}

fn keep(row: &[f32], tensor: &mut Tensor) {
    tensor.floats.extend(row);
}

/// One scale for the row.
fn pack_row(row: &[f32], tensor: &mut Tensor) {
    let scale = largest(row) / STEPS;
    let weight = |value: f32| (value / scale).round_ties_even().clamp(-STEPS, STEPS) as i8 as u8;
    tensor.weights.extend(row.iter().map(|&value| weight(value)));
    tensor.floats.push(scale);
}

/// One scale for each block.
fn pack_blocks(row: &[f32], tensor: &mut Tensor) {
    for block in row.chunks(BLOCK) {
        let scale = largest(block) / STEPS;
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        let weight = |value: f32| ((value * inverse).round_ties_even() + ZERO) as u8;
        tensor.weights.extend(block.iter().map(|&value| weight(value)));
        tensor.floats.push(scale);
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// The tensors of a file in the order of their bytes, which follow one another without a gap.
fn header(file: &mut dyn Read) -> Result<Vec<(String, Entry)>> {
    let mut length = [0; 8];
    read_exact(file, HEADER, &mut length)?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_BYTES_MAX {
        return Err(unreadable(HEADER, format!("it is {length} bytes long")));
    }
    let mut json = vec![0; length as usize];
    read_exact(file, HEADER, &mut json)?;
    let json: Map<String, Value> = serde_json::from_slice(&json).map_err(|error| unreadable(HEADER, error))?;
    let mut entries = Vec::new();
    for (name, value) in json.into_iter().filter(|(name, _)| name != "__metadata__") {
        let entry: Entry = serde_json::from_value(value).map_err(|error| unreadable(&name, error))?;
        entries.push((name, entry));
    }
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut at = 0;
    for (name, entry) in &entries {
        let (start, end) = entry.data_offsets;
        let bytes = entry.shape.iter().try_fold(4_u64, |bytes, &side| bytes.checked_mul(side as u64));
        let follows = start == at && end > at && bytes == Some(end - at);
        if entry.dtype != "F32" || !follows || end > FILE_BYTES_MAX {
            return Err(unreadable(name, format!("{} {:?} at {start}..{end}", entry.dtype, entry.shape)));
        }
        at = end;
    }
    Ok(entries)
}

fn read_exact(file: &mut dyn Read, what: &str, bytes: &mut [u8]) -> Result<()> {
    file.read_exact(bytes).map_err(|error| unreadable(what, error))
}

fn unreadable(what: &str, reason: impl ToString) -> GemmaProblem {
    GemmaProblem::Unreadable { what: what.into(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, floats: &[f32]) -> Vec<u8> {
        let content = floats.iter().flat_map(|float| float.to_le_bytes());
        [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat().into_iter().chain(content).collect()
    }

    fn read(file: &[u8]) -> Result<Tensors> {
        let mut tensors = Tensors::default();
        tensors.read(&mut &*file, "")?;
        Ok(tensors)
    }

    #[test]
    fn a_block_keeps_whole_multiples_of_its_scale_and_rounds_halves_to_even() {
        let mut row = [0.0; 2 * BLOCK];
        // The largest is 127 scales of 2.
        row[..6].copy_from_slice(&[-254.0, 0.0, 3.0, 5.0, -1.0, 252.9]);
        let mut tensor = Tensor { shape: vec![], weights: vec![], floats: vec![] };
        pack_blocks(&row, &mut tensor);
        assert_eq!(tensor.floats, [2.0, 0.0]);
        assert_eq!(tensor.weights[..7], [1, 128, 130, 130, 128, 254, 128]);
        assert_eq!(tensor.weights[BLOCK..], [128; BLOCK]);
    }

    #[test]
    fn a_row_of_words_has_one_scale_and_signs() {
        let mut tensor = Tensor { shape: vec![], weights: vec![], floats: vec![] };
        pack_row(&[254.0, -254.0, 3.0, -5.0], &mut tensor);
        pack_row(&[0.0, 0.0], &mut tensor);
        assert_eq!(tensor.floats, [2.0, 0.0]);
        assert_eq!(tensor.weights.iter().map(|&weight| weight as i8).collect::<Vec<_>>(), [127, -127, 2, -2, 0, 0]);
    }

    #[test]
    fn tensors_are_found_by_name_and_shape_whatever_their_order() {
        let header = r#"{"__metadata__":{"format":"pt"},
            "b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#;
        let mut tensors = read(&file(header, &[1.0, 2.0, 3.0])).unwrap();
        assert_eq!(tensors.vector("a", 1).unwrap(), [3.0]);
        let absent = GemmaProblem::NoTensor { name: "b".into(), shape: vec![3] };
        assert_eq!(tensors.vector("b", 3).unwrap_err(), absent);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let entry = |dtype: &str, shape: &str, start: u64, end: u64| {
            format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}}}"#)
        };
        assert!(read(&file(&entry("F32", "[1]", 0, 4), &[1.0])).is_ok());
        for (file, named) in [
            (b"short".to_vec(), HEADER),
            (u64::MAX.to_le_bytes().to_vec(), HEADER),
            (file("not JSON", &[]), HEADER),
            (file(r#"{"x":{"dtype":"F32"}}"#, &[]), "x"),
            (file(&entry("F32", "[1]", 0, 4), &[]), "x"),
            (file(&entry("BF16", "[2]", 0, 4), &[1.0]), "x"),
            (file(&entry("F32", "[2]", 0, 4), &[1.0]), "x"),
            (file(&entry("F32", "[1]", 4, 8), &[1.0, 2.0]), "x"),
            (file(&entry("F32", "[1]", 4, 0), &[1.0]), "x"),
            (file(&entry("F32", "[9223372036854775807,0]", 0, 0), &[]), "x"),
            (file(&entry("F32", "[4611686018427387904,4]", 0, 0), &[]), "x"),
            (file(&entry("F32", "[1000000000000]", 0, 4_000_000_000_000), &[]), "x"),
        ] {
            match read(&file).map(drop).unwrap_err() {
                GemmaProblem::Unreadable { what, .. } => assert_eq!(what, named),
                other => panic!("{other:?}"),
            }
        }
    }
}
