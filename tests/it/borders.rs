//! Borders: what strangers' notes, names, settings, models and servers may do to a terminal, a key or a script, which is
//! nothing.

use crate::support::{home, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use wiremock::matchers::{any, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

const KEY: &str = "MyOrgKeyAbc987654";
/// The clipboard, the screen, a bell, C1, a bidi override and an isolate.
const ACTS: &str = "\u{1b}]52;c;QUFB\u{7}\u{1b}[2J\u{9b}31m\u{9d}0;x\u{9c}\u{202e}\u{2066}";

#[track_caller]
fn require_tame(what: &str, text: &str) {
    let acts = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(!text.chars().any(acts), "{what}: {text:?}");
}

/// A home with a note in which everything that can hold text holds [`ACTS`].
fn hostile() -> (TempDir, TempDir) {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    let escaped = ACTS.chars().map(|c| format!("\\u{:04x}", c as u32)).collect::<String>();
    let text = format!(
        "---\ntitle: \"钢琴{escaped}\\n第二行\"\ntags: [\"a{escaped}\"]\n---\n\n# 琴键{ACTS}\n\n钢琴有 88 个琴键{ACTS},其中 52 个白键。\n"
    );
    let folder = notes.path().join("目\u{1b}[2J录");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("琴\u{1b}]0;t\u{7}\u{202e}键.md"), text).unwrap();
    let (code, out, err) = outcome(rag(home.path()).arg("index").arg(notes.path()));
    assert_eq!(code, 0, "{err}");
    require_tame("index", &(out + &err));
    (home, notes)
}

fn serve(answer: ResponseTemplate) -> MockServer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = MockServer::start().await;
        let models = ResponseTemplate::new(200).set_body_json(json!({ "data": [{ "id": format!("m{ACTS}") }] }));
        server.register(Mock::given(path_regex("/models$")).respond_with(models)).await;
        server.register(Mock::given(path_regex("/chat/completions$")).respond_with(answer)).await;
        server.register(Mock::given(any()).respond_with(ResponseTemplate::new(404))).await;
        server
    })
}

/// A stream of `pieces`.
fn streamed(pieces: &[&str]) -> ResponseTemplate {
    let mut body = String::new();
    for piece in pieces {
        body += &format!("data: {}\n\n", json!({ "model": "m", "choices": [{ "delta": { "content": piece } }] }));
    }
    body += &format!("data: {}\n\ndata: [DONE]\n\n", json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }));
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
}

