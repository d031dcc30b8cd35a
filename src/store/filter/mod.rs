//! A filter: which documents a search is about, by what they say of themselves and by where they stand.
//!
//! ```text
//! condition → the kind of its key's values (date, number, version, text) → each distinct value, once → documents
//! ```
//!
//! Values are kept as they were written, folded; what they mean is read when a condition asks, since that depends on
//! the key's other values: 1.10 is a version beside 1.9.2, and a number beside 1.5.

mod clock;
mod condition;
mod cursor;
mod date;
mod key;
mod list;
mod number;
mod numeral;
mod outcome;
mod pattern;
mod reading;
mod spelling;
mod test;
mod version;
mod words;

pub use condition::{Comparison, Condition};
pub use key::{PLACE_KEYS, nearest_key};
pub use outcome::{FilterOutcome, Uncompared};
pub use test::Verdict;

use super::StoreProblem;
use crate::document::Document;
use crate::text::{self, Phrase};
use key::fold_key;
use std::path::Path;

/// What is compared of a longer value.
const VALUE_CHARS_MAX: usize = 1024;

/// What must all hold; nothing admits everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of the document.
    pub conditions: Vec<Condition>,
    /// A passage must hold each of these in title, headings or text.
    pub phrases: Vec<Phrase>,
    /// A passage must hold none of these.
    pub excluded: Vec<Phrase>,
}

impl Filter {
    /// One condition a line: `date>=2024-01-01`.
    pub fn parse(lines: &str) -> Result<Filter, StoreProblem> {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(Filter { conditions: lines.map(str::parse).collect::<Result<_, _>>()?, ..Filter::default() })
    }

    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.phrases.is_empty() && self.excluded.is_empty()
    }
}

/// As values are kept: width, case and script do not count.
pub fn fold_value(value: &str) -> String {
    text::fold(value.trim()).chars().take(VALUE_CHARS_MAX).collect()
}

/// What a document can be filtered by, folded: what it says of itself, and where it stands. A key of the front matter may
/// have the name of one of [`PLACE_KEYS`]; both values count.
pub fn properties(document: &Document) -> Vec<(String, String)> {
    let place = &document.place;
    let mut properties: Vec<(String, String)> =
        document.properties.iter().map(|(key, value)| (fold_key(key), fold_value(value))).collect();
    // Paths are never cut: the end tells them apart.
    let named = if place.source.is_empty() { String::new() } else { format!("{}/{}", place.source, place.within) };
    for path in [&place.within, &document.path, &named] {
        properties.push(("path".into(), text::fold(path)));
    }
    let file = if place.within.is_empty() { &document.path } else { &place.within };
    let ext = Path::new(file).extension().unwrap_or_default().to_string_lossy();
    for (key, value) in
        [("source", &*place.source), ("ext", &ext), ("title", &document.title), ("modified", &place.modified)]
    {
        properties.push((key.into(), fold_value(value)));
    }
    properties.retain(|(_, value)| !value.is_empty());
    properties.sort();
    properties.dedup();
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{DocId, Place};

    #[test]
    fn a_document_has_its_place_among_its_properties() {
        let document = Document {
            id: DocId("x".into()),
            title: "《索引》".into(),
            aliases: Vec::new(),
            path: "/home/u/Notes/db/A.MD".into(),
            place: Place { source: "Notes".into(), within: "db/A.MD".into(), modified: "2024-05-01".into() },
            source: String::new(),
            properties: vec![("Tags".into(), "#檢索".into()), ("source".into(), "手册".into())],
            text: String::new(),
        };
        let of = |key: &str| -> Vec<String> {
            properties(&document).into_iter().filter(|(known, _)| known == key).map(|(_, value)| value).collect()
        };
        assert_eq!(of("path"), ["/home/u/notes/db/a.md", "db/a.md", "notes/db/a.md"]);
        assert_eq!(of("source"), ["notes", "手册"]);
        assert_eq!((of("ext"), of("tag")), (vec!["md".into()], vec!["#检索".into()]));
        assert_eq!((of("title"), of("modified")), (vec!["《索引》".into()], vec!["2024-05-01".into()]));
    }

    #[test]
    fn a_filter_has_a_condition_a_line() {
        assert_eq!(Filter::parse("tag=检索\n\n date>=2024 ").unwrap().conditions.len(), 2);
        assert!(Filter::parse("").unwrap().is_empty());
    }
}
