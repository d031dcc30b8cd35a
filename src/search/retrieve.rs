//! The two legs: postings for the query's terms, neighbours of the query's vector.

use super::query::Query;
use super::{Mode, Options, SearchProblem, millis};
use crate::error::Result;
use crate::models::embedder::Embedder;
use crate::ranking::Ranking;
use crate::store::{Snapshot, StoreProblem};
use crate::text::Analyzer;
use std::collections::BTreeMap;
use std::time::Instant;

type Timings = BTreeMap<&'static str, f64>;

/// What the legs brought; a leg that was not asked is empty.
pub struct Legs {
    pub lexical: Ranking,
    pub dense: Ranking,
    pub timings_ms: Timings,
}

pub fn retrieve(
    query: &Query<'_>,
    snapshot: &dyn Snapshot,
    analyzer: &Analyzer,
    embedder: Option<&dyn Embedder>,
    options: &Options,
) -> Result<Legs> {
    let depth = options.depth;
    let (lexical, dense) = match options.mode {
        Mode::Lexical => (lexical(query, snapshot, analyzer, options.limit)?, Default::default()),
        Mode::Dense => (Default::default(), dense(query, snapshot, embedder, options.limit)?),
        // Side by side: a cold start loads the dictionary on one thread and the model on the other.
        Mode::Hybrid => std::thread::scope(|scope| {
            let other = scope.spawn(|| dense(query, snapshot, embedder, depth));
            let lexical = lexical(query, snapshot, analyzer, depth);
            let dense = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok::<_, crate::error::Error>((lexical?, dense?))
        })?,
    };
    let mut timings_ms = lexical.1;
    timings_ms.extend(dense.1);
    Ok(Legs { lexical: lexical.0, dense: dense.0, timings_ms })
}

fn lexical(
    query: &Query<'_>,
    snapshot: &dyn Snapshot,
    analyzer: &Analyzer,
    limit: usize,
) -> Result<(Ranking, Timings)> {
    let begin = Instant::now();
    let terms = query.lexical(analyzer);
    let analysed = millis(begin);
    let ranking = snapshot.lexical(&terms, limit)?;
    Ok((ranking, Timings::from([("analyse", analysed), ("lexical", millis(begin) - analysed)])))
}

fn dense(
    query: &Query<'_>,
    snapshot: &dyn Snapshot,
    embedder: Option<&dyn Embedder>,
    limit: usize,
) -> Result<(Ranking, Timings)> {
    let begin = Instant::now();
    let embedder = embedder.ok_or(SearchProblem::NoEmbedder)?;
    let built = &snapshot.about().embedder;
    if built != embedder.id() {
        let (built, asked) = (built.name.clone(), embedder.id().name.clone());
        return Err(StoreProblem::OtherEmbedder { built, asked }.into());
    }
    let vector = embedder.embed_query(query.text)?;
    let embedded = millis(begin);
    let ranking = snapshot.dense(&vector, limit)?;
    Ok((ranking, Timings::from([("embed", embedded), ("dense", millis(begin) - embedded)])))
}
