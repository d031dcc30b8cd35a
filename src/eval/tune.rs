//! Tuning: the calibration under which a fusion serves several suites, learnt from their judgements.
//!
//! Every point of a grid is tried on every suite; the one whose [`worth`] over all suites is best is the outcome. How
//! far it carries is told by leaving one suite out: chosen on the others, judged on it. A guard is a suite that must not
//! fall below its better leg and whose gains do not count: where one leg is right already, there is nothing to learn but
//! not to harm it.

use super::answerable::{self, Answerable};
use super::bench::{Progress, prepared};
use super::stats::mean;
use super::{Comparison, EvalProblem, Grades, Metric, Suite, compare};
use crate::engine::{Calibration, Calibrations, Candidate, Engine, Rrf, Stage, WORDS_ALONE, gap_of};
use crate::error::Result;
use serde::Serialize;

pub(super) const METRIC: Metric = Metric::Ndcg(10);
/// Documents that the metric looks at.
const TOP: usize = 10;
/// How much worse it is to lose a point to the better leg than to miss one above it.
pub(super) const SHORTFALL_WEIGHT: f64 = 10.0;

/// What the legs bring for the topics of one suite.
pub struct Pools {
    pub suite: String,
    pub(super) is_guard: bool,
    /// Grade from which a document is relevant.
    pub(super) rel: i32,
    pub(super) topics: Vec<TopicPool>,
    /// Questions that the suite's documents do not answer.
    pub(super) strangers: Vec<TopicPool>,
}

pub(super) struct TopicPool {
    gap: f32,
    pub(super) scored: Vec<Scored>,
    pub(super) grades: Grades,
}

pub(super) struct Scored {
    pub(super) document: String,
    bm25: f32,
    pub(super) cosine: f32,
    exact: f32,
    name: f32,
    rrf: f32,
    /// Share of the question's terms, weighted by idf.
    pub(super) coverage: f32,
}

/// How a suite is used.
#[derive(Debug, Clone, Default)]
pub struct Role {
    pub is_guard: bool,
    /// Questions that belong to other collections.
    pub strangers: Vec<String>,
}

/// One suite under the tuned calibration. Means of nDCG@10.
#[derive(Debug, Clone, Serialize)]
pub struct Tuned {
    pub suite: String,
    pub is_guard: bool,
    pub topics: usize,
    pub lexical: f64,
    pub dense: f64,
    pub rrf: f64,
    /// With the calibration chosen on all suites.
    pub fused: f64,
    /// With the one chosen on the other suites; none where there is no other.
    pub left_out: Option<f64>,
    /// Of `left_out`, or of `fused` without one, against the better leg.
    pub against_better_leg: Comparison,
    pub against_rrf: Comparison,
}

#[derive(Debug, Clone, Serialize)]
pub struct Tuning {
    pub calibration: Calibration,
    pub suites: Vec<Tuned>,
    /// Means of the suites: fused (left out where it can be) against the leg that is better over all of them.
    pub over_suites: Comparison,
    pub answerable: Vec<Answerable>,
}

