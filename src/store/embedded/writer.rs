//! The next generation under way: written beside the current one, published by one rename.

use super::before::Before;
use super::checksum::{Checksums, checksums};
use super::graph::Graph;
use super::layout::Layout;
use super::lexical::{self, LexicalWriter, TokenCounts};
use super::manifest::{self, Documents, FORMAT, Manifest};
use super::rows::{self, RowTable};
use super::vector_log::{self, Stems, VectorLog, VectorLogWriter};
use crate::document::{Chunk, ChunkId, DocId, Document};
use crate::embedding::{Embedding, ModelId};
use crate::error::{IoContext, Result};
use crate::private;
use crate::store::{DocumentRecord, Generation, Source, Start, StoreProblem, VectorKey, Writer};
use crate::text::Analyzer;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The vector log is compacted when it holds more than twice the rows in use, and this many more.
const DEAD_ROWS_MIN: usize = 1000;

pub struct EmbeddedWriter {
    layout: Layout,
    /// Locked while this writer lives.
    _lock: File,
    generation: Generation,
    previous: Option<Manifest>,
    dir: UnpublishedDir,
    embedder: ModelId,
    analysis: String,
    graph_min: usize,
    lexical: LexicalWriter,
    log: VectorLogWriter,
    rows: BTreeMap<ChunkId, u32>,
    documents: Documents,
    /// What the previous generation held, where this one does not go on from it.
    remembered: Option<Documents>,
    sources: Vec<Source>,
}

/// The folder of a generation under way; removed again unless the generation is published.
struct UnpublishedDir {
    path: PathBuf,
    is_published: bool,
}

impl UnpublishedDir {
    fn create(path: PathBuf) -> Result<UnpublishedDir> {
        if path.exists() {
            std::fs::remove_dir_all(&path).at("remove", &path)?;
        }
        private::create_dir_all(&path).at("create", &path)?;
        Ok(UnpublishedDir { path, is_published: false })
    }
}

impl Drop for UnpublishedDir {
    fn drop(&mut self) {
        if !self.is_published
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unpublished generation stays behind");
        }
    }
}

impl EmbeddedWriter {
    pub fn begin(
        layout: &Layout,
        collection: &str,
        analyzer: &Arc<Analyzer>,
        graph_min: usize,
        start: Start,
    ) -> Result<EmbeddedWriter> {
        private::create_dir_all(&layout.generations()).at("create", layout.generations())?;
        // Of an earlier version, which made it for all to read. The folder above closes all the rest.
        let above = layout.dir.parent().unwrap_or(&layout.dir);
        private::tighten(above).at("write", above)?;
        let lock = lock(&layout.lock(), collection)?;
        let before = Before::read(layout, &start, &analyzer.id())?;
        let generation = before.next();
        if let Some(manifest) = &before.manifest {
            // Left by runs that were killed before they published, or before they tidied up.
            layout.remove_old(Generation(manifest.generation))?;
        }
        let log = before.log(layout, &start.embedder, start.rebuild)?;
        let dir = UnpublishedDir::create(layout.generation(generation))?;
        let Before { manifest: previous, sources, documents, is_damaged, .. } = before;
        // Terms of another analysis are of no use; the vectors are.
        let is_usable =
            |manifest: &&Manifest| !start.rebuild && manifest.require_current(&layout.dir, &analyzer.id()).is_ok();
        let mut row_map = BTreeMap::new();
        let kept = previous.as_ref().filter(is_usable);
        if let Some(manifest) = kept {
            let old = layout.generation(Generation(manifest.generation));
            lexical::clone_index(&old.join("lexical"), &dir.path.join("lexical"))?;
            let table = RowTable::open(&old.join("rows.bin"), log.len())?;
            for index in 0..table.len() {
                row_map.insert(table.chunk(index)?, table.row(index));
            }
            log.require_sound(row_map.values().copied())?;
        }
        let begins_anew = kept.is_none() && (previous.is_some() || is_damaged);
        let (documents, remembered) = if begins_anew { (Documents::new(), Some(documents)) } else { (documents, None) };
        let lexical = LexicalWriter::open(&dir.path.join("lexical"), analyzer)?;
        Ok(EmbeddedWriter {
            layout: layout.clone(),
            _lock: lock,
            generation,
            previous,
            dir,
            embedder: start.embedder,
            analysis: analyzer.id(),
            graph_min,
            lexical,
            log,
            rows: row_map,
            documents,
            remembered,
            sources,
        })
    }

