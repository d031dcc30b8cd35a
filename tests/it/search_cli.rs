//! `rag index` and `rag search`, on the corpus of this repository and on small folders.

use crate::support::{corpus_home, home, outcome, rag};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn search(home: &Path, args: &[&str]) -> (i32, Value) {
    let (code, out, err) = outcome(rag(home).arg("search").args(args).arg("--json"));
    assert!(code < 2, "{err}");
    (code, serde_json::from_str(&out).unwrap())
}

fn docs(found: &Value) -> Vec<&str> {
    found["hits"].as_array().unwrap().iter().map(|hit| hit["doc"].as_str().unwrap()).collect()
}

fn index(home: &Path, args: &[&str]) -> Value {
    let (code, out, err) = outcome(rag(home).arg("index").args(args).arg("--json"));
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).unwrap();
}

#[test]
fn every_spelling_of_qlora_finds_its_document_first() {
    let home = corpus_home();
    for query in ["什么是QLoRA", "QLORA", "ｑｌｏｒａ", "量化低秩適配"] {
        for mode in ["lexical", "hybrid"] {
            let (code, found) = search(home.path(), &[query, "--mode", mode]);
            assert_eq!((code, docs(&found)[0]), (0, "g-qlora"), "{query} {mode}");
        }
    }
}

#[test]
fn json_has_the_documented_keys_and_every_citation_can_be_checked() {
    let home = corpus_home();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (_, plain) = search(home.path(), &["倒数排名融合的常数 k"]);
    assert_eq!(keys(&plain), ["evidence", "fusion", "generation", "hits", "mode", "query", "timings_ms"]);
    let hit_keys =
        ["chunk", "doc", "headings", "lines", "path", "rank", "relevance", "score", "text", "title", "trail"];
    assert_eq!(keys(&plain["hits"][0]), hit_keys);
    let (_, found) = search(home.path(), &["倒数排名融合的常数 k", "-n", "5", "--explain"]);
    assert_eq!(keys(&found), ["evidence", "fusion", "generation", "hits", "mode", "query", "timings_ms"]);
    for hit in found["hits"].as_array().unwrap() {
        assert_eq!(
            keys(hit),
            [
                "chunk",
                "doc",
                "headings",
                "lines",
                "path",
                "rank",
                "relevance",
                "score",
                "terms",
                "text",
                "title",
                "trail"
            ]
        );
        let file = fs::read_to_string(hit["path"].as_str().unwrap()).unwrap();
        let line = |n: usize| hit["lines"][n].as_u64().unwrap() as usize;
        let lines: Vec<&str> = file.lines().collect();
        assert_eq!(lines[line(0) - 1..line(1)].join("\n"), hit["text"].as_str().unwrap().trim_end());
        let trail = hit["trail"].as_array().unwrap();
        assert_eq!(trail.last().unwrap()["stage"], "fusion");
        let lexical =
            trail.iter().find(|step| step["stage"] == "lexical").map_or(0.0, |step| step["score"].as_f64().unwrap());
        let shares: f64 = hit["terms"].as_array().unwrap().iter().map(|share| share["score"].as_f64().unwrap()).sum();
        for share in hit["terms"].as_array().unwrap() {
            let (tf, idf) = (share["tf"].as_f64().unwrap(), share["idf"].as_f64().unwrap());
            // What BM25 can be at most is idf · (k1 + 1); here no term's weight is above its count in the query.
            assert!(tf >= 1.0 && share["score"].as_f64().unwrap() <= 2.2 * idf * 2.0, "{share}");
        }
        assert!((lexical - shares).abs() <= 1e-6 * lexical, "{lexical} {shares}");
    }
}

