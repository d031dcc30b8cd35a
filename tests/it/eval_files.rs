//! The files of an evaluation: what one command writes the next one reads, and what others wrote is read for what is known.

use crate::support::{home, llama_base_url, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn done(home: &Path, args: &[&str]) -> String {
    let (code, out, err) = outcome(rag(home).args(args));
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

fn report(home: &Path, suite: &str, more: &[&str]) -> Value {
    let out = done(home, &[&["eval", "retrieval", suite, "--systems", "lexical", "--json", "-"], more].concat());
    serde_json::from_str(&out).unwrap()
}

const JAVA: &str = "# Java 虚拟机\n\n对象是否死亡,用可达性分析判断。新生代用复制算法回收。\n";
const MINUTES: &str = "# 周会\n\n备份脚本改为每天 3 点运行,由老周负责。\n";

/// Promote, add, run and lint, over a folder of names with blanks.
#[test]
fn a_suite_over_names_with_blanks_is_written_and_read() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let home = home.path();
    let notes = dir.path().join("我的 笔记");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("Java 虚拟机.md"), JAVA).unwrap();
    fs::write(notes.join("周会 纪要　二.md"), MINUTES).unwrap();
    fs::write(notes.join("a#1: b.md"), "# 日志\n\n日志保留 14 天。\n").unwrap();
    done(home, &["index", notes.to_str().unwrap()]);
    done(home, &["ask", "对象是否死亡怎么判断", "--extractive"]);
    let out = done(home, &["log", "promote", "last", "--must", "可达性", "--must", "分析", "--json"]);
    let case: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(case["required_docs"], json!(["Java 虚拟机.md"]));
    // By id, by the path as it is shown, by a path from the folder one is in.
    let by_path = notes.join("周会 纪要　二.md");
    done(home, &["eval", "add", "备份脚本几点运行", "--doc", by_path.to_str().unwrap()]);
    done(home, &["eval", "add", "日志保留多久", "--doc", "a#1: b.md", "--grade", "2"]);
    let mine = home.join("evals/mine");
    let from_folder = ["eval", "add", "备份由谁负责", "--doc", "./周会 纪要　二.md", "--suite", mine.to_str().unwrap()];
    let (code, _, err) = outcome(rag(home).current_dir(&notes).args(from_folder));
    assert_eq!(code, 0, "{err}");
    let qrels = fs::read_to_string(mine.join("qrels.tsv")).unwrap();
    assert_eq!(
        qrels,
        "q001\t0\tJava 虚拟机.md\t3\nq002\t0\t周会 纪要　二.md\t3\nq003\t0\ta#1: b.md\t2\nq004\t0\t周会 纪要　二.md\t3\n"
    );
    let ran = report(home, "evals/mine", &["--runs", "runs"]);
    assert_eq!((&ran["queries"], &ran["systems"]["lexical"]["success@1"]), (&json!(4), &json!(1.0)), "{ran}");
    let (code, _, err) = outcome(rag(home).args(["eval", "lint", "evals/mine"]));
    assert!(code < 2 && !err.contains("error"), "{err}");
    // What was written about the run reads back to the same values.
    let run = "runs/mine.dev.lexical.run";
    let qrels = mine.join("qrels.tsv");
    let compare = ["eval", "compare", run, run, "--qrels", qrels.to_str().unwrap(), "--rel", "2", "--json"];
    let compared: Value = serde_json::from_str(&done(home, &compare)).unwrap();
    let found = compared["systems"]["lexical-a"]["mrr@10"].as_f64().unwrap();
    assert_eq!(found, 1.0, "{compared}");
}

#[test]
fn a_model_drafts_questions_on_names_with_blanks() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("Java 虚拟机.md"), JAVA).unwrap();
    fs::write(dir.path().join("周会 纪要　二.md"), MINUTES).unwrap();
    done(home.path(), &["index", dir.path().to_str().unwrap()]);
    let new = ["eval", "new", "-n", "2", "--yes"];
    let (code, _, err) = outcome(rag(home.path()).env("RAG_BASE_URL", llama_base_url()).args(new));
    assert_eq!(code, 0, "{err}");
    assert_eq!(report(home.path(), "evals/mine", &["--split", "synthetic"])["queries"], json!(2));
}

