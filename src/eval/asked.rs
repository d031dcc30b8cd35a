//! A question asked: one line of `--asked`, from which all that is said about answers can be computed again.

use super::assertion::{Abstain, Expected, Failure};
use super::suite::QueryLine;
use crate::engine::{
    Answer, AskOutcome, Citation, Grounded, Sentence, UNSUPPORTED_MARK, Verdict, speaks, without_markers,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Answered,
    Abstained,
    /// No whole answer came.
    Missing,
}

/// A citation as a report shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub marker: u32,
    pub doc: String,
    pub title: String,
    /// `path:line`
    pub place: String,
    pub quote: String,
}

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub id: String,
    pub slice: String,
    pub question: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<String>,
    /// Which time it was asked, from 1.
    pub repeat: u32,
    pub should_abstain: bool,
    pub ended: Ended,
    /// What was shown; none where it abstained.
    pub answer: Option<String>,
    /// Whether it is made of the sources' own sentences.
    pub extracted: bool,
    /// Why it abstained, or what is wrong with the answer.
    pub reason: Option<String>,
    pub passed: bool,
    /// Assertions that do not hold.
    pub failures: Vec<String>,
    /// Documents cited.
    pub cited: Vec<String>,
    pub sources: Vec<Source>,
    /// Documents of the passages that the answer was made from.
    pub given: Vec<String>,
    /// Numbers of passages that were cited and taken back by the check.
    pub withdrawn: usize,
    /// Sentences shown that say something, and those of them that a passage supports.
    pub claims: usize,
    pub supported: usize,
    /// Figures shown unmarked that stand in no passage.
    pub stray_figures: Vec<String>,
    /// Whether every `[n]` shown is cited, with a quote that stands in the passage.
    pub citations_valid: bool,
    /// Whether the report reads back with its documented keys.
    pub schema_valid: bool,
    /// Whether the answer is in the language to answer in; none where there is no answer.
    pub in_language: Option<bool>,
    pub retrieve_ms: f64,
    pub first_token_ms: Option<f64>,
    pub total_ms: f64,
    pub prompt_tokens: Option<u32>,
    pub completion_tokens: Option<u32>,
}

impl Asked {
    pub(super) fn of(question: &QueryLine, expected: &Expected, outcome: &AskOutcome, repeat: u32) -> Asked {
        let report = outcome.report(&question.text);
        let shown = outcome.shown();
        let (failures, ended) = ended(expected, outcome);
        let completion = outcome.answer.completion();
        let (claims, supported) = shown.map_or((0, 0), support);
        Asked {
            id: question._id.clone(),
            slice: question.slice.clone(),
            question: question.text.clone(),
            history: question.history.clone(),
            repeat,
            should_abstain: expected.abstain == Abstain::Yes,
            ended,
            answer: report.answer.map(String::from),
            extracted: report.extracted,
            reason: report.reason.map(String::from),
            passed: failures.is_empty(),
            failures: failures.iter().map(ToString::to_string).collect(),
            cited: report.citations.iter().map(|citation| citation.doc.0.clone()).collect(),
            sources: sources(shown),
            given: outcome.cited_from().into_iter().map(|passage| passage.id.doc.0).collect(),
            withdrawn: shown.map_or(0, |shown| shown.invalid.len() + shown.unsupported.len()),
            claims,
            supported,
            stray_figures: outcome.stray_figures(),
            citations_valid: shown.is_none_or(|shown| are_valid(shown, outcome)),
            schema_valid: serde_json::to_string(&report).is_ok_and(|json| has_schema(&json)),
            in_language: report.answer.map(|answer| speaks(outcome.language(), &without_markers(answer))),
            retrieve_ms: report.timings_ms.retrieve,
            first_token_ms: report.timings_ms.first_token,
            total_ms: report.timings_ms.total,
            prompt_tokens: completion.and_then(|completion| completion.prompt_tokens),
            completion_tokens: completion.and_then(|completion| completion.completion_tokens),
        }
    }

    /// The same under what is expected now.
    pub(super) fn judged(self, expected: &Expected) -> Asked {
        let failures = match (self.ended, &self.answer) {
            (Ended::Answered, Some(answer)) => expected.failures(Some(answer), !self.cited.is_empty()),
            (Ended::Abstained, _) => expected.failures(None, false),
            _ => return self,
        };
        Asked {
            should_abstain: expected.abstain == Abstain::Yes,
            passed: failures.is_empty(),
            failures: failures.iter().map(ToString::to_string).collect(),
            ..self
        }
    }
}

/// The assertions that do not hold, and how the question ended.
pub(super) fn ended(expected: &Expected, outcome: &AskOutcome) -> (Vec<Failure>, Ended) {
    match &outcome.answer {
        Answer::Grounded(grounded) => {
            (expected.failures(Some(&grounded.text), !grounded.is_uncited()), Ended::Answered)
        }
        Answer::Abstained { .. } => (expected.failures(None, false), Ended::Abstained),
        Answer::Missing { lack, .. } => (vec![Failure::Missing(lack.name())], Ended::Missing),
    }
}

