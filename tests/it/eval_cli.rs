//! `rag eval`: values against a public tool's, a small suite of our own, runs and gates.

use crate::support::{home, llama_base_url, outcome, rag};
use rag::eval::{METRICS, Metric, Qrels, Run, Suite, Topic, evaluate};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/reference")
}

/// `expected.json` was written by pytrec_eval; `check.py` beside it makes it anew.
#[test]
fn values_are_those_of_pytrec_eval() {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(reference().join("expected.json")).unwrap()).unwrap();
    let qrels = Qrels::read(&reference().join("qrels.tsv")).unwrap();
    let runs = ["plain", "better"].map(|name| Run::read(&reference().join(format!("{name}.run"))).unwrap());
    let mut compared = 0;
    for rel in [1, 2] {
        let topic = |id: &String| Topic { id: id.clone(), text: String::new(), slice: String::new() };
        let suite = Suite::judged(qrels.0.keys().map(topic).collect(), qrels.clone(), rel);
        let report = evaluate(&suite, &runs, Metric::Ndcg(10));
        for (system, values) in expected[rel.to_string()].as_object().unwrap() {
            for (metric, value) in values.as_object().unwrap() {
                let ours = report.systems[system].all.values[metric];
                let difference = (ours - value.as_f64().unwrap()).abs();
                assert!(difference < 1e-6, "{system} {metric} rel {rel}: {ours}, expected {value}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 2 * 2 * 7);
}

#[test]
fn two_runs_of_any_engine_are_compared() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| reference().join(name).to_str().unwrap().to_string();
    let args = ["eval", "compare", &path("better.run"), &path("plain.run"), "--qrels", &path("qrels.tsv")];
    let (code, out, err) = outcome(rag(home.path()).args(args));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("better is better than plain: +0."), "{out}");
    let (_, out, _) = outcome(rag(home.path()).args(args).arg("--json"));
    let report: Value = serde_json::from_str(&out).unwrap();
    let comparison = &report["comparisons"][0];
    for key in ["a", "b", "metric", "delta", "ci95", "p", "wins", "losses", "ties"] {
        assert!(!comparison[key].is_null(), "{key} in {comparison}");
    }
    assert_eq!(report["systems"]["plain"]["zero_results"], json!(2.0 / 30.0));
}

/// A suite of five notes and four topics in two slices.
fn suite(dir: &Path, expected: &str) {
    let notes = [
        "苹果是一种水果,富含果胶。",
        "钢琴有 88 个琴键。",
        "唐朝的首都是长安。",
        "水在 100 摄氏度沸腾。",
        "QLoRA 把底座量化为 4 位。",
    ];
    fs::create_dir_all(dir.join("notes")).unwrap();
    for (n, text) in notes.iter().enumerate() {
        fs::write(dir.join(format!("notes/n{n}.md")), format!("---\nid: n{n}\n---\n{text}\n")).unwrap();
    }
    let topics = [
        ("t1", "果胶", "K"),
        ("t2", "钢琴琴键数量", "K"),
        ("t3", "水多少度会烧开", "P"),
        ("t4", "唐代都城在哪里", "P"),
    ];
    let lines: Vec<String> = topics
        .iter()
        .map(|(id, text, slice)| json!({"id": id, "text": text, "type": slice, "split": "dev"}).to_string())
        .collect();
    fs::write(dir.join("topics.jsonl"), lines.join("\n")).unwrap();
    fs::write(dir.join("qrels.tsv"), "t1 0 n0 3\nt2 0 n1 3\nt3 0 n3 2\nt4 0 n2 3\nt4 0 n0 1\n").unwrap();
    fs::write(dir.join("suite.toml"), format!("name = \"tiny\"\ndocuments = \"notes\"\nrel = 2\n{expected}")).unwrap();
}

#[test]
fn a_suite_is_indexed_run_and_reported() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
    let (html, runs) = (at("report.html"), at("runs"));
    let args = ["eval", "retrieval", &at(""), "--json", "-", "--html", &html, "--runs", &runs];
    let (code, out, err) = outcome(rag(home.path()).args(args));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["suite"], &report["split"], &report["queries"]), (&json!("tiny"), &json!("dev"), &json!(4)));
    for system in ["lexical", "dense", "rrf", "hybrid"] {
        let values = &report["systems"][system];
        assert!(METRICS.iter().all(|metric| values[metric.to_string()].is_number()), "{values}");
        assert_eq!(values["slices"]["K"]["ndcg@10"], json!(1.0), "{system}: {values}");
        assert!(values["latency_p50_ms"].is_number() && values["ci95"].is_array());
    }
    assert_eq!(report["systems"]["dense"]["success@1"], json!(1.0), "{report}");
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("水多少度会烧开") && page.contains("hybrid") && !page.contains("http"), "{page}");
    let run = fs::read_to_string(dir.path().join("runs/tiny.dev.lexical.run")).unwrap();
    assert!(run.starts_with("t1 Q0 n0 1 "), "{run}");
    // Nothing of it shows among the user's collections.
    assert_eq!(outcome(rag(home.path()).args(["search", "果胶"])).0, 2);
}

