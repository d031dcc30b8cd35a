//! A collection on this machine's disk: one folder, generations published by a rename.

mod graph;
mod joined;
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
use crate::error::{Error, Io, IoContext, Result};
use crate::ranking::Ranking;
use crate::text::Analyzer;
use joined::Joined;
use lexical::LexicalIndex;
use manifest::{Layout, Manifest};
use rows::RowTable;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use vector_log::VectorLog;
use vectors::Vectors;

/// How often a reader looks again when a generation is removed between reading its number and opening it.
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

    /// Names of the collections that have a published generation, sorted.
    pub fn collections(collections: &Path) -> Result<Vec<String>> {
        let mut names = Vec::new();
        if collections.is_dir() {
            for entry in std::fs::read_dir(collections).at("list", collections)? {
                let entry = entry.at("list", collections)?;
                if (Layout { dir: entry.path() }).current()?.is_some() {
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

    /// An error if there is no such collection, or somebody writes to it.
    fn exclusive(&self) -> Result<std::fs::File> {
        if self.layout.current()?.is_none() {
            return Err(StoreProblem::NoIndex { collection: self.collection.clone() }.into());
        }
        writer::lock(&self.layout.lock(), &self.collection)
    }

    /// What the newest generation holds, whatever analysis it was made with; none where nothing is published.
    pub fn held(&self) -> Result<Option<Held>> {
        let Some(generation) = self.layout.current()? else { return Ok(None) };
        let dir = self.layout.generation(generation);
        let Manifest { sources, embedder, analysis, chunks, .. } = Manifest::read(&dir)?;
        let mut documents: BTreeMap<String, usize> = BTreeMap::new();
        // Of an older format nothing is known of the documents but their number.
        for record in manifest::read_documents(&dir).unwrap_or_default().into_values() {
            *documents.entry(record.source).or_default() += 1;
        }
        Ok(Some(Held { sources, documents, chunks, embedder, analysis }))
    }

    /// Bytes of the collection's files.
    pub fn bytes_on_disk(&self) -> Result<u64> {
        folder_bytes(&self.layout.dir)
    }

    fn open(&self, generation: Generation) -> Result<EmbeddedSnapshot> {
        let dir = self.layout.generation(generation);
        let manifest = Manifest::read(&dir)?;
        if !manifest.is_current(&self.analyzer.id()) {
            return Err(StoreProblem::OtherAnalysis { built: manifest.analysis, asked: self.analyzer.id() }.into());
        }
        let dim = manifest.embedder.dim;
        let rows = RowTable::open(&dir.join("rows.bin"))?;
        let log = VectorLog::open(&self.layout.vectors(), &manifest.vector_log, dim, manifest.vector_rows)?;
        let graph_dir = manifest.graph.then(|| dir.join("graph"));
        let vectors = Vectors { rows, log, dim, graph_dir, graph: OnceLock::new() };
        let lexical = LexicalIndex::open(&dir.join("lexical"), manifest.tokens, &self.analyzer)?;
        let vector_files = vector_log::paths(&self.layout.vectors(), &manifest.vector_log);
        let about = About {
            generation,
            documents: manifest.documents,
            chunks: manifest.chunks,
            embedder: manifest.embedder,
            analysis: manifest.analysis,
            sources: manifest.sources,
            published: manifest.published,
            dense_index: if manifest.graph { "hnsw" } else { "exact" },
        };
        Ok(EmbeddedSnapshot { about, lexical, vectors, dir, vector_files })
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
            let Some(generation) = self.layout.current()? else { break };
            match self.open(generation) {
                Ok(snapshot) => return Ok(snapshot),
                Err(error) if is_not_found(&error) && self.layout.current()? != Some(generation) => continue,
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
        let kept = self.passed_over()?;
        let mut all = kept.clone();
        all.extend(by_source);
        if all == kept { Ok(()) } else { manifest::write_json(&self.layout.passed_over(), &all) }
    }

    fn passed_over(&self) -> Result<BTreeMap<String, serde_json::Value>> {
        let path = self.layout.passed_over();
        if path.exists() { manifest::read_json(&path) } else { Ok(BTreeMap::new()) }
    }
}

fn is_not_found(error: &Error) -> bool {
    error.downcast_ref::<Io>().is_some_and(|io| io.source.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;

struct EmbeddedSnapshot {
    about: About,
    lexical: LexicalIndex,
    vectors: Vectors,
    dir: PathBuf,
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
        let documents = manifest::read_documents(&self.dir)?;
        Ok(documents.into_iter().filter(|(_, record)| is_there(record)).map(|(id, _)| id).collect())
    }

    fn documents(&self) -> Result<Vec<DocId>> {
        Ok(manifest::read_documents(&self.dir)?.into_keys().collect())
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
