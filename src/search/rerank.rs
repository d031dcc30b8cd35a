//! Reranking: the first of a ranking looked at once more, by a model that sees query and passage together.

use super::SearchProblem;
use super::query::Query;
use crate::document::ChunkId;
use crate::error::Result;
use crate::models::embedder::PassageInput;
use crate::models::reranker::Reranker;
use crate::ranking::{Candidate, Ranking, Stage, Step};
use crate::store::Snapshot;

/// Passages looked at. What a model would lift from further below is little beside what it costs to read.
const DEPTH: usize = 20;

/// Which reranking is wanted, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RerankKind {
    None,
    /// [`RerankKind::MaxSim`] where the legs disagree about the first document, and where there is a calibration for it.
    Auto,
    MaxSim,
    /// A reranker at an endpoint.
    Endpoint,
}

impl std::str::FromStr for RerankKind {
    type Err = SearchProblem;

    fn from_str(name: &str) -> Result<RerankKind, SearchProblem> {
        match name {
            "none" => Ok(RerankKind::None),
            "auto" => Ok(RerankKind::Auto),
            "maxsim" => Ok(RerankKind::MaxSim),
            "endpoint" => Ok(RerankKind::Endpoint),
            _ => Err(SearchProblem::UnknownRerank { name: name.into() }),
        }
    }
}

/// What becomes of a reranker's scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rerank {
    /// Added to the fused evidence: so many points of BM25 for each unit above the lowest.
    Add {
        points: f32,
        /// Only where the legs put different documents first. Where they agree they are mostly right.
        only_disagreement: bool,
    },
    /// The order is theirs.
    Replace,
}

impl Rerank {
    /// How many candidates a ranking of `limit` must have before.
    pub fn depth(limit: usize) -> usize {
        limit.max(DEPTH)
    }
}

/// The first [`DEPTH`] of `ranking` in a new order, what follows behind them as it was; at most `limit`.
pub fn rerank(
    ranking: Ranking,
    query: &Query<'_>,
    how: Rerank,
    reranker: &dyn Reranker,
    snapshot: &dyn Snapshot,
    limit: usize,
) -> Result<Ranking> {
    let mut candidates = ranking.into_candidates();
    if matches!(how, Rerank::Add { only_disagreement: true, .. }) && legs_agree(&candidates) {
        candidates.truncate(limit);
        return Ok(Ranking::kept(candidates));
    }
    let rest = candidates.split_off(candidates.len().min(DEPTH));
    let scores = scores(query, &candidates, reranker, snapshot)?;
    let lowest = scores.iter().copied().min_by(f32::total_cmp).unwrap_or_default();
    for (candidate, score) in candidates.iter_mut().zip(&scores) {
        candidate.trail.push(Step { stage: Stage::Reranker, rank: None, score: *score });
        candidate.score = match how {
            Rerank::Add { points, .. } => candidate.score + points * (score - lowest),
            Rerank::Replace => *score,
        };
    }
    let last = candidates.iter().map(|candidate| candidate.score).min_by(f32::total_cmp).unwrap_or_default();
    candidates.extend(rest.into_iter().enumerate().map(|(index, mut candidate)| {
        // Behind all that were read, in the order they came.
        candidate.score = last - 1.0 - index as f32;
        candidate
    }));
    Ok(Ranking::new(Stage::Rerank, candidates, limit))
}

fn scores(
    query: &Query<'_>,
    candidates: &[Candidate],
    reranker: &dyn Reranker,
    snapshot: &dyn Snapshot,
) -> Result<Vec<f32>> {
    let ids: Vec<ChunkId> = candidates.iter().map(|candidate| candidate.chunk.clone()).collect();
    let passages = snapshot.fetch(&ids)?;
    let headings: Vec<String> = passages.iter().map(|passage| passage.heading()).collect();
    let inputs = passages.iter().zip(&headings).map(|(passage, title)| PassageInput { title, body: &passage.text });
    reranker.score(query.text, &inputs.collect::<Vec<_>>())
}

/// Whether both legs have the same document first. A leg that knows nothing agrees with none.
fn legs_agree(candidates: &[Candidate]) -> bool {
    let first = |stage: Stage| {
        let scored = candidates.iter().filter_map(|candidate| Some((candidate.score_of(stage)?, &candidate.chunk)));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
        (best.0 > 0.0).then_some(&best.1.doc)
    };
    first(Stage::Lexical).is_some_and(|doc| first(Stage::Dense) == Some(doc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocId;

    fn candidate(name: &str, lexical: f32, dense: f32) -> Candidate {
        let step = |stage, score| Step { stage, rank: None, score };
        Candidate {
            chunk: ChunkId { doc: DocId(name.into()), ordinal: 0 },
            score: 0.0,
            trail: vec![step(Stage::Lexical, lexical), step(Stage::Dense, dense)],
        }
    }

    #[test]
    fn legs_agree_where_both_have_the_same_document_first() {
        assert!(legs_agree(&[candidate("a", 2.0, 0.9), candidate("b", 1.0, 0.8)]));
        assert!(!legs_agree(&[candidate("a", 2.0, 0.8), candidate("b", 1.0, 0.9)]));
        assert!(!legs_agree(&[candidate("a", 0.0, 0.9), candidate("b", 0.0, 0.8)]), "no word is found");
        assert!(!legs_agree(&[]));
    }
}
