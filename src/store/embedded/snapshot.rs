//! A snapshot of one collection: a generation as a reader sees it.

use super::checksum::Checksums;
use super::guarded::guarded;
use super::lexical::{self, LexicalIndex};
use super::vectors::Vectors;
use super::{folder_bytes, manifest};
use crate::document::{ChunkId, DocId, Passage};
use crate::embedding::Embedding;
use crate::error::{IoContext, Result};
use crate::ranking::Ranking;
use crate::store::{
    About, DocumentRecord, Filter, FilterOutcome, LexicalQuery, PLACE_KEYS, Snapshot, Source, StoreProblem, TermShare,
    nearest_key,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Keys named to a user who filtered by another.
const KEYS_NAMED_MAX: usize = 20;

pub struct EmbeddedSnapshot {
    pub about: About,
    pub lexical: LexicalIndex,
    pub vectors: Vectors,
    pub dir: PathBuf,
    pub files: Checksums,
    pub vector_files: [PathBuf; 3],
}

impl EmbeddedSnapshot {
    /// [`Snapshot::lexical`] for a filter whose keys are known.
    pub fn found(&self, query: &LexicalQuery, filter: &Filter, limit: usize) -> Result<Ranking> {
        self.read(|lexical| lexical.search(query, filter, limit))
    }

    /// [`Snapshot::dense`] for a filter whose keys are known.
    pub fn nearest(&self, query: &Embedding, filter: &Filter, limit: usize) -> Result<Ranking> {
        if filter.is_empty() {
            return self.vectors.nearest(query, limit);
        }
        self.vectors.nearest_among(&self.read(|lexical| lexical.admitted(filter))?, query, limit)
    }

    fn read<T>(&self, read: impl FnOnce(&LexicalIndex) -> Result<T>) -> Result<T> {
        guarded(&self.dir, &self.files, || read(&self.lexical))
    }
}

impl Snapshot for EmbeddedSnapshot {
    fn about(&self) -> &About {
        &self.about
    }

    fn lexical(&self, query: &LexicalQuery, filter: &Filter, limit: usize) -> Result<Ranking> {
        self.read(|lexical| expect_keys(&[lexical], filter))?;
        self.found(query, filter, limit)
    }

    fn dense(&self, query: &Embedding, filter: &Filter, limit: usize) -> Result<Ranking> {
        self.read(|lexical| expect_keys(&[lexical], filter))?;
        self.nearest(query, filter, limit)
    }

    fn filter_outcome(&self, filter: &Filter) -> Result<FilterOutcome> {
        self.read(|lexical| lexical::outcome(&[lexical], filter))
    }

    fn lexical_scores(&self, query: &LexicalQuery, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.read(|lexical| lexical.scores(query, ids))
    }

    fn cosines(&self, query: &Embedding, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.vectors.cosines(query, ids)
    }

    fn matched(&self, terms: &[String], ids: &[ChunkId]) -> Result<Vec<Vec<bool>>> {
        self.read(|lexical| lexical.matched(terms, ids))
    }

    fn term_shares(&self, query: &LexicalQuery, id: &ChunkId) -> Result<Vec<TermShare>> {
        self.read(|lexical| lexical.shares(query, id))
    }

    fn has_document(&self, id: &str) -> Result<bool> {
        self.read(|lexical| lexical.has_document(id))
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
        self.read(|lexical| lexical.document_frequencies(terms))
    }

    fn vocabulary(&self, prefix: &str) -> Result<BTreeMap<String, u64>> {
        self.read(|lexical| lexical.vocabulary(prefix))
    }

    fn pair_frequencies(&self, pairs: &[String]) -> Result<Vec<u64>> {
        self.read(|lexical| lexical.pair_frequencies(pairs))
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
        self.read(|lexical| lexical.fetch(ids))
    }
}

/// A key that no document of any of `indexes` has is an error: finding nothing, or everything, would look like an answer.
pub fn expect_keys(indexes: &[&LexicalIndex], filter: &Filter) -> Result<()> {
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
