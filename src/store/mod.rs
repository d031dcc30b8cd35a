//! The index of one collection: what a reader sees, and how a writer replaces it.

mod damage;
pub mod embedded;
mod filter;
mod problem;
mod source;

pub use damage::Damage;
pub use filter::{
    Comparison, Condition, Filter, FilterOutcome, PLACE_KEYS, Uncompared, Verdict, nearest_key, properties,
};
pub use problem::StoreProblem;
pub use source::{Source, is_within, join};

use crate::document::{Chunk, ChunkId, DocId, Document, Passage};
use crate::embedding::{Embedding, ModelId};
use crate::error::Result;
use crate::ranking::Ranking;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Number of a published state of a collection; grows by one with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

/// A place where generations of a collection are kept.
pub trait Store: Send + Sync {
    /// The newest published generation. An error if there is none.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>>;

    /// Begins the next generation. Excludes other writers until it is dropped; readers go on undisturbed.
    fn writer(&self, start: Start) -> Result<Box<dyn Writer>>;

    /// Keeps what a run passed over, by the source's name, in place of what an earlier run passed over there.
    fn keep_passed_over(&self, by_source: BTreeMap<String, serde_json::Value>) -> Result<()>;

    /// What is kept of that; empty where no run has said so.
    fn passed_over(&self) -> Result<BTreeMap<String, serde_json::Value>>;
}

/// What a writer begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Whose vectors the generation holds. Where it is not the current generation's, the writer is refused
    /// unless `rebuild` is set.
    pub embedder: ModelId,
    /// Begin with nothing instead of the current generation. Vectors of the same embedder are still reused.
    pub rebuild: bool,
}

/// One frozen generation: both rankings and the fetched text agree.
pub trait Snapshot: Send + Sync {
    fn about(&self) -> &About;

    /// At most `limit` chunks by BM25 over title, headings, text and aliases; only chunks with at least
    /// one of the terms, and only those that the filter admits.
    fn lexical(&self, query: &LexicalQuery, filter: &Filter, limit: usize) -> Result<Ranking>;

    /// At most `limit` chunks by cosine, of those that the filter admits. An error if the dimension is not the
    /// generation's.
    fn dense(&self, query: &Embedding, filter: &Filter, limit: usize) -> Result<Ranking>;

    /// How the filter was understood, and whether it admits anything.
    fn filter_outcome(&self, filter: &Filter) -> Result<FilterOutcome>;

    /// The lexical score of each chunk, in the order asked; 0 where it has none of the terms.
    fn lexical_scores(&self, query: &LexicalQuery, ids: &[ChunkId]) -> Result<Vec<f32>>;

    /// The cosine of each chunk, in the order asked.
    fn cosines(&self, query: &Embedding, ids: &[ChunkId]) -> Result<Vec<f32>>;

    /// Which of `terms` each chunk has in title, headings, text or aliases: a row a chunk, in the orders given.
    fn matched(&self, terms: &[String], ids: &[ChunkId]) -> Result<Vec<Vec<bool>>>;

    /// What each term of `query` adds to the chunk's lexical score, largest first; the parts sum to it.
    fn term_shares(&self, query: &LexicalQuery, id: &ChunkId) -> Result<Vec<TermShare>>;

    /// Whether a document of that id is in it.
    fn has_document(&self, id: &str) -> Result<bool>;

    /// Every document; those of one collection sorted.
    fn documents(&self) -> Result<Vec<DocId>>;

    /// The documents of the file at an absolute path, sorted; those of a JSON Lines file are several.
    fn documents_at(&self, path: &str) -> Result<Vec<DocId>>;

    /// In how many chunks each term occurs, whatever the field.
    fn document_frequencies(&self, terms: &[String]) -> Result<Vec<u64>>;

    /// The words of title, headings and text that begin with `prefix`, each with the number of chunks that have it.
    fn vocabulary(&self, prefix: &str) -> Result<BTreeMap<String, u64>>;

    /// As [`Snapshot::document_frequencies`], of pairs of characters.
    fn pair_frequencies(&self, pairs: &[String]) -> Result<Vec<u64>>;

    /// The chunks of a document, in their order.
    fn chunks_of(&self, doc: &DocId) -> Result<Vec<ChunkId>>;

