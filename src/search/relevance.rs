//! Relevance: how likely a passage has to do with a query at all, 0 to 1, from what is comparable between queries.
//!
//! ```text
//! relevance = 1 − (1 − words) · (1 − meaning)
//! words     = σ(slope · (coverage − middle))     share of the query's terms that the passage has, weighted by idf
//! meaning   = σ(slope · (cosine − middle))       middle and slope belong to the embedder
//! ```
//!
//! A noisy or: either kind of evidence is enough. A paraphrase shares no words, and a rare name needs no meaning. Fused
//! scores and ranks do not enter; they are about order within one query. Parameters are learnt by `rag eval tune`.

use serde::{Deserialize, Serialize};

/// `σ(slope · (x − middle))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    pub middle: f32,
    pub slope: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relevance {
    /// Below this no passage has to do with the query.
    pub floor: f32,
    pub coverage: Logistic,
    pub cosine: Logistic,
}

/// Where nobody has judged with the embedder: words alone are looked at, and nothing is below the floor.
pub const WORDS_ALONE: Relevance = Relevance {
    floor: 0.0,
    coverage: Logistic { middle: 0.3, slope: 7.5 },
    cosine: Logistic { middle: f32::INFINITY, slope: 1.0 },
};

impl Logistic {
    pub fn of(&self, x: f32) -> f32 {
        1.0 / (1.0 + (-self.slope * (x - self.middle)).exp())
    }
}

impl Relevance {
    /// Without a cosine, words alone are looked at.
    pub fn of(&self, coverage: f32, cosine: Option<f32>) -> f32 {
        let meaning = cosine.map_or(0.0, |cosine| self.cosine.of(cosine));
        1.0 - (1.0 - self.coverage.of(coverage)) * (1.0 - meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_evidence_is_enough() {
        let logistic = |middle| Logistic { middle, slope: 20.0 };
        let relevance = Relevance { floor: 0.5, coverage: logistic(0.5), cosine: logistic(0.5) };
        assert!(relevance.of(1.0, Some(0.0)) > 0.99);
        assert!(relevance.of(0.0, Some(1.0)) > 0.99);
        assert!(relevance.of(0.0, Some(0.0)) < 0.01);
        // σ(0) = ½ for both: 1 − ½ · ½
        assert!((relevance.of(0.5, Some(0.5)) - 0.75).abs() < 1e-6);
        assert!((relevance.of(0.5, None) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn an_unjudged_embedder_counts_for_nothing() {
        assert_eq!(WORDS_ALONE.of(0.4, Some(0.99)), WORDS_ALONE.of(0.4, None));
    }
}