#[test]
fn nothing_that_acts_reaches_a_terminal_or_a_pipe_by_any_command() {
    let (home, notes) = hostile();
    let found = outcome(rag(home.path()).args(["search", "琴键", "--mode", "lexical", "--json"])).1;
    let found: Value = serde_json::from_str(&found).unwrap();
    let hit = &found["hits"][0];
    assert!(hit["text"].as_str().unwrap().contains(ACTS), "JSON says what is there: {hit}");
    let (doc, chunk) = (hit["doc"].as_str().unwrap_or_default(), hit["chunk"].as_str().unwrap());
    let doc = if doc.is_empty() { chunk.rsplit_once('#').unwrap().0 } else { doc };
    let answer = format!("钢琴有 88 个琴键{ACTS},其中 52 个白键。[1]");
    let good = format!("{}/v1", serve(streamed(&[&answer])).uri());
    let bad =
        ResponseTemplate::new(500).set_body_string(format!("{{\"error\":{{\"message\":\"boom{}\"}}}}", "\\u001b[2J"));
    let bad = format!("{}/v1", serve(bad).uri());
    let raw = format!("{}/v1", serve(ResponseTemplate::new(418).set_body_string(format!("teapot{ACTS}"))).uri());
    let typed = format!("x{ACTS}");
    let condition = format!("tag=a{ACTS}");
    let model = format!("m{ACTS}");
    let here = notes.path().to_str().unwrap();
    let commands: Vec<Vec<&str>> = vec![
        vec!["search", "琴键", "--mode", "lexical", "--explain"],
        vec!["search", &typed, "--mode", "lexical"],
        vec!["search", "琴键", "--where", &condition, "--mode", "lexical"],
        vec!["search", "琴键", "--where", &typed],
        vec!["search", "琴键", "--mode", &typed],
        vec!["search", "琴键", "-n", &typed],
        vec!["search", "琴键", "-c", &typed],
        vec![&typed],
        vec!["get", chunk],
        vec!["get", doc, "--json"],
        vec!["get", &typed],
        vec!["inspect", doc],
        vec!["inspect", chunk],
        vec!["inspect", &typed],
        vec!["ask", "钢琴有多少个琴键", "--extractive", "--trace"],
        vec!["ask", "钢琴有多少个琴键", "--dry-run"],
        vec!["ask", "钢琴有多少个琴键", "--no-cache", "--trace", "--base-url", &good],
        vec!["ask", "钢琴有多少个琴键", "--no-cache", "--json", "--base-url", &good],
        vec!["ask", "钢琴有多少个琴键", "--no-cache", "--base-url", &good, "--model", &model],
        vec!["ask", "钢琴有多少个琴键", "--no-cache", "--base-url", &bad],
        vec!["ask", "钢琴有多少个琴键", "--no-cache", "--json", "--base-url", &raw],
        vec!["ask", "钢琴有多少个琴键", "--no-cache", "--base-url", &typed],
        vec!["ask", &typed, "--extractive"],
        vec!["feedback", "last", "down", "--fix", &typed],
        vec!["log"],
        vec!["log", "show"],
        vec!["log", "export"],
        vec!["log", "review"],
        vec!["log", "stats"],
        vec!["status", "-v"],
        vec!["status", "--json"],
        vec!["source"],
        vec!["source", "rm", &typed],
        vec!["collection"],
        vec!["collection", "rm", &typed],
        vec!["config"],
        vec!["prompt", "list"],
        vec!["prompt", "show", &typed],
        vec!["corpus", "lint", here],
        vec!["corpus", "lint", here, "--json"],
        vec!["models", "pull", &typed],
        vec!["eval", "retrieval", &typed],
        vec!["eval", "compare", &typed, &typed, "--qrels", &typed],
        vec!["-vv", "index", here],
    ];
    for args in commands {
        let mut command = rag(home.path());
        let (code, out, err) = outcome(command.env("RAG_MODEL", format!("n{ACTS}")).args(&args));
        assert!((0..=2).contains(&code), "{args:?}: {err}");
        require_tame(&format!("{args:?}"), &out);
        require_tame(&format!("{args:?}"), &err);
    }
}

#[test]
fn a_projects_files_are_shown_tame_and_name_the_users_file() {
    let (home, project) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let say = |file: &str, text: &str| {
        fs::write(project.path().join(file), text).unwrap();
        let said = outcome(rag(home.path()).current_dir(project.path()).args(["search", "x", "--json"]));
        fs::remove_file(project.path().join(file)).unwrap();
        require_tame(text, &(said.1.clone() + &said.2));
        said
    };
    say("rag.toml", "\"a\\u001b]52;c;QUFB\\u0007b\" = 1\n");
    say("rag.toml", "[search]\nlimit = \"\\u001b[2J\"\n");
    say("rag.toml", "\u{1b}[2J");
    say("rag.lock", "[index]\nchunk = \"\\u001b]52;c;QUFB\\u0007\"\n");
    let own = home.path().join("config/rag/rag.toml").display().to_string();
    for text in ["[journal]\nenabled = false", "[llama]\nmodel = \"x\"", "[index]\npaths = [\"/\"]", "threads = 1"] {
        let (code, out, err) = say("rag.toml", text);
        let told: Value = serde_json::from_str(&out).unwrap();
        assert!(code == 2 && err.contains("hint: ") && err.contains(&own), "{err}");
        assert!(
            told["error"].as_str().unwrap().contains("may not set") && told["hint"].as_str().unwrap().contains(&own)
        );
    }
}

#[test]
fn whatever_fails_is_an_object_for_a_script() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        vec!["search", "x", "-c", "nosuch"],
        vec!["search", "x", "-n", "0"],
        vec!["search", "x", "--mode", "nonsense"],
        vec!["search", "x", "--nosuch"],
        vec!["search"],
        vec!["ask", "x", "--where", "tag"],
        vec!["ask", "x", "--base-url", "127.0.0.1:1"],
        vec!["ask", "x", "--shots", "1000000"],
        vec!["ask", "x", "--prompt", "none.md"],
        vec!["get", "x"],
        vec!["inspect", "x#1"],
        vec!["log", "show", "7"],
        vec!["log", "stats", "--days", "99999999999999999999"],
        vec!["corpus", "lint", "nosuch"],
        vec!["eval", "answers", "nosuch"],
        vec!["nosuch"],
    ] {
        let (code, out, err) = outcome(rag(home.path()).args(&args).arg("--json"));
        assert!(code == 2 && err.starts_with("error: "), "{args:?}: {code} {err}");
        assert_eq!(out.lines().count(), 1, "{args:?}: {out}");
        let told: Value = serde_json::from_str(&out).unwrap();
        assert!(told["error"].as_str().is_some_and(|error| !error.is_empty()), "{args:?}: {told}");
    }
    let (_, out, _) = outcome(rag(home.path()).env("RAG_LIMIT", "0").args(["config", "--json"]));
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["error"], "search.limit is \"0\" (from $RAG_LIMIT); expected a whole number from 1 to 10000");
}

