//! `rag ask`.

use super::render::{self, BOLD, DIM};
use super::{Flags, Outcome, Run, set, set_lines};
use crate::engine::{Answer, AskEvent, Citation, Engine, Found, Grounded, Prepared};
use crate::language::Lang;
use clap::Args;
use serde_json::json;
use std::io::Write;

#[derive(Debug, Args)]
pub struct AskArgs {
    /// What to ask 问题
    pub question: String,
    /// Passages given to the model 段落数
    #[arg(short = 'n', long, value_name = "N")]
    passages: Option<usize>,
    /// hybrid, lexical or dense 检索方式
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// Only documents whose front matter says so: tag=检索, date>=2024-01-01; repeatable 按文档属性筛选
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
    /// none, auto, maxsim or endpoint: look at the first passages once more 重排
    #[arg(long, value_name = "HOW")]
    rerank: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
    /// Answer with sentences of the sources, without a model 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Print the exact messages and their token shares; ask for no answer 只看提示
    #[arg(long)]
    dry_run: bool,
    /// Prompt template to use instead of the built-in one 提示模板
    #[arg(long, value_name = "FILE")]
    prompt: Option<String>,
    /// OpenAI-compatible endpoint 接口地址
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Model name to send 模型名
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Key for the endpoint; better in OPENAI_API_KEY 密钥
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
}

impl AskArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.passages", self.passages);
        set(flags, "search.mode", self.mode.as_ref());
        set_lines(flags, "search.where", &self.conditions);
        set(flags, "chat.extractive", self.extractive.then_some(true));
        set(flags, "chat.rerank", self.rerank.as_ref());
        set(flags, "chat.prompt", self.prompt.as_ref());
        set(flags, "chat.base_url", self.base_url.as_ref());
        set(flags, "chat.model", self.model.as_ref());
        set(flags, "chat.api_key", self.api_key.as_ref());
    }
}

pub fn run(args: AskArgs, engine: &Engine, lang: Lang) -> Run {
    if args.dry_run {
        return dry_run(engine, &args, lang);
    }
    if args.json {
        let outcome = engine.ask(&args.question, &mut |_| ())?;
        let report = outcome.report(&args.question);
        let abstained = report.abstained;
        render::json(&report)?;
        if let Answer::Grounded(grounded) = &outcome.answer {
            warn(&outcome.answer, grounded, lang);
        }
        return Ok(if abstained { Outcome::Nothing } else { Outcome::Done });
    }
    ask(engine, &args.question, lang)
}

/// Sources first, then the answer as it comes, then what it cites.
pub fn ask(engine: &Engine, question: &str, lang: Lang) -> Run {
    let mut written: std::io::Result<()> = Ok(());
    let outcome = engine.ask(question, &mut |event| {
        let mut out = anstream::stdout().lock();
        let result = match event {
            AskEvent::Retrieved(found) => sources(&mut out, found, lang),
            AskEvent::Text(text) => write!(out, "{text}").and_then(|()| out.flush()),
        };
        if written.is_ok() {
            written = result;
        }
    })?;
    written?;
    let mut out = anstream::stdout().lock();
    match &outcome.answer {
        Answer::Abstained { reason, completion, .. } => {
            if completion.is_some() {
                writeln!(out)?;
            }
            writeln!(out, "{BOLD}{}{BOLD:#}", reason.message(lang))?;
            Ok(Outcome::Nothing)
        }
        Answer::Grounded(grounded) => {
            writeln!(out, "\n")?;
            for citation in &grounded.citations {
                cited(&mut out, citation)?;
            }
            warn(&outcome.answer, grounded, lang);
            Ok(Outcome::Done)
        }
    }
}

/// What a reader of the answer must know.
fn warn(answer: &Answer, grounded: &Grounded, lang: Lang) {
    if !grounded.invalid.is_empty() {
        let list = markers(&grounded.invalid);
        render::warning(
            &lang.pick(format!("{list} 不是给出的资料,已去掉"), format!("{list} names no source and was removed")),
        );
    }
    if !grounded.unsupported.is_empty() {
        let list = markers(&grounded.unsupported);
        render::warning(&lang.pick(
            format!("有的句子引用了 {list},资料里却没有这样的内容,已去掉"),
            format!("{list} was cited for a sentence that it does not support, and was removed there"),
        ));
    }
    if grounded.is_uncited() {
        render::warning(lang.pick(
            "回答没有可核对的引用,请谨慎使用",
            "nothing in the answer could be traced to a source; use it with care",
        ));
    }
    if answer.is_cut() {
        render::warning(lang.pick(
            "回答达到长度上限被截断(chat.max_tokens)",
            "the answer was cut at its longest length (chat.max_tokens)",
        ));
    }
}

fn markers(numbers: &[u32]) -> String {
    numbers.iter().map(|number| format!("[{number}]")).collect::<Vec<_>>().join(" ")
}

fn sources(out: &mut impl Write, found: &Found, lang: Lang) -> std::io::Result<()> {
    if !found.hits.is_empty() {
        writeln!(out, "{DIM}{}{DIM:#}", lang.pick("资料", "sources"))?;
    }
    for hit in &found.hits {
        let (title, place) = (hit.heading(), render::place(&hit.path, hit.lines));
        writeln!(out, "{DIM}[{}] {title}  {place}{DIM:#}", hit.rank)?;
    }
    writeln!(out)
}

/// `[1] title  path:12` and the sentence that supports it.
fn cited(out: &mut impl Write, citation: &Citation) -> std::io::Result<()> {
    let Citation { marker, title, path, lines, quote, .. } = citation;
    writeln!(out, "{BOLD}[{marker}]{BOLD:#} {title}  {DIM}{}{DIM:#}", render::place(path, *lines))?;
    writeln!(out, "    {}", quote.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn dry_run(engine: &Engine, args: &AskArgs, lang: Lang) -> Run {
    let (_, prepared) = engine.prepare(&args.question)?;
    let Prepared { messages, context, template, .. } = &prepared;
    if args.json {
        render::json(&json!({"messages": messages, "template": template, "tokens": context.tokens}))?;
        return Ok(Outcome::Done);
    }
    let mut out = anstream::stdout().lock();
    for message in messages {
        let role = serde_json::to_value(message.role)?;
        writeln!(out, "{BOLD}--- {}{BOLD:#}\n{}", role.as_str().unwrap_or_default(), message.content)?;
    }
    let tokens = &context.tokens;
    let total = tokens.window.max(1);
    writeln!(out, "{BOLD}--- {}{BOLD:#} ({template})", lang.pick("词元", "tokens"))?;
    let used = tokens.system + tokens.question + tokens.passages + tokens.answer;
    let rows = [
        ("system", tokens.system),
        ("passages", tokens.passages),
        ("question", tokens.question),
        ("answer", tokens.answer),
        ("free", total.saturating_sub(used)),
        ("window", total),
    ];
    for (part, count) in rows {
        writeln!(out, "{part:<10}{count:>7} {:>5.1} %", 100.0 * count as f64 / total as f64)?;
    }
    let left_out = context.left_out;
    if left_out > 0 {
        writeln!(out, "{}", lang.pick(format!("{left_out} 段放不下"), format!("{left_out} passages did not fit")))?;
    }
    Ok(Outcome::Done)
}
