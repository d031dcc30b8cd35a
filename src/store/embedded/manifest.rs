//! The manifest of a generation, and the rename that publishes it.
//!
//! Layout of a collection's folder:
//!
//! ```text
//! CURRENT                    number of the published generation
//! lock                       held by the writer
//! passed-over.json           what the last runs left out, by source
//! vectors/NAME.{f32,i8,keys}
//! generations/12/manifest.json, documents.json, rows.bin, lexical/, graph/
//! ```

use super::lexical::TokenCounts;
use crate::document::DocId;
use crate::embedding::ModelId;
use crate::error::{IoContext, Result};
use crate::store::{DocumentRecord, Generation, Source, StoreProblem};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Of the files' layout; a reader refuses others.
pub const FORMAT: u32 = 2;

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
}

/// Folders of the data folder that hold collections: the user's, and those that evaluations make.
const KINDS: [&str; 2] = ["collections", "evals"];

/// Paths inside a collection's folder.
#[derive(Debug, Clone)]
pub struct Layout {
    pub dir: PathBuf,
}

impl Layout {
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    pub fn passed_over(&self) -> PathBuf {
        self.dir.join("passed-over.json")
    }

    pub fn vectors(&self) -> PathBuf {
        self.dir.join("vectors")
    }

    pub fn generations(&self) -> PathBuf {
        self.dir.join("generations")
    }

    pub fn generation(&self, generation: Generation) -> PathBuf {
        self.generations().join(generation.0.to_string())
    }

    /// The other collections' folders, users' and evaluations', sorted: those beside this one, and those in the folders beside
    /// theirs. Where a folder cannot be read there is none.
    pub fn others(&self) -> Vec<Layout> {
        let Some(own) = self.dir.parent() else { return Vec::new() };
        let above = own.parent().unwrap_or(own);
        let kinds: BTreeSet<PathBuf> =
            KINDS.iter().map(|kind| above.join(kind)).chain(std::iter::once(own.into())).collect();
        let entries = kinds.iter().flat_map(|kind| std::fs::read_dir(kind).into_iter().flatten().flatten());
        let mut others: Vec<Layout> = entries.map(|entry| Layout { dir: entry.path() }).collect();
        others.retain(|other| other.dir != self.dir && other.vectors().is_dir());
        others.sort_by(|a, b| a.dir.cmp(&b.dir));
        others
    }

    fn current_file(&self) -> PathBuf {
        self.dir.join("CURRENT")
    }

    /// The published generation, if there is one.
    pub fn current(&self) -> Result<Option<Generation>> {
        let path = self.current_file();
        match std::fs::read_to_string(&path) {
            Ok(text) => match text.trim().parse() {
                Ok(number) => Ok(Some(Generation(number))),
                Err(_) => Err(StoreProblem::Damaged { path, reason: "not a number".into() }.into()),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read", &path),
        }
    }

    /// The one moment at which a generation becomes the current one.
    pub fn publish(&self, generation: Generation) -> Result<()> {
        write_atomically(&self.current_file(), format!("{}\n", generation.0).as_bytes())
    }

    /// Removes generations that no reader can come to any more. The previous one stays for readers that
    /// have read `CURRENT` and not yet opened it.
    pub fn remove_old(&self, current: Generation) -> Result<()> {
        let dir = self.generations();
        for entry in std::fs::read_dir(&dir).at("list", &dir)? {
            let path = entry.at("list", &dir)?.path();
            let number: Option<u64> =
                path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let keep = number.is_some_and(|number| number == current.0 || number + 1 == current.0);
            if !keep {
                std::fs::remove_dir_all(&path).at("remove", &path)?;
            }
        }
        Ok(())
    }
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
    let bytes = std::fs::read(path).at("read", path)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| StoreProblem::Damaged { path: path.into(), reason: error.to_string() }.into())
}

pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|error| StoreProblem::Broken { what: error.to_string() })?;
    write_atomically(path, &bytes)
}

impl Manifest {
    /// Of an older format there is enough to go on from: embedder, vectors and sources. An error for a newer one.
    pub fn read(dir: &Path) -> Result<Manifest> {
        let path = dir.join("manifest.json");
        let mut manifest: Manifest = read_json(&path)?;
        if manifest.format > FORMAT {
            let reason = format!("format {}, this program reads {FORMAT}", manifest.format);
            return Err(StoreProblem::Damaged { path, reason }.into());
        }
        for root in std::mem::take(&mut manifest.roots) {
            let source = Source::at(&root, &manifest.sources);
            manifest.sources.push(source);
        }
        Ok(manifest)
    }

    /// Whether this program makes the same of the same text, so that readers understand it and writers go on from it.
    pub fn is_current(&self, analysis: &str) -> bool {
        self.format == FORMAT && self.analysis == analysis
    }

    pub fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join("manifest.json"), self)
    }
}

pub type Documents = BTreeMap<DocId, DocumentRecord>;

/// Of a generation of the current format.
pub fn read_documents(dir: &Path) -> Result<Documents> {
    read_json(&dir.join("documents.json"))
}

pub fn write_documents(dir: &Path, documents: &Documents) -> Result<()> {
    write_json(&dir.join("documents.json"), documents)
}
