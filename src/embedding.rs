//! A text as a point on the unit sphere, and which model put it there.

use serde::{Deserialize, Serialize};

/// How far rounding may take a kept vector's length from one.
const NORM_TOLERANCE: f32 = 1e-3;

/// A vector of length one. Two of them compare by dot product, which then is the cosine.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Normalizes to length one. `None` if the vector is empty, zero or not finite.
    pub fn new(mut values: Vec<f32>) -> Option<Embedding> {
        let norm = values.iter().map(|x| x * x).sum::<f32>().sqrt();
        if !norm.is_finite() || norm <= 0.0 {
            return None;
        }
        values.iter_mut().for_each(|x| *x /= norm);
        Some(Embedding(values))
    }

    /// As they were kept: of an embedding's values, to the bit. `None` unless their length is one, up to rounding.
    pub fn kept(values: Vec<f32>) -> Option<Embedding> {
        let norm = values.iter().map(|x| x * x).sum::<f32>().sqrt();
        ((norm - 1.0).abs() <= NORM_TOLERANCE).then_some(Embedding(values))
    }

    pub fn dim(&self) -> usize {
        self.0.len()
    }

    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

/// Everything about an embedder that decides its vectors. Kept in the manifest;
/// vectors of two different ids are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    pub name: String,
    /// blake3 of the weights' sha256 and the tokenizer's, or the model name a remote endpoint reports.
    pub weights: String,
    pub dim: usize,
    /// `mean`, `cls`, or `graph` where the model pools by itself.
    pub pooling: String,
    pub query_prefix: String,
    pub passage_prefix: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedding_has_length_one() {
        let embedding = Embedding::new(vec![3.0, 4.0]).unwrap();
        assert_eq!(embedding.as_slice(), [0.6, 0.8]);
        assert_eq!(Embedding::kept(vec![0.6, 0.8]), Some(embedding));
    }

    #[test]
    fn what_has_no_direction_is_refused() {
        for bad in [vec![], vec![0.0, 0.0], vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0]] {
            assert_eq!(Embedding::new(bad.clone()), None);
            assert_eq!(Embedding::kept(bad), None);
        }
    }
}
