//! Whether a question can be answered from what was found: the parameters of [`Relevance`], learnt from judgements.
//!
//! A question is answerable where a relevant document is among the first candidates. It is made unanswerable in two ways:
//! its relevant documents are hidden (hard: what is left is about the same thing), or it is asked of another suite's
//! collection (easy). Middles and slopes are those under which all of this is likeliest, the two kinds counting alike;
//! the floor is the highest that refuses at most one answerable question in twenty in every suite.

use super::tune::{Pools, Scored, TopicPool};
use crate::engine::{Calibration, EVIDENCE_CANDIDATES, Logistic, Relevance};
use serde::Serialize;

/// Topics looked at in a suite.
const TOPICS_MAX: usize = 400;
const FALSE_REFUSAL_MAX: f64 = 0.05;

/// One suite under the learnt relevance.
#[derive(Debug, Clone, Serialize)]
pub struct Answerable {
    pub suite: String,
    /// Topics answerable from what was found.
    pub topics: usize,
    /// Areas under the ROC curve against hidden answers and strangers' questions, with the parameters learnt on the other
    /// suites where there are any.
    pub auroc_hidden: Option<f64>,
    pub auroc_strangers: Option<f64>,
    /// Share below the floor of the answerable, of those whose answers are hidden, of the strangers'.
    pub false_refusal: f64,
    pub refused_hidden: f64,
    pub refused_strangers: Option<f64>,
}

/// What a question's first candidates show.
#[derive(Clone, Copy)]
struct Shown {
    coverage: f32,
    cosine: f32,
}

/// The questions of a suite, by what they are.
struct Questions {
    suite: String,
    answered: Vec<Shown>,
    hidden: Vec<Shown>,
    strangers: Vec<Shown>,
}

/// The relevance that suits `suites` under a fusion, and how it does on each; guards teach nothing and are left out.
pub fn learn(suites: &[Pools], calibration: &Calibration) -> (Relevance, Vec<Answerable>) {
    let questions: Vec<Questions> =
        suites.iter().filter(|suite| !suite.is_guard).map(|suite| Questions::of(suite, calibration)).collect();
    let grid = grid(&questions);
    let likelihoods: Vec<Vec<f64>> =
        grid.iter().map(|relevance| questions.iter().map(|of| of.likelihood(relevance)).collect()).collect();
    let likeliest = |left_out: Option<usize>| {
        let total = |of: &[f64]| -> f64 {
            of.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, likelihood)| likelihood).sum()
        };
        let best = likelihoods.iter().enumerate().max_by(|a, b| total(a.1).total_cmp(&total(b.1)));
        best.map_or(calibration.relevance, |(at, _)| grid[at])
    };
    let mut relevance = likeliest(None);
    let floors = questions.iter().filter_map(|of| of.floor(&relevance));
    relevance.floor = floors.min_by(f32::total_cmp).unwrap_or_default();
    let judged = questions.iter().enumerate().map(|(at, of)| {
        let others = if questions.len() > 1 { likeliest(Some(at)) } else { relevance };
        of.judged(&relevance, &others)
    });
    (relevance, judged.collect())
}

impl Questions {
    fn of(suite: &Pools, calibration: &Calibration) -> Questions {
        let topics = &suite.topics[..suite.topics.len().min(TOPICS_MAX)];
        let is_relevant = |topic: &TopicPool, scored: &Scored| {
            topic.grades.get(&scored.document).is_some_and(|grade| *grade >= suite.rel)
        };
        let mut questions =
            Questions { suite: suite.suite.clone(), answered: vec![], hidden: vec![], strangers: vec![] };
        for topic in topics {
            let first = first(topic, calibration, &|_| true);
            if first.iter().any(|scored| is_relevant(topic, scored)) {
                questions.answered.extend(shown(&first));
                questions.hidden.extend(shown(&self::first(topic, calibration, &|scored| !is_relevant(topic, scored))));
            }
        }
        questions.strangers =
            suite.strangers.iter().filter_map(|topic| shown(&first(topic, calibration, &|_| true))).collect();
        questions
    }

    /// Mean log-likelihood; the answerable weigh as much as the others together.
    fn likelihood(&self, relevance: &Relevance) -> f64 {
        let mean_log = |of: &[Shown], is_answerable: bool| {
            let log = |shown: &Shown| {
                let p = f64::from(relevance.of(shown.coverage, Some(shown.cosine))).clamp(1e-6, 1.0 - 1e-6);
                if is_answerable { p.ln() } else { (1.0 - p).ln() }
            };
            (!of.is_empty()).then(|| of.iter().map(log).sum::<f64>() / of.len() as f64)
        };
        let negative: Vec<f64> =
            [&self.hidden, &self.strangers].into_iter().filter_map(|of| mean_log(of, false)).collect();
        let positive = mean_log(&self.answered, true).unwrap_or_default();
        positive + negative.iter().sum::<f64>() / negative.len().max(1) as f64
    }

