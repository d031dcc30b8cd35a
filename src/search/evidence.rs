//! Evidence: whether what was found has anything to do with the query. Unlike a fused score, which is about order only,
//! it means the same for every query, so that a question the collection does not cover can be told.

use super::Scope;
use super::query::Query;
use super::relevance::Relevance;
use crate::document::ChunkId;
use crate::error::Result;
use crate::ranking::{Candidate, Stage};
use crate::store::idf;
use serde::Serialize;

/// Candidates looked at, best first: what does not come up among them answers nothing.
pub const CANDIDATES: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Evidence {
    /// Largest share of the query's terms that one candidate has, each weighted by its idf; 0 to 1. A term that the
    /// collection has nowhere weighs most.
    pub coverage: f32,
    /// Largest cosine between the query and a candidate; `null` where the dense leg was not asked.
    pub cosine: Option<f32>,
    /// The relevance of these two: how likely the question can be answered from here.
    pub answerable: f32,
}

/// The query's evidence, and the relevance of each of `candidates`, which are best first.
pub fn weigh(
    query: &Query<'_>,
    candidates: &[Candidate],
    relevance: &Relevance,
    scope: Scope<'_>,
) -> Result<(Evidence, Vec<f32>)> {
    let ids: Vec<ChunkId> = candidates.iter().map(|candidate| candidate.chunk.clone()).collect();
    let coverages = coverages(query, &ids, scope)?;
    let cosine = |candidate: &Candidate| candidate.score_of(Stage::Dense);
    let each = candidates.iter().zip(&coverages);
    let relevances = each.map(|(candidate, coverage)| relevance.of(*coverage, cosine(candidate))).collect();
    let coverage = coverages.iter().take(CANDIDATES).copied().fold(0.0, f32::max);
    let cosine = candidates.iter().take(CANDIDATES).filter_map(cosine).max_by(f32::total_cmp);
    let answerable = if candidates.is_empty() { 0.0 } else { relevance.of(coverage, cosine) };
    Ok((Evidence { coverage, cosine, answerable }, relevances))
}

/// The share of the query's terms that each chunk has, weighted by idf.
pub fn coverages(query: &Query<'_>, ids: &[ChunkId], scope: Scope<'_>) -> Result<Vec<f32>> {
    let Scope { snapshot, analyzer, .. } = scope;
    let terms = analyzer.content_words(query.meant());
    let chunks = snapshot.about().chunks as f32;
    let frequencies = snapshot.document_frequencies(&terms)?.into_iter();
    let idfs: Vec<f32> = frequencies.map(|frequency| idf(chunks, frequency as f32)).collect();
    let all: f32 = idfs.iter().sum();
    let of = |matched: Vec<bool>| {
        let covered: f32 = matched.iter().zip(&idfs).filter(|(is_there, _)| **is_there).map(|(_, idf)| idf).sum();
        if all > 0.0 { covered / all } else { 0.0 }
    };
    Ok(snapshot.matched(&terms, ids)?.into_iter().map(of).collect())
}
