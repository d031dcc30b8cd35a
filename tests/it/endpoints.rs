//! Providers as users meet them: presets that are read, a doctor that tries them, quirks that cost no answer.

use crate::scripted_embedder::ScriptedEmbedder;
use crate::support::{outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const QUESTION: &str = "青竹服务的默认端口是多少?";
const FACT: &str = "青竹服务的默认端口是 18443,启动前要先加载证书。";

/// A server that streams what `answer` makes of each request for chat.
fn server(answer: impl Fn(&Value) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let answer = move |request: &Request| answer(&request.body_json().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = MockServer::start().await;
        let models = json!({"data": [{"id": "bge-m3"}, {"id": "qwen3-4b"}]});
        server
            .register(Mock::given(path("/v1/models")).respond_with(ResponseTemplate::new(200).set_body_json(models)))
            .await;
        server.register(Mock::given(method("POST")).and(path("/v1/chat/completions")).respond_with(answer)).await;
        server
    })
}

fn requests(server: &MockServer) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let requests = runtime.block_on(server.received_requests()).unwrap();
    let chats = requests.iter().filter(|request| request.url.path().ends_with("/chat/completions"));
    chats.map(|request| request.body_json().unwrap()).collect()
}

fn stream(pieces: &[&str], finish: &str) -> ResponseTemplate {
    let chunk = |delta: Value, finish: Value| {
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
    };
    let mut body: String = pieces.iter().map(|piece| chunk(json!({ "content": piece }), Value::Null)).collect();
    body.push_str(&chunk(json!({}), json!(finish)));
    ResponseTemplate::new(200).set_body_raw(body + "data: [DONE]\n\n", "text/event-stream")
}

/// A home with one note, whose vectors do not matter.
fn noted(embedder: &ScriptedEmbedder) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("port.md"), format!("# 青竹服务\n\n{FACT}\n")).unwrap();
    let (code, _, err) = outcome(with(home.path(), embedder).args(["index", "port.md"]));
    assert_eq!(code, 0, "{err}");
    home
}

fn with(home: &Path, embedder: &ScriptedEmbedder) -> assert_cmd::Command {
    let mut command = rag(home);
    command.env("RAG_EMBED_BASE_URL", embedder.base_url()).env("RAG_EMBED_MODEL", "scripted");
    command.env("RAG_MODE", "lexical").env("RAG_CACHE", "false");
    command
}

#[test]
fn each_preset_of_the_documentation_is_read() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/endpoints.md")).unwrap();
    let mut presets = 0;
    for section in text.split("\n## ").skip(1) {
        let name = section.lines().next().unwrap();
        let toml = section.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("config/rag")).unwrap();
        fs::write(home.path().join("config/rag/rag.toml"), toml).unwrap();
        let (code, out, err) = outcome(rag(home.path()).env_remove("RAG_BASE_URL").args(["config", "--json"]));
        assert_eq!(code, 0, "{name}: {err}");
        let settings: Value = serde_json::from_str(&out).unwrap();
        let file = home.path().join("config/rag/rag.toml");
        let of_file = settings.as_array().unwrap().iter().filter(|s| s["origin"] == file.to_str().unwrap());
        let names: Vec<&str> = of_file.map(|setting| setting["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"chat.base_url") && names.contains(&"chat.model"), "{name}: {names:?}");
        presets += 1;
    }
    assert!(presets >= 6, "{presets}");
}

