//! Cutting a document into chunks along its own structure.
//!
//! A document that fits is one chunk where its sections allow it. A longer one is filled block by block, and no chunk holds
//! the end of a section and the beginning of a higher one; a block that is too long by itself is cut between its rows,
//! items or lines, else at sentence ends. No overlap: what a chunk lacks in context, its title, headings and lead carry.

mod cut;
mod pack;

use super::extract::{Content, Kind, Source, Weight};
use crate::document::{Chunk, ChunkId, Lead};
use crate::text::sentences;
use cut::{Cutter, Part, quarters};
use pack::{Draft, pack};
use std::ops::Range;

/// Raised with every change that cuts differently; part of a document's hash.
pub const VERSION: u32 = 3;

/// A paragraph of one sentence of at most so many characters announces the list below it; a longer one does by a colon.
const ANNOUNCEMENT_CHARS_MAX: usize = 80;

/// The chunks of a document, in order. None of more than `units` (see [`super::Options`]) beside its lead, and none empty;
/// a document without text has one chunk without text.
pub fn chunk(source: &Source, units: usize) -> Vec<Chunk> {
    let limit = units.max(16) * 4;
    let (text, content) = (source.document.text.as_str(), &source.content);
    let cutter = Cutter { text, content, limit };
    let mut drafts = pack(cutter);
    let is_found = |draft: &Draft| draft.parts.iter().any(|part| part.weight != Weight::None);
    drafts.retain(is_found);
    if drafts.is_empty() {
        drafts.push(Draft::default());
    }
    let maker = Maker { source, content, limit, line_ends: line_ends(text) };
    let mut asides = 0;
    let count = drafts.len();
    let mut chunks = Vec::with_capacity(count);
    for (ordinal, draft) in drafts.iter().enumerate() {
        // Whatever stands between two chunks belongs to the earlier one.
        let end =
            drafts.get(ordinal + 1).and_then(|next| next.parts.first()).map_or(text.len(), |part| part.span.start);
        let from = asides;
        while content.asides.get(asides).is_some_and(|(at, _)| *at < end || ordinal + 1 == count) {
            asides += 1;
        }
        chunks.push(maker.chunk(ordinal as u32, draft, &content.asides[from..asides]));
    }
    chunks
}

struct Maker<'s> {
    source: &'s Source,
    content: &'s Content,
    limit: usize,
    line_ends: Vec<usize>,
}

