//! A collection on this machine's disk: one folder, generations published by a rename.

mod before;
mod checksum;
mod examine;
mod graph;
mod guarded;
mod joined;
mod layout;
mod lexical;
mod manifest;
mod quantize;
mod rows;
mod snapshot;
mod vector_log;
mod vectors;
mod writer;

use super::{About, Generation, Snapshot, Source, Start, Store, StoreProblem, Writer};
use crate::embedding::ModelId;
use crate::error::{IoContext, Result};
use crate::text::Analyzer;
use checksum::{Depth, require_sound};
pub use examine::Examined;
use guarded::guarded;
use joined::Joined;
use layout::{Layout, Pointer};
use lexical::LexicalIndex;
use manifest::Manifest;
use rows::RowTable;
use snapshot::EmbeddedSnapshot;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use vector_log::VectorLog;
use vectors::Vectors;

/// How often a reader looks again when a generation is removed between reading its number and having opened it.
const OPEN_ATTEMPTS: usize = 5;

pub struct EmbeddedStore {
    layout: Layout,
    collection: String,
    analyzer: Arc<Analyzer>,
    graph_min: usize,
}

/// What a collection holds, as can be told without its analysis.
pub struct Held {
    pub sources: Vec<Source>,
    /// Their number by the source's name.
    pub documents: BTreeMap<String, usize>,
    pub chunks: usize,
    pub embedder: ModelId,
    pub analysis: String,
}

impl EmbeddedStore {
    /// The collection `name` under `collections`. Touches nothing yet. From `graph_min` chunks on, a graph
    /// is built at publication and used by readers.
    pub fn new(collections: &Path, name: &str, analyzer: Arc<Analyzer>, graph_min: usize) -> Result<EmbeddedStore> {
        let fits =
            !name.is_empty() && name.len() <= 100 && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if !fits {
            return Err(StoreProblem::BadName { name: name.into() }.into());
        }
        let layout = Layout { dir: collections.join(name) };
        Ok(EmbeddedStore { layout, collection: name.into(), analyzer, graph_min })
    }

