//! The dense leg on real vectors: the exact scan against the graph, by size.
//!
//! `cargo bench --bench dense_index -- QUERIES.jsonl COLLECTION_DIR…` takes the vectors of collections that are indexed
//! already (each a folder, as under `$RAG_HOME/collections`), and the queries of a BEIR file. One thread; the 10 nearest.

use rag::document::{Chunk, ChunkId, DocId, Document, Place};
use rag::embedding::Embedding;
use rag::models::catalog;
use rag::models::embedder::Embedder;
use rag::models::onnx::OnnxEmbedder;
use rag::models::weights::{Sources, Weights};
use rag::store::embedded::EmbeddedStore;
use rag::store::{DocumentRecord, Filter, Snapshot, Start, Store, VectorKey};
use rag::text::Analyzer;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const SIZES: [usize; 4] = [10_000, 30_000, 100_000, usize::MAX];
const QUERIES_MAX: usize = 300;
const NEAREST: usize = 10;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let (queries, collections) = args.split_first().expect("give QUERIES.jsonl COLLECTION_DIR…");
    let analyzer = Arc::new(Analyzer::new(None).unwrap());
    let snapshots: Vec<Arc<dyn Snapshot>> = collections.iter().map(|dir| open(Path::new(dir), &analyzer)).collect();
    let embedder = embedder(&snapshots[0].about().embedder.name);
    let queries = embedder.embed_queries(&texts(queries).iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let vectors = vectors(&snapshots, &queries[0]);
    println!(
        "{:>8}  {:>10}  {:>10}  {:>9}  {:>8}  {:>8}",
        "vectors", "exact ms", "graph ms", "recall@10", "build s", "load s"
    );
    for size in SIZES {
        let size = size.min(vectors.len());
        measure(&vectors[..size], &queries, embedder.as_ref(), &analyzer);
        if size == vectors.len() {
            break;
        }
    }
}

fn measure(vectors: &[Embedding], queries: &[Embedding], embedder: &dyn Embedder, analyzer: &Arc<Analyzer>) {
    let dir = tempfile::tempdir().unwrap();
    let build = |name: &str, graph_min: usize| {
        let store = EmbeddedStore::new(dir.path(), name, analyzer.clone(), graph_min).unwrap();
        let begin = Instant::now();
        fill(&store, vectors, embedder);
        (store.snapshot().unwrap(), begin.elapsed().as_secs_f64())
    };
    let (exact, exact_s) = build("exact", usize::MAX);
    let (graph, graph_s) = build("graph", 1);
    let begin = Instant::now();
    nearest(graph.as_ref(), &queries[0]);
    let load_s = begin.elapsed().as_secs_f64();
    let (mut exact_ms, mut graph_ms, mut agreed) = (Vec::new(), Vec::new(), 0);
    for query in queries {
        let begin = Instant::now();
        let expected = nearest(exact.as_ref(), query);
        exact_ms.push(begin.elapsed().as_secs_f64() * 1e3);
        let begin = Instant::now();
        let found = nearest(graph.as_ref(), query);
        graph_ms.push(begin.elapsed().as_secs_f64() * 1e3);
        agreed += expected.iter().filter(|chunk| found.contains(chunk)).count();
    }
    println!(
        "{:>8}  {:>10.2}  {:>10.2}  {:>9.4}  {:>8.1}  {:>8.2}",
        vectors.len(),
        median(exact_ms),
        median(graph_ms),
        agreed as f64 / (NEAREST * queries.len()) as f64,
        graph_s - exact_s,
        load_s,
    );
}

fn nearest(snapshot: &dyn Snapshot, query: &Embedding) -> Vec<ChunkId> {
    let found = snapshot.dense(query, &Filter::default(), NEAREST).unwrap();
    found.iter().map(|candidate| candidate.chunk.clone()).collect()
}

/// One document a vector; its text does not matter here.
fn fill(store: &EmbeddedStore, vectors: &[Embedding], embedder: &dyn Embedder) {
    let mut writer = store.writer(Start { embedder: embedder.id().clone(), rebuild: false }).unwrap();
    let key = |number: usize| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(number as u64).to_le_bytes());
        VectorKey(key)
    };
    let entries = vectors.iter().enumerate().map(|(number, vector)| (key(number), vector.clone()));
    writer.keep_vectors(&entries.collect::<Vec<_>>()).unwrap();
    for number in 0..vectors.len() {
        let id = DocId(number.to_string());
        let document = Document {
            id: id.clone(),
            title: String::new(),
            aliases: Vec::new(),
            path: String::new(),
            place: Place::default(),
            source: String::new(),
            properties: Vec::new(),
            text: "x".into(),
        };
        let chunk = Chunk {
            id: ChunkId { doc: id, ordinal: 0 },
            headings: Vec::new(),
            span: 0..1,
            lines: (1, 1),
            text: "x".into(),
            searchable: "x".into(),
            plain: "x".into(),
            ..Chunk::default()
        };
        let (source, path) = (String::new(), number.to_string());
        let record = DocumentRecord { hash: String::new(), source, path, declared: None, twin: 0, chunks: 1 };
        writer.put(&document, record, &[(chunk, key(number))]).unwrap();
    }
    writer.publish().unwrap();
}

fn open(dir: &Path, analyzer: &Arc<Analyzer>) -> Arc<dyn Snapshot> {
    let name = dir.file_name().unwrap().to_str().unwrap();
    EmbeddedStore::new(dir.parent().unwrap(), name, analyzer.clone(), usize::MAX).unwrap().snapshot().unwrap()
}

fn embedder(name: &str) -> Box<dyn Embedder> {
    let home = std::env::var_os("RAG_HOME").map(PathBuf::from).expect("RAG_HOME is set");
    let weights = Weights::new(home.join("models"), Sources::default());
    let (folder, library) = (weights.path(name).unwrap(), weights.path("onnxruntime").unwrap());
    Box::new(OnnxEmbedder::new(catalog::embedder(name).unwrap(), folder, library, 2).unwrap())
}

fn texts(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let query =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].as_str().unwrap().to_owned();
    text.lines().take(QUERIES_MAX).map(query).collect()
}

fn vectors(snapshots: &[Arc<dyn Snapshot>], query: &Embedding) -> Vec<Embedding> {
    let mut vectors = Vec::new();
    for snapshot in snapshots {
        let mut chunks: Vec<ChunkId> = snapshot
            .dense(query, &Filter::default(), usize::MAX)
            .unwrap()
            .iter()
            .map(|found| found.chunk.clone())
            .collect();
        // Not by nearness to one query.
        chunks.sort_unstable();
        vectors.extend(chunks.iter().map(|chunk| snapshot.vector(chunk).unwrap()));
    }
    fastrand::Rng::with_seed(1).shuffle(&mut vectors);
    vectors
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
