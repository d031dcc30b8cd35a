//! Cutting a document into chunks along its own structure.
//!
//! A document that fits is one chunk. A longer one is filled block by block, breaking rather at a heading
//! than inside a section; a block that is too long by itself is cut at sentence ends. No overlap: what a
//! chunk lacks in context, its title and headings carry.

use super::parse::{self, Block, Source};
use crate::document::{Chunk, ChunkId};
use crate::language::is_han;
use crate::text::sentences;
use std::ops::Range;

/// Raised with every change that cuts differently; part of a document's hash.
pub const VERSION: u32 = 1;

/// Quarter units of length: a Han character counts four, any other its bytes. Four quarters come near to
/// one token of the embedders we use.
fn quarters(text: &str) -> usize {
    text.chars().map(|c| if is_han(c) { 4 } else { c.len_utf8() }).sum()
}

/// Blocks or parts of blocks that become one chunk.
#[derive(Default)]
struct Draft {
    span: Option<Range<usize>>,
    size: usize,
    headings: Option<Vec<String>>,
    searchable: String,
}

impl Draft {
    fn add(&mut self, piece: &Block, size: usize) {
        let start = self.span.as_ref().map_or(piece.span.start, |span| span.start);
        self.span = Some(start..piece.span.end);
        self.size += size;
        // A heading says nothing of its own about what it stands above; the blocks below it do.
        if !piece.is_heading {
            self.headings = Some(match self.headings.take() {
                None => piece.headings.clone(),
                Some(common) => {
                    common.into_iter().zip(&piece.headings).take_while(|(a, b)| a == *b).map(|(a, _)| a).collect()
                }
            });
        }
        let prose = piece.searchable.trim();
        if !prose.is_empty() {
            if !self.searchable.is_empty() {
                self.searchable.push('\n');
            }
            self.searchable.push_str(prose);
        }
    }
}

/// The chunks of a document, in order. None of more than `units` (see [`super::Options`]), and none empty;
/// a document of a title alone has one chunk without text.
pub fn chunk(source: &Source, units: usize) -> Vec<Chunk> {
    let limit = units.max(16) * 4;
    let text = &source.document.text;
    let mut drafts: Vec<Draft> = vec![Draft::default()];
    let whole_fits = quarters(text.trim()) <= limit;
    for block in &source.blocks {
        let size = quarters(&text[block.span.clone()]);
        let pieces = if size > limit { cut(text, block, limit) } else { vec![block.clone()] };
        for piece in pieces {
            let size = quarters(&text[piece.span.clone()]);
            let current = drafts.last().expect("there is always a draft");
            let full = current.size + size > limit;
            let new_section = piece.is_heading && current.size * 4 >= limit;
            if current.span.is_some() && !whole_fits && (full || new_section) {
                drafts.push(Draft::default());
            }
            drafts.last_mut().expect("there is always a draft").add(&piece, size);
        }
    }
    let line_ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let title = &source.document.title;
    let kept = drafts.into_iter().filter(|draft| !draft.searchable.is_empty() || source.blocks.is_empty());
    kept.enumerate()
        .map(|(ordinal, draft)| {
            let span = draft.span.unwrap_or(0..0);
            let headings = draft.headings.unwrap_or_default().into_iter().filter(|heading| heading != title).collect();
            Chunk {
                id: ChunkId { doc: source.document.id.clone(), ordinal: ordinal as u32 },
                headings,
                lines: lines(source, &line_ends, &span),
                text: text[span.clone()].to_string(),
                span,
                searchable: draft.searchable,
            }
        })
        .collect()
}

fn lines(source: &Source, line_ends: &[usize], span: &Range<usize>) -> (u32, u32) {
    if source.one_line {
        return (source.first_line, source.first_line);
    }
    let line_of = |at: usize| source.first_line + line_ends.partition_point(|end| *end < at) as u32;
    (line_of(span.start), line_of(span.end.saturating_sub(1).max(span.start)))
}