fn sources(shown: Option<&Grounded>) -> Vec<Source> {
    let source = |citation: &Citation| Source {
        marker: citation.marker,
        doc: citation.doc.0.clone(),
        title: citation.title.clone(),
        place: format!("{}:{}", citation.path, citation.lines.0),
        quote: citation.quote.clone(),
    };
    shown.map(|shown| shown.citations.iter().map(source).collect()).unwrap_or_default()
}

/// Sentences that say something, and those of them that a passage supports.
fn support(shown: &Grounded) -> (usize, usize) {
    let supported = shown.sentences.iter().filter(|sentence| sentence.verdict == Verdict::Supported).count();
    // Those left out are not shown.
    let is_shown = |sentence: &&Sentence| shown.text.contains(&format!("{}{UNSUPPORTED_MARK}", sentence.text));
    (supported + shown.doubted().filter(is_shown).count(), supported)
}

/// Whether every marker shown is one of the citations, every citation is shown, and every quote stands in the passage
/// that the marker numbers.
fn are_valid(shown: &Grounded, outcome: &AskOutcome) -> bool {
    let passages = outcome.cited_from();
    let stands = |citation: &Citation| {
        let passage = passages.get((citation.marker as usize).wrapping_sub(1));
        let is_there = passage.is_some_and(|passage| {
            passage.id == citation.chunk && !citation.quote.is_empty() && passage.text.contains(&citation.quote)
        });
        is_there && shown.text.contains(&format!("[{}]", citation.marker))
    };
    let numbers: Vec<u32> = shown.citations.iter().map(|citation| citation.marker).collect();
    shown.citations.iter().all(stands) && markers(&shown.text).iter().all(|marker| numbers.contains(marker))
}

/// The `n` of each `[n]`; `a[0]` is none.
fn markers(text: &str) -> Vec<u32> {
    let mut markers = Vec::new();
    let mut is_index_before = None;
    for (at, _) in text.match_indices('[') {
        let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let end = at + 1 + digits.len();
        if digits.is_empty() || !text[end..].starts_with(']') {
            continue;
        }
        let is_index = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ')'))
            || is_index_before == Some(at);
        if is_index {
            is_index_before = Some(end + 1);
        } else {
            markers.extend(digits.parse::<u32>());
        }
    }
    markers
}

type Form = fn(&Value) -> bool;

/// Keys of `rag ask --json`, each with what it may hold.
const KEYS: &[(&str, Form)] = &[
    ("question", Value::is_string),
    ("answer", is_text_or_null),
    ("abstained", Value::is_boolean),
    ("extracted", Value::is_boolean),
    ("cached", Value::is_boolean),
    ("reason", is_text_or_null),
    ("sentences", |value| all_have(value, &["text", "verdict", "markers"])),
    ("citations", |value| all_have(value, &["marker", "doc", "chunk", "title", "path", "lines", "quote"])),
    ("nearest", |value| all_have(value, &["title", "path", "lines"])),
    ("error", is_text_or_null),
    ("model", is_text_or_null),
    ("timings_ms", |value| ["retrieve", "total"].iter().all(|key| value[*key].is_number())),
];

fn is_text_or_null(value: &Value) -> bool {
    value.is_null() || value.is_string()
}

fn all_have(value: &Value, keys: &[&str]) -> bool {
    value.as_array().is_some_and(|array| array.iter().all(|one| keys.iter().all(|key| one.get(*key).is_some())))
}

fn has_schema(json: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return false };
    let is_whole = KEYS.iter().all(|(key, is_right)| value.get(*key).is_some_and(is_right));
    // An answer that abstained has none.
    is_whole && (value["abstained"] == Value::Bool(false) || value["answer"].is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_in_code_is_no_marker() {
        assert_eq!(markers("甲[1]。乙[2][3] a[0][7] f(x)[4]【5】[x] [6"), [1, 2, 3]);
    }

    #[test]
    fn a_report_that_lacks_a_key_or_contradicts_itself_is_not_valid() {
        let whole = serde_json::json!({
            "question": "q", "answer": "a[1]", "abstained": false, "extracted": false, "cached": false, "reason": null,
            "sentences": [{"text": "a", "verdict": "supported", "markers": [1]}], "citations": [], "nearest": [],
            "error": null, "model": null, "timings_ms": {"retrieve": 1.0, "first_token": null, "total": 2.0},
        });
        assert!(has_schema(&whole.to_string()));
        for (key, value) in
            [("abstained", true.into()), ("citations", Value::Null), ("sentences", serde_json::json!([{}]))]
        {
            let mut broken = whole.clone();
            broken[key] = value;
            assert!(!has_schema(&broken.to_string()), "{key}");
        }
        let mut broken = whole;
        broken.as_object_mut().unwrap().remove("model");
        assert!(!has_schema(&broken.to_string()) && !has_schema("{"));
    }
}
