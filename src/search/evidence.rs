//! Evidence: whether the hits have anything to do with the query. Unlike a fused score, which is about order only,
//! it means the same for every query, so that a question the collection does not cover can be told.

use super::{Hit, Query};
use crate::error::Result;
use crate::ranking::Stage;
use crate::store::Snapshot;
use crate::text::{Analyzer, Kind};
use serde::Serialize;
use std::collections::HashSet;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Evidence {
    /// Share of the query's terms that the hits have between them, each weighted by its idf; 0 to 1. A term that the
    /// collection has nowhere weighs most.
    pub coverage: f32,
    /// Largest cosine between the query and a hit; `null` where the dense leg found none of them.
    pub cosine: Option<f32>,
}

pub fn weigh(query: &Query<'_>, hits: &[Hit], snapshot: &dyn Snapshot, analyzer: &Analyzer) -> Result<Evidence> {
    let terms: Vec<String> = analyzer
        .content_terms(query.text)
        .into_iter()
        .filter(|term| term.kind != Kind::Part)
        .map(|term| term.text)
        .collect();
    let found: HashSet<String> = hits
        .iter()
        .flat_map(|hit| [analyzer.terms(&hit.heading()), analyzer.terms(&hit.text)])
        .flatten()
        .map(|term| term.text)
        .collect();
    let frequencies = snapshot.document_frequencies(&terms)?;
    let chunks = snapshot.about().chunks as f32;
    let (mut all, mut covered) = (0.0, 0.0);
    for (term, frequency) in terms.iter().zip(frequencies) {
        // Lucene's idf, as BM25 has it here.
        let idf = (1.0 + (chunks - frequency as f32 + 0.5) / (frequency as f32 + 0.5)).ln();
        all += idf;
        covered += if found.contains(term) { idf } else { 0.0 };
    }
    let dense = hits.iter().flat_map(|hit| &hit.trail).filter(|step| step.stage == Stage::Dense);
    Ok(Evidence {
        coverage: if all > 0.0 { covered / all } else { 0.0 },
        cosine: dense.map(|step| step.score).max_by(f32::total_cmp),
    })
}
