//! A measure of answers: which of the questions asked it is about, and what share of them it counts.
//!
//! One table, so that a report card, a comparison of two models and an ablation mean the same by a name.

use super::asked::{Asked, Ended};
use super::stats::{self, Interval};
use crate::language::Lang;
use serde::Serialize;
use std::collections::BTreeMap;

/// Of one question asked: how much it adds to the share, and of how much; none where it is not about it.
type Count = fn(&Asked) -> Option<(f64, f64)>;

pub struct Measure {
    /// As in `--json`.
    pub name: &'static str,
    pub about: (&'static str, &'static str),
    /// Whether more of it is better.
    pub is_good: bool,
    /// Whether it is about the same questions whoever answers them: only then can two be compared question by question.
    pub is_paired: bool,
    count: Count,
}

const fn good(name: &'static str, about: (&'static str, &'static str), count: Count) -> Measure {
    Measure { name, about, is_good: true, is_paired: true, count }
}

const fn bad(name: &'static str, about: (&'static str, &'static str), count: Count) -> Measure {
    Measure { is_good: false, ..good(name, about, count) }
}

/// Every share that a report card tells.
#[rustfmt::skip]
pub const MEASURES: &[Measure] = &[
    good("pass", ("断言全部成立", "all assertions hold"), |asked| of(!asked.should_abstain, asked.passed)),
    good("citation_valid", ("引用都核对得上", "citations valid"), |asked| of(has_answer(asked), asked.citations_valid)),
    good("supported", ("有依据的句子", "sentences supported"), |asked| (has_answer(asked) && asked.claims > 0).then_some((asked.supported as f64, asked.claims as f64))),
    bad("unsupported_number", ("有无依据且未标出的数字", "unmarked unsupported number"), |asked| of(has_answer(asked), !asked.stray_figures.is_empty())),
    bad("false_refusal", ("误拒", "false refusal"), |asked| of(!asked.should_abstain, asked.ended == Ended::Abstained)),
    good("refusal_recall", ("拒答召回", "refusal recall"), |asked| of(asked.should_abstain, asked.ended == Ended::Abstained)),
    Measure { is_paired: false, ..good("refusal_precision", ("拒答精确", "refusal precision"), |asked| of(asked.ended == Ended::Abstained, asked.should_abstain)) },
    good("cited", ("有核对过的引用", "with a checked citation"), |asked| of(has_answer(asked), !asked.cited.is_empty())),
    good("nothing_withdrawn", ("没有撤回的标记", "no marker taken back"), |asked| of(has_answer(asked), asked.withdrawn == 0)),
    good("schema_valid", ("JSON 合规", "schema valid"), |asked| of(true, asked.schema_valid)),
    good("in_language", ("语言对", "in the right language"), |asked| of(has_answer(asked), asked.in_language?)),
    bad("extracted", ("改为摘录原句", "quoted instead"), |asked| of(has_answer(asked), asked.extracted)),
    bad("missing", ("没有答完", "no whole answer"), |asked| of(true, asked.ended == Ended::Missing)),
];

fn of(is_about: bool, is_so: bool) -> Option<(f64, f64)> {
    is_about.then_some((f64::from(u8::from(is_so)), 1.0))
}

fn has_answer(asked: &Asked) -> bool {
    asked.answer.is_some()
}

/// A share with its 95 % interval, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    pub value: f64,
    pub ci95: Interval,
    /// Cases counted; sentences where it is about sentences.
    pub of: usize,
}

impl Share {
    /// Of `(part, whole)` by question; the questions, not the cases, are what was drawn.
    pub fn of_clusters(clusters: &[(f64, f64)]) -> Share {
        let (part, whole) = clusters.iter().fold((0.0, 0.0), |sum, cluster| (sum.0 + cluster.0, sum.1 + cluster.1));
        let value = if whole > 0.0 { part / whole } else { 0.0 };
        Share { value, ci95: stats::ratio_interval(clusters), of: whole as usize }
    }

