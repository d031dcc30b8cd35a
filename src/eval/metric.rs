//! Metrics of one topic's ranking, as trec_eval computes them.
//!
//! A document is relevant from grade `rel` on; an unjudged one is not. nDCG takes grades as gains whatever `rel` is.

use super::Grades;
use serde::{Serialize, Serializer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Gain is the grade: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002,
    /// with the discount 1 / log2(rank + 1) that trec_eval's `ndcg_cut` uses.
    Ndcg(usize),
    /// Gain is 2^grade − 1: Burges et al., "Learning to rank using gradient descent", ICML 2005.
    NdcgExp(usize),
    /// Reciprocal rank of the first relevant document, 0 below the cut: Voorhees, TREC-8 question answering, 1999.
    Mrr(usize),
    /// Share of the relevant documents that are ranked above the cut.
    Recall(usize),
    /// Average precision over the whole ranking (trec_eval's `map` is its mean).
    Map,
    /// Whether a relevant document is ranked above the cut.
    Success(usize),
    /// Whether every relevant document is: for topics that need several together.
    AllRequired(usize),
    /// Share of the documents above the cut that were judged at all; no quality of a system, but of the judgements.
    Judged(usize),
}

/// In the order of tables.
pub const METRICS: [Metric; 10] = [
    Metric::Ndcg(10),
    Metric::NdcgExp(10),
    Metric::Mrr(10),
    Metric::Recall(5),
    Metric::Recall(10),
    Metric::Recall(100),
    Metric::Map,
    Metric::Success(1),
    Metric::AllRequired(5),
    Metric::Judged(10),
];

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Metric::Ndcg(k) => write!(f, "ndcg@{k}"),
            Metric::NdcgExp(k) => write!(f, "ndcg_exp@{k}"),
            Metric::Mrr(k) => write!(f, "mrr@{k}"),
            Metric::Recall(k) => write!(f, "recall@{k}"),
            Metric::Map => write!(f, "map"),
            Metric::Success(k) => write!(f, "success@{k}"),
            Metric::AllRequired(k) => write!(f, "all_required@{k}"),
            Metric::Judged(k) => write!(f, "judged@{k}"),
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Metric {
    /// The metric of that name, among [`METRICS`].
    pub fn named(name: &str) -> Option<Metric> {
        METRICS.into_iter().find(|metric| metric.to_string() == name)
    }

    /// Of one topic: `ranking` best first, `grades` of its judged documents. 0 where nothing is relevant.
    pub fn score(self, ranking: &[&str], grades: &Grades, rel: i32) -> f64 {
        let grade = |document: &&str| grades.get(*document).copied().unwrap_or(0);
        let is_relevant = |document: &&str| grade(document) >= rel;
        let relevant = grades.values().filter(|grade| **grade >= rel).count();
        let top = |k: usize| &ranking[..k.min(ranking.len())];
        let found = |k: usize| top(k).iter().filter(|document| is_relevant(document)).count();
        match self {
            Metric::Ndcg(k) => ndcg(top(k).iter().map(grade), grades, k, f64::from),
            Metric::NdcgExp(k) => ndcg(top(k).iter().map(grade), grades, k, |grade| f64::from(grade).exp2() - 1.0),
            Metric::Mrr(k) => top(k).iter().position(is_relevant).map_or(0.0, |at| 1.0 / (at + 1) as f64),
            Metric::Recall(k) => ratio(found(k), relevant),
            Metric::Map => {
                let hits = ranking.iter().enumerate().filter(|(_, document)| is_relevant(document));
                let precisions = hits.enumerate().map(|(before, (at, _))| (before + 1) as f64 / (at + 1) as f64);
                if relevant == 0 { 0.0 } else { precisions.sum::<f64>() / relevant as f64 }
            }
            Metric::Success(k) => f64::from(u8::from(found(k) > 0)),
            Metric::AllRequired(k) => f64::from(u8::from(relevant > 0 && found(k) == relevant)),
            Metric::Judged(k) => {
                ratio(top(k).iter().filter(|document| grades.contains_key(**document)).count(), top(k).len())
            }
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Grades below zero gain nothing, as in trec_eval.
fn ndcg(ranked: impl Iterator<Item = i32>, grades: &Grades, k: usize, gain: impl Fn(i32) -> f64) -> f64 {
    let discounted = |grades: &mut dyn Iterator<Item = i32>| -> f64 {
        grades.enumerate().map(|(at, grade)| gain(grade.max(0)) / (at as f64 + 2.0).log2()).sum()
    };
    let mut ideal: Vec<i32> = grades.values().copied().collect();
    ideal.sort_unstable_by_key(|grade| std::cmp::Reverse(*grade));
    let best = discounted(&mut ideal.into_iter().take(k));
    if best > 0.0 { discounted(&mut { ranked }) / best } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metric: Metric, rel: i32, expect: f64) {
        // Ranked: grade 1, unjudged, 3, 0, 2; one of grade 3 is not found.
        let grades: Grades = [("a", 1), ("c", 3), ("d", 0), ("e", 2), ("z", 3)].map(|(d, g)| (d.to_string(), g)).into();
        let score = metric.score(&["a", "b", "c", "d", "e"], &grades, rel);
        assert!((score - expect).abs() < 1e-9, "{metric}: {score}, expected {expect}");
    }

    #[test]
    fn hand_worked() {
        let log = |x: f64| x.log2();
        let ideal = 3.0 / log(2.0) + 3.0 / log(3.0) + 2.0 / log(4.0) + 1.0 / log(5.0);
        check(Metric::Ndcg(10), 1, (1.0 / log(2.0) + 3.0 / log(4.0) + 2.0 / log(6.0)) / ideal);
        check(Metric::Ndcg(1), 1, 1.0 / 3.0);
        let ideal = 7.0 / log(2.0) + 7.0 / log(3.0) + 3.0 / log(4.0) + 1.0 / log(5.0);
        check(Metric::NdcgExp(10), 1, (1.0 / log(2.0) + 7.0 / log(4.0) + 3.0 / log(6.0)) / ideal);
        check(Metric::Mrr(10), 1, 1.0);
        check(Metric::Mrr(10), 2, 1.0 / 3.0);
        check(Metric::Mrr(2), 2, 0.0);
        check(Metric::Recall(5), 1, 3.0 / 4.0);
        check(Metric::Recall(5), 2, 2.0 / 3.0);
        check(Metric::Map, 1, (1.0 / 1.0 + 2.0 / 3.0 + 3.0 / 5.0) / 4.0);
        check(Metric::Map, 2, (1.0 / 3.0 + 2.0 / 5.0) / 3.0);
        check(Metric::Success(1), 2, 0.0);
        check(Metric::AllRequired(5), 1, 0.0);
        check(Metric::Judged(10), 1, 4.0 / 5.0);
    }

    #[test]
    fn nothing_relevant_and_nothing_found_are_zero() {
        for metric in METRICS {
            assert_eq!(metric.score(&[], &Grades::new(), 1), 0.0, "{metric}");
            assert_eq!(Metric::named(&metric.to_string()), Some(metric));
        }
        let both: Grades = [("a", 2), ("b", 2)].map(|(d, g)| (d.to_string(), g)).into();
        assert_eq!(Metric::AllRequired(5).score(&["b", "a"], &both, 1), 1.0);
    }
}
