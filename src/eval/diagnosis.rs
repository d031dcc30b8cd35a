//! A diagnosis: where a question failed on its way to an answer.
//!
//! The intern test: could somebody who knows the field, given exactly what the model was given, have answered? If not,
//! retrieval or packing lost the passage; if so, the model made nothing of it, or too much.

use super::answers::Questions;
use super::asked::{Ended, ended};
use super::assertion::{Expected, Failure, has_any};
use super::bench::{Progress, prepared};
use super::suite::QueryLine;
use super::{EvalProblem, Suite};
use crate::engine::{Answer, AskOutcome, Engine, Hit, Sentence, Stage, Verdict};
use crate::error::Result;
use crate::language::Lang;
use serde::Serialize;
use std::path::Path;

/// Hits looked through for what was not given.
const DEPTH: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    Passed,
    /// What answers it is not among the candidates.
    NotRetrieved,
    /// It is, but was not given to the model: beyond `chat.passages`, or no room in the window.
    PackedOut,
    /// It was given, and does not come up in the answer.
    NotUsed,
    /// The answer says what no passage says, or should not be there at all.
    OverClaimed,
    /// The passages that answer it were given, and it was refused.
    WronglyRefused,
}

impl Label {
    pub fn about(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Label::Passed => ("通过", "passed"),
            Label::NotRetrieved => {
                ("没检索到:能回答的段落不在候选里", "not retrieved: what answers it is no candidate")
            }
            Label::PackedOut => {
                ("没给到模型:检索到了,但排在段数之外,或窗口放不下", "packed out: found, but not given to the model")
            }
            Label::NotUsed => ("给了没用上:段落给了模型,答案里没有", "not used: given, and not in the answer"),
            Label::OverClaimed => (
                "说过了头:答了资料里没有的,或不该回答",
                "over-claimed: says what no passage says, or should not answer",
            ),
            Label::WronglyRefused => ("错拒:能回答的段落给了,却拒答", "wrongly refused: what answers it was there"),
        };
        lang.pick(zh, en)
    }

    /// What to try first.
    pub fn next(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Label::Passed => ("无", "nothing"),
            Label::NotRetrieved => (
                "看各路名次:rag eval diff;在文档里补上问题的说法(标题、aliases),或补写缺的内容",
                "see what each leg ranks: rag eval diff; give the document the words of the question (title, aliases), or write what is missing",
            ),
            Label::PackedOut => (
                "加大 chat.passages,或打开重排:--rerank maxsim;放不下时缩短 chat.max_tokens 或加大窗口",
                "raise chat.passages, or rerank: --rerank maxsim; where there is no room, lower chat.max_tokens or serve a larger window",
            ),
            Label::NotUsed => (
                "把同样的提示交给更大的模型;它也答不出,就改写段落,把答案放进一句话",
                "give the same prompt to a larger model; if that fails too, rewrite the passage so that one sentence answers",
            ),
            Label::OverClaimed => (
                "用 --strict 删去无依据的句子;资料确实没写的,补资料或让它拒答",
                "use --strict to leave unsupported sentences out; where the sources are silent, add to them or have it refuse",
            ),
            Label::WronglyRefused => (
                "看是谁拒的:off_topic 是检索证据不足,not_in_sources 是模型说的;前者补文档用词,后者换更大的模型",
                "see who refused: off_topic is for lack of evidence in retrieval, not_in_sources is the model's word; give the document the question's words, or ask a larger model",
            ),
        };
        lang.pick(zh, en)
    }
}

/// How a required document fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fate {
    pub doc: String,
    /// Whether the model was given it, or would have been.
    pub given: bool,
    /// Ranks from 1, of its best chunk; `null` where the stage did not list it among the first.
    pub lexical: Option<u32>,
    pub dense: Option<u32>,
    pub last: Option<u32>,
}

/// Where an assertion stands that no passage given could meet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Elsewhere {
    pub assertion: String,
    /// `null` where nothing found has it.
    pub chunk: Option<String>,
    pub rank: Option<u32>,
}

