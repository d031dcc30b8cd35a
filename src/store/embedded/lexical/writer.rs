//! The inverted index as its one writer sees it.

use super::engine;
use super::published::PublishedDirectory;
use super::schema::{Fields, StoredPassage, properties, register, schema};
use super::statistics::{TokenCounts, count_tokens};
use crate::document::{Chunk, DocId, Document};
use crate::error::{IoContext, Result};
use crate::private;
use crate::store::StoreProblem;
use crate::text::Analyzer;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::merge_policy::{LogMergePolicy, MergeCandidate, MergePolicy, NoMergePolicy};
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

const WRITER_MEMORY_BYTES: usize = 128 << 20;

/// The inverted index as its one writer sees it.
pub struct LexicalWriter {
    writer: IndexWriter,
    dir: PathBuf,
    fields: Fields,
}

impl LexicalWriter {
    /// Begins an empty index in `dir`, or goes on with the one there.
    pub fn open(dir: &Path, analyzer: &Arc<Analyzer>) -> Result<LexicalWriter> {
        private::create_dir_all(dir).at("create", dir)?;
        let (schema, fields) = schema();
        let directory = engine(tantivy::directory::MmapDirectory::open(dir).map_err(Into::into))?;
        let index = engine(Index::open_or_create(directory, schema))?;
        register(&index, analyzer);
        // One thread: the same input gives the same segments.
        let writer: IndexWriter = engine(index.writer_with_num_threads(1, WRITER_MEMORY_BYTES))?;
        // Merged is at the end alone: what merges by itself meanwhile takes away the segments that have to be merged.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(LexicalWriter { writer, dir: dir.into(), fields })
    }

    pub fn put<'a>(&mut self, document: &Document, chunks: impl Iterator<Item = &'a Chunk>) -> Result<()> {
        self.delete(&document.id);
        let aliases = document.aliases.join("\n");
        let properties = properties(document);
        for chunk in chunks {
            let stored = StoredPassage {
                title: document.title.clone(),
                headings: chunk.headings.clone(),
                sections: chunk.sections.clone(),
                path: document.path.clone(),
                source: document.source.clone(),
                date: document.date().into(),
                lines: chunk.lines,
                text: chunk.text.clone(),
                lead: chunk.lead.text.clone(),
                plain: (!says_the_same(&chunk.plain, &chunk.text)).then(|| chunk.plain.clone()),
            };
            let stored =
                serde_json::to_string(&stored).map_err(|error| StoreProblem::Broken { what: error.to_string() })?;
            let body = format!("{}\n{}\n{}", document.title, chunk.headings.join("\n"), chunk.indexed());
            let mut fields = TantivyDocument::new();
            fields.add_text(self.fields.chunk, chunk.id.to_string());
            fields.add_text(self.fields.doc, &document.id.0);
            fields.add_text(self.fields.aliases, &aliases);
            fields.add_text(self.fields.asides, &chunk.asides);
            for property in &properties {
                fields.add_text(self.fields.properties, property);
            }
            fields.add_text(self.fields.pairs, &body);
            fields.add_text(self.fields.body, body);
            fields.add_text(self.fields.passage, stored);
            engine(self.writer.add_document(fields))?;
        }
        Ok(())
    }

    pub fn delete(&mut self, id: &DocId) {
        self.writer.delete_term(Term::from_field_text(self.fields.doc, &id.0));
    }

    /// Commits and waits for merges, so that no thread touches the folder afterwards. Segments with deleted chunks are
    /// written anew: BM25 would go on counting them, and rank otherwise than an index that never had them. How many terms
    /// there are is what a reader has to be told.
    pub fn finish(mut self) -> Result<TokenCounts> {
        engine(self.writer.commit())?;
        let segments = engine(self.writer.index().searchable_segment_metas())?;
        let stale: Vec<_> = segments.iter().filter(|meta| meta.has_deletes()).map(|meta| meta.id()).collect();
        if !stale.is_empty() {
            engine(self.writer.merge(&stale).wait())?;
        }
        let segments = engine(self.writer.index().searchable_segment_metas())?;
        for MergeCandidate(many) in LogMergePolicy::default().compute_merge_candidates(&segments) {
            engine(self.writer.merge(&many).wait())?;
        }
        engine(self.writer.wait_merging_threads())?;
        // Tantivy makes its files as the umask says.
        private::tighten_files(&self.dir).at("write", &self.dir)?;
        let directory = engine(PublishedDirectory::open(&self.dir).map_err(Into::into))?;
        let reader = engine(engine(Index::open(directory))?.reader())?;
        count_tokens(&reader.searcher(), &self.fields)
    }
}

/// Whether two texts differ in nothing but blanks.
fn says_the_same(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// Begins `to` with the segments of `from`. They are never rewritten, so hard links do where the file
/// system has them.
pub fn clone_index(from: &Path, to: &Path) -> Result<()> {
    private::create_dir_all(to).at("create", to)?;
    for entry in std::fs::read_dir(from).at("list", from)? {
        let source = entry.at("list", from)?.path();
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".lock") {
            continue;
        }
        let target = to.join(&name);
        let is_list = name.ends_with(".json");
        if is_list || std::fs::hard_link(&source, &target).is_err() {
            std::fs::copy(&source, &target).at("create", &target)?;
        }
    }
    Ok(())
}
