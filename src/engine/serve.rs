//! A local llama-server, as the commands ask for it.

use super::{Engine, EngineProblem};
use crate::error::Result;
use crate::models::llama::{Event, Launch, Llama, Running, Server, Status, Stopped};
use crate::models::weights::State;
use std::path::{Path, PathBuf};
use std::time::Duration;

const READY_WITHIN: Duration = Duration::from_secs(180);
/// The chat models we know, best last.
const CHAT_MODELS: [&str; 2] = ["qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"];

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

    /// The best of the known chat models that is there; the smallest where none is.
    pub fn best_chat_model(&self) -> &'static str {
        let weights = self.weights();
        let there = |name: &&str| weights.state(name).is_ok_and(|state| state == State::Present);
        CHAT_MODELS.into_iter().rev().find(there).unwrap_or(CHAT_MODELS[0])
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
    fn gguf(&self) -> Result<PathBuf> {
        let model = self.config.text("llama.model");
        if Path::new(model).is_file() {
            return Ok(PathBuf::from(model));
        }
        self.weights().path(model)
    }
}
