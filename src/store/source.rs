//! A source: a folder or a single file that a collection takes documents from.

use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Short, and unique within the collection: `notes`. Ids of documents may begin with it, so it stays when the folder
    /// moves.
    pub name: String,
    /// An absolute path without links in it.
    pub root: String,
    /// Patterns of what is left out, as lines of a `.gitignore` at its root.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl Source {
    /// A source at `root`, named after its last part in a way that none of `others` is.
    pub fn at(root: &str, others: &[Source]) -> Source {
        let last =
            Path::new(root).file_name().map_or_else(|| "root".into(), |name| name.to_string_lossy().into_owned());
        let is_free = |name: &String| others.iter().all(|other| other.name != *name);
        let mut numbered = (2..).map(|number| format!("{last}-{number}"));
        let name = Some(last.clone()).filter(is_free).or_else(|| numbered.find(is_free));
        Source { name: name.unwrap_or(last), root: root.into(), exclude: Vec::new() }
    }

    /// Whether `path`, absolute, is the source's file or lies below its folder.
    pub fn covers(&self, path: &str) -> bool {
        is_within(&self.root, path)
    }

    /// The absolute path of what stands at `within`.
    pub fn path_of(&self, within: &str) -> String {
        // A single file has its own name within itself.
        match Path::new(&self.root).file_name().is_some_and(|name| name == within) && !Path::new(&self.root).is_dir() {
            true => self.root.clone(),
            false => join(&self.root, within),
        }
    }
}

/// Whether the absolute `path` is `root` or below it.
pub fn is_within(root: &str, path: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || root.ends_with('/'))
}

/// `within` below `root`, which may be `/`.
pub fn join(root: &str, within: &str) -> String {
    format!("{}/{within}", root.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_told_apart() {
        let first = Source::at("/a/notes", &[]);
        let second = Source::at("/b/notes", std::slice::from_ref(&first));
        let third = Source::at("/c/notes", &[first.clone(), second.clone()]);
        assert_eq!([&first.name, &second.name, &third.name], ["notes", "notes-2", "notes-3"]);
        assert_eq!(Source::at("/", &[]).name, "root");
    }

    #[test]
    fn a_folder_covers_what_is_below_it_and_not_what_begins_alike() {
        let notes = Source::at("/a/notes", &[]);
        assert!(notes.covers("/a/notes/x.md") && notes.covers("/a/notes"));
        assert!(!notes.covers("/a/notes-old/x.md") && !notes.covers("/a"));
        assert!(Source::at("/", &[]).covers("/a"));
    }
}
