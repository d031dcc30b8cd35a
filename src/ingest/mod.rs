//! Indexing: walk → parse → chunk → embed → commit.

mod chunk;
pub mod lint;
mod matter;
mod parse;
mod problem;
mod walk;

pub use problem::{IngestProblem, Skipped};

use crate::document::{Chunk, DocId, Document, heading};
use crate::embedding::ModelId;
use crate::error::Result;
use crate::models::embedder::{Embedder, PassageInput};
use crate::store::{DocumentRecord, Generation, Start, Store, VectorKey, Writer};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Passages handed to the embedder at a time: enough to sort by length, few enough that an interrupted run
/// loses little.
const EMBED_WINDOW: usize = 256;

/// How to read and cut documents. Part of a document's hash: other options, other chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Longest chunk in units: a Han character counts one, other text a quarter a byte.
    pub chunk_units: usize,
    /// Whether fenced code is searchable.
    pub index_code: bool,
    pub file_bytes_max: u64,
    pub rebuild: bool,
}

/// What an indexing run is doing, for a progress bar.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A file was read; how many so far.
    Read {
        files: usize,
        path: &'a Path,
    },
    /// Passages embedded of those that were not known yet.
    Embedded {
        done: usize,
        total: usize,
    },
    Publishing,
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The generation that now serves; the old one if nothing had changed.
    pub generation: Generation,
    pub published: bool,
    pub files: usize,
    /// Files of kinds that are not indexed.
    pub other_files: usize,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub deleted: usize,
    pub chunks: usize,
    /// Passages whose vector had to be computed.
    pub embedded: usize,
    /// Documents that say `status: unverified`.
    pub unverified: usize,
    pub skipped: Vec<Skipped>,
}

/// A document on its way into the store.
struct Pending {
    document: Document,
    record: DocumentRecord,
    chunks: Vec<(Chunk, VectorKey)>,
}

