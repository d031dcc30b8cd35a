//! Sources: folders that hold the same names, lie in one another, move and vanish; through the binary.

use crate::support::{home, outcome, rag};
use serde_json::Value;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A home, and a folder in which `rag` is run.
struct World {
    home: tempfile::TempDir,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        World { home: home(), dir: tempfile::tempdir().unwrap() }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join(path)
    }

    fn rag(&self, args: &[&str]) -> (i32, String, String) {
        outcome(rag(self.home.path()).current_dir(self.dir.path()).args(args))
    }

    fn index(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.rag(&[&["index", "--json"], args].concat());
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    }

    /// Ids and paths of the documents that hold a word.
    fn found(&self, word: &str) -> Vec<(String, String)> {
        let (code, out, err) = self.rag(&["search", word, "--mode", "lexical", "--json"]);
        assert!(code < 2, "{err}");
        let found: Value = serde_json::from_str(&out).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_string();
        found["hits"].as_array().unwrap().iter().map(|hit| (text(&hit["doc"]), text(&hit["path"]))).collect()
    }

    fn check(&self, word: &str, expect: &[(&str, &str)]) {
        let mut found = self.found(word);
        found.sort();
        let found: Vec<_> = found.iter().map(|(id, path)| (id.as_str(), path.as_str())).collect();
        assert_eq!(found, expect, "{word}");
    }
}

#[test]
fn two_folders_may_hold_the_same_names_and_the_same_ids() {
    let world = World::new();
    world.put("one/README.md", "第一个项目讲苹果。\n");
    world.put("two/README.md", "第二个项目讲苹果,也讲香蕉。\n");
    world.put("one/card.md", "---\nid: card\n---\n樱桃的卡片。\n");
    world.put("two/other.md", "---\nid: card\n---\n樱桃的另一张卡片。\n");
    world.index(&["one"]);
    let report = world.index(&["two/"]);
    assert_eq!((report["added"].as_u64(), report["changed"].as_u64()), (Some(2), Some(0)));
    assert!(report["skipped"][0]["reason"].as_str().unwrap().contains("both are found"), "{report}");
    world.check("苹果", &[("README.md", "one/README.md"), ("two/README.md", "two/README.md")]);
    world.check("樱桃", &[("card", "one/card.md"), ("other.md", "two/other.md")]);
    // Begun anew, and in another order, everything keeps its id.
    world.index(&["two", "one", "--rebuild"]);
    world.check("苹果", &[("README.md", "one/README.md"), ("two/README.md", "two/README.md")]);
    // What is edited in one shows there alone.
    world.put("two/README.md", "第二个项目改讲桃子。\n");
    world.index(&[]);
    world.check("苹果", &[("README.md", "one/README.md")]);
    world.check("桃子", &[("two/README.md", "two/README.md")]);
}

#[test]
fn every_place_takes_the_id_and_the_path_as_shown() {
    let world = World::new();
    world.put("one/a b#1.md", "苹果。\n");
    world.put("two/a b#1.md", "香蕉。\n");
    world.put("two/c.jsonl", "{\"_id\":\"x\",\"text\":\"樱桃\"}\n{\"_id\":\"y\",\"text\":\"桃子\"}\n");
    world.index(&["one", "two"]);
    let absolute = world.path("two/a b#1.md").canonicalize().unwrap();
    let names = ["two/a b#1.md", "./two/../two/a b#1.md", absolute.to_str().unwrap(), "two/a b#1.md#0"];
    for name in names {
        let (code, out, err) = world.rag(&["get", name]);
        assert!(code == 0 && out.contains("香蕉"), "{name}: {out}{err}");
        let (code, out, err) = world.rag(&["inspect", name, "--json"]);
        assert!(code == 0 && out.contains("two/a b#1.md"), "{name}: {out}{err}");
    }
    let (_, out, _) = world.rag(&["get", "one/a b#1.md"]);
    assert!(out.contains("苹果"), "{out}");
    let (code, _, err) = world.rag(&["get", "two/c.jsonl"]);
    assert!(code == 2 && err.contains("hint: name one by its id: x, y"), "{err}");
    let (code, _, err) = world.rag(&["get", "none.md"]);
    assert!(code == 2 && err.contains("no indexed document has the id or the path none.md"), "{err}");
}

