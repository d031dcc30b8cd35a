//! Fusion: one ranking out of the two legs'.

use crate::document::ChunkId;
use crate::ranking::{Candidate, Ranking, Stage};
use std::collections::BTreeMap;

/// Weighted reciprocal rank fusion: a candidate's score is the sum over the legs of `weight / (k + rank)`,
/// rank counted from 1; a leg that does not have it adds nothing.
///
/// Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
/// Methods", SIGIR 2009, pp. 758–759; there k = 60 and all weights are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fusion {
    pub k: f32,
    pub weight_lexical: f32,
    pub weight_dense: f32,
}

impl Default for Fusion {
    fn default() -> Fusion {
        Fusion { k: 60.0, weight_lexical: 1.0, weight_dense: 1.0 }
    }
}

/// Pure. The trails of both legs are kept, lexical first, and the fusion's step is added.
pub fn fuse(lexical: &Ranking, dense: &Ranking, fusion: &Fusion, limit: usize) -> Ranking {
    let mut fused: BTreeMap<&ChunkId, Candidate> = BTreeMap::new();
    for (leg, weight) in [(lexical, fusion.weight_lexical), (dense, fusion.weight_dense)] {
        for (index, found) in leg.iter().enumerate() {
            let entry = fused.entry(&found.chunk).or_insert_with(|| Candidate::found(found.chunk.clone(), 0.0));
            entry.score += weight / (fusion.k + index as f32 + 1.0);
            entry.trail.extend(found.trail.iter().cloned());
        }
    }
    Ranking::new(Stage::Fusion, fused.into_values().collect(), limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocId;
    use proptest::prelude::*;

    fn leg(stage: Stage, names: &[u32]) -> Ranking {
        let chunk = |name: &u32| ChunkId { doc: DocId(format!("d{name:03}")), ordinal: 0 };
        let falling = names.iter().enumerate().map(|(index, name)| Candidate::found(chunk(name), 100.0 - index as f32));
        Ranking::new(stage, falling.collect(), usize::MAX)
    }

    fn order(ranking: &Ranking) -> Vec<u32> {
        ranking.iter().map(|c| c.chunk.doc.0[1..].parse().unwrap()).collect()
    }

    #[test]
    fn hand_worked() {
        let fused = fuse(&leg(Stage::Lexical, &[1, 2]), &leg(Stage::Dense, &[2, 3]), &Fusion::default(), 10);
        // 2: 1/62 + 1/61 = .03252; 1: 1/61 = .01639; 3: 1/62 = .01613
        assert_eq!(order(&fused), [2, 1, 3]);
        let scores: Vec<f32> = fused.iter().map(|c| c.score).collect();
        assert!((scores[0] - 0.032_522).abs() < 1e-6 && (scores[1] - 0.016_393).abs() < 1e-6);
        let stages: Vec<_> = fused.iter().next().unwrap().trail.iter().map(|s| (s.stage, s.rank)).collect();
        assert_eq!(stages, [(Stage::Lexical, 2), (Stage::Dense, 1), (Stage::Fusion, 1)]);
    }

    fn names() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::btree_set(0u32..40, 0..30).prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle()
    }

    proptest! {
        #[test]
        fn every_candidate_comes_once_and_scores_fall(a in names(), b in names(), k in 0.0f32..100.0) {
            let fused = fuse(&leg(Stage::Lexical, &a), &leg(Stage::Dense, &b), &Fusion { k, ..Fusion::default() }, usize::MAX);
            let mut expected: Vec<u32> = a.iter().chain(&b).copied().collect();
            expected.sort_unstable();
            expected.dedup();
            let mut got = order(&fused);
            got.sort_unstable();
            prop_assert_eq!(got, expected);
            let scores: Vec<f32> = fused.iter().map(|c| c.score).collect();
            prop_assert!(scores.is_sorted_by(|x, y| x >= y));
        }

        #[test]
        fn a_leg_without_weight_or_candidates_leaves_the_other_as_it_is(a in names(), b in names()) {
            let (lexical, dense) = (leg(Stage::Lexical, &a), leg(Stage::Dense, &b));
            prop_assert_eq!(order(&fuse(&lexical, &Ranking::default(), &Fusion::default(), usize::MAX)), a.clone());
            let only = Fusion { weight_dense: 0.0, ..Fusion::default() };
            prop_assert_eq!(&order(&fuse(&lexical, &dense, &only, usize::MAX))[..a.len()], &a[..]);
        }

        #[test]
        fn both_legs_count_alike(a in names(), b in names()) {
            let there = fuse(&leg(Stage::Lexical, &a), &leg(Stage::Dense, &b), &Fusion::default(), usize::MAX);
            let back = fuse(&leg(Stage::Lexical, &b), &leg(Stage::Dense, &a), &Fusion::default(), usize::MAX);
            prop_assert_eq!(order(&there), order(&back));
        }

        #[test]
        fn better_in_both_legs_is_better_fused(a in names(), b in names()) {
            let fused = order(&fuse(&leg(Stage::Lexical, &a), &leg(Stage::Dense, &b), &Fusion::default(), usize::MAX));
            let at = |list: &[u32], n: u32| list.iter().position(|x| *x == n);
            for x in &a {
                for y in &a {
                    if let (Some(xb), Some(yb)) = (at(&b, *x), at(&b, *y))
                        && at(&a, *x) < at(&a, *y) && xb < yb {
                        prop_assert!(at(&fused, *x) < at(&fused, *y));
                    }
                }
            }
        }
    }
}