#[test]
fn a_calibration_is_learnt_written_and_used() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let (folder, file) = (dir.path().to_str().unwrap(), dir.path().join("own.toml"));
    let file = file.to_str().unwrap();
    let (code, out, err) = outcome(rag(home.path()).args(["eval", "tune", folder, "--write", file, "--json"]));
    assert_eq!(code, 0, "{err}");
    let tuned: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&tuned["suites"][0]["suite"], &tuned["suites"][0]["left_out"]), (&json!("tiny"), &Value::Null));
    let reached = tuned["suites"][0]["fused"].as_f64().unwrap();
    let (code, out, err) =
        outcome(rag(home.path()).env("RAG_CALIBRATION", file).args(["eval", "retrieval", folder, "--json", "-"]));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert!((report["systems"]["hybrid"]["ndcg@10"].as_f64().unwrap() - reached).abs() < 1e-9, "{report}");
    fs::write(file, "[multilingual-e5-small]\nscale = 1\n").unwrap();
    let (code, _, err) =
        outcome(rag(home.path()).env("RAG_CALIBRATION", file).args(["eval", "retrieval", folder, "--json", "-"]));
    assert!(code == 2 && err.contains("own.toml") && err.contains("hint: rag eval tune"), "{err}");
}

#[test]
fn a_gate_fails_on_regression_only() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let gate = |expected: &str| {
        suite(dir.path(), expected);
        outcome(rag(home.path()).args([
            "eval",
            "retrieval",
            dir.path().to_str().unwrap(),
            "--gate",
            "--systems",
            "lexical",
        ]))
    };
    let (code, _, err) = gate("[expected.dev.lexical]\n\"mrr@10\" = 0.5\n");
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = gate("[expected.dev.lexical]\n\"mrr@10\" = 1.01\n");
    assert_eq!(code, 1);
    assert!(err.contains("lexical mrr@10 is") && err.contains("expected 1.01"), "{err}");
}

#[test]
fn bad_suites_say_what_is_wrong() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let eval = |args: &[&str]| {
        let (code, _, err) =
            outcome(rag(home.path()).args(["eval", "retrieval", dir.path().to_str().unwrap()]).args(args));
        assert_eq!(code, 2);
        err.replace(&dir.path().display().to_string(), "DIR")
    };
    assert!(eval(&[]).starts_with("error: DIR is no suite: "));
    suite(dir.path(), "");
    assert_eq!(eval(&["--split", "test"]), "error: suite tiny has no split test\nhint: one of dev\n");
    assert!(eval(&["--metric", "ndgc"]).contains("hint: one of ndcg@10, "));
    assert!(
        eval(&["--systems", "magic"])
            .contains("error: no system is called magic\nhint: one of lexical, dense, hybrid, rrf\n")
    );
    fs::write(dir.path().join("qrels.tsv"), "t1 n0\n").unwrap();
    assert_eq!(
        eval(&[]),
        "error: DIR/qrels.tsv: line 1 does not hold topic, document and grade\nhint: a line holds topic, document and grade\n"
    );
}

/// What breaks in other engines goes on working here; `evals/stress/expected.toml` says how much of it does.
#[test]
fn no_class_of_the_stress_suite_regresses() {
    let home = home();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/stress");
    let (code, out, err) = outcome(rag(home.path()).args(["eval", "stress", "--gate"]).arg(&folder));
    assert_eq!(code, 0, "{err}{out}");
    let first = fs::read_to_string(folder.join("cases.jsonl")).unwrap().lines().next().unwrap().to_string();
    let mut case: Value = serde_json::from_str(&first).unwrap();
    case["first"] = json!("nobody");
    let broken = tempfile::tempdir().unwrap();
    fs::write(broken.path().join("cases.jsonl"), case.to_string()).unwrap();
    fs::copy(folder.join("expected.toml"), broken.path().join("expected.toml")).unwrap();
    let (code, out, err) = outcome(rag(home.path()).args(["eval", "stress", "--gate"]).arg(broken.path()));
    assert!(code == 1 && out.contains("nobody ←") && err.contains("expected"), "{out}{err}");
}

