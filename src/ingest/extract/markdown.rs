//! Markdown: front matter, a title, and the blocks below.

use super::front_matter::FrontMatter;
use super::reader::Reader;
use super::{Content, Kind, Parsed, Source, links, place, stem};
use crate::document::{DocId, Document};
use crate::ingest::Options;
use crate::ingest::problem::{SkipReason, Skipped};
use crate::ingest::walk::SourceFile;

/// Fences that are never closed and still end, in one document: each begins a reading of what is left.
const OPEN_FENCES_MAX: usize = 32;

pub fn document(file: &SourceFile, text: &str, options: &Options) -> Result<Parsed, SkipReason> {
    let front = FrontMatter::of(text);
    let skipped = front.problems.into_iter().map(|reason| Skipped { path: file.path.clone(), reason }).collect();
    let mut parsed = Parsed { skipped, ..Parsed::default() };
    if front.is_unverified {
        parsed.unverified = 1;
        return Ok(parsed);
    }
    let first_line = 1 + text[..front.body].matches('\n').count() as u32;
    let body = text[front.body..].to_string();
    let content = content(&body, options.index_code);
    let says_nothing = front.title.is_none() && front.aliases.is_empty() && front.texts.is_empty();
    if content.is_empty() && says_nothing {
        return Err(SkipReason::Empty);
    }
    let title = front.title.or_else(|| title(&content)).unwrap_or_else(|| stem(file));
    let names = std::iter::once(stem(file)).chain(front.texts).collect::<Vec<_>>().join("\n");
    let document = Document {
        id: DocId(front.id.clone().unwrap_or_else(|| file.relative.clone())),
        title,
        aliases: front.aliases,
        path: file.absolute.clone(),
        place: place(file),
        source: front.source,
        properties: front.properties,
        text: body,
    };
    parsed.documents.push(Source { document, declared_id: front.id, names, content, first_line, one_line: false });
    Ok(parsed)
}

/// The blocks of `text`.
pub fn content(text: &str, index_code: bool) -> Content {
    let mut reader = Reader::new(text, index_code);
    let mut at = 0;
    let mut stops = 0;
    while let Some(next) = reader.read(at, stops < OPEN_FENCES_MAX) {
        (at, stops) = (next, stops + 1);
    }
    let mut content = reader.content;
    without_comments(&mut content);
    content.hidden.sort();
    content.asides.sort_by_key(|(at, _)| *at);
    links::weigh(&mut content);
    content
}

/// The heading of level 1, if it is the only one and no other heading stands above it.
fn title(content: &Content) -> Option<String> {
    let mut tops = content.sections.iter().enumerate().filter(|(_, section)| section.level == 1);
    let (index, section) = tops.next()?;
    (index == 0 && tops.next().is_none()).then(|| section.heading.clone())
}

/// Takes out comments of many blocks: from a paragraph that begins with `%%` to one that ends with it.
fn without_comments(content: &mut Content) {
    let text = content.visible.as_str();
    let mark = |index: usize, ends: bool| {
        let block = &content.blocks[index];
        let piece = if ends { block.pieces.last() } else { block.pieces.first() };
        let text = piece.map_or("", |piece| text[piece.visible.clone()].trim());
        let is_there = if ends { text.ends_with("%%") } else { text.starts_with("%%") };
        block.kind == Kind::Prose && is_there && text.matches("%%").count() == 1
    };
    let mut removed = vec![false; content.blocks.len()];
    let mut at = 0;
    while let Some(from) = (at..removed.len()).find(|index| mark(*index, false)) {
        let Some(to) = (from + 1..removed.len()).find(|index| mark(*index, true)) else { break };
        removed[from..=to].fill(true);
        at = to + 1;
    }
    for (index, block) in content.blocks.iter().enumerate().filter(|(index, _)| removed[*index]) {
        content.hidden.push(block.span.clone(), index > 0);
    }
    let mut gone = removed.iter();
    content.blocks.retain(|_| !gone.next().copied().unwrap_or_default());
}
