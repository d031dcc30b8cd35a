//! The two legs: postings for the query's terms, neighbours of the query's vector.

use super::name::{self, Name};
use super::query::Query;
use super::rrf::Rrf;
use super::{SearchProblem, millis};
use crate::document::ChunkId;
use crate::embedding::Embedding;
use crate::error::Result;
use crate::models::embedder::Embedder;
use crate::ranking::{Candidate, Ranking, Stage, Step};
use crate::store::{Filter, LexicalQuery, Snapshot, StoreProblem};
use crate::text::Analyzer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Candidates that are in for a name, wherever the legs list them.
const NAMED: usize = 10;

type Timings = BTreeMap<&'static str, f64>;

/// What is searched: of one generation, what a filter admits.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    pub snapshot: &'s dyn Snapshot,
    pub analyzer: &'s Analyzer,
    pub filter: &'s Filter,
}

/// One leg's ranking, and what it asked with.
pub struct Leg<Q> {
    query: Q,
    pub ranking: Ranking,
    pub timings_ms: Timings,
}

/// Of what the legs have among their first `depth`, the best `depth` by reciprocal rank, ordered by chunk: ranks alone make
/// a good choice of candidates, which finds more than either leg, and a poor order. The best that have a rare name of the
/// query are among them in any case. Each trail has a lexical step, then a dense one, then an exact one if the query has
/// identifiers, then one of names if it has any. The legs run side by side: a cold start loads the dictionary on one
/// thread and the model on the other.
pub fn both(
    query: &Query<'_>,
    scope: Scope<'_>,
    embedder: Option<&dyn Embedder>,
    depth: usize,
    rrf: &Rrf,
) -> Result<(Vec<Candidate>, Timings)> {
    let (lexical, dense) = std::thread::scope(|threads| {
        let other = threads.spawn(|| dense(query, scope, embedder, depth));
        let lexical = lexical(query, scope, depth);
        let dense = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok::<_, crate::error::Error>((lexical?, dense?))
    })?;
    let begin = Instant::now();
    let names = name::names(query, scope)?;
    let named = named(&names, scope)?;
    let mut pool = pool(&lexical, &dense, (depth, &named), rrf, scope.snapshot)?;
    add_exact(&mut pool, &query.identifiers(scope.analyzer), scope.snapshot)?;
    add_names(&mut pool, &names, scope.snapshot)?;
    let mut timings_ms = lexical.timings_ms;
    timings_ms.extend(dense.timings_ms);
    timings_ms.insert("pool", millis(begin));
    Ok((pool, timings_ms))
}

/// Each leg scores what only the other one listed: a chunk that BM25 ranks 60th has a score like any other, and taking
/// it for none would punish it twice.
fn pool(
    lexical: &Leg<LexicalQuery>,
    dense: &Leg<Embedding>,
    (depth, named): (usize, &[ChunkId]),
    rrf: &Rrf,
    snapshot: &dyn Snapshot,
) -> Result<Vec<Candidate>> {
    let lexical_steps = steps(&lexical.ranking);
    let dense_steps = steps(&dense.ranking);
    let union: BTreeSet<&ChunkId> = lexical_steps.keys().chain(dense_steps.keys()).copied().collect();
    let by_rank = |chunk: &ChunkId| rrf.score([lexical_steps.get(chunk), dense_steps.get(chunk)].into_iter().flatten());
    let mut chunks: Vec<(f32, &ChunkId)> = union.into_iter().map(|chunk| (by_rank(chunk), chunk)).collect();
    chunks.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    chunks.truncate(depth);
    let chunks: BTreeSet<&ChunkId> = chunks.into_iter().map(|(_, chunk)| chunk).chain(named).collect();
    let lacking = |steps: &BTreeMap<&ChunkId, Step>| -> Vec<ChunkId> {
        chunks.iter().filter(|chunk| !steps.contains_key(*chunk)).map(|chunk| (*chunk).clone()).collect()
    };
    let (unlisted_lexical, unlisted_dense) = (lacking(&lexical_steps), lacking(&dense_steps));
    let mut lexical_scores = snapshot.lexical_scores(&lexical.query, &unlisted_lexical)?.into_iter();
    let mut cosines = snapshot.cosines(&dense.query, &unlisted_dense)?.into_iter();
    let scored = |stage, scores: &mut dyn Iterator<Item = f32>| {
        // Both lists of unlisted chunks are in the order of `chunks`.
        Step { stage, rank: None, score: scores.next().unwrap_or_default() }
    };
    let candidates = chunks.iter().map(|chunk| {
        let lexical = lexical_steps.get(chunk).cloned();
        let lexical = lexical.unwrap_or_else(|| scored(Stage::Lexical, &mut lexical_scores));
        let dense = dense_steps.get(chunk).cloned();
        let dense = dense.unwrap_or_else(|| scored(Stage::Dense, &mut cosines));
        Candidate { chunk: (*chunk).clone(), score: 0.0, trail: vec![lexical, dense] }
    });
    Ok(candidates.collect())
}

