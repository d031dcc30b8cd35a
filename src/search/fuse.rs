//! Fusion: one ranking out of what two legs found.
//!
//! The default adds up evidence. A BM25 score is a sum of log-odds (Robertson and Zaragoza, "The Probabilistic Relevance
//! Framework", 2009, §2–3), and a cosine becomes one by a factor that belongs to its model, so the two can be added:
//!
//! ```text
//! score = bm25 + w · (cosine − lowest cosine) + exact · share of the query's identifiers and numbers that are there
//!       + name · share of the query's rare names that are there, see [`super::name`]
//! w     = scale · e^(trust · (gap / usual gap − 1))
//! gap   = cosine of the 1st − cosine of the 10th: a dense leg that tells its first from the rest is trusted more
//! ```
//!
//! Every candidate is scored by both legs, whichever listed it. A query that shares no word with the passages has a
//! flat BM25 and is left to the vectors; a query of rare words has a steep one, and they win. No rank enters, so a weak
//! leg cannot pull down what a strong one is sure of, as it does in reciprocal rank fusion.

use super::calibration::Calibration;
use super::rrf::Rrf;
use crate::ranking::{Candidate, Ranking, Stage};
use serde::Serialize;

/// How the legs become one ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fusion {
    Evidence(Calibration),
    Rrf(Rrf),
}

/// Which fusion is wanted, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FusionKind {
    Evidence,
    Rrf,
}

/// How a fusion weighed the legs of one query. Serialized as `rag search --explain --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum Weighed {
    /// `weight_dense` is what a cosine is multiplied by; at the usual gap it is the calibration's scale.
    Evidence {
        weight_dense: f32,
        weight_exact: f32,
        weight_name: f32,
        gap: f32,
        usual_gap: f32,
    },
    Rrf {
        k: f32,
        weight_lexical: f32,
        weight_dense: f32,
    },
}

impl std::fmt::Display for Weighed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Weighed::Evidence { weight_dense, weight_exact, weight_name, gap, usual_gap } => write!(
                f,
                "evidence: weight_dense {weight_dense:.1} · weight_exact {weight_exact:.1} · weight_name {weight_name:.1} \
                 · gap {gap:.3} (usual {usual_gap:.3})"
            ),
            Weighed::Rrf { k, weight_lexical, weight_dense } => {
                write!(f, "rrf: k {k} · weight_lexical {weight_lexical} · weight_dense {weight_dense}")
            }
        }
    }
}

/// Where the cosine of the dense leg's first is compared with.
const GAP_RANK: usize = 10;

/// Pure. `pool` has a lexical and a dense step in each trail; the fusion's is added.
pub fn fuse(mut pool: Vec<Candidate>, fusion: &Fusion, limit: usize) -> (Ranking, Weighed) {
    let weighed = match fusion {
        Fusion::Evidence(calibration) => add_up(&mut pool, calibration),
        Fusion::Rrf(rrf) => {
            pool.iter_mut().for_each(|candidate| candidate.score = rrf.score(&candidate.trail));
            let Rrf { k, weight_lexical, weight_dense } = *rrf;
            Weighed::Rrf { k, weight_lexical, weight_dense }
        }
    };
    (Ranking::new(Stage::Fusion, pool, limit), weighed)
}

fn add_up(pool: &mut [Candidate], calibration: &Calibration) -> Weighed {
    let gap = gap(pool);
    let weight_dense = calibration.weight_dense(gap);
    let lowest = pool.iter().map(cosine).min_by(f32::total_cmp).unwrap_or_default();
    for candidate in pool {
        let [bm25, exact, name] =
            [Stage::Lexical, Stage::Exact, Stage::Name].map(|stage| candidate.score_of(stage).unwrap_or_default());
        candidate.score = calibration.points(weight_dense, bm25, cosine(candidate) - lowest, exact, name);
    }
    Weighed::Evidence {
        weight_dense,
        weight_exact: calibration.exact,
        weight_name: calibration.weight_name(),
        gap,
        usual_gap: calibration.gap,
    }
}

fn gap(pool: &[Candidate]) -> f32 {
    gap_of(pool.iter().map(cosine).collect())
}

/// How far the best cosine stands above the tenth best, or above the last where there are fewer.
pub fn gap_of(mut cosines: Vec<f32>) -> f32 {
    cosines.sort_unstable_by(|a, b| b.total_cmp(a));
    let tenth = cosines.get(GAP_RANK - 1).or(cosines.last());
    cosines.first().zip(tenth).map_or(0.0, |(first, tenth)| first - tenth)
}

