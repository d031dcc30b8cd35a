//! Shots under evaluation: none may stand in a test split, and their kinds should be those of the questions asked.

use super::files::read_lines;
use super::suite::{QUERY_LINE, QueryLine};
use super::{EvalProblem, Suite};
use crate::engine::{Engine, Plan, Shot, fold};
use crate::error::Result;
use crate::language::{Lang, is_han};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Han characters and words in a row that two texts have in common only if one is taken from the other.
const GRAM: usize = 8;
/// Total variation from which the kinds of shots are other than those of the questions.
const DISTANCE_MAX: f64 = 0.25;

/// Shots that would let a model read the test beforehand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leak {
    /// Counts from 1, as the lines of the file do.
    pub shot: usize,
    pub topic: String,
    /// What both have; the whole question where it is the same.
    pub shared: String,
}

/// Shares of kinds among the shots, and among questions they are compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// What the questions are: `dev`, `journal`.
    pub questions: &'static str,
    /// How kinds are told: `type`, as the suite says, or `plan`, by the rules of `rag ask --trace`.
    pub by: &'static str,
    pub shots: BTreeMap<String, f64>,
    pub asked: BTreeMap<String, f64>,
    /// Half the sum of the differences, 0 to 1: the share of shots that would have to be of another kind.
    pub distance: f64,
    /// Kinds that are asked for and of which there is no shot.
    pub missing: Vec<String>,
}

/// What is to be said of the shots of one language. Serialized as `rag eval shots --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShotReport {
    pub lang: &'static str,
    pub shots: usize,
    pub leaks: Vec<Leak>,
    /// By type against dev; by plan against dev, and against the journal where something is logged.
    pub distributions: Vec<Distribution>,
}

impl ShotReport {
    /// No leak, and the types are those of the dev questions.
    pub fn is_sound(&self) -> bool {
        let by_type = self.distributions.iter().filter(|distribution| distribution.by == "type");
        self.leaks.is_empty() && by_type.into_iter().all(|distribution| distribution.distance <= DISTANCE_MAX)
    }
}

/// Compares the shots in use with the splits `dev` and `test` of the suite in `folder`, and with what is logged.
pub fn check_shots(folder: &Path, engine: &Engine) -> Result<Vec<ShotReport>> {
    let (dev, test) = (questions(folder, "dev")?, questions(folder, "test")?);
    let logged: Vec<String> = engine.log(None)?.into_iter().map(|logged| logged.entry.question).collect();
    let report = |lang: Lang| {
        let shots = engine.shots(lang)?;
        let asked: Vec<&str> = shots.iter().filter_map(|shot| shot.question.as_deref()).collect();
        let plans = |texts: &[&str]| shares(texts.iter().map(|text| Plan::of(text).kind.name()));
        let texts: Vec<&str> = dev.iter().map(|line| line.text.as_str()).collect();
        let types = shares(dev.iter().map(|line| line.slice.as_str()));
        let mut distributions = vec![
            compared("dev", "type", shares(shots.iter().map(|shot| shot.kind.as_str())), types),
            compared("dev", "plan", plans(&asked), plans(&texts)),
        ];
        if !logged.is_empty() {
            let texts: Vec<&str> = logged.iter().map(String::as_str).collect();
            distributions.push(compared("journal", "plan", plans(&asked), plans(&texts)));
        }
        let leaks = leaks(&shots, test.iter().map(|line| (line._id.as_str(), line.text.as_str())));
        Ok(ShotReport { lang: lang.pick("zh", "en"), shots: shots.len(), leaks, distributions })
    };
    [Lang::Zh, Lang::En].into_iter().map(report).collect()
}

/// The questions of a split, judged or not.
fn questions(folder: &Path, split: &str) -> Result<Vec<QueryLine>> {
    let own = folder.join("topics.jsonl");
    if !own.is_file() {
        let topics = Suite::read(folder, Some(split))?.topics;
        let line = |topic: super::Topic| QueryLine {
            _id: topic.id,
            text: topic.text,
            slice: topic.slice,
            split: None,
            history: Vec::new(),
        };
        return Ok(topics.into_iter().map(line).collect());
    }
    let lines = read_lines::<QueryLine>(&own, QUERY_LINE)?;
    let of_split: Vec<QueryLine> = lines.into_iter().filter(|line| line.split.as_deref() == Some(split)).collect();
    match of_split.is_empty() {
        false => Ok(of_split),
        true => {
            let suite = folder.display().to_string();
            Err(EvalProblem::NoSplit { suite, split: split.into(), known: Vec::new() }.into())
        }
    }
}