    fn forget_rows(&mut self, id: &DocId) {
        let first = ChunkId { doc: id.clone(), ordinal: 0 };
        let last = ChunkId { doc: id.clone(), ordinal: u32::MAX };
        let ids: Vec<ChunkId> = self.rows.range(first..=last).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.rows.remove(&id);
        }
    }

    /// Moves the rows in use into a new log where most are dead.
    fn compact(&mut self) -> Result<()> {
        let used: BTreeSet<u32> = self.rows.values().copied().collect();
        if self.log.len() <= 2 * used.len() + DEAD_ROWS_MIN {
            return Ok(());
        }
        let used: Vec<u32> = used.into_iter().collect();
        let stem = Stems::of(&self.embedder).next(&self.layout.vectors());
        self.log = self.log.copy_rows(&self.layout.vectors(), &stem, &used)?;
        for row in self.rows.values_mut() {
            *row = used.binary_search(row).expect("every row in use was copied, in order") as u32;
        }
        Ok(())
    }

    fn write_graph(&self) -> Result<bool> {
        let rows: Vec<u32> = self.rows.values().copied().collect();
        if rows.is_empty() || rows.len() < self.graph_min {
            return Ok(false);
        }
        let log = VectorLog::open(&self.layout.vectors(), self.log.stem(), self.embedder.dim, self.log.len())?;
        Graph::build(&self.dir.path.join("graph"), self.embedder.dim, rows.len(), &|index| log.f32_row(rows[index]))?;
        Ok(true)
    }

    /// Without what is known only once all is written.
    fn manifest(&self, graph: bool) -> Manifest {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Manifest {
            format: FORMAT,
            generation: self.generation.0,
            embedder: self.embedder.clone(),
            analysis: self.analysis.clone(),
            documents: self.documents.len(),
            chunks: self.rows.len(),
            vector_log: self.log.stem().into(),
            vector_rows: self.log.len(),
            graph,
            tokens: TokenCounts::new(),
            sources: self.sources.clone(),
            roots: Vec::new(),
            published: now.map_or(0, |since| since.as_secs()),
            files: Checksums::new(),
        }
    }
}

pub fn lock(path: &Path, collection: &str) -> Result<File> {
    let file = private::options().create(true).truncate(false).write(true).open(path).at("create", path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreProblem::Busy { collection: collection.into() }.into()),
        Err(TryLockError::Error(error)) => Err(error).at("lock", path),
    }
}

impl Writer for EmbeddedWriter {
    fn documents(&self) -> &BTreeMap<DocId, DocumentRecord> {
        &self.documents
    }

    fn remembered(&self) -> &BTreeMap<DocId, DocumentRecord> {
        self.remembered.as_ref().unwrap_or(&self.documents)
    }

    fn begins_anew(&self) -> bool {
        self.remembered.is_some()
    }

    fn sources(&self) -> &[Source] {
        &self.sources
    }

    fn set_sources(&mut self, sources: Vec<Source>) {
        self.sources = sources;
    }

    fn has_vector(&self, key: &VectorKey) -> bool {
        self.log.row(key).is_some()
    }

    fn keep_vectors(&mut self, vectors: &[(VectorKey, Embedding)]) -> Result<()> {
        self.log.append(vectors)
    }

    /// From other logs of this collection, and from the other collections, evaluations' included. What cannot be read is
    /// passed over: its vectors can be computed.
    fn adopt_vectors(&mut self, keys: &[VectorKey]) -> Result<()> {
        let mut wanted: HashSet<VectorKey> = keys.iter().filter(|key| !self.has_vector(key)).copied().collect();
        let stems = Stems::of(&self.embedder);
        for layout in std::iter::once(self.layout.clone()).chain(self.layout.others()) {
            if wanted.is_empty() {
                break;
            }
            // What our log has we know, but for vectors of which only the 8-bit copy is damaged.
            let known = layout.dir == self.layout.dir && !self.log.is_damaged();
            let known = known.then(|| self.log.stem().to_owned());
            let found = vector_log::find(&layout.vectors(), &stems, known.as_deref(), &wanted);
            wanted.retain(|key| !found.contains_key(key));
            self.log.append(&found.into_iter().collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn put(&mut self, document: &Document, record: DocumentRecord, chunks: &[(Chunk, VectorKey)]) -> Result<()> {
        self.forget_rows(&document.id);
        for (chunk, key) in chunks {
            let row = self
                .log
                .row(key)
                .ok_or_else(|| StoreProblem::Broken { what: format!("no vector kept for {}", chunk.id) })?;
            self.rows.insert(chunk.id.clone(), row);
        }
        self.lexical.put(document, chunks.iter().map(|(chunk, _)| chunk))?;
        self.documents.insert(document.id.clone(), record);
        Ok(())
    }

    fn delete(&mut self, id: &DocId) -> Result<()> {
        self.forget_rows(id);
        self.lexical.delete(id);
        self.documents.remove(id);
        Ok(())
    }

    fn publish(mut self: Box<Self>) -> Result<Generation> {
        self.compact()?;
        let graph = self.write_graph()?;
        let table: Vec<(ChunkId, u32)> = self.rows.iter().map(|(id, row)| (id.clone(), *row)).collect();
        rows::write(&self.dir.path.join("rows.bin"), &table)?;
        manifest::write_documents(&self.dir.path, &self.documents)?;
        let mut manifest = self.manifest(graph);
        manifest.tokens = self.lexical.finish()?;
        // Of the files as they stand: the manifest is the last that is written.
        manifest.files = checksums(&self.dir.path)?;
        manifest.write(&self.dir.path)?;
        manifest::sync_dir(&self.layout.generations())?;
        self.layout.publish(&manifest)?;
        self.dir.is_published = true;
        // From here on nothing may fail the run: the generation is public, the rest is tidying.
        let mut stems = vec![manifest.vector_log.as_str()];
        stems.extend(self.previous.as_ref().map(|previous| previous.vector_log.as_str()));
        let tidied = self.layout.remove_old(self.generation);
        if let Err(error) = tidied.and_then(|()| vector_log::remove_others(&self.layout.vectors(), &stems)) {
            tracing::warn!(%error, "old files stay behind");
        }
        if let Err(error) = self.layout.write_sources(&self.sources) {
            tracing::warn!(%error, "the sources are kept in the manifest alone");
        }
        Ok(self.generation)
    }
}
