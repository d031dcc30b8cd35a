//! RGB: questions over given passages, some of which mislead (Chen et al., "Benchmarking Large Language Models in
//! Retrieval-Augmented Generation", AAAI 2024).
//!
//! Four abilities: an answer among passages that do not hold it (noise), a refusal where none does (rejection), an answer
//! from several passages (integration), and what becomes of passages that say something wrong (counterfactual). Passages
//! are chosen as the paper's program chooses them, by a fixed seed; they are given, not retrieved, and everything after
//! that is what any question goes through.

use super::files::{LooseLine, id, ids, read_lines};
use super::measure::Share;
use super::record::{Head, Record};
use super::rgb_score::{Accept, exact, holds, partial, rejected};
use super::{EvalProblem, stats};
use crate::document::{ChunkId, DocId, Passage};
use crate::engine::{Answer, Engine, Lack, without_markers};
use crate::error::Result;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Passages a question, as in the paper.
const PASSAGES: usize = 5;
/// Highest share of noise at which the paper asks for integration.
const INTEGRATION_RATIO_MAX: f64 = 0.4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ability {
    Noise,
    Rejection,
    Integration,
    Counterfactual,
}

impl Ability {
    pub const ALL: [Ability; 4] = [Ability::Noise, Ability::Rejection, Ability::Integration, Ability::Counterfactual];

    pub fn name(self) -> &'static str {
        match self {
            Ability::Noise => "noise",
            Ability::Rejection => "rejection",
            Ability::Integration => "integration",
            Ability::Counterfactual => "counterfactual",
        }
    }
}

impl std::str::FromStr for Ability {
    type Err = EvalProblem;

    fn from_str(name: &str) -> Result<Ability, EvalProblem> {
        let unknown = || EvalProblem::UnknownAbility { name: name.into() };
        Ability::ALL.into_iter().find(|ability| ability.name() == name).ok_or_else(unknown)
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Options {
    pub abilities: Vec<Ability>,
    /// Shares of passages that do not hold the answer, 0 to 1.
    pub ratios: Vec<f64>,
    /// Questions of each kind, the first ones.
    pub limit: Option<usize>,
    pub seed: u64,
}

/// A line of `rag_tasks.jsonl`.
#[derive(Debug, Clone, Deserialize)]
struct Task {
    #[serde(deserialize_with = "id")]
    _id: String,
    /// `noise`, `integration` or `counterfactual`; refusals are asked for with the first.
    kind: String,
    query: String,
    accept: Accept,
    #[serde(deserialize_with = "ids")]
    positive: Vec<String>,
    #[serde(deserialize_with = "ids")]
    negative: Vec<String>,
    /// Of an integration: the passages for each part of the answer.
    #[serde(default)]
    positive_groups: Vec<Vec<String>>,
    #[serde(default)]
    fake_answer: Fake,
    /// The positive passages with the fake answer in the true one's place.
    #[serde(default)]
    positive_wrong: Vec<String>,
}

/// What a counterfactual says instead: all of the strings; of any other task, none.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Fake {
    One(String),
    All(Vec<String>),
}

impl Default for Fake {
    fn default() -> Fake {
        Fake::All(Vec::new())
    }
}

impl Fake {
    fn stands_in(&self, written: &str) -> bool {
        let texts = match self {
            Fake::One(text) => std::slice::from_ref(text),
            Fake::All(texts) => texts,
        };
        !texts.is_empty() && texts.iter().all(|text| holds(written, text))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "LooseLine")]
struct CorpusLine {
    _id: String,
    title: String,
    text: String,
}

impl TryFrom<LooseLine> for CorpusLine {
    type Error = &'static str;

    fn try_from(line: LooseLine) -> Result<CorpusLine, &'static str> {
        let title = line.text("title").unwrap_or_default();
        Ok(CorpusLine { _id: line.id().ok_or("no _id")?, title, text: line.text("text").ok_or("no text")? })
    }
}

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    pub id: String,
    pub ability: Ability,
    pub ratio: f64,
    pub question: String,
    /// What was shown; none where it abstained or no answer came.
    pub answer: Option<String>,
    pub reason: Option<String>,
    /// Whether all, and how much, of what is expected stands there.
    pub exact: bool,
    pub partial: f64,
    /// Whether it refused: abstained, or said so in other words.
    pub rejected: bool,
    /// Whether the fake answer stands there.
    pub fake: bool,
    pub missing: bool,
    pub total_ms: f64,
}

