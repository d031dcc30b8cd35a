//! An ablation: one knob a row, each against the default, on the same topics with the same tests.

use super::bench::{self, Progress, bench};
use super::compare::{Comparison, compare};
use super::files::read_toml;
use super::report::evaluate;
use super::{Metric, Suite};
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
    /// Which system is looked at.
    #[serde(default = "hybrid")]
    system: String,
    row: Vec<Row>,
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

impl Ablation {
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
        let rows =
            std::iter::once(Row { name: "default".into(), set: BTreeMap::new() }).chain(self.row.iter().cloned());
        for row in rows {
            let settings: Vec<(String, String)> =
                row.set.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            let changed = engine.with_settings(&settings)?;
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
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