/// As `evals/stress/README.md` says: each term is in the one file that must be first for it, and is asked for in three ways.
#[test]
fn what_the_stress_suite_calls_rare_is_in_one_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folded = |text: &str| -> String { rag::text::fold(text).chars().filter(|c| !c.is_whitespace()).collect() };
    let file = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, folded(&fs::read_to_string(path).unwrap()))
    };
    let files: Vec<(String, String)> =
        fs::read_dir(root.join("corpus")).unwrap().map(|entry| file(entry.unwrap().path())).collect();
    let cases = fs::read_to_string(root.join("evals/stress/cases.jsonl")).unwrap();
    let cases: Vec<Value> = cases.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rare: Vec<&Value> = cases.iter().filter(|case| case["class"] == "rare").collect();
    assert_eq!(rare.len(), 90);
    for of_term in rare.chunks(3) {
        let term = of_term[0]["query"].as_str().unwrap();
        assert!(of_term.iter().all(|case| case["query"].as_str().unwrap().contains(term)), "{term}");
        // The 30% of 130% is another number.
        let has = |text: &str| {
            let is_inner = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
            let begins_inside = |at: usize| term.starts_with(is_inner) && text[..at].ends_with(is_inner);
            text.match_indices(&folded(term)).any(|(at, _)| !begins_inside(at))
        };
        let found: Vec<&str> = files.iter().filter(|(_, text)| has(text)).map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, [of_term[0]["first"].as_str().unwrap()], "{term}");
    }
}

#[test]
fn an_ablation_sets_every_row_against_the_default() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let file = dir.path().join("ablation.toml");
    let rows = "suite = \".\"\n[[row]]\nname = \"k=1\"\nset = {\"search.rrf_k\" = 1}\n[[row]]\nname = \"small chunks\"\nset = {\"index.chunk\" = 20}\n";
    fs::write(&file, rows).unwrap();
    let file = file.to_str().unwrap();
    let (code, out, err) = outcome(rag(home.path()).args(["eval", "ablate", file, "--json"]));
    assert_eq!(code, 0, "{err}");
    let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "k=1", "small chunks"]);
    assert!(rows[0]["comparison"].is_null() && rows[1]["comparison"]["b"] == "default", "{out}");
    // What indexes otherwise is indexed apart.
    let indexes =
        fs::read_dir(home.path().join("evals")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(indexes.count(), 2);
    fs::write(dir.path().join("bad.toml"), "suite = \".\"\n[[row]]\nname = \"x\"\nset = {\"search.rff_k\" = 1}\n")
        .unwrap();
    let (code, _, err) =
        outcome(rag(home.path()).args(["eval", "ablate", dir.path().join("bad.toml").to_str().unwrap()]));
    assert!(code == 2 && err.contains("search.rff_k"), "{err}");
}

#[test]
fn one_topic_is_shown_through_every_stage() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let diff = |query: &str| ["eval", "diff", query, "--suite", dir.path().to_str().unwrap()].map(String::from);
    let (code, out, err) = outcome(rag(home.path()).args(diff("t4")));
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("唐代都城在哪里") && out.contains("wanted n2:3") && out.contains("--- hybrid\n3 n2#0"),
        "{out}"
    );
    let (_, json, _) = outcome(rag(home.path()).args(diff("唐代都城在哪里")).arg("--json"));
    let stages = &serde_json::from_str::<Value>(&json).unwrap()["stages"];
    assert_eq!(stages[1][1][0]["trail"][0]["stage"], "dense", "{json}");
    let (code, _, err) = outcome(rag(home.path()).args(diff("t9")));
    assert!(code == 2 && err.contains("has no judged topic \"t9\""), "{err}");
}

#[test]
fn a_users_own_suite_grows_one_question_at_a_time() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let mine = dir.path().join("mine");
    let mine = mine.to_str().unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(dir.path().join("notes"))).0, 0);
    let add = |question: &str, doc: &str| {
        outcome(rag(home.path()).args(["eval", "add", question, "--doc", doc, "--suite", mine]))
    };
    assert_eq!(add("钢琴有几个键", "n1").0, 0);
    assert_eq!(add("水几度烧开", "n3").0, 0);
    let (code, _, err) = add("x", "n9");
    assert_eq!(
        (code, err.as_str()),
        (2, "error: no indexed document has the id or the path n9\nhint: rag search --json names it as doc\n")
    );
    let (code, out, err) = outcome(rag(home.path()).args(["eval", "retrieval", mine, "--json", "-"]));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["suite"], &report["queries"]), (&json!("mine"), &json!(2)));
    assert_eq!(report["systems"]["hybrid"]["success@1"], json!(1.0), "{report}");
}