/// Serialized as `rag diagnose --json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    pub id: String,
    pub question: String,
    pub history: Vec<String>,
    /// What was searched for.
    pub queries: Vec<String>,
    pub label: Label,
    /// Assertions that do not hold.
    pub failures: Vec<String>,
    pub required: Vec<Fate>,
    /// Assertions that no passage given could meet, with the first that was found and could.
    pub elsewhere: Vec<Elsewhere>,
    /// `chunk  title › section` of each passage given.
    pub given: Vec<String>,
    /// Passages that did not fit.
    pub left_out: usize,
    pub answer: Option<String>,
    /// Why there is none, or what is wrong with it.
    pub reason: Option<String>,
    pub sentences: Vec<Sentence>,
    /// Name and hash of the template; none where no model was asked.
    pub template: Option<String>,
    /// The exact messages: role and text.
    pub messages: serde_json::Value,
}

/// Asks the topic of that id or text, and finds out where it failed. A server that is not there is an error.
pub fn diagnose(
    folder: &Path,
    topic: &str,
    split: Option<&str>,
    engine: &Engine,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Diagnosis> {
    let (suite, question, expected) = topic_of(folder, topic, split)?;
    let engine = prepared(&suite, &[], engine, &[], on)?;
    let outcome = engine.ask(&question.text, &question.history, &mut |_| ())?;
    if let Answer::Missing { error, .. } = outcome.answer {
        return Err(error);
    }
    let deep: Vec<Vec<Hit>> = outcome
        .planned
        .queries
        .iter()
        .map(|query| Ok(engine.search(query, &engine.asking(Some(DEPTH))?)?.hits))
        .collect::<Result<_>>()?;
    let deep: Vec<Hit> = deep.into_iter().flatten().collect();
    Ok(diagnosis(question, &expected, &outcome, &deep))
}

/// Looked for in every split: an id is enough.
fn topic_of(folder: &Path, topic: &str, split: Option<&str>) -> Result<(Suite, QueryLine, Expected)> {
    let splits = match split {
        Some(split) => vec![Some(split.to_string())],
        None => Suite::splits_of(folder)?.into_iter().map(Some).collect(),
    };
    let mut name = folder.display().to_string();
    for split in splits {
        let Questions { suite, questions } = match Questions::read(folder, split.as_deref()) {
            Err(error) if matches!(error.downcast_ref(), Some(EvalProblem::NoTopics { .. })) => continue,
            read => read?,
        };
        let found = questions.into_iter().find(|(question, _)| question._id == topic || question.text == topic);
        if let Some((question, expected)) = found {
            return Ok((suite, question, expected));
        }
        name = suite.name;
    }
    Err(EvalProblem::NoTopic { suite: name, query: topic.into() }.into())
}

fn diagnosis(question: QueryLine, expected: &Expected, outcome: &AskOutcome, deep: &[Hit]) -> Diagnosis {
    let report = outcome.report(&question.text);
    let (failures, how) = ended(expected, outcome);
    let given = outcome.cited_from();
    let required: Vec<Fate> = expected
        .required_docs
        .iter()
        .map(|doc| fate(doc, given.iter().any(|passage| passage.id.doc.0 == *doc), deep))
        .collect();
    let texts: Vec<String> = given.iter().map(|passage| format!("{}\n{}", passage.heading(), passage.text)).collect();
    let elsewhere = elsewhere(&failures, &texts, deep);
    let doubted = report.sentences.iter().any(|sentence| sentence.verdict == Verdict::Unsupported);
    let evidence = Evidence { required: &required, elsewhere: &elsewhere, doubted };
    Diagnosis {
        label: label(&failures, how, &evidence),
        elsewhere,
        failures: failures.iter().map(ToString::to_string).collect(),
        required,
        given: given.iter().map(|passage| format!("{}  {}", passage.id, passage.heading())).collect(),
        left_out: outcome.prepared.as_ref().map_or(0, |prepared| prepared.context.left_out),
        answer: report.answer.map(String::from),
        reason: report.reason.map(String::from),
        sentences: report.sentences.to_vec(),
        template: outcome.prepared.as_ref().map(|prepared| prepared.template.clone()),
        messages: serde_json::json!(outcome.prepared.as_ref().map(|prepared| &prepared.messages)),
        id: question._id,
        question: question.text,
        history: question.history,
        queries: outcome.planned.queries.clone(),
    }
}

/// The best of each stage over all that was searched for.
fn fate(doc: &str, given: bool, deep: &[Hit]) -> Fate {
    let of_doc = || deep.iter().filter(|hit| hit.doc.0 == doc);
    let rank_of = |stage: Stage| {
        let ranks = of_doc().flat_map(|hit| hit.trail.iter().filter(|step| step.stage == stage));
        ranks.filter_map(|step| step.rank).min()
    };
    Fate {
        doc: doc.into(),
        given,
        lexical: rank_of(Stage::Lexical),
        dense: rank_of(Stage::Dense),
        last: of_doc().map(|hit| hit.rank).min(),
    }
}

/// Assertions whose text stands in no passage given: who read only those could not meet them.
fn elsewhere(failures: &[Failure], given: &[String], deep: &[Hit]) -> Vec<Elsewhere> {
    let groups = failures.iter().filter_map(|failure| match failure {
        Failure::Must(group) if !given.iter().any(|text| has_any(text, group)) => Some((failure.to_string(), group)),
        _ => None,
    });
    let place = |(assertion, group): (String, &Vec<String>)| {
        let hit = deep.iter().find(|hit| has_any(&format!("{}\n{}", hit.heading(), hit.text), group));
        Elsewhere { assertion, chunk: hit.map(|hit| hit.chunk.to_string()), rank: hit.map(|hit| hit.rank) }
    };
    groups.map(place).collect()
}

/// What a failure is judged by.
struct Evidence<'a> {
    required: &'a [Fate],
    elsewhere: &'a [Elsewhere],
    /// Whether a sentence of the answer has no support.
    doubted: bool,
}

