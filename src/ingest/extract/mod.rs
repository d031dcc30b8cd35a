//! Extraction: a file into documents, each a text with its blocks, their pieces and what of them a reader sees.
//!
//! ```text
//! file → front matter, body → blocks → pieces, each with its place in the file, its visible text and its section
//! ```
//!
//! A piece is the smallest unit that chunks are cut between: a paragraph, a list item of any depth, a table's row, lines of
//! code between blank ones. Whoever has to cut one uses the map from visible letters to the source: nothing is read as
//! Markdown a second time.

mod address;
mod definitions;
mod events;
mod fence;
mod front_matter;
mod hidden;
mod html;
mod inline;
mod json_lines;
mod links;
mod markdown;
mod markup;
mod plain;
mod reader;
mod section;
mod visible;
mod yaml;

pub use front_matter::split_front_matter;
pub use hidden::Hidden;
pub use section::Sections;
pub use visible::Visible;

use super::Options;
use super::decode::{Decoded, decode};
use super::problem::{SkipReason, Skipped};
use super::walk::{Kind as FileKind, SourceFile};
use crate::document::{Document, Place};
use crate::files::{Refused, read_regular};
use std::ops::Range;

/// A document with the structure that chunking needs.
#[derive(Debug, Clone)]
pub struct Source {
    pub document: Document,
    /// The id that the front matter or the JSON line gives it, without control characters and blanks around it.
    pub declared_id: Option<String>,
    /// What it is also found by, at low weight: its file's name and what its front matter says, one a line.
    pub names: String,
    pub content: Content,
    /// Line of the file on which `document.text` begins, counted from 1.
    pub first_line: u32,
    /// Set where the whole text stands on one line of the file (JSON Lines).
    pub one_line: bool,
}

impl Source {
    /// What a reader sees of it without code, a block a line.
    pub fn prose(&self) -> String {
        let blocks = self.content.blocks.iter().filter(|block| block.kind != Kind::Code);
        let pieces = blocks.flat_map(|block| &block.pieces);
        pieces.map(|piece| self.content.visible.as_str()[piece.visible.clone()].to_string() + "\n").collect()
    }
}

/// What was found in a document's text. Ranges are bytes of it, but those of visible text.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// In order and disjoint.
    pub blocks: Vec<Block>,
    pub sections: Sections,
    pub visible: Visible,
    pub hidden: Hidden,
    /// Addresses of links, names of images and the like, each with where it stands, in order.
    pub asides: Vec<(usize, String)>,
}

impl Content {
    /// Whether there is nothing to be found by.
    pub fn is_empty(&self) -> bool {
        let mut pieces = self.blocks.iter().flat_map(|block| &block.pieces);
        self.asides.is_empty() && pieces.all(|piece| piece.weight == Weight::None)
    }
}

/// A paragraph, list, table or the like: chunks are made of whole blocks where they fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: Kind,
    pub span: Range<usize>,
    /// The section it stands in; a heading stands in its own.
    pub section: Option<usize>,
    /// In order and disjoint.
    pub pieces: Vec<Piece>,
    /// Of a table: its head, which is told again above every part of it.
    pub head: Option<Head>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Heading,
    Prose,
    List,
    Table,
    Code,
    Quote,
    Html,
    /// Addresses of links that stand elsewhere.
    Definitions,
}

/// The smallest unit that chunks are cut between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub span: Range<usize>,
    /// Bytes of the visible text.
    pub visible: Range<usize>,
    /// Whether a row, an item of the outermost list or the like begins with it, which is rather kept whole.
    pub begins_unit: bool,
    pub weight: Weight,
    /// Letters of it that are the text of a link.
    pub linked: usize,
}

/// How the words of a piece are indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Body,
    /// At low weight: lists of links and of works say what stands elsewhere.
    Aside,
    /// Not at all: code where it is not to be indexed.
    None,
}

/// The head of a table: its row and the rule below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub span: Range<usize>,
    pub visible: Range<usize>,
}

/// All that a file holds.
#[derive(Debug, Default)]
pub struct Parsed {
    pub documents: Vec<Source>,
    /// Set where the file is not plain UTF-8.
    pub read_as: Option<ReadAs>,
    pub unverified: usize,
    pub skipped: Vec<Skipped>,
}

/// How a file that is not plain UTF-8 was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadAs {
    pub encoding: &'static str,
    /// Characters that could not be told.
    pub replaced: usize,
}

pub fn parse(file: &SourceFile, options: &Options) -> Result<Parsed, SkipReason> {
    let Decoded { text, encoding, replaced, .. } = read(file, options)?;
    let mut parsed = match file.kind {
        FileKind::Markdown => markdown::document(file, &text, options)?,
        FileKind::Plain => plain::document(file, text)?,
        FileKind::JsonLines => json_lines::documents(file, &text),
    };
    if encoding != "UTF-8" || replaced > 0 {
        parsed.read_as = Some(ReadAs { encoding, replaced });
    }
    Ok(parsed)
}

/// The text of a file, if it is a regular one and not too large.
fn read(file: &SourceFile, options: &Options) -> Result<Decoded, SkipReason> {
    let limit_mib = options.file_bytes_max >> 20;
    let bytes = read_regular(&file.path, options.file_bytes_max).map_err(|error| match Refused::of(&error) {
        Some(Refused::TooLarge { .. }) => {
            let bytes = std::fs::metadata(&file.path).map_or(options.file_bytes_max, |meta| meta.len());
            SkipReason::TooLarge { mib: bytes >> 20, limit_mib }
        }
        _ => SkipReason::Unreadable(error.to_string()),
    })?;
    decode(&bytes).map_err(SkipReason::Undecodable)
}

/// An id as it is kept: no control characters, no blanks around it; none where nothing is left.
fn clean_id(id: &str) -> Option<String> {
    let id = id.replace(char::is_control, " ");
    Some(id.trim().to_string()).filter(|id| !id.is_empty())
}

/// The source's name is known to who collects.
fn place(file: &SourceFile) -> Place {
    Place { source: String::new(), within: file.relative.clone(), modified: String::new() }
}

/// The file's name without its extension.
fn stem(file: &SourceFile) -> String {
    file.stem.clone()
}

#[cfg(test)]
pub fn markdown_content(text: &str) -> Content {
    markdown::content(text, true)
}

#[cfg(test)]
pub use plain::content as plain_content;

#[cfg(test)]
mod tests;
