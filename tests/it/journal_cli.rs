//! `rag log` and `rag feedback`: what is written down, by whom it is read, and what is left out.

use crate::support::{free_port, home, llama_base_url, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const NOTE: &str = "# 钢琴\n\n钢琴有 88 个琴键。钢琴由克里斯托福里发明。\n";

fn noted() -> (tempfile::TempDir, tempfile::TempDir) {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("piano.md"), NOTE).unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(dir.path())).0, 0);
    (home, dir)
}

fn run(home: &Path, args: &[&str]) -> (i32, String, String) {
    outcome(rag(home).args(args))
}

fn json(home: &Path, args: &[&str]) -> Value {
    let (code, out, err) = run(home, args);
    assert_eq!(code, 0, "{args:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_question_is_written_down_with_what_came_of_it() {
    let (home, _dir) = noted();
    let home = home.path();
    assert_eq!(run(home, &["log"]).0, 1, "nothing yet");
    run(home, &["ask", "钢琴有多少个琴键", "--extractive"]);
    let logged = json(home, &["log", "show", "last", "--json"]);
    assert_eq!((&logged["id"], &logged["kind"], &logged["answerable"].is_f64()), (&json!(1), &json!("numeric"), &true));
    let hit = &logged["hits"][0];
    assert_eq!((&hit["chunk"], &hit["rank"], &hit["lines"]), (&json!("piano.md#0"), &json!(1), &json!([1, 3])));
    assert_eq!(logged["citations"][0]["quote"], "钢琴有 88 个琴键。");
    assert_eq!(logged["sentences"][0]["verdict"], "supported");
    // One that nobody answers, and one that is no question to the collection at all.
    let nobody = format!("http://127.0.0.1:{}/v1", free_port());
    assert_eq!(run(home, &["ask", "钢琴是谁发明的", "--base-url", &nobody]).0, 2);
    let logged = json(home, &["log", "show", "--json"]);
    assert_eq!((&logged["reason"], &logged["answer"]), (&json!("unreachable"), &Value::Null), "{logged}");
    assert_eq!(logged["endpoint"], json!(nobody));
    assert_eq!(run(home, &["ask", "红烧肉怎么做", "--base-url", &nobody]).0, 1);
    let (code, out, _) = run(home, &["log", "-n", "2"]);
    assert!(code == 0 && out.lines().count() == 2 && out.contains("unreachable") && out.contains("off_topic"), "{out}");
    let (_, out, _) = run(home, &["log", "show", "1"]);
    assert!(out.contains("[1] 钢琴") && out.contains("钢琴有 88 个琴键。"), "{out}");
    let (_, out, _) = run(home, &["log", "export"]);
    let ids: Vec<Value> = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, [json!(1), json!(2), json!(3)]);
    let stats = json(home, &["log", "stats", "--json"]);
    assert_eq!(stats["reasons"], json!({ "off_topic": 1, "unreachable": 1 }));
    let counts = ["asked", "answered", "abstained", "missing"].map(|name| stats[name].clone());
    assert_eq!(counts, [json!(3), json!(1), json!(1), json!(1)]);
    let (code, out, _) = run(home, &["log", "review", "--errors"]);
    assert!(code == 0 && out.contains("钢琴是谁发明的") && !out.contains("红烧肉"), "{out}");
    assert_eq!(run(home, &["log", "review", "--down"]).0, 1);
    assert_eq!(run(home, &["log", "clear"]).0, 2, "not without --yes");
    assert_eq!(run(home, &["log", "clear", "--yes"]).0, 0);
    assert_eq!(run(home, &["log"]).0, 1);
}

#[test]
fn a_question_too_long_for_the_window_is_written_down_too() {
    let (home, _dir) = noted();
    let mut command = rag(home.path());
    let (code, _, _) =
        outcome(command.env("RAG_CONTEXT", "60").args(["ask", "钢琴有多少个琴键", "--base-url", llama_base_url()]));
    assert_eq!(code, 2);
    let logged = json(home.path(), &["log", "show", "--json"]);
    assert_eq!((&logged["reason"], logged["error"].is_string()), (&json!("failed"), true), "{logged}");
}