/// Makes the next generation hold what `roots` hold now; documents of other roots stay.
///
/// Unchanged documents are not embedded again, deleted ones disappear, and vectors are kept as they are
/// computed, so that an interrupted run goes on where it stopped. Files that cannot be read are skipped and
/// reported; only if nothing at all is left is that an error.
pub fn index(
    roots: &[PathBuf],
    store: &dyn Store,
    embedder: &dyn Embedder,
    options: &Options,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Report> {
    let mut walk = walk::walk(roots)?;
    let mut writer = store.writer(Start { embedder: embedder.id().clone(), rebuild: options.rebuild })?;
    let mut report = Report {
        generation: Generation(0),
        published: false,
        files: walk.files.len(),
        other_files: walk.other_files,
        added: 0,
        changed: 0,
        unchanged: 0,
        deleted: 0,
        chunks: 0,
        embedded: 0,
        unverified: 0,
        skipped: std::mem::take(&mut walk.skipped),
    };
    let found = read(&walk.files, writer.as_ref(), embedder.id(), options, &mut report, on);
    let gone = vanished(&walk, writer.as_ref(), &found);
    if found.seen.is_empty() && gone.is_empty() && writer.documents().is_empty() {
        let roots = roots.to_vec();
        return Err(IngestProblem::NothingToIndex { roots, skipped: std::mem::take(&mut report.skipped) }.into());
    }
    report.deleted = gone.len();
    embed(&found.documents, writer.as_mut(), embedder, &mut report, on)?;
    for Pending { document, record, chunks } in &found.documents {
        writer.put(document, record.clone(), chunks)?;
    }
    for id in &gone {
        writer.delete(id)?;
    }
    report.chunks = writer.documents().values().map(|record| record.chunks as usize).sum();
    if report.added + report.changed + report.deleted > 0 || options.rebuild {
        on(Progress::Publishing);
        report.generation = writer.publish()?;
        report.published = true;
    } else {
        drop(writer);
        report.generation = store.snapshot()?.about().generation;
    }
    Ok(report)
}

/// The documents under `roots`, without what cannot be read.
pub fn documents(roots: &[PathBuf], options: &Options) -> Result<Vec<Document>> {
    let parsed = walk::walk(roots)?.files.into_iter().filter_map(|file| parse::parse(&file, options).ok());
    Ok(parsed.flat_map(|parsed| parsed.documents).map(|source| source.document).collect())
}

/// What was read.
struct Found {
    /// The documents that changed.
    documents: Vec<Pending>,
    /// The ids of all that are there.
    seen: BTreeSet<DocId>,
    /// Root and path of files that may hold more documents than could be read.
    unread: BTreeSet<(String, String)>,
}

fn read(
    files: &[walk::SourceFile],
    writer: &dyn Writer,
    embedder: &ModelId,
    options: &Options,
    report: &mut Report,
    on: &mut dyn FnMut(Progress<'_>),
) -> Found {
    let mut found = Found { documents: Vec::new(), seen: BTreeSet::new(), unread: BTreeSet::new() };
    let mut origin: BTreeMap<DocId, String> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        on(Progress::Read { files: index + 1, path: &file.path });
        let parsed = match parse::parse(file, options) {
            Ok(parsed) => parsed,
            Err(reason) => {
                parse::Parsed { skipped: vec![Skipped { path: file.path.clone(), reason }], ..Default::default() }
            }
        };
        if parsed.skipped.iter().any(|skipped| skipped.reason.hides_documents()) {
            found.unread.insert((file.root.clone(), file.relative.clone()));
        }
        report.unverified += parsed.unverified;
        report.skipped.extend(parsed.skipped);
        for source in parsed.documents {
            let id = source.document.id.clone();
            if let Some(first) = origin.get(&id) {
                let reason = problem::SkipReason::DuplicateId { id: id.0, first: first.clone() };
                report.skipped.push(Skipped { path: file.path.clone(), reason });
                continue;
            }
            origin.insert(id.clone(), file.path.display().to_string());
            found.seen.insert(id.clone());
            let hash = document_hash(&source, options);
            match writer.documents().get(&id) {
                Some(known) if known.hash == hash && known.root == file.root => {
                    report.unchanged += 1;
                    continue;
                }
                Some(_) => report.changed += 1,
                None => report.added += 1,
            }
            let chunks = chunk::chunk(&source, options.chunk_units);
            let (root, path) = (file.root.clone(), file.relative.clone());
            let record = DocumentRecord { hash, root, path, chunks: chunks.len() as u32 };
            let chunks = chunks.into_iter().map(|chunk| {
                let key = vector_key(embedder, &source.document.title, &chunk);
                (chunk, key)
            });
            let chunks = chunks.collect();
            found.documents.push(Pending { document: source.document, record, chunks });
        }
    }
    found
}

/// Documents of the roots of this run that are no longer there. A document whose file could not be read this time
/// (no permission, too large) stays: nothing is lost to a passing fault.
fn vanished(walk: &walk::Walk, writer: &dyn Writer, found: &Found) -> Vec<DocId> {
    let may_be_there = |record: &DocumentRecord| {
        walk.partial_roots.contains(&record.root) || found.unread.contains(&(record.root.clone(), record.path.clone()))
    };
    let is_gone = |id: &DocId, record: &DocumentRecord| {
        walk.roots.contains(&record.root) && !found.seen.contains(id) && !may_be_there(record)
    };
    writer.documents().iter().filter(|(id, record)| is_gone(id, record)).map(|(id, _)| id.clone()).collect()
}

fn embed(
    documents: &[Pending],
    writer: &mut dyn Writer,
    embedder: &dyn Embedder,
    report: &mut Report,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    let keys: Vec<VectorKey> = documents.iter().flat_map(|pending| &pending.chunks).map(|(_, key)| *key).collect();
    writer.adopt_vectors(&keys)?;
    let mut todo: BTreeMap<VectorKey, (String, &str)> = BTreeMap::new();
    let mut order: Vec<VectorKey> = Vec::new();
    for Pending { document, chunks, .. } in documents {
        for (chunk, key) in chunks {
            if !writer.has_vector(key) && !todo.contains_key(key) {
                todo.insert(*key, (heading(&document.title, &chunk.headings), &chunk.searchable));
                order.push(*key);
            }
        }
    }
    let total = order.len();
    for window in order.chunks(EMBED_WINDOW) {
        let passages: Vec<PassageInput<'_>> =
            window.iter().map(|key| PassageInput { title: &todo[key].0, body: todo[key].1 }).collect();
        let vectors = embedder.embed_passages(&passages)?;
        let kept: Vec<_> = window.iter().copied().zip(vectors).collect();
        writer.keep_vectors(&kept)?;
        report.embedded += kept.len();
        on(Progress::Embedded { done: report.embedded, total });
    }
    Ok(())
}

fn vector_key(embedder: &ModelId, title: &str, chunk: &Chunk) -> VectorKey {
    let mut hasher = blake3::Hasher::new();
    for part in [
        embedder.name.as_str(),
        &embedder.weights,
        &embedder.passage_prefix,
        &heading(title, &chunk.headings),
        &chunk.searchable,
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    VectorKey(*hasher.finalize().as_bytes())
}

/// Changes whenever anything that reaches the index changes.
fn document_hash(source: &parse::Source, options: &Options) -> String {
    let mut hasher = blake3::Hasher::new();
    let document = &source.document;
    let aliases = document.aliases.join("\n");
    let properties = format!("{:?}", document.properties);
    let cut = format!("{} {} {}", chunk::VERSION, options.chunk_units, options.index_code);
    for part in [&cut, &document.title, &aliases, &document.path, &document.source, &properties, &document.text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&source.first_line.to_le_bytes());
    hasher.finalize().to_hex().to_string()
}
