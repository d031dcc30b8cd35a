//! `--where` and several `-c`, through the binary.

use crate::support::{home, outcome, rag};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn search(home: &Path, args: &[&str]) -> (i32, Vec<String>, Value) {
    let (code, out, err) = outcome(rag(home).arg("search").args(args).arg("--json"));
    assert!(code < 2, "{err}");
    let found: Value = serde_json::from_str(&out).unwrap();
    let hits = found["hits"].as_array().unwrap().iter();
    (code, hits.map(|hit| hit["doc"].as_str().unwrap().to_string()).collect(), found)
}

fn index(home: &Path, args: &[&str]) {
    let (code, _, err) = outcome(rag(home).arg("index").args(args));
    assert_eq!(code, 0, "{err}");
}

fn notes() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let note = |name: &str, front: &str, text: &str| {
        fs::write(dir.path().join(name), format!("---\n{front}\n---\n{text}\n")).unwrap();
    };
    note("a.md", "date: 2023-11-02\ntags: [检索, 评测]\nstatus: draft", "倒排索引把词映射到文档。");
    note("b.md", "date: 2024-03-05\ntags: 檢索", "倒排索引也要存词频。");
    note("c.md", "date: 2024-08-09\ntags: [向量]", "向量检索不用倒排索引。");
    fs::write(
        dir.path().join("d.jsonl"),
        "{\"_id\":\"d\",\"text\":\"倒排索引的压缩。\",\"tag\":\"压缩\",\"version\":2}\n",
    )
    .unwrap();
    dir
}

#[test]
fn conditions_hold_in_every_mode() {
    let (home, notes) = (home(), notes());
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let cases = [
        (&["--where", "tag=检索"][..], vec!["a.md", "b.md"]),
        (&["--where", "tags=檢索", "--where", "date>=2024-01-01"], vec!["b.md"]),
        (&["--where", "date=2024"], vec!["b.md", "c.md"]),
        (&["--where", "status!=draft"], vec!["b.md", "c.md", "d"]),
        (&["--where", "version>1"], vec!["d"]),
        (&["--where", "tag=检索", "--where", "tag=评测"], vec!["a.md"]),
    ];
    for mode in ["lexical", "dense", "hybrid"] {
        for (conditions, expect) in &cases {
            let args: Vec<&str> = ["倒排索引", "--mode", mode].iter().chain(*conditions).copied().collect();
            let (code, mut docs, _) = search(home.path(), &args);
            docs.sort();
            assert_eq!((code, &docs), (0, &expect.iter().map(ToString::to_string).collect()), "{mode} {conditions:?}");
        }
        let (code, docs, _) = search(home.path(), &["倒排索引", "--mode", mode, "--where", "tag=没有这个"]);
        assert_eq!((code, docs.len()), (1, 0), "{mode}");
    }
}

#[test]
fn a_key_that_no_document_has_is_an_error_that_names_those_there_are() {
    let (home, notes) = (home(), notes());
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let (code, _, err) = outcome(rag(home.path()).args(["search", "倒排索引", "--where", "author=x"]));
    assert_eq!(code, 2);
    assert!(err.contains("author") && err.contains("date, status, tag, version"), "{err}");
    let (code, _, err) = outcome(rag(home.path()).args(["search", "倒排索引", "--where", "draft"]));
    assert_eq!(code, 2);
    assert!(err.contains("hint:") && err.contains("--where date>=2024-01-01"), "{err}");
}

#[test]
fn a_changed_property_is_a_changed_document_and_embeds_nothing() {
    let (home, notes) = (home(), notes());
    let folder = notes.path().to_str().unwrap();
    index(home.path(), &[folder]);
    let text = fs::read_to_string(notes.path().join("a.md")).unwrap().replace("draft", "done");
    fs::write(notes.path().join("a.md"), text).unwrap();
    let (code, out, err) = outcome(rag(home.path()).args(["index", folder, "--json"]));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["changed"], &report["embedded"]), (&1.into(), &0.into()));
    assert_eq!(search(home.path(), &["倒排索引", "--where", "status=done"]).1, ["a.md"]);
}

#[test]
fn several_collections_are_searched_as_one_and_a_single_one_sees_no_other() {
    let home = home();
    let (work, garden) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(work.path().join("a.txt"), "倒排索引把词映射到文档。").unwrap();
    fs::write(garden.path().join("a.txt"), "番茄要搭架,每周浇水两次。").unwrap();
    index(home.path(), &[work.path().to_str().unwrap(), "-c", "work"]);
    index(home.path(), &[garden.path().to_str().unwrap(), "-c", "garden"]);
    let (_, docs, found) = search(home.path(), &["番茄怎么浇水", "-c", "work", "-c", "garden", "--explain"]);
    assert_eq!(docs, ["garden:a.txt", "work:a.txt"]);
    let hit = &found["hits"][0];
    assert!(fs::read_to_string(hit["path"].as_str().unwrap()).unwrap().contains(hit["text"].as_str().unwrap()));
    assert!(!hit["terms"].as_array().unwrap().is_empty());
    let (_, docs, _) = search(home.path(), &["番茄怎么浇水", "-c", "work"]);
    assert_eq!(docs, ["a.txt"], "the nearest of what is there, and nothing of the other collection");
    let (code, _, err) = outcome(rag(home.path()).args(["search", "番茄", "-c", "work", "-c", "cellar"]));
    assert_eq!(code, 2);
    assert!(err.contains("cellar") && err.contains("garden, work"), "{err}");
    let (code, _, err) = outcome(rag(home.path()).args(["index", ".", "-c", "work", "-c", "garden"]));
    assert_eq!(code, 2, "{err}");
}

#[test]
fn the_same_folder_in_a_second_collection_embeds_nothing() {
    let (home, notes) = (home(), notes());
    let folder = notes.path().to_str().unwrap();
    index(home.path(), &[folder, "-c", "one"]);
    let (code, out, err) = outcome(rag(home.path()).args(["index", folder, "-c", "two", "--json"]));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["added"], &report["embedded"]), (&4.into(), &0.into()));
    let found = |collection: &str| search(home.path(), &["倒排索引", "--mode", "dense", "-c", collection]).2;
    let scores = |found: Value| -> Vec<f64> {
        found["hits"].as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect()
    };
    for (one, two) in scores(found("one")).into_iter().zip(scores(found("two"))) {
        assert!((one - two).abs() < 1e-6);
    }
}
