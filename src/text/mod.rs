//! Text analysis: what a text and a query are matched by. It makes terms; it never rewrites stored text.
//!
//! ```text
//! text → normalize (NFKC, case, 繁→简) → segment (runs of a script → words) → terms → postings
//! query → the same ─────────────────────────────────────────────────────────→ query terms, stop words marked
//! ```
//!
//! Chinese is analysed twice, into words and into pairs of characters: words are what is meant, pairs are right where a
//! word was cut otherwise in the text than in the query.
//!
//! Everything points back into the original text by byte ranges.

mod dictionary;
mod grouped;
mod normalize;
mod number;
mod phrase;
mod segment;
mod sentence;
mod similar;
mod sketch;
mod stopword;
mod term;
mod word;

pub use dictionary::DictionaryError;
pub use phrase::Phrase;
pub use sentence::sentences;
pub use similar::similar;
pub use sketch::{Sketch, letters};
pub use term::{Kind, QueryTerm, Term};

use crate::error::Result;
use dictionary::Dictionary;
use normalize::normalize;
use segment::{Han, segment};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

/// Raised whenever the same text may give other terms than before, or the index other fields: a rule here, or an upgrade
/// of jieba-rs, frostem or
/// unicode-normalization. The word lists are hashed by themselves.
pub const ANALYSIS_VERSION: u32 = 5;

/// `text` without width, case, accents and script: what two spellings of the same have in common.
pub fn fold(text: &str) -> String {
    normalize::fold_str(text)
}

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

    /// Whether there is anything in `text` to look for: punctuation, blanks and signs make no terms. Needs no dictionary.
    pub fn has_words(&self, text: &str) -> bool {
        normalize(text).iter().any(|glyph| segment::is_written(glyph.c))
    }

    /// The emoji of a text that has nothing else to look for, each once; none of any other text.
    pub fn emoji_alone(&self, text: &str) -> Vec<String> {
        let glyphs = normalize(text);
        let mut written: Vec<char> = glyphs.iter().map(|glyph| glyph.c).filter(|c| segment::is_written(*c)).collect();
        if !written.iter().copied().all(segment::is_emoji) {
            return Vec::new();
        }
        written.sort_unstable();
        written.dedup();
        written.into_iter().map(String::from).collect()
    }

    /// The terms of a text to be indexed, ordered by position. Stop words are among them: they cost little, and phrases
    /// and queries of nothing else need them.
    pub fn terms(&self, text: &str) -> Vec<Term> {
        segment(&normalize(text), &self.dictionary, Han::Words)
    }

    /// The pairs of neighbouring characters in the Chinese of `text`, and the last character of each run by itself: so
    /// each character begins exactly one of them. Needs no dictionary.
    pub fn pairs(&self, text: &str) -> Vec<Term> {
        let mut terms = segment(&normalize(text), &self.dictionary, Han::Pairs);
        terms.retain(|term| term.kind == Kind::Pair);
        terms
    }

    /// What a query is looked up by: its words and, of its Chinese, the pairs; each once, in the order they come, stop
    /// words among them.
    pub fn query_terms(&self, text: &str) -> Vec<QueryTerm> {
        let mut terms = distinct(self.terms(text));
        // The last character of a run that is longer is in the pair before it.
        let is_pair = |term: &QueryTerm| term.text.chars().nth(1).is_some();
        let mut pairs = distinct(self.pairs(text));
        if pairs.iter().any(is_pair) {
            pairs.retain(is_pair);
        }
        terms.extend(pairs);
        terms
    }

    /// What a query is about: its words without stop words, unless there is nothing else.
    pub fn content_terms(&self, text: &str) -> Vec<QueryTerm> {
        let mut terms = distinct(self.terms(text));
        if terms.iter().any(|term| !term.is_stop_word) {
            terms.retain(|term| !term.is_stop_word);
        }
        terms
    }

    /// The content terms of a text without their parts, which say what their whole says.
    pub fn content_words(&self, text: &str) -> Vec<String> {
        let terms = self.content_terms(text).into_iter();
        terms.filter(|term| term.kind != Kind::Part).map(|term| term.text).collect()
    }

    /// Whether `word`, as analysis writes it, is a function word or the frame of a question.
    pub fn is_stop_word(&self, word: &str) -> bool {
        stopword::is_stop_word(word)
    }

    /// Whether the general dictionary or that of our field has the Chinese `word`, as analysis writes it: what a user
    /// adds is special to that user.
    pub fn is_common(&self, word: &str) -> bool {
        self.dictionary.is_common(word)
    }

    /// The byte ranges of `text` that match any of `terms`, ascending; those that touch are joined.
    pub fn highlight(&self, text: &str, terms: &[QueryTerm]) -> Vec<Range<usize>> {
        let wanted: HashSet<&str> = terms.iter().map(|term| term.text.as_str()).collect();
        let found = self.terms(text).into_iter().filter(|term| wanted.contains(term.text.as_str()));
        touching_joined(found.map(|term| term.range).collect())
    }
}

/// `ranges` ascending, those that touch as one.
pub fn touching_joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
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

/// `text` with blanks in the place of `ranges`, which are ascending and apart: every other byte stays where it was.
pub fn blanked(text: &str, ranges: &[Range<usize>]) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        blanked.push_str(&text[at..range.start]);
        blanked.extend(std::iter::repeat_n(' ', range.len()));
        at = range.end;
    }
    blanked + &text[at..]
}

fn distinct(terms: Vec<Term>) -> Vec<QueryTerm> {
    let mut at: HashMap<String, usize> = HashMap::new();
    let mut distinct: Vec<QueryTerm> = Vec::new();
    for term in terms {
        match at.get(&term.text) {
            Some(&seen) => distinct[seen].count += 1,
            None => {
                at.insert(term.text.clone(), distinct.len());
                // An emoji beside words says how they are meant, not what is asked about.
                let is_stop_word = stopword::is_stop_word(&term.text) || term.text.starts_with(segment::is_emoji);
                distinct.push(QueryTerm { text: term.text, count: 1, kind: term.kind, is_stop_word });
            }
        }
    }
    distinct
}

#[cfg(test)]
mod tests;
