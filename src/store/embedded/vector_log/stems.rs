//! Stems: how an embedder's logs are named, so that vectors of two never share a file.

use crate::embedding::ModelId;
use std::path::Path;

/// Part of what a stem is made of: records changed with it.
const VERSION: &[u8] = b"records of 40 bytes";

#[derive(Debug, Clone)]
pub struct Stems {
    pub dim: usize,
    prefix: String,
    /// Of logs without checksums, as earlier versions wrote them.
    earlier: String,
}

impl Stems {
    pub fn of(embedder: &ModelId) -> Stems {
        let id = serde_json::to_vec(embedder).unwrap_or_default();
        let prefix = |parts: &[&[u8]]| format!("{}-", &blake3::hash(&parts.concat()).to_hex()[..16]);
        Stems { dim: embedder.dim, prefix: prefix(&[&id, VERSION]), earlier: prefix(&[&id]) }
    }

    pub fn numbered(&self, number: u32) -> String {
        format!("{}{number:06}", self.prefix)
    }

    /// Whether a log of that stem has this embedder's vectors.
    pub fn has(&self, stem: &str) -> bool {
        stem.starts_with(&self.prefix)
    }

    /// Whether a log of that stem has them as an earlier version wrote them.
    pub fn had(&self, stem: &str) -> bool {
        stem.starts_with(&self.earlier)
    }

    /// A stem that no log in `dir` has or had.
    pub fn next(&self, dir: &Path) -> String {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let taken = entries.filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix(&self.prefix)?.split('.').next()?.parse::<u32>().ok()
        });
        self.numbered(taken.max().unwrap_or(0).saturating_add(1))
    }
}
