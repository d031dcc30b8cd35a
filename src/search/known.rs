//! What of a query the collection knows: words it has nowhere, and words it reads as others.

use super::Scope;
use super::query::Query;
use super::typo::Correction;
use crate::error::Result;

/// A query beside the collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Distinct words as typed, stop words left out.
    pub words: usize,
    /// Of these, those that are in no chunk.
    pub unknown: usize,
    /// What is read otherwise than typed.
    pub corrections: Vec<Correction>,
}

pub fn known(query: &str, scope: Scope<'_>) -> Result<Known> {
    let query = Query::read(query, scope)?;
    let words = scope.analyzer.content_words(query.text);
    let frequencies = scope.snapshot.document_frequencies(&words)?;
    let unknown = frequencies.into_iter().filter(|frequency| *frequency == 0).count();
    Ok(Known { words: words.len(), unknown, corrections: query.corrections.clone() })
}
