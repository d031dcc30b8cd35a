//! What a project's `rag.toml` may set: what to search and how to show it. It came with a folder that somebody else wrote,
//! so nothing that deletes, connects, runs, changes the index or reads outside of the project.

use super::{ConfigProblem, Key};
use crate::error::Result;
use std::path::{Path, PathBuf};

/// What a project may set a key to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    Anything,
    /// The others connect.
    OneOf(&'static [&'static str]),
    /// A file below the folder of the project.
    FileInside,
}

/// All that a project may set; what is not listed it may not. README.md has the same list.
const ALLOWED: &[(&str, May)] = &[
    ("collection", May::Anything),
    ("text.dictionary", May::FileInside),
    ("search.mode", May::Anything),
    ("search.limit", May::Anything),
    ("search.where", May::Anything),
    ("search.fusion", May::Anything),
    ("search.min_relevance", May::Anything),
    ("search.depth", May::Anything),
    ("search.rrf_k", May::Anything),
    ("search.weight_lexical", May::Anything),
    ("search.weight_dense", May::Anything),
    ("search.rerank", May::OneOf(LOCAL)),
    ("chat.rerank", May::OneOf(LOCAL)),
    ("chat.passages", May::Anything),
    ("chat.strict", May::Anything),
    ("chat.language", May::Anything),
];

/// Ways to rerank that ask no server.
const LOCAL: &[&str] = &["none", "auto", "maxsim"];

/// `value`, as the file `path` of a project may set it; a file's name is made whole.
pub fn admit(path: &Path, key: &Key, value: String, user_file: Option<&Path>) -> Result<String> {
    let may = ALLOWED.iter().find(|(name, _)| *name == key.name).map(|(_, may)| *may);
    let admitted = match may {
        None => None,
        Some(May::Anything) => Some(value),
        Some(May::OneOf(values)) => values.contains(&value.as_str()).then_some(value),
        Some(May::FileInside) if value.is_empty() => Some(value),
        Some(May::FileInside) => inside(path.parent().unwrap_or(Path::new(".")), &value),
    };
    admitted.ok_or_else(|| {
        ConfigProblem::Untrusted {
            path: path.into(),
            name: key.name,
            is_value: may.is_some(),
            user_file: user_file.map(PathBuf::from),
            env: key.env.first().copied(),
        }
        .into()
    })
}

/// The file `name` where it lies in `folder`, links followed.
fn inside(folder: &Path, name: &str) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(name);
    let file = match file.canonicalize() {
        Ok(file) => file,
        // Not there: whoever reads it will say so.
        Err(_) if file.components().all(|part| part != std::path::Component::ParentDir) => file,
        Err(_) => return None,
    };
    file.starts_with(&folder).then(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{KEYS, key};

    #[test]
    fn the_readme_has_the_same_list() {
        let readme = include_str!("../../README.md");
        let line =
            readme.lines().find(|line| line.contains("项目里的 `rag.toml` 只能设置")).expect("a sentence says it");
        let listed: Vec<&str> = line.split('`').filter(|name| KEYS.iter().any(|key| key.name == *name)).collect();
        let allowed: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, allowed);
    }

    #[test]
    fn a_file_is_taken_from_inside_alone() {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join("p");
        std::fs::create_dir_all(project.join("sub")).unwrap();
        for path in ["out.txt", "p/in.txt", "p/sub/in.txt"] {
            std::fs::write(dir.path().join(path), "").unwrap();
        }
        std::os::unix::fs::symlink("../out.txt", project.join("link.txt")).unwrap();
        let out = dir.path().join("out.txt").display().to_string();
        for (value, is_in) in [
            ("in.txt", true),
            ("sub/../in.txt", true),
            ("none.txt", true),
            ("", true),
            ("../out.txt", false),
            ("link.txt", false),
            ("/dev/zero", false),
            ("../none.txt", false),
            (&out, false),
        ] {
            let key = key::find("text.dictionary").unwrap();
            let admitted = admit(&project.join("rag.toml"), key, value.into(), None);
            assert_eq!(admitted.is_ok(), is_in, "{value}: {admitted:?}");
        }
    }
}
