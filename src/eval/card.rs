//! The report card of a run of answers.
//!
//! Five things together, since each alone can be had at the price of another: whether answers are right, whether their
//! citations hold, whether it refuses when it should and only then, whether it shows numbers from nowhere, how long it
//! takes.

use super::asked::Asked;
use super::measure::{MEASURES, QUANTITIES, Share, Spread, by_question};
use super::stats::slopes;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Every share and quantity over a set of questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    pub questions: usize,
    #[serde(flatten)]
    pub shares: BTreeMap<&'static str, Share>,
    #[serde(flatten)]
    pub quantities: BTreeMap<&'static str, Option<Spread>>,
}

impl Metrics {
    fn of(questions: &[Vec<&Asked>]) -> Metrics {
        Metrics {
            questions: questions.len(),
            shares: MEASURES.iter().map(|measure| (measure.name, measure.share(questions))).collect(),
            quantities: QUANTITIES.iter().map(|quantity| (quantity.name, quantity.spread(questions))).collect(),
        }
    }
}

/// What asking again and again shows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stability {
    /// How often each question was asked.
    pub repeats: u32,
    /// Of those that the sources answer: passed every time.
    pub worst_pass: Share,
    /// Questions that ended differently, or passed once and failed once.
    pub changed: Share,
    /// Questions whose answer was not word for word the same.
    pub reworded: Share,
}

impl Stability {
    fn of(questions: &[Vec<&Asked>]) -> Stability {
        let differs = |times: &[&Asked], same: fn(&Asked, &Asked) -> bool| times.iter().any(|one| !same(times[0], one));
        let answerable = questions.iter().filter(|times| !times[0].should_abstain);
        let share_differing = |same| Share::of(questions.iter().map(|times| differs(times, same)));
        Stability {
            repeats: questions.iter().map(|times| times.len() as u32).max().unwrap_or_default(),
            worst_pass: Share::of(answerable.map(|times| times.iter().all(|asked| asked.passed))),
            changed: share_differing(|one, other| (one.passed, one.ended) == (other.passed, other.ended)),
            reworded: share_differing(|one, other| one.answer == other.answer),
        }
    }
}

/// What the time of an answer depends on: milliseconds that each more token costs, by least squares over the answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TokenCost {
    /// What a server still has of an earlier prompt costs nothing, and so lowers it.
    pub prompt_ms: f64,
    pub completion_ms: f64,
    /// Answers.
    pub of: usize,
}

/// Fewer answers show no slope.
const SLOPE_ANSWERS_MIN: usize = 10;

impl TokenCost {
    fn of(all: &[Asked]) -> Option<TokenCost> {
        let point = |asked: &Asked| {
            let (prompt, completion) = (asked.prompt_tokens?, asked.completion_tokens?);
            Some((f64::from(prompt), f64::from(completion), asked.total_ms - asked.retrieve_ms))
        };
        let points: Vec<(f64, f64, f64)> = all.iter().filter_map(point).collect();
        let [prompt_ms, completion_ms] = slopes(&points).filter(|_| points.len() >= SLOPE_ANSWERS_MIN)?;
        Some(TokenCost { prompt_ms, completion_ms, of: points.len() })
    }
}

/// Serialized as `rag eval answers --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportCard {
    /// Suite and split.
    pub on: String,
    /// As the endpoint names it; `null` where none was asked.
    pub model: Option<String>,
    #[serde(flatten)]
    pub all: Metrics,
    /// `null` where too few tell.
    pub token_cost: Option<TokenCost>,
    /// Where questions were asked more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability: Option<Stability>,
    /// By type of question.
    pub slices: BTreeMap<String, Metrics>,
}

impl ReportCard {
    pub fn of(on: String, model: Option<String>, all: &[Asked]) -> ReportCard {
        let questions = by_question(all);
        let slices: BTreeSet<&String> = all.iter().map(|asked| &asked.slice).collect();
        let of_slice = |name: &String| -> Vec<Vec<&Asked>> {
            questions.iter().filter(|times| times[0].slice == *name).cloned().collect()
        };
        ReportCard {
            on,
            model,
            all: Metrics::of(&questions),
            token_cost: TokenCost::of(all),
            stability: questions.iter().any(|times| times.len() > 1).then(|| Stability::of(&questions)),
            slices: slices.into_iter().map(|name| (name.clone(), Metrics::of(&of_slice(name)))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixture::asked;

    #[test]
    fn the_card_counts_refusals_both_ways() {
        let all = [
            asked("q1", false, Some("x"), true),
            asked("q2", false, None, false),
            asked("q3", true, None, true),
            asked("q4", true, Some("x"), false),
        ];
        let card = ReportCard::of("s".into(), None, &all);
        let names = ["pass", "false_refusal", "refusal_recall", "refusal_precision"];
        let shares = names.map(|name| card.all.shares[name]);
        assert_eq!(shares.map(|share| (share.value, share.of)), [(0.5, 2); 4]);
        assert_eq!((card.slices["A"].questions, card.stability), (4, None));
    }

    #[test]
    fn a_question_asked_again_counts_as_one_that_wavers() {
        let again = |asked: Asked| Asked { repeat: 2, ..asked };
        let all = [
            asked("q1", false, Some("x"), true),
            asked("q2", false, Some("x"), true),
            again(asked("q1", false, Some("y"), false)),
            again(asked("q2", false, Some("y"), true)),
        ];
        let card = ReportCard::of("s".into(), None, &all);
        let pass = card.all.shares["pass"];
        assert_eq!((pass.value, pass.of, card.all.questions), (0.75, 4, 2));
        let Stability { repeats, worst_pass, changed, reworded } = card.stability.unwrap();
        assert_eq!((repeats, worst_pass.value, changed.value, reworded.value), (2, 0.5, 0.5, 1.0));
    }

    #[test]
    fn sentences_are_counted_and_answers_without_any_are_not() {
        let mut all = vec![asked("q1", false, Some("x"), true); 3];
        for (index, (claims, supported)) in [(4, 3), (0, 0), (1, 0)].into_iter().enumerate() {
            all[index] = Asked { id: format!("q{index}"), claims, supported, ..all[index].clone() };
        }
        let supported = ReportCard::of("s".into(), None, &all).all.shares["supported"];
        assert_eq!((supported.value, supported.of), (0.6, 5));
    }

    #[test]
    fn a_token_costs_what_the_answers_show_and_few_show_nothing() {
        let timed = |n: u32| Asked {
            prompt_tokens: Some(500 + 10 * n),
            completion_tokens: Some(n * 7 % 13),
            total_ms: 1.0 + 100.0 + 2.0 * f64::from(500 + 10 * n) + 30.0 * f64::from(n * 7 % 13),
            ..asked(&format!("q{n}"), false, Some("x"), true)
        };
        let all: Vec<Asked> = (0..12).map(timed).collect();
        let cost = ReportCard::of("s".into(), None, &all).token_cost.unwrap();
        assert!((cost.prompt_ms - 2.0).abs() < 1e-6 && (cost.completion_ms - 30.0).abs() < 1e-6, "{cost:?}");
        assert_eq!(ReportCard::of("s".into(), None, &all[..9]).token_cost, None);
    }
}
