//! ONNX Runtime, the shared library: one a process, from the path first asked for.

use super::problem::OnnxProblem;
use crate::error::Result;
use ort::environment::Environment;
use ort::logging::LogLevel;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The library cannot be unloaded and allows one environment a process, which must outlive every session.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// Loads `library` unless one is loaded already: a process has the first that could be loaded.
///
/// `ort` panics on first use of a library it cannot find by itself, so nothing of `ort` may run before this.
pub(super) fn environment(library: &Path) -> Result<Environment> {
    let mut environment = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = environment.as_ref() {
        return Ok(environment.clone());
    }
    // A bare file name would be looked for beside the executable and on the system's search path.
    let path = std::path::absolute(library).unwrap_or_else(|_| library.to_path_buf());
    if !path.is_file() {
        return Err(OnnxProblem::LibraryMissing { path }.into());
    }
    let unusable = |path: PathBuf, reason: String| OnnxProblem::LibraryUnusable { path, reason };
    let builder = ort::init_from(&path).map_err(|error| unusable(path.clone(), error.to_string()))?;
    let built = builder
        .with_name("rag")
        .with_telemetry(false)
        .with_logger(Arc::new(log))
        .build()
        .map_err(|error| unusable(path.clone(), error.to_string()))?;
    built.set_log_level(LogLevel::Warning);
    Ok(environment.insert(built).clone())
}

/// The library would write to stderr by itself.
fn log(level: LogLevel, category: &str, _id: &str, location: &str, message: &str) {
    match level {
        LogLevel::Fatal | LogLevel::Error => tracing::warn!(category, location, "{message}"),
        LogLevel::Warning => tracing::debug!(category, location, "{message}"),
        LogLevel::Info | LogLevel::Verbose => tracing::trace!(category, location, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The real library is loaded by no unit test: once it is, the path is not looked at again.
    #[test]
    fn a_library_that_cannot_be_loaded_is_a_problem_and_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("libonnxruntime.so");
        let missing = environment(&path).unwrap_err();
        assert!(matches!(missing.downcast_ref(), Some(OnnxProblem::LibraryMissing { path: p }) if *p == path));
        std::fs::write(&path, "not a library").unwrap();
        let unusable = environment(&path).unwrap_err();
        assert!(matches!(unusable.downcast_ref(), Some(OnnxProblem::LibraryUnusable { .. })), "{unusable}");
    }
}
