//! Promoting: a question out of the journal becomes a case of a suite, so that what went wrong once is asked again with
//! every change.

use super::EvalProblem;
use super::assertion::{Abstain, Expected};
use super::columns::require_writable;
use super::draft::{Draft, NewTopic};
use crate::engine::{Engine, Logged, SearchRequest, facts, fold};
use crate::error::Result;
use crate::language::Lang;
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;

/// Passages among which those that say what a correction says are looked for.
const PASSAGES: usize = 10;
/// As the answers that people write by hand.
const CHARS_MAX: usize = 400;
/// The type of questions that nothing answers.
const UNANSWERABLE: &str = "U";

/// What the user says of the case; the rest follows from the journal.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Documents that answer it.
    pub documents: Vec<String>,
    /// One text of each group must stand in the answer.
    pub must: Vec<Vec<String>>,
    pub must_not: Vec<String>,
    /// Whether it is to be refused.
    pub abstain: bool,
    pub chars_max: Option<usize>,
}

/// Serialized as `rag log promote --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promoted {
    pub suite: String,
    pub question: String,
    #[serde(flatten)]
    pub expected: Expected,
}

impl Promoted {
    /// By what an answer is judged, one line each.
    pub fn criteria(&self, lang: Lang) -> Vec<String> {
        let Expected { required_docs, must, must_not, abstain, max_chars, .. } = &self.expected;
        let mut lines: Vec<String> = must.iter().map(|group| format!("must: {}", group.join(" | "))).collect();
        lines.extend(must_not.iter().map(|text| format!("must_not: {text}")));
        lines.push(format!("max_chars: {max_chars}"));
        lines.push(match abstain {
            Abstain::Yes => lang.pick("应拒答".into(), "abstains".into()),
            _ => lang.pick(
                format!("引用,如 {}", required_docs.join("、")),
                format!("cites, as {}", required_docs.join(", ")),
            ),
        });
        lines
    }
}

/// Adds `logged` to the suite in `folder`, which is made over what the collection holds if it is not there.
///
/// Without documents, those that say what the correction says, else those that were cited. Without texts that must be
/// there, the correction's figures and names; of a refusal, what the answer made up must not be there.
pub fn promote(engine: &Engine, folder: &Path, logged: &Logged, given: Given) -> Result<Promoted> {
    let fix = logged.feedback.as_ref().and_then(|feedback| feedback.fix.as_deref()).unwrap_or_default();
    let told = facts(fix);
    let mut expected = Expected {
        qid: String::new(),
        required_docs: given.documents,
        must: given.must,
        must_not: given.must_not,
        abstain: if given.abstain { Abstain::Yes } else { Abstain::No },
        max_chars: given.chars_max.unwrap_or(CHARS_MAX),
    };
    if given.abstain {
        if expected.must_not.is_empty() {
            expected.must_not = invented(logged);
        }
    } else {
        if expected.must.is_empty() {
            expected.must = told.iter().map(|fact| vec![fact.clone()]).collect();
        }
        if expected.required_docs.is_empty() {
            expected.required_docs = documents(engine, logged, fix, &told)?;
        }
        if expected.required_docs.is_empty() {
            return Err(EvalProblem::NoDocumentToCite.into());
        }
    }
    engine.require_documents(&expected.required_docs)?;
    expected.required_docs.iter().try_for_each(|document| require_writable(document))?;
    // Refused before a suite is begun.
    expected.qid = logged.entry.question.clone();
    expected.require_criteria(&folder.join("answers.jsonl"))?;
    let mut draft = Draft::open(folder, &engine.about()?.roots())?;
    expected.qid = draft.next();
    let slice = if given.abstain { UNANSWERABLE } else { "" };
    let (question, history) = (&logged.entry.question, &logged.entry.history);
    draft.add_case(NewTopic { question, history, split: "dev", slice }, &expected)?;
    Ok(Promoted { suite: folder.display().to_string(), question: question.clone(), expected })
}

/// What the answer says that the question does not.
fn invented(logged: &Logged) -> Vec<String> {
    let asked = fold(&logged.entry.question);
    // The answer without the numbers of its citations.
    let sentences = logged.entry.sentences.as_array().into_iter().flatten();
    let answer = sentences.filter_map(|sentence| sentence["text"].as_str()).collect::<Vec<_>>().join("\n");
    facts(&answer).into_iter().filter(|fact| !asked.contains(&fold(fact))).collect()
}

/// The documents of passages that have all the facts of the correction, else those that were cited.
fn documents(engine: &Engine, logged: &Logged, fix: &str, told: &[String]) -> Result<Vec<String>> {
    let mut documents = Vec::new();
    if !told.is_empty() {
        let found = engine.search(fix, &SearchRequest { limit: Some(PASSAGES), ..SearchRequest::default() })?;
        let says_all = |text: &str| told.iter().all(|fact| bare(text).contains(&bare(fact)));
        documents = found.hits.into_iter().filter(|hit| says_all(&hit.text)).map(|hit| hit.doc.0).collect();
    }
    if documents.is_empty() {
        let cited = logged.entry.citations.as_array().into_iter().flatten();
        documents = cited.filter_map(|citation| citation["doc"].as_str()).map(String::from).collect();
    }
    let mut seen = HashSet::new();
    documents.retain(|document| seen.insert(document.clone()));
    Ok(documents)
}

/// Without case, width and blanks.
fn bare(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(|c| !c.is_whitespace());
    folded
}
