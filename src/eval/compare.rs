//! A comparison of two systems on the same topics, and what may be concluded from it.

use super::stats::{self, Interval};
use crate::language::Lang;
use serde::Serialize;

/// Below this p a difference is taken as real.
const ALPHA: f64 = 0.05;

/// Serialized as in `rag eval retrieval --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub a: String,
    pub b: String,
    pub metric: String,
    /// Empty for all topics.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub slice: String,
    /// Mean of a − b.
    pub delta: f64,
    /// Of `delta`.
    pub ci95: Interval,
    /// Two-sided, by paired randomization; over slices, corrected after Holm.
    pub p: f64,
    /// `delta` over the standard deviation of the differences.
    pub effect: f64,
    /// Topics on which a is better, worse, the same.
    pub wins: usize,
    pub losses: usize,
    pub ties: usize,
    /// Topics that would show a difference of this size, where these do not.
    pub topics_needed: Option<usize>,
}

/// What a comparison allows to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    Better,
    Worse,
    /// Too few topics to tell.
    Open,
    /// The two never differ.
    Same,
}

/// Compares the values of two systems for the same topics, in the same order.
pub fn compare(a: (&str, &[f64]), b: (&str, &[f64]), metric: &str, slice: &str) -> Comparison {
    let differences: Vec<f64> = a.1.iter().zip(b.1).map(|(a, b)| a - b).collect();
    let count = |is: fn(f64) -> bool| differences.iter().filter(|difference| is(**difference)).count();
    let (wins, losses) = (count(|d| d > 1e-9), count(|d| d < -1e-9));
    let p = stats::randomization_p(&differences);
    Comparison {
        a: a.0.into(),
        b: b.0.into(),
        metric: metric.into(),
        slice: slice.into(),
        delta: stats::mean(&differences),
        ci95: stats::interval(&differences),
        p,
        effect: stats::effect(&differences),
        wins,
        losses,
        ties: differences.len() - wins - losses,
        topics_needed: stats::topics_needed(&differences).filter(|_| p >= ALPHA),
    }
}

impl Comparison {
    pub fn conclusion(&self) -> Conclusion {
        match self {
            _ if self.wins + self.losses == 0 => Conclusion::Same,
            _ if self.p >= ALPHA => Conclusion::Open,
            _ if self.delta > 0.0 => Conclusion::Better,
            _ => Conclusion::Worse,
        }
    }

    /// One line: `hybrid 优于 lexical:+0.031 [0.012, 0.050],p=.001`.
    pub fn words(&self, lang: Lang) -> String {
        let Comparison { a, b, delta, ci95: [low, high], .. } = self;
        let figures = format!("{delta:+.3} [{low:.3}, {high:.3}]");
        let (p, n) = (shown_p(self.p), self.topics_needed.unwrap_or_default());
        match self.conclusion() {
            Conclusion::Better => lang.pick(
                format!("{a} 优于 {b}:{figures},{p}"),
                format!("{a} is better than {b}: {figures}, {p}"),
            ),
            Conclusion::Worse => lang.pick(
                format!("{a} 不如 {b}:{figures},{p}"),
                format!("{a} is worse than {b}: {figures}, {p}"),
            ),
            Conclusion::Open if n > 0 => lang.pick(
                format!("{a} 与 {b}:样本不足,不能下结论:{figures},{p};要看出这样大的差别约需 {n} 条查询"),
                format!("{a} and {b}: too few topics to conclude: {figures}, {p}; about {n} would show a difference of this size"),
            ),
            Conclusion::Open => lang.pick(
                format!("{a} 与 {b}:样本不足,不能下结论:{figures},{p}"),
                format!("{a} and {b}: too few topics to conclude: {figures}, {p}"),
            ),
            Conclusion::Same => lang.pick(format!("{a} 与 {b} 在每条查询上都一样"), format!("{a} and {b} are the same on every topic")),
        }
    }
}

/// `p=.012`, `p<.001`.
fn shown_p(p: f64) -> String {
    match p {
        p if p < 0.001 => "p<.001".into(),
        p if p >= 0.9995 => "p=1".into(),
        p => format!("p={}", format!("{p:.3}").trim_start_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &[f64], b: &[f64], expect: Conclusion, words: &str) {
        let comparison = compare(("hybrid", a), ("lexical", b), "ndcg@10", "");
        assert_eq!(comparison.conclusion(), expect, "{comparison:?}");
        let said = comparison.words(Lang::Zh);
        assert!(said.starts_with(words), "{said}");
    }

    #[test]
    fn words_follow_the_test() {
        let low: Vec<f64> = (0..60).map(|n| f64::from(n % 7) / 10.0).collect();
        let high: Vec<f64> = low.iter().enumerate().map(|(n, v)| v + if n % 3 == 0 { 0.0 } else { 0.1 }).collect();
        check(&high, &low, Conclusion::Better, "hybrid 优于 lexical:+0.067 [0.0");
        check(&low, &high, Conclusion::Worse, "hybrid 不如 lexical:-0.067 [-0.0");
        check(&low, &low, Conclusion::Same, "hybrid 与 lexical 在每条查询上都一样");
        let mixed: Vec<f64> = low.iter().enumerate().map(|(n, v)| v + if n % 2 == 0 { 0.1 } else { -0.09 }).collect();
        check(&mixed, &low, Conclusion::Open, "hybrid 与 lexical:样本不足,不能下结论:+0.005");
    }

    #[test]
    fn wins_losses_and_ties_are_counted() {
        let comparison = compare(("a", &[1.0, 0.0, 0.5]), ("b", &[0.0, 1.0, 0.5]), "map", "");
        assert_eq!((comparison.wins, comparison.losses, comparison.ties), (1, 1, 1));
    }
}