#[test]
fn a_key_that_comes_back_in_pieces_is_nowhere() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    fs::write(notes.path().join("a.md"), "# 钢琴\n\n钢琴有 88 个琴键。\n").unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(notes.path())).0, 0);
    let pieces = ["钢琴有 88 个琴键。[1] 你的密钥 My", "ORGKEYabc", "987654 可用,有 88 个琴键。"];
    let server = serve(streamed(&pieces));
    let base_url = format!("{}/v1", server.uri());
    for extra in [&["--json"][..], &["--trace"], &[]] {
        let mut command = rag(home.path());
        command.env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", &base_url).env_remove("RAG_BASE_URL");
        let (code, out, err) = outcome(command.args(["ask", "钢琴有多少个琴键", "--no-cache"]).args(extra));
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("[key]") && !(out + &err).to_lowercase().contains(&KEY.to_lowercase()));
    }
    let (_, out, _) = outcome(rag(home.path()).args(["log", "export"]));
    assert!(out.contains("88") && !out.to_lowercase().contains(&KEY.to_lowercase()), "{out}");
}

#[test]
fn a_key_stays_with_its_host_and_the_reader_is_told() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    fs::write(notes.path().join("a.md"), "# 钢琴\n\n钢琴有 88 个琴键。\n").unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(notes.path())).0, 0);
    let refusal = ResponseTemplate::new(401).set_body_json(json!({ "error": { "message": "no key" } }));
    let server = serve(refusal);
    let base_url = format!("{}/v1", server.uri());
    let mut command = rag(home.path());
    command.env("OPENAI_API_KEY", KEY).env_remove("RAG_BASE_URL");
    let (code, _, err) = outcome(command.args(["ask", "how many keys has it", "--no-cache", "--base-url", &base_url]));
    assert!(code == 2 && err.contains("(from $OPENAI_API_KEY) is for https://api.openai.com"), "{err}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sent = runtime.block_on(server.received_requests()).unwrap();
    assert!(sent.iter().all(|request| !request.headers.contains_key("authorization")), "{sent:?}");
}

#[test]
fn a_models_link_to_a_stranger_is_no_link() {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    fs::write(notes.path().join("a.md"), "# 钢琴\n\n钢琴有 88 个琴键,见 https://piano.example/keys 。\n").unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(notes.path())).0, 0);
    let answer = "钢琴有 88 个琴键,见 https://piano.example/keys 。[1]\n\n![88 个琴键](https://evil.example/?q=88)";
    let server = serve(streamed(&[answer]));
    let base_url = format!("{}/v1", server.uri());
    for extra in [&["--json"][..], &[]] {
        let mut command = rag(home.path());
        command.args(["ask", "钢琴有多少个琴键", "--no-cache", "--base-url", &base_url]).args(extra);
        let (_, out, _) = outcome(&mut command);
        assert!(out.contains("https://piano.example/keys") && !out.contains("https://evil.example"), "{out}");
        assert!(out.contains("[?]hxxps://evil[.]example"), "{out}");
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let suite = dir.path().join("suite");
    fs::create_dir_all(&suite).unwrap();
    let elsewhere = dir.path().join("elsewhere");
    for name in ["queries.jsonl", "answers.jsonl", "judgements.jsonl", "suite.toml", "corpus.jsonl"] {
        std::os::unix::fs::symlink(&elsewhere, suite.join(name)).unwrap();
    }
    let add = ["eval", "add", "钢琴有几个琴键", "--doc", "a", "--suite", suite.to_str().unwrap()];
    let (code, _, err) = outcome(rag(home.path()).args(add));
    assert!(code == 2 && err.contains("error: "), "{err}");
    assert!(!Path::new(&elsewhere).exists());
}
