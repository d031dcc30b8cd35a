//! `rag llama`.

use super::{Flags, Outcome, Run, render, set};
use crate::engine::{Chosen, Engine, LlamaEvent, LlamaHealth, Running, Stopped};
use crate::language::Lang;
use clap::{Args, Subcommand};
use std::io::Write;

#[derive(Debug, Args)]
pub struct LlamaArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Port to serve on 端口 [default: the one of chat.base_url]
    #[arg(long, global = true, value_name = "PORT", value_parser = super::number::port(), allow_negative_numbers = true)]
    port: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Use what answers, else start a server 启动
    Up {
        /// GGUF to serve: a name of `rag models list`, or a path 模型
        #[arg(long, value_name = "NAME|FILE")]
        model: Option<String>,
        /// Context window, tokens 上下文窗口
        #[arg(long, value_name = "TOKENS", value_parser = super::number::tokens(), allow_negative_numbers = true)]
        context: Option<u32>,
    },
    /// Stop the server that was started here 停止
    Down,
    /// What answers 状态
    Status,
}

impl LlamaArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "llama.port", self.port);
        if let Some(Action::Up { model, context }) = &self.action {
            set(flags, "llama.model", model.as_ref());
            set(flags, "llama.context", *context);
        }
    }
}

pub fn run(args: LlamaArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action.unwrap_or(Action::Status) {
        Action::Up { .. } => {
            let running = up(engine, lang)?;
            writeln!(render::stdout(), "{}/v1", running.base_url)?;
            Ok(Outcome::Done)
        }
        Action::Down => {
            let (zh, en) = match engine.llama_down()? {
                Stopped::Ended(started) => (
                    format!("已停止(进程 {})", started.process.pid),
                    format!("stopped (process {})", started.process.pid),
                ),
                Stopped::NothingRan => ("没有由 rag 启动的服务".into(), "nothing was running".into()),
            };
            render::note(&lang.pick(zh, en));
            Ok(Outcome::Done)
        }
        Action::Status => status(engine, lang),
    }
}

/// Brings a server up and says how.
pub fn up(engine: &Engine, lang: Lang) -> anyhow::Result<Running> {
    let running = engine.llama_up(&mut |event| match event {
        LlamaEvent::Starting { server, log } => {
            let program = match server {
                Chosen::Program(program) => program.display().to_string(),
                Chosen::Package(_) => lang.pick("已获取的 llama.cpp 服务", "the fetched llama.cpp server").into(),
            };
            let log = log.display();
            render::note(&lang.pick(format!("启动 {program},日志 {log}"), format!("starting {program}, log {log}")));
        }
        LlamaEvent::Waiting { elapsed, .. } => tracing::debug!(?elapsed, "waiting for the server"),
    })?;
    let model = running.model.clone().unwrap_or_default();
    let line = match (&running.ours, running.just_started) {
        (Some(_), true) => lang.pick(format!("服务就绪:{model}"), format!("ready: {model}")),
        _ => lang.pick(format!("使用正在运行的服务:{model}"), format!("using the server that is running: {model}")),
    };
    render::note(&line);
    Ok(running)
}

fn status(engine: &Engine, lang: Lang) -> Run {
    let status = engine.llama_status()?;
    let (outcome, health) = match &status.health {
        LlamaHealth::Ready { model } => {
            (Outcome::Done, format!("{} {}", lang.pick("就绪", "ready"), model.clone().unwrap_or_default()))
        }
        LlamaHealth::Loading => (Outcome::Nothing, lang.pick("正在加载模型", "loading its model").into()),
        LlamaHealth::Absent => (Outcome::Nothing, lang.pick("没有服务", "nothing answers").into()),
        LlamaHealth::Foreign => {
            (Outcome::Nothing, lang.pick("端口被别的程序占用", "the port is taken by something else").into())
        }
    };
    let mut out = render::stdout();
    writeln!(out, "{} {health}", status.base_url)?;
    if let Some(started) = status.ours {
        let log = started.log.display();
        let pid = started.process.pid;
        writeln!(
            out,
            "{}",
            lang.pick(
                format!("由 rag 启动:进程 {pid},日志 {log}"),
                format!("started by rag: process {pid}, log {log}")
            )
        )?;
    }
    Ok(outcome)
}
