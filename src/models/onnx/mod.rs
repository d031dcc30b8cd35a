//! An embedder in process, on ONNX Runtime.
//!
//! ```text
//! passage → form → batches of like length → fastembed → unit vectors, in the order given
//! query   → form → pieces (mapped tokenizer) → session on the mapped graph → unit vector
//! ```
//!
//! Passages come by the thousand and a second's start is nothing to them; a query comes alone, in a process
//! of its own, and start is all it costs. Both ways give the same vector for the same text.

mod batch;
mod fingerprint;
mod form;
mod graph;
mod maxsim;
mod passages;
pub mod pieces;
mod problem;
mod publish;
mod queries;
mod runtime;
mod tokens;

pub use maxsim::MaxSim;
pub use problem::OnnxProblem;

use super::catalog::{EmbedderSpec, Pooling};
use super::embedder::{Embedder, PassageInput};
use crate::embedding::{Embedding, ModelId};
use crate::error::Result;
use fingerprint::Fingerprint;
use passages::Passages;
use queries::Queries;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Passages computed at a time.
const BATCH: usize = 64;
/// File of the tokenizer inside a model's folder.
const TOKENIZER: &str = "tokenizer.json";

/// A model's folder and what is in it.
struct Files {
    spec: &'static EmbedderSpec,
    dir: PathBuf,
    fingerprint: Fingerprint,
}

impl Files {
    fn new(spec: &'static EmbedderSpec, dir: PathBuf) -> Result<Files> {
        let fingerprint = fingerprint::fingerprint(spec.name, &dir, &[spec.onnx, TOKENIZER])?;
        Ok(Files { spec, dir, fingerprint })
    }

    /// blake3 of the tokenizer's file.
    fn tokenizer(&self) -> &str {
        &self.fingerprint.each[1]
    }
}

/// Weights and tokenizer are loaded when the first text comes.
pub struct OnnxEmbedder {
    files: Files,
    ort_library: PathBuf,
    threads: usize,
    id: ModelId,
    passages: Mutex<Option<Passages>>,
    queries: Mutex<Option<Queries>>,
}

impl OnnxEmbedder {
    /// `dir` holds the model's files, `ort_library` is ONNX Runtime itself (a process keeps the first it has
    /// loaded), `threads` computes a batch of passages. Reads no weights unless their fingerprint is missing.
    pub fn new(
        spec: &'static EmbedderSpec,
        dir: PathBuf,
        ort_library: PathBuf,
        threads: usize,
    ) -> Result<OnnxEmbedder> {
        let files = Files::new(spec, dir)?;
        let pooling = match spec.pooling {
            Pooling::Mean => "mean",
            Pooling::Graph => "graph",
        };
        let id = ModelId {
            name: spec.name.into(),
            weights: files.fingerprint.all.clone(),
            dim: spec.dim,
            pooling: pooling.into(),
            query_prefix: spec.query_prefix.into(),
            passage_prefix: spec.passage_prefix.into(),
        };
        let (passages, queries) = (Mutex::new(None), Mutex::new(None));
        Ok(OnnxEmbedder { files, ort_library, threads, id, passages, queries })
    }

    /// Loads what a query needs, writing the mapped forms that make later starts fast; a second or two the
    /// first time. `rag models pull` ends with it, so that no search has to wait for it.
    pub fn prepare_queries(&self) -> Result<()> {
        self.with_queries(|_| Ok(()))
    }

    fn with_queries<T>(&self, work: impl FnOnce(&mut Queries) -> Result<T>) -> Result<T> {
        let load = || Queries::load(&self.files, &runtime::environment(&self.ort_library)?);
        loaded(&self.queries, load, work)
    }
}

/// Works on what the lock holds, loading it first where nothing is there yet.
fn loaded<M, T>(
    lock: &Mutex<Option<M>>,
    load: impl FnOnce() -> Result<M>,
    work: impl FnOnce(&mut M) -> Result<T>,
) -> Result<T> {
    let mut held = lock.lock().unwrap_or_else(PoisonError::into_inner);
    let model = match held.take() {
        Some(model) => model,
        None => load()?,
    };
    work(held.insert(model))
}

impl Embedder for OnnxEmbedder {
    fn batch(&self) -> usize {
        BATCH
    }

    fn batch_bytes(&self) -> usize {
        passages::BATCH_BYTES
    }

    fn id(&self) -> &ModelId {
        &self.id
    }

    fn embed_passages(&self, passages: &[PassageInput<'_>]) -> Result<Vec<Embedding>> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let spec = self.files.spec;
        let texts: Vec<String> = passages.iter().map(|passage| form::passage(spec, passage)).collect();
        let load = || {
            let environment = runtime::environment(&self.ort_library)?;
            Passages::load(spec, &self.files.dir, &environment, self.threads)
        };
        loaded(&self.passages, load, |passages| passages.embed(&texts))
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Embedding>> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let spec = self.files.spec;
        self.with_queries(|model| queries.iter().map(|query| model.embed(&form::query(spec, query))).collect())
    }
}

impl fmt::Debug for OnnxEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxEmbedder").field("id", &self.id).field("dir", &self.files.dir).finish_non_exhaustive()
    }
}

/// A vector as the graph gave it, of the length the table promises, brought to length one.
fn embedding(spec: &EmbedderSpec, vector: Vec<f32>) -> Result<Embedding> {
    let fits = vector.len() == spec.dim;
    let no_vector = OnnxProblem::NoVector { model: spec.name, dim: spec.dim };
    Embedding::new(vector).filter(|_| fits).ok_or_else(|| no_vector.into())
}