fn label(failures: &[Failure], ended: Ended, evidence: &Evidence<'_>) -> Label {
    let Evidence { required, elsewhere, doubted } = evidence;
    if failures.is_empty() {
        return Label::Passed;
    }
    if failures.contains(&Failure::Answered) {
        return Label::OverClaimed;
    }
    let none_given = !required.is_empty() && required.iter().all(|fate| !fate.given);
    if none_given || !elsewhere.is_empty() {
        let is_found = required.iter().any(|fate| !fate.given && fate.last.is_some())
            || elsewhere.iter().any(|elsewhere| elsewhere.chunk.is_some());
        return if is_found { Label::PackedOut } else { Label::NotRetrieved };
    }
    let says_too_much = |failure: &Failure| matches!(failure, Failure::MustNot(_) | Failure::TooLong { .. });
    match ended {
        Ended::Abstained => Label::WronglyRefused,
        _ if *doubted || failures.iter().any(says_too_much) => Label::OverClaimed,
        _ => Label::NotUsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(given: bool, last: Option<u32>) -> Fate {
        Fate { doc: "d".into(), given, lexical: None, dense: None, last }
    }

    /// `out_of_reach`: whether an assertion stands in no passage given, and where it was found, if so.
    fn check(
        failures: &[Failure],
        how: Ended,
        fate: Fate,
        out_of_reach: Option<Option<u32>>,
        doubted: bool,
        expect: Label,
    ) {
        let elsewhere: Vec<Elsewhere> = out_of_reach
            .map(|rank| Elsewhere { assertion: "must: 48 GB".into(), chunk: rank.map(|_| "d#1".into()), rank })
            .into_iter()
            .collect();
        let evidence = Evidence { required: &[fate], elsewhere: &elsewhere, doubted };
        assert_eq!(label(failures, how, &evidence), expect, "{failures:?}");
    }

    #[test]
    fn each_way_to_fail_has_its_label() {
        use Ended::{Abstained, Answered};
        let must = [Failure::Must(vec!["48 GB".into()])];
        let there = || fate(true, Some(1));
        check(&[], Answered, there(), None, false, Label::Passed);
        check(&[Failure::Answered], Answered, there(), None, false, Label::OverClaimed);
        check(&must, Answered, fate(false, None), Some(None), false, Label::NotRetrieved);
        check(&must, Answered, fate(false, Some(7)), Some(Some(7)), false, Label::PackedOut);
        // The document was given, but another chunk of it.
        check(&must, Answered, there(), Some(Some(7)), false, Label::PackedOut);
        check(&must, Answered, there(), None, false, Label::NotUsed);
        check(&must, Answered, there(), None, true, Label::OverClaimed);
        check(&[Failure::MustNot("350".into())], Answered, there(), None, false, Label::OverClaimed);
        check(&[Failure::Uncited], Answered, there(), None, false, Label::NotUsed);
        check(&[Failure::Abstained], Abstained, there(), None, false, Label::WronglyRefused);
        check(&[Failure::Abstained], Abstained, fate(false, None), None, false, Label::NotRetrieved);
        check(&[Failure::Abstained], Abstained, fate(false, Some(9)), None, false, Label::PackedOut);
    }
}