#[test]
fn every_hit_is_scored_by_both_legs_and_ranks_alone_can_be_asked_for() {
    let home = corpus_home();
    let (_, found) = search(home.path(), &["QLoRA 量化了几位"]);
    assert_eq!(found["fusion"]["method"], "evidence");
    for hit in found["hits"].as_array().unwrap() {
        let trail = hit["trail"].as_array().unwrap();
        let stages: Vec<&str> = trail.iter().map(|step| step["stage"].as_str().unwrap()).collect();
        assert_eq!(stages, ["lexical", "dense", "fusion"]);
        assert!(trail[1]["score"].as_f64().unwrap() > 0.5, "a cosine even where the dense leg did not list it: {hit}");
    }
    let (_, found) = search(home.path(), &["QLoRA 量化了几位", "--fusion", "rrf"]);
    assert_eq!(found["fusion"]["method"], "rrf");
    let best = found["hits"][0]["score"].as_f64().unwrap();
    assert!(best <= 2.0 / 61.0 + 1e-6, "{best}");
}

#[test]
fn relevance_is_comparable_between_queries_and_can_be_asked_for() {
    let home = corpus_home();
    let relevances = |found: &Value| -> Vec<f64> {
        found["hits"].as_array().unwrap().iter().map(|hit| hit["relevance"].as_f64().unwrap()).collect()
    };
    let (_, there) = search(home.path(), &["QLoRA 为什么省显存"]);
    let (_, elsewhere) = search(home.path(), &["伏兔穴所属的经脉是什么"]);
    let answerable = |found: &Value| found["evidence"]["answerable"].as_f64().unwrap();
    assert!(answerable(&there) > 3.0 * answerable(&elsewhere), "{there} {elsewhere}");
    assert!(relevances(&there).iter().chain(&relevances(&elsewhere)).all(|r| (0.0..=1.0).contains(r)));
    let floor = relevances(&there)[2];
    let (_, kept) = search(home.path(), &["QLoRA 为什么省显存", "--min-relevance", &floor.to_string()]);
    assert!(!relevances(&kept).is_empty() && relevances(&kept).iter().all(|r| *r >= floor), "{kept}");
    let (code, _) = search(home.path(), &["伏兔穴所属的经脉是什么", "--min-relevance", "0.9"]);
    assert_eq!(code, 1, "nothing is that relevant");
}

#[test]
fn one_character_is_found_inside_longer_words() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    write(dir.path(), "a.md", "# 甲\n\n企业按月缴纳增值税款。\n");
    write(dir.path(), "b.md", "# 乙\n\n钢琴是一种乐器。\n");
    index(home.path(), &[dir.path().to_str().unwrap()]);
    let (code, found) = search(home.path(), &["税", "--mode", "lexical"]);
    assert_eq!((code, docs(&found)), (0, vec!["a.md"]));
}

#[test]
fn the_same_question_gives_the_same_bytes() {
    let home = corpus_home();
    let ask = || search(home.path(), &["幻觉怎么缓解"]).1["hits"].to_string();
    assert_eq!(ask(), ask());
}

#[test]
fn only_what_changed_is_embedded_again_and_deleted_files_disappear() {
    let home = home();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.md", "# 甲\n\n苹果是一种水果。\n");
    write(dir.path(), "b.md", "# 乙\n\n钢琴是一种乐器。\n");
    let root = dir.path().to_str().unwrap();
    let first = index(home.path(), &[root]);
    assert_eq!((&first["added"], &first["embedded"], &first["generation"]), (&2.into(), &2.into(), &1.into()));
    let again = index(home.path(), &[root]);
    assert_eq!((&again["unchanged"], &again["embedded"], &again["generation"]), (&2.into(), &0.into(), &1.into()));
    write(dir.path(), "b.md", "# 乙\n\n小提琴是一种弦乐器。\n");
    let changed = index(home.path(), &[root]);
    assert_eq!((&changed["changed"], &changed["embedded"], &changed["generation"]), (&1.into(), &1.into(), &2.into()));
    fs::remove_file(dir.path().join("a.md")).unwrap();
    let deleted = index(home.path(), &[root]);
    assert_eq!((&deleted["deleted"], &deleted["unchanged"]), (&1.into(), &1.into()));
    for mode in ["lexical", "dense", "hybrid"] {
        let (_, found) = search(home.path(), &["苹果 水果", "--mode", mode]);
        assert!(!docs(&found).contains(&"a.md"), "{mode}");
    }
}

