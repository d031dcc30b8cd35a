//! Answers: every question asked as a user asks it, and the answer checked by assertions.
//!
//! An assertion is a text that must stand in the answer, whatever its width, case, script and blanks; `answers.jsonl` holds
//! them. No model judges another here: what is counted can be recounted by hand.

use super::bench::{Progress, prepared};
use super::files::read_lines;
use super::stats::{self, Interval};
use super::suite::{QUERY_LINE, QueryLine};
use super::{EvalProblem, Suite};
use crate::engine::{Answer, AskOutcome, Engine, fold};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A line of `answers.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    pub qid: String,
    pub required_docs: Vec<String>,
    /// Of each group one text must be there.
    pub must: Vec<Vec<String>>,
    pub must_not: Vec<String>,
    pub abstain: Abstain,
    pub max_chars: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abstain {
    No,
    /// The sources do not say.
    Yes,
    /// The question takes for granted what the sources deny: the answer says so.
    CorrectPremise,
}

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Asked {
    pub id: String,
    pub slice: String,
    pub question: String,
    pub should_abstain: bool,
    /// None where it abstained.
    pub answer: Option<String>,
    /// Why it abstained, or what is wrong with the answer.
    pub reason: Option<String>,
    pub passed: bool,
    /// Assertions that do not hold.
    pub failures: Vec<String>,
    pub cited: Vec<String>,
    /// Numbers of passages that were cited and taken back by the check.
    pub withdrawn: usize,
    pub retrieve_ms: f64,
    pub first_token_ms: Option<f64>,
    pub total_ms: f64,
    pub completion_tokens: Option<u32>,
}

/// The report card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportCard {
    pub suite: String,
    pub split: String,
    pub questions: usize,
    /// Of those that the sources answer: all assertions hold.
    pub pass: Share,
    /// Of the answers given: at least one citation, checked.
    pub cited: Share,
    /// Of the answers given: no marker was taken back.
    pub nothing_withdrawn: Share,
    /// Of those that the sources answer: it abstained all the same.
    pub false_refusal: Share,
    /// Of those that the sources do not answer: it abstained.
    pub refusal_recall: Share,
    /// Of the abstentions: rightly so.
    pub refusal_precision: Share,
    /// Pass rate by type of question, with its count; those that should be refused pass by abstaining.
    pub slices: BTreeMap<String, Share>,
    pub first_token_p50_ms: Option<f64>,
    pub total_p50_ms: f64,
}

/// A share with its 95 % interval, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    pub value: f64,
    pub ci95: Interval,
    pub of: usize,
}

impl Share {
    fn of(cases: impl Iterator<Item = bool>) -> Share {
        let values: Vec<f64> = cases.map(|is_so| f64::from(u8::from(is_so))).collect();
        Share { value: stats::mean(&values), ci95: stats::interval(&values), of: values.len() }
    }
}

/// Asks every question of the suite's split for which `answers.jsonl` says what to expect. `on_asked` hears each as it is
/// done: what has been asked is not lost to a later failure.
pub fn ask_all(
    folder: &Path,
    split: Option<&str>,
    engine: &Engine,
    on: &mut dyn FnMut(Progress<'_>),
    on_asked: &mut dyn FnMut(&Asked),
) -> Result<(Vec<Asked>, ReportCard)> {
    let suite = Suite::open(folder, split)?;
    let expected = Expected::read(folder)?;
    let expected: BTreeMap<&str, &Expected> = expected.iter().map(|line| (line.qid.as_str(), line)).collect();
    let questions = read_lines::<QueryLine>(&folder.join("topics.jsonl"), QUERY_LINE)?;
    let of_split = |question: &&QueryLine| question.split.as_ref().is_none_or(|split| *split == suite.split);
    let questions: Vec<(&QueryLine, &Expected)> = questions
        .iter()
        .filter(of_split)
        .filter_map(|question| Some((question, *expected.get(question._id.as_str())?)))
        .collect();
    if questions.is_empty() {
        return Err(EvalProblem::NoTopics { suite: suite.name }.into());
    }
    let engine = prepared(&suite, &[], engine, &[], on)?;
    let mut all = Vec::with_capacity(questions.len());
    for (question, expected) in &questions {
        let outcome = engine.ask(&question.text, &question.history, &mut |_| ())?;
        let asked = asked(question, expected, &outcome);
        on_asked(&asked);
        all.push(asked);
        on(Progress::Searched { system: "ask", done: all.len(), total: questions.len() });
    }
    let card = report_card(suite.name, suite.split, &all);
    Ok((all, card))
}

fn asked(question: &QueryLine, expected: &Expected, outcome: &AskOutcome) -> Asked {
    let report = outcome.report(&question.text);
    let cited = report.citations.iter().map(|citation| citation.doc.0.clone()).collect::<Vec<_>>();
    let withdrawn = match &outcome.answer {
        Answer::Grounded(grounded) => grounded.invalid.len() + grounded.unsupported.len(),
        Answer::Abstained { .. } | Answer::Missing { .. } => 0,
    };
    let failures = match &outcome.answer {
        Answer::Missing { lack, .. } => vec![format!("missing: {}", lack.name())],
        _ => failures(expected, report.answer, &cited),
    };
    Asked {
        id: question._id.clone(),
        slice: question.slice.clone(),
        question: question.text.clone(),
        should_abstain: expected.abstain == Abstain::Yes,
        answer: report.answer.map(String::from),
        reason: report.reason.map(String::from),
        passed: failures.is_empty(),
        failures,
        cited,
        withdrawn,
        retrieve_ms: report.timings_ms.retrieve,
        first_token_ms: report.timings_ms.first_token,
        total_ms: report.timings_ms.total,
        completion_tokens: outcome.answer.completion().and_then(|completion| completion.completion_tokens),
    }
}

/// The assertions that an answer does not meet; none where it passes.
fn failures(expected: &Expected, answer: Option<&str>, cited: &[String]) -> Vec<String> {
    let Some(answer) = answer else {
        let should = expected.abstain == Abstain::Yes;
        return if should { Vec::new() } else { vec!["abstained".into()] };
    };
    if expected.abstain == Abstain::Yes {
        return vec!["answered".into()];
    }
    let text = bare(answer);
    let has = |wanted: &String| text.contains(&bare(wanted));
    let mut failures: Vec<String> = Vec::new();
    let missing = expected.must.iter().filter(|group| !group.iter().any(has));
    failures.extend(missing.map(|group| format!("must: {}", group.join(" | "))));
    failures.extend(expected.must_not.iter().filter(|text| has(text)).map(|text| format!("must_not: {text}")));
    let chars = answer.chars().count();
    if chars > expected.max_chars {
        failures.push(format!("max_chars: {chars} > {}", expected.max_chars));
    }
    if cited.is_empty() {
        failures.push("uncited".into());
    }
    failures
}

/// Without blanks, thousands separators and the marks of citations.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = fold(text);
    rest.retain(|c| !c.is_whitespace() && c != ',');
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '[' && chars.peek().is_some_and(char::is_ascii_digit) {
            let marker: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
            if chars.next_if_eq(&']').is_none() {
                bare.push(c);
                bare.push_str(&marker);
            }
            continue;
        }
        bare.push(c);
    }
    bare
}

fn report_card(suite: String, split: String, all: &[Asked]) -> ReportCard {
    let answerable = || all.iter().filter(|asked| !asked.should_abstain);
    let answered = || all.iter().filter(|asked| asked.answer.is_some());
    let slices: BTreeSet<&String> = all.iter().map(|asked| &asked.slice).collect();
    let slice = |name: &String| Share::of(all.iter().filter(|asked| asked.slice == *name).map(|asked| asked.passed));
    ReportCard {
        suite,
        split,
        questions: all.len(),
        pass: Share::of(answerable().map(|asked| asked.passed)),
        cited: Share::of(answered().map(|asked| !asked.cited.is_empty())),
        nothing_withdrawn: Share::of(answered().map(|asked| asked.withdrawn == 0)),
        false_refusal: Share::of(answerable().map(|asked| asked.answer.is_none())),
        refusal_recall: Share::of(all.iter().filter(|asked| asked.should_abstain).map(|asked| asked.answer.is_none())),
        refusal_precision: Share::of(
            all.iter().filter(|asked| asked.answer.is_none()).map(|asked| asked.should_abstain),
        ),
        slices: slices.into_iter().map(|name| (name.clone(), slice(name))).collect(),
        first_token_p50_ms: median(all.iter().filter_map(|asked| asked.first_token_ms).collect()),
        total_p50_ms: median(all.iter().map(|asked| asked.total_ms).collect()).unwrap_or_default(),
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(abstain: Abstain) -> Expected {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        Expected {
            qid: "q".into(),
            required_docs: texts(&["d"]),
            must: vec![texts(&["48 GB", "48GB"]), texts(&["QLoRA"])],
            must_not: texts(&["350 GB"]),
            abstain,
            max_chars: 40,
        }
    }

    fn check(abstain: Abstain, answer: Option<&str>, cited: bool, expect: &[&str]) {
        let cited = if cited { vec!["d".to_string()] } else { Vec::new() };
        assert_eq!(failures(&expected(abstain), answer, &cited), expect, "{answer:?}");
    }

    #[test]
    fn every_group_must_be_met_and_nothing_else_said() {
        check(Abstain::No, Some("ＱＬＯＲＡ 只要 48 gb[1]。"), true, &[]);
        check(Abstain::No, Some("只要 4[1]8 GB"), true, &["must: QLoRA"]);
        check(Abstain::No, Some("QLoRA 由 350GB 降到 48GB"), true, &["must_not: 350 GB"]);
        check(Abstain::No, Some("QLoRA 48GB"), false, &["uncited"]);
        check(Abstain::No, Some(&format!("QLoRA 48GB{}", "长".repeat(40))), true, &["max_chars: 50 > 40"]);
        check(Abstain::No, None, false, &["abstained"]);
    }

    #[test]
    fn what_the_sources_do_not_say_passes_by_abstaining() {
        check(Abstain::Yes, None, false, &[]);
        check(Abstain::Yes, Some("QLoRA 48GB"), true, &["answered"]);
        check(Abstain::CorrectPremise, None, false, &["abstained"]);
    }

    #[test]
    fn the_card_counts_refusals_both_ways() {
        let asked = |should_abstain, answer: Option<&str>, passed| Asked {
            id: String::new(),
            slice: "A".into(),
            question: String::new(),
            should_abstain,
            answer: answer.map(String::from),
            reason: None,
            passed,
            failures: Vec::new(),
            cited: vec!["d".into()],
            withdrawn: 0,
            retrieve_ms: 1.0,
            first_token_ms: None,
            total_ms: 2.0,
            completion_tokens: None,
        };
        let all = [
            asked(false, Some("x"), true),
            asked(false, None, false),
            asked(true, None, true),
            asked(true, Some("x"), false),
        ];
        let card = report_card("s".into(), "dev".into(), &all);
        let shares = [card.pass, card.false_refusal, card.refusal_recall, card.refusal_precision, card.slices["A"]];
        assert_eq!(shares.map(|share| (share.value, share.of)), [(0.5, 2), (0.5, 2), (0.5, 2), (0.5, 2), (0.5, 4)]);
    }
}