#[test]
fn a_haystack_grows_around_the_same_topics() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let hay: String =
        (0..12).map(|n| format!("{{\"_id\":\"n{n}\",\"text\":\"第 {n} 号仓库存放钢琴与苹果。\"}}\n")).collect();
    fs::write(dir.path().join("hay.jsonl"), hay).unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
    let run = |counts: &str| {
        let args = ["eval", "haystack", &at(""), "--distractors", &at("hay.jsonl"), "--counts", counts, "--json"];
        outcome(rag(home.path()).args(args))
    };
    let (code, out, err) = run("0,12");
    assert_eq!(code, 0, "{err}");
    let curve: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lexical = |n: usize| curve[n]["report"]["systems"]["lexical"]["judged@10"].as_f64().unwrap();
    // Distractors are among the results, and an id that both have is not mistaken.
    assert!(curve[1]["distractors"] == 12 && lexical(1) < lexical(0), "{out}");
    assert_eq!(curve[1]["report"]["systems"]["hybrid"]["success@1"], json!(1.0), "{out}");
    let (code, _, err) = run("13");
    assert!(code == 2 && err.contains("has 12 passages, 13 are asked for"), "{err}");
}

/// `suite.toml` holds what retrieval reached on the dev split; every judged pair of the set is within it.
#[test]
fn retrieval_on_our_own_suite_does_not_regress() {
    let home = home();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/essays");
    let folder = folder.to_str().unwrap();
    let args = ["eval", "retrieval", folder, "--split", "dev", "--gate", "--json", "-"];
    let (code, out, err) = outcome(rag(home.path()).args(args));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["queries"], json!(88));
    // Pooled from these systems as they were, so that most of what they find is judged.
    let judged = report["systems"]["hybrid"]["judged@10"].as_f64().unwrap();
    assert!(judged > 0.92, "{judged}");
    let (code, out, err) = outcome(rag(home.path()).args(["eval", "lint", folder]));
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "0 findings\n"));
    let judgements = format!("{folder}/judgements.tsv");
    let (code, out, _) = outcome(rag(home.path()).args(["eval", "agreement", &judgements, "--json"]));
    let agreement: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && agreement["kappa"].as_f64().unwrap() > 0.7, "{agreement}");
}

#[test]
fn a_suites_own_flaws_are_found() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    suite(dir.path(), "no_overlap = [\"P\"]\n");
    let topics = fs::read_to_string(dir.path().join("topics.jsonl")).unwrap();
    let more = json!({"id": "t5", "text": "钢琴琴键数量?", "split": "test"});
    fs::write(dir.path().join("topics.jsonl"), format!("{topics}\n{more}\n")).unwrap();
    fs::write(dir.path().join("qrels.tsv"), "t1 0 n0 3\nt2 0 n9 3\nt3 0 n3 3\nt4 0 n2 3\nt7 0 n1 3\n").unwrap();
    fs::write(
        dir.path().join("answers.jsonl"),
        "{\"qid\":\"t1\",\"required_docs\":[\"n0\",\"n1\"],\"must\":[[\"维生素\"]]}\n",
    )
    .unwrap();
    fs::write(dir.path().join("SHA256"), format!("{}  qrels.tsv\n", "0".repeat(64))).unwrap();
    let (code, out, _) = outcome(rag(home.path()).args(["eval", "lint", dir.path().to_str().unwrap()]));
    assert_eq!(code, 1);
    let expected = [
        "t2 n9 is judged, but is no document of the suite",
        "t5 no document is judged for it",
        "t7 judged, but no topic",
        "t1 n1 is required, but not relevant",
        "t1 its answer must hold \"维生素\", which no required document does",
        "t2 asks the same as t5 of another split",
        "qrels.tsv the file has changed since it was frozen",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_suite_is_drafted_by_a_model_and_read_by_a_person() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    suite(dir.path(), "");
    let mine = dir.path().join("mine");
    let mine = mine.to_str().unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(dir.path().join("notes"))).0, 0);
    let new = ["eval", "new", "-n", "4", "--suite", mine];
    let answers = "\nd\n钢琴一共有几个键?\nq\n";
    let (code, _, err) = outcome(rag(home.path()).env("RAG_BASE_URL", llama_base_url()).args(new).write_stdin(answers));
    assert_eq!(code, 0, "{err}");
    let topics = fs::read_to_string(dir.path().join("mine/topics.jsonl")).unwrap();
    let topics: Vec<Value> = topics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(topics.len(), 2, "{topics:?}");
    assert!(topics.iter().all(|topic| topic["split"] == "synthetic" && topic["type"] == "synthetic"), "{topics:?}");
    assert_eq!(topics[1]["text"], "钢琴一共有几个键?");
    // Real questions are in another table.
    let add = ["eval", "add", "水几度烧开", "--doc", "n3", "--suite", mine];
    assert_eq!(outcome(rag(home.path()).args(add)).0, 0);
    let queries = |split: &[&str]| {
        let (_, out, err) = outcome(rag(home.path()).args(["eval", "retrieval", mine, "--json", "-"]).args(split));
        serde_json::from_str::<Value>(&out).unwrap_or_else(|_| panic!("{err}"))["queries"].clone()
    };
    assert_eq!((queries(&[]), queries(&["--split", "synthetic"])), (json!(1), json!(2)));
}