/// A suite whose judgements an earlier version wrote, with blanks between the columns.
#[test]
fn what_earlier_versions_wrote_is_read() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::create_dir(dir.path().join("notes")).unwrap();
    fs::write(dir.path().join("notes/Java 虚拟机.md"), JAVA).unwrap();
    fs::write(dir.path().join("notes/周会 纪要　二.md"), MINUTES).unwrap();
    fs::write(dir.path().join("suite.toml"), "name = \"old\"\ndocuments = \"notes\"\nrel = 2\n").unwrap();
    let topics = "{\"id\":\"q001\",\"text\":\"可达性分析\",\"split\":\"dev\"}\n{\"id\":\"q002\",\"text\":\"备份脚本\",\"split\":\"dev\"}";
    fs::write(dir.path().join("topics.jsonl"), topics).unwrap();
    fs::write(dir.path().join("qrels.tsv"), "q001 0 Java 虚拟机.md 3\nq002 0 周会 纪要　二.md 3").unwrap();
    let suite = dir.path().to_str().unwrap();
    let ran = report(home.path(), suite, &[]);
    assert_eq!((&ran["queries"], &ran["systems"]["lexical"]["success@1"]), (&json!(2), &json!(1.0)), "{ran}");
    assert_eq!(done(home.path(), &["eval", "lint", suite]), "");
    // It goes on growing, although its last lines have no end.
    done(home.path(), &["index", dir.path().join("notes").to_str().unwrap()]);
    done(home.path(), &["eval", "add", "新生代怎么回收", "--doc", "Java 虚拟机.md", "--suite", suite]);
    assert_eq!(report(home.path(), suite, &[])["queries"], json!(3));
}

#[test]
fn an_id_never_holds_what_would_break_a_line() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let lines =
        [json!({"_id": "a\tb", "text": "苹果富含果胶。"}), json!({"_id": "c\nd", "text": "钢琴有 88 个琴键。"})];
    let corpus = dir.path().join("corpus.jsonl");
    fs::write(&corpus, format!("{}\n{}\n", lines[0], lines[1])).unwrap();
    done(home.path(), &["index", corpus.to_str().unwrap()]);
    done(home.path(), &["eval", "add", "果胶", "--doc", "a b"]);
    done(home.path(), &["eval", "add", "琴键", "--doc", "c d"]);
    done(home.path(), &["eval", "retrieval", "evals/mine", "--systems", "lexical", "--runs", "runs"]);
}

/// A suite in BEIR's layout.
fn beir(dir: &Path, corpus: &str, queries: &str, qrels: &str) {
    fs::create_dir_all(dir.join("qrels")).unwrap();
    fs::write(dir.join("corpus.jsonl"), corpus).unwrap();
    fs::write(dir.join("queries.jsonl"), queries).unwrap();
    fs::write(dir.join("qrels/test.tsv"), qrels).unwrap();
}

const CORPUS: &str = "{\"_id\":\"1\",\"title\":\"\",\"text\":\"苹果富含果胶。\"}\n{\"_id\":\"2\",\"title\":\"\",\"text\":\"钢琴有 88 个琴键。\"}\n";