#[test]
fn doctor_tries_an_endpoint_and_says_what_it_can_do() {
    let embedder = ScriptedEmbedder::start();
    let home = tempfile::tempdir().unwrap();
    let good = server(|body| match body.get("seed") {
        Some(_) => ResponseTemplate::new(400).set_body_json(json!({"error": {"message": "unknown parameter seed"}})),
        None => stream(&["<think>想</think>", "你好"], "stop"),
    });
    let doctor =
        |url: &str| outcome(with(home.path(), &embedder).args(["doctor", "--endpoint", "--json", "--base-url", url]));
    let (code, out, err) = doctor(&good.uri());
    assert_eq!(code, 0, "{out}{err}");
    let findings: Value = serde_json::from_str(&out).unwrap();
    let message = |check: &str| {
        let of = |finding: &&Value| finding["check"] == check;
        findings.as_array().unwrap().iter().find(of).unwrap()["message"].as_str().unwrap().to_owned()
    };
    assert!(message("answer").starts_with("qwen3-4b: \"你好\"") && message("answer").contains("thinks"), "{findings}");
    assert!(message("offers").contains("refuses seed") && message("offers").contains("not said"), "{findings}");
    assert!(message("embedding").contains("16 dimensions"), "{findings}");
    let (code, out, _) = doctor("http://127.0.0.1:9/v1");
    let findings: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &findings[0]["grade"], findings[0]["hint"].is_string()), (1, &json!("bad"), true));
}

#[test]
fn thinking_is_shown_to_who_asks_and_is_no_part_of_the_answer() {
    let embedder = ScriptedEmbedder::start();
    let home = noted(&embedder);
    let server = server(|_| stream(&["<think>红松是", " 9090。</thi", "nk>\n\n", FACT], "stop"));
    let ask = |more: &[&str]| {
        outcome(with(home.path(), &embedder).args(["ask", "--base-url", &server.uri(), QUESTION]).args(more))
    };
    let (code, out, err) = ask(&[]);
    assert_eq!(
        (code, out.contains("18443"), out.contains("9090"), err.contains("9090")),
        (0, true, false, false),
        "{err}"
    );
    let (_, out, err) = ask(&["--show-reasoning"]);
    assert_eq!((out.contains("9090"), err.contains("红松是 9090。")), (false, true), "{out}{err}");
}

#[test]
fn an_answer_that_the_provider_ended_does_not_pass_for_whole() {
    let embedder = ScriptedEmbedder::start();
    let home = noted(&embedder);
    for (finish, reason, said) in [
        ("content_filter", "filtered", "过滤"),
        ("length", "truncated", "chat.max_tokens"),
        ("insufficient_system_resource", "stopped", "insufficient_system_resource"),
    ] {
        let server = server(move |_| stream(&[FACT], finish));
        let (code, out, err) =
            outcome(with(home.path(), &embedder).args(["ask", "--json", "--base-url", &server.uri(), QUESTION]));
        let asked: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &asked["reason"]), (0, &json!(reason)), "{out}");
        assert!(err.contains(said), "{err}");
    }
}

#[test]
fn a_refused_parameter_is_left_out_for_the_whole_session() {
    let embedder = ScriptedEmbedder::start();
    let home = noted(&embedder);
    let server = server(|body| {
        match body.get("max_tokens") {
        Some(_) => ResponseTemplate::new(400).set_body_json(json!({"error": {
            "message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "param": "max_tokens"}})),
        None => stream(&[FACT], "stop"),
    }
    });
    let mut chat = with(home.path(), &embedder);
    chat.env("RAG_EXTRA_BODY", r#"{"top_k": 1, "seed": null}"#).args(["chat", "--base-url", &server.uri()]);
    let (code, out, err) =
        outcome(chat.write_stdin(format!("{QUESTION}\n/new\n/help\n/nosuch\n青竹服务启动前要加载什么?\n")));
    assert_eq!((code, out.matches("18443").count() >= 2), (0, true), "{out}{err}");
    assert!(err.contains("/nosuch") && err.contains("/exit"), "{err}");
    let sent = requests(&server);
    let limits: Vec<bool> = sent.iter().map(|body| body.get("max_tokens").is_some()).collect();
    assert_eq!(limits, [true, false, false]);
    assert!(sent[1]["max_completion_tokens"].is_u64());
    assert!(sent.iter().all(|body| body["top_k"] == 1 && body.get("seed").is_none()), "{sent:?}");
}
