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
    /// `what` is a document (its id, or the path of its file), a chunk (`doc#ordinal`), or else a query.
    pub fn inspect(&self, what: &str) -> Result<Inspected> {
        let scope = self.scope()?;
        match self.named(what)? {
            Some(Named::Document(id)) => return document(id, scope),
            Some(Named::Chunk(id)) => return chunk(&id, scope),
            None => {}
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

/// What an id or a path stands for.
pub(super) enum Named {
    Document(DocId),
    Chunk(ChunkId),
}

impl Engine {
    /// The document that `shown` names: its id, or the path of its file, absolute, relative to the folder we are run in, or
    /// within its source (`notes/a.md`). An error where there is none, or where the file holds several.
    pub fn resolve_document(&self, shown: &str) -> Result<DocId> {
        let snapshot = self.snapshot()?;
        if snapshot.has_document(shown)? {
            return Ok(DocId(shown.into()));
        }
        let mut documents = self.documents_of(shown)?;
        match documents.len() {
            0 => Err(EngineProblem::NoDocument { id: shown.into() }.into()),
            1 => Ok(documents.remove(0)),
            _ => {
                let ids = documents.into_iter().map(|id| id.0).collect();
                Err(EngineProblem::ManyDocuments { path: shown.into(), ids }.into())
            }
        }
    }

    /// The passages of a document or of one of its chunks, in order.
    pub fn get(&self, shown: &str) -> Result<Vec<Passage>> {
        let snapshot = self.snapshot()?;
        match self.named(shown)? {
            Some(Named::Document(id)) => snapshot.fetch(&snapshot.chunks_of(&id)?),
            Some(Named::Chunk(id)) => {
                let chunks = snapshot.chunks_of(&id.doc)?;
                if !chunks.contains(&id) {
                    return Err(EngineProblem::NoChunk { id: id.to_string(), chunks: chunks.len() }.into());
                }
                snapshot.fetch(&[id])
            }
            None => Err(EngineProblem::NoDocument { id: shown.into() }.into()),
        }
    }

    /// A document first: a name may hold a `#` itself.
    fn named(&self, shown: &str) -> Result<Option<Named>> {
        let is_none =
            |error: &crate::error::Error| matches!(error.downcast_ref(), Some(EngineProblem::NoDocument { .. }));
        match self.resolve_document(shown) {
            Ok(id) => return Ok(Some(Named::Document(id))),
            Err(error) if !is_none(&error) => return Err(error),
            Err(_) => {}
        }
        let Some(ChunkId { doc, ordinal }) = ChunkId::parse(shown) else { return Ok(None) };
        match self.resolve_document(&doc.0) {
            Ok(doc) => Ok(Some(Named::Chunk(ChunkId { doc, ordinal }))),
            Err(error) if is_none(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The documents of the file at `path`.
    fn documents_of(&self, path: &str) -> Result<Vec<DocId>> {
        let snapshot = self.snapshot()?;
        let file = crate::ingest::path_of(path);
        let absolute =
            file.canonicalize().or_else(|_| std::path::absolute(&file)).map(|path| crate::ingest::shown(&path));
        let in_source = snapshot.about().sources.iter().filter_map(|source| {
            let within = path.strip_prefix(&source.name)?.strip_prefix('/')?;
            Some(source.path_of(within))
        });
        for path in absolute.into_iter().chain(in_source) {
            let found = snapshot.documents_at(&path)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
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
    let plain = passage.plain().to_string();
    ChunkOutline {
        chunk: passage.id,
        headings: passage.headings,
        lines: passage.lines,
        chars: passage.text.chars().count(),
        begins: plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(BEGINNING).collect(),
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

/// As what a reader sees of it is analysed.
fn terms(passage: &Passage, scope: Scope<'_>) -> Result<Vec<IndexedTerm>> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for text in [&passage.heading(), passage.plain()] {
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
