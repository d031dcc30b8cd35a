//! An embedder in process, on ONNX Runtime.
//!
//! ```text
//! passage → form → batches of like length → fastembed → unit vectors, in the order given
//! ```

mod batch;
mod fingerprint;
mod form;
mod passages;
mod problem;
mod publish;
mod runtime;

pub use problem::OnnxProblem;

use super::catalog::{EmbedderSpec, Pooling};
use super::embedder::{Embedder, PassageInput};
use crate::embedding::{Embedding, ModelId};
use crate::error::Result;
use passages::Passages;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// File of the tokenizer inside a model's folder.
const TOKENIZER: &str = "tokenizer.json";

/// Weights and tokenizer are loaded when the first text comes.
pub struct OnnxEmbedder {
    spec: &'static EmbedderSpec,
    dir: PathBuf,
    ort_library: PathBuf,
    threads: usize,
    id: ModelId,
    passages: Mutex<Option<Passages>>,
}

impl OnnxEmbedder {
    /// `dir` holds the model's files, `ort_library` is ONNX Runtime itself (a process keeps the first it has
    /// loaded), `threads` computes one text or batch. Reads no weights unless their fingerprint is missing.
    pub fn new(
        spec: &'static EmbedderSpec,
        dir: PathBuf,
        ort_library: PathBuf,
        threads: usize,
    ) -> Result<OnnxEmbedder> {
        let pooling = match spec.pooling {
            Pooling::Mean => "mean",
            Pooling::Graph => "graph",
        };
        let id = ModelId {
            name: spec.name.into(),
            weights: fingerprint::fingerprint(spec.name, &dir, &[spec.onnx, TOKENIZER])?,
            dim: spec.dim,
            pooling: pooling.into(),
            query_prefix: spec.query_prefix.into(),
            passage_prefix: spec.passage_prefix.into(),
        };
        Ok(OnnxEmbedder { spec, dir, ort_library, threads, id, passages: Mutex::new(None) })
    }

    fn embed_forms(&self, texts: &[String]) -> Result<Vec<Embedding>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let mut passages = self.passages.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = match passages.take() {
            Some(loaded) => loaded,
            None => {
                let environment = runtime::environment(&self.ort_library)?;
                Passages::load(self.spec, &self.dir, &environment, self.threads)?
            }
        };
        passages.insert(loaded).embed(texts)
    }
}

impl Embedder for OnnxEmbedder {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn embed_passages(&self, passages: &[PassageInput<'_>]) -> Result<Vec<Embedding>> {
        let texts: Vec<String> = passages.iter().map(|passage| form::passage(self.spec, passage)).collect();
        self.embed_forms(&texts)
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Embedding>> {
        let texts: Vec<String> = queries.iter().map(|query| form::query(self.spec, query)).collect();
        self.embed_forms(&texts)
    }
}

impl fmt::Debug for OnnxEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxEmbedder").field("id", &self.id).field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// A vector as the graph gave it, of the length the table promises, brought to length one.
fn embedding(spec: &EmbedderSpec, vector: Vec<f32>) -> Result<Embedding> {
    let fits = vector.len() == spec.dim;
    let no_vector = OnnxProblem::NoVector { model: spec.name, dim: spec.dim };
    Embedding::new(vector).filter(|_| fits).ok_or_else(|| no_vector.into())
}