/// One ability at one share of noise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    pub ability: Ability,
    pub ratio: f64,
    pub questions: usize,
    /// Answers that hold all that is expected: the paper's accuracy.
    pub exact: Share,
    /// Mean share of what is expected.
    pub partial: f64,
    pub rejected: Share,
    /// Of counterfactuals: the fake answer is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fake: Option<Share>,
    /// Of counterfactuals: the true answer stands there and the fake one does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Share>,
    pub missing: usize,
}

/// Serialized as `rag eval rgb --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RgbReport {
    pub model: Option<String>,
    pub seed: u64,
    pub cells: Vec<Cell>,
}

/// Asks the tasks in `folder`, and keeps each answer in the record at `path` as it comes; what the record holds already is
/// not asked again. `on` hears how many of how many are done.
pub fn rgb(
    folder: &Path,
    options: &Options,
    engine: &Engine,
    path: Option<&Path>,
    on: &mut dyn FnMut(&str, usize, usize),
) -> Result<(Vec<Answered>, RgbReport)> {
    let tasks: Vec<Task> = read_lines(
        &folder.join("rag_tasks.jsonl"),
        "{\"_id\":…,\"kind\":…,\"query\":…,\"accept\":[[[…]]],\"positive\":[…],\"negative\":[…]}",
    )?;
    let corpus: Vec<CorpusLine> = read_lines(&folder.join("corpus.jsonl"), "{\"_id\":…,\"text\":…}")?;
    let corpus: BTreeMap<&str, &CorpusLine> = corpus.iter().map(|line| (line._id.as_str(), line)).collect();
    let name = folder.canonicalize().unwrap_or_else(|_| folder.into());
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let head = Head::of("rgb", format!("{name} seed {}", options.seed), engine)?;
    let mut record: Record<Answered> = Record::open(path, &head)?;
    let key = |ability: Ability, ratio: f64, id: &str| format!("{} {ratio:.3} {id}", ability.name());
    let known: BTreeSet<String> = record.done.iter().map(|one| key(one.ability, one.ratio, &one.id)).collect();
    let wanted = wanted(&tasks, options);
    for (index, (ability, ratio, task)) in wanted.iter().enumerate() {
        on(ability.name(), index, wanted.len());
        if !known.contains(&key(*ability, *ratio, &task._id)) {
            let passages = chosen(task, *ability, *ratio, options.seed, &corpus);
            record.push(answered(task, *ability, *ratio, &passages, engine)?)?;
        }
    }
    let wanted: BTreeSet<String> =
        wanted.iter().map(|(ability, ratio, task)| key(*ability, *ratio, &task._id)).collect();
    let mut all = record.done;
    all.retain(|one| wanted.contains(&key(one.ability, one.ratio, &one.id)));
    let report = RgbReport { model: head.model, seed: options.seed, cells: cells(&all) };
    Ok((all, report))
}

/// Every question with its ability and share of noise, cell by cell.
fn wanted<'t>(tasks: &'t [Task], options: &Options) -> Vec<(Ability, f64, &'t Task)> {
    let mut wanted = Vec::new();
    for ability in &options.abilities {
        let (kind, ratios) = match ability {
            Ability::Noise => ("noise", options.ratios.clone()),
            Ability::Rejection => ("noise", vec![1.0]),
            Ability::Integration => {
                let ratios = options.ratios.iter().copied().filter(|ratio| *ratio <= INTEGRATION_RATIO_MAX);
                ("integration", ratios.collect())
            }
            Ability::Counterfactual => ("counterfactual", vec![0.0]),
        };
        for ratio in ratios {
            let of_kind = tasks.iter().filter(|task| task.kind == kind).take(options.limit.unwrap_or(usize::MAX));
            wanted.extend(of_kind.map(|task| (*ability, ratio, task)));
        }
    }
    wanted
}

