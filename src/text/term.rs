//! A term: what is indexed and what is searched for, with the place in the text it stands for.

use std::ops::Range;

/// How a term came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A word as the text has it: a segmented Chinese word, a Latin word (stemmed), a number.
    Word,
    /// The whole of something that also has parts: `claude-3-sonnet`, `v1/rerank`, `48gb`; also its glued
    /// spelling (`4bit` for `4-bit`). Never stemmed.
    Compound,
    /// A part of a compound, of a camelCase word or of a longer Chinese word.
    Part,
    /// Two neighbouring Chinese characters, or one that has none after it.
    Pair,
}

/// One term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Folded: NFKC, lower case, simplified characters. Never empty, without blanks and control characters.
    pub text: String,
    /// Bytes of the original text, on character boundaries, never empty.
    pub range: Range<usize>,
    /// Counts Chinese characters, words and parts of compounds from the start of the text; punctuation leaves a gap.
    /// A compound stands at the position of its first part. Terms are ordered by position.
    pub position: u32,
    pub kind: Kind,
}

/// One term of a query, each text once a kind of analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTerm {
    pub text: String,
    /// How often the query has it.
    pub count: u32,
    /// The kind of its first occurrence.
    pub kind: Kind,
    /// A function word or the frame of a question: says nothing of what is asked about.
    pub is_stop_word: bool,
}
