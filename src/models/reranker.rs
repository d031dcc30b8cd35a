//! A reranker: looks at a query and a passage together, which an index cannot.

use super::embedder::PassageInput;
use crate::error::Result;

/// Scores the few passages that retrieval put first. It never sorts.
pub trait Reranker: Send + Sync {
    /// One finite score a passage, in the order given; larger is better; comparable within one query only.
    fn score(&self, query: &str, passages: &[PassageInput<'_>]) -> Result<Vec<f32>>;
}
