//! `rag eval judge` and `rag eval models`: two runs of the same questions.

use crate::eval_answers::{scripted, suite};
use crate::support::{free_port, home, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What `rag eval answers` records of a model that writes `answer` to every question.
fn recorded(home: &Path, suite: &Path, name: &str, answer: &str) -> String {
    let server = scripted(&[("", answer)]);
    let asked = suite.join(name).to_str().unwrap().to_string();
    let args = ["eval", "answers", suite.to_str().unwrap(), "--asked", &asked];
    let (code, _, err) = outcome(rag(home).env("RAG_BASE_URL", format!("{}/v1", server.uri())).args(args));
    assert_eq!(code, 0, "{err}");
    asked
}

#[test]
fn a_judge_that_always_says_first_gives_ties_only() {
    let (home, suite) = (home(), suite());
    let a = recorded(home.path(), suite.path(), "a.jsonl", "成年猫一天喂两次[1]。机油每 5,000 公里更换一次。");
    let b = recorded(home.path(), suite.path(), "b.jsonl", "机油每 5,000 公里更换一次[1]。清水要一直备着。");
    let judge = |verdict: &[(&str, &str)], extra: &[&str]| {
        let server = scripted(verdict);
        let base_url = format!("{}/v1", server.uri());
        let args = ["eval", "judge", &a, &b, "--json"];
        let (code, out, err) = outcome(rag(home.path()).env("RAG_BASE_URL", base_url).args(args).args(extra));
        assert_eq!(code, 0, "{err}");
        (serde_json::from_str::<Value>(&out).unwrap(), err)
    };
    let (report, err) = judge(&[("", "先看到的更好。\n甲")], &[]);
    assert_eq!((&report["all"]["pairs"], &report["all"]["tie"]["value"]), (&json!(3), &json!(1.0)), "{report}");
    // Both refused the third question, the same way: that pair was not shown.
    assert_eq!((&report["identical"], &report["inconsistent"]["of"]), (&json!(1), &json!(2)), "{report}");
    assert_eq!(report["inconsistent"]["value"], json!(1.0));
    assert_eq!(report["judged"][0]["reasons"], json!(["先看到的更好。\n甲", "先看到的更好。\n甲"]));
    assert!(err.contains("--labels") && report["agreement"].is_null(), "{err}");
    // One that knows what it wants wins in both orders, and people can say whether it is right.
    let labels = suite.path().join("labels.jsonl");
    fs::write(&labels, "{\"id\":\"q1\",\"winner\":\"a\"}\n{\"id\":\"q2\",\"winner\":\"b\"}\n").unwrap();
    let first_is_a = "<甲>\\n成年猫";
    let judged = suite.path().join("judged.jsonl");
    let extra = ["--labels", labels.to_str().unwrap(), "--judged", judged.to_str().unwrap()];
    let (report, _) = judge(&[(first_is_a, "甲说到了猫。\n甲"), ("", "乙说到了猫。\n乙")], &extra);
    assert_eq!(
        (&report["all"]["a"]["value"], &report["inconsistent"]["value"]),
        (&json!(2.0 / 3.0), &json!(0.0)),
        "{report}"
    );
    assert_eq!((&report["agreement"]["labels"], &report["agreement"]["same"]["value"]), (&json!(2), &json!(0.5)));
    assert_eq!(fs::read_to_string(&judged).unwrap().lines().count(), 4);
    let (code, _, err) = outcome(rag(home.path()).args(["eval", "judge", &a, judged.to_str().unwrap()]));
    assert!(code == 2 && err.contains("no record of rag eval answers"), "{err}");
}

#[test]
fn a_migration_says_what_is_lost_and_won() {
    let (home, suite) = (home(), suite());
    let right = scripted(&[("", "机油每 5,000 公里更换一次[1]。")]);
    let wrong = scripted(&[("", "轮胎气压每月检查[1]。")]);
    let models = format!("old@{}/v1,new", right.uri());
    let other = format!("{}/v1", wrong.uri());
    let (a, b) = (suite.path().join("a.jsonl"), suite.path().join("b.jsonl"));
    let both = format!("{},{}", a.display(), b.display());
    let args =
        ["eval", "models", &models, suite.path().to_str().unwrap(), "--base-url-b", &other, "--asked", &both, "--json"];
    let (code, out, err) = outcome(rag(home.path()).args(args));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["a"]["model"], &report["b"]["model"]), (&json!("old"), &json!("new")));
    assert_eq!((&report["lost"][0]["id"], &report["won"]), (&json!("q2"), &json!([])), "{report}");
    assert_eq!(report["differences"]["pass"]["delta"], json!(-0.5), "{report}");
    assert_eq!(report["differences"]["prompt_tokens"]["ties"], json!(2), "{report}");
    // The same again from what was kept, asking nobody.
    let nobody = format!("http://127.0.0.1:{}/v1", free_port());
    let from = ["eval", "models", "--from", &both];
    let (code, out, err) = outcome(rag(home.path()).env("RAG_BASE_URL", nobody).args(from));
    assert!(code == 0 && out.contains("passed by A only: 1") && out.contains("q2"), "{out}{err}");
    let (code, _, err) = outcome(rag(home.path()).args(["eval", "models", "one", suite.path().to_str().unwrap()]));
    assert!(code == 2 && err.contains("takes two"), "{err}");
}
