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

/// A folder with a note of that front matter in each file; all say the same.
fn notes_with(fronts: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, front) in fronts {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("---\n{front}\n---\n巡检记录:倒排索引。\n")).unwrap();
    }
    dir
}

/// The names of the files that a lexical search finds under these conditions, sorted, without their ending; and stderr.
fn admitted(home: &Path, conditions: &[&str]) -> (i32, Vec<String>, String) {
    let mut command = rag(home);
    command.args(["search", "倒排索引", "--mode", "lexical", "-n", "50", "--json"]);
    conditions.iter().for_each(|condition| {
        command.args(["--where", condition]);
    });
    let (code, out, err) = outcome(&mut command);
    if code == 2 {
        return (code, Vec::new(), err);
    }
    let found: Value = serde_json::from_str(&out).unwrap();
    let hits = found["hits"].as_array().unwrap().iter();
    let stem =
        |hit: &Value| Path::new(hit["path"].as_str().unwrap()).file_stem().unwrap().to_str().unwrap().to_string();
    // Notes that say the same stand for one another.
    let all = hits.flat_map(|hit| {
        let same = hit["duplicates"].as_array().into_iter().flatten();
        std::iter::once(hit).chain(same).map(stem).collect::<Vec<_>>()
    });
    let mut names: Vec<String> = all.collect();
    names.sort();
    (code, names, err)
}

fn check_admitted(home: &Path, cases: &[(&str, &[&str])]) {
    for (condition, expect) in cases {
        let (code, names, err) = admitted(home, &[condition]);
        assert_eq!(
            (code, &names),
            (i32::from(expect.is_empty()), &expect.iter().map(ToString::to_string).collect()),
            "{condition}: {err}"
        );
    }
}

fn check_refused(home: &Path, cases: &[(&str, &str)]) {
    for (condition, expect) in cases {
        let (code, _, err) = admitted(home, &[condition]);
        assert!(
            code == 2 && err.contains("error") && err.contains("hint") && err.contains(expect),
            "{condition}: {err}"
        );
    }
}

#[test]
fn dates_are_compared_as_dates_however_they_are_written() {
    let home = home();
    let notes = notes_with(&[
        ("dash.md", "date: 2024-3-5"),
        ("slash.md", "date: 2024/11/20"),
        ("han.md", "date: 2023年12月30日"),
        ("compact.md", "date: 20240105"),
        ("english.md", "date: March 9, 2024"),
        ("zoned.md", "date: 2024-03-05T23:30:00+08:00"),
        ("month.md", "date: '2024-10'"),
    ]);
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let spring: &[&str] = &["dash", "english", "month", "slash", "zoned"];
    check_admitted(
        home.path(),
        &[
            ("date>=2024-03", spring),
            ("date>=2024年3月", spring),
            ("date＞＝2024/3/1", spring),
            ("date>20240301", spring),
            ("date<2024", &["han"]),
            ("date=2024-03-05", &["dash", "zoned"]),
            ("date=\"2024年3月\"", &["dash", "english", "zoned"]),
            ("date!=2024", &["han"]),
            ("date>=2030", &[]),
        ],
    );
    check_refused(
        home.path(),
        &[
            ("date>=上周", "date>="),
            ("date>=2024-02-30", "2024-02-30"),
            ("date>=03/05/2024", "03/05/2024"),
            ("date=soon", "date="),
        ],
    );
    // A month may begin before a day in it.
    let (code, names, err) = admitted(home.path(), &["date>=2024-10-15"]);
    assert_eq!((code, names), (0, vec!["slash".to_string()]));
    assert!(err.contains("warning") && err.contains("2024-10"), "{err}");
}

#[test]
fn versions_and_numbers_are_told_apart_by_the_values_of_the_key() {
    let home = home();
    let notes = notes_with(&[
        ("nine.md", "version: v1.9.0\nscore: '1.9'\nsize: 1,200\nrate: 95%\nrelease_no: '1.10'"),
        ("ten.md", "version: v1.10.0\nscore: '1.10'\nsize: ９００\nrate: 9%\nrelease_no: 1.9.2"),
        ("rc.md", "version: 2.0.0-rc1\nscore: 1.5\nsize: 15\nrate: n/a"),
        ("two.md", "version: 2.0.0\nscore: -3"),
    ]);
    index(home.path(), &[notes.path().to_str().unwrap()]);
    check_admitted(
        home.path(),
        &[
            ("version>v1.9.0", &["rc", "ten", "two"]),
            ("version>=1.10", &["rc", "ten", "two"]),
            ("version<2.0", &["nine", "rc", "ten"]),
            ("score>1.5", &["nine"]),
            ("score<0", &["two"]),
            ("release_no>1.9.2", &["nine"]),
            ("size>=1000", &["nine"]),
            ("size=900", &["ten"]),
            ("rate>=10%", &["nine"]),
        ],
    );
    let (_, _, err) = admitted(home.path(), &["rate>=10%"]);
    assert!(err.contains("warning") && err.contains("n/a"), "{err}");
    check_refused(home.path(), &[("version>abc", "version"), ("rate>=10", "rate")]);
}

