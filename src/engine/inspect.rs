//! Inspecting: what the index holds of a document, of a chunk, or knows of a query.

use super::{Engine, EngineProblem};
use crate::document::{ChunkId, DocId, Passage};
use crate::error::Result;
use crate::search::{self, LookedUp, Scope};
use crate::store::{Filter, idf};
use serde::Serialize;
use std::collections::BTreeMap;

const NEIGHBOURS: usize = 5;

/// Serialized as `rag inspect --json` prints it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Inspected {
    Document {
        doc: DocId,
        title: String,
        path: String,
        source: String,
        chunks: Vec<ChunkOutline>,
    },
    Chunk {
        chunk: ChunkId,
        heading: String,
        path: String,
        lines: (u32, u32),
        text: String,
        /// Most telling first.
        terms: Vec<IndexedTerm>,
        /// The chunks before and after it in its document.
        before: Option<ChunkId>,
        after: Option<ChunkId>,
        /// The chunks whose vectors are nearest, with their cosines.
        nearest: Vec<(ChunkId, f32)>,
    },
    Query {
        query: String,
        terms: Vec<LookedUp>,
        /// The embedder of the index, and what it has before a query.
        embedder: String,
        query_prefix: String,
    },
}

/// A chunk without its text.
#[derive(Debug, Serialize)]
pub struct ChunkOutline {
    pub chunk: ChunkId,
    pub headings: Vec<String>,
    pub lines: (u32, u32),
    pub chars: usize,
    /// Its first characters.
    pub begins: String,
}

/// A term of a chunk's title, headings and text.
#[derive(Debug, Serialize)]
pub struct IndexedTerm {
    pub term: String,
    /// How often the chunk has it.
    pub tf: u32,
    /// How many chunks have it.
    pub chunks: u64,
    pub idf: f32,
}

impl Engine {
    /// `what` is a document's id, a chunk's (`doc#ordinal`), or else a query.
    pub fn inspect(&self, what: &str) -> Result<Inspected> {
        let scope = self.scope()?;
        if let Some(id) = ChunkId::parse(what)
            && scope.snapshot.has_document(&id.doc.0)?
        {
            return chunk(&id, scope);
        }
        if scope.snapshot.has_document(what)? {
            return document(DocId(what.into()), scope);
        }
        let embedder = scope.snapshot.about().embedder.clone();
        Ok(Inspected::Query {
            query: what.trim().into(),
            terms: search::looked_up(what, scope)?,
            embedder: embedder.name,
            query_prefix: embedder.query_prefix,
        })
    }
}

fn document(doc: DocId, scope: Scope<'_>) -> Result<Inspected> {
    let passages = scope.snapshot.fetch(&scope.snapshot.chunks_of(&doc)?)?;
    let of_first =
        |part: fn(&Passage) -> &String| passages.first().map_or_else(String::new, |first| part(first).clone());
    Ok(Inspected::Document {
        title: of_first(|passage| &passage.title),
        path: of_first(|passage| &passage.path),
        source: of_first(|passage| &passage.source),
        doc,
        chunks: passages.into_iter().map(outline).collect(),
    })
}

fn outline(passage: Passage) -> ChunkOutline {
    const BEGINNING: usize = 40;
    ChunkOutline {
        chunk: passage.id,
        headings: passage.headings,
        lines: passage.lines,
        chars: passage.text.chars().count(),
        begins: passage.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(BEGINNING).collect(),
    }
}

fn chunk(id: &ChunkId, scope: Scope<'_>) -> Result<Inspected> {
    let snapshot = scope.snapshot;
    let siblings = snapshot.chunks_of(&id.doc)?;
    let at = siblings.iter().position(|sibling| sibling == id);
    let at = at.ok_or_else(|| EngineProblem::NoChunk { id: id.to_string(), chunks: siblings.len() })?;
    let passage = snapshot.fetch(std::slice::from_ref(id))?.remove(0);
    let near = snapshot.dense(&snapshot.vector(id)?, &Filter::default(), NEIGHBOURS + 1)?;
    let nearest = near.iter().filter(|found| found.chunk != *id).take(NEIGHBOURS);
    Ok(Inspected::Chunk {
        heading: passage.heading(),
        terms: terms(&passage, scope)?,
        path: passage.path,
        lines: passage.lines,
        text: passage.text,
        before: at.checked_sub(1).map(|before| siblings[before].clone()),
        after: siblings.get(at + 1).cloned(),
        nearest: nearest.map(|found| (found.chunk.clone(), found.score)).collect(),
        chunk: id.clone(),
    })
}

/// As the text that is shown is analysed; of Markdown, the index leaves out markup and code.
fn terms(passage: &Passage, scope: Scope<'_>) -> Result<Vec<IndexedTerm>> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for text in [&passage.heading(), &passage.text] {
        for term in scope.analyzer.terms(text) {
            *counts.entry(term.text).or_default() += 1;
        }
    }
    let all = scope.snapshot.about().chunks as f32;
    let (texts, counts): (Vec<String>, Vec<u32>) = counts.into_iter().unzip();
    let frequencies = scope.snapshot.document_frequencies(&texts)?;
    let each = texts.into_iter().zip(counts).zip(frequencies);
    let mut terms: Vec<IndexedTerm> = each
        .filter(|(_, chunks)| *chunks > 0)
        .map(|((term, tf), chunks)| IndexedTerm { term, tf, chunks, idf: idf(all, chunks as f32) })
        .collect();
    terms.sort_by(|a, b| b.idf.total_cmp(&a.idf).then_with(|| b.tf.cmp(&a.tf)).then_with(|| a.term.cmp(&b.term)));
    Ok(terms)
}
