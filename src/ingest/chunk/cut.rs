//! Cutting a piece that is too long: at sentence ends, else at clause marks and blanks, else between characters.

use crate::ingest::extract::{Content, Piece, Weight};
use crate::language::is_han;
use crate::text::sentences;
use std::ops::Range;

/// A piece or a part of one, which is in one chunk as a whole.
#[derive(Debug, Clone)]
pub struct Part {
    /// Index of its block.
    pub block: usize,
    pub span: Range<usize>,
    /// Bytes of the visible text.
    pub visible: Range<usize>,
    pub weight: Weight,
    /// In quarter units: see [`quarters`].
    pub size: usize,
}

/// Quarter units of length: a Han character counts four, any other its bytes. Four quarters come near to
/// one token of the embedders we use.
pub fn quarters(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(c: char) -> usize {
    if is_han(c) { 4 } else { c.len_utf8() }
}

/// The text of a document with its pieces.
#[derive(Clone, Copy)]
pub struct Cutter<'s> {
    pub text: &'s str,
    pub content: &'s Content,
    pub limit: usize,
}

impl Cutter<'_> {
    /// Of what is shown of `span`.
    pub fn size(&self, span: &Range<usize>) -> usize {
        let mut size = 0;
        self.content.hidden.shown(self.text, span, &mut |shown| size += quarters(shown));
        size
    }

    pub fn whole(&self, block: usize, piece: &Piece) -> Part {
        let (span, visible) = (piece.span.clone(), piece.visible.clone());
        Part { block, size: self.size(&span), span, visible, weight: piece.weight }
    }

    /// `part` in parts that fit, the first of them into `room`.
    pub fn cut(&self, part: &Part, room: usize) -> Vec<Part> {
        let raw = &self.content.visible.as_str()[part.visible.clone()];
        let mut parts: Vec<Part> = Vec::new();
        let sentences = sentences(raw).into_iter().flat_map(|sentence| self.clauses(raw, sentence, room));
        for sentence in sentences {
            let one = self.part(part, sentence);
            let limit = if parts.len() < 2 { room } else { self.limit };
            match parts.last_mut() {
                Some(last) if last.size + self.size(&(last.span.end..one.span.start)) + one.size <= limit => {
                    last.size += self.size(&(last.span.end..one.span.start)) + one.size;
                    last.span.end = one.span.end;
                    last.visible.end = one.visible.end;
                }
                _ => parts.push(one),
            }
        }
        self.join_ends(part, &mut parts);
        parts
    }

    /// The part `range` of `whole`'s visible text.
    fn part(&self, whole: &Part, range: Range<usize>) -> Part {
        let visible = whole.visible.start + range.start..whole.visible.start + range.end;
        let map = &self.content.visible;
        let start = map.source_start(visible.start).max(whole.span.start).min(whole.span.end);
        let end = map.source_end(visible.end).min(whole.span.end).max(start);
        Part { span: start..end, size: self.size(&(start..end)), visible, ..whole.clone() }
    }

    /// Marks before the first letter and behind the last belong to the parts there; those between two parts to the later one,
    /// up to a blank to the earlier.
    fn join_ends(&self, whole: &Part, parts: &mut [Part]) {
        let mut end = None;
        for part in parts.iter_mut() {
            let start = match end {
                None => whole.span.start,
                Some(end) => end,
            };
            let start = start.min(part.span.start);
            let between = &self.text[start..part.span.start];
            part.span.start -=
                between.len() - between.rfind(char::is_whitespace).map_or(0, |at| blank_end(between, at));
            end = Some(part.span.end);
        }
        if let Some(last) = parts.last_mut() {
            last.span.end = last.span.end.max(whole.span.end);
        }
        for part in parts {
            part.size = self.size(&part.span);
        }
    }

    /// A sentence in parts that fit, the first of them into `room`.
    fn clauses(&self, raw: &str, sentence: Range<usize>, room: usize) -> Vec<Range<usize>> {
        let room = room.min(self.limit);
        let mut parts = Vec::new();
        let (mut start, mut size) = (sentence.start, 0);
        // The end of the last clause, and the size up to there.
        let mut clause: Option<(usize, usize)> = None;
        for (at, c) in raw[sentence.clone()].char_indices() {
            let at = sentence.start + at;
            if size + width(c) > room {
                let (end, taken) = clause.take().filter(|(_, taken)| taken * 2 >= room).unwrap_or((at, size));
                if end > start {
                    parts.push(start..end);
                }
                (start, size) = (end, size - taken);
            }
            size += width(c);
            if c.is_whitespace() || matches!(c, '，' | '、' | ',' | '：' | ':') {
                clause = Some((at + c.len_utf8(), size));
            }
        }
        parts.push(start..sentence.end);
        parts
    }
}

/// Where the text goes on behind the blank at `at`.
fn blank_end(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}
