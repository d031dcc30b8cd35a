//! `rag demo`: the main job in one go.

use super::render::{self, BOLD};
use super::{Flags, Run, answered, index, llama, models, set};
use crate::engine::{Engine, IndexRequest, LlamaHealth, PullState};
use crate::language::Lang;
use clap::Args;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// What to ask 问题
    #[arg(default_value = "什么是QLoRA")]
    pub question: String,
    /// Chat model to serve if no server answers 对话模型
    #[arg(long, value_name = "NAME|FILE")]
    model: Option<String>,
}

impl DemoArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "llama.model", self.model.as_ref());
    }
}

/// Says what every step is and how long it took.
struct Steps {
    lang: Lang,
    number: usize,
}

impl Steps {
    fn step<T>(&mut self, zh: &str, en: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        self.number += 1;
        let (number, name) = (self.number, self.lang.pick(zh, en));
        render::note(&format!("{BOLD}{number}. {name}{BOLD:#}"));
        let begin = Instant::now();
        let value = work()?;
        render::note(&format!("   {}", render::seconds(begin.elapsed())));
        Ok(value)
    }
}

pub fn run(args: DemoArgs, engine: &Engine, lang: Lang) -> Run {
    let begin = Instant::now();
    let mut fetched = 0;
    let mut steps = Steps { lang, number: 0 };
    let embedder = engine.config().text("index.embedder").to_string();
    steps.step("向量模型与运行库", "embedder and runtime library", || {
        for name in ["onnxruntime", &embedder] {
            fetched += models::pull(engine, name, false, lang)?.fetched_bytes;
        }
        Ok(())
    })?;
    steps.step("索引 corpus/", "index corpus/", || {
        let began = Instant::now();
        let report = index::with_bar(engine, IndexRequest { roots: corpus(), ..IndexRequest::default() }, lang)?;
        index::say(&report, began.elapsed(), lang)
    })?;
    if engine.config().local_port("chat.base_url").is_some() {
        steps.step("本地模型服务", "local model server", || {
            fetched += serve(engine, lang)?;
            Ok(())
        })?;
    }
    let question = &args.question;
    let outcome = steps.step(&format!("提问:{question}"), &format!("ask: {question}"), || {
        answered::ask(engine, question, &[], false, lang)
    })?;
    let (took, size) = (render::seconds(begin.elapsed()), render::bytes(fetched));
    render::note(&lang.pick(format!("全程 {took},下载 {size}"), format!("{took} in all, {size} fetched")));
    Ok(outcome)
}

/// `./corpus`, else the folder this program was built from, so that the demo runs from anywhere.
fn corpus() -> Vec<PathBuf> {
    let built_from = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"));
    let here = PathBuf::from("corpus");
    if here.is_dir() || !built_from.is_dir() { Vec::new() } else { vec![built_from] }
}

/// Uses the server that answers; else fetches what is missing and starts one. Returns the bytes fetched.
fn serve(engine: &Engine, lang: Lang) -> anyhow::Result<u64> {
    let mut fetched = 0;
    if engine.llama_status()?.health == LlamaHealth::Absent {
        if !engine.has_own_server() {
            fetched += models::pull(engine, "llama-server", false, lang)?.fetched_bytes;
        }
        let model = engine.config().text("llama.model");
        if engine.pull_state(model).is_ok_and(|state| state != PullState::Present) {
            fetched += models::pull(engine, model, false, lang)?.fetched_bytes;
        }
    }
    if llama::up(engine, lang)?.just_started {
        render::note(
            lang.pick("   它会一直运行,停止:rag llama down", "   it goes on running; to stop it: rag llama down"),
        );
    }
    if engine.serves_smallest()? {
        render::note(lang.pick(
            "   现用的是最小的模型;更好的:rag models pull qwen2.5-coder-1.5b-instruct,再 rag llama down && rag llama up --model qwen2.5-coder-1.5b-instruct",
            "   this is the smallest model; a better one: rag models pull qwen2.5-coder-1.5b-instruct, then rag llama down && rag llama up --model qwen2.5-coder-1.5b-instruct",
        ));
    }
    Ok(fetched)
}