/// The passages of one question, drawn and shuffled by the seed and the question alone.
fn chosen(task: &Task, ability: Ability, ratio: f64, seed: u64, corpus: &BTreeMap<&str, &CorpusLine>) -> Vec<Passage> {
    let hash = blake3::hash(format!("{seed} {}", task._id).as_bytes());
    let mut rng = Rng::with_seed(hash.as_bytes()[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)));
    let mut negatives = distinct(&task.negative);
    rng.shuffle(&mut negatives);
    let mut positives = distinct(&task.positive);
    rng.shuffle(&mut positives);
    let mut noise = ((PASSAGES as f64 * ratio).ceil() as usize).min(PASSAGES);
    let of_corpus = |id: &&str| corpus.get(id).map(|line| passage(&line._id, &line.title, &line.text));
    let mut passages: Vec<Passage> = match ability {
        Ability::Integration => {
            let ids = in_turns(&task.positive_groups, PASSAGES - noise, &mut rng);
            noise = PASSAGES.saturating_sub(ids.len());
            ids.iter().filter_map(of_corpus).collect()
        }
        Ability::Counterfactual => {
            let mut wrong: Vec<(usize, &String)> = task.positive_wrong.iter().enumerate().collect();
            rng.shuffle(&mut wrong);
            let wrong = wrong.into_iter().take(PASSAGES - noise);
            wrong.map(|(index, text)| passage(&format!("{}-wrong-{index}", task._id), "", text)).collect()
        }
        Ability::Noise | Ability::Rejection => {
            // Too few of one kind are made up for by the other; a rejection has none that answer.
            if ability == Ability::Noise {
                noise = noise.min(negatives.len()).max(PASSAGES.saturating_sub(positives.len()));
            }
            positives.iter().take(PASSAGES - noise).filter_map(of_corpus).collect()
        }
    };
    passages.extend(negatives.iter().take(noise).filter_map(of_corpus));
    rng.shuffle(&mut passages);
    passages
}

fn distinct(ids: &[String]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    ids.iter().map(String::as_str).filter(|id| seen.insert(*id)).collect()
}

/// One passage for each part of the answer, however many those are, then further ones in turns up to `count`.
fn in_turns<'t>(groups: &'t [Vec<String>], count: usize, rng: &mut Rng) -> Vec<&'t str> {
    let mut groups: Vec<Vec<&str>> = groups.iter().map(|group| distinct(group)).collect();
    groups.iter_mut().for_each(|group| rng.shuffle(group));
    let longest = groups.iter().map(Vec::len).max().unwrap_or_default();
    let mut chosen: Vec<&str> = Vec::new();
    for round in 0..longest {
        for id in groups.iter().filter_map(|group| group.get(round)) {
            if (round == 0 || chosen.len() < count) && !chosen.contains(id) {
                chosen.push(id);
            }
        }
    }
    chosen
}

fn passage(id: &str, title: &str, text: &str) -> Passage {
    Passage {
        id: ChunkId { doc: DocId(id.into()), ordinal: 0 },
        title: title.into(),
        headings: Vec::new(),
        path: id.into(),
        source: String::new(),
        date: String::new(),
        lines: (1, 1),
        text: text.into(),
        lead: String::new(),
        sections: Vec::new(),
        plain: None,
    }
}

fn answered(task: &Task, ability: Ability, ratio: f64, passages: &[Passage], engine: &Engine) -> Result<Answered> {
    let outcome = engine.answer_from(&task.query, passages)?;
    let (answer, reason, missing) = match outcome.answer {
        Answer::Grounded(grounded) => (Some(grounded.text), None, false),
        Answer::Abstained { reason, .. } => (None, Some(reason.name().to_string()), false),
        // A server that is not there says nothing about answers: the run ends, to go on when it is back.
        Answer::Missing { lack: Lack::Unreachable | Lack::Loading | Lack::RateLimited, error, .. } => {
            return Err(error);
        }
        Answer::Missing { lack, partial, .. } => (partial.map(|cut| cut.text), Some(lack.name().to_string()), true),
    };
    // A marker is no part of the answer: `[4]` would stand for a wanted 4.
    let written = without_markers(answer.as_deref().unwrap_or_default());
    Ok(Answered {
        id: task._id.clone(),
        ability,
        ratio,
        question: task.query.clone(),
        exact: exact(&written, &task.accept),
        partial: partial(&written, &task.accept),
        rejected: !missing && answer.is_none() || rejected(&written),
        fake: task.fake_answer.stands_in(&written),
        missing,
        answer,
        reason,
        total_ms: outcome.total.as_secs_f64() * 1e3,
    })
}

