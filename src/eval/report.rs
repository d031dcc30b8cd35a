//! A report: every system's values with intervals, by slice, and the comparisons.

use super::compare::{Comparison, compare};
use super::metric::{METRICS, Metric};
use super::stats::{self, Interval};
use super::{Run, Suite};
use serde::Serialize;
use std::collections::BTreeMap;

/// Values of one system over a set of topics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sliced {
    pub queries: usize,
    #[serde(flatten)]
    pub values: BTreeMap<String, f64>,
    /// Of the report's metric.
    pub ci95: Interval,
}

/// Serialized as in `rag eval retrieval --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct System {
    #[serde(flatten)]
    pub all: Sliced,
    /// Share of topics for which it found nothing.
    pub zero_results: f64,
    /// Milliseconds a query; `null` for a run read from a file.
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    pub queries_per_s: Option<f64>,
    pub slices: BTreeMap<String, Sliced>,
    /// Values of the report's metric, by topic in the suite's order.
    #[serde(skip)]
    pub by_topic: Vec<f64>,
}

/// Serialized as `rag eval retrieval --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub suite: String,
    pub split: String,
    pub queries: usize,
    /// What intervals and comparisons are about.
    pub metric: String,
    pub systems: BTreeMap<String, System>,
    pub comparisons: Vec<Comparison>,
}

impl Report {
    /// Adds what the queries took, milliseconds by system.
    pub fn time(&mut self, latencies: &BTreeMap<String, Vec<f64>>) {
        for (name, system) in &mut self.systems {
            let Some(times) = latencies.get(name).filter(|times| !times.is_empty()) else { continue };
            let mut sorted = times.clone();
            sorted.sort_by(f64::total_cmp);
            let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
            system.latency_p50_ms = Some(at(0.5));
            system.latency_p95_ms = Some(at(0.95));
            system.queries_per_s = Some(1e3 * times.len() as f64 / times.iter().sum::<f64>());
        }
    }
}

/// Judges the runs, first system first: each is compared with every one after it.
pub fn evaluate(suite: &Suite, runs: &[Run], metric: Metric) -> Report {
    let systems: Vec<(String, System)> =
        runs.iter().map(|run| (run.system.clone(), judge(suite, run, metric))).collect();
    let mut comparisons = Vec::new();
    for (index, (name, system)) in systems.iter().enumerate() {
        for (other_name, other) in &systems[index + 1..] {
            let (a, b) = ((other_name.as_str(), &other.by_topic[..]), (name.as_str(), &system.by_topic[..]));
            comparisons.push(compare(a, b, &metric.to_string(), ""));
            comparisons.extend(by_slice(suite, a, b, metric));
        }
    }
    Report {
        suite: suite.name.clone(),
        split: suite.split.clone(),
        queries: suite.topics.len(),
        metric: metric.to_string(),
        systems: systems.into_iter().collect(),
        comparisons,
    }
}

fn judge(suite: &Suite, run: &Run, metric: Metric) -> System {
    let scores: Vec<BTreeMap<Metric, f64>> = suite
        .topics
        .iter()
        .map(|topic| {
            let ranking: Vec<&str> = run.ranking(&topic.id).iter().map(|(document, _)| document.as_str()).collect();
            let grades = suite.qrels.grades(&topic.id).expect("topics without judgements were left out");
            METRICS.into_iter().map(|metric| (metric, metric.score(&ranking, grades, suite.rel))).collect()
        })
        .collect();
    let over = |of: &dyn Fn(&str) -> bool| {
        let chosen: Vec<&BTreeMap<Metric, f64>> =
            suite.topics.iter().zip(&scores).filter(|(topic, _)| of(&topic.slice)).map(|(_, scores)| scores).collect();
        let column = |metric: Metric| chosen.iter().map(|scores| scores[&metric]).collect::<Vec<f64>>();
        let values = METRICS.into_iter().map(|metric| (metric.to_string(), stats::mean(&column(metric))));
        Sliced { queries: chosen.len(), values: values.collect(), ci95: stats::interval(&column(metric)) }
    };
    let empty = suite.topics.iter().filter(|topic| run.ranking(&topic.id).is_empty()).count();
    System {
        all: over(&|_| true),
        zero_results: empty as f64 / suite.topics.len() as f64,
        latency_p50_ms: None,
        latency_p95_ms: None,
        queries_per_s: None,
        slices: suite.slices().into_iter().map(|slice| (slice.to_string(), over(&|of| of == slice))).collect(),
        by_topic: scores.iter().map(|scores| scores[&metric]).collect(),
    }
}

fn by_slice(suite: &Suite, a: (&str, &[f64]), b: (&str, &[f64]), metric: Metric) -> Vec<Comparison> {
    let of = |values: &[f64], slice: &str| -> Vec<f64> {
        suite.topics.iter().zip(values).filter(|(topic, _)| topic.slice == slice).map(|(_, value)| *value).collect()
    };
    let mut comparisons: Vec<Comparison> = suite
        .slices()
        .into_iter()
        .map(|slice| compare((a.0, &of(a.1, slice)), (b.0, &of(b.1, slice)), &metric.to_string(), slice))
        .collect();
    let raw: Vec<f64> = comparisons.iter().map(|comparison| comparison.p).collect();
    for (comparison, p) in comparisons.iter_mut().zip(stats::holm(&raw)) {
        comparison.p = p;
    }
    comparisons
}
