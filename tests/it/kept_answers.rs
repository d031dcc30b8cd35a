//! Kept answers: given again for the same question over the same passages, and for nothing else.

use crate::support::{home, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const NOTE: &str = "# 钢琴\n\n钢琴有 88 个琴键。钢琴由克里斯托福里发明。\n";
const QUESTION: &str = "钢琴有多少个琴键";
const ANSWER: &str = "钢琴有 88 个琴键[1]。";

/// Variables with their values.
type Environment<'a> = &'a [(&'a str, &'a str)];

/// A server that writes `answer`, and lists `model` if it has a name.
fn scripted(answer: &str, model: Option<&str>) -> MockServer {
    let chunk = json!({ "model": "small", "choices": [{ "delta": { "content": answer }, "finish_reason": "stop" }] });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = MockServer::start().await;
        let stream = format!("data: {chunk}\n\ndata: [DONE]\n\n");
        let template = ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream");
        server.register(Mock::given(method("POST")).and(path("/v1/chat/completions")).respond_with(template)).await;
        if let Some(model) = model {
            let list = ResponseTemplate::new(200).set_body_json(json!({ "data": [{ "id": model }] }));
            server.register(Mock::given(method("GET")).and(path("/v1/models")).respond_with(list)).await;
        }
        server
    })
}

/// A data folder with one note indexed.
struct Desk {
    home: tempfile::TempDir,
    notes: tempfile::TempDir,
    server: MockServer,
}

impl Desk {
    fn new(server: MockServer) -> Desk {
        let desk = Desk { home: home(), notes: tempfile::tempdir().unwrap(), server };
        desk.write(NOTE);
        desk
    }

    fn write(&self, text: &str) {
        fs::write(self.notes.path().join("piano.md"), text).unwrap();
        let (code, _, err) = outcome(rag(self.home.path()).arg("index").arg(self.notes.path()));
        assert_eq!(code, 0, "{err}");
    }

    fn ask(&self, question: &str, extra: &[&str], env: Environment<'_>) -> Value {
        self.ask_at(&self.server, question, extra, env)
    }

    fn ask_at(&self, server: &MockServer, question: &str, extra: &[&str], env: Environment<'_>) -> Value {
        let mut command = rag(self.home.path());
        let base_url = format!("{}/v1", server.uri());
        command.args(["ask", question, "--json", "--base-url", &base_url]).args(extra).envs(env.iter().copied());
        let (code, out, err) = outcome(&mut command);
        assert_eq!(code, 0, "{question} {extra:?}: {err}");
        serde_json::from_str(&out).unwrap()
    }

    fn completions(&self) -> usize {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let requests = runtime.block_on(self.server.received_requests()).unwrap();
        requests.iter().filter(|request| request.url.path().ends_with("completions")).count()
    }

    /// Asks, and says whether a kept answer was given; the server agrees.
    fn is_kept(&self, question: &str, extra: &[&str], env: Environment<'_>) -> bool {
        let before = self.completions();
        let kept = self.ask(question, extra, env)["cached"] == json!(true);
        assert_eq!(self.completions() - before, usize::from(!kept), "{question} {extra:?} {env:?}");
        kept
    }
}

#[test]
fn the_same_question_in_another_spelling_gets_the_kept_answer() {
    let desk = Desk::new(scripted(ANSWER, Some("small")));
    let first = desk.ask(QUESTION, &[], &[]);
    let again = desk.ask("鋼琴有多少個琴鍵？", &[], &[]);
    assert_eq!((&first["cached"], &again["cached"]), (&json!(false), &json!(true)), "{again}");
    for key in ["answer", "citations", "sentences", "abstained", "reason"] {
        assert_eq!(first[key], again[key], "{key}");
    }
    assert_eq!((&again["model"], desk.completions()), (&Value::Null, 1));
    assert!(desk.is_kept(QUESTION, &[], &[]));
    assert!(!desk.is_kept("钢琴有多少个踏板", &[], &[]), "another question");
    assert!(!desk.is_kept(QUESTION, &["--no-cache"], &[]));
    let mut command = rag(desk.home.path());
    let (_, out, err) = outcome(command.args(["ask", QUESTION, "--base-url", &format!("{}/v1", desk.server.uri())]));
    assert!(out.contains("钢琴有 88 个琴键。[1]") && err.contains("--no-cache"), "{out}{err}");
    let (_, out, _) = outcome(rag(desk.home.path()).args(["log", "stats", "--json"]));
    let stats: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&stats["asked"], &stats["cached"], &stats["hit_rate"]), (&json!(6), &json!(3), &json!(0.5)), "{stats}");
}

