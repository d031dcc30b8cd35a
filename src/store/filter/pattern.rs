//! A pattern for paths: a file, a folder with what is below it, or a glob.

use crate::text::fold;
use globset::{GlobBuilder, GlobMatcher};
use std::path::{Component, Path, PathBuf};

/// What `path=` admits, folded. A relative pattern is meant from the source, and from the folder we are run in, as paths
/// are shown.
pub struct Pattern {
    places: Vec<String>,
    globs: Vec<GlobMatcher>,
}

impl Pattern {
    /// None where `bound`, folded, is no glob.
    pub fn read(bound: &str) -> Option<Pattern> {
        let here = std::env::current_dir().unwrap_or_default();
        let here = fold(&here.to_string_lossy());
        let home = std::env::var("HOME").unwrap_or_default();
        let bound = &bound.strip_prefix("~/").map_or(bound.into(), |rest| format!("{}/{rest}", fold(&home)));
        let from_here = plain(&Path::new(&here).join(bound));
        let is_glob = bound.contains(['*', '?']);
        let mut pattern = Pattern { places: vec![from_here.clone()], globs: Vec::new() };
        let below = bound.trim_start_matches("./").trim_end_matches('/');
        if !below.is_empty() && below != "." {
            pattern.places.push(below.into());
        }
        if is_glob {
            // Of the folder we are in nothing is a wildcard.
            let rest = from_here.strip_prefix(&here).map(|rest| globset::escape(&here) + &glob(rest));
            for text in [Some(glob(below)), rest].into_iter().flatten() {
                let built = GlobBuilder::new(&text).literal_separator(true).backslash_escape(false).build().ok()?;
                pattern.globs.push(built.compile_matcher());
            }
        }
        Some(pattern)
    }

    /// Whether a folded path is one of them.
    pub fn matches(&self, path: &str) -> bool {
        let is_below = |place: &String| {
            path.strip_prefix(place.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.places.iter().any(is_below) || self.globs.iter().any(|glob| glob.is_match(path))
    }
}

/// A glob in which only `*`, `**` and `?` have a meaning: file names have brackets.
fn glob(text: &str) -> String {
    let mut glob = String::new();
    for c in text.chars() {
        match c {
            '*' | '?' => glob.push(c),
            c => glob += &globset::escape(c.encode_utf8(&mut [0; 4])),
        }
    }
    glob
}

/// `a/./b/../c` is `a/c`.
fn plain(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bound: &str, admitted: &[&str], refused: &[&str]) {
        let pattern = Pattern::read(bound).unwrap();
        for path in admitted {
            assert!(pattern.matches(path), "{bound} {path}");
        }
        for path in refused {
            assert!(!pattern.matches(path), "{bound} {path}");
        }
    }

    #[test]
    fn a_plain_name_is_a_file_or_a_folder_with_what_is_below_it() {
        check("notes", &["notes/a.md", "notes/x/b.md"], &["notes.md", "notes2/a.md", "my/notes/a.md"]);
        check("notes/", &["notes/a.md"], &["notes.md"]);
        check("./notes/a.md", &["notes/a.md"], &["notes/b.md"]);
        check("/home/u/notes", &["/home/u/notes/a.md"], &["/home/u/other/a.md"]);
        check("a[1].md", &["a[1].md"], &["a1.md"]);
    }

    #[test]
    fn wildcards_stop_at_a_folder_unless_they_are_two() {
        check("notes/*", &["notes/a.md"], &["notes/x/b.md", "a.md"]);
        check("notes/**", &["notes/a.md", "notes/x/b.md"], &["other/a.md"]);
        check("**/b.md", &["b.md", "x/y/b.md"], &["x/ab.md"]);
        check("no?es/*.md", &["notes/a.md", "nodes/b.md"], &["notes/a.txt"]);
        check("*[1]*", &["a[1].md"], &["a1.md"]);
    }

    #[test]
    fn a_relative_path_is_meant_from_here_too() {
        let here = fold(&std::env::current_dir().unwrap().to_string_lossy());
        check("src/*.rs", &[&format!("{here}/src/lib.rs"), "src/lib.rs"], &["/src/lib.rs"]);
        check("src/../tests", &[&format!("{here}/tests/it/main.rs")], &[&format!("{here}/src/lib.rs")]);
        check(".", &[&format!("{here}/src/lib.rs")], &["lib.rs"]);
    }
}
