//! The embedder on real weights.

use crate::support::pulled;
use proptest::prelude::*;
use rag::embedding::Embedding;
use rag::language::Lang;
use rag::models::catalog::{self, EmbedderSpec, Pooling};
use rag::models::embedder::{Embedder, PassageInput};
use rag::models::onnx::pieces::Pieces;
use rag::models::onnx::{OnnxEmbedder, OnnxProblem};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tokenizers::{Tokenizer, TruncationParams};

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

/// E5 with one prefix for both ways, so that they see the same text.
static ONE_PREFIX: EmbedderSpec = EmbedderSpec {
    name: "multilingual-e5-small",
    onnx: "model_q4.onnx",
    output: "last_hidden_state",
    pooling: Pooling::Mean,
    dim: 384,
    max_tokens: 512,
    pad_id: 1,
    query_prefix: "query: ",
    passage_prefix: "query: ",
};

#[test]
fn a_text_has_the_same_vector_as_a_query_and_as_a_passage() {
    let embedder = OnnxEmbedder::new(&ONE_PREFIX, pulled(E5), pulled("onnxruntime"), 1).unwrap();
    let too_long = "检索增强生成 retrieval augmented generation。".repeat(100);
    let texts = ["什么是向量数据库?", "how do I build an index", "<s>＜s＞ ＨＴＴＰ ①\u{0}\u{7f}", "", &too_long];
    for text in texts {
        let query = embedder.embed_query(text).unwrap();
        let passage = &embedder.embed_passages(&[body(text)]).unwrap()[0];
        assert!(cosine(&query, passage) >= 0.99999, "{text}");
        assert!(max_difference(&query, passage) <= 1e-5, "{} at {text}", max_difference(&query, passage));
    }
}

#[test]
fn damaged_mapped_forms_are_written_anew() {
    let (dir, embedder) = e5_with("none", |content| content);
    let before = embedder.embed_query("向量").unwrap();
    let mapped = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let weights = mapped.unwrap().join("weights.bin");
    for damaged in [&weights, &dir.path().join("tokenizer.pieces")] {
        let whole = fs::read(damaged).unwrap();
        // In a file of its own, as the old one is mapped.
        fs::remove_file(damaged).unwrap();
        fs::write(damaged, &whole[..whole.len() / 2]).unwrap();
        let again = OnnxEmbedder::new(&ONE_PREFIX, dir.path().into(), pulled("onnxruntime"), 1).unwrap();
        assert_eq!(again.embed_query("向量").unwrap(), before);
        assert_eq!(fs::metadata(damaged).unwrap().len(), whole.len() as u64);
    }
}

/// The real tokenizer, mapped and parsed.
static TOKENIZERS: LazyLock<(Pieces, Tokenizer)> = LazyLock::new(|| {
    let json = fs::read(pulled(E5).join("tokenizer.json")).unwrap();
    let source = blake3::hash(&json).to_string();
    let pieces = Pieces::open(E5, &pulled(E5), &source, 512).unwrap();
    assert!(pieces.is_mapped());
    let mut reference = Tokenizer::from_bytes(&json).unwrap();
    let truncation = TruncationParams { max_length: 512, ..TruncationParams::default() };
    reference.with_truncation(Some(truncation)).unwrap();
    (pieces, reference)
});

fn check_ids(text: &str) {
    let expect = TOKENIZERS.1.encode(text, true).unwrap();
    assert_eq!(TOKENIZERS.0.encode(text).unwrap(), expect.get_ids(), "{text:?}");
}

#[test]
fn the_mapped_tokenizer_gives_the_ids_of_tokenizers() {
    for text in [
        "",
        " ",
        "\n\t\u{3000}",
        "query: 什么是QLoRA?和LoRA有什么不同",
        "passage: 《战国无双3》（）是由光荣和ω-force开发的",
        "Ｆｕｌｌ－ｗｉｄｔｈ　１２３，ﾊﾝｶｸ ㈱ ™ ﬁ",
        "<s>literally</s> <unk> <pad><mask> ＜s＞ <S>",
        "👩‍👩‍👧‍👦 emoji 🇨🇳 👍🏽",
        "e\u{301}é Å ञ्ज กำ 각",
        "\u{0}\u{1}\u{7f}\u{85}\u{200b}\u{200d}\u{feff}\u{fffd}",
        "\u{10ffff}\u{e000}\u{10ffff}𠮷𪚥 ▁▁ ▁",
        &"很长的文本 long text ".repeat(400),
    ] {
        check_ids(text);
    }
}

fn mixed_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[\\u{4e00}-\\u{9fff}]{1,8}",
        "[a-zA-Z0-9 .,-]{1,12}",
        "[\\u{ff00}-\\u{ffef}]{1,4}",
        "[\\u{1f300}-\\u{1faff}\\u{200d}\\u{fe0f}]{1,4}",
        "[\\u{0}-\\u{20}\\u{7f}-\\u{a0}\\u{2000}-\\u{200f}]{1,4}",
        "[\\u{300}-\\u{36f}\\u{e00}-\\u{e7f}\\u{1100}-\\u{11ff}]{1,4}",
        "[<>/▁ ]{1,3}|<s>|</s>|<unk>|<pad>|<mask>|，|。|？|「|」",
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_mapped_tokenizer_gives_the_ids_of_tokenizers_for_any_text(text in mixed_text()) {
        check_ids(&text);
    }
}
