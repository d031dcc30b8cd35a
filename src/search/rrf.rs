//! Reciprocal rank fusion: by ranks alone.

use crate::ranking::{Stage, Step};

/// A candidate's score is the sum over the legs of `weight / (k + rank)`, rank counted from 1; a leg that did not list
/// it adds nothing. The rare names of the query are as a leg in which all that have them come first: whatever has a share
/// `s` of them adds `s · weight_lexical / (k + 1)`.
///
/// Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
/// Methods", SIGIR 2009, pp. 758–759; there k = 60 and all weights are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rrf {
    pub k: f32,
    pub weight_lexical: f32,
    pub weight_dense: f32,
}

impl Default for Rrf {
    fn default() -> Rrf {
        Rrf { k: 60.0, weight_lexical: 1.0, weight_dense: 1.0 }
    }
}

impl Rrf {
    /// The score of a candidate that went through these steps.
    pub fn score<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> f32 {
        let share = |step: &Step| {
            if step.stage == Stage::Name {
                return step.score * self.weight_lexical / (self.k + 1.0);
            }
            let weight = if step.stage == Stage::Lexical { self.weight_lexical } else { self.weight_dense };
            step.rank.map_or(0.0, |rank| weight / (self.k + rank as f32))
        };
        steps.into_iter().map(share).sum()
    }
}
