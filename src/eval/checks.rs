//! Checks: the citation check itself, judged on sentences of which it is known whether a passage supports them.

use super::EvalProblem;
use super::files::read_lines;
use super::stats::{self, Interval};
use crate::engine::Engine;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A line of `pairs.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pair {
    pub id: String,
    pub passage: String,
    pub sentence: String,
    pub label: Label,
    /// How the sentence was made.
    pub kind: String,
    pub split: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    Supported,
    Altered,
}

/// What the check made of one pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairVerdict {
    pub id: String,
    pub kind: String,
    pub label: Label,
    pub is_supported: bool,
    /// Why not, where it is not.
    pub faults: Vec<String>,
    pub sentence: String,
}

/// How far the check can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    pub split: String,
    pub pairs: usize,
    /// Of what the check lets pass: rightly so.
    pub precision: f64,
    pub precision_ci95: Interval,
    /// Of what is supported: let pass.
    pub recall: f64,
    pub recall_ci95: Interval,
    /// Share of each kind that was judged rightly, and of how many.
    pub kinds: BTreeMap<String, (f64, usize)>,
}

/// Who checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checker {
    /// The check of words, as answers are checked.
    Words,
    /// The chat model, by the prompt `check`.
    Model,
}

/// Checks the pairs of `split` in the file at `path`. `on` hears how many of how many are done.
pub fn check_pairs(
    path: &Path,
    split: &str,
    by: Checker,
    engine: &Engine,
    on: &mut dyn FnMut(usize, usize),
) -> Result<(Vec<PairVerdict>, CheckReport)> {
    let line = "{\"id\":…,\"passage\":…,\"sentence\":…,\"label\":\"supported|altered\",\"kind\":…,\"split\":…}";
    let pairs: Vec<Pair> = read_lines(path, line)?;
    let of_split: Vec<Pair> = pairs.into_iter().filter(|pair| pair.split == split).collect();
    if of_split.is_empty() {
        return Err(EvalProblem::NoTopics { suite: path.display().to_string() }.into());
    }
    let total = of_split.len();
    on(0, total);
    let verdict = |(index, pair): (usize, Pair)| {
        let (is_supported, faults) = checked(&pair, by, engine)?;
        on(index + 1, total);
        Ok(PairVerdict {
            is_supported,
            faults,
            id: pair.id,
            kind: pair.kind,
            label: pair.label,
            sentence: pair.sentence,
        })
    };
    let verdicts: Vec<PairVerdict> = of_split.into_iter().enumerate().map(verdict).collect::<Result<_>>()?;
    let report = report(split, &verdicts);
    Ok((verdicts, report))
}

/// Whether the pair's sentence is supported, and why not. A model that does not say has not supported it.
fn checked(pair: &Pair, by: Checker, engine: &Engine) -> Result<(bool, Vec<String>)> {
    match by {
        Checker::Words => {
            let checked = engine.check(&pair.sentence, "", &pair.passage)?;
            Ok((checked.is_supported(), checked.faults.iter().map(|fault| format!("{fault:?}")).collect()))
        }
        Checker::Model => {
            let said = engine.entails(&pair.passage, &pair.sentence)?;
            let faults = if said.is_none() { vec!["Unreadable".into()] } else { Vec::new() };
            Ok((said == Some(true), faults))
        }
    }
}

fn report(split: &str, verdicts: &[PairVerdict]) -> CheckReport {
    let as_number = |is_so: bool| f64::from(u8::from(is_so));
    let passed = verdicts.iter().filter(|verdict| verdict.is_supported);
    let right: Vec<f64> = passed.map(|verdict| as_number(verdict.label == Label::Supported)).collect();
    let supported = verdicts.iter().filter(|verdict| verdict.label == Label::Supported);
    let kept: Vec<f64> = supported.map(|verdict| as_number(verdict.is_supported)).collect();
    let mut kinds: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for verdict in verdicts {
        let is_right = verdict.is_supported == (verdict.label == Label::Supported);
        kinds.entry(verdict.kind.clone()).or_default().push(as_number(is_right));
    }
    CheckReport {
        split: split.into(),
        pairs: verdicts.len(),
        precision: stats::mean(&right),
        precision_ci95: stats::interval(&right),
        recall: stats::mean(&kept),
        recall_ci95: stats::interval(&kept),
        kinds: kinds.into_iter().map(|(kind, values)| (kind, (stats::mean(&values), values.len()))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_is_of_what_passes_and_recall_of_what_is_supported() {
        let verdict = |label, is_supported| PairVerdict {
            id: String::new(),
            kind: "k".into(),
            label,
            is_supported,
            faults: Vec::new(),
            sentence: String::new(),
        };
        let (yes, no) = (Label::Supported, Label::Altered);
        let all = [verdict(yes, true), verdict(yes, true), verdict(yes, false), verdict(no, true), verdict(no, false)];
        let report = report("dev", &all);
        assert!((report.precision - 2.0 / 3.0).abs() < 1e-9 && (report.recall - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(report.kinds["k"], (0.6, 5));
    }
}