fn cosine(candidate: &Candidate) -> f32 {
    candidate.score_of(Stage::Dense).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::relevance::WORDS_ALONE;
    use super::*;
    use crate::document::{ChunkId, DocId};
    use crate::ranking::Step;
    use proptest::prelude::*;

    const EVIDENCE: Fusion = Fusion::Evidence(Calibration {
        scale: 100.0,
        gap: 0.1,
        trust: 0.5,
        exact: 10.0,
        maxsim: 0.0,
        relevance: WORDS_ALONE,
    });
    const RRF: Fusion = Fusion::Rrf(Rrf { k: 60.0, weight_lexical: 1.0, weight_dense: 1.0 });

    /// Candidates named by their position, ranked by each leg's score.
    fn pool(scores: &[(f32, f32)]) -> Vec<Candidate> {
        let rank = |of: &dyn Fn(&(f32, f32)) -> f32, at: usize| {
            Some(1 + scores.iter().filter(|other| of(other) > of(&scores[at])).count() as u32)
        };
        let candidate = |(at, (bm25, cosine)): (usize, &(f32, f32))| Candidate {
            chunk: ChunkId { doc: DocId(format!("d{at:03}")), ordinal: 0 },
            score: 0.0,
            trail: vec![
                Step { stage: Stage::Lexical, rank: rank(&|s| s.0, at), score: *bm25 },
                Step { stage: Stage::Dense, rank: rank(&|s| s.1, at), score: *cosine },
            ],
        };
        scores.iter().enumerate().map(candidate).collect()
    }

    fn order(ranking: &Ranking) -> Vec<usize> {
        ranking.iter().map(|c| c.chunk.doc.0[1..].parse().unwrap()).collect()
    }

    #[test]
    fn reciprocal_ranks_by_hand() {
        let (fused, _) = fuse(pool(&[(2.0, 0.1), (1.0, 0.3), (0.0, 0.2)]), &RRF, 10);
        // 1: 1/62 + 1/61 = .03252; 0: 1/61 + 1/63 = .03227; 2: 1/63 + 1/62 = .03200
        assert_eq!(order(&fused), [1, 0, 2]);
        let scores: Vec<f32> = fused.iter().map(|c| c.score).collect();
        assert!((scores[0] - 0.032_522).abs() < 1e-6 && (scores[1] - 0.032_266).abs() < 1e-6);
        let stages: Vec<_> = fused.iter().next().unwrap().trail.iter().map(|s| (s.stage, s.rank)).collect();
        assert_eq!(stages, [(Stage::Lexical, Some(2)), (Stage::Dense, Some(1)), (Stage::Fusion, Some(1))]);
    }

    #[test]
    fn evidence_by_hand() {
        let (fused, weighed) = fuse(pool(&[(12.0, 0.5), (3.0, 0.6), (0.0, 0.4)]), &EVIDENCE, 10);
        // gap .6 − .4 = .2, twice the usual: w = 100 · e^(.5 · 1) = 164.87; 12 + 16.49, 3 + 32.97, 0
        let Weighed::Evidence { weight_dense, gap, .. } = weighed else { panic!("{weighed:?}") };
        assert!((weight_dense - 164.872).abs() < 1e-2 && (gap - 0.2).abs() < 1e-6);
        assert_eq!(order(&fused), [1, 0, 2]);
        let scores: Vec<f32> = fused.iter().map(|c| c.score).collect();
        assert!((scores[0] - 35.974).abs() < 1e-2 && (scores[1] - 28.487).abs() < 1e-2 && scores[2] == 0.0);
    }

    #[test]
    fn a_rare_name_outweighs_the_usual_lead_of_the_dense_leg_and_not_every_lead() {
        let named = |scores: &[(f32, f32)], at: usize| {
            let mut pool = pool(scores);
            for (index, candidate) in pool.iter_mut().enumerate() {
                let share = if index == at { 1.0 } else { 0.0 };
                candidate.trail.push(Step { stage: Stage::Name, rank: None, score: share });
            }
            pool
        };
        // 4 leads of 100 · .1 are 40 points. 2 + 40 against 9 + 100 · .1; a gap five times the usual doubles w.
        assert_eq!(order(&fuse(named(&[(9.0, 0.5), (2.0, 0.4)], 1), &EVIDENCE, 10).0), [1, 0]);
        assert_eq!(order(&fuse(named(&[(9.0, 0.9), (2.0, 0.4)], 1), &EVIDENCE, 10).0), [0, 1]);
        // By ranks: 1/62 + 1/62 + 1/61 against 1/61 + 1/61.
        assert_eq!(order(&fuse(named(&[(9.0, 0.9), (2.0, 0.4)], 1), &RRF, 10).0), [1, 0]);
        let (fused, _) = fuse(named(&[(9.0, 0.9), (2.0, 0.4)], 1), &RRF, 10);
        assert!((fused.iter().next().unwrap().score - 0.048_651).abs() < 1e-6);
    }

    #[test]
    fn a_query_without_words_is_left_to_the_vectors() {
        let (fused, _) = fuse(pool(&[(0.0, 0.5), (0.0, 0.7), (0.0, 0.6)]), &EVIDENCE, 10);
        assert_eq!(order(&fused), [1, 2, 0]);
    }

    fn scores() -> impl Strategy<Value = Vec<(f32, f32)>> {
        prop::collection::vec((0.0f32..40.0, -1.0f32..1.0), 0..30)
    }

    proptest! {
        #[test]
        fn every_candidate_comes_once_and_scores_fall(scores in scores(), by_rank in any::<bool>()) {
            let (fused, _) = fuse(pool(&scores), if by_rank { &RRF } else { &EVIDENCE }, usize::MAX);
            let mut got = order(&fused);
            got.sort_unstable();
            prop_assert_eq!(got, (0..scores.len()).collect::<Vec<_>>());
            let scores: Vec<f32> = fused.iter().map(|c| c.score).collect();
            prop_assert!(scores.is_sorted_by(|x, y| x >= y) && scores.iter().all(|score| score.is_finite()));
        }

        #[test]
        fn better_in_both_legs_is_better_fused(scores in scores(), by_rank in any::<bool>()) {
            let order = order(&fuse(pool(&scores), if by_rank { &RRF } else { &EVIDENCE }, usize::MAX).0);
            let at = |n: usize| order.iter().position(|x| *x == n);
            for (x, a) in scores.iter().enumerate() {
                for (y, b) in scores.iter().enumerate() {
                    // By more than rounding can hide.
                    if a.0 > b.0 + 1e-3 && a.1 > b.1 + 1e-3 {
                        prop_assert!(at(x) < at(y), "{x} {y} {order:?}");
                    }
                }
            }
        }
    }
}