/// What the legs bring for every topic of a suite, and the name of the embedder.
pub fn pools(suite: &Suite, role: &Role, engine: &Engine, on: &mut dyn FnMut(Progress<'_>)) -> Result<(String, Pools)> {
    let strangers = role.strangers.iter().map(String::as_str);
    let texts: Vec<&str> = suite.topics.iter().map(|topic| topic.text.as_str()).chain(strangers).collect();
    let engine = prepared(suite, &[], engine, &texts, on)?;
    let mut topics = Vec::with_capacity(suite.topics.len());
    let total = texts.len();
    for (index, topic) in suite.topics.iter().enumerate() {
        let grades = suite.qrels.grades(&topic.id).cloned().unwrap_or_default();
        topics.push(TopicPool::of(&topic.text, grades, &engine)?);
        on(Progress::Searched { system: "pool", done: index + 1, total });
    }
    let strangers = role.strangers.iter().enumerate().map(|(index, text)| {
        on(Progress::Searched { system: "pool", done: topics.len() + index, total });
        TopicPool::of(text, Grades::new(), &engine)
    });
    let strangers = strangers.collect::<Result<_>>()?;
    let pools = Pools { suite: suite.name.clone(), is_guard: role.is_guard, rel: suite.rel, topics, strangers };
    Ok((engine.embedder_name()?, pools))
}

impl TopicPool {
    fn of(text: &str, grades: Grades, engine: &Engine) -> Result<TopicPool> {
        let pool = engine.pool(text)?;
        let coverages = engine.coverages(text, &pool)?;
        let scored = pool.into_iter().zip(coverages).map(|(candidate, coverage)| Scored::new(candidate, coverage));
        let scored: Vec<Scored> = scored.collect();
        Ok(TopicPool { gap: gap_of(scored.iter().map(|scored| scored.cosine).collect()), scored, grades })
    }

    pub(super) fn fused(&self, scored: &Scored, calibration: &Calibration) -> f32 {
        let Scored { bm25, cosine, exact, name, .. } = *scored;
        calibration.points(calibration.weight_dense(self.gap), bm25, cosine, exact, name)
    }
}

impl Scored {
    fn new(candidate: Candidate, coverage: f32) -> Scored {
        let score = |stage| candidate.score_of(stage).unwrap_or_default();
        Scored {
            bm25: score(Stage::Lexical),
            cosine: score(Stage::Dense),
            exact: score(Stage::Exact),
            name: score(Stage::Name),
            rrf: Rrf::default().score(&candidate.trail),
            coverage,
            document: candidate.chunk.doc.0,
        }
    }
}

impl Pools {
    /// The metric of each topic, its candidates ordered by `score`.
    fn judged(&self, score: impl Fn(&TopicPool, &Scored) -> f32) -> Vec<f64> {
        let of = |topic: &TopicPool| {
            let scored = topic.scored.iter().map(|scored| (score(topic, scored), scored.document.as_str()));
            judged(scored.collect(), &topic.grades)
        };
        self.topics.iter().map(of).collect()
    }

    fn fused(&self, calibration: &Calibration) -> Vec<f64> {
        self.judged(|topic, scored| topic.fused(scored, calibration))
    }
}

/// The metric of documents with these scores, ranked as a run is: falling score, ties by falling id, a document once.
pub(super) fn judged(mut scored: Vec<(f32, &str)>, grades: &Grades) -> f64 {
    scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(a.1)));
    let mut top: Vec<&str> = Vec::with_capacity(TOP);
    for (_, document) in scored {
        if !top.contains(&document) {
            top.push(document);
        }
        if top.len() == TOP {
            break;
        }
    }
    METRIC.score(&top, grades, 1)
}

/// Finds the calibration for `suites`; each counts alike. `on` hears how many of how many points are tried.
pub fn tune(suites: &[Pools], on: &mut dyn FnMut(usize, usize)) -> Result<Tuning> {
    let gaps = suites.iter().flat_map(|suite| suite.topics.iter().map(|topic| topic.gap));
    let Some(gap) = median(gaps.filter(|gap| *gap > 0.0).collect()) else {
        return Err(EvalProblem::NothingToTune.into());
    };
    let legs: Vec<[Vec<f64>; 2]> = suites
        .iter()
        .map(|suite| [suite.judged(|_, scored| scored.bm25), suite.judged(|_, scored| scored.cosine)])
        .collect();
    let better: Vec<f64> = legs.iter().map(|[lexical, dense]| mean(lexical).max(mean(dense))).collect();
    let grid = grid(gap);
    // Means by point of the grid and suite: leaving a suite out needs no other search.
    let mut tried: Vec<Vec<f64>> = Vec::with_capacity(grid.len());
    for calibration in &grid {
        tried.push(suites.iter().map(|suite| mean(&suite.fused(calibration))).collect());
        on(tried.len(), grid.len());
    }
    let chosen = |left_out: Option<usize>| {
        let objective = |point: &[f64]| {
            let kept = (0..suites.len()).filter(|at| Some(*at) != left_out);
            kept.map(|at| worth(point[at], better[at], suites[at].is_guard)).sum::<f64>()
        };
        let best = tried.iter().enumerate().max_by(|a, b| objective(a.1).total_cmp(&objective(b.1)));
        grid[best.map_or(0, |(at, _)| at)]
    };
    let mut calibration = chosen(None);
    let (relevance, answerable) = answerable::learn(suites, &calibration);
    calibration.relevance = relevance;
    let mut tuned = Vec::new();
    for (at, suite) in suites.iter().enumerate() {
        let fused = suite.fused(&calibration);
        let left_out = (suites.len() > 1).then(|| suite.fused(&chosen(Some(at))));
        let judged = left_out.as_ref().unwrap_or(&fused);
        let [lexical, dense] = &legs[at];
        let leg = if mean(lexical) >= mean(dense) { ("lexical", lexical) } else { ("dense", dense) };
        let rrf = suite.judged(|_, scored| scored.rrf);
        let against = |name: &str, other: &[f64]| compare(("fused", judged), (name, other), &METRIC.to_string(), "");
        tuned.push(Tuned {
            suite: suite.suite.clone(),
            is_guard: suite.is_guard,
            topics: suite.topics.len(),
            lexical: mean(lexical),
            dense: mean(dense),
            rrf: mean(&rrf),
            fused: mean(&fused),
            left_out: left_out.as_deref().map(mean),
            against_better_leg: against(leg.0, leg.1),
            against_rrf: against("rrf", &rrf),
        });
    }
    let over = |of: fn(&Tuned) -> f64| tuned.iter().map(of).collect::<Vec<f64>>();
    let (lexical, dense) = (over(|t| t.lexical), over(|t| t.dense));
    let leg = if mean(&lexical) >= mean(&dense) { ("lexical", &lexical) } else { ("dense", &dense) };
    let fused = over(|t| t.left_out.unwrap_or(t.fused));
    let over_suites = compare(("fused", &fused), (leg.0, leg.1), &METRIC.to_string(), "");
    Ok(Tuning { calibration, suites: tuned, over_suites, answerable })
}

