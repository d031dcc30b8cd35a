//! Plain text: paragraphs between blank lines.

use super::{Block, Content, Kind, Parsed, Piece, Source, Visible, Weight, place, stem};
use crate::document::{DocId, Document};
use crate::ingest::problem::SkipReason;
use crate::ingest::walk::SourceFile;
use std::ops::Range;

pub fn document(file: &SourceFile, text: String) -> Result<Parsed, SkipReason> {
    let content = content(&text);
    if content.blocks.is_empty() {
        return Err(SkipReason::Empty);
    }
    let document = Document {
        id: DocId(file.relative.clone()),
        title: stem(file),
        aliases: Vec::new(),
        path: file.absolute.clone(),
        place: place(file),
        source: String::new(),
        properties: Vec::new(),
        text,
    };
    let source = Source { document, declared_id: None, names: stem(file), content, first_line: 1, one_line: false };
    Ok(Parsed { documents: vec![source], ..Parsed::default() })
}

pub fn content(text: &str) -> Content {
    let block = |span: Range<usize>| {
        let visible = span.clone();
        let piece = Piece { span: span.clone(), visible, begins_unit: true, weight: Weight::Body, linked: 0 };
        Block { kind: Kind::Prose, span, section: None, pieces: vec![piece], head: None }
    };
    let blocks = paragraphs(text).into_iter().map(block).collect();
    Content { blocks, visible: Visible::whole(text), ..Content::default() }
}

/// Runs of lines between blank lines.
fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut paragraphs: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    let mut open: Option<Range<usize>> = None;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        if line.trim().is_empty() {
            paragraphs.extend(open.take());
        } else {
            open = Some(open.map_or(at, |span| span.start)..end);
        }
        at += line.len();
    }
    paragraphs.extend(open);
    paragraphs
}
