//! The program that serves a model: a `llama-server`, or the Python package's server.

use super::Launch;
use super::problem::LlamaProblem;
use crate::error::{IoContext, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

const LAUNCHER: &str = include_str!("launcher.py");

/// Where to look for a server, in this order: `program`, `llama-server` on PATH, `package`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// The configured `llama-server`; nothing else is tried then.
    pub program: Option<PathBuf>,
    /// The folder of the artifact `llama-server`, if it is there.
    pub package: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Program(PathBuf),
    Package(PathBuf),
}

impl Server {
    pub fn choose(&self) -> Result<Chosen> {
        if let Some(program) = &self.program {
            return match program.is_file() {
                true => Ok(Chosen::Program(program.clone())),
                false => Err(LlamaProblem::NoProgram { program: program.clone() }.into()),
            };
        }
        let package = || self.package.clone().map(Chosen::Package);
        llama_server_on_path().map(Chosen::Program).or_else(package).ok_or_else(|| LlamaProblem::NoServer.into())
    }
}

/// `llama-server` as a shell would find it.
pub fn llama_server_on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("llama-server")).find(|program| program.is_file())
}

impl Chosen {
    /// The command that serves `launch`; `state` is a folder of ours for the launcher.
    pub fn command(&self, launch: &Launch, state: &Path) -> Result<Command> {
        let alias = launch.model.file_stem().unwrap_or_default();
        let (port, ctx, threads) = (launch.port.to_string(), launch.ctx.to_string(), launch.threads.to_string());
        let mut command = match self {
            Chosen::Program(program) => {
                let mut command = Command::new(program);
                // One slot: the whole context for one question, and its prefix stays cached.
                command.arg("-m").arg(&launch.model).arg("--alias").arg(alias);
                command.args(["--host", "127.0.0.1", "--port", &port, "-c", &ctx, "-np", "1", "-t", &threads]);
                command
            }
            Chosen::Package(package) => {
                let launcher = state.join("launcher.py");
                std::fs::write(&launcher, LAUNCHER).at("write", &launcher)?;
                let mut command = Command::new("python3");
                // Isolated, and without byte code: the package's folder stays as it was checked.
                command.args(["-I", "-B"]).arg(launcher).arg("--package").arg(package);
                command.arg("--model").arg(&launch.model).arg("--alias").arg(alias);
                command.args(["--host", "127.0.0.1", "--port", &port, "--ctx", &ctx, "--threads", &threads]);
                command
            }
        };
        // Threads that spin while they wait make a busy machine ten times slower.
        command.env("OMP_WAIT_POLICY", "PASSIVE").env("GOMP_SPINCOUNT", "0");
        Ok(command)
    }

    /// For messages.
    pub fn program(&self) -> String {
        match self {
            Chosen::Program(program) => program.display().to_string(),
            Chosen::Package(_) => "python3".to_owned(),
        }
    }
}
