//! Where the real weights are; what is missing is fetched.

use rag::language::Lang;
use rag::models::weights::{Sources, Weights};
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// A data folder of its own with the shared weights of the embedder in it.
pub fn home() -> tempfile::TempDir {
    pulled("multilingual-e5-small");
    pulled("onnxruntime");
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(data_dir().join("models"), home.path().join("models")).unwrap();
    home
}

/// The real binary, with nothing of the user's environment that settings could come from.
pub fn rag(home: &Path) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("rag").unwrap();
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("RAG_") || name.starts_with("OPENAI_") || name.starts_with("LC_") || name == "LANG" {
            command.env_remove(name);
        }
    }
    command.env("RAG_HOME", home).env("XDG_CONFIG_HOME", home.join("config")).current_dir(home).timeout(Duration::from_secs(300));
    command
}

/// Exit code, stdout and stderr of a finished command.
pub fn outcome(command: &mut assert_cmd::Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}
