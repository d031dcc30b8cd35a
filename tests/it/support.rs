//! Where the real weights are; what is missing is fetched.

use rag::language::Lang;
use rag::models::weights::{Sources, Weights};
use std::path::PathBuf;

/// `$RAG_HOME`, else `$XDG_DATA_HOME/rag`, else `~/.local/share/rag`.
pub fn data_dir() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("RAG_HOME")
        .or_else(|| set("XDG_DATA_HOME").map(|data| data.join("rag")))
        .or_else(|| set("HOME").map(|home| home.join(".local/share/rag")))
        .expect("RAG_HOME, XDG_DATA_HOME or HOME is set")
}

/// The main file of a model or tool, or its folder.
pub fn pulled(name: &str) -> PathBuf {
    let mut sources = Sources::default();
    if let Ok(hub) = std::env::var("HF_ENDPOINT") {
        sources.hub = hub;
    }
    let weights = Weights::new(data_dir().join("models"), sources);
    match weights.pull(name, false, &mut |_| ()) {
        Ok(pulled) => pulled.path,
        Err(error) => panic!("{error} (hint: {})", error.hint(Lang::En).unwrap_or_default()),
    }
}