#[test]
fn a_file_that_lies_in_two_sources_is_indexed_once() {
    let world = World::new();
    world.put("all/top.md", "苹果。\n");
    world.put("all/inner/note.md", "香蕉。\n");
    world.index(&["all/inner"]);
    let report = world.index(&["all"]);
    assert_eq!((report["added"].as_u64(), report["unchanged"].as_u64()), (Some(1), Some(1)));
    world.check("香蕉", &[("note.md", "all/inner/note.md")]);
    world.put("all/inner/note.md", "樱桃。\n");
    world.index(&["all"]);
    world.check("樱桃", &[("note.md", "all/inner/note.md")]);
    world.check("香蕉", &[]);
    fs::remove_file(world.path("all/inner/note.md")).unwrap();
    assert_eq!(world.index(&["all"])["deleted"].as_u64(), Some(1));
    // The other way round: the outer one first, then a file and a folder in it.
    world.put("all/inner/note.md", "桃子。\n");
    world.index(&["all"]);
    world.index(&["all/top.md", "all/inner"]);
    world.check("苹果", &[("top.md", "all/top.md")]);
    assert_eq!(world.found("桃子").len(), 1);
}

#[test]
fn a_source_that_is_gone_stops_nobody_and_can_be_dropped() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.put(&format!("{name}/n.md"), &format!("苹果在 {name}。\n"));
    }
    world.index(&["a", "b", "c"]);
    fs::remove_dir_all(world.path("b")).unwrap();
    world.put("a/new.md", "香蕉。\n");
    let (code, _, err) = world.rag(&["index"]);
    assert!(code == 0 && err.contains("the source b is not there") && err.contains("rag source rm b"), "{err}");
    assert_eq!((world.found("苹果").len(), world.found("香蕉").len()), (3, 1));
    // A rebuild would lose what can't be read again.
    let (code, _, err) = world.rag(&["index", "--rebuild"]);
    assert!(code == 2 && err.contains("would lose its 1 documents"), "{err}");
    assert_eq!(world.found("苹果").len(), 3);
    let (code, out, _) = world.rag(&["source", "rm", "b"]);
    assert!(code == 0 && out.contains("1 documents"), "{out}");
    assert_eq!(world.found("苹果").len(), 2);
    fs::remove_dir_all(world.path("c")).unwrap();
    assert_eq!(world.index(&["--prune"])["pruned"].as_array().unwrap().len(), 1);
    assert_eq!(world.found("苹果").len(), 1);
    let (_, out, _) = world.rag(&["source", "list", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["documents"].as_u64()), (1, Some(2)));
}

#[test]
fn a_folder_that_has_moved_keeps_its_ids() {
    let world = World::new();
    world.put("one/README.md", "苹果。\n");
    world.put("old/README.md", "香蕉。\n");
    world.put("old/more.md", "樱桃。\n");
    world.index(&["one", "old"]);
    world.check("香蕉", &[("old/README.md", "old/README.md")]);
    fs::rename(world.path("old"), world.path("new")).unwrap();
    let report = world.index(&["new"]);
    assert_eq!(report["moved"][0]["name"].as_str(), Some("old"), "{report}");
    assert_eq!(report["embedded"].as_u64(), Some(0));
    world.check("香蕉", &[("old/README.md", "new/README.md")]);
    // A folder that merely holds a file of the same name is another.
    fs::remove_dir_all(world.path("one")).unwrap();
    world.put("three/README.md", "桃子。\n");
    assert!(world.index(&["three"])["moved"].is_null());
    assert_eq!(world.found("苹果").len(), 1);
}

