//! The embedder on real weights.

use crate::support::pulled;
use rag::embedding::Embedding;
use rag::language::Lang;
use rag::models::catalog;
use rag::models::embedder::{Embedder, PassageInput};
use rag::models::onnx::{OnnxEmbedder, OnnxProblem};
use std::fs;
use std::path::Path;

const E5: &str = "multilingual-e5-small";

fn e5() -> OnnxEmbedder {
    OnnxEmbedder::new(catalog::embedder(E5).unwrap(), pulled(E5), pulled("onnxruntime"), 1).unwrap()
}

fn body(body: &str) -> PassageInput<'_> {
    PassageInput { title: "", body }
}

fn cosine(a: &Embedding, b: &Embedding) -> f32 {
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x * y).sum()
}

fn max_difference(a: &Embedding, b: &Embedding) -> f32 {
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

#[test]
fn a_question_is_nearest_to_the_passage_that_answers_it() {
    let e5 = e5();
    let passages = [
        body("水在标准大气压下的沸点是100摄氏度。"),
        body("Rust guarantees memory safety without a garbage collector."),
        body("唐朝的首都是长安,即今天的西安。"),
    ];
    let vectors = e5.embed_passages(&passages).unwrap();
    for (query, answer) in [("唐代都城在哪里?", 2), ("水多少度会烧开", 0), ("Rust 怎样保证内存安全", 1)]
    {
        let query = e5.embed_query(query).unwrap();
        let best = (0..3).max_by(|&a, &b| cosine(&query, &vectors[a]).total_cmp(&cosine(&query, &vectors[b])));
        assert_eq!(best, Some(answer));
    }
}

#[test]
fn a_passage_embeds_to_the_same_vector_alone_and_in_a_batch() {
    let e5 = e5();
    let long = "向量检索把文本变成向量。".repeat(60);
    let bodies =
        ["短", "一句不长不短的中文,带标点。", "An English sentence, somewhat longer than the others.", &long, ""];
    let passages: Vec<PassageInput<'_>> = bodies.iter().map(|text| body(text)).collect();
    let together = e5.embed_passages(&passages).unwrap();
    for (passage, vector) in passages.iter().zip(&together) {
        let alone = e5.embed_passages(&[*passage]).unwrap();
        assert!(max_difference(&alone[0], vector) <= 1e-5, "{} at {:?}", max_difference(&alone[0], vector), passage);
    }
}

#[test]
fn nothing_in_gives_nothing_out() {
    assert_eq!(e5().embed_passages(&[]).unwrap(), []);
    assert_eq!(e5().embed_queries(&[]).unwrap(), []);
}

/// A model's folder with one file replaced by `change` of its content.
fn e5_with(file: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> (tempfile::TempDir, OnnxEmbedder) {
    let spec = catalog::embedder(E5).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for name in [spec.onnx, "tokenizer.json"] {
        let content = fs::read(pulled(E5).join(name)).unwrap();
        fs::write(dir.path().join(name), if name == file { change(content) } else { content }).unwrap();
    }
    let embedder = OnnxEmbedder::new(spec, dir.path().to_path_buf(), pulled("onnxruntime"), 1).unwrap();
    (dir, embedder)
}

fn check_damaged(file: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let (_dir, embedder) = e5_with(file, change);
    for error in [embedder.embed_passages(&[body("文")]).unwrap_err(), embedder.embed_query("文").unwrap_err()] {
        match error.downcast_ref() {
            Some(OnnxProblem::FileUnusable { path, .. }) => assert!(path.ends_with(file), "{error}"),
            _ => panic!("{error:?}"),
        }
        assert!(error.hint(Lang::En).unwrap().contains("rag models verify"));
    }
}

#[test]
fn a_damaged_file_is_a_problem_that_names_it() {
    let model = catalog::embedder(E5).unwrap().onnx;
    check_damaged(model, |content| content[..content.len() / 2].to_vec());
    check_damaged(model, |_| Vec::new());
    check_damaged("tokenizer.json", |content| content[..content.len() / 2].to_vec());
    check_damaged("tokenizer.json", |_| b"{}".to_vec());
}

#[test]
fn a_missing_model_is_a_problem_with_the_command_that_pulls_it() {
    let empty = tempfile::tempdir().unwrap();
    let spec = catalog::embedder(E5).unwrap();
    let error = OnnxEmbedder::new(spec, empty.path().to_path_buf(), Path::new("none").into(), 1).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(OnnxProblem::FileMissing { .. })), "{error:?}");
    assert_eq!(error.hint(Lang::En).as_deref(), Some("run `rag models pull multilingual-e5-small`"));
}

#[test]
fn other_weights_have_another_id() {
    let (_dir, other) = e5_with("tokenizer.json", |mut content| {
        content.push(b'\n');
        content
    });
    assert_ne!(e5().id(), other.id());
    assert_eq!(e5().id(), e5().id());
}
