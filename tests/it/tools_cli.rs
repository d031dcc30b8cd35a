//! The commands around the main job: `config`, `status`, `doctor`, `models`, `llama`.

use crate::support::{corpus, free_port, home, outcome, pulled, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn json_lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Value and origin of one setting, as `rag config` tells.
fn setting(command: &mut assert_cmd::Command, name: &str) -> (String, String) {
    let (code, out, err) = outcome(command.args(["config", "--json"]));
    assert_eq!(code, 0, "{err}");
    let all: Value = serde_json::from_str(&out).unwrap();
    let row = all.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    (row["value"].as_str().unwrap().into(), row["origin"].as_str().unwrap().into())
}

#[test]
fn a_setting_comes_from_the_nearest_source_and_says_which() {
    let home = tempfile::tempdir().unwrap();
    let project = tempfile::tempdir().unwrap();
    let in_project = || {
        let mut command = rag(home.path());
        command.current_dir(project.path()).env_remove("RAG_BASE_URL");
        command
    };
    assert_eq!(setting(&mut in_project(), "search.limit"), ("10".into(), "default".into()));
    fs::create_dir_all(home.path().join("config/rag")).unwrap();
    fs::write(home.path().join("config/rag/rag.toml"), "[search]\nlimit = 4\nrrf_k = 20\n").unwrap();
    fs::write(project.path().join("rag.toml"), "[search]\nlimit = 3\n").unwrap();
    let (value, origin) = setting(&mut in_project(), "search.limit");
    assert!(value == "3" && origin.contains("rag.toml"), "{value} {origin}");
    assert_eq!(setting(&mut in_project(), "search.rrf_k").0, "20");
    assert_eq!(setting(in_project().env("RAG_LIMIT", "2"), "search.limit"), ("2".into(), "$RAG_LIMIT".into()));
    let both = |command: &mut assert_cmd::Command| {
        setting(command.env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"), "chat.base_url")
    };
    assert_eq!(both(&mut in_project()), ("http://127.0.0.1:9/v1".into(), "$OPENAI_BASE_URL".into()));
    assert_eq!(both(in_project().env("RAG_BASE_URL", "http://127.0.0.1:8/v1")).1, "$RAG_BASE_URL");
    assert_eq!(setting(in_project().args(["-c", "notes"]), "collection"), ("notes".into(), "flag".into()));
}

#[test]
fn a_projects_file_cannot_send_questions_elsewhere() {
    let (home, project) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(project.path().join("rag.toml"), "[chat]\nbase_url = \"https://collector.example/v1\"\n").unwrap();
    let (code, _, err) = outcome(rag(home.path()).current_dir(project.path()).args(["ask", "x"]));
    assert_eq!(code, 2);
    assert!(err.contains("may not set chat.base_url") && err.contains("hint: "), "{err}");
}

#[test]
fn status_tells_what_is_indexed() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let (code, out, _) = outcome(rag(home.path()).args(["status", "--json"]));
    assert_eq!((code, &json_lines(&out)[0]["index"]), (1, &Value::Null));
    fs::write(dir.path().join("a.md"), "苹果。\n").unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(dir.path())).0, 0);
    let (code, out, _) = outcome(rag(home.path()).args(["status", "--json"]));
    let status = &json_lines(&out)[0];
    assert_eq!((code, &status["index"]["documents"], &status["index"]["generation"]), (0, &json!(1), &json!(1)));
    assert_eq!(status["index"]["embedder"]["name"], "multilingual-e5-small");
    let source = &status["sources"][0];
    assert_eq!((&source["root"], &source["documents"]), (&json!(dir.path()), &json!(1)));
    assert!(status["bytes_on_disk"].as_u64().unwrap() > 1000);
}

#[test]
fn doctor_names_what_is_missing_and_the_command_for_it() {
    let home = tempfile::tempdir().unwrap();
    let base_url = format!("http://127.0.0.1:{}/v1", free_port());
    let (code, out, _) = outcome(rag(home.path()).env("RAG_BASE_URL", &base_url).args(["doctor", "--json"]));
    assert_eq!(code, 1);
    let findings = &json_lines(&out)[0];
    let hint = |check: &str| findings.as_array().unwrap().iter().find(|f| f["check"] == check).unwrap()["hint"].clone();
    assert_eq!(hint("onnxruntime"), "rag models pull onnxruntime");
    assert_eq!(hint("weights"), "rag models pull multilingual-e5-small");
    assert_eq!(hint("index"), "rag index FOLDER");
    assert_eq!(hint("chat"), "rag llama up");
    let home = self::home();
    let (_, out, _) = outcome(rag(home.path()).env("RAG_BASE_URL", &base_url).arg("doctor"));
    assert!(out.contains("ok onnxruntime") && out.contains("!! index"), "{out}");
}

