//! Several collections searched as one: terms weigh by the statistics of all, so that a ranking is the one of a single
//! collection that holds them all. Ids have the collection's name before them: `notes:a.md`.

use super::lexical::{self, LexicalIndex};
use super::snapshot::{EmbeddedSnapshot, expect_keys};
use crate::document::{ChunkId, DocId, Passage};
use crate::embedding::Embedding;
use crate::error::Result;
use crate::ranking::{Candidate, Ranking, Stage};
use crate::store::{About, Filter, FilterOutcome, Generation, LexicalQuery, Snapshot, StoreProblem, TermShare};
use std::collections::BTreeMap;

/// Between a collection's name, which cannot have it, and a document's id.
const IN: char = ':';

pub struct Joined {
    about: About,
    /// At least one, each with its name.
    parts: Vec<(String, EmbeddedSnapshot)>,
}

impl Joined {
    /// An error unless all have vectors of one embedder.
    pub fn new(mut parts: Vec<(String, EmbeddedSnapshot)>) -> Result<Joined> {
        let all: Vec<_> = parts.iter().map(|(_, part)| part.lexical.as_other()).collect();
        for (at, (_, part)) in parts.iter_mut().enumerate() {
            let others = all.iter().enumerate().filter(|(other, _)| *other != at);
            part.lexical.beside(others.map(|(_, other)| other.clone()).collect());
        }
        let (first, rest) = parts.split_first().ok_or(StoreProblem::Broken { what: "no collection".into() })?;
        let mut about = first.1.about.clone();
        for (name, part) in rest {
            let other = &part.about;
            if other.embedder != about.embedder {
                let (one, other) = (first.0.clone(), name.clone());
                return Err(StoreProblem::MixedEmbedders { one, other }.into());
            }
            // Grows whenever one of theirs does.
            about.generation = Generation(about.generation.0 + other.generation.0);
            about.documents += other.documents;
            about.chunks += other.chunks;
            about.sources.extend(other.sources.iter().cloned());
            about.published = about.published.max(other.published);
        }
        Ok(Joined { about, parts })
    }

    fn indexes(&self) -> Vec<&LexicalIndex> {
        self.parts.iter().map(|(_, part)| &part.lexical).collect()
    }

    fn expect_keys(&self, filter: &Filter) -> Result<()> {
        expect_keys(&self.indexes(), filter)
    }

    /// The part that a document is in by its id, with its name and the id there.
    fn part_of<'d>(&self, doc: &'d str) -> Option<(&str, &EmbeddedSnapshot, &'d str)> {
        self.parts.iter().find_map(|(name, part)| Some((name.as_str(), part, within(name, doc)?)))
    }

    /// One ranking of what each part found.
    fn merged(&self, stage: Stage, limit: usize, of: impl Fn(&EmbeddedSnapshot) -> Result<Ranking>) -> Result<Ranking> {
        let mut candidates = Vec::new();
        for (name, part) in &self.parts {
            let found = of(part)?.into_candidates().into_iter();
            candidates.extend(found.map(|found| Candidate::found(outer(name, found.chunk), found.score)));
        }
        Ok(Ranking::new(stage, candidates, limit))
    }

    /// What each part says of its own of `ids`, in their order.
    fn of_each<T>(
        &self,
        ids: &[ChunkId],
        of: impl Fn(&EmbeddedSnapshot, &[ChunkId]) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        let mut answers: Vec<Option<T>> = ids.iter().map(|_| None).collect();
        for (name, part) in &self.parts {
            let own = ids.iter().enumerate().filter_map(|(at, id)| Some((at, inner(name, id)?)));
            let (places, own): (Vec<usize>, Vec<ChunkId>) = own.unzip();
            for (at, answer) in places.into_iter().zip(of(part, &own)?) {
                answers[at] = Some(answer);
            }
        }
        let stranger = |id: &ChunkId| StoreProblem::Broken { what: format!("chunk {id} is in no collection asked") };
        answers.into_iter().zip(ids).map(|(answer, id)| Ok(answer.ok_or_else(|| stranger(id))?)).collect()
    }
}

fn outer(name: &str, id: ChunkId) -> ChunkId {
    ChunkId { doc: DocId(format!("{name}{IN}{}", id.doc)), ..id }
}

/// None for an id of another collection.
fn inner(name: &str, id: &ChunkId) -> Option<ChunkId> {
    Some(ChunkId { doc: DocId(within(name, &id.doc.0)?.into()), ordinal: id.ordinal })
}

