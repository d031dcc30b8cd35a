//! The graph with its weights in a file of their own, which ONNX Runtime maps instead of reading.
//!
//! A graph that carries its weights is read, parsed and copied whole at every start: 0.2 s for 74 MB, four
//! times what the mapped one takes. What is stored is optimized as far as no processor matters.

use super::problem::OnnxProblem;
use crate::error::Result;
use crate::models::catalog::EmbedderSpec;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const FOLDER: &str = "mapped-";
const GRAPH: &str = "graph.onnx";
const WEIGHTS: &str = "weights.bin";
/// Smaller tensors stay in the graph: shapes must be there when it is loaded.
const WEIGHTS_BYTES_MIN: &str = "1024";

/// A session on the model's graph: on the mapped form, which is written if it is missing or unusable, or on
/// the original where the folder cannot be written to. `fingerprint` is that of the model's files.
pub(super) fn session(
    spec: &'static EmbedderSpec,
    dir: &Path,
    fingerprint: &str,
    environment: &Environment,
    threads: usize,
) -> Result<Session> {
    let original = dir.join(spec.onnx);
    let folder = folder(dir, fingerprint);
    let load = |graph: &Path| options(environment, threads)?.commit_from_file(graph);
    if folder.is_dir() {
        match load(&folder.join(GRAPH)) {
            Ok(session) => return Ok(session),
            Err(error) => {
                tracing::debug!(%error, path = %folder.display(), "mapped weights are unusable and written anew");
                let _ = fs::remove_dir_all(&folder);
            }
        }
    }
    let mapped = store(&original, dir, &folder, environment).and_then(|()| Ok(load(&folder.join(GRAPH))?));
    mapped.or_else(|error| {
        tracing::debug!(%error, path = %folder.display(), "cannot keep mapped weights");
        load(&original).map_err(|error| {
            OnnxProblem::FileUnusable { model: spec.name, path: original, reason: error.to_string() }.into()
        })
    })
}

/// One folder for each pair of weights and library: an optimized graph uses the library's own operators.
fn folder(dir: &Path, fingerprint: &str) -> PathBuf {
    let key = blake3::hash(format!("{fingerprint} {}", ort::info()).as_bytes()).to_hex();
    dir.join(format!("{FOLDER}{}", &key[..16]))
}

fn options(environment: &Environment, threads: usize) -> ort::Result<SessionBuilder> {
    Ok(Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_intra_threads(threads)?)
}

/// Has ONNX Runtime write the graph and its weights, then makes both visible by renaming their folder.
fn store(original: &Path, dir: &Path, folder: &Path, environment: &Environment) -> Result<(), Box<dyn Error>> {
    let writing = tempfile::Builder::new().prefix(".writing-").tempdir_in(dir)?;
    // Level 3 would bake in this processor's memory layouts; it is applied when the graph is loaded.
    Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::Level2)?
        .with_optimized_model_path(writing.path().join(GRAPH))?
        .with_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)?
        .with_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", WEIGHTS_BYTES_MIN)?
        .with_prepacking(false)?
        .commit_from_file(original)?;
    for name in [GRAPH, WEIGHTS] {
        File::open(writing.path().join(name))?.sync_all()?;
    }
    for old in fs::read_dir(dir)?.flatten() {
        if old.file_name().to_string_lossy().starts_with(FOLDER) {
            let _ = fs::remove_dir_all(old.path());
        }
    }
    match fs::rename(writing.path(), folder) {
        // Another process was first: its folder is as good.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => Ok(renamed?),
    }
}
