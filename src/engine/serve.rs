//! A local llama-server, as the commands ask for it.

use super::{Engine, EngineProblem};
use crate::error::Result;
use crate::models::llama::{Event, Health, Launch, Llama, Running, Server, Status, Stopped, llama_server_on_path};
use std::path::{Path, PathBuf};
use std::time::Duration;

const READY_WITHIN: Duration = Duration::from_secs(180);
/// Enough to show that the whole works; anything larger answers better.
const SMALLEST: &str = "qwen2.5-coder-0.5b-instruct";

impl Engine {
    /// Uses the server that answers on the port, else starts one and waits until it is ready.
    pub fn llama_up(&self, on: &mut dyn FnMut(Event<'_>)) -> Result<Running> {
        let package = self.weights().path("llama-server").ok();
        let program = self.config.optional("llama.server").map(PathBuf::from);
        let launch = Launch {
            server: Server { program, package },
            model: self.gguf()?,
            port: self.llama_port()?,
            ctx: self.config.get("llama.context"),
            threads: self.threads(),
            ready_within: READY_WITHIN,
        };
        self.llama().up(&launch, on)
    }

    pub fn llama_down(&self) -> Result<Stopped> {
        self.llama().down(self.llama_port()?)
    }

    pub fn llama_status(&self) -> Result<Status> {
        self.llama().status(self.llama_port()?)
    }

    /// Whether a `llama-server` is configured or on PATH, so that none has to be fetched.
    pub fn has_own_server(&self) -> bool {
        self.config.optional("llama.server").is_some() || llama_server_on_path().is_some()
    }

    /// Whether the server that answers has the smallest model that we know.
    pub fn serves_smallest(&self) -> Result<bool> {
        let status = self.llama_status()?;
        let Health::Ready { model: Some(model) } = status.health else { return Ok(false) };
        Ok(model.to_lowercase().starts_with(SMALLEST))
    }

    /// `llama.port`, else the port of a `chat.base_url` on this machine.
    pub fn llama_port(&self) -> Result<u16> {
        match self.config.get("llama.port") {
            0 => self
                .config
                .local_port("chat.base_url")
                .ok_or_else(|| EngineProblem::NotLocal { base_url: self.config.text("chat.base_url").into() }.into()),
            port => Ok(port),
        }
    }

    fn llama(&self) -> Llama {
        Llama::new(self.config.home().join("llama"))
    }

    /// The GGUF to serve: a path that exists, else a known name.
    pub(super) fn gguf(&self) -> Result<PathBuf> {
        let model = self.config.text("llama.model");
        // A known name is never a file that lies in the current folder.
        let is_known = self.weights().artifact(model).is_ok();
        if !is_known && Path::new(model).is_file() {
            return Ok(PathBuf::from(model));
        }
        self.weights().path(model)
    }
}