    /// The vector of a chunk. An unknown id is a bug.
    fn vector(&self, id: &ChunkId) -> Result<Embedding>;

    /// Bytes of the generation's files, the vectors that it shares with others included.
    fn bytes_on_disk(&self) -> Result<u64>;

    /// In the order asked. An unknown id is a bug: ids come from this snapshot's rankings.
    fn fetch(&self, ids: &[ChunkId]) -> Result<Vec<Passage>>;
}

/// The next generation, under way. Dropped without `publish` it leaves no trace but the kept vectors.
pub trait Writer: Send {
    /// What the generation holds so far.
    fn documents(&self) -> &BTreeMap<DocId, DocumentRecord>;

    /// What the generation before it held, whether or not this one goes on from it: by this a document keeps its id.
    fn remembered(&self) -> &BTreeMap<DocId, DocumentRecord>;

    /// Whether the generation begins with nothing although there is one before it: every source has to be read.
    fn begins_anew(&self) -> bool;

    /// What the collection takes from; of the generation before until they are replaced.
    fn sources(&self) -> &[Source];

    fn set_sources(&mut self, sources: Vec<Source>);

    /// Whether the vector of an embedded text is already kept, from any earlier run, published or not.
    fn has_vector(&self, key: &VectorKey) -> bool;

    /// Keeps vectors at once and for good, so that an interrupted run is not embedded again.
    fn keep_vectors(&mut self, vectors: &[(VectorKey, Embedding)]) -> Result<()>;

    /// Keeps the vectors of `keys` that are known elsewhere in the store: the same text under the same embedder.
    fn adopt_vectors(&mut self, keys: &[VectorKey]) -> Result<()>;

    /// Adds a document, replacing one of the same id. Every key must be kept already.
    fn put(&mut self, document: &Document, record: DocumentRecord, chunks: &[(Chunk, VectorKey)]) -> Result<()>;

    fn delete(&mut self, id: &DocId) -> Result<()>;

    /// Makes the generation visible to later snapshots, all or nothing.
    fn publish(self: Box<Self>) -> Result<Generation>;
}

/// Names an embedded text: blake3 of the embedder's id and of title and body as embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VectorKey(pub [u8; 32]);

/// What is remembered of an indexed document: which it is, and whether it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// blake3 (hex) over everything that is indexed of it but where its source lies, and over how it was chunked.
    pub hash: String,
    /// The name of the [`Source`] it is from.
    pub source: String,
    /// Path of its file within the source.
    pub path: String,
    /// The id it gives itself: front matter `id`, `_id` of a JSON line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
    /// How many documents before it in the same file give themselves the same id.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub twin: u32,
    pub chunks: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Terms to look up, each with a weight that multiplies its BM25 score.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LexicalQuery {
    /// Looked up in title, headings, text and aliases.
    pub words: Vec<(String, f32)>,
    /// Pairs of characters, looked up in the pairs of title, headings and text. One of a single character stands for
    /// all that begin with it.
    pub pairs: Vec<(String, f32)>,
}

/// How much a term tells that `frequency` of `chunks` have: Lucene's idf, `ln(1 + (N − df + ½) / (df + ½))`.
pub fn idf(chunks: f32, frequency: f32) -> f32 {
    (1.0 + (chunks - frequency + 0.5) / (frequency + 0.5)).ln()
}

/// One term's share in a chunk's lexical score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermShare {
    pub term: String,
    pub field: String,
    /// How often the chunk has it there; `null` for what stands for several terms.
    pub tf: Option<u32>,
    /// See [`idf`].
    pub idf: Option<f32>,
    pub score: f32,
}

/// What a generation is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    pub generation: Generation,
    pub documents: usize,
    pub chunks: usize,
    pub embedder: ModelId,
    /// Identifies the text analysis that made the terms.
    pub analysis: String,
    pub sources: Vec<Source>,
    /// Seconds since 1970.
    pub published: u64,
    /// How `dense` looks for neighbours: `exact` or `hnsw`.
    pub dense_index: &'static str,
}

impl About {
    /// The roots of its sources, as absolute paths.
    pub fn roots(&self) -> Vec<String> {
        self.sources.iter().map(|source| source.root.clone()).collect()
    }
}
