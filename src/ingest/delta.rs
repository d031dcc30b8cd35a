//! What has changed: the documents of the sources, compared with those that the collection holds.

use super::extract::{self, Parsed};
use super::identity::{Identities, Identity};
use super::passed_over::{PassedOver, Why};
use super::problem::{SkipReason, Skipped};
use super::report::{Progress, Report};
use super::sources::{Plan, Walked};
use super::walk::{self, SourceFile, path_of};
use super::{Options, chunk};
use crate::document::{Chunk, DocId, Document, heading};
use crate::embedding::ModelId;
use crate::store::{DocumentRecord, Source, VectorKey, Writer, is_within};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

/// A document on its way into the store.
pub struct Pending {
    pub document: Document,
    pub record: DocumentRecord,
    pub chunks: Vec<(Chunk, VectorKey)>,
}

/// What a run has found.
#[derive(Default)]
pub struct Delta {
    /// The documents that are new or changed.
    pub documents: Vec<Pending>,
    /// Those that are gone.
    pub gone: Vec<DocId>,
    /// What was left out, by the source's name.
    pub passed_over: BTreeMap<String, PassedOver>,
}

/// What a run compares, and with what.
#[derive(Clone, Copy)]
pub struct Compared<'r> {
    pub plan: &'r Plan,
    pub writer: &'r dyn Writer,
    pub embedder: &'r ModelId,
    pub options: &'r Options,
}

/// Reads every file of the plan once; none where `stop` was set meanwhile.
pub fn delta(
    compared: Compared<'_>,
    stop: &AtomicBool,
    report: &mut Report,
    on: &mut dyn FnMut(Progress<'_>),
) -> Option<Delta> {
    let Compared { plan, writer, embedder, options } = compared;
    let Walked { mut files, passed_over, unread } = plan.walk(&mut |files| on(Progress::Found { files }));
    let owners = owners(writer.remembered(), &plan.sources);
    for file in &mut files {
        if let Some((source, within)) = owners.get(&file.absolute) {
            (file.source, file.relative) = (source.clone(), within.clone());
        }
    }
    let mut delta = Delta { passed_over, ..Delta::default() };
    let mut reader = Reader {
        identities: Identities::of(writer.remembered(), &plan.sources),
        moved: plan.moved.iter().map(|moved| moved.name.as_str()).collect(),
        writer,
        embedder,
        options,
        seen: HashSet::new(),
        hidden: HashSet::new(),
    };
    let total = files.len();
    report.files = total;
    for (index, file) in files.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let over = delta.passed_over.entry(file.source.clone()).or_default();
        reader.file(file, &mut delta.documents, over, report);
        on(Progress::Read { files: index + 1, total, path: &file.path });
    }
    let Reader { seen, hidden, .. } = reader;
    let region = Region {
        sources: plan.sources.iter().map(|source| (source.name.as_str(), source)).collect(),
        read: plan.readings.iter().map(|reading| &reading.source).collect(),
        unread,
    };
    let gone = |id: &DocId, record: &DocumentRecord| !seen.contains(id) && region.lost(record, &hidden);
    let records = writer.documents().iter();
    delta.gone = records.filter(|(id, record)| gone(id, record)).map(|(id, _)| id.clone()).collect();
    Some(delta)
}

/// Which source has the file at each absolute path: one that lies in two stays with the one that had it first.
fn owners(remembered: &BTreeMap<DocId, DocumentRecord>, sources: &[Source]) -> HashMap<String, (String, String)> {
    let sources: HashMap<&str, &Source> = sources.iter().map(|source| (source.name.as_str(), source)).collect();
    let owned = remembered.values().filter_map(|record| {
        let source = sources.get(record.source.as_str())?;
        Some((source.path_of(&record.path), (record.source.clone(), record.path.clone())))
    });
    owned.collect()
}

/// How far a run has looked.
struct Region<'p> {
    sources: HashMap<&'p str, &'p Source>,
    read: Vec<&'p Source>,
    /// Folders that could not be read.
    unread: Vec<String>,
}

impl Region<'_> {
    /// Whether a document that was not seen is gone. One whose file could not be read this time (no permission, too
    /// large) stays: nothing is lost to a passing fault.
    fn lost(&self, record: &DocumentRecord, hidden: &HashSet<String>) -> bool {
        let Some(source) = self.sources.get(record.source.as_str()) else { return true };
        let path = source.path_of(&record.path);
        if hidden.contains(&path) || self.unread.iter().any(|folder| is_within(folder, &path)) {
            return false;
        }
        match self.read.iter().any(|read| read.name == source.name) {
            true => true,
            // Another source that lies around it was read, or one inside of it.
            false => self.read.iter().any(|read| read.covers(&path)) && !path_of(&path).exists(),
        }
    }
}

