//! Query vectors kept on disk: an evaluation asks the same questions again and again.

use super::embedder::{Embedder, PassageInput};
use crate::embedding::{Embedding, ModelId};
use crate::error::{IoContext, Result};
use crate::private;
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const KEY_BYTES: usize = 32;
/// Queries embedded between two writes.
const WINDOW: usize = 64;

type Key = [u8; KEY_BYTES];

/// An embedder that looks a query up before it computes. Only [`QueryCache::keep`] adds to what is kept.
pub struct QueryCache {
    inner: Arc<dyn Embedder>,
    path: PathBuf,
    known: Mutex<HashMap<Key, Embedding>>,
}

impl QueryCache {
    /// The cache in `dir` of this embedder's vectors; those of another are in another file.
    pub fn open(inner: Arc<dyn Embedder>, dir: &Path) -> Result<QueryCache> {
        private::create_dir_all(dir).at("create", dir)?;
        let id = serde_json::to_vec(inner.id()).unwrap_or_default();
        let path = dir.join(format!("queries-{}.bin", &blake3::hash(&id).to_hex()[..16]));
        let row = KEY_BYTES + 4 * inner.id().dim;
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.at("read", &path)?,
        };
        // A row that a killed run left half written is cut off.
        let whole = bytes.len() / row * row;
        if whole < bytes.len() {
            let file = OpenOptions::new().write(true).open(&path).at("write", &path)?;
            file.set_len(whole as u64).at("write", &path)?;
        }
        let known = bytes[..whole].chunks_exact(row).filter_map(|row| {
            let (key, values) = row.split_at(KEY_BYTES);
            let values = values.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            Some((key.try_into().ok()?, Embedding::new(values.collect())?))
        });
        Ok(QueryCache { inner, path, known: Mutex::new(known.collect()) })
    }

    /// Computes and keeps what is not there yet. `on` hears how many of how many are done.
    pub fn keep(&self, queries: &[&str], on: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let mut missing: Vec<&str> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            queries.iter().copied().filter(|query| !known.contains_key(&key(query))).collect()
        };
        missing.sort_unstable();
        missing.dedup();
        let mut done = 0;
        for window in missing.chunks(WINDOW) {
            let vectors = self.inner.embed_queries(window)?;
            let mut rows = Vec::new();
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for (query, vector) in window.iter().zip(vectors) {
                rows.extend(key(query));
                rows.extend(vector.as_slice().iter().flat_map(|value| value.to_le_bytes()));
                known.insert(key(query), vector);
            }
            let mut file = private::options().create(true).append(true).open(&self.path).at("create", &self.path)?;
            file.write_all(&rows).at("write", &self.path)?;
            done += window.len();
            on(done, missing.len());
        }
        Ok(())
    }
}

fn key(query: &str) -> Key {
    *blake3::hash(query.as_bytes()).as_bytes()
}

impl Embedder for QueryCache {
    fn batch(&self) -> usize {
        self.inner.batch()
    }

    fn batch_bytes(&self) -> usize {
        self.inner.batch_bytes()
    }

    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn embed_passages(&self, passages: &[PassageInput<'_>]) -> Result<Vec<Embedding>> {
        self.inner.embed_passages(passages)
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Embedding>> {
        let known: Vec<Option<Embedding>> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            queries.iter().map(|query| known.get(&key(query)).cloned()).collect()
        };
        let of = |(known, query): (Option<Embedding>, &&str)| match known {
            Some(vector) => Ok(vector),
            None => self.inner.embed_query(query),
        };
        known.into_iter().zip(queries).map(of).collect()
    }
}
