//! Answers: every question of a suite asked as a user asks it, and what comes of it checked by assertions.

use super::asked::Asked;
use super::assertion::Expected;
use super::bench::{Progress, prepared};
use super::card::ReportCard;
use super::files::read_lines;
use super::record::{Head, Record, read_record};
use super::suite::{QUERY_LINE, QueryLine};
use super::{EvalProblem, Suite};
use crate::engine::{Answer, AskOutcome, Engine, Lack};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which questions are asked, and how often.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub split: Option<String>,
    /// Types of questions; all without.
    pub slices: Vec<String>,
    /// Questions of each type, the first ones.
    pub limit: Option<usize>,
    /// Times each is asked; 0 counts as 1.
    pub repeat: u32,
}

/// The suite's questions with what is expected of their answers, in the order of `topics.jsonl`.
pub(super) struct Questions {
    pub suite: Suite,
    pub questions: Vec<(QueryLine, Expected)>,
}

impl Questions {
    /// Those of the split for which `answers.jsonl` says what to expect.
    pub fn read(folder: &Path, split: Option<&str>) -> Result<Questions> {
        let suite = Suite::open(folder, split)?;
        let expected = Expected::read(folder)?.into_iter();
        let mut expected: BTreeMap<String, Expected> = expected.map(|line| (line.qid.clone(), line)).collect();
        let questions = read_lines::<QueryLine>(&folder.join("topics.jsonl"), QUERY_LINE)?.into_iter();
        let of_split = questions.filter(|question| question.split.as_ref().is_none_or(|split| *split == suite.split));
        let questions: Vec<(QueryLine, Expected)> = of_split
            .filter_map(|question| expected.remove(&question._id).map(|expected| (question, expected)))
            .collect();
        if questions.is_empty() {
            return Err(EvalProblem::NoTopics { suite: suite.name }.into());
        }
        Ok(Questions { suite, questions })
    }

    fn select(&mut self, selection: &Selection) -> Result<()> {
        let known: BTreeSet<String> = self.questions.iter().map(|(question, _)| question.slice.clone()).collect();
        if let Some(name) = selection.slices.iter().find(|name| !known.contains(*name)) {
            return Err(EvalProblem::UnknownSlice { name: name.clone(), known: known.into_iter().collect() }.into());
        }
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        self.questions.retain(|(question, _)| {
            let count = taken.entry(question.slice.clone()).or_default();
            *count += 1;
            let is_wanted = selection.slices.is_empty() || selection.slices.contains(&question.slice);
            is_wanted && selection.limit.is_none_or(|limit| *count <= limit)
        });
        Ok(())
    }
}

/// Asks the questions of the suite in `folder` that are selected, all of them before any a second time, and keeps each
/// in the record at `path` as it is done. What the record holds already is not asked again, but judged by what is expected
/// now.
pub fn ask_all(
    folder: &Path,
    selection: &Selection,
    engine: &Engine,
    path: Option<&Path>,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<(Vec<Asked>, ReportCard)> {
    let mut questions = Questions::read(folder, selection.split.as_deref())?;
    questions.select(selection)?;
    let Questions { suite, questions } = questions;
    let head = Head::of("answers", format!("{} {}", suite.name, suite.split), engine)?;
    if path.is_some() {
        on(Progress::Documents);
    }
    let head = if path.is_some() { head.over(&suite.documents, engine)? } else { head };
    let mut record: Record<Asked> = Record::open(path, &head)?;
    let once = |repeat| questions.iter().map(move |(question, expected)| (repeat, question, expected));
    let wanted: Vec<(u32, &QueryLine, &Expected)> = (1..=selection.repeat.max(1)).flat_map(once).collect();
    let known: BTreeSet<String> = record.done.iter().map(key_of).collect();
    let missing: Vec<_> =
        wanted.iter().filter(|(repeat, question, _)| !known.contains(&key(*repeat, question))).collect();
    if !missing.is_empty() {
        let engine = prepared(&suite, &[], engine, &[], on)?;
        on(Progress::WarmingUp);
        engine.warm_up(&missing[0].1.text)?;
        let mut again = None;
        on(Progress::Searched { system: "ask", done: 0, total: missing.len() });
        for (index, (repeat, question, expected)) in missing.iter().enumerate() {
            let asking = seeded(&engine, &mut again, *repeat)?;
            let outcome = reached(asking.ask(&question.text, &question.history, &mut |_| ())?)?;
            record.push(Asked::of(question, expected, &outcome, *repeat))?;
            on(Progress::Searched { system: "ask", done: index + 1, total: missing.len() });
        }
    }
    let mut done: BTreeMap<String, Asked> = record.done.into_iter().map(|asked| (key_of(&asked), asked)).collect();
    let judged = wanted
        .iter()
        .filter_map(|(repeat, question, expected)| Some(done.remove(&key(*repeat, question))?.judged(expected)));
    let all: Vec<Asked> = judged.collect();
    let card = ReportCard::of(head.on, head.model, &all);
    Ok((all, card))
}

/// What tells questions apart: in other words, or after other ones, it is another question.
fn key(repeat: u32, question: &QueryLine) -> String {
    format!("{repeat} {} {} {:?}", question._id, question.text, question.history)
}

fn key_of(asked: &Asked) -> String {
    format!("{} {} {} {:?}", asked.repeat, asked.id, asked.question, asked.history)
}

/// The card of a run that was recorded, without asking anybody.
pub fn read_card(path: &Path) -> Result<(Vec<Asked>, ReportCard)> {
    let (head, all) = read_record::<Asked>(path, "answers")?;
    let card = ReportCard::of(head.on, head.model, &all);
    Ok((all, card))
}

/// A server that is not there says nothing about answers: the run ends, to go on when it is back.
fn reached(outcome: AskOutcome) -> Result<AskOutcome> {
    match outcome.answer {
        Answer::Missing { lack: Lack::Unreachable | Lack::Loading | Lack::RateLimited, error, .. } => Err(error),
        _ => Ok(outcome),
    }
}

/// The engine that asks for the `repeat`th time: one with a seed of its own, or where answers are sampled the second time
/// would only repeat the first.
fn seeded<'e>(engine: &'e Engine, again: &'e mut Option<(u32, Engine)>, repeat: u32) -> Result<&'e Engine> {
    if repeat == 1 {
        return Ok(engine);
    }
    if again.as_ref().is_none_or(|(of, _)| *of != repeat) {
        let seed: u64 = engine.config().get("chat.seed");
        *again = Some((repeat, engine.with_seed(seed + u64::from(repeat) - 1)?));
    }
    Ok(again.as_ref().map_or(engine, |(_, engine)| engine))
}
