//! An ablation: one knob a row, each against the default, on the same topics with the same tests.
//!
//! Of rankings, or with `kind = "answers"` of answers, where every row asks the model every question.

use super::answers::{Selection, ask_all};
use super::asked::Asked;
use super::bench::{self, Progress, bench};
use super::card::ReportCard;
use super::compare::{Comparison, compare};
use super::files::read_toml;
use super::measure::by_question;
use super::migration::differences;
use super::report::evaluate;
use super::{EvalProblem, Metric, Suite};
use crate::engine::Engine;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rows of a file: `[[row]]` with a name and the settings that differ from the default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ablation {
    /// Folder of the suite, relative to the file.
    suite: PathBuf,
    split: Option<String>,
    #[serde(default)]
    kind: Kind,
    /// Which system is looked at.
    #[serde(default = "hybrid")]
    system: String,
    row: Vec<Row>,
}

/// What the rows are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Retrieval,
    Answers,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    /// Dotted names, as `rag config` lists them.
    set: BTreeMap<String, toml::Value>,
}

fn hybrid() -> String {
    "hybrid".into()
}

/// One row's outcome. The first row of an ablation is the default itself.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    pub name: String,
    pub values: BTreeMap<String, f64>,
    /// Against the default; none for the default.
    pub comparison: Option<Comparison>,
}

/// One row's answers. The first row is the default itself.
#[derive(Debug, Clone, Serialize)]
pub struct AnswersOutcome {
    pub name: String,
    pub card: ReportCard,
    /// By metric, against the default, of the questions that both were asked; empty for the default.
    pub differences: BTreeMap<&'static str, Comparison>,
}

impl Ablation {
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn read(path: &Path) -> Result<Ablation> {
        let mut ablation: Ablation = read_toml(path)?;
        ablation.suite = path.parent().unwrap_or(Path::new(".")).join(&ablation.suite);
        Ok(ablation)
    }

    /// Runs the default and every row; what differs in indexing is indexed apart. `on` hears the row's name too.
    pub fn run(&self, engine: &Engine, metric: Metric, on: &mut dyn FnMut(&str, Progress<'_>)) -> Result<Vec<Outcome>> {
        let suite = Suite::read(&self.suite, self.split.as_deref())?;
        let options = bench::Options { systems: vec![self.system.clone()] };
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut default: Vec<f64> = Vec::new();
        for row in self.rows() {
            let changed = engine.with_settings(&row.settings())?;
            let ran = bench(&suite, &changed, &options, &mut |progress| on(&row.name, progress))?;
            let report = evaluate(&suite, &ran.runs, metric);
            let system = &report.systems[&self.system];
            let comparison = (!outcomes.is_empty())
                .then(|| compare((&row.name, &system.by_topic), ("default", &default), &report.metric, ""));
            if outcomes.is_empty() {
                default = system.by_topic.clone();
            }
            outcomes.push(Outcome { name: row.name, values: system.all.values.clone(), comparison });
        }
        Ok(outcomes)
    }

    fn rows(&self) -> Vec<Row> {
        let default = Row { name: "default".into(), set: BTreeMap::new() };
        std::iter::once(default).chain(self.row.iter().cloned()).collect()
    }

    /// Asks the suite's questions under every row. With `records`, a folder, each row's answers are kept there, and what is
    /// there already is not asked again. `on_row` hears each row as it is done.
    pub fn run_answers(
        &self,
        engine: &Engine,
        selection: &Selection,
        records: Option<&Path>,
        on: &mut dyn FnMut(&str, Progress<'_>),
        on_row: &mut dyn FnMut(&AnswersOutcome),
    ) -> Result<Vec<AnswersOutcome>> {
        let selection = Selection { split: selection.split.clone().or(self.split.clone()), ..selection.clone() };
        let mut outcomes: Vec<AnswersOutcome> = Vec::new();
        let mut default: Vec<Asked> = Vec::new();
        for row in self.rows() {
            let changed = engine.with_settings(&row.settings())?;
            let path = records.map(|folder| folder.join(row.file_name()));
            let on = &mut |progress: Progress<'_>| on(&row.name, progress);
            let (all, card) = ask_all(&self.suite, &selection, &changed, path.as_deref(), on)?;
            let of_row = by_question(&all);
            let of_default = by_question(&default);
            let pairs: Vec<(&[&Asked], &[&Asked])> = of_default
                .iter()
                .filter_map(|times| Some((times, of_row.iter().find(|other| other[0].id == times[0].id)?)))
                .map(|(default, row)| (default.as_slice(), row.as_slice()))
                .collect();
            let differences = differences(&pairs, ("default", &row.name));
            let outcome = AnswersOutcome { name: row.name.clone(), card, differences };
            on_row(&outcome);
            outcomes.push(outcome);
            if default.is_empty() {
                default = all;
            }
        }
        Ok(outcomes)
    }

    /// An error where two rows would be kept in one file.
    pub fn check_names(&self) -> Result<()> {
        let mut names: Vec<String> = self.rows().iter().map(Row::file_name).collect();
        names.sort();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(EvalProblem::SameRow { name: pair[0].clone() }.into()),
            None => Ok(()),
        }
    }
}

impl Row {
    fn settings(&self) -> Vec<(String, String)> {
        self.set.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
    }

    /// Its record's, within a folder: letters, digits and hyphens of the name.
    fn file_name(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        format!("{}.jsonl", self.name.chars().map(plain).collect::<String>())
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ablation(text: &str) -> Result<Ablation, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn rows_come_behind_the_default_and_are_of_rankings_unless_told() {
        let text = "suite = \"s\"\n[[row]]\nname = \"top 5\"\nset = { \"chat.passages\" = 5 }\n";
        let plain = ablation(text).unwrap();
        assert_eq!((plain.kind(), plain.rows().len()), (Kind::Retrieval, 2));
        assert_eq!(plain.rows()[1].settings(), [("chat.passages".to_string(), "5".to_string())]);
        assert_eq!(plain.rows()[1].file_name(), "top-5.jsonl");
        assert_eq!(ablation(&format!("kind = \"answers\"\n{text}")).unwrap().kind(), Kind::Answers);
        assert!(ablation(&format!("kind = \"other\"\n{text}")).is_err());
        let twice = ablation(&format!("{text}[[row]]\nname = \"top/5\"\nset = {{}}\n")).unwrap();
        assert!(plain.check_names().is_ok() && twice.check_names().is_err());
    }
}
