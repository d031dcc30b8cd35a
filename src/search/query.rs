//! A query: what the user typed, and what each leg makes of it.

use super::syntax::{Syntax, quoted};
use super::typo::{self, Correction};
use super::{Scope, SearchProblem};
use crate::error::Result;
use crate::language::is_han;
use crate::store::LexicalQuery;
use crate::text::{Analyzer, Kind, Phrase, QueryTerm, touching_joined};
use std::ops::Range;

/// Chinese is scored by words and by pairs of characters, in these shares.
const WORDS: f32 = 0.6;
const PAIRS: f32 = 0.4;
/// Parts repeat what their whole says.
const PART: f32 = 0.3;
/// Enough to find something where there is nothing else, and to prefer the same question among equals.
const STOP_WORD: f32 = 0.15;

/// Longer queries are refused: a leg's cost grows with them, and no question is that long.
const CHARS_MAX: usize = 4_000;

/// A corrected term counts a little less than one that was typed.
const CORRECTED: f32 = 0.8;

/// A trimmed query that is neither empty nor endless.
pub struct Query<'q> {
    pub text: &'q str,
    /// As it was probably meant, where that is not what was typed.
    meant: Option<String>,
    pub corrections: Vec<Correction>,
    /// Where it has something in quotes, which is meant as it is.
    pub quoted: Vec<Range<usize>>,
    /// What a passage must hold.
    phrases: &'q [Phrase],
}

impl<'q> Query<'q> {
    pub fn new(text: &'q str) -> std::result::Result<Query<'q>, SearchProblem> {
        let text = text.trim();
        let chars = text.chars().count();
        match chars {
            0 => Err(SearchProblem::EmptyQuery),
            _ if chars > CHARS_MAX => Err(SearchProblem::LongQuery { chars, chars_max: CHARS_MAX }),
            _ => Ok(Query { text, meant: None, corrections: Vec::new(), quoted: Vec::new(), phrases: &[] }),
        }
    }

    /// What is left to look for of a query taken apart.
    pub fn of(syntax: &'q Syntax, scope: Scope<'_>) -> Result<Query<'q>> {
        Ok(Query { phrases: &syntax.phrases, ..Query::read(&syntax.text, scope)? })
    }

    /// With what the collection does not know read as what it knows: see [`typo`].
    pub fn read(text: &'q str, scope: Scope<'_>) -> Result<Query<'q>> {
        let mut query = Query::new(text)?;
        require_words(text, scope.analyzer)?;
        query.quoted = quoted(query.text, scope.analyzer);
        if let Some((meant, corrections)) = typo::corrected(&query, scope)? {
            (query.meant, query.corrections) = (Some(meant), corrections);
        }
        Ok(query)
    }

    /// As it was probably meant; as it was typed where nothing says otherwise.
    pub fn meant(&self) -> &str {
        self.meant.as_deref().unwrap_or(self.text)
    }

    /// The terms to look up, analysed as the index was.
    pub fn lexical(&self, analyzer: &Analyzer) -> LexicalQuery {
        let typed = analyzer.query_terms(self.text);
        let mut meant = self.meant.as_ref().map_or_else(Vec::new, |meant| analyzer.query_terms(meant));
        meant.retain(|term| !typed.iter().any(|other| (&other.text, other.kind) == (&term.text, term.kind)));
        let typed = typed.into_iter().map(|term| (weight(&term), term));
        let meant = meant.into_iter().map(|term| (CORRECTED * weight(&term), term));
        let mut query = LexicalQuery::default();
        for (weight, term) in typed.chain(meant) {
            match term.kind {
                // Whatever begins with a 的 is not worth looking through.
                Kind::Pair if term.is_stop_word && term.text.chars().count() == 1 => {}
                Kind::Pair => query.pairs.push((term.text, weight)),
                _ => query.words.push((term.text, weight)),
            }
        }
        query
    }

    /// Identifiers and numbers: what is meant literally or not at all.
    pub fn identifiers(&self, analyzer: &Analyzer) -> Vec<String> {
        let terms = analyzer.content_terms(self.text).into_iter();
        // A hyphen alone makes no identifier: fine-tune, boundary-layer.
        let is_literal = |term: &QueryTerm| {
            let marks = |c: char| c.is_ascii_digit() || matches!(c, '_' | '/' | '.' | '@' | '+' | '#');
            term.kind != Kind::Part && term.text.len() > 1 && term.text.contains(marks)
        };
        terms.filter(is_literal).map(|term| term.text).collect()
    }

    /// Where the query's terms and phrases stand in `text`, as byte ranges, ascending and apart.
    pub fn marks(&self, analyzer: &Analyzer, text: &str) -> Vec<Range<usize>> {
        let mut terms = analyzer.content_terms(self.text);
        terms.extend(analyzer.content_terms(self.meant()));
        touching_joined(analyzer.highlight(text, &terms).into_iter().chain(self.phrase_marks(text)).collect())
    }

    /// Where its phrases stand in `text`, as [`Query::marks`].
    pub fn phrase_marks(&self, text: &str) -> Vec<Range<usize>> {
        touching_joined(self.phrases.iter().flat_map(|phrase| phrase.find(text)).collect())
    }
}

/// An error where there is nothing to look for: an answer to punctuation would be one to nothing.
pub fn require_words(text: &str, analyzer: &Analyzer) -> std::result::Result<(), SearchProblem> {
    match text.trim() {
        "" => Err(SearchProblem::EmptyQuery),
        text if analyzer.has_words(text) => Ok(()),
        text => Err(SearchProblem::NoWords { text: text.into() }),
    }
}

/// The factor on a term's BM25 score.
fn weight(term: &QueryTerm) -> f32 {
    let share = match term.kind {
        Kind::Pair => PAIRS,
        Kind::Part => PART * if term.text.contains(is_han) { WORDS } else { 1.0 },
        Kind::Word | Kind::Compound => {
            if term.text.contains(is_han) {
                WORDS
            } else {
                1.0
            }
        }
    };
    term.count as f32 * share * if term.is_stop_word { STOP_WORD } else { 1.0 }
}