struct Reader<'r> {
    identities: Identities,
    /// Names of sources that were found elsewhere.
    moved: HashSet<&'r str>,
    writer: &'r dyn Writer,
    embedder: &'r ModelId,
    options: &'r Options,
    seen: HashSet<DocId>,
    /// Absolute paths of files that may hold more documents than could be read.
    hidden: HashSet<String>,
}

impl Reader<'_> {
    fn file(&mut self, file: &SourceFile, pending: &mut Vec<Pending>, over: &mut PassedOver, report: &mut Report) {
        let parsed = match extract::parse(file, self.options) {
            Ok(parsed) => parsed,
            Err(reason) => {
                over.add(why(&reason), &file.path, "");
                Parsed { skipped: vec![Skipped { path: file.path.clone(), reason }], ..Default::default() }
            }
        };
        if parsed.skipped.iter().any(|skipped| skipped.reason.hides_documents()) {
            self.hidden.insert(file.absolute.clone());
        }
        if parsed.unverified > 0 {
            over.add(Why::Unverified, &file.path, "");
        }
        if let Some(read) = parsed.read_as {
            let decoded = report.decoded.entry(read.encoding.into()).or_default();
            decoded.files += 1;
            decoded.replaced += read.replaced;
            if decoded.first.is_empty() {
                decoded.first = walk::shown(&file.path);
            }
        }
        report.unverified += parsed.unverified;
        report.skipped.extend(parsed.skipped);
        for source in parsed.documents {
            self.document(file, source, pending, report);
        }
    }

    fn document(
        &mut self,
        file: &SourceFile,
        mut source: extract::Source,
        pending: &mut Vec<Pending>,
        report: &mut Report,
    ) {
        let declared = source.declared_id.clone();
        let Identity { id, twin, other } = self.identities.next(file, declared.as_deref());
        if let Some(first) = other {
            let reason =
                SkipReason::SharedId { id: declared.clone().unwrap_or_default(), first, known_as: id.0.clone() };
            report.skipped.push(Skipped { path: file.path.clone(), reason });
        }
        self.seen.insert(id.clone());
        source.document.id = id.clone();
        source.document.place.source.clone_from(&file.source);
        source.document.place.modified = file.modified.map_or_else(String::new, super::day);
        let hash = document_hash(&source, self.options);
        match self.writer.documents().get(&id) {
            Some(known) if known.hash == hash && !self.moved.contains(file.source.as_str()) => {
                report.unchanged += 1;
                return;
            }
            Some(_) => report.changed += 1,
            None => report.added += 1,
        }
        let chunks = chunk::chunk(&source, self.options.chunk_units);
        let record = DocumentRecord {
            hash,
            source: file.source.clone(),
            path: file.relative.clone(),
            declared,
            twin,
            chunks: chunks.len() as u32,
        };
        let title = &source.document.title;
        let chunks = chunks.into_iter().map(|chunk| {
            let key = vector_key(self.embedder, title, &chunk);
            (chunk, key)
        });
        let chunks = chunks.collect();
        pending.push(Pending { document: source.document, record, chunks });
    }
}

fn why(reason: &SkipReason) -> Why {
    match reason {
        SkipReason::TooLarge { .. } => Why::TooLarge,
        SkipReason::Undecodable(_) => Why::NotText,
        SkipReason::Empty => Why::Empty,
        _ => Why::Unreadable,
    }
}

fn vector_key(embedder: &ModelId, title: &str, chunk: &Chunk) -> VectorKey {
    let mut hasher = blake3::Hasher::new();
    for part in [
        embedder.name.as_str(),
        &embedder.weights,
        &embedder.passage_prefix,
        &heading(title, &chunk.headings),
        &chunk.embedded(),
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    VectorKey(*hasher.finalize().as_bytes())
}

/// Changes whenever anything that reaches the index changes, but for where the source lies.
pub fn document_hash(source: &extract::Source, options: &Options) -> String {
    let mut hasher = blake3::Hasher::new();
    let document = &source.document;
    let aliases = document.aliases.join("\n");
    let properties = format!("{:?}", document.properties);
    let cut = format!("{} {} {}", chunk::VERSION, options.chunk_units, options.index_code);
    let place = format!("{}\n{}", document.place.within, document.place.modified);
    for part in [&cut, &document.title, &aliases, &place, &document.source, &properties, &document.text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&source.first_line.to_le_bytes());
    hasher.finalize().to_hex().to_string()
}

/// The hashes of the documents in the file at `path`, as they would be at `within` of a source.
pub fn hashes(path: &std::path::Path, within: &str, options: &Options) -> Vec<String> {
    let Some(mut file) = walk::file_at(path) else { return Vec::new() };
    file.relative = within.into();
    let mut documents = extract::parse(&file, options).map(|parsed| parsed.documents).unwrap_or_default();
    for source in &mut documents {
        source.document.place.modified = file.modified.map_or_else(String::new, super::day);
    }
    documents.iter().map(|source| document_hash(source, options)).collect()
}