/// What a suite's mean adds to the objective; `better` is that of its better leg.
fn worth(value: f64, better: f64, is_guard: bool) -> f64 {
    let gain = if is_guard { 0.0 } else { value - better };
    gain - SHORTFALL_WEIGHT * (better - value).max(0.0)
}

/// Scales by steps of a tenth, each with several degrees of trust and worths of an identifier.
fn grid(gap: f32) -> Vec<Calibration> {
    let mut grid = Vec::new();
    for scale in (0..66).map(|step| 10.0 * 1.1f32.powi(step)) {
        for trust in [0.0, 0.1, 0.2] {
            grid.extend([0.0, 5.0, 10.0].map(|exact| Calibration {
                scale,
                gap,
                trust,
                exact,
                maxsim: 0.0,
                relevance: WORDS_ALONE,
            }));
        }
    }
    grid
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

/// As a file of calibrations holds it: the tables that were there, and that of `embedder`; what MaxSim is worth
/// beside them is learnt by [`super::tune_maxsim`] and stays.
pub fn calibration_file(known: Calibrations, embedder: &str, outcome: &Tuning) -> String {
    let mut tables = known;
    let maxsim = tables.get(embedder).map_or(0.0, |known| known.maxsim);
    tables.insert(embedder.into(), Calibration { maxsim, ..outcome.calibration });
    calibrations_file(&tables)
}

/// As [`read_calibrations`](crate::engine::read_calibrations) reads them.
pub fn calibrations_file(tables: &Calibrations) -> String {
    let head = "# What an embedder's cosines are worth beside BM25, and what is relevant at all. Written by `rag eval tune --write`.\n";
    format!("{head}{}", toml::to_string(tables).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A topic whose one relevant document is `at` in the lexical leg and first in the dense one, or the other way.
    fn topic(lexical_is_right: bool) -> TopicPool {
        let scored = |n: usize| {
            let (right, wrong) = (if n == 0 { 1.0 } else { 0.0 }, if n == 1 { 1.0 } else { 0.0 });
            let (bm25, cosine) = if lexical_is_right { (10.0 * right, 0.01 * wrong) } else { (wrong, 0.1 * right) };
            Scored { document: format!("d{n}"), bm25, cosine, exact: 0.0, name: 0.0, rrf: 0.0, coverage: 0.5 }
        };
        TopicPool { gap: 0.1, scored: (0..12).map(scored).collect(), grades: [("d0".to_string(), 1)].into() }
    }

    fn suite(name: &str, lexical_is_right: bool) -> Pools {
        Pools {
            suite: name.into(),
            is_guard: false,
            rel: 1,
            topics: (0..20).map(|_| topic(lexical_is_right)).collect(),
            strangers: Vec::new(),
        }
    }

    #[test]
    fn a_calibration_is_found_under_which_both_suites_are_right() {
        let suites = [suite("words", true), suite("meaning", false)];
        let outcome = tune(&suites, &mut |_, _| ()).unwrap();
        // 10 points of BM25 must outweigh .01 of cosine, and .1 of cosine 1 point.
        assert!((10.0..=1000.0).contains(&outcome.calibration.scale), "{:?}", outcome.calibration);
        for tuned in &outcome.suites {
            assert_eq!(tuned.fused, 1.0, "{tuned:?}");
        }
        assert!(outcome.suites[0].dense < 1.0 && outcome.suites[1].lexical < 1.0);
    }

    #[test]
    fn nothing_to_tune_on_is_an_error() {
        assert!(tune(&[], &mut |_, _| ()).is_err());
    }
}