#[test]
fn suites_of_others_are_read_for_what_is_known_of_them() {
    let home = home();
    let check = |queries: &str, qrels: &str| {
        let dir = tempfile::tempdir().unwrap();
        beir(dir.path(), CORPUS, queries, qrels);
        let ran = report(home.path(), dir.path().to_str().unwrap(), &[]);
        let lexical = &ran["systems"]["lexical"];
        assert_eq!((&ran["queries"], &lexical["success@1"]), (&json!(2), &json!(1.0)), "{queries}{qrels}{ran}");
    };
    let plain = "{\"_id\":\"q1\",\"text\":\"果胶\"}\n{\"_id\":\"q2\",\"text\":\"琴键\"}\n";
    let header = "query-id\tcorpus-id\tscore\nq1\t1\t1\nq2\t2\t1\n";
    check(plain, header);
    check(plain, "q1\t1\t1\nq2\t2\t1\n");
    check(plain, "q1 0 1 1\r\nq2 0 2 1\r\n");
    check(plain, "query-id\tcorpus-id\tscore\tby\nq1\t1\t1.0\tanna\nq2\t2\t1.0\t\n");
    check(plain, &format!("\u{feff}{}", header.replace('\n', "\r\n")));
    check(&format!("\u{feff}{}", plain.replace('\n', "\r\n")), header);
    let odd = "{\"_id\":\"q1\",\"id\":9,\"text\":\"果胶\",\"metadata\":{\"a\":[1]},\"history\":[{\"q\":\"x\"}],\"type\":3,\"split\":[\"a\"]}\n\
               \n{\"id\":\"q2\",\"text\":\"琴键\",\"tags\":null,\"type\":null,\"history\":\"none\"}\n";
    check(odd, header);
    check(
        "{\"_id\":1,\"text\":\"果胶\"}\n{\"id\":2,\"text\":\"琴键\"}\n",
        "query-id\tcorpus-id\tscore\n1\t1\t1\n2\t2\t1\n",
    );
}

#[test]
fn vectors_are_shared_between_collections_and_evaluations_both_ways() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    beir(dir.path(), CORPUS, "{\"_id\":\"q1\",\"text\":\"果胶\"}\n", "q1\t1\t1\n");
    let embedded = |args: &[&str]| -> Value { serde_json::from_str(&done(home.path(), args)).unwrap() };
    done(home.path(), &["eval", "retrieval", dir.path().to_str().unwrap(), "--systems", "dense"]);
    let corpus = dir.path().join("corpus.jsonl");
    let corpus = corpus.to_str().unwrap();
    assert_eq!(embedded(&["index", corpus, "--json"])["embedded"], json!(0), "those of the evaluation are taken");
    // And the other way round, past a log that is damaged.
    fs::remove_dir_all(home.path().join("evals")).unwrap();
    for entry in fs::read_dir(home.path().join("collections/default/vectors")).unwrap() {
        let path = entry.unwrap().path();
        let bad = home.path().join("collections/bad/vectors");
        fs::create_dir_all(&bad).unwrap();
        let bytes = fs::read(&path).unwrap();
        let is_keys = path.extension().is_some_and(|extension| extension == "keys");
        let kept = if is_keys { bytes.len() } else { 5 };
        fs::write(bad.join(path.file_name().unwrap()), &bytes[..kept]).unwrap();
    }
    let (code, _, err) =
        outcome(rag(home.path()).args(["-v", "eval", "retrieval", dir.path().to_str().unwrap(), "--systems", "dense"]));
    assert_eq!(code, 0, "{err}");
    let name = fs::read_dir(home.path().join("evals")).unwrap().map(|entry| entry.unwrap().path());
    let log = name.filter(|path| path.is_dir()).map(|path| path.join("vectors")).next().unwrap();
    let rows = |dir: &Path| -> Vec<Vec<u8>> {
        let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|e| e == "keys")).map(|path| fs::read(path).unwrap()).collect()
    };
    assert_eq!(rows(&log), rows(&home.path().join("collections/default/vectors")));
}

#[test]
fn what_is_no_regular_file_is_refused_wherever_a_suite_names_it() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    beir(dir.path(), CORPUS, "", "");
    let pipe = |path: &Path| {
        let _ = fs::remove_file(path);
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let suite = dir.path().to_str().unwrap();
    let refused = |args: &[&str], why: &str| {
        let (code, _, err) = outcome(rag(home.path()).timeout(std::time::Duration::from_secs(20)).args(args));
        assert!(code == 2 && err.contains(why), "{args:?}: {err}");
    };
    pipe(&dir.path().join("qrels/test.tsv"));
    refused(&["eval", "retrieval", suite], "a named pipe, not a regular file");
    fs::remove_file(dir.path().join("qrels/test.tsv")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("qrels/test.tsv")).unwrap();
    refused(&["eval", "retrieval", suite], "a device, not a regular file");
    refused(&["eval", "compare", "/dev/zero", "/dev/zero", "--qrels", "/dev/zero"], "a device");
    refused(&["eval", "agreement", suite], "a folder, not a file");
}