#[test]
fn what_is_left_out_is_counted_and_named() {
    let world = World::new();
    world.put("n/keep.md", "苹果。\n");
    world.put("n/.ragignore", "private/\n*.log.md\n");
    world.put("n/.gitignore", "build/\n!keep.log.md\n");
    world.put("n/private/a.md", "香蕉。\n");
    world.put("n/build/b.md", "香蕉。\n");
    world.put("n/x.log.md", "香蕉。\n");
    world.put("n/drafts/c.md", "香蕉。\n");
    world.put("n/picture.png", "x");
    world.put("n/.hidden.md", "香蕉。\n");
    world.put("n/empty.md", "\n");
    std::os::unix::fs::symlink("keep.md", world.path("n/link.md")).unwrap();
    let report = world.index(&["n", "--exclude", "drafts/"]);
    let counted: Vec<(String, u64)> = report["passed_over"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(why, named)| (why.clone(), named["count"].as_u64().unwrap()))
        .collect();
    let count = |why: &str| counted.iter().find(|(name, _)| name == why).map(|(_, count)| *count);
    assert_eq!(
        ["excluded", "ignored", "hidden", "link", "other_kind", "empty"].map(count),
        [Some(1), Some(3), Some(3), Some(1), Some(1), Some(1)],
        "{counted:?}"
    );
    assert!(world.found("香蕉").is_empty());
    let (_, out, _) = world.rag(&["status", "-v"]);
    for name in ["n/private/", "n/build/", "n/x.log.md", "n/drafts/", "n/picture.png", "n/link.md", "--exclude drafts/"]
    {
        assert!(out.contains(name), "{name}: {out}");
    }
    // What was excluded stays so.
    world.index(&[]);
    assert!(world.found("香蕉").is_empty());
    let (code, _, err) = world.rag(&["index", "n", "--exclude", "a{b"]);
    assert!(code == 2 && err.contains("hint: patterns are lines of a .gitignore"), "{err}");
}

#[test]
fn names_of_any_bytes_are_told_apart() {
    let world = World::new();
    fs::create_dir(world.path("n")).unwrap();
    let name = |bytes: &[u8]| world.path("n").join(std::ffi::OsStr::from_bytes(bytes));
    fs::write(name(b"\xB1\xCA\xBC\xC7.md"), "苹果。\n").unwrap();
    fs::write(name(b"\xB1\xCA\xBC\xC8.md"), "香蕉。\n").unwrap();
    fs::write(name(b"two\nlines.md"), "樱桃。\n").unwrap();
    world.index(&["n"]);
    world.check("苹果", &[("\\xB1\\xCA\\xBC\\xC7.md", "n/\\xB1\\xCA\\xBC\\xC7.md")]);
    world.check("香蕉", &[("\\xB1\\xCA\\xBC\\xC8.md", "n/\\xB1\\xCA\\xBC\\xC8.md")]);
    world.check("樱桃", &[("two\\x0Alines.md", "n/two\\x0Alines.md")]);
    let (_, out, _) = world.rag(&["get", "n/two\\x0Alines.md"]);
    assert!(out.contains("樱桃"), "{out}");
    assert_eq!(world.index(&[])["unchanged"].as_u64(), Some(3));
}

#[test]
fn only_regular_files_are_read() {
    let world = World::new();
    world.put("n/a.md", "苹果。\n");
    let fifo = |name: &str| {
        let made = std::process::Command::new("mkfifo").arg(world.path(name)).status().unwrap();
        assert!(made.success());
    };
    fifo("n/pipe.md");
    fs::create_dir(world.path("n/sub")).unwrap();
    fifo("n/sub/.gitignore");
    std::os::unix::fs::symlink("/dev/zero", world.path("n/.ragignore")).unwrap();
    let report = world.index(&["n"]);
    assert_eq!(report["passed_over"]["no_regular_file"]["count"].as_u64(), Some(2));
    assert_eq!(report["passed_over"]["unreadable"]["count"].as_u64(), Some(2), "{report}");
    let (code, _, err) = world.rag(&["index", "n/pipe.md"]);
    assert!(code == 2 && err.contains("is neither a folder nor a regular file"), "{err}");
    assert_eq!(world.found("苹果").len(), 1);
}

#[test]
fn collections_are_listed_renamed_and_removed() {
    let world = World::new();
    world.put("n/a.md", "苹果。\n");
    world.index(&["n", "-c", "one"]);
    world.index(&["n", "-c", "two"]);
    assert_eq!(world.rag(&["collection", "rename", "one", "two"]).0, 2);
    assert_eq!(world.rag(&["collection", "rename", "one", "three"]).0, 0);
    let (_, out, _) = world.rag(&["collection", "list", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["three", "two"]);
    assert_eq!(world.rag(&["collection", "rm", "three"]).0, 0);
    let (code, _, err) = world.rag(&["search", "apple", "-c", "three"]);
    assert!(code == 2 && err.contains("there are: two"), "{err}");
    assert!(Path::new(&world.path("n/a.md")).exists());
}