/// A document's id without the collection's name; none for one of another collection.
fn within<'d>(name: &str, doc: &'d str) -> Option<&'d str> {
    doc.strip_prefix(name)?.strip_prefix(IN)
}

impl Snapshot for Joined {
    fn about(&self) -> &About {
        &self.about
    }

    fn lexical(&self, query: &LexicalQuery, filter: &Filter, limit: usize) -> Result<Ranking> {
        self.expect_keys(filter)?;
        self.merged(Stage::Lexical, limit, |part| part.found(query, filter, limit))
    }

    fn dense(&self, query: &Embedding, filter: &Filter, limit: usize) -> Result<Ranking> {
        self.expect_keys(filter)?;
        self.merged(Stage::Dense, limit, |part| part.nearest(query, filter, limit))
    }

    fn filter_outcome(&self, filter: &Filter) -> Result<FilterOutcome> {
        lexical::outcome(&self.indexes(), filter)
    }

    fn lexical_scores(&self, query: &LexicalQuery, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.of_each(ids, |part, ids| part.lexical_scores(query, ids))
    }

    fn cosines(&self, query: &Embedding, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.of_each(ids, |part, ids| part.cosines(query, ids))
    }

    fn matched(&self, terms: &[String], ids: &[ChunkId]) -> Result<Vec<Vec<bool>>> {
        self.of_each(ids, |part, ids| part.matched(terms, ids))
    }

    fn term_shares(&self, query: &LexicalQuery, id: &ChunkId) -> Result<Vec<TermShare>> {
        let one = |part: &EmbeddedSnapshot, ids: &[ChunkId]| {
            ids.iter().map(|id| part.term_shares(query, id)).collect::<Result<Vec<_>>>()
        };
        Ok(self.of_each(std::slice::from_ref(id), one)?.remove(0))
    }

    fn has_document(&self, id: &str) -> Result<bool> {
        self.part_of(id).map_or(Ok(false), |(_, part, id)| part.has_document(id))
    }

    fn documents(&self) -> Result<Vec<DocId>> {
        let mut documents = Vec::new();
        for (name, part) in &self.parts {
            documents.extend(part.documents()?.into_iter().map(|id| DocId(format!("{name}{IN}{id}"))));
        }
        Ok(documents)
    }

    fn documents_at(&self, path: &str) -> Result<Vec<DocId>> {
        let mut documents = Vec::new();
        for (name, part) in &self.parts {
            documents.extend(part.documents_at(path)?.into_iter().map(|id| DocId(format!("{name}{IN}{id}"))));
        }
        Ok(documents)
    }

    /// Every part counts for all.
    fn document_frequencies(&self, terms: &[String]) -> Result<Vec<u64>> {
        self.parts[0].1.document_frequencies(terms)
    }

    fn vocabulary(&self, prefix: &str) -> Result<BTreeMap<String, u64>> {
        let mut words: BTreeMap<String, u64> = BTreeMap::new();
        for (_, part) in &self.parts {
            for (word, chunks) in part.vocabulary(prefix)? {
                *words.entry(word).or_default() += chunks;
            }
        }
        Ok(words)
    }

    fn pair_frequencies(&self, pairs: &[String]) -> Result<Vec<u64>> {
        self.parts[0].1.pair_frequencies(pairs)
    }

    fn chunks_of(&self, doc: &DocId) -> Result<Vec<ChunkId>> {
        let Some((name, part, id)) = self.part_of(&doc.0) else { return Ok(Vec::new()) };
        Ok(part.chunks_of(&DocId(id.into()))?.into_iter().map(|chunk| outer(name, chunk)).collect())
    }

    fn vector(&self, id: &ChunkId) -> Result<Embedding> {
        let one = |part: &EmbeddedSnapshot, ids: &[ChunkId]| ids.iter().map(|id| part.vector(id)).collect();
        Ok(self.of_each(std::slice::from_ref(id), one)?.remove(0))
    }

    fn bytes_on_disk(&self) -> Result<u64> {
        self.parts.iter().map(|(_, part)| part.bytes_on_disk()).sum()
    }

    fn fetch(&self, ids: &[ChunkId]) -> Result<Vec<Passage>> {
        let passages = self.of_each(ids, |part, ids| part.fetch(ids))?;
        Ok(passages.into_iter().zip(ids).map(|(passage, id)| Passage { id: id.clone(), ..passage }).collect())
    }
}
