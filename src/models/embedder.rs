//! An embedder: text in, unit vectors out.

use crate::embedding::{Embedding, ModelId};
use crate::error::Result;

/// Maps text to vectors whose dot product says how close two meanings are.
pub trait Embedder: Send + Sync {
    /// Decides whether stored vectors may be compared with this embedder's.
    fn id(&self) -> &ModelId;

    /// Passages to hand over at a time at most, at least 1: enough for its pace, and few enough that progress moves and a
    /// stop is heeded soon.
    fn batch(&self) -> usize;

    /// Bytes of text to hand over at a time; one passage may have more.
    fn batch_bytes(&self) -> usize {
        usize::MAX
    }

    /// One embedding a passage, in the order given. `title` and `body` are put into the form the model
    /// was trained on (prefix included); what exceeds the model's window is cut off at the end.
    /// A passage embeds to the same vector alone and in any batch, up to float rounding (1e-5).
    fn embed_passages(&self, passages: &[PassageInput<'_>]) -> Result<Vec<Embedding>>;

    /// One embedding a query, in the order given, in the model's query form.
    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Embedding>>;

    fn embed_query(&self, query: &str) -> Result<Embedding> {
        Ok(self.embed_queries(&[query])?.remove(0))
    }
}

/// A passage as an embedder sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassageInput<'a> {
    /// Title and headings, `title › section`; empty where there is none.
    pub title: &'a str,
    pub body: &'a str,
}
