//! What can go wrong with a local `llama-server`, and what to type then.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum LlamaProblem {
    #[error("there is no llama-server on this machine")]
    NoServer,
    #[error("the configured llama-server {} does not exist", program.display())]
    NoProgram { program: PathBuf },
    #[error("the model file {} does not exist", model.display())]
    NoModel { model: PathBuf },
    #[error("{program} cannot be started: {source}")]
    Spawn { program: String, source: std::io::Error },
    #[error("port {port} is used by something that is no model server")]
    PortTaken { port: u16 },
    #[error("the server ended while it started ({status}){}", quoted(lines))]
    Died { status: String, lines: Vec<String>, log: PathBuf },
    #[error("the server on port {port} was not ready after {} s", after.as_secs())]
    NotReady { port: u16, after: Duration, log: Option<PathBuf> },
    #[error("the server on port {port} was not started by rag")]
    NotOurs { port: u16 },
    #[error("the server (process {pid}) does not end")]
    Stuck { pid: u32 },
}

/// What a server said last, if it said anything.
fn quoted(lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!(": {}", lines.join(" | ")) }
}

impl Problem for LlamaProblem {
    fn fault(&self) -> Fault {
        match self {
            LlamaProblem::NoProgram { .. } | LlamaProblem::NoModel { .. } | LlamaProblem::NotOurs { .. } => Fault::User,
            _ => Fault::Environment,
        }
    }

    fn zh(&self) -> String {
        match self {
            LlamaProblem::NoServer => "本机没有 llama-server".into(),
            LlamaProblem::NoProgram { program } => format!("配置的 llama-server 不存在:{}", program.display()),
            LlamaProblem::NoModel { model } => format!("模型文件不存在:{}", model.display()),
            LlamaProblem::Spawn { program, source } => format!("无法启动 {program}:{source}"),
            LlamaProblem::PortTaken { port } => format!("端口 {port} 已被占用,且不是模型服务"),
            LlamaProblem::Died { status, lines, .. } => {
                format!("模型服务启动时退出({status}){}", quoted(lines))
            }
            LlamaProblem::NotReady { port, after, .. } => {
                format!("端口 {port} 上的模型服务 {} 秒后仍未就绪", after.as_secs())
            }
            LlamaProblem::NotOurs { port } => format!("端口 {port} 上的模型服务不是 rag 启动的"),
            LlamaProblem::Stuck { pid } => format!("模型服务(进程 {pid})无法结束"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            LlamaProblem::NoServer => lang.pick(
                "rag models pull llama-server,或安装 llama.cpp".into(),
                "rag models pull llama-server, or install llama.cpp".into(),
            ),
            LlamaProblem::NoProgram { .. } => lang.pick("检查配置中的路径".into(), "check the configured path".into()),
            LlamaProblem::NoModel { .. } => "rag models list".into(),
            LlamaProblem::Spawn { program, .. } => lang.pick(
                format!("检查 PATH 中是否有可运行的 {program}"),
                format!("check that {program} is on PATH and can be run"),
            ),
            LlamaProblem::PortTaken { port } => {
                let free = port.checked_add(1).unwrap_or(8080);
                lang.pick(format!("换一个端口:rag llama up --port {free}"), format!("rag llama up --port {free}"))
            }
            LlamaProblem::Died { log, .. } | LlamaProblem::NotReady { log: Some(log), .. } => {
                lang.pick(format!("查看日志:{}", log.display()), format!("see the log: {}", log.display()))
            }
            LlamaProblem::NotReady { log: None, .. } => "rag llama status".into(),
            LlamaProblem::NotOurs { .. } => {
                lang.pick("在启动它的地方停止它".into(), "stop it where it was started".into())
            }
            LlamaProblem::Stuck { pid } => format!("kill -9 {pid}"),
        })
    }
}
