//! An HNSW graph over a generation's vectors: a cache that can be rebuilt, never the truth.
//!
//! Malkov and Yashunin, arXiv 1603.09320. Loading it costs about 20 µs a vector and some 4 KB of memory
//! each, while the exact scan costs about 0.02 µs a vector, so it pays only for a process that asks many
//! queries over very many chunks (setting `index.graph_min`).

use super::vectors::dot;
use crate::error::{IoContext, Result};
use crate::private;
use crate::store::{Damage, StoreProblem};
use hnsw_rs::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;

const NAME: &str = "graph";
const M: usize = 16;
const EF_CONSTRUCTION: usize = 200;
const LAYERS_MAX: usize = 16;

/// Cosine distance of unit vectors. Our own because the crate's panics when rounding makes it negative.
#[derive(Debug, Default, Clone, Copy)]
struct Cosine;

impl Distance<f32> for Cosine {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - dot(a, b)).max(0.0)
    }
}

#[derive(Serialize, Deserialize)]
struct Seal {
    vectors: usize,
    /// File name and blake3 (hex) of what was dumped.
    files: Vec<(String, String)>,
}

pub struct Graph {
    hnsw: Hnsw<'static, f32, Cosine>,
}

impl Graph {
    /// Builds the graph over `count` vectors and writes it to `dir`. The numbers it knows them by are their
    /// positions.
    pub fn build<'v>(dir: &Path, dim: usize, count: usize, vector: &dyn Fn(usize) -> &'v [f32]) -> Result<()> {
        debug_assert!(dim > 0 && count > 0, "an empty graph cannot be dumped");
        private::create_dir_all(dir).at("create", dir)?;
        let hnsw: Hnsw<f32, Cosine> = Hnsw::new(M, count, LAYERS_MAX, EF_CONSTRUCTION, Cosine);
        for start in (0..count).step_by(10_000) {
            let batch: Vec<(&[f32], usize)> = (start..count.min(start + 10_000)).map(|n| (vector(n), n)).collect();
            hnsw.parallel_insert_slice(&batch);
        }
        let written =
            hnsw.file_dump(dir, NAME).map_err(|error| StoreProblem::CannotWrite { reason: error.to_string() })?;
        let files = ["hnsw.graph", "hnsw.data"].iter().map(|suffix| {
            let name = format!("{written}.{suffix}");
            Ok((name.clone(), checksum(&dir.join(&name))?))
        });
        let seal = Seal { vectors: count, files: files.collect::<Result<_>>()? };
        // The dump is made as the umask says.
        private::tighten_files(dir).at("write", dir)?;
        super::manifest::write_json(&dir.join("seal.json"), &seal)
    }

    /// The graph in `dir`, or none where it is missing, cut short or of other vectors: then the scan serves.
    pub fn open(dir: &Path, count: usize) -> Result<Option<Graph>> {
        let seal_path = dir.join("seal.json");
        if !seal_path.is_file() {
            return Ok(None);
        }
        let seal: Seal = super::manifest::read_json(&seal_path)?;
        // The loader panics on a damaged dump, so the checksum comes first.
        for (name, expected) in &seal.files {
            if seal.vectors != count || checksum(&dir.join(name)).ok().as_ref() != Some(expected) {
                tracing::warn!(graph = %dir.display(), "the graph does not match its seal; scanning instead");
                return Ok(None);
            }
        }
        let Some(base) = seal.files.first().and_then(|(name, _)| name.strip_suffix(".hnsw.graph")) else {
            return Ok(None);
        };
        // A loaded graph borrows its loader for as long as it lives, and it lives as long as the process
        // that chose to load it.
        let loader: &'static mut HnswIo = Box::leak(Box::new(HnswIo::new(dir, base)));
        let hnsw = loader.load_hnsw().map_err(|error| StoreProblem::Damaged {
            path: dir.into(),
            damage: Damage::Unreadable { reason: error.to_string() },
        })?;
        Ok(Some(Graph { hnsw }))
    }

    /// Positions of about the `limit` nearest, each once.
    pub fn nearest(&self, query: &[f32], limit: usize, ef: usize) -> Vec<usize> {
        let mut found: Vec<usize> = self.hnsw.search(query, limit, ef).into_iter().map(|near| near.d_id).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn checksum(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let file = std::fs::File::open(path).at("read", path)?;
    hasher.update_reader(file).at("read", path)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_graph_is_not_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let vectors: Vec<Vec<f32>> = (0..100).map(|n| vec![n as f32, 1.0, 2.0, 3.0]).collect();
        let unit: Vec<_> = vectors.into_iter().map(|v| crate::embedding::Embedding::new(v).unwrap()).collect();
        Graph::build(dir.path(), 4, 100, &|n| unit[n].as_slice()).unwrap();
        assert!(Graph::open(dir.path(), 100).unwrap().is_some());
        assert!(Graph::open(dir.path(), 99).unwrap().is_none());
        let data = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().path())
            .find(|p| p.to_string_lossy().ends_with("hnsw.graph"))
            .unwrap();
        let bytes = std::fs::read(&data).unwrap();
        std::fs::write(&data, &bytes[..bytes.len() / 2]).unwrap();
        assert!(Graph::open(dir.path(), 100).unwrap().is_none());
    }
}
