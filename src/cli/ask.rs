//! `rag ask`.

use super::render::{self, BOLD};
use super::{Flags, Outcome, Run, answered, number, set, set_lines, trace};
use crate::engine::{Engine, Prepared, Repeat};
use crate::language::Lang;
use clap::Args;
use serde_json::json;
use std::io::Write;

const QUOTES: &str = "\
Passages that hold what the question has in quotes are preferred, not required: quotes are part of a sentence here, and so is
a minus sign. To require or exclude words: rag search.
问题里带引号的话优先按原样找,但不强求;减号不表示排除。要强求或排除,用 rag search。";

#[derive(Debug, Args)]
#[command(after_help = QUOTES)]
pub struct AskArgs {
    /// What to ask 问题
    #[arg(required = true, value_name = "QUESTION")]
    question: Vec<String>,
    /// Passages given to the model 段落数
    #[arg(short = 'n', long, value_name = "N", value_parser = number::count(), allow_negative_numbers = true)]
    passages: Option<usize>,
    /// hybrid, lexical or dense 检索方式
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// Only documents whose properties say so, as in tag=检索, 'date>=2024-01', 'version<2.0'. There are = != >= <= > <;
    /// path (a folder, or a glob: 'notes/**'), source, ext, title and modified are always there; repeatable
    /// 按文档属性与位置筛选
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
    /// Leave out sentences that no source supports, instead of marking them 删去无依据的句子
    #[arg(long)]
    strict: bool,
    /// Follow up the last question 接着上一个问题追问
    #[arg(long = "continue")]
    follow_up: bool,
    /// Ask the model even where the same was answered before 不复用之前的回答
    #[arg(long)]
    no_cache: bool,
    /// Say on stderr what each step decided: kind of question, queries, passages, prompt 显示每一步
    #[arg(long)]
    trace: bool,
    /// Print the exact messages and their token shares; ask for no answer 只看提示
    #[arg(long)]
    dry_run: bool,
    /// Examples of answers shown to the model: 0, or 5 and more 示例数
    #[arg(long, value_name = "N", value_parser = number::shots(), allow_negative_numbers = true)]
    shots: Option<usize>,
    /// How passages are marked in the prompt: auto, xml, markdown or json 段落的标记方式
    #[arg(long, value_name = "FORMAT")]
    context_format: Option<String>,
    /// Leave title, section, source and date of the passages out of the prompt 提示里不带标题与来源
    #[arg(long)]
    no_metadata: bool,
    /// Have the model write steps before its answer; they are not shown 先写步骤再作答
    #[arg(long)]
    cot: bool,
    /// Prompt template to use instead of the built-in one 提示模板
    #[arg(long, value_name = "FILE")]
    prompt: Option<String>,
    /// Show what a reasoning model thinks aloud, dimmed 显示模型的思考
    #[arg(long)]
    show_reasoning: bool,
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
    /// As one text.
    pub fn question(&self) -> String {
        self.question.join(" ")
    }

    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.passages", self.passages);
        set(flags, "search.mode", self.mode.as_ref());
        set_lines(flags, "search.where", &self.conditions);
        set(flags, "chat.extractive", self.extractive.then_some(true));
        set(flags, "journal.cache", self.no_cache.then_some(false));
        set(flags, "chat.strict", self.strict.then_some(true));
        set(flags, "chat.rerank", self.rerank.as_ref());
        set(flags, "chat.shots", self.shots);
        set(flags, "chat.context_format", self.context_format.as_ref());
        set(flags, "chat.metadata", self.no_metadata.then_some(false));
        set(flags, "chat.cot", self.cot.then_some(true));
        set(flags, "chat.prompt", self.prompt.as_ref());
        set(flags, "chat.show_reasoning", self.show_reasoning.then_some(true));
        set(flags, "chat.base_url", self.base_url.as_ref());
        set(flags, "chat.model", self.model.as_ref());
        set(flags, "chat.api_key", self.api_key.as_ref());
    }
}

pub fn run(args: AskArgs, engine: &Engine, lang: Lang) -> Run {
    if args.dry_run {
        return dry_run(engine, &args, lang);
    }
    let question = args.question();
    let history = if args.follow_up { history(engine)? } else { Vec::new() };
    if args.json {
        let recorded = engine.ask_and_record(&question, &history, &mut |event| {
            if args.trace {
                trace::event(&event);
            }
        })?;
        let outcome = answered::kept(recorded, lang);
        render::json(&outcome.report(&question))?;
        answered::warn(&outcome.answer, lang);
        return match answered::concluded(outcome) {
            // The report holds the error already: one object on stdout.
            Err(error) => {
                render::error(&error, lang);
                Ok(Outcome::Failed)
            }
            concluded => concluded,
        };
    }
    answered::ask(engine, &question, &history, args.trace, lang)
}

/// The last question with those before it.
fn history(engine: &Engine) -> anyhow::Result<Vec<String>> {
    let last = engine.logged("last")?.entry;
    Ok(last.history.into_iter().chain([last.question]).collect())
}

fn dry_run(engine: &Engine, args: &AskArgs, lang: Lang) -> Run {
    let (_, prepared) = engine.prepare(&args.question())?;
    let Prepared { messages, context, template, format, .. } = &prepared;
    let share = |count: usize| 100.0 * count as f64 / context.tokens.window.max(1) as f64;
    let repeats = context.repeats();
    if args.json {
        let each = context.tokens_each.iter().enumerate();
        let passages: Vec<_> = each.map(|(index, tokens)| json!({"number": index + 1, "tokens": tokens})).collect();
        let json = json!({
            "messages": messages, "template": template, "format": format, "tokens": context.tokens,
            "passages": passages, "order": context.groups.concat(), "left_out": context.left_out, "repeats": repeats,
        });
        render::json(&json)?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    for message in messages {
        let role = serde_json::to_value(message.role)?;
        writeln!(out, "{BOLD}--- {}{BOLD:#}\n{}", role.as_str().unwrap_or_default(), message.content)?;
    }
    let tokens = &context.tokens;
    writeln!(out, "{BOLD}--- {}{BOLD:#} ({template})", lang.pick("词元", "tokens"))?;
    let mut row = |part: &str, count: usize| writeln!(out, "{part:<10}{count:>7} {:>5.1} %", share(count));
    row("system", tokens.system)?;
    row("shots", tokens.shots)?;
    row("passages", tokens.passages)?;
    for number in context.groups.concat() {
        row(&format!("  [{number}]"), context.tokens_each[number - 1])?;
    }
    row("question", tokens.question)?;
    row("answer", tokens.answer)?;
    row("free", tokens.free)?;
    row("window", tokens.window)?;
    let left_out = context.left_out;
    if left_out > 0 {
        writeln!(out, "{}", lang.pick(format!("{left_out} 段放不下"), format!("{left_out} passages did not fit")))?;
    }
    for Repeat { number, of, sentences } in repeats {
        render::warning(&lang.pick(
            format!("[{number}] 有 {sentences} 句与 [{of}] 相同:重复的内容白占词元"),
            format!("[{number}] has {sentences} sentences that [{of}] has too: tokens that tell nothing new"),
        ));
    }
    Ok(Outcome::Done)
}
