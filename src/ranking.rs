//! A ranked list of chunks, each carrying the trail of the stages it went through.

use crate::document::ChunkId;
use serde::Serialize;
use std::cmp::Ordering;

/// A stage of retrieval, as named in a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Lexical,
    Dense,
    /// Not a leg: the share of the query's identifiers and numbers that a candidate has.
    Exact,
    /// Not a leg: the share of the query's rare names that a candidate has.
    Name,
    Fusion,
    /// Not a stage of its own: what a reranker said of a passage.
    Reranker,
    Rerank,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stage::Lexical => "lexical",
            Stage::Dense => "dense",
            Stage::Exact => "exact",
            Stage::Name => "name",
            Stage::Fusion => "fusion",
            Stage::Reranker => "reranker",
            Stage::Rerank => "rerank",
        })
    }
}

/// What one stage made of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub stage: Stage,
    /// Counts from 1, everywhere; `null` where the stage did not list the candidate and only scored it.
    pub rank: Option<u32>,
    pub score: f32,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.rank {
            Some(rank) => write!(f, "{} #{rank} {:.4}", self.stage, self.score),
            None => write!(f, "{} - {:.4}", self.stage, self.score),
        }
    }
}

/// A chunk under way through the stages. Values only gain information: the trail grows, nothing is dropped.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    pub chunk: ChunkId,
    /// Score of the latest stage; comparable only within one ranking.
    pub score: f32,
    pub trail: Vec<Step>,
}

/// Candidates, best first; equal scores are ordered by [`ChunkId`], so that a ranking is reproducible.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking(Vec<Candidate>);

impl Ranking {
    /// Sorts `scored` by falling score, ties by chunk id, keeps `limit`, and appends a [`Step`] of `stage` to each.
    /// `trail`s that the candidates already carry are kept. Scores that are NaN sort last.
    pub fn new(stage: Stage, mut scored: Vec<Candidate>, limit: usize) -> Ranking {
        scored.sort_by(|a, b| {
            let by_score = match (a.score.is_nan(), b.score.is_nan()) {
                (false, false) => b.score.total_cmp(&a.score),
                (a_nan, b_nan) => a_nan.cmp(&b_nan),
            };
            if by_score == Ordering::Equal { a.chunk.cmp(&b.chunk) } else { by_score }
        });
        scored.truncate(limit);
        for (index, candidate) in scored.iter_mut().enumerate() {
            candidate.trail.push(Step { stage, rank: Some(index as u32 + 1), score: candidate.score });
        }
        Ranking(scored)
    }

    /// Candidates that a ranking has given, in the order it had them: no stage is added.
    pub fn kept(candidates: Vec<Candidate>) -> Ranking {
        debug_assert!(candidates.is_sorted_by(|a, b| a.score >= b.score || b.score.is_nan()));
        Ranking(candidates)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Candidate> {
        self.0.iter()
    }

    pub fn into_candidates(self) -> Vec<Candidate> {
        self.0
    }
}

impl Candidate {
    /// A chunk that one leg found.
    pub fn found(chunk: ChunkId, score: f32) -> Candidate {
        Candidate { chunk, score, trail: Vec::new() }
    }

    /// What a stage gave it; none where it did not go through that stage.
    pub fn score_of(&self, stage: Stage) -> Option<f32> {
        self.trail.iter().find(|step| step.stage == stage).map(|step| step.score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocId;

    fn chunk(name: &str) -> ChunkId {
        ChunkId { doc: DocId(name.into()), ordinal: 0 }
    }

    #[test]
    fn best_first_ties_by_id_nan_last_and_ranks_from_one() {
        let scored = [("c", f32::NAN), ("b", 1.0), ("a", 1.0), ("d", 2.0)];
        let candidates = scored.iter().map(|(name, score)| Candidate::found(chunk(name), *score)).collect();
        let ranking = Ranking::new(Stage::Lexical, candidates, 10);
        let order: Vec<_> = ranking.iter().map(|c| (c.chunk.doc.0.as_str(), c.trail[0].rank)).collect();
        assert_eq!(order, [("d", Some(1)), ("a", Some(2)), ("b", Some(3)), ("c", Some(4))]);
    }
}