/// Cuts a block that is too long at sentence ends, and a sentence that is too long anywhere between
/// characters.
fn cut(text: &str, block: &Block, limit: usize) -> Vec<Block> {
    let raw = &text[block.span.clone()];
    let is_markup = raw.trim() != block.searchable.trim();
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut size_of_last = 0;
    for sentence in sentences(raw).into_iter().flat_map(|sentence| pieces_of(raw, sentence, limit)) {
        let size = quarters(&raw[sentence.clone()]);
        match parts.last_mut() {
            Some(last) if quarters(&raw[last.end..sentence.start]) + size_of_last + size <= limit => {
                size_of_last += quarters(&raw[last.end..sentence.start]) + size;
                last.end = sentence.end;
            }
            _ => {
                size_of_last = size;
                parts.push(sentence);
            }
        }
    }
    parts
        .into_iter()
        .map(|part| {
            let piece = &raw[part.clone()];
            let searchable = match (is_markup, block.searchable.is_empty()) {
                (_, true) => String::new(),
                (true, false) => parse::prose(piece),
                (false, false) => piece.to_string(),
            };
            let span = block.span.start + part.start..block.span.start + part.end;
            Block { span, headings: block.headings.clone(), is_heading: false, searchable }
        })
        .collect()
}

fn pieces_of(raw: &str, sentence: Range<usize>, limit: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut start, mut size) = (sentence.start, 0);
    for (at, c) in raw[sentence.clone()].char_indices() {
        let at = sentence.start + at;
        let width = if is_han(c) { 4 } else { c.len_utf8() };
        if size + width > limit {
            pieces.push(start..at);
            (start, size) = (at, 0);
        }
        size += width;
    }
    pieces.push(start..sentence.end);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{DocId, Document, Place};
    use proptest::prelude::*;

    fn plain_source(text: &str) -> Source {
        let blocks = parse::paragraphs(text);
        let document = Document {
            id: DocId("d".into()),
            title: "标题".into(),
            aliases: vec![],
            path: "d.txt".into(),
            place: Place::default(),
            source: String::new(),
            properties: Vec::new(),
            text: text.into(),
        };
        Source { document, declared_id: None, blocks, first_line: 1, one_line: false }
    }

    fn markdown_source(text: &str) -> Source {
        let mut source = plain_source(text);
        source.blocks = parse::markdown_blocks(text, false).0;
        source
    }

    #[test]
    fn a_document_that_fits_is_one_chunk() {
        let chunks = chunk(&markdown_source("# 标题\n\n一段。\n\n## 小节\n\n又一段。\n"), 600);
        assert_eq!(chunks.len(), 1);
        assert_eq!(chunks[0].lines, (1, 7));
        assert_eq!(chunks[0].headings, Vec::<String>::new());
        assert_eq!(chunks[0].searchable, "标题\n一段。\n小节\n又一段。");
    }

    #[test]
    fn a_long_document_breaks_at_headings() {
        let section = |name: &str| format!("## {name}\n\n{}\n\n", "字".repeat(30));
        let text = format!("# 标题\n\n{}{}{}", section("甲"), section("乙"), section("丙"));
        let chunks = chunk(&markdown_source(&text), 50);
        let headings: Vec<_> = chunks.iter().map(|chunk| chunk.headings.clone()).collect();
        assert_eq!(
            headings,
            [vec!["甲"], vec!["乙"], vec!["丙"]].map(|v| v.into_iter().map(String::from).collect::<Vec<_>>())
        );
        assert_eq!(chunks[1].lines, (7, 9));
    }

    #[test]
    fn a_title_alone_is_a_chunk_without_text() {
        let mut source = plain_source("");
        source.one_line = true;
        assert_eq!(chunk(&source, 600).len(), 1);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_say_the_text_and_no_chunk_is_too_long(
            paragraphs in prop::collection::vec("[一-十。!?a-z \\n]{0,120}", 0..12),
            units in 16usize..80,
        ) {
            let text = paragraphs.join("\n\n");
            let source = plain_source(&text);
            let chunks = chunk(&source, units);
            let mut end = 0;
            for piece in &chunks {
                prop_assert_eq!(&text[piece.span.clone()], piece.text.as_str());
                prop_assert!(piece.span.start >= end);
                end = piece.span.end;
                prop_assert!(!piece.searchable.is_empty() || source.blocks.is_empty());
                let first = text[..piece.span.start].matches('\n').count() as u32 + 1;
                prop_assert_eq!(piece.lines.0, first);
                let prose: usize = piece.text.split("\n\n").map(quarters).sum();
                prop_assert!(prose <= units * 4 + piece.text.matches("\n").count() + 8, "{} > {}", prose, units * 4);
            }
            let indexed: usize = chunks.iter().map(|c| c.searchable.chars().filter(|c| !c.is_whitespace()).count()).sum();
            if !source.blocks.is_empty() {
                prop_assert_eq!(indexed, text.chars().filter(|c| !c.is_whitespace()).count());
            }
        }
    }
}
