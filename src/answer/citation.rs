//! A citation: which passage supports the answer, and with which words.

use crate::document::{ChunkId, DocId, Passage};
use serde::Serialize;
use std::ops::Range;

/// Serialized as in `rag ask --json`.
///
/// Invariant: `quote` stands word for word in the chunk's text, and so in the file at `path`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Citation {
    /// The `n` of `[n]` in the answer.
    pub marker: u32,
    pub doc: DocId,
    pub chunk: ChunkId,
    pub title: String,
    pub path: String,
    /// First and last line of the quote in the file, counted from 1.
    pub lines: (u32, u32),
    /// The sentence that comes nearest to what it is cited for.
    pub quote: String,
}

impl Citation {
    /// `quote` is a range of the passage's text.
    pub fn new(marker: u32, passage: &Passage, quote: &Range<usize>) -> Citation {
        // A document that is one line of a file (JSON Lines) has line ends of its own.
        let line_of = |at: usize| match passage.lines {
            (first, last) if first == last => first,
            (first, _) => first + passage.text[..at].matches('\n').count() as u32,
        };
        Citation {
            marker,
            doc: passage.id.doc.clone(),
            chunk: passage.id.clone(),
            title: passage.heading(),
            path: passage.path.clone(),
            lines: (line_of(quote.start), line_of(quote.end)),
            quote: passage.text[quote.clone()].to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::passage;

    #[test]
    fn lines_are_those_of_the_quote() {
        let text = "第一句。\n\n第二句。\n第三句。";
        let headings = vec!["节".to_string()];
        let mut passage = Passage { headings, lines: (10, 13), ..passage("题", text) };
        let at = text.find("第二").unwrap();
        let quote = at..at + "第二句。".len();
        let citation = Citation::new(2, &passage, &quote);
        assert_eq!(
            (citation.lines, citation.quote.as_str(), citation.title.as_str()),
            ((12, 12), "第二句。", "题 › 节")
        );
        passage.lines = (7, 7);
        assert_eq!(Citation::new(2, &passage, &quote).lines, (7, 7));
    }
}
