//! Passages a second of `rag index`, against a bare loop over the ONNX session with the same batches.
//!
//! `cargo bench --bench index_throughput -- FOLDER` (a folder with `corpus.jsonl`; the embedder and ONNX Runtime must
//! be there already). Both sides embed everything, in turn, three times; the medians are compared.

use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokenizers::{Encoding, Tokenizer, TruncationParams};

const ROUNDS: usize = 3;
const MODEL: &str = "multilingual-e5-small";
/// As in `ingest` and `models::onnx`: passages handed over at a time, tokens of a batch.
const WINDOW: usize = 256;
const BATCH_TOKENS: usize = 2048;

fn main() {
    let folder = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).expect("give a folder with corpus.jsonl");
    let models = PathBuf::from(stdout(rag(None).args(["models", "path"])).trim());
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&models, home.path().join("models")).unwrap();
    let library = stdout(rag(None).args(["models", "path", "onnxruntime"]));
    let environment = ort::init_from(library.trim()).unwrap().build().unwrap();

    let (mut whole, mut bare) = (Vec::new(), Vec::new());
    let mut passages = 0;
    for _ in 0..ROUNDS {
        let _ = std::fs::remove_dir_all(home.path().join("collections"));
        let begin = Instant::now();
        let report: serde_json::Value =
            serde_json::from_str(&stdout(rag(Some(home.path())).args(["index", "--json", &folder]))).unwrap();
        whole.push(begin.elapsed());
        passages = report["embedded"].as_u64().unwrap() as usize;
        bare.push(loop_over(&environment, &models.join(MODEL), &texts(home.path(), passages)));
    }
    let (whole, bare) = (median(whole), median(bare));
    let rate = |time: Duration| passages as f64 / time.as_secs_f64();
    println!("{passages} passages");
    println!("rag index (whole process)  {:>7.2} s  {:>6.1} passages/s", whole.as_secs_f64(), rate(whole));
    println!("ONNX session in a loop     {:>7.2} s  {:>6.1} passages/s", bare.as_secs_f64(), rate(bare));
    println!("ratio {:.3}", bare.as_secs_f64() / whole.as_secs_f64());
}

fn rag(home: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rag"));
    if let Some(home) = home {
        command.env("RAG_HOME", home);
    }
    command
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The texts that were embedded, title first, as the index holds them.
fn texts(home: &Path, count: usize) -> Vec<String> {
    let search = ["search", "的", "--mode", "dense", "--json", "-n", &count.to_string()];
    let found: serde_json::Value = serde_json::from_str(&stdout(rag(Some(home)).args(search))).unwrap();
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), count);
    hits.iter()
        .map(|hit| format!("passage: {} {}", hit["title"].as_str().unwrap(), hit["text"].as_str().unwrap()))
        .collect()
}

/// Loads tokenizer and session, then embeds: what `rag index` cannot do without.
fn loop_over(environment: &Environment, model: &Path, texts: &[String]) -> Duration {
    let threads = std::thread::available_parallelism().unwrap().get();
    let begin = Instant::now();
    let mut tokenizer = Tokenizer::from_file(model.join("tokenizer.json")).unwrap();
    tokenizer.with_truncation(Some(TruncationParams { max_length: 512, ..TruncationParams::default() })).unwrap();
    let builder = Session::builder(environment).unwrap().with_intra_threads(threads).unwrap();
    let mut session = { builder }.commit_from_file(model.join("model_q4.onnx")).unwrap();
    for window in texts.chunks(WINDOW) {
        let mut encodings: Vec<Encoding> =
            window.iter().map(|text| tokenizer.encode_fast(text.as_str(), true).unwrap()).collect();
        encodings.sort_by_key(|encoding| std::cmp::Reverse(encoding.len()));
        let mut rest = &encodings[..];
        while let Some(longest) = rest.first().map(Encoding::len) {
            let (batch, later) = rest.split_at((BATCH_TOKENS / longest).clamp(1, rest.len()));
            run(&mut session, batch, longest);
            rest = later;
        }
    }
    begin.elapsed()
}

fn run(session: &mut Session, batch: &[Encoding], longest: usize) {
    let padded = |of: fn(&Encoding) -> &[u32], fill: i64| -> Vec<i64> {
        batch
            .iter()
            .flat_map(|encoding| {
                let values = of(encoding).iter().map(|value| i64::from(*value));
                values.chain(std::iter::repeat_n(fill, longest - encoding.len()))
            })
            .collect()
    };
    let shape = [batch.len(), longest];
    let (ids, mask) = (padded(Encoding::get_ids, 1), padded(Encoding::get_attention_mask, 0));
    let inputs = ort::inputs![
        "input_ids" => Tensor::from_array((shape, ids)).unwrap(),
        "attention_mask" => Tensor::from_array((shape, mask)).unwrap(),
    ];
    session.run(inputs).unwrap();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
