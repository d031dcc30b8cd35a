//! Statistics of the journal: what the answers of a time were like, together.

use super::{Logged, Rating};
use serde::Serialize;
use std::collections::BTreeMap;

/// Serialized as `rag log stats --json` prints it. Shares are of all questions unless said otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Stats {
    pub asked: usize,
    pub answered: usize,
    pub abstained: usize,
    /// No whole answer came.
    pub missing: usize,
    /// By what `reason` says.
    pub reasons: BTreeMap<String, usize>,
    /// Answers made of the sources' own sentences.
    pub extracted: usize,
    /// Answers with a sentence that no passage supports.
    pub doubted: usize,
    /// Answers kept from before.
    pub cached: usize,
    /// `cached` of the questions that had an answer of a model, kept or fresh; `null` without any.
    pub hit_rate: Option<f64>,
    pub up: usize,
    pub down: usize,
    pub retrieve_ms: Option<Percentiles>,
    /// Of fresh answers.
    pub first_token_ms: Option<Percentiles>,
    pub total_ms: Option<Percentiles>,
    pub prompt_tokens: Option<Percentiles>,
    pub completion_tokens: Option<Percentiles>,
    /// Questions a day, `2026-11-25`.
    pub days: BTreeMap<String, usize>,
}

/// By the nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
}

impl Percentiles {
    /// None without values.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Percentiles> {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * values.len() as f64).ceil().max(1.0) as usize;
            values.get(rank - 1).copied()
        };
        Some(Percentiles { p50: at(0.5)?, p95: at(0.95)? })
    }
}

pub fn stats(all: &[Logged]) -> Stats {
    let mut stats = Stats { asked: all.len(), ..Stats::default() };
    for Logged { time, entry, feedback, .. } in all {
        let is_missing = entry.is_missing();
        stats.missing += usize::from(is_missing);
        stats.abstained += usize::from(entry.abstained);
        stats.answered += usize::from(entry.answer.is_some() && !is_missing);
        stats.extracted += usize::from(entry.extracted);
        stats.doubted += usize::from(entry.answer.is_some() && entry.doubted() > 0);
        stats.cached += usize::from(entry.cached);
        if let Some(reason) = &entry.reason {
            *stats.reasons.entry(reason.clone()).or_default() += 1;
        }
        match feedback.as_ref().map(|feedback| feedback.rating) {
            Some(Rating::Up) => stats.up += 1,
            Some(Rating::Down) => stats.down += 1,
            None => {}
        }
        let day: String = time.chars().take_while(|c| *c != ' ').collect();
        *stats.days.entry(day).or_default() += 1;
    }
    let fresh = || all.iter().map(|logged| &logged.entry).filter(|entry| !entry.cached);
    let of_model =
        all.iter().filter(|logged| !logged.entry.template.is_empty() && logged.entry.answer.is_some()).count();
    stats.hit_rate = (of_model > 0).then(|| stats.cached as f64 / of_model as f64);
    stats.retrieve_ms = Percentiles::of(all.iter().map(|logged| logged.entry.retrieve_ms));
    stats.first_token_ms = Percentiles::of(fresh().filter_map(|entry| entry.first_token_ms));
    stats.total_ms = Percentiles::of(fresh().map(|entry| entry.total_ms));
    stats.prompt_tokens = Percentiles::of(fresh().filter_map(|entry| entry.tokens.prompt).map(f64::from));
    stats.completion_tokens = Percentiles::of(fresh().filter_map(|entry| entry.tokens.completion).map(f64::from));
    stats
}
