//! The report as one page that needs nothing else: bars with intervals, slices, the worst topics side by side.

use super::{Report, Run, Suite};
use crate::language::Lang;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;

const TEMPLATE: &str = include_str!("report.html");
/// Topics shown side by side.
const WORST: usize = 20;
/// Documents shown of each ranking.
const RANKS: usize = 5;

#[derive(Serialize)]
struct WorstTopic<'a> {
    id: &'a str,
    text: &'a str,
    slice: &'a str,
    /// Relevant documents with their grades, best first.
    gold: Vec<(&'a str, i32)>,
    columns: Vec<Column<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    system: &'a str,
    value: f64,
    /// Rank of the first relevant document.
    first: Option<usize>,
    /// Document, grade; `null` where it was not judged.
    documents: Vec<(&'a str, Option<i32>)>,
}

/// The page. Systems come in the order of `runs`.
pub fn page(suite: &Suite, runs: &[Run], report: &Report, lang: Lang) -> String {
    let systems: Vec<&str> = runs.iter().map(|run| run.system.as_str()).collect();
    let rows: Vec<_> = systems.iter().map(|name| (name, &report.systems[*name])).collect();
    let words: Vec<String> = report
        .comparisons
        .iter()
        .filter(|comparison| comparison.slice.is_empty())
        .map(|comparison| comparison.words(lang))
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    let values = context! {
        zh => lang == Lang::Zh,
        report => Value::from(Serde(report)),
        rows => Value::from(Serde(&rows)),
        words,
        slices => Value::from(Serde(suite.slices())),
        worst => Value::from(Serde(&worst(suite, runs, report))),
        rel => suite.rel,
    };
    environment.render_str(TEMPLATE, values).expect("a test renders the template with every kind of value")
}

/// The topics whose best system does worst, then those where the systems differ most.
fn worst<'a>(suite: &'a Suite, runs: &'a [Run], report: &Report) -> Vec<WorstTopic<'a>> {
    let values = |index: usize| runs.iter().map(move |run| report.systems[&run.system].by_topic[index]);
    let best = |index: usize| values(index).fold(0.0, f64::max);
    let spread = |index: usize| best(index) - values(index).fold(1.0, f64::min);
    let mut order: Vec<usize> = (0..suite.topics.len()).collect();
    order.sort_by(|a, b| best(*a).total_cmp(&best(*b)).then(spread(*b).total_cmp(&spread(*a))).then(a.cmp(b)));
    order.truncate(WORST);
    order.into_iter().map(|index| side_by_side(suite, runs, report, index)).collect()
}

fn side_by_side<'a>(suite: &'a Suite, runs: &'a [Run], report: &Report, index: usize) -> WorstTopic<'a> {
    let topic = &suite.topics[index];
    let grades = suite.qrels.grades(&topic.id).expect("topics without judgements were left out");
    let mut gold: Vec<(&str, i32)> =
        grades.iter().filter(|(_, grade)| **grade >= suite.rel).map(|(id, grade)| (id.as_str(), *grade)).collect();
    gold.sort_by_key(|(_, grade)| std::cmp::Reverse(*grade));
    let columns = runs.iter().map(|run| {
        let ranking = run.ranking(&topic.id);
        let grade = |document: &str| grades.get(document).copied();
        Column {
            system: &run.system,
            value: report.systems[&run.system].by_topic[index],
            first: ranking.iter().position(|(id, _)| grade(id).is_some_and(|g| g >= suite.rel)).map(|at| at + 1),
            documents: ranking.iter().take(RANKS).map(|(id, _)| (id.as_str(), grade(id))).collect(),
        }
    });
    WorstTopic { id: &topic.id, text: &topic.text, slice: &topic.slice, gold, columns: columns.collect() }
}
