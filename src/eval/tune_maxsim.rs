//! Tuning MaxSim: how many points of BM25 a unit of it is worth beside the calibration in use, learnt from judgements.
//!
//! As for the fusion, every point of a grid is tried on every suite, and leaving one suite out tells how far the choice
//! carries. Reading passages is slow, so a sample of each suite's topics is enough.

use super::bench::{Progress, prepared};
use super::stats::mean;
use super::tune::{METRIC, SHORTFALL_WEIGHT, judged};
use super::{Comparison, EvalProblem, Grades, Suite, compare};
use crate::engine::{Engine, Stage};
use crate::error::Result;
use serde::Serialize;

/// Points tried: steps of 25 up to 400.
const STEP: f32 = 25.0;
const STEPS: usize = 16;

/// What reranking reads for the topics of one suite.
pub struct Rereadings {
    pub suite: String,
    topics: Vec<Reread>,
}

struct Reread {
    grades: Grades,
    /// Document, fused score and MaxSim of each passage that was read, and the lowest MaxSim.
    passages: Vec<(String, f32, f32)>,
    lowest: f32,
}

/// One suite under the chosen points. Means of nDCG@10 over its sample.
#[derive(Debug, Clone, Serialize)]
pub struct TunedMaxSim {
    pub suite: String,
    pub topics: usize,
    pub before: f64,
    pub after: f64,
    /// With the points chosen on the other suites; none where there is no other.
    pub left_out: Option<f64>,
    /// Of `left_out`, or of `after` without one, against `before`.
    pub change: Comparison,
}

#[derive(Debug, Clone, Serialize)]
pub struct MaxSimTuning {
    pub points: f32,
    pub suites: Vec<TunedMaxSim>,
}

/// Reads the first passages of `sample` topics of the suite, spread evenly over it.
pub fn reread(suite: &Suite, sample: usize, engine: &Engine, on: &mut dyn FnMut(Progress<'_>)) -> Result<Rereadings> {
    let count = suite.topics.len().min(sample);
    let topics: Vec<_> = (0..count).map(|at| &suite.topics[at * suite.topics.len() / count]).collect();
    let texts: Vec<&str> = topics.iter().map(|topic| topic.text.as_str()).collect();
    let engine = prepared(suite, &[], engine, &texts, on)?;
    let mut read = Vec::with_capacity(count);
    for topic in topics {
        let candidates = engine.reread(&topic.text)?.into_iter();
        let scored = candidates.filter_map(|candidate| {
            let (fused, maxsim) = (candidate.score_of(Stage::Fusion)?, candidate.score_of(Stage::Reranker)?);
            Some((candidate.chunk.doc.0, fused, maxsim))
        });
        let passages: Vec<(String, f32, f32)> = scored.collect();
        let lowest = passages.iter().map(|passage| passage.2).min_by(f32::total_cmp).unwrap_or_default();
        read.push(Reread { grades: suite.qrels.grades(&topic.id).cloned().unwrap_or_default(), passages, lowest });
        on(Progress::Searched { system: "maxsim", done: read.len(), total: count });
    }
    Ok(Rereadings { suite: suite.name.clone(), topics: read })
}

impl Rereadings {
    /// The metric of each topic at so many points.
    fn judged(&self, points: f32) -> Vec<f64> {
        let of = |topic: &Reread| {
            let score = |(_, fused, maxsim): &(String, f32, f32)| fused + points * (maxsim - topic.lowest);
            let scored = topic.passages.iter().map(|passage| (score(passage), passage.0.as_str()));
            judged(scored.collect(), &topic.grades)
        };
        self.topics.iter().map(of).collect()
    }
}

/// The points for `suites`; each counts alike.
pub fn tune_maxsim(suites: &[Rereadings]) -> Result<MaxSimTuning> {
    if suites.iter().all(|suite| suite.topics.is_empty()) {
        return Err(EvalProblem::NothingToTune.into());
    }
    let grid: Vec<f32> = (0..=STEPS).map(|step| STEP * step as f32).collect();
    let tried: Vec<Vec<Vec<f64>>> =
        grid.iter().map(|points| suites.iter().map(|suite| suite.judged(*points)).collect()).collect();
    let chosen = |left_out: Option<usize>| {
        let worth = |at: usize, suite: usize| {
            let change = mean(&tried[at][suite]) - mean(&tried[0][suite]);
            if change < 0.0 { SHORTFALL_WEIGHT * change } else { change }
        };
        let kept = || (0..suites.len()).filter(|suite| Some(*suite) != left_out);
        let objective = |at: usize| kept().map(|suite| worth(at, suite)).sum::<f64>();
        // Of equals the fewest points: `max_by` takes the last.
        (0..grid.len()).rev().max_by(|a, b| objective(*a).total_cmp(&objective(*b))).unwrap_or(0)
    };
    let best = chosen(None);
    let tuned = suites.iter().enumerate().map(|(suite, read)| {
        let (before, after) = (&tried[0][suite], &tried[best][suite]);
        let left_out = (suites.len() > 1).then(|| &tried[chosen(Some(suite))][suite]);
        TunedMaxSim {
            suite: read.suite.clone(),
            topics: read.topics.len(),
            before: mean(before),
            after: mean(after),
            left_out: left_out.map(|values| mean(values)),
            change: compare(("maxsim", left_out.unwrap_or(after)), ("fused", before), &METRIC.to_string(), ""),
        }
    });
    Ok(MaxSimTuning { points: grid[best], suites: tuned.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Topics whose relevant document is behind in the fusion by `behind` points, and ahead in MaxSim by `ahead`.
    fn suite(name: &str, behind: f32, ahead: f32) -> Rereadings {
        let topic = || Reread {
            grades: [("right".to_string(), 1)].into(),
            passages: vec![("right".into(), 10.0 - behind, 0.8 + ahead), ("wrong".into(), 10.0, 0.8)],
            lowest: 0.8f32.min(0.8 + ahead),
        };
        Rereadings { suite: name.into(), topics: (0..20).map(|_| topic()).collect() }
    }

    #[test]
    fn the_fewest_points_that_put_all_right_are_chosen() {
        // .1 of MaxSim must outweigh 9 points: 100 at least.
        let tuning = tune_maxsim(&[suite("a", 9.0, 0.1), suite("b", 4.0, 0.1)]).unwrap();
        assert_eq!(tuning.points, 100.0);
        assert!(tuning.suites.iter().all(|tuned| tuned.after == 1.0 && tuned.before < 1.0));
        assert!(tuning.suites[0].left_out.unwrap() < 1.0, "50 points, learnt on the other, are too few here");
    }

    #[test]
    fn a_suite_that_would_fall_holds_the_points_down() {
        let tuning = tune_maxsim(&[suite("a", 9.0, 0.1), suite("b", -1.0, -0.1)]).unwrap();
        assert_eq!(tuning.points, 0.0);
    }

    #[test]
    fn nothing_to_tune_on_is_an_error() {
        assert!(tune_maxsim(&[]).is_err());
    }
}
