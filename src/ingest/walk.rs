//! The files to index: what lies under the roots and is of a kind we read, `.gitignore` respected.

use super::problem::{IngestProblem, SkipReason, Skipped};
use crate::error::{IoContext, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    /// The same, whatever folder we are run in.
    pub absolute: String,
    /// Path below its root, `/` between parts: the id of a document that names none.
    pub relative: String,
    /// The root it was found under, as an absolute path.
    pub root: String,
    pub kind: Kind,
}

/// All files of a run, sorted by path within each root.
pub struct Walk {
    pub files: Vec<SourceFile>,
    pub other_files: usize,
    /// The roots as absolute paths.
    pub roots: Vec<String>,
    /// Those of them that could not be walked whole: what is missing there may still exist.
    pub partial_roots: BTreeSet<String>,
    pub skipped: Vec<Skipped>,
}

pub fn walk(roots: &[PathBuf]) -> Result<Walk> {
    if roots.is_empty() {
        return Err(IngestProblem::NoRoots.into());
    }
    let mut found = Walk {
        files: Vec::new(),
        other_files: 0,
        roots: Vec::new(),
        partial_roots: BTreeSet::new(),
        skipped: Vec::new(),
    };
    for root in roots {
        if !root.exists() {
            return Err(IngestProblem::NoSuchPath { path: root.clone() }.into());
        }
        // However it is written, a root is the same root; and the folder we are run in has no links in it either.
        let absolute = root.canonicalize().at("read", root)?.to_string_lossy().into_owned();
        found.roots.push(absolute.clone());
        walk_root(root, &absolute, &mut found);
    }
    Ok(found)
}

fn walk_root(root: &Path, absolute: &str, found: &mut Walk) {
    // Symbolic links are not followed: what is indexed lies under the root.
    let walker = ignore::WalkBuilder::new(root).require_git(false).sort_by_file_path(|a, b| a.cmp(b)).build();
    for entry in walker {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let reason = SkipReason::Unreadable(error.to_string());
                found.skipped.push(Skipped { path: root.to_path_buf(), reason });
                found.partial_roots.insert(absolute.into());
                continue;
            }
        };
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if !is_file && entry.depth() > 0 || entry.path().is_dir() {
            continue;
        }
        let path = entry.into_path();
        match Kind::of(&path).filter(|kind| *kind != Kind::JsonLines || is_collection(&path)) {
            Some(kind) => {
                let relative = relative(root, &path);
                let whole = if path == root { absolute.into() } else { format!("{absolute}/{relative}") };
                found.files.push(SourceFile { path, absolute: whole, relative, root: absolute.into(), kind });
            }
            None => found.other_files += 1,
        }
    }
}

/// In a folder of the BEIR layout only `corpus.jsonl` holds documents; queries and answers beside it do not.
fn is_collection(path: &Path) -> bool {
    let beside = path.parent().is_some_and(|dir| dir.join("qrels").is_dir() && dir.join("corpus.jsonl").is_file());
    !beside || path.file_name().is_some_and(|name| name == "corpus.jsonl")
}

fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    let below = below.map(Path::to_path_buf).or_else(|| path.file_name().map(PathBuf::from)).unwrap_or_default();
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(found: &Walk) -> Vec<&str> {
        found.files.iter().map(|file| file.relative.as_str()).collect()
    }

    #[test]
    fn gitignored_and_hidden_files_are_left_out_and_others_counted() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in
            [("b.md", "b"), ("a/c.txt", "c"), ("skip.md", "s"), (".gitignore", "skip.md\n"), ("x.png", "")]
        {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = walk(&[dir.path().to_path_buf()]).unwrap();
        assert_eq!(names(&found), ["a/c.txt", "b.md"]);
        assert_eq!(found.other_files, 1);
    }

    #[test]
    fn of_a_beir_folder_only_the_corpus_is_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("qrels")).unwrap();
        for name in ["corpus.jsonl", "queries.jsonl", "answers.jsonl"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(names(&walk(&[dir.path().to_path_buf()]).unwrap()), ["corpus.jsonl"]);
    }

    #[test]
    fn a_root_may_be_a_file_and_must_exist() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("note.md");
        assert!(walk(std::slice::from_ref(&file)).is_err());
        fs::write(&file, "x").unwrap();
        assert_eq!(names(&walk(&[file]).unwrap()), ["note.md"]);
    }
}
