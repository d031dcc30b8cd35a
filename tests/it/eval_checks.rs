//! `rag eval checks`: the citation check judged on labelled pairs.

use crate::support::{home, llama_base_url, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Every line that the command prints: verdicts, and the report last.
fn checked(args: &[&str]) -> Vec<Value> {
    let home = home();
    let mut command = rag(home.path());
    command.env("RAG_BASE_URL", llama_base_url()).args(["eval", "checks", "--json"]).args(args);
    let (code, out, err) = outcome(&mut command);
    assert_eq!(code, 0, "{err}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_check_of_words_does_not_get_worse() {
    let pairs = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/checks/pairs.jsonl");
    let lines = checked(&[pairs.to_str().unwrap()]);
    let report = lines.last().unwrap();
    assert_eq!(report["pairs"].as_u64().unwrap() as usize + 1, lines.len());
    let value = |name: &str| report[name].as_f64().unwrap();
    assert!(value("precision") >= 0.72 && value("recall") >= 0.89, "{report}");
}

#[test]
fn the_chat_model_can_be_asked_instead() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pairs.jsonl");
    let pair = |id: &str, sentence: &str, label: &str| {
        let passage = "钢琴有 88 个琴键,由克里斯托福里发明。";
        json!({ "id": id, "passage": passage, "sentence": sentence, "label": label, "kind": "number", "split": "dev" })
    };
    let lines = [pair("a", "钢琴有 88 个琴键。", "supported"), pair("b", "小提琴有 4 根弦。", "altered")];
    fs::write(&path, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let lines = checked(&[path.to_str().unwrap(), "--by-model"]);
    let (ids, report) = (lines[..2].iter().map(|line| line["id"].clone()).collect::<Vec<_>>(), &lines[2]);
    assert_eq!((ids, &report["pairs"]), (vec![json!("a"), json!("b")], &json!(2)));
    let untold = |line: &&Value| line["faults"] == json!(["Unreadable"]);
    assert_eq!(lines[..2].iter().filter(untold).count(), 0, "it writes the one word that it is asked for: {lines:?}");
}