    /// What one answerable question in twenty is below; none without any.
    fn floor(&self, relevance: &Relevance) -> Option<f32> {
        let mut answered = of(&self.answered, relevance);
        answered.sort_unstable_by(f32::total_cmp);
        answered.get((answered.len() as f64 * FALSE_REFUSAL_MAX) as usize).copied()
    }

    fn judged(&self, relevance: &Relevance, others: &Relevance) -> Answerable {
        let refused = |shown: &[Shown]| {
            let below = of(shown, relevance).into_iter().filter(|p| *p < relevance.floor).count();
            below as f64 / shown.len().max(1) as f64
        };
        let answered = of(&self.answered, others);
        Answerable {
            suite: self.suite.clone(),
            topics: self.answered.len(),
            auroc_hidden: auroc(&answered, &of(&self.hidden, others)),
            auroc_strangers: auroc(&answered, &of(&self.strangers, others)),
            false_refusal: refused(&self.answered),
            refused_hidden: refused(&self.hidden),
            refused_strangers: (!self.strangers.is_empty()).then(|| refused(&self.strangers)),
        }
    }
}

fn of(shown: &[Shown], relevance: &Relevance) -> Vec<f32> {
    shown.iter().map(|shown| relevance.of(shown.coverage, Some(shown.cosine))).collect()
}

/// The best candidates under the fusion, of those that `keep` lets through.
fn first<'t>(topic: &'t TopicPool, calibration: &Calibration, keep: &dyn Fn(&Scored) -> bool) -> Vec<&'t Scored> {
    let mut kept: Vec<(f32, &Scored)> = topic
        .scored
        .iter()
        .filter(|scored| keep(scored))
        .map(|scored| (topic.fused(scored, calibration), scored))
        .collect();
    kept.sort_by(|a, b| b.0.total_cmp(&a.0));
    kept.truncate(EVIDENCE_CANDIDATES);
    kept.into_iter().map(|(_, scored)| scored).collect()
}

fn shown(first: &[&Scored]) -> Option<Shown> {
    let largest = |of: fn(&Scored) -> f32| first.iter().map(|scored| of(scored)).max_by(f32::total_cmp);
    Some(Shown { coverage: largest(|scored| scored.coverage)?, cosine: largest(|scored| scored.cosine)? })
}

/// Middles of the cosine where the answered questions have theirs, slopes by how far these spread.
fn grid(questions: &[Questions]) -> Vec<Relevance> {
    let mut cosines: Vec<f32> = questions.iter().flat_map(|of| &of.answered).map(|shown| shown.cosine).collect();
    cosines.sort_unstable_by(f32::total_cmp);
    let at = |share: f32| cosines[((cosines.len() - 1) as f32 * share) as usize];
    let mut grid = Vec::new();
    if cosines.is_empty() {
        return grid;
    }
    let spread = (at(0.9) - at(0.1)).max(1e-3);
    for share in (0..=12).map(|step| step as f32 / 12.0) {
        for slope in [2.0, 4.0, 8.0].map(|slope| slope / spread) {
            let cosine = Logistic { middle: at(share), slope };
            for middle in [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] {
                grid.extend([5.0, 7.5, 10.0].map(|slope| Relevance {
                    floor: 0.0,
                    coverage: Logistic { middle, slope },
                    cosine,
                }));
            }
        }
    }
    grid
}

/// How often a positive is above a negative, ties counting half (Mann and Whitney, 1947); none where one kind is missing.
fn auroc(positives: &[f32], negatives: &[f32]) -> Option<f64> {
    let mut sorted = negatives.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let below = |p: &f32| {
        let (less, up_to) = (sorted.partition_point(|n| n < p), sorted.partition_point(|n| n <= p));
        (less + up_to) as f64 / 2.0
    };
    let pairs = positives.len() * negatives.len();
    (pairs > 0).then(|| positives.iter().map(below).sum::<f64>() / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_under_the_curve_by_hand() {
        // Pairs: 3 > 1, 3 > 2, 2 > 1, 2 = 2.
        assert_eq!(auroc(&[3.0, 2.0], &[1.0, 2.0]), Some(3.5 / 4.0));
        assert_eq!(auroc(&[1.0], &[]), None);
    }

    #[test]
    fn the_floor_spares_nineteen_in_twenty() {
        let shown = |coverage| Shown { coverage, cosine: 0.0 };
        let answered: Vec<Shown> = (0..100).map(|n| shown(n as f32 / 100.0)).collect();
        let questions = Questions { suite: "s".into(), answered, hidden: vec![shown(0.0)], strangers: vec![] };
        let relevance = crate::engine::WORDS_ALONE;
        let relevance = Relevance { floor: questions.floor(&relevance).unwrap(), ..relevance };
        let judged = questions.judged(&relevance, &relevance);
        assert!((judged.false_refusal - 0.05).abs() < 1e-9 && judged.refused_hidden == 1.0, "{judged:?}");
        assert!(judged.auroc_hidden.unwrap() > 0.99 && judged.auroc_strangers.is_none());
    }
}
