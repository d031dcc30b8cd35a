//! Where the real weights are; what is missing is fetched.

use rag::language::Lang;
use rag::models::llama::{Launch, Llama, Server, llama_server_on_path};
use rag::models::weights::{Sources, Weights};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
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

/// The corpus of this repository.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// A data folder of its own with the shared weights of the embedder in it.
pub fn home() -> tempfile::TempDir {
    pulled("multilingual-e5-small");
    pulled("onnxruntime");
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(data_dir().join("models"), home.path().join("models")).unwrap();
    home
}

/// As [`home`], with [`corpus`] indexed: once for all tests, since its vectors take a minute.
pub fn corpus_home() -> tempfile::TempDir {
    static INDEXED: LazyLock<PathBuf> = LazyLock::new(|| {
        let indexed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus-home");
        let _ = std::fs::remove_dir_all(&indexed);
        std::fs::create_dir_all(&indexed).unwrap();
        std::os::unix::fs::symlink(data_dir().join("models"), indexed.join("models")).unwrap();
        let (code, _, err) = outcome(rag(&indexed).arg("index").arg(corpus()));
        assert_eq!(code, 0, "{err}");
        indexed
    });
    let home = home();
    copy(&INDEXED.join("collections"), &home.path().join("collections"));
    home
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => assert!(std::fs::copy(&path, &target).is_ok(), "{}", path.display()),
        }
    }
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
    // Never the server that may run on the default port of the machine at hand: with it a test passes here alone.
    command
        .env("RAG_BASE_URL", "http://127.0.0.1:9/v1")
        .env("RAG_HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .current_dir(home)
        .timeout(Duration::from_secs(300));
    command
}

/// Exit code, stdout and stderr of a finished command.
pub fn outcome(command: &mut assert_cmd::Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// A llama-server with the small chat model, started for this test run: its `http://127.0.0.1:PORT/v1`.
///
/// It is stopped when the tests are over: by a shell that waits for our end of a pipe to close, which it does
/// however we end.
pub fn llama_base_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| {
        let state = tempfile::tempdir().unwrap().keep();
        let launch = launch(free_port(), 2048);
        let running = Llama::new(state.clone()).up(&launch, &mut |_| ()).unwrap();
        let pid = running.ours.expect("we started it").process.pid;
        let script = format!("cat >/dev/null; kill {pid}; rm -r '{}'", state.display());
        let guard =
            std::process::Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).process_group(0).spawn();
        // Never waited for: it ends after us.
        std::mem::forget(guard.unwrap());
        format!("{}/v1", running.base_url)
    });
    &URL
}

/// What starts the small chat model on `port`.
pub fn launch(port: u16, ctx: u32) -> Launch {
    Launch {
        server: Server { program: None, package: llama_server_on_path().is_none().then(|| pulled("llama-server")) },
        model: pulled("qwen2.5-coder-0.5b-instruct"),
        port,
        ctx,
        threads: 2,
        ready_within: Duration::from_secs(180),
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