    /// Names of the collections that have a published generation, damaged or not, sorted.
    pub fn collections(collections: &Path) -> Result<Vec<String>> {
        let mut names = Vec::new();
        if collections.is_dir() {
            for entry in std::fs::read_dir(collections).at("list", collections)? {
                let entry = entry.at("list", collections)?;
                if !matches!((Layout { dir: entry.path() }).current(), Ok(None)) {
                    names.push(entry.file_name().to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// Removes the collection with its vectors; the files that it was made from are not touched.
    pub fn remove(&self) -> Result<()> {
        let _lock = self.exclusive()?;
        std::fs::remove_dir_all(&self.layout.dir).at("remove", &self.layout.dir)
    }

    /// Gives the collection another name, which must be free.
    pub fn rename(&self, to: &EmbeddedStore) -> Result<()> {
        let _lock = self.exclusive()?;
        if to.layout.dir.exists() {
            return Err(StoreProblem::NameTaken { name: to.collection.clone() }.into());
        }
        std::fs::rename(&self.layout.dir, &to.layout.dir).at("rename", &self.layout.dir)
    }

    /// An error if there is no such collection, or somebody writes to it; a damaged one is there.
    fn exclusive(&self) -> Result<std::fs::File> {
        if matches!(self.layout.current(), Ok(None)) {
            return Err(StoreProblem::NoIndex { collection: self.collection.clone() }.into());
        }
        writer::lock(&self.layout.lock(), &self.collection)
    }

    /// What the newest generation holds, whatever analysis it was made with; none where nothing is published.
    pub fn held(&self) -> Result<Option<Held>> {
        let Some(pointer) = self.layout.current()? else { return Ok(None) };
        let manifest = self.layout.manifest(&pointer)?;
        let mut documents: BTreeMap<String, usize> = BTreeMap::new();
        for record in manifest.read_documents(&self.layout.generation(pointer.generation))?.into_values() {
            *documents.entry(record.source).or_default() += 1;
        }
        let Manifest { sources, embedder, analysis, chunks, .. } = manifest;
        Ok(Some(Held { sources, documents, chunks, embedder, analysis }))
    }

    /// The sources as far as anything tells them: what a rebuild reads where [`EmbeddedStore::held`] is an error.
    pub fn recovered_sources(&self) -> Vec<Source> {
        self.layout.recovered_sources()
    }

    /// Bytes of the collection's files.
    pub fn bytes_on_disk(&self) -> Result<u64> {
        folder_bytes(&self.layout.dir)
    }

    fn open(&self, pointer: &Pointer) -> Result<EmbeddedSnapshot> {
        let dir = self.layout.generation(pointer.generation);
        let manifest = self.layout.manifest(pointer)?;
        manifest.require_current(&dir, &self.analyzer.id())?;
        // A graph that is damaged is done without.
        let needed = manifest.files.iter().filter(|(name, _)| !name.starts_with("graph/"));
        require_sound(&dir, needed, Depth::Cheap)?;
        let dim = manifest.embedder.dim;
        let rows = RowTable::open(&dir.join("rows.bin"), manifest.vector_rows)?;
        let log = VectorLog::open(&self.layout.vectors(), &manifest.vector_log, dim, manifest.vector_rows)?;
        let vectors = Vectors::new(rows, log, dim, manifest.graph.then(|| dir.join("graph")));
        let open = || LexicalIndex::open(&dir.join("lexical"), manifest.tokens.clone(), &self.analyzer);
        let lexical = guarded(&dir, &manifest.files, open)?;
        let vector_files = vector_log::paths(&self.layout.vectors(), &manifest.vector_log);
        let about = About {
            generation: pointer.generation,
            documents: manifest.documents,
            chunks: manifest.chunks,
            embedder: manifest.embedder,
            analysis: manifest.analysis,
            sources: manifest.sources,
            published: manifest.published,
            dense_index: if manifest.graph { "hnsw" } else { "exact" },
        };
        Ok(EmbeddedSnapshot { about, lexical, vectors, dir, files: manifest.files, vector_files })
    }
}

impl EmbeddedStore {
    /// Several collections as one.
    pub fn join(stores: &[EmbeddedStore]) -> Result<Arc<dyn Snapshot>> {
        let opened = stores.iter().map(|store| Ok((store.collection.clone(), store.newest()?)));
        Ok(Arc::new(Joined::new(opened.collect::<Result<_>>()?)?))
    }

    fn newest(&self) -> Result<EmbeddedSnapshot> {
        for _ in 0..OPEN_ATTEMPTS {
            let Some(pointer) = self.layout.current()? else { break };
            match self.open(&pointer) {
                Ok(snapshot) => return Ok(snapshot),
                Err(_) if self.layout.current()? != Some(pointer) => continue,
                Err(error) => return Err(error),
            }
        }
        Err(StoreProblem::NoIndex { collection: self.collection.clone() }.into())
    }
}

impl Store for EmbeddedStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        Ok(Arc::new(self.newest()?))
    }

    fn writer(&self, start: Start) -> Result<Box<dyn Writer>> {
        Ok(Box::new(writer::EmbeddedWriter::begin(
            &self.layout,
            &self.collection,
            &self.analyzer,
            self.graph_min,
            start,
        )?))
    }

    fn keep_passed_over(&self, by_source: BTreeMap<String, serde_json::Value>) -> Result<()> {
        // One that cannot be read any more is written anew.
        let kept = self.passed_over().ok();
        let mut all = kept.clone().unwrap_or_default();
        all.extend(by_source);
        if kept.as_ref() == Some(&all) { Ok(()) } else { manifest::write_json(&self.layout.passed_over(), &all) }
    }

    fn passed_over(&self) -> Result<BTreeMap<String, serde_json::Value>> {
        let path = self.layout.passed_over();
        if path.exists() { manifest::read_json(&path) } else { Ok(BTreeMap::new()) }
    }
}

#[cfg(test)]
mod tests;

fn folder_bytes(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir).at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        bytes += if path.is_dir() { folder_bytes(&path)? } else { std::fs::metadata(&path).at("read", &path)?.len() };
    }
    Ok(bytes)
}