    pub fn of(cases: impl Iterator<Item = bool>) -> Share {
        Share::of_clusters(&cases.map(|is_so| (f64::from(u8::from(is_so)), 1.0)).collect::<Vec<_>>())
    }
}

/// The questions asked, each with all the times it was, in the order of the first time.
pub fn by_question(all: &[Asked]) -> Vec<Vec<&Asked>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut questions: Vec<Vec<&Asked>> = Vec::new();
    for asked in all {
        let at = *places.entry(&asked.id).or_insert(questions.len());
        if at == questions.len() {
            questions.push(Vec::new());
        }
        questions[at].push(asked);
    }
    questions
}

impl Measure {
    pub fn named(name: &str) -> Option<&'static Measure> {
        MEASURES.iter().find(|measure| measure.name == name)
    }

    pub fn label(&self, lang: Lang) -> &'static str {
        lang.pick(self.about.0, self.about.1)
    }

    /// Of one question however often it was asked; none where it is not about it.
    fn cluster(&self, times: &[&Asked]) -> Option<(f64, f64)> {
        let counted = times.iter().filter_map(|asked| (self.count)(asked));
        counted.reduce(|sum, count| (sum.0 + count.0, sum.1 + count.1))
    }

    pub fn share(&self, questions: &[Vec<&Asked>]) -> Share {
        Share::of_clusters(&questions.iter().filter_map(|times| self.cluster(times)).collect::<Vec<_>>())
    }

    /// The share of one question.
    pub fn value(&self, times: &[&Asked]) -> Option<f64> {
        self.cluster(times).map(|(part, whole)| part / whole)
    }
}

/// A quantity, as milliseconds or tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub mean: f64,
    pub p50: f64,
    /// Of the median.
    pub p50_ci95: Interval,
    pub p95: f64,
    pub of: usize,
}

impl Spread {
    /// None of nothing.
    pub fn of(mut values: Vec<f64>) -> Option<Spread> {
        if values.is_empty() {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        Some(Spread {
            mean: stats::mean(&values),
            p50: stats::percentile(&values, 0.5),
            p50_ci95: stats::median_interval(&values),
            p95: stats::percentile(&values, 0.95),
            of: values.len(),
        })
    }
}

pub struct Quantity {
    pub name: &'static str,
    pub about: (&'static str, &'static str),
    pub unit: &'static str,
    pub of: fn(&Asked) -> Option<f64>,
}

/// Every quantity that a report card tells.
#[rustfmt::skip]
pub const QUANTITIES: &[Quantity] = &[
    Quantity { name: "first_token_ms", about: ("首词元", "first token"), unit: "ms", of: |asked| asked.first_token_ms },
    Quantity { name: "total_ms", about: ("全程", "total"), unit: "ms", of: |asked| Some(asked.total_ms) },
    Quantity { name: "retrieve_ms", about: ("模型之前", "before the model"), unit: "ms", of: |asked| Some(asked.retrieve_ms) },
    Quantity { name: "prompt_tokens", about: ("提示词元", "prompt tokens"), unit: "", of: |asked| asked.prompt_tokens.map(f64::from) },
    Quantity { name: "completion_tokens", about: ("回答词元", "completion tokens"), unit: "", of: |asked| asked.completion_tokens.map(f64::from) },
];

impl Quantity {
    pub fn spread(&self, questions: &[Vec<&Asked>]) -> Option<Spread> {
        Spread::of(questions.iter().flatten().filter_map(|asked| (self.of)(asked)).collect())
    }

    /// The mean of one question.
    pub fn value(&self, times: &[&Asked]) -> Option<f64> {
        let values: Vec<f64> = times.iter().filter_map(|asked| (self.of)(asked)).collect();
        (!values.is_empty()).then(|| stats::mean(&values))
    }
}