#[test]
fn a_rebuild_reuses_vectors_and_collections_are_apart() {
    let home = home();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.txt", "第一段。\n\n第二段。\n");
    let root = dir.path().to_str().unwrap();
    index(home.path(), &[root, "-c", "notes"]);
    let rebuilt = index(home.path(), &[root, "-c", "notes", "--rebuild"]);
    assert_eq!((&rebuilt["added"], &rebuilt["embedded"], &rebuilt["published"]), (&1.into(), &0.into(), &true.into()));
    let (code, _, err) = outcome(rag(home.path()).args(["search", "x", "-c", "other"]));
    assert_eq!(code, 2);
    assert_eq!(
        err,
        "error: no collection is called other\nhint: there are: notes; to make it: rag index FOLDER -c other\n"
    );
}

#[test]
fn code_is_found_unless_it_is_left_out() {
    let home = home();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.md", "# 手册\n\n用法如下。\n\n```sh\nfrobnicate --now\n```\n");
    let root = dir.path().to_str().unwrap();
    index(home.path(), &[root]);
    assert_eq!(search(home.path(), &["frobnicate", "--mode", "lexical"]).0, 0);
    let (code, _, err) = outcome(rag(home.path()).env("RAG_INDEX_CODE", "false").args(["index", root]));
    assert_eq!(code, 0, "{err}");
    assert_eq!(search(home.path(), &["frobnicate", "--mode", "lexical"]).0, 1);
}

#[test]
fn a_hit_shows_where_it_stands_and_exit_codes_tell_found_from_not_found() {
    let home = home();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "fruit.md", "# 水果\n\n苹果富含果胶。\n");
    index(home.path(), &[dir.path().to_str().unwrap()]);
    let (code, out, _) = outcome(rag(home.path()).args(["search", "果胶"]));
    assert_eq!(code, 0);
    assert!(out.contains("水果") && out.contains("fruit.md:1-3") && out.contains("苹果富含果胶"), "{out}");
    let (code, out, err) = outcome(rag(home.path()).args(["search", "zzzz", "--mode", "lexical"]));
    assert_eq!((code, out.as_str(), err.as_str()), (1, "", "nothing found\n"));
}

#[test]
fn paths_read_from_where_the_user_is_and_a_root_is_the_same_however_it_is_written() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::create_dir(dir.path().join("notes")).unwrap();
    write(&dir.path().join("notes"), "fruit.md", "苹果富含果胶。\n");
    let (code, _, err) = outcome(rag(home.path()).current_dir(dir.path()).args(["index", "notes"]));
    assert_eq!(code, 0, "{err}");
    let path_from = |place: &Path| {
        let (_, out, _) = outcome(rag(home.path()).current_dir(place).args(["search", "果胶", "--json"]));
        serde_json::from_str::<Value>(&out).unwrap()["hits"][0]["path"].clone()
    };
    assert_eq!(path_from(dir.path()), "notes/fruit.md");
    assert_eq!(path_from(home.path()), dir.path().join("notes/fruit.md").to_str().unwrap());
    let again = index(home.path(), &[dir.path().join("./notes/").to_str().unwrap()]);
    assert_eq!((&again["unchanged"], &again["published"]), (&1.into(), &false.into()));
}

#[test]
fn passages_that_say_the_same_are_shown_once_and_named() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    write(notes.path(), "a.txt", "倒排索引把每个词映射到出现过它的文档。");
    write(notes.path(), "copy of a.txt", "倒排索引,把每个词映射到出现过它的文档");
    write(notes.path(), "b.txt", "文档号存差值,再用变长字节编码。");
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let (_, found) = search(home.path(), &["倒排索引是什么", "-n", "2"]);
    assert_eq!(found["hits"].as_array().unwrap().len(), 2, "another takes the place of the one left out");
    let same = &found["hits"][0]["duplicates"];
    assert_eq!(same.as_array().unwrap().len(), 1, "{found}");
    let mut docs = [&found["hits"][0]["doc"], &same[0]["doc"]].map(|doc| doc.as_str().unwrap());
    docs.sort_unstable();
    assert_eq!(docs, ["a.txt", "copy of a.txt"]);
    let (_, out, _) = outcome(rag(home.path()).args(["search", "倒排索引是什么", "--explain"]));
    assert!(out.contains(&format!("= {}", same[0]["chunk"].as_str().unwrap())), "{out}");
}

