//! The bench: every topic of a suite through every system.

use super::{EvalProblem, Run, Suite, Topic};
use crate::engine::{Candidate, Engine, IndexProgress, IndexRequest, Mode, System};
use crate::error::{IoContext, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// Documents kept a topic: enough for recall@100.
const DEPTH: usize = 100;
/// Chunks asked for a topic: a document may have several.
const CHUNKS: usize = 300;

pub struct Options {
    /// In the order of the report; the first is the baseline.
    pub systems: Vec<String>,
}

/// What is going on, for a progress bar.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    Indexing(IndexProgress<'a>),
    /// The documents are read to be told apart from others.
    Documents,
    /// A first question is asked of the model, whose answer does not count.
    WarmingUp,
    /// Query vectors computed of those that were not kept from an earlier time.
    Embedded {
        done: usize,
        total: usize,
    },
    /// Queries answered by a system.
    Searched {
        system: &'a str,
        done: usize,
        total: usize,
    },
}

/// Runs and how long their queries took.
pub struct Bench {
    pub runs: Vec<Run>,
    /// Milliseconds of each query, by system; the time of embedding is not in it.
    pub latencies: BTreeMap<String, Vec<f64>>,
}

/// What every system makes of one topic: its first `shown` chunks, each with its trail.
pub fn stages(
    suite: &Suite,
    topic: &Topic,
    engine: &Engine,
    options: &Options,
    shown: usize,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<(String, Vec<Candidate>)>> {
    let engine = prepared(suite, &[], engine, &[topic.text.as_str()], on)?;
    let of = |name: &String| {
        let mut candidates = engine.rank(&topic.text, name.parse()?, CHUNKS)?.into_candidates();
        candidates.truncate(shown);
        Ok((name.clone(), candidates))
    };
    options.systems.iter().map(of).collect()
}

/// The engine over the suite's documents and `more`, with the vectors of these queries; of none if none are given.
pub(super) fn prepared(
    suite: &Suite,
    more: &[PathBuf],
    engine: &Engine,
    queries: &[&str],
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Engine> {
    let documents = suite.documents.canonicalize().at("read", &suite.documents)?;
    let roots: Vec<PathBuf> = std::iter::once(documents).chain(more.iter().cloned()).collect();
    // Other documents, or settings that index otherwise, have an index of their own.
    let key = blake3::hash(format!("{roots:?} {}", engine.indexing_key()).as_bytes()).to_hex();
    let name: String = suite.name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).take(40).collect();
    let engine = engine.aside(&format!("{name}-{}", &key[..16]));
    let request = IndexRequest { roots, ..IndexRequest::default() };
    engine
        .index(request, &std::sync::atomic::AtomicBool::new(false), &mut |progress| on(Progress::Indexing(progress)))?;
    if !queries.is_empty() {
        engine.embed_queries(queries, &mut |done, total| on(Progress::Embedded { done, total }))?;
    }
    Ok(engine)
}

/// Indexes the suite's documents where they have changed, and runs the systems one after another.
pub fn bench(suite: &Suite, engine: &Engine, options: &Options, on: &mut dyn FnMut(Progress<'_>)) -> Result<Bench> {
    bench_among(suite, &[], engine, options, on)
}

/// As [`bench`], among the documents at `more`, which are relevant to no topic.
pub fn bench_among(
    suite: &Suite,
    more: &[PathBuf],
    engine: &Engine,
    options: &Options,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Bench> {
    let systems: Vec<(String, System)> = options
        .systems
        .iter()
        .map(|name| Ok((name.clone(), name.parse().map_err(|_| EvalProblem::UnknownSystem { name: name.clone() })?)))
        .collect::<Result<_>>()?;
    let needs_vectors = systems.iter().any(|(_, system)| system.mode != Mode::Lexical);
    let texts: Vec<&str> = suite.topics.iter().map(|topic| topic.text.as_str()).filter(|_| needs_vectors).collect();
    let engine = prepared(suite, more, engine, &texts, on)?;
    let mut bench = Bench { runs: Vec::new(), latencies: BTreeMap::new() };
    for (name, system) in systems {
        let mut run = Run::new(&name);
        let mut latencies = Vec::with_capacity(suite.topics.len());
        for (index, topic) in suite.topics.iter().enumerate() {
            let begin = Instant::now();
            let ranking = engine.rank(&topic.text, system, CHUNKS)?;
            latencies.push(begin.elapsed().as_secs_f64() * 1e3);
            let scored =
                ranking.into_candidates().into_iter().map(|candidate| (candidate.chunk.doc.0, candidate.score));
            run.insert(&topic.id, scored, DEPTH);
            on(Progress::Searched { system: &name, done: index + 1, total: suite.topics.len() });
        }
        bench.latencies.insert(name, latencies);
        bench.runs.push(run);
    }
    Ok(bench)
}
