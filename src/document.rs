//! A document and the chunks it is cut into.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// Front matter `id` (or `_id` of a JSON line), else the path relative to its root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocId(pub String);

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A chunk's address: its document and its position there, counted from 0. Shown as `doc#ordinal`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ChunkId {
    pub doc: DocId,
    pub ordinal: u32,
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.doc, self.ordinal)
    }
}

impl ChunkId {
    /// Reads what `Display` writes; none for anything else.
    pub fn parse(shown: &str) -> Option<ChunkId> {
        let (doc, ordinal) = shown.rsplit_once('#')?;
        Some(ChunkId { doc: DocId(doc.into()), ordinal: ordinal.parse().ok()? })
    }
}

impl Serialize for ChunkId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a document is made from, as parsed; `text` is the body as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: DocId,
    pub title: String,
    /// Other true names of the subject (front matter `aliases`); never paraphrased questions.
    pub aliases: Vec<String>,
    /// Where it was read from: an absolute path.
    pub path: String,
    /// Where it stands among the sources.
    pub place: Place,
    /// Where its facts come from (front matter `sources`), shown to the model; may be empty.
    pub source: String,
    /// Keys and values that searches can be filtered by: the rest of the front matter, or of a JSON line.
    pub properties: Vec<(String, String)>,
    /// The body, byte for byte as in the file (front matter cut off).
    pub text: String,
}

/// Where a document stands among the sources of a collection: what a filter may ask of every document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The short name of its source (see `rag source list`).
    pub source: String,
    /// Its file's path within the source, `/` between parts; the file's name where the source is that file.
    pub within: String,
    /// The day its file was last changed, `2024-05-01`; empty where that is not known.
    pub modified: String,
}

impl Document {
    /// What the front matter has under `date`, the first of several; empty where there is none.
    pub fn date(&self) -> &str {
        let dated = self.properties.iter().find(|(key, _)| key.eq_ignore_ascii_case("date"));
        dated.map_or("", |(_, date)| date)
    }
}

/// A piece of a document that is ranked, cited and packed as one.
///
/// Invariant: `text` is `document.text[span]` without what is never shown (tags, comments, the bytes of pictures), whose
/// line breaks stay: so any citation can be checked, and lines counted in `text` are those of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chunk {
    pub id: ChunkId,
    /// Headings above all of the chunk, outermost first, without the document's title.
    pub headings: Vec<String>,
    /// Of a chunk that holds several sections: the line of the file that each begins on, and the headings above it.
    pub sections: Vec<(u32, Vec<String>)>,
    /// Bytes of `document.text`.
    pub span: Range<usize>,
    /// First and last line in the file at `document.path`, counted from 1.
    pub lines: (u32, u32),
    pub text: String,
    /// What explains it where it begins in the middle of something; no part of `span`.
    pub lead: Lead,
    /// What a reader sees of `text`, without markup and without what is in `asides`.
    pub visible: String,
    /// As `visible`, without the headings in it that are in `headings` too: what the lexical leg reads.
    pub searchable: String,
    /// What it is also found by, at low weight, one a line: addresses of links, names of pictures, lists of works, its
    /// file's name and what the front matter says.
    pub asides: String,
    /// All that a reader sees of `text`: what snippets are made of.
    pub plain: String,
}

impl Chunk {
    /// What the embedder reads below the heading.
    pub fn embedded(&self) -> Cow<'_, str> {
        self.led(&self.visible)
    }

    /// What the lexical leg reads below the heading.
    pub fn indexed(&self) -> Cow<'_, str> {
        self.led(&self.searchable)
    }

    fn led<'c>(&self, text: &'c str) -> Cow<'c, str> {
        match self.lead.plain.is_empty() {
            true => Cow::Borrowed(text),
            false => Cow::Owned(format!("{}\n{text}", self.lead.plain)),
        }
    }
}

/// The head of the table that a chunk goes on with, or the line that announces its list; empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lead {
    /// As it stands in the file.
    pub text: String,
    /// Without markup.
    pub plain: String,
}

/// A chunk as fetched from a store, with what is needed to show and cite it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    pub id: ChunkId,
    pub title: String,
    pub headings: Vec<String>,
    /// See [`Chunk::sections`].
    pub sections: Vec<(u32, Vec<String>)>,
    pub path: String,
    pub source: String,
    /// Front matter `date`; may be empty.
    pub date: String,
    /// First and last line in the file, counted from 1.
    pub lines: (u32, u32),
    pub text: String,
    /// What stands in the file further up and explains `text`: see [`Chunk::lead`]. May be empty.
    pub lead: String,
    /// `text` without markup, where that is something else.
    pub plain: Option<String>,
}

impl Passage {
    /// `title › section › subsection`.
    pub fn heading(&self) -> String {
        heading(&self.title, &self.headings)
    }

    /// What a reader sees of it, without markup.
    pub fn plain(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.text)
    }
}

/// `title › section › subsection`, empty parts left out: how a chunk is named to users and to embedders.
pub fn heading(title: &str, headings: &[String]) -> String {
    let parts = std::iter::once(title).chain(headings.iter().map(String::as_str));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" › ")
}
