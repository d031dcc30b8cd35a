//! The flywheel: what a reader finds wrong becomes a case, the case fails, the document is put right, the case passes.

use crate::support::{home, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const WRONG: &str = "# 钢琴\n\n钢琴有 85 个琴键。钢琴由克里斯托福里发明。\n";
const RIGHT: &str = "# 钢琴\n\n钢琴有 88 个琴键。钢琴由克里斯托福里发明。\n";
const QUESTION: &str = "钢琴有多少个琴键";

fn done(home: &Path, args: &[&str]) -> (String, String) {
    let (code, out, err) = outcome(rag(home).args(args));
    assert_eq!(code, 0, "{args:?}: {err}");
    (out, err)
}

/// A data folder with one note indexed, and the note's folder.
fn noted(text: &str) -> (tempfile::TempDir, tempfile::TempDir) {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("piano.md"), text).unwrap();
    done(home.path(), &["index", dir.path().to_str().unwrap()]);
    (home, dir)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_wrong_answer_becomes_a_case_that_fails_until_the_document_is_right() {
    let (home, dir) = noted(WRONG);
    let home = home.path();
    let (out, _) = done(home, &["ask", QUESTION, "--extractive"]);
    assert!(out.contains("钢琴有 85 个琴键。[1]"), "{out}");
    let (_, err) = done(home, &["feedback", "last", "fix", "钢琴有 88 个琴键。"]);
    assert!(err.contains(QUESTION) && err.contains("rag log promote 1"), "{err}");
    let (out, _) = done(home, &["log", "promote", "last", "--json"]);
    let case: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&case["must"], &case["required_docs"]), (&json!([["88"]]), &json!(["piano.md"])), "{case}");
    let suite = home.join("evals/mine");
    assert_eq!(lines(&suite.join("topics.jsonl")), [json!({ "id": "q001", "text": QUESTION, "split": "dev" })]);
    let eval = || {
        let args = ["eval", "answers", suite.to_str().unwrap(), "--extractive", "--json"];
        serde_json::from_str::<Value>(&done(home, &args).0).unwrap()["pass"]["value"].clone()
    };
    assert_eq!(eval(), json!(0.0));
    fs::write(dir.path().join("piano.md"), RIGHT).unwrap();
    done(home, &["index"]);
    assert_eq!(eval(), json!(1.0));
    // The evaluation asked twice, and neither is in the journal.
    assert_eq!(done(home, &["log", "export"]).0.lines().count(), 1);
}

#[test]
fn a_case_is_judged_by_what_the_user_says_and_by_three_things_at_least() {
    let (home, _dir) = noted(RIGHT);
    let home = home.path();
    done(home, &["ask", "钢琴是谁发明的", "--extractive"]);
    let promote = |extra: &[&str]| {
        let mut command = rag(home);
        let (code, out, err) = outcome(command.args(["log", "promote", "last", "--json"]).args(extra));
        (code, serde_json::from_str::<Value>(&out).unwrap_or_default(), err)
    };
    let (code, _, err) = promote(&[]);
    assert!(code == 2 && err.contains("2 criteria") && err.contains("--must"), "{err}");
    assert!(!home.join("evals/mine").exists(), "nothing is begun for a case that is refused");
    let (code, _, err) = promote(&["--must", "克里斯托福里", "--doc", "harp.md"]);
    assert!(code == 2 && err.contains("harp.md"), "{err}");
    let (code, case, err) =
        promote(&["--must", "克里斯托福里|Cristofori", "--must-not", "贝多芬", "--max-chars", "60"]);
    assert_eq!(code, 0, "{err}");
    let expected = json!({
        "suite": "evals/mine", "question": "钢琴是谁发明的", "qid": "q001", "required_docs": ["piano.md"],
        "must": [["克里斯托福里", "Cristofori"]], "must_not": ["贝多芬"], "abstain": "no", "max_chars": 60,
    });
    assert_eq!(case, expected);
    let (code, _, err) = promote(&["--must", "克里斯托福里"]);
    assert!(code == 2 && err.contains("already, as q001"), "{err}");
    let (_, _, err) = promote(&["--abstain", "--must", "x"]);
    assert!(err.contains("cannot be used with"), "{err}");
}

#[test]
fn what_should_have_been_refused_is_a_case_that_passes_by_abstaining() {
    let (home, _dir) = noted(RIGHT);
    let home = home.path();
    done(home, &["ask", QUESTION, "--extractive"]);
    let (out, _) = done(home, &["log", "promote", "1", "--abstain", "--json", "--suite", "refusals"]);
    let case: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&case["must_not"], &case["required_docs"]), (&json!(["88"]), &json!([])), "{case}");
    let (out, _) = done(home, &["eval", "answers", "refusals", "--extractive", "--json"]);
    let card: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&card["questions"], &card["refusal_recall"]["value"]), (&json!(1), &json!(0.0)), "{card}");
    let suite = home.join("refusals");
    let bad = fs::read_to_string(suite.join("answers.jsonl")).unwrap().replace("[\"88\"]", "[]");
    fs::write(suite.join("answers.jsonl"), bad).unwrap();
    let (code, _, err) = outcome(rag(home).args(["eval", "answers", "refusals", "--extractive"]));
    assert!(code == 2 && err.contains("q001 has 2 criteria"), "{err}");
}
