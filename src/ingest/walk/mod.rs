//! The files to index: what lies under a source and is of a kind we read, ignore rules respected.

mod name;
mod rules;

pub use name::{legible, path_of, shown};
pub use rules::flaw;

use super::passed_over::{PassedOver, Why};
use rules::Rules;
use std::fs::{DirEntry, FileType};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Markdown,
    Plain,
    /// `{"_id","title","text"}` a line.
    JsonLines,
}

impl Kind {
    fn of(path: &Path) -> Option<Kind> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "md" | "markdown" | "mdown" => Some(Kind::Markdown),
            "txt" | "text" => Some(Kind::Plain),
            "jsonl" | "ndjson" => Some(Kind::JsonLines),
            _ => None,
        }
    }
}

/// A file to read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As shown to the user: under the root as the user wrote it.
    pub path: PathBuf,
    /// The same, whatever folder we are run in. See [`shown`].
    pub absolute: String,
    /// Path within its source, `/` between parts: the id of a document that names none.
    pub relative: String,
    /// The name of its source.
    pub source: String,
    /// Its name without the extension, for people to read.
    pub stem: String,
    pub kind: Kind,
    /// When it was last changed, where the file system says so.
    pub modified: Option<SystemTime>,
}

impl SourceFile {
    /// Whether the file is one document, so that its path names it.
    pub fn holds_one(&self) -> bool {
        self.kind != Kind::JsonLines
    }
}

/// What was found under one root, sorted by path.
#[derive(Debug, Default)]
pub struct Walk {
    pub files: Vec<SourceFile>,
    pub passed_over: PassedOver,
    /// Absolute paths of folders that could not be read: what is missing below them may still exist.
    pub unread: Vec<String>,
}

/// The files under `root`, which is a folder or a regular file: as the user wrote it, and as an absolute path without
/// links. `exclude` are lines of a `.gitignore` at the root. Symbolic links are not followed: what is indexed lies
/// under the root.
pub fn walk(root: &Path, absolute: &Path, source: &str, exclude: &[String]) -> Walk {
    let mut walk = Walker { source, found: Walk::default() };
    if absolute.is_dir() {
        let mut rules = Rules::above(absolute, exclude, &mut walk.found.passed_over);
        walk.folder(root, absolute, "", &mut rules);
    } else {
        let name = absolute.file_name().map_or_else(String::new, |name| shown(Path::new(name)));
        let modified = absolute.metadata().and_then(|meta| meta.modified()).ok();
        walk.file(root.to_path_buf(), absolute, name, modified);
    }
    walk.found
}

/// The file at `path` by itself; none where it is of no kind that is read.
pub fn file_at(path: &Path) -> Option<SourceFile> {
    walk(path, path, "", &[]).files.pop()
}

struct Walker<'a> {
    source: &'a str,
    found: Walk,
}

impl Walker<'_> {
    /// Everything below the folder at `path`, whose path within the source is `within`.
    fn folder(&mut self, path: &Path, absolute: &Path, within: &str, rules: &mut Rules) {
        let mut entries = match entries(absolute) {
            Ok(entries) => entries,
            Err(error) => {
                self.found.passed_over.add(Why::Unreadable, path, &error.to_string());
                self.found.unread.push(shown(absolute));
                return;
            }
        };
        entries.sort_by_key(DirEntry::file_name);
        let level = rules.enter(absolute, &mut self.found.passed_over);
        for entry in entries {
            let name = entry.file_name();
            let (path, absolute) = (path.join(&name), absolute.join(&name));
            let Ok(kind) = entry.file_type() else {
                self.found.passed_over.add(Why::Unreadable, &path, "");
                continue;
            };
            if let Some(why) = refused(&name.to_string_lossy(), kind, &absolute, rules) {
                // What a folder that is passed over holds is not looked at, and so not counted.
                self.found.passed_over.add(why, &path, if kind.is_dir() { "/" } else { "" });
                continue;
            }
            let name = shown(Path::new(&name));
            let within = if within.is_empty() { name } else { format!("{within}/{name}") };
            if kind.is_dir() {
                self.folder(&path, &absolute, &within, rules);
            } else {
                let modified = entry.metadata().and_then(|meta| meta.modified()).ok();
                self.file(path, &absolute, within, modified);
            }
        }
        rules.leave(level);
    }

    fn file(&mut self, path: PathBuf, absolute: &Path, relative: String, modified: Option<SystemTime>) {
        match Kind::of(absolute).filter(|kind| *kind != Kind::JsonLines || is_collection(absolute)) {
            Some(kind) => {
                let stem = absolute.file_stem().map_or_else(String::new, |stem| legible(Path::new(stem)));
                let (source, absolute) = (self.source.into(), shown(absolute));
                self.found.files.push(SourceFile { path, absolute, relative, source, stem, kind, modified });
            }
            None => self.found.passed_over.add(Why::OtherKind, &path, ""),
        }
    }
}

fn entries(folder: &Path) -> std::io::Result<Vec<DirEntry>> {
    std::fs::read_dir(folder)?.collect()
}

/// Why something that lies in a folder is not even looked into; none for folders and regular files that are.
fn refused(name: &str, kind: FileType, absolute: &Path, rules: &Rules) -> Option<Why> {
    if kind.is_symlink() {
        return Some(Why::Link);
    }
    if !kind.is_dir() && !kind.is_file() {
        return Some(Why::NoRegularFile);
    }
    match rules.verdict(absolute, kind.is_dir()) {
        Some(rules::Verdict::Excluded) => Some(Why::Excluded),
        Some(rules::Verdict::Ignored) => Some(Why::Ignored),
        Some(rules::Verdict::Wanted) => None,
        None => name.starts_with('.').then_some(Why::Hidden),
    }
}

/// In a folder of the BEIR layout only `corpus.jsonl` holds documents; queries and answers beside it do not.
fn is_collection(path: &Path) -> bool {
    let beside = path.parent().is_some_and(|dir| dir.join("qrels").is_dir() && dir.join("corpus.jsonl").is_file());
    !beside || path.file_name().is_some_and(|name| name == "corpus.jsonl")
}

#[cfg(test)]
mod tests;
