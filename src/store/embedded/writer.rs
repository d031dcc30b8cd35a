//! The next generation under way: written beside the current one, published by one rename.

use super::graph::Graph;
use super::lexical::{self, LexicalWriter, TokenCounts};
use super::manifest::{self, Documents, FORMAT, Layout, Manifest};
use super::rows::{self, RowTable};
use super::vector_log::{self, VectorLog, VectorLogWriter};
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
        let current = layout.current()?;
        let previous = match current {
            Some(generation) => read_previous(&layout.generation(generation), &start)?,
            None => None,
        };
        let generation = Generation(current.map_or(1, |current| current.0 + 1));
        if let Some(current) = current {
            // Left by runs that were killed before they published, or before they tidied up.
            layout.remove_old(current)?;
        }
        let dir = UnpublishedDir::create(layout.generation(generation))?;
        // Terms of another analysis are of no use; the vectors are.
        let is_usable = |manifest: &&Manifest| !start.rebuild && manifest.is_current(&analyzer.id());
        let kept = previous.as_ref().filter(is_usable);
        let stem = match &previous {
            Some(manifest) if manifest.embedder == start.embedder => manifest.vector_log.clone(),
            _ => log_stem(&start.embedder, 1),
        };
        let log = VectorLogWriter::open(&layout.vectors(), &stem, start.embedder.dim)?;
        let (mut row_map, mut documents) = (BTreeMap::new(), Documents::new());
        if let Some(manifest) = kept {
            let old = layout.generation(Generation(manifest.generation));
            lexical::clone_index(&old.join("lexical"), &dir.path.join("lexical"))?;
            let table = RowTable::open(&old.join("rows.bin"))?;
            for index in 0..table.len() {
                row_map.insert(table.chunk(index)?, table.row(index));
            }
            documents = manifest::read_documents(&old)?;
        }
        let remembered = match &previous {
            Some(manifest) if kept.is_none() => {
                // Whatever is wrong with it: a document then gets the id that it would have in a new collection.
                Some(manifest::read_documents(&layout.generation(Generation(manifest.generation))).unwrap_or_default())
            }
            _ => None,
        };
        let sources = previous.as_ref().map_or_else(Vec::new, |manifest| manifest.sources.clone());
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
        let number: u32 = self.log.stem().rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let used: Vec<u32> = used.into_iter().collect();
        let stem = log_stem(&self.embedder, number + 1);
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

/// The current generation's manifest; refuses to go on from another embedder's.
fn read_previous(dir: &Path, start: &Start) -> Result<Option<Manifest>> {
    let manifest = match Manifest::read(dir) {
        Ok(manifest) => manifest,
        // Whatever is wrong with it, a rebuild does not need it.
        Err(_) if start.rebuild => return Ok(None),
        Err(error) => return Err(error),
    };
    if !start.rebuild && manifest.embedder != start.embedder {
        let (built, asked) = (manifest.embedder.name, start.embedder.name.clone());
        return Err(StoreProblem::OtherEmbedder { built, asked }.into());
    }
    Ok(Some(manifest))
}

/// Named after the embedder, so that vectors of two never share a file.
fn log_stem(embedder: &ModelId, number: u32) -> String {
    format!("{}{number:06}", stem_prefix(embedder))
}

fn stem_prefix(embedder: &ModelId) -> String {
    let id = serde_json::to_vec(embedder).unwrap_or_default();
    format!("{}-", &blake3::hash(&id).to_hex()[..16])
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

    /// From the other collections, evaluations' included. A log that cannot be read is passed over: its vectors can be
    /// computed.
    fn adopt_vectors(&mut self, keys: &[VectorKey]) -> Result<()> {
        let mut wanted: HashSet<VectorKey> = keys.iter().filter(|key| !self.has_vector(key)).copied().collect();
        let prefix = stem_prefix(&self.embedder);
        for other in self.layout.others() {
            if wanted.is_empty() {
                break;
            }
            let found = vector_log::find(&other.vectors(), &prefix, self.embedder.dim, &wanted);
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
        manifest.write(&self.dir.path)?;
        manifest::sync_dir(&self.layout.generations())?;
        self.layout.publish(self.generation)?;
        self.dir.is_published = true;
        // From here on nothing may fail the run: the generation is public, the rest is tidying.
        let mut stems = vec![manifest.vector_log.as_str()];
        stems.extend(self.previous.as_ref().map(|previous| previous.vector_log.as_str()));
        let tidied = self.layout.remove_old(self.generation);
        if let Err(error) = tidied.and_then(|()| vector_log::remove_others(&self.layout.vectors(), &stems)) {
            tracing::warn!(%error, "old files stay behind");
        }
        Ok(self.generation)
    }
}
