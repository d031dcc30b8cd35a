//! A collection on this machine's disk: one folder, generations published by a rename.

mod before;
mod checksum;
mod examine;
mod graph;
mod joined;
mod layout;
mod lexical;
mod manifest;
mod quantize;
mod rows;
mod vector_log;
mod vectors;
mod writer;

use super::{
    About, DocumentRecord, Filter, FilterOutcome, Generation, LexicalQuery, PLACE_KEYS, Snapshot, Source, Start, Store,
    StoreProblem, TermShare, Writer, nearest_key,
};
use crate::document::{ChunkId, DocId, Passage};
use crate::embedding::{Embedding, ModelId};
use crate::error::{IoContext, Result};
use crate::ranking::Ranking;
use crate::text::Analyzer;
use checksum::{Checksums, Depth, require_sound};
pub use examine::Examined;
use joined::Joined;
use layout::{Layout, Pointer};
use lexical::LexicalIndex;
use manifest::Manifest;
use rows::RowTable;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vector_log::VectorLog;
use vectors::Vectors;

/// How often a reader looks again when a generation is removed between reading its number and having opened it.
const OPEN_ATTEMPTS: usize = 5;

/// Keys named to a user who filtered by another.
const KEYS_NAMED_MAX: usize = 20;

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
        manifest.require_current(&self.analyzer.id())?;
        // A graph that is damaged is done without.
        let needed = manifest.files.iter().filter(|(name, _)| !name.starts_with("graph/"));
        require_sound(&dir, needed, Depth::Cheap)?;
        let dim = manifest.embedder.dim;
        let rows = RowTable::open(&dir.join("rows.bin"), manifest.vector_rows)?;
        let log = VectorLog::open(&self.layout.vectors(), &manifest.vector_log, dim, manifest.vector_rows)?;
        let vectors = Vectors::new(rows, log, dim, manifest.graph.then(|| dir.join("graph")));
        let lexical = LexicalIndex::open(&dir.join("lexical"), manifest.tokens, &self.analyzer)?;
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

struct EmbeddedSnapshot {
    about: About,
    lexical: LexicalIndex,
    vectors: Vectors,
    dir: PathBuf,
    files: Checksums,
    vector_files: [PathBuf; 3],
}

impl EmbeddedSnapshot {
    /// [`Snapshot::dense`] for a filter whose keys are known.
    fn nearest(&self, query: &Embedding, filter: &Filter, limit: usize) -> Result<Ranking> {
        if filter.is_empty() {
            return self.vectors.nearest(query, limit);
        }
        self.vectors.nearest_among(&self.lexical.admitted(filter)?, query, limit)
    }
}

/// A key that no document of any of `indexes` has is an error: finding nothing, or everything, would look like an answer.
fn expect_keys(indexes: &[&LexicalIndex], filter: &Filter) -> Result<()> {
    if filter.conditions.is_empty() {
        return Ok(());
    }
    let mut known = BTreeSet::new();
    for index in indexes {
        known.extend(index.keys()?);
    }
    known.extend(PLACE_KEYS.map(String::from));
    match filter.conditions.iter().find(|condition| !known.contains(&condition.key)) {
        None => Ok(()),
        Some(condition) => {
            let key = condition.key.clone();
            let nearest = nearest_key(&key, &known).cloned();
            let written = known.into_iter().filter(|key| !PLACE_KEYS.contains(&key.as_str()));
            Err(StoreProblem::UnknownKey { key, nearest, known: written.take(KEYS_NAMED_MAX).collect() }.into())
        }
    }
}

impl Snapshot for EmbeddedSnapshot {
    fn about(&self) -> &About {
        &self.about
    }

    fn lexical(&self, query: &LexicalQuery, filter: &Filter, limit: usize) -> Result<Ranking> {
        expect_keys(&[&self.lexical], filter)?;
        self.lexical.search(query, filter, limit)
    }

    fn dense(&self, query: &Embedding, filter: &Filter, limit: usize) -> Result<Ranking> {
        expect_keys(&[&self.lexical], filter)?;
        self.nearest(query, filter, limit)
    }

    fn filter_outcome(&self, filter: &Filter) -> Result<FilterOutcome> {
        lexical::outcome(&[&self.lexical], filter)
    }

    fn lexical_scores(&self, query: &LexicalQuery, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.lexical.scores(query, ids)
    }

    fn cosines(&self, query: &Embedding, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.vectors.cosines(query, ids)
    }

    fn matched(&self, terms: &[String], ids: &[ChunkId]) -> Result<Vec<Vec<bool>>> {
        self.lexical.matched(terms, ids)
    }

    fn term_shares(&self, query: &LexicalQuery, id: &ChunkId) -> Result<Vec<TermShare>> {
        self.lexical.shares(query, id)
    }

    fn has_document(&self, id: &str) -> Result<bool> {
        self.lexical.has_document(id)
    }

    fn documents_at(&self, path: &str) -> Result<Vec<DocId>> {
        // Most queries are no path into a source: then the list of documents is not read.
        let covering: Vec<&Source> = self.about.sources.iter().filter(|source| source.covers(path)).collect();
        if covering.is_empty() {
            return Ok(Vec::new());
        }
        let is_there = |record: &DocumentRecord| {
            covering.iter().any(|source| source.name == record.source && source.path_of(&record.path) == path)
        };
        let documents = manifest::read_documents(&self.dir, &self.files)?;
        Ok(documents.into_iter().filter(|(_, record)| is_there(record)).map(|(id, _)| id).collect())
    }

    fn documents(&self) -> Result<Vec<DocId>> {
        Ok(manifest::read_documents(&self.dir, &self.files)?.into_keys().collect())
    }

    fn document_frequencies(&self, terms: &[String]) -> Result<Vec<u64>> {
        self.lexical.document_frequencies(terms)
    }

    fn vocabulary(&self, prefix: &str) -> Result<BTreeMap<String, u64>> {
        self.lexical.vocabulary(prefix)
    }

    fn pair_frequencies(&self, pairs: &[String]) -> Result<Vec<u64>> {
        self.lexical.pair_frequencies(pairs)
    }

    fn chunks_of(&self, doc: &DocId) -> Result<Vec<ChunkId>> {
        self.vectors.rows.of_document(doc)
    }

    fn vector(&self, id: &ChunkId) -> Result<Embedding> {
        self.vectors.vector(id)
    }

    fn bytes_on_disk(&self) -> Result<u64> {
        let mut bytes = folder_bytes(&self.dir)?;
        for path in &self.vector_files {
            bytes += std::fs::metadata(path).at("read", path)?.len();
        }
        Ok(bytes)
    }

    fn fetch(&self, ids: &[ChunkId]) -> Result<Vec<Passage>> {
        self.lexical.fetch(ids)
    }
}

fn folder_bytes(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir).at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        bytes += if path.is_dir() { folder_bytes(&path)? } else { std::fs::metadata(&path).at("read", &path)?.len() };
    }
    Ok(bytes)
}