#[test]
fn what_a_reader_thinks_is_noted_and_the_last_word_counts() {
    let (home, _dir) = noted();
    let home = home.path();
    let (code, _, err) = run(home, &["feedback", "last", "up"]);
    assert!(code == 2 && err.contains("empty"), "{err}");
    run(home, &["ask", "钢琴有多少个琴键", "--extractive"]);
    assert_eq!(run(home, &["feedback", "last", "up"]).0, 0);
    assert_eq!(run(home, &["feedback", "1", "fix"]).0, 2, "a correction has a text");
    assert_eq!(run(home, &["feedback", "1", "fix", "88 个,其中 52 个白键"]).0, 0);
    let logged = json(home, &["log", "show", "1", "--json"]);
    assert_eq!(logged["feedback"], json!({ "rating": "down", "fix": "88 个,其中 52 个白键" }));
    assert_eq!(run(home, &["log", "review", "--down"]).0, 0);
    for (entry, says) in [("7", "no entry 7"), ("first", "no entry: a number or last")] {
        let (code, _, err) = run(home, &["feedback", entry, "down"]);
        assert!(code == 2 && err.contains(says), "{err}");
    }
    let (_, out, _) = run(home, &["feedback", "--help"]);
    assert!(out.contains("是否回答了你的问题"), "{out}");
}

#[test]
fn secrets_are_in_no_file_of_the_data_folder() {
    let (home, _dir) = noted();
    let mut command = rag(home.path());
    command.env("RAG_API_KEY", "blue-heron-7");
    let question = "钢琴 blue-heron-7 sk-proj-93b1c0ab77d0 我的电话13812345678 有多少琴键";
    outcome(command.args(["ask", question, "--extractive"]));
    let (_, out, _) = run(home.path(), &["log", "export"]);
    assert!(out.contains("[key]") && out.contains("[phone]"), "{out}");
    for name in ["journal.db", "journal.db-wal"] {
        let bytes = fs::read(home.path().join(name)).unwrap_or_default();
        for secret in ["blue-heron-7", "93b1c0ab77d0", "13812345678"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in {name}");
        }
    }
}

#[test]
fn a_journal_that_is_off_or_broken_keeps_no_answer_back() {
    let (home, _dir) = noted();
    let ask = |off: bool| {
        let mut command = rag(home.path());
        if off {
            command.env("RAG_JOURNAL", "false");
        }
        outcome(command.args(["ask", "钢琴有多少个琴键", "--extractive"]))
    };
    assert_eq!(ask(true).0, 0);
    assert!(!home.path().join("journal.db").exists(), "nobody who does not want one has a journal");
    fs::write(home.path().join("journal.db"), "no database at all, though long enough to be taken for one").unwrap();
    let (code, out, err) = ask(false);
    assert!(code == 0 && out.contains("钢琴有 88 个琴键。[1]") && err.contains("warning: "), "{out}{err}");
    let (code, _, err) = run(home.path(), &["log"]);
    assert!(code == 2 && err.contains("RAG_JOURNAL"), "{err}");
}

#[test]
fn the_log_is_compared_with_a_suite_and_few_questions_conclude_nothing() {
    let (home, dir) = noted();
    let home = home.path();
    let suite = dir.path().join("suite");
    let suite = suite.to_str().unwrap();
    let add = ["eval", "add", "--doc", "piano.md", "--suite", suite, "请问这一台钢琴究竟一共有多少个琴键呢?"];
    assert_eq!(run(home, &add).0, 0);
    assert_eq!(run(home, &["skew", suite]).0, 1, "nothing was asked yet");
    run(home, &["ask", "VIOLIN", "--extractive"]);
    run(home, &["ask", "钢琴", "--extractive"]);
    let skew = json(home, &["skew", suite, "--json"]);
    assert_eq!((&skew["log"], &skew["asked"], &skew["is_enough"]), (&json!(2), &json!(1), &json!(false)));
    let script = &skew["mixes"][0];
    assert_eq!((&script["name"], &script["distance"]), (&json!("script"), &json!(0.5)), "{script}");
    assert_eq!(
        script["groups"][1],
        json!({
            "name": "latin", "log": { "count": 1, "share": 0.5 }, "suite": { "count": 0, "share": 0.0 },
        })
    );
    let unknown = skew["mixes"].as_array().unwrap().iter().find(|mix| mix["name"] == "unknown_word").unwrap();
    assert_eq!(unknown["groups"][1]["log"]["count"], json!(1), "VIOLIN stands nowhere: {unknown}");
    let (code, out, _) = run(home, &["skew", suite]);
    assert!(code == 0 && out.contains("too few to conclude anything (2 logged, 1 in the suite)"), "{out}");
    // Another collection was asked nothing.
    assert_eq!(outcome(rag(home).args(["index", "-c", "other"]).arg(dir.path())).0, 0);
    assert_eq!(run(home, &["skew", suite, "-c", "other"]).0, 1);
}