#[test]
fn a_leg_that_finds_nothing_is_named() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    write(notes.path(), "a.txt", "倒排索引把每个词映射到出现过它的文档。");
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let (_, found) = search(home.path(), &["inverted index"]);
    assert_eq!(found["silent"], serde_json::json!(["lexical"]));
    let (_, _, err) = outcome(rag(home.path()).args(["search", "inverted index"]));
    assert!(err.contains("by vectors alone"), "{err}");
    let (_, found) = search(home.path(), &["倒排索引"]);
    assert_eq!(found.get("silent"), None);
}

#[test]
fn documents_chunks_and_queries_can_be_looked_into() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    let long = "倒排索引把每个词映射到出现过它的文档。".repeat(20);
    write(notes.path(), "a.md", &format!("# 索引\n\n{long}\n\n{long}\n\n{long}\n"));
    write(notes.path(), "b.md", "# 向量\n\n向量检索找意思相近的段落。\n");
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let inspect = |what: &str| -> Value {
        let (code, out, err) = outcome(rag(home.path()).args(["inspect", what, "--json"]));
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    };
    let document = inspect("a.md");
    let chunks = document["chunks"].as_array().unwrap();
    assert_eq!((&document["kind"], &document["title"], chunks.len() > 2), (&"document".into(), &"索引".into(), true));
    let chunk = inspect("a.md#1");
    assert_eq!((&chunk["before"], &chunk["after"]), (&"a.md#0".into(), &"a.md#2".into()));
    let indexed = chunk["terms"].as_array().unwrap().iter().find(|term| term["term"] == "倒排").unwrap();
    assert!(indexed["tf"].as_u64().unwrap() >= 20 && indexed["chunks"].as_u64().unwrap() >= 3, "{indexed}");
    let nearest = chunk["nearest"].as_array().unwrap();
    assert!(nearest.iter().all(|near| near[0] != "a.md#1") && nearest.last().unwrap()[0] == "b.md#0", "{nearest:?}");
    let query = inspect("什么是倒排索引");
    let term = |name: &str| query["terms"].as_array().unwrap().iter().find(|term| term["term"] == name).cloned();
    assert_eq!(term("什么").unwrap()["kind"], "stop word");
    assert!(term("索引").unwrap()["idf"].as_f64().unwrap() > 0.0 && query["query_prefix"] == "query: ");
    let (code, _, err) = outcome(rag(home.path()).args(["inspect", "b.md#7"]));
    assert!(code == 2 && err.contains("rag inspect b.md"), "{err}");
}

#[test]
fn what_is_nowhere_is_read_as_what_is_there_and_that_is_said() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    write(notes.path(), "a.txt", "倒排索引把每个词映射到出现过它的文档。");
    write(notes.path(), "b.txt", "Kubernetes 集群扩容:先加节点,再改副本数。");
    write(notes.path(), "c.txt", "未来规划:三年之内建成两座新馆。");
    index(home.path(), &[notes.path().to_str().unwrap()]);
    let cases = [
        ("倒排锁引", "a.txt", "锁", "索"),
        ("kuberntes 扩容", "b.txt", "kuberntes", "kubernet"),
        ("末来规划", "c.txt", "末", "未"),
        ("红烧肉,kuberntes", "b.txt", "kuberntes", "kubernet"),
    ];
    for (query, doc, typed, read_as) in cases {
        let (code, found) = search(home.path(), &[query, "--mode", "lexical"]);
        assert_eq!((code, docs(&found)[0]), (0, doc), "{query}");
        assert_eq!(found["corrections"], serde_json::json!([{ "typed": typed, "read_as": read_as }]), "{query}");
    }
    let (_, _, err) = outcome(rag(home.path()).args(["search", "倒排锁引"]));
    assert!(err.contains("也按“索”查了"), "{err}");
    for known in ["倒排索引", "kubernetes", "红烧肉怎么炖", "zzzz"] {
        let (_, found) = search(home.path(), &[known, "--mode", "lexical"]);
        assert_eq!(found.get("corrections"), None, "{known}");
    }
}