#[test]
fn tags_are_found_however_they_are_listed_and_below_a_tag() {
    let home = home();
    let notes = notes_with(&[
        ("comma.md", "tags: 检索, 评测"),
        ("han.md", "tags: 檢索、评测"),
        ("marks.md", "tags: '#检索 #Rust'"),
        ("nested.md", "tags: [检索/BM25]"),
        ("other.md", "tags: [检索式]\nauthor: 张三；李四"),
    ]);
    index(home.path(), &[notes.path().to_str().unwrap()]);
    check_admitted(
        home.path(),
        &[
            ("tag=检索", &["comma", "han", "marks", "nested"]),
            ("tag≠检索", &["other"]),
            ("tag=#检索/bm25", &["nested"]),
            ("tag：rust", &["marks"]),
            ("author=李四", &["other"]),
            ("author=\"张三, 李四\"", &["other"]),
        ],
    );
    check_refused(home.path(), &[("author>李四", "author"), ("tag=~检索", "--where"), ("tga=检索", "tag")]);
}

#[test]
fn where_a_document_stands_can_be_asked_without_front_matter() {
    let home = home();
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.md", "notes/b.md", "notes/sub/c.txt", "notes2/d.md"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "巡检记录:倒排索引。").unwrap();
    }
    let folder = dir.path().to_str().unwrap();
    index(home.path(), &[folder]);
    let (below, here) = (format!("path={folder}/notes"), format!("path={folder}/*.md"));
    check_admitted(
        home.path(),
        &[
            ("path=notes/**", &["b", "c"]),
            ("path=notes", &["b", "c"]),
            ("path=notes/*", &["b"]),
            ("path=**/*.md", &["a", "b", "d"]),
            ("path!=notes", &["a", "d"]),
            (&below, &["b", "c"]),
            (&here, &["a"]),
            ("ext=.MD", &["a", "b", "d"]),
            ("title=c", &["c"]),
            ("path=nowhere/**", &[]),
        ],
    );
}

#[test]
fn a_filter_that_admits_nothing_is_named() {
    let (home, notes) = (home(), notes());
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let (code, names, err) = admitted(home.path(), &["tag=没有这个", "date>=2024"]);
    assert_eq!((code, names.len()), (1, 0));
    assert!(err.contains("tag=没有这个") && !err.contains("date>=2024"), "{err}");
    let (_, _, err) = admitted(home.path(), &["tag=检索", "tag=向量"]);
    assert!(err.contains("tag=检索") && err.contains("tag=向量"), "{err}");
    let mut ask = rag(home.path());
    let (code, _, err) = outcome(ask.args(["ask", "倒排索引是什么", "--extractive", "--where", "tag=没有这个"]));
    assert_eq!(code, 1);
    assert!(err.contains("tag=没有这个"), "{err}");
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
fn a_key_means_the_same_in_all_collections_that_are_searched_as_one() {
    let home = home();
    let old = notes_with(&[("old.md", "release_no: 1.9.2"), ("odd.md", "release_no: unknown")]);
    let new = notes_with(&[("new.md", "release_no: '1.10'\nlang: zh")]);
    index(home.path(), &[old.path().to_str().unwrap(), "-c", "old"]);
    index(home.path(), &[new.path().to_str().unwrap(), "-c", "new"]);
    let found = |condition: &str| {
        let mut command = rag(home.path());
        command.args([
            "search",
            "倒排索引",
            "--mode",
            "lexical",
            "-c",
            "old",
            "-c",
            "new",
            "--json",
            "--where",
            condition,
        ]);
        let (code, out, err) = outcome(&mut command);
        let found: Value = serde_json::from_str(&out).unwrap();
        let hits = found["hits"].as_array().unwrap().iter();
        let docs: Vec<String> = hits.map(|hit| hit["doc"].as_str().unwrap().to_string()).collect();
        (code, docs, found["filter"].clone(), err)
    };
    let (code, docs, filter, err) = found("release_no>1.9");
    assert_eq!((code, docs.len()), (0, 1), "{err}: the two say the same, and one stands for both");
    assert_eq!(filter["uncompared"][0]["values"], 1, "{filter}");
    let (_, docs, ..) = found("release_no>=1.10");
    assert_eq!(docs, ["new:new.md"]);
    let (_, docs, filter, _) = found("lang=zh");
    assert_eq!((docs, filter), (vec!["new:new.md".to_string()], Value::Null));
    let (code, _, filter, _) = found("lang=en");
    assert_eq!((code, &filter["admits_nothing"][0]), (1, &"lang=en".into()));
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
