//! Endpoints that take only so many texts at a time.

use crate::scripted_embedder::ScriptedEmbedder;
use crate::support::{outcome, rag};
use rag::embedding::Embedding;
use rag::error::Error;
use rag::language::Lang;
use rag::models::embedder::{Embedder, PassageInput};
use rag::models::openai::{EmbeddingsProblem, RefusalProblem};
use wiremock::ResponseTemplate;

fn refusal(status: u16, words: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(serde_json::json!({ "error": { "message": words } }))
}

fn embed(embedder: &dyn Embedder, texts: &[String]) -> Result<Vec<Embedding>, Error> {
    embedder.embed_passages(&texts.iter().map(|body| PassageInput { title: "", body }).collect::<Vec<_>>())
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("第 {n} 段,编号 qz{n:03}")).collect()
}

/// An endpoint that takes `limit` texts and refuses more with `status` and `words`.
fn check(limit: usize, status: u16, words: &'static str, expect: &[usize]) {
    let server = ScriptedEmbedder::refusing(move |texts| (texts.len() > limit).then(|| refusal(status, words)));
    let embedder = server.connect();
    let got = embed(&embedder, &texts(40)).unwrap();
    assert_eq!(got, embed(&ScriptedEmbedder::start().connect(), &texts(40)).unwrap(), "{words}");
    assert_eq!(server.asked()[1..], *expect, "{words}");
    // What it took is remembered.
    let before = server.asked().len();
    embed(&embedder, &texts(40)).unwrap();
    assert!(server.asked()[before..].iter().all(|asked| *asked <= limit), "{words}");
}

#[test]
fn a_batch_is_halved_until_it_is_taken_whatever_the_words() {
    let tens = [32, 16, 8, 8, 8, 8, 8];
    check(10, 400, "batch size is invalid, it should not be larger than 10.: input.contents", &tens);
    check(10, 422, "inputs: ensure this value has at most 10 items", &tens);
    check(10, 400, "数组长度超过上限", &tens);
    check(10, 400, "This model's maximum context length is 8192 tokens", &tens);
    check(16, 413, "batch size 32 > maximum allowed batch size 16", &[32, 16, 16, 8]);
    check(1, 413, "", &[vec![32, 16, 8, 4, 2, 1], vec![1; 39]].concat());
    check(31, 413, "<html>Request Entity Too Large</html>", &[32, 16, 16, 8]);
}

#[test]
fn the_body_of_a_request_may_be_what_is_too_large() {
    let large = |texts: &[String]| texts.iter().map(String::len).sum::<usize>() > 3_000;
    let server = ScriptedEmbedder::refusing(move |texts| large(texts).then(|| refusal(413, "request too large")));
    let mut texts = texts(40);
    texts.iter_mut().skip(30).for_each(|text| *text = text.repeat(20));
    assert_eq!(embed(&server.connect(), &texts).unwrap().len(), 40);
}

#[test]
fn a_text_that_is_too_long_alone_is_told_as_that() {
    let words = "input is too large to process. increase the physical batch size";
    for status in [400, 413, 422] {
        let server = ScriptedEmbedder::refusing(move |texts| {
            texts.iter().any(|text| text.len() > 500).then(|| refusal(status, words))
        });
        let mut texts = texts(20);
        texts[7] = "长".repeat(400);
        let error = embed(&server.connect(), &texts).unwrap_err();
        let Some(EmbeddingsProblem::TextTooLong { chars: 400, .. }) = error.downcast_ref() else { panic!("{error:?}") };
        for lang in [Lang::En, Lang::Zh] {
            assert!(error.hint(lang).unwrap().contains("index.chunk") && error.message(lang).contains("400"));
        }
    }
}

#[test]
fn what_has_nothing_to_do_with_the_number_is_asked_no_oftener() {
    for (status, words) in [(401, "bad key"), (404, "no such path"), (404, "model scripted not found")] {
        let server = ScriptedEmbedder::refusing(move |texts| (texts.len() > 1).then(|| refusal(status, words)));
        let error = embed(&server.connect(), &texts(40)).unwrap_err();
        assert!(error.downcast_ref::<RefusalProblem>().is_some(), "{error:?}");
        assert_eq!(server.asked(), [1, 32], "{words}");
    }
}

#[test]
fn the_setting_is_heeded_and_has_a_range() {
    let server = ScriptedEmbedder::start();
    let (home, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..30 {
        std::fs::write(notes.path().join(format!("{n}.md")), format!("# 条目{n}\n\n编号 qz{n:03}。\n")).unwrap();
    }
    let run = |batch: &str| {
        let mut command = rag(home.path());
        command.env("RAG_EMBED_BASE_URL", server.base_url()).env("RAG_EMBED_MODEL", "scripted");
        outcome(command.env("RAG_EMBED_BATCH", batch).arg("index").arg(notes.path()))
    };
    for batch in ["0", "257", "-1", "many", "18446744073709551616"] {
        let (code, _, err) = run(batch);
        assert!(code == 2 && err.contains("embed.batch") && err.contains("1 to 256"), "{batch}: {err}");
    }
    let (code, _, err) = run("7");
    assert_eq!(code, 0, "{err}");
    assert_eq!(server.asked(), [1, 7, 7, 7, 7, 2]);
}
