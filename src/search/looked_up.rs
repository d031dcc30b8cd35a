//! What a query is looked up by: its terms with their weights and how many chunks have each.

use super::Scope;
use super::query::Query;
use crate::error::Result;
use crate::store::idf;
use crate::text::Kind;
use serde::Serialize;

/// A term of the query. Serialized as `rag inspect --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookedUp {
    pub term: String,
    pub kind: &'static str,
    /// What its BM25 score is multiplied by.
    pub weight: f32,
    /// How many chunks have it.
    pub chunks: u64,
    /// See [`idf`].
    pub idf: f32,
    /// Whether it stands for all pairs that begin with it, which `chunks` does not count.
    pub is_prefix: bool,
}

/// The words of `query`, then its pairs of Chinese characters.
pub fn looked_up(query: &str, scope: Scope<'_>) -> Result<Vec<LookedUp>> {
    let query = Query::read(query, scope)?;
    let lexical = query.lexical(scope.analyzer);
    let kinds = scope.analyzer.query_terms(query.text);
    let kind = |text: &str| match kinds.iter().find(|term| term.text == text).map(|term| (term.kind, term.is_stop_word))
    {
        Some((_, true)) => "stop word",
        Some((Kind::Compound, _)) => "compound",
        Some((Kind::Part, _)) => "part",
        _ => "word",
    };
    let all = scope.snapshot.about().chunks as f32;
    let texts = |terms: &[(String, f32)]| terms.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
    let row = |term: String, kind: &'static str, weight: f32, chunks: u64| {
        let is_prefix = kind == "pair" && term.chars().count() == 1;
        LookedUp { kind, weight, chunks, idf: idf(all, chunks as f32), is_prefix, term }
    };
    let words = scope.snapshot.document_frequencies(&texts(&lexical.words))?;
    let pairs = scope.snapshot.pair_frequencies(&texts(&lexical.pairs))?;
    let words = lexical.words.into_iter().zip(words).map(|((term, weight), chunks)| {
        let kind = kind(&term);
        row(term, kind, weight, chunks)
    });
    let pairs = lexical.pairs.into_iter().zip(pairs).map(|((term, weight), chunks)| row(term, "pair", weight, chunks));
    Ok(words.chain(pairs).collect())
}