fn cells(all: &[Answered]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for first in all {
        let is_of = |one: &&Answered| one.ability == first.ability && one.ratio == first.ratio;
        if cells.iter().any(|cell| cell.ability == first.ability && cell.ratio == first.ratio) {
            continue;
        }
        let of: Vec<&Answered> = all.iter().filter(is_of).collect();
        let share = |is_so: fn(&Answered) -> bool| Share::of(of.iter().map(|one| is_so(one)));
        let is_fake = first.ability == Ability::Counterfactual;
        cells.push(Cell {
            ability: first.ability,
            ratio: first.ratio,
            questions: of.len(),
            exact: share(|one| one.exact),
            partial: stats::mean(&of.iter().map(|one| one.partial).collect::<Vec<_>>()),
            rejected: share(|one| one.rejected),
            fake: is_fake.then(|| share(|one| one.fake)),
            corrected: is_fake.then(|| share(|one| one.exact && !one.fake)),
            missing: of.iter().filter(|one| one.missing).count(),
        });
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(prefix: &str, count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{prefix}{n}")).collect()
    }

    fn task(positive: usize, negative: usize) -> Task {
        Task {
            _id: "t".into(),
            kind: "noise".into(),
            query: "问".into(),
            accept: Vec::new(),
            positive: ids("p", positive),
            negative: ids("n", negative),
            positive_groups: vec![ids("a", 4), ids("b", 2), ids("c", 1)],
            fake_answer: Fake::One("170".into()),
            positive_wrong: ids("wrong ", 3),
        }
    }

    /// How many of the passages begin with each of `prefixes`.
    fn check(task: &Task, ability: Ability, ratio: f64, prefixes: &str, expect: &[usize]) {
        let all: Vec<CorpusLine> = ["p", "n", "a", "b", "c"]
            .iter()
            .flat_map(|prefix| ids(prefix, 9))
            .map(|id| CorpusLine { title: String::new(), text: format!("第 {id} 段"), _id: id })
            .collect();
        let corpus: BTreeMap<&str, &CorpusLine> = all.iter().map(|line| (line._id.as_str(), line)).collect();
        let passages = chosen(task, ability, ratio, 1, &corpus);
        let names: Vec<&str> = passages.iter().map(|passage| passage.id.doc.0.as_str()).collect();
        let count = |prefix: char| names.iter().filter(|name| name.starts_with(prefix)).count();
        assert_eq!(prefixes.chars().map(count).collect::<Vec<_>>(), expect, "{ability:?} {ratio} {names:?}");
        assert_eq!(passages, chosen(task, ability, ratio, 1, &corpus), "the same seed draws the same");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "none comes twice");
    }

    #[test]
    fn passages_are_as_the_paper_has_them() {
        check(&task(9, 9), Ability::Noise, 0.0, "pn", &[5, 0]);
        check(&task(9, 9), Ability::Noise, 0.4, "pn", &[3, 2]);
        check(&task(9, 9), Ability::Noise, 0.8, "pn", &[1, 4]);
        check(&task(2, 9), Ability::Noise, 0.0, "pn", &[2, 3]);
        check(&task(9, 1), Ability::Noise, 0.8, "pn", &[4, 1]);
        check(&task(9, 9), Ability::Rejection, 1.0, "pn", &[0, 5]);
        check(&task(9, 3), Ability::Rejection, 1.0, "pn", &[0, 3]);
        check(&task(9, 9), Ability::Integration, 0.0, "abcn", &[2, 2, 1, 0]);
        check(&task(9, 9), Ability::Integration, 0.4, "abcn", &[1, 1, 1, 2]);
        check(&task(9, 9), Ability::Counterfactual, 0.0, "tn", &[3, 0]);
    }

    #[test]
    fn a_fake_answer_of_several_parts_stands_there_whole() {
        let fake = |json: &str| serde_json::from_str::<Fake>(json).unwrap();
        assert!(fake("\"170\"").stands_in("共 1 7 0 席") && !fake("\"170\"").stands_in("70 席"));
        let both = fake("[\"中国\", \"北京\"]");
        assert!(both.stands_in("在中国北京") && !both.stands_in("在北京"));
        assert!(!Fake::default().stands_in("什么都行"));
    }

    #[test]
    fn a_cell_counts_its_own_questions() {
        let one = |ability, ratio, exact, fake| Answered {
            id: "t".into(),
            ability,
            ratio,
            question: String::new(),
            answer: None,
            reason: None,
            exact,
            partial: 0.5,
            rejected: !exact,
            fake,
            missing: false,
            total_ms: 1.0,
        };
        let all = [
            one(Ability::Noise, 0.0, true, false),
            one(Ability::Noise, 0.0, false, false),
            one(Ability::Noise, 0.2, true, false),
            one(Ability::Counterfactual, 0.0, true, true),
            one(Ability::Counterfactual, 0.0, true, false),
        ];
        let cells = cells(&all);
        let shown: Vec<_> = cells.iter().map(|cell| (cell.questions, cell.exact.value, cell.rejected.value)).collect();
        assert_eq!(shown, [(2, 0.5, 0.5), (1, 1.0, 0.0), (2, 1.0, 0.0)]);
        let (fake, corrected) = (cells[2].fake.unwrap(), cells[2].corrected.unwrap());
        assert_eq!((fake.value, corrected.value, cells[0].fake), (0.5, 0.5, None));
    }
}
