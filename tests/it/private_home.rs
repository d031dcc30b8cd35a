//! The data folder: for its owner's eyes only, and never needed to be written by one who searches.

use crate::support::{home, outcome, rag};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Everything below `dir` but links and the models.
fn below(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            continue;
        }
        out.push(path.clone());
        if path.is_dir() {
            below(&path, out);
        }
    }
}

fn done(home: &Path, args: &[&str]) {
    let (code, _, err) = outcome(rag(home).args(args));
    assert_eq!(code, 0, "{args:?}: {err}");
}

#[test]
fn everything_below_the_home_is_for_its_owner_alone() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
    // As an earlier version left it.
    let collections = home.path().join("collections");
    fs::create_dir(&collections).unwrap();
    fs::set_permissions(&collections, Permissions::from_mode(0o755)).unwrap();
    fs::write(dir.path().join("a.md"), "苹果富含果胶。\n").unwrap();
    let notes = dir.path().to_str().unwrap();
    done(home.path(), &["index", notes]);
    fs::write(dir.path().join("b.md"), "钢琴有 88 个琴键。\n").unwrap();
    done(home.path(), &["index", notes]);
    done(home.path(), &["ask", "钢琴有多少个琴键", "--extractive"]);
    done(home.path(), &["eval", "add", "钢琴有几个键", "--doc", "b.md", "--suite", &format!("{notes}/mine")]);
    done(home.path(), &["eval", "retrieval", &format!("{notes}/mine"), "--systems", "dense"]);
    let mut all = Vec::new();
    below(home.path(), &mut all);
    for name in ["collections", "evals", "journal.db"] {
        assert!(all.contains(&home.path().join(name)), "{name}: {all:?}");
    }
    let open: Vec<_> = all.iter().filter(|path| mode(path) & 0o077 != 0).collect();
    assert!(open.is_empty(), "{open:?}");
}

/// Root may write anywhere: then the modes alone prove nothing, and that nothing is left behind does.
#[test]
fn a_search_writes_nothing_beside_the_index() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.md"), "苹果富含果胶和纤维素。\n").unwrap();
    done(home.path(), &["index", dir.path().to_str().unwrap()]);
    let listed = || {
        let mut all = Vec::new();
        below(home.path(), &mut all);
        all.sort();
        all
    };
    // Those of the writer.
    for lock in listed().iter().filter(|path| path.extension().is_some_and(|extension| extension == "lock")) {
        fs::remove_file(lock).unwrap();
    }
    let before = listed();
    for path in before.iter().rev() {
        fs::set_permissions(path, Permissions::from_mode(mode(path) & 0o555)).unwrap();
    }
    fs::set_permissions(home.path(), Permissions::from_mode(0o555)).unwrap();
    for args in [&["search", "果胶"][..], &["search", "果胶", "--mode", "lexical"], &["status"], &["inspect", "a.md"]]
    {
        done(home.path(), args);
    }
    assert_eq!(listed(), before);
    // The journal cannot be written; the question is answered.
    let (code, out, err) = outcome(rag(home.path()).args(["ask", "苹果富含什么", "--extractive"]));
    assert!(code == 0 && out.contains("果胶") && err.is_empty(), "{code} {out}{err}");
    fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
    for path in before {
        fs::set_permissions(&path, Permissions::from_mode(mode(&path) | 0o700)).unwrap();
    }
}
