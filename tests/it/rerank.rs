//! `--rerank`: the real embedder's token vectors; a scripted endpoint for the protocol and its faults.

use crate::support::{home, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tokio::runtime::Runtime;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const NOTES: [(&str, &str); 3] = [
    ("tea", "绿茶的冲泡\n\n水温八十度,先温杯,再投茶,第一泡二十秒。"),
    ("car", "汽车保养\n\n机油每五千公里更换一次,轮胎每一万公里换位。"),
    ("cat", "猫的饮食\n\n成年猫一天喂两次,清水要一直备着,不要喂洋葱和巧克力。"),
];

fn indexed() -> (tempfile::TempDir, tempfile::TempDir) {
    let (home, notes) = (home(), tempfile::tempdir().unwrap());
    for (name, text) in NOTES {
        fs::write(notes.path().join(format!("{name}.txt")), text).unwrap();
    }
    let (code, _, err) = outcome(rag(home.path()).arg("index").arg(notes.path()));
    assert_eq!(code, 0, "{err}");
    (home, notes)
}

fn search(home: &Path, args: &[&str]) -> Value {
    let (code, out, err) = outcome(rag(home).arg("search").args(args).arg("--json"));
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn stages(hit: &Value) -> Vec<&str> {
    hit["trail"].as_array().unwrap().iter().map(|step| step["stage"].as_str().unwrap()).collect()
}

#[test]
fn maxsim_adds_its_points_to_the_evidence_and_says_so() {
    let (home, _notes) = indexed();
    let found = search(home.path(), &["换机油", "--rerank", "maxsim"]);
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits[0]["doc"], "car.txt");
    let score = |hit: &Value, stage: &str| {
        hit["trail"].as_array().unwrap().iter().find(|step| step["stage"] == stage).unwrap()["score"].as_f64().unwrap()
    };
    let lowest = hits.iter().map(|hit| score(hit, "reranker")).fold(f64::INFINITY, f64::min);
    for hit in hits {
        assert_eq!(stages(hit), ["lexical", "dense", "fusion", "reranker", "rerank"]);
        let similarity = score(hit, "reranker");
        assert!((0.0..=1.0).contains(&similarity), "a mean of cosines: {similarity}");
        let points = (score(hit, "rerank") - score(hit, "fusion")) / (similarity - lowest).max(1e-9);
        assert!(similarity == lowest || (points - 125.0).abs() < 1.0, "{points}");
    }
    assert!(score(&hits[0], "reranker") > lowest, "the passage that answers has tokens nearer to the query's");
    assert!(found["timings_ms"]["rerank"].as_f64().unwrap() > 0.0);
}

#[test]
fn automatic_reranking_reads_nothing_where_the_legs_agree() {
    let (home, _notes) = indexed();
    let found = search(home.path(), &["汽车 机油 轮胎", "--rerank", "auto"]);
    assert_eq!(stages(&found["hits"][0]), ["lexical", "dense", "fusion"]);
    // No word of the question stands in any note.
    let found = search(home.path(), &["kitten feeding", "--rerank", "auto"]);
    assert_eq!(stages(&found["hits"][0]), ["lexical", "dense", "fusion", "reranker", "rerank"]);
}

#[test]
fn what_cannot_be_reranked_is_refused_with_the_next_thing_to_type() {
    let (home, _notes) = indexed();
    let cases = [
        (&["--rerank", "maxsim", "--mode", "dense"][..], "--rerank none"),
        (&["--rerank", "maxsim", "--fusion", "rrf"], "--rerank none"),
        (&["--rerank", "endpoint"], "RAG_RERANK_BASE_URL"),
        (&["--rerank", "best"], "maxsim"),
    ];
    for (args, hint) in cases {
        let (code, _, err) = outcome(rag(home.path()).args(["search", "oil"]).args(args));
        assert_eq!(code, 2, "{args:?}");
        assert!(err.contains("hint:") && err.contains(hint), "{err}");
    }
}

struct Endpoint {
    runtime: Runtime,
    server: MockServer,
}

impl Endpoint {
    fn answering(answer: impl Respond + 'static) -> Endpoint {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            server.register(Mock::given(method("POST")).and(path("/v1/rerank")).respond_with(answer)).await;
            server
        });
        Endpoint { runtime, server }
    }

    fn search(&self, home: &Path) -> (i32, String, String) {
        let args = ["search", "换机油", "--rerank", "endpoint", "--json"];
        outcome(rag(home).args(args).env("RAG_RERANK_BASE_URL", self.server.uri()).env("RAG_RERANK_MODEL", "small"))
    }
}

/// Best is the passage about cats, whatever was asked; sorted by score, as servers do.
fn cats_first(request: &Request) -> ResponseTemplate {
    let asked: Value = request.body_json().unwrap();
    assert_eq!((&asked["query"], &asked["model"]), (&json!("换机油"), &json!("small")));
    let documents = asked["documents"].as_array().unwrap();
    let score = |text: &Value| if text.as_str().unwrap().contains("猫") { 0.9 } else { 0.1 };
    let results: Vec<Value> = documents
        .iter()
        .enumerate()
        .map(|(index, text)| json!({ "index": index, "relevance_score": score(text) }))
        .rev()
        .collect();
    ResponseTemplate::new(200).set_body_json(json!({ "results": results }))
}

#[test]
fn an_endpoints_order_is_taken_as_it_is() {
    let (home, _notes) = indexed();
    let endpoint = Endpoint::answering(cats_first);
    let (code, out, err) = endpoint.search(home.path());
    assert_eq!(code, 0, "{err}");
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["hits"][0]["doc"], "cat.txt");
    let requests = endpoint.runtime.block_on(endpoint.server.received_requests()).unwrap();
    assert_eq!(requests.len(), 1, "one request for all passages");
}

#[test]
fn scores_that_are_missing_are_an_error_and_not_a_zero() {
    let (home, _notes) = indexed();
    let short = json!({ "results": [{ "index": 0, "relevance_score": 1.0 }] });
    let twice = json!({ "results": [{ "index": 0, "relevance_score": 1.0 }, { "index": 0, "relevance_score": 1.0 }, { "index": 9, "relevance_score": 1.0 }] });
    for body in [short, twice] {
        let endpoint = Endpoint::answering(ResponseTemplate::new(200).set_body_json(body));
        let (code, out, err) = endpoint.search(home.path());
        let failure: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, failure["error"].is_string(), failure.get("hits")), (2, true, None), "{err}");
        assert!(err.contains("--reranking"), "{err}");
    }
}
