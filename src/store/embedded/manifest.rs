//! The manifest of a generation: what it is made of, and what its files held when it was published.

use super::checksum::{self, Checksums, damaged};
use super::lexical::TokenCounts;
use crate::document::DocId;
use crate::embedding::ModelId;
use crate::error::{IoContext, Result};
use crate::store::{Damage, DocumentRecord, Source, StoreProblem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Of the files' layout; a reader refuses others.
pub const FORMAT: u32 = 3;

const DOCUMENTS: &str = "documents.json";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub generation: u64,
    pub embedder: ModelId,
    /// Identifies the text analysis that made the terms.
    pub analysis: String,
    pub documents: usize,
    pub chunks: usize,
    /// Which vector log, and how many of its rows existed at publication.
    pub vector_log: String,
    pub vector_rows: usize,
    /// Terms of each field of words.
    #[serde(default)]
    pub tokens: TokenCounts,
    /// Whether there is a graph over the vectors.
    pub graph: bool,
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What generations of format 1 have instead of sources.
    #[serde(default, skip_serializing)]
    pub roots: Vec<String>,
    /// Seconds since 1970.
    pub published: u64,
    /// Of all its files but this one, whose checksum is in `CURRENT`. Earlier formats have none.
    #[serde(default)]
    pub files: Checksums,
}

/// Writes beside `path`, syncs, renames over it and syncs the folder.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).at("create", dir)?;
    file.write_all(bytes).at("write", path)?;
    file.as_file().sync_all().at("write", path)?;
    file.persist(path).map_err(|error| error.error).at("rename", path)?;
    sync_dir(dir)
}

/// Makes renames and new files in `dir` durable. Windows has no such call and needs none.
pub fn sync_dir(dir: &Path) -> Result<()> {
    if cfg!(unix) {
        std::fs::File::open(dir).and_then(|file| file.sync_all()).at("write", dir)?;
    }
    Ok(())
}

pub fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T> {
    parse_json(path, &checksum::read(path)?)
}

fn parse_json<T: for<'a> Deserialize<'a>>(path: &Path, bytes: &[u8]) -> Result<T> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) => damaged(path, Damage::Unreadable { reason: error.to_string() }),
    }
}

pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|error| StoreProblem::Broken { what: error.to_string() })?;
    write_atomically(path, &bytes)
}

impl Manifest {
    /// Of an older format there is enough to go on from: embedder, vectors and sources. An error for a newer one.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest> {
        let mut manifest: Manifest = parse_json(path, bytes)?;
        if manifest.format > FORMAT {
            manifest.require_format(path)?;
        }
        for root in std::mem::take(&mut manifest.roots) {
            let source = Source::at(&root, &manifest.sources);
            manifest.sources.push(source);
        }
        Ok(manifest)
    }

    /// An error unless this program makes the same of the same text, so that readers understand it and writers go on from
    /// it. `dir` is the generation's.
    pub fn require_current(&self, dir: &Path, analysis: &str) -> Result<()> {
        self.require_format(dir)?;
        if self.analysis == analysis {
            return Ok(());
        }
        let (built, asked) = (self.analysis.clone(), analysis.into());
        Err(StoreProblem::OtherAnalysis { path: dir.into(), built, asked }.into())
    }

    pub fn require_format(&self, path: &Path) -> Result<()> {
        match self.format {
            FORMAT => Ok(()),
            built => Err(StoreProblem::OtherFormat { path: path.into(), built, known: FORMAT }.into()),
        }
    }

    /// Of the generation in `dir`, which is this one's. Of an older format nothing is known but their number.
    pub fn read_documents(&self, dir: &Path) -> Result<Documents> {
        if self.format != FORMAT {
            return Ok(read_json(&dir.join(DOCUMENTS)).unwrap_or_default());
        }
        read_documents(dir, &self.files)
    }

    pub fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join("manifest.json"), self)
    }
}

pub type Documents = BTreeMap<DocId, DocumentRecord>;

/// Of a generation whose files have these checksums.
pub fn read_documents(dir: &Path, files: &Checksums) -> Result<Documents> {
    let path = dir.join(DOCUMENTS);
    let Some(sum) = files.get(DOCUMENTS) else { return damaged(&path, Damage::Missing) };
    parse_json(&path, &sum.read(&path)?)
}

/// As far as they can be read, of a generation that is not trusted.
pub fn recovered_documents(dir: &Path) -> Documents {
    read_json(&dir.join(DOCUMENTS)).unwrap_or_default()
}

pub fn write_documents(dir: &Path, documents: &Documents) -> Result<()> {
    write_json(&dir.join(DOCUMENTS), documents)
}