/// Where the query has identifiers, every candidate gets a step with the share of them that it has.
fn add_exact(pool: &mut [Candidate], identifiers: &[String], snapshot: &dyn Snapshot) -> Result<()> {
    if identifiers.is_empty() {
        return Ok(());
    }
    let ids: Vec<ChunkId> = pool.iter().map(|candidate| candidate.chunk.clone()).collect();
    for (candidate, matched) in pool.iter_mut().zip(snapshot.matched(identifiers, &ids)?) {
        let share = matched.iter().filter(|is_there| **is_there).count() as f32 / identifiers.len() as f32;
        candidate.trail.push(Step { stage: Stage::Exact, rank: None, score: share });
    }
    Ok(())
}

/// The best passages that have one of `names`: a rare one can stand in a long query that is about something else.
fn named(names: &[Name], scope: Scope<'_>) -> Result<Vec<ChunkId>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let ranking = scope.snapshot.lexical(&name::lookup(names), scope.filter, NAMED)?;
    Ok(ranking.into_candidates().into_iter().map(|candidate| candidate.chunk).collect())
}

/// Where the query has rare names, every candidate gets a step with the share of them that it has.
fn add_names(pool: &mut [Candidate], names: &[Name], snapshot: &dyn Snapshot) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let ids: Vec<ChunkId> = pool.iter().map(|candidate| candidate.chunk.clone()).collect();
    for (candidate, share) in pool.iter_mut().zip(name::shares(names, &ids, snapshot)?) {
        candidate.trail.push(Step { stage: Stage::Name, rank: None, score: share });
    }
    Ok(())
}

fn steps(ranking: &Ranking) -> BTreeMap<&ChunkId, Step> {
    ranking.iter().filter_map(|found| Some((&found.chunk, found.trail.last()?.clone()))).collect()
}

pub fn lexical(query: &Query<'_>, scope: Scope<'_>, limit: usize) -> Result<Leg<LexicalQuery>> {
    let begin = Instant::now();
    let query = query.lexical(scope.analyzer);
    let analysed = millis(begin);
    let ranking = scope.snapshot.lexical(&query, scope.filter, limit)?;
    let timings_ms = Timings::from([("analyse", analysed), ("lexical", millis(begin) - analysed)]);
    Ok(Leg { query, ranking, timings_ms })
}

pub fn dense(
    query: &Query<'_>,
    scope: Scope<'_>,
    embedder: Option<&dyn Embedder>,
    limit: usize,
) -> Result<Leg<Embedding>> {
    let begin = Instant::now();
    let embedder = embedder.ok_or(SearchProblem::NoEmbedder)?;
    let built = &scope.snapshot.about().embedder;
    if built != embedder.id() {
        let (built, asked) = (built.name.clone(), embedder.id().name.clone());
        return Err(StoreProblem::OtherEmbedder { built, asked }.into());
    }
    let query = embedder.embed_query(query.text)?;
    let embedded = millis(begin);
    let ranking = scope.snapshot.dense(&query, scope.filter, limit)?;
    let timings_ms = Timings::from([("embed", embedded), ("dense", millis(begin) - embedded)]);
    Ok(Leg { query, ranking, timings_ms })
}
