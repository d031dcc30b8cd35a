//! A query: what the user typed, and what each leg makes of it.

use super::SearchProblem;
use crate::store::LexicalQuery;
use crate::text::Analyzer;
use std::ops::Range;

/// Longer queries are refused: a leg's cost grows with them, and no question is that long.
const CHARS_MAX: usize = 4_000;

/// A trimmed query that is neither empty nor endless.
pub struct Query<'q> {
    pub text: &'q str,
}

impl<'q> Query<'q> {
    pub fn new(text: &'q str) -> Result<Query<'q>, SearchProblem> {
        let text = text.trim();
        let chars = text.chars().count();
        match chars {
            0 => Err(SearchProblem::EmptyQuery),
            _ if chars > CHARS_MAX => Err(SearchProblem::LongQuery { chars, chars_max: CHARS_MAX }),
            _ => Ok(Query { text }),
        }
    }

    /// The terms to look up, analysed as the index was.
    pub fn lexical(&self, analyzer: &Analyzer) -> LexicalQuery {
        LexicalQuery {
            terms: analyzer.query_terms(self.text).into_iter().map(|term| (term.text, term.weight)).collect(),
        }
    }

    /// Where the query's terms stand in `text`, as byte ranges.
    pub fn marks(&self, analyzer: &Analyzer, text: &str) -> Vec<Range<usize>> {
        analyzer.highlight(text, &analyzer.query_terms(self.text))
    }
}