#[test]
fn verify_finds_a_damaged_file_and_path_says_where_it_is() {
    let whole = pulled("multilingual-e5-small");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("models/multilingual-e5-small");
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(&whole).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::os::unix::fs::symlink(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    let verify = || outcome(rag(home.path()).args(["models", "verify", "e5", "--json"]));
    let (code, out, err) = verify();
    assert_eq!(code, 0, "{out}{err}");
    let (_, path, _) = outcome(rag(home.path()).args(["models", "path", "e5"]));
    assert_eq!(Path::new(path.trim_end()), folder);
    let config = folder.join("config.json");
    let text = fs::read_to_string(&config).unwrap();
    fs::remove_file(&config).unwrap();
    fs::write(&config, text.replace("384", "385")).unwrap();
    let (code, out, _) = verify();
    let damaged: Vec<Value> = json_lines(&out).into_iter().filter(|check| check["verdict"] != "intact").collect();
    assert_eq!((code, damaged.len(), &damaged[0]["file"]), (1, 1, &json!("config.json")), "{out}");
}

#[test]
fn models_are_listed_and_unknown_ones_named() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, _) = outcome(rag(home.path()).args(["models", "--json"]));
    let rows = json_lines(&out);
    assert_eq!(code, 0);
    assert!(rows.iter().all(|row| row["state"] == "missing" && row["bytes"].as_u64().unwrap() > 1000), "{out}");
    let (code, _, err) = outcome(rag(home.path()).args(["models", "pull", "gpt-9"]));
    assert_eq!(code, 2);
    assert!(err.contains("gpt-9") && err.contains("multilingual-e5-small"), "{err}");
    let (code, _, err) = outcome(rag(home.path()).args(["models", "pull", "embeddinggemma"]));
    assert_eq!(code, 2);
    assert!(err.contains("Gemma") && err.contains("--accept-terms"), "{err}");
    let (code, _, err) = outcome(rag(home.path()).env("RAG_OFFLINE", "1").args(["models", "pull", "e5"]));
    assert_eq!(code, 2);
    assert!(err.contains("error: ") && err.contains("hint: "), "{err}");
}

#[test]
fn our_own_corpus_is_sound_and_a_flaw_is_named_with_its_place() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let essays = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/essays");
    let (code, out, err) =
        outcome(rag(home.path()).args(["corpus", "lint", "--suite", essays.to_str().unwrap()]).arg(corpus()));
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "120 documents, 0 findings\n"));
    fs::write(dir.path().join("a.md"), "# 甲\n\n见 [乙](b.md)。\n").unwrap();
    let (code, out, _) = outcome(rag(home.path()).args(["corpus", "lint", "--json"]).arg(dir.path()));
    let finding = &json_lines(&out)[0];
    assert_eq!((code, &finding["check"], &finding["line"]), (1, &json!("broken-link"), &json!(3)));
}

#[test]
fn nobody_answers_on_a_free_port_and_nothing_is_stopped() {
    let home = tempfile::tempdir().unwrap();
    let port = free_port().to_string();
    let (code, out, _) = outcome(rag(home.path()).args(["llama", "status", "--port", &port]));
    assert!(code == 1 && out.contains("nothing answers"), "{out}");
    let (code, _, err) = outcome(rag(home.path()).args(["llama", "down", "--port", &port]));
    assert_eq!((code, err.as_str()), (0, "nothing was running\n"));
}

#[test]
fn a_wrong_flag_is_a_failure_with_advice() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, err) = outcome(rag(home.path()).args(["search", "x", "--mdoe", "lexical"]));
    assert_eq!(code, 2);
    assert!(err.starts_with("error: ") && err.contains("--mode"), "{err}");
}

#[test]
fn a_lock_tells_what_has_changed_and_refuses_another_embedder() {
    let (home, project) = (home(), tempfile::tempdir().unwrap());
    std::fs::write(project.path().join("a.md"), "# 钢琴\n\n钢琴有 88 个琴键。\n").unwrap();
    let run = |args: &[&str]| outcome(rag(home.path()).current_dir(project.path()).args(args));
    assert_eq!(run(&["index", "a.md"]).0, 0);
    let (code, _, err) = run(&["lock"]);
    assert!(code == 0 && err.contains("rag.lock"), "{err}");
    assert_eq!(run(&["lock", "--check"]).0, 0);
    let path = project.path().join("rag.lock");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("[embedder]") && text.contains("chunk = \"600\"") && text.contains("\"ask.zh\" = "),
        "{text}"
    );
    // What differs is told, and the search goes on.
    std::fs::write(&path, text.replace("chunk = \"600\"", "chunk = \"300\"")).unwrap();
    let (code, out, err) = run(&["search", "琴键"]);
    assert!(code == 0 && out.contains("钢琴"), "{err}");
    assert!(err.contains("warning: 与 rag.lock 不一致:index.chunk 300 → 600"), "{err}");
    assert_eq!(run(&["lock", "--check"]).0, 1);
    // Another embedder is no warning.
    std::fs::write(&path, text.replace("dim = \"384\"", "dim = \"768\"")).unwrap();
    for args in [&["search", "琴键"][..], &["index", "a.md"]] {
        let (code, _, err) = run(args);
        assert!(code == 2 && err.contains("embedder.dim") && err.contains("hint: "), "{err}");
    }
    std::fs::write(&path, "= broken").unwrap();
    assert_eq!(run(&["search", "琴键"]).0, 2);
}