#[test]
fn whatever_an_answer_depends_on_makes_another_one() {
    let desk = Desk::new(scripted(ANSWER, Some("small")));
    assert!(!desk.is_kept(QUESTION, &[], &[]));
    let prompt = desk.notes.path().join("prompt.txt");
    fs::write(&prompt, "[system]\n简短回答。\n[user]\n{{ passages }}\n{{ question }}\n").unwrap();
    let others: [(&[&str], Environment<'_>); 9] = [
        (&["--model", "large"], &[]),
        (&["--strict"], &[]),
        (&["--prompt", prompt.to_str().unwrap()], &[]),
        (&[], &[("RAG_SEED", "7")]),
        (&[], &[("RAG_MAX_TOKENS", "99")]),
        (&[], &[("RAG_TEMPERATURE", "0.5")]),
        (&[], &[("RAG_CONTEXT_FORMAT", "markdown")]),
        (&[], &[("RAG_METADATA", "false")]),
        (&[], &[("RAG_COT", "true")]),
    ];
    for (extra, env) in others {
        assert!(!desk.is_kept(QUESTION, extra, env), "{extra:?} {env:?}");
    }
    assert!(!desk.is_kept(QUESTION, &[], &[("RAG_TEMPERATURE", "0.5")]), "chance had a part in it");
    assert!(!desk.is_kept(QUESTION, &[], &[("RAG_JOURNAL", "false")]));
    assert!(desk.is_kept(QUESTION, &[], &[]), "and the first is still there");
    // Another server at another address, and another collection of the same notes.
    let other = scripted(ANSWER, Some("small"));
    assert_eq!(desk.ask_at(&other, QUESTION, &[], &[])["cached"], json!(false));
    let (code, _, err) = outcome(rag(desk.home.path()).args(["index", "-c", "other"]).arg(desk.notes.path()));
    assert_eq!(code, 0, "{err}");
    assert!(!desk.is_kept(QUESTION, &["-c", "other"], &[]));
}

#[test]
fn an_edited_passage_makes_another_answer_and_one_that_moved_does_not() {
    let desk = Desk::new(scripted(ANSWER, Some("small")));
    assert_eq!(desk.ask(QUESTION, &[], &[])["citations"][0]["lines"], json!([3, 3]));
    desk.write(&format!("---\nid: piano.md\n---\n{NOTE}"));
    let moved = desk.ask(QUESTION, &[], &[]);
    assert_eq!((&moved["cached"], &moved["citations"][0]["lines"]), (&json!(true), &json!([6, 6])), "{moved}");
    desk.write(&NOTE.replace("发明", "制成"));
    assert!(!desk.is_kept(QUESTION, &[], &[]));
    assert!(desk.is_kept(QUESTION, &[], &[]));
    desk.write(NOTE);
    assert!(desk.is_kept(QUESTION, &[], &[]), "as it was, over what was");
}

#[test]
fn what_did_not_pass_its_check_is_not_kept() {
    for answer in ["钢琴有 88 个琴键。它有 3 个踏板。", "钢琴有 88 个琴键[1][9]。", "钢琴有 99 个琴键[1]。"]
    {
        let desk = Desk::new(scripted(answer, Some("small")));
        assert!(!desk.is_kept(QUESTION, &[], &[]) && !desk.is_kept(QUESTION, &[], &[]), "{answer}");
    }
    let nameless = Desk::new(scripted(ANSWER, None));
    assert!(!nameless.is_kept(QUESTION, &[], &[]) && !nameless.is_kept(QUESTION, &[], &[]));
    assert!(!nameless.is_kept(QUESTION, &["--model", "m"], &[]) && nameless.is_kept(QUESTION, &["--model", "m"], &[]));
}
