//! Assertions: what must and must not stand in an answer, from a suite's `answers.jsonl`.
//!
//! A text stands in an answer whatever its width, case, script and blanks. No model judges another here: what is counted
//! can be recounted by hand.

use super::files::{id, ids};
use crate::engine::fold;
use serde::{Deserialize, Serialize};

/// A line of `answers.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    #[serde(deserialize_with = "id")]
    pub qid: String,
    #[serde(deserialize_with = "ids")]
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

/// An assertion that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It should have answered.
    Abstained,
    /// It should have abstained.
    Answered,
    /// None of these stands there.
    Must(Vec<String>),
    MustNot(String),
    TooLong {
        chars: usize,
        chars_max: usize,
    },
    Uncited,
    /// No whole answer came, for the reason named.
    Missing(&'static str),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Abstained => f.write_str("abstained"),
            Failure::Answered => f.write_str("answered"),
            Failure::Must(group) => write!(f, "must: {}", group.join(" | ")),
            Failure::MustNot(text) => write!(f, "must_not: {text}"),
            Failure::TooLong { chars, chars_max } => write!(f, "max_chars: {chars} > {chars_max}"),
            Failure::Uncited => f.write_str("uncited"),
            Failure::Missing(lack) => write!(f, "missing: {lack}"),
        }
    }
}

impl Expected {
    /// The assertions that an answer does not meet; none where it passes. `answer` is missing where it abstained.
    pub fn failures(&self, answer: Option<&str>, is_cited: bool) -> Vec<Failure> {
        let Some(answer) = answer else {
            return if self.abstain == Abstain::Yes { Vec::new() } else { vec![Failure::Abstained] };
        };
        if self.abstain == Abstain::Yes {
            return vec![Failure::Answered];
        }
        let missing = self.must.iter().filter(|group| !has_any(answer, group));
        let mut failures: Vec<Failure> = missing.map(|group| Failure::Must(group.clone())).collect();
        let text = bare(answer);
        let told = self.must_not.iter().filter(|wrong| text.contains(&bare(wrong)));
        failures.extend(told.map(|text| Failure::MustNot(text.clone())));
        let chars = answer.chars().count();
        if chars > self.max_chars {
            failures.push(Failure::TooLong { chars, chars_max: self.max_chars });
        }
        if !is_cited {
            failures.push(Failure::Uncited);
        }
        failures
    }
}

/// Whether one of `wanted` stands in `text`.
pub fn has_any(text: &str, wanted: &[String]) -> bool {
    let text = bare(text);
    wanted.iter().any(|wanted| text.contains(&bare(wanted)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(abstain: Abstain, answer: Option<&str>, is_cited: bool, expect: &[&str]) {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected = Expected {
            qid: "q".into(),
            required_docs: texts(&["d"]),
            must: vec![texts(&["48 GB", "48GB"]), texts(&["QLoRA"])],
            must_not: texts(&["350 GB"]),
            abstain,
            max_chars: 40,
        };
        let failures: Vec<String> = expected.failures(answer, is_cited).iter().map(ToString::to_string).collect();
        assert_eq!(failures, expect, "{answer:?}");
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
}
