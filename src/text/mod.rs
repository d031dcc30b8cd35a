//! Text analysis: what a text and a query are matched by. It makes terms; it never rewrites stored text.
//!
//! ```text
//! text → normalize (NFKC, case, 繁→简) → segment (runs of a script → words) → terms → postings
//! query → the same ─────────────────────────────────────────────────────────→ query terms, without stop words
//! ```
//!
//! Everything points back into the original text by byte ranges.

mod dictionary;
mod normalize;
mod segment;
mod sentence;
mod stopword;
mod term;
mod word;

pub use dictionary::DictionaryError;
pub use sentence::sentences;
pub use term::{Kind, QueryTerm, Term};

use crate::error::Result;
use dictionary::Dictionary;
use normalize::normalize;
use segment::{Han, segment};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

/// Raised whenever the same text may give other terms than before: a rule here, or an upgrade of jieba-rs, frostem or
/// unicode-normalization. The word lists are hashed by themselves.
pub const ANALYSIS_VERSION: u32 = 1;

/// The one analysis for index and query.
pub struct Analyzer {
    dictionary: Dictionary,
}

impl Analyzer {
    /// `user_dictionary` has a word a line with an optional frequency. The general dictionary is loaded when the first
    /// Chinese text comes.
    pub fn new(user_dictionary: Option<&Path>) -> Result<Analyzer> {
        Ok(Analyzer { dictionary: Dictionary::open(user_dictionary)? })
    }

    /// Loads the dictionary now, for a caller who has something else to wait for.
    pub fn prepare(&self) {
        self.dictionary.jieba();
    }

    /// Two analyzers with the same id give the same terms; an index keeps the id it was built with.
    pub fn id(&self) -> String {
        format!("{ANALYSIS_VERSION}-{}", &self.dictionary.hash().to_hex()[..16])
    }

    /// The terms of a text to be indexed, ordered by position. Stop words are among them: they cost little, and phrases
    /// and queries of nothing else need them.
    pub fn terms(&self, text: &str) -> Vec<Term> {
        segment(&normalize(text), &self.dictionary, Han::Words)
    }

    /// The same with pairs of characters in place of Chinese words. Needs no dictionary.
    pub fn bigrams(&self, text: &str) -> Vec<Term> {
        segment(&normalize(text), &self.dictionary, Han::Bigrams)
    }

    /// The terms of a query in the order they come, each once, without stop words unless there is nothing else.
    pub fn query_terms(&self, text: &str) -> Vec<QueryTerm> {
        distinct(self.terms(text))
    }

    /// The byte ranges of `text` that match any of `terms`, ascending; those that touch are joined.
    pub fn highlight(&self, text: &str, terms: &[QueryTerm]) -> Vec<Range<usize>> {
        let wanted: HashSet<&str> = terms.iter().map(|term| term.text.as_str()).collect();
        let found = self.terms(text).into_iter().filter(|term| wanted.contains(term.text.as_str()));
        let mut ranges: Vec<Range<usize>> = found.map(|term| term.range).collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        ranges.dedup_by(|next, last| {
            let touches = next.start <= last.end;
            if touches {
                last.end = last.end.max(next.end);
            }
            touches
        });
        ranges
    }
}

fn distinct(terms: Vec<Term>) -> Vec<QueryTerm> {
    let all_stop = terms.iter().all(|term| stopword::is_stop_word(&term.text));
    let mut at: HashMap<String, usize> = HashMap::new();
    let mut distinct: Vec<QueryTerm> = Vec::new();
    for term in terms.into_iter().filter(|term| all_stop || !stopword::is_stop_word(&term.text)) {
        let weight = if term.kind == Kind::Part { PART_WEIGHT } else { 1.0 };
        match at.get(&term.text) {
            Some(&seen) => distinct[seen].weight += weight,
            None => {
                at.insert(term.text.clone(), distinct.len());
                distinct.push(QueryTerm { text: term.text, weight, kind: term.kind });
            }
        }
    }
    distinct
}

/// Parts repeat what their whole says, so they count less.
const PART_WEIGHT: f32 = 1.0;

#[cfg(test)]
mod tests;