impl Maker<'_> {
    fn chunk(&self, ordinal: u32, draft: &Draft, asides: &[(usize, String)]) -> Chunk {
        let document = &self.source.document;
        let first = draft.parts.first().map_or(0, |part| self.line_start(part.span.start));
        let span = first..draft.parts.last().map_or(first, |part| part.span.end);
        let mut text = String::with_capacity(span.len());
        self.content.hidden.shown(&document.text, &span, &mut |shown| text.push_str(shown));
        let low = std::iter::once(self.source.names.as_str()).chain(asides.iter().map(|(_, words)| words.as_str()));
        let low: Vec<&str> = low.filter(|words| !words.is_empty()).collect();
        let aside = self.joined(&draft.parts, |part| part.weight == Weight::Aside);
        let common = self.common(draft);
        let searchable = |part: &Part| part.weight == Weight::Body && !self.is_said_above(part, common);
        Chunk {
            id: ChunkId { doc: document.id.clone(), ordinal },
            headings: self.path(common),
            sections: self.sections(draft),
            lines: self.lines(&span),
            text,
            span,
            lead: draft.parts.first().and_then(|part| self.lead(part)).unwrap_or_default(),
            visible: self.joined(&draft.parts, |part| part.weight == Weight::Body),
            searchable: self.joined(&draft.parts, searchable),
            asides: [low.join("\n"), aside].join("\n").trim().to_string(),
            plain: self.joined(&draft.parts, |_| true),
        }
    }

    /// The beginning of the line where nothing but blanks and marks of quotes stands before `at`.
    fn line_start(&self, at: usize) -> usize {
        let before = &self.source.document.text[..at];
        let blank = before.len() - before.trim_end_matches([' ', '\t', '>']).len();
        let start = at - blank;
        if start == 0 || before[..start].ends_with(['\n', '\r']) { start } else { at }
    }

    /// The visible text of such `parts`, a block a paragraph.
    fn joined(&self, parts: &[Part], is_such: impl Fn(&Part) -> bool) -> String {
        let mut joined = String::new();
        for part in parts.iter().filter(|part| is_such(part)) {
            let visible = self.content.visible.as_str()[part.visible.clone()].trim();
            if !visible.is_empty() {
                if !joined.is_empty() {
                    joined.push('\n');
                }
                joined.push_str(visible);
            }
        }
        joined
    }

    /// The innermost section that all of it stands in. A heading says nothing of its own about what it stands above; the
    /// blocks below it do.
    fn common(&self, draft: &Draft) -> Option<usize> {
        let common = |has: fn(&Part) -> bool| {
            let blocks = draft.parts.iter().filter(|part| has(part)).map(|part| &self.content.blocks[part.block]);
            let sections = blocks.filter(|block| block.kind != Kind::Heading).map(|block| block.section);
            sections.reduce(|a, b| self.content.sections.common(a, b))
        };
        // A table of contents says nothing either, where there is anything else.
        common(|part| part.weight != Weight::Aside).or_else(|| common(|_| true)).flatten()
    }

    /// A heading around all of a chunk is indexed as such. Once more as text it would put the chunk that begins with it
    /// before those that only stand under it.
    fn is_said_above(&self, part: &Part, common: Option<usize>) -> bool {
        let block = &self.content.blocks[part.block];
        let Some(section) = block.section.filter(|_| block.kind == Kind::Heading) else { return false };
        let words = self.content.visible.as_str()[part.visible.clone()].split_whitespace();
        // A long one is cut off above.
        self.content.sections.common(Some(section), common) == Some(section)
            && words.eq(self.content.sections.get(section).heading.split(' '))
    }

    /// The headings down to that of `section`, without the document's title.
    fn path(&self, section: Option<usize>) -> Vec<String> {
        let title = &self.source.document.title;
        self.content.sections.path(section).into_iter().filter(|heading| heading != title).collect()
    }

    /// Where it goes from one section to the next, if it holds several: see [`Chunk::sections`].
    fn sections(&self, draft: &Draft) -> Vec<(u32, Vec<String>)> {
        let mut sections: Vec<(Option<usize>, u32)> = Vec::new();
        for part in &draft.parts {
            let section = self.content.blocks[part.block].section;
            if sections.last().is_none_or(|(last, _)| *last != section) {
                sections.push((section, self.lines(&part.span).0));
            }
        }
        match sections.len() {
            0 | 1 => Vec::new(),
            _ => sections.into_iter().map(|(section, line)| (line, self.path(section))).collect(),
        }
    }

    fn lines(&self, span: &Range<usize>) -> (u32, u32) {
        let first = self.source.first_line;
        if self.source.one_line {
            return (first, first);
        }
        let line_of = |at: usize| first + self.line_ends.partition_point(|end| *end < at) as u32;
        (line_of(span.start), line_of(span.end.saturating_sub(1).max(span.start)))
    }

    /// What explains a chunk that begins with `first`: the head of the table or the line that announces the list in which it
    /// begins.
    fn lead(&self, first: &Part) -> Option<Lead> {
        let block = &self.content.blocks[first.block];
        let (span, visible) = match (&block.head, block.kind) {
            (Some(head), _) if first.span.start >= head.span.end => (head.span.clone(), head.visible.clone()),
            (None, Kind::List) => self.announcement(first.block)?,
            _ => return None,
        };
        let mut text = String::new();
        self.content.hidden.shown(&self.source.document.text, &span, &mut |shown| text.push_str(shown));
        let plain = self.content.visible.as_str()[visible].trim().to_string();
        let cut = |text: &str| {
            let mut size = 0;
            text.chars()
                .take_while(|c| {
                    size += quarters(c.encode_utf8(&mut [0; 4]));
                    size * 2 <= self.limit
                })
                .collect()
        };
        Some(Lead { text: cut(text.trim()), plain: cut(&plain) })
    }

    /// The sentence before a list, where it leads to it.
    fn announcement(&self, list: usize) -> Option<(Range<usize>, Range<usize>)> {
        let (before, list) = (&self.content.blocks[list.checked_sub(1)?], &self.content.blocks[list]);
        let piece = before.pieces.last().filter(|_| before.kind == Kind::Prose && before.section == list.section)?;
        let visible = &self.content.visible.as_str()[piece.visible.clone()];
        let sentences = sentences(visible);
        let last = sentences.last()?.clone();
        let said = &visible[last.clone()];
        let announces =
            said.ends_with([':', '：']) || sentences.len() == 1 && said.chars().nth(ANNOUNCEMENT_CHARS_MAX).is_none();
        let visible = piece.visible.start + last.start..piece.visible.start + last.end;
        let start = self.content.visible.source_start(visible.start).max(piece.span.start);
        announces.then_some((start..piece.span.end.max(start), visible))
    }
}

/// Where lines end: at `\n`, and at a `\r` that has none behind it.
fn line_ends(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(ends).collect()
}

#[cfg(test)]
mod tests;