fn leaks<'a>(shots: &[Shot], test: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for (index, shot) in shots.iter().enumerate() {
        let texts = shot.question.iter().chain(shot.passages.iter().map(|passage| &passage.text)).chain([&shot.answer]);
        let (mut whole, mut grams) = (BTreeSet::new(), BTreeSet::new());
        for units in texts.map(|text| units(text)) {
            grams.extend(units.windows(GRAM).map(|gram| gram.join(" ")));
            whole.insert(units);
        }
        for (topic, question) in test.clone() {
            let asked = units(question);
            let shared = match whole.contains(&asked) {
                true => Some(question.to_string()),
                false => asked.windows(GRAM).map(|gram| gram.join(" ")).find(|gram| grams.contains(gram)),
            };
            leaks.extend(shared.map(|shared| Leak { shot: index + 1, topic: topic.into(), shared }));
        }
    }
    leaks
}

/// Han characters, and words of other letters and digits, in one width, case and script.
fn units(text: &str) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in fold(text).chars() {
        let continues = in_word && c.is_alphanumeric() && !is_han(c);
        match units.last_mut() {
            Some(word) if continues => word.push(c),
            _ if c.is_alphanumeric() => units.push(c.into()),
            _ => {}
        }
        in_word = c.is_alphanumeric() && !is_han(c);
    }
    units
}

fn shares<'a>(kinds: impl Iterator<Item = &'a str>) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    let mut count = 0.0;
    for kind in kinds {
        *shares.entry(kind.into()).or_default() += 1.0;
        count += 1.0;
    }
    shares.values_mut().for_each(|share| *share /= count);
    shares
}

fn compared(
    questions: &'static str,
    by: &'static str,
    shots: BTreeMap<String, f64>,
    asked: BTreeMap<String, f64>,
) -> Distribution {
    let kinds: BTreeSet<&String> = shots.keys().chain(asked.keys()).collect();
    let share = |of: &BTreeMap<String, f64>, kind: &str| of.get(kind).copied().unwrap_or_default();
    let differences = kinds.iter().map(|kind| (share(&shots, kind) - share(&asked, kind)).abs());
    let distance = differences.sum::<f64>() / 2.0;
    let missing = asked.keys().filter(|kind| !shots.contains_key(*kind)).cloned().collect();
    Distribution { questions, by, distance, missing, shots, asked }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(question: &str, answer: &str) -> Shot {
        Shot {
            kind: "D".into(),
            question: Some(question.into()),
            passages: Vec::new(),
            answer: answer.into(),
            steps: String::new(),
        }
    }

    fn check(question: &str, answer: &str, test: &str, expect: Option<&str>) {
        let leaks = leaks(&[shot(question, answer)], [("t1", test)].into_iter());
        assert_eq!(leaks.first().map(|leak| leak.shared.as_str()), expect, "{test}");
    }

    #[test]
    fn the_same_question_in_another_spelling_is_a_leak() {
        check("什么是ＱＬｏＲＡ?", "甲", "什么是 qlora", Some("什么是 qlora"));
        check("什麼是潮汐", "甲", "什么是潮汐？", Some("什么是潮汐？"));
        check("什么是潮汐", "甲", "什么是榫卯", None);
    }

    #[test]
    fn eight_characters_or_words_in_a_row_are_a_leak_and_seven_are_none() {
        check("甲", "倒排索引把词映射到文档", "请问倒排索引把词映射对吗", Some("倒 排 索 引 把 词 映 射"));
        check("甲", "倒排索引把词映射到文档", "请问倒排索引把词映吗", None);
        check(
            "how many books may i lend at once here",
            "甲",
            "so how many books may I lend at once",
            Some("how many books may i lend at once"),
        );
    }

    #[test]
    fn shares_and_their_distance_are_counted_by_hand() {
        let shots = shares(["D", "D", "N", "U"].into_iter());
        let asked = shares(["D", "N", "N", "P"].into_iter());
        let Distribution { distance, missing, .. } = compared("dev", "type", shots, asked);
        // |.5−.25| + |.25−.5| + |.25−0| + |0−.25|, halved.
        assert!((distance - 0.5).abs() < 1e-9, "{distance}");
        assert_eq!(missing, ["P"]);
    }
}
