//! `rag log`.

mod promote;

use super::render::{self, BOLD, DIM, padded};
use super::{Outcome, Run, number};
use crate::engine::{Engine, Logged, Percentiles, Rating, Stats};
use crate::language::Lang;
use clap::{Args, Subcommand};
use std::io::Write;

const QUESTION_CHARS: usize = 36;

#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// How many of the last 最近几条
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number::count(), allow_negative_numbers = true)]
    number: usize,
    /// Print JSON, one entry a line 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Everything about one 查看一条
    Show {
        /// Its number, or last 编号或 last
        #[arg(default_value = "last")]
        entry: String,
        /// Print JSON 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// A random sample to read through 抽样通读
    Review(ReviewArgs),
    /// Make one a case of an evaluation 变成评测用例
    Promote(promote::PromoteArgs),
    /// Counts, rates and latencies 统计
    Stats {
        /// Of the last days only 最近几天
        #[arg(long, value_name = "N", value_parser = number::days(), allow_negative_numbers = true)]
        days: Option<u64>,
        /// Print JSON 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// All entries as JSON Lines 导出
    Export {
        /// Of the last days only 最近几天
        #[arg(long, value_name = "N", value_parser = number::days(), allow_negative_numbers = true)]
        days: Option<u64>,
    },
    /// Remove all entries and kept answers 清空
    Clear {
        /// Do it 确认
        #[arg(long, required = true)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct ReviewArgs {
    /// How many 条数
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number::count(), allow_negative_numbers = true)]
    number: usize,
    /// Another sample 随机种子
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Only those rated down 只看差评
    #[arg(long)]
    down: bool,
    /// Only abstentions 只看拒答
    #[arg(long)]
    abstained: bool,
    /// Only answers with a sentence that no source supports 只看有无依据句子的
    #[arg(long)]
    unsupported: bool,
    /// Only where no whole answer came 只看出错的
    #[arg(long)]
    errors: bool,
}

pub fn run(args: LogArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action {
        None => list(&engine.log_last(args.number)?, args.json, lang),
        Some(Action::Show { entry, json: true }) => {
            render::json(&engine.logged(&entry)?)?;
            Ok(Outcome::Done)
        }
        Some(Action::Show { entry, json: false }) => {
            show(&mut render::stdout(), &engine.logged(&entry)?, lang)?;
            Ok(Outcome::Done)
        }
        Some(Action::Review(args)) => review(engine.log(None)?, &args, lang),
        Some(Action::Promote(args)) => promote::run(args, engine, lang),
        Some(Action::Stats { days, json: true }) => {
            render::json(&engine.log_stats(days)?)?;
            Ok(Outcome::Done)
        }
        Some(Action::Stats { days, json: false }) => stats(&engine.log_stats(days)?, lang),
        Some(Action::Export { days }) => {
            for logged in engine.log(days)? {
                render::json(&logged)?;
            }
            Ok(Outcome::Done)
        }
        Some(Action::Clear { .. }) => {
            let count = engine.clear_log()?;
            render::note(&lang.pick(format!("已删除 {count} 条"), format!("{count} entries removed")));
            Ok(Outcome::Done)
        }
    }
}

fn nothing(lang: Lang) -> Run {
    render::note(lang.pick("没有这样的条目", "no such entries"));
    Ok(Outcome::Nothing)
}

fn list(last: &[Logged], json: bool, lang: Lang) -> Run {
    if last.is_empty() {
        return nothing(lang);
    }
    let mut out = render::stdout();
    for logged in last {
        if json {
            render::json(logged)?;
            continue;
        }
        let Logged { id, time, entry, .. } = logged;
        let question: String = entry.question.chars().take(QUESTION_CHARS).collect();
        let question = padded(&render::line(&question), 2 * QUESTION_CHARS);
        writeln!(out, "{id:>5} {DIM}{time}{DIM:#} {question} {}", result(logged, lang))?;
    }
    Ok(Outcome::Done)
}

/// What came of it, in a word or two.
fn result(Logged { entry, feedback, .. }: &Logged, lang: Lang) -> String {
    let outcome = match &entry.reason {
        Some(reason) if entry.abstained => lang.pick(format!("拒答 {reason}"), format!("abstained {reason}")),
        Some(reason) if entry.is_missing() => lang.pick(format!("出错 {reason}"), format!("failed {reason}")),
        _ if entry.cached => lang.pick("复用", "kept").into(),
        _ if entry.extracted => lang.pick("摘句", "quoted").into(),
        _ => lang.pick("已答", "answered").into(),
    };
    let doubted = match entry.doubted() {
        0 => String::new(),
        count => lang.pick(format!(",{count} 句无依据"), format!(", {count} unsupported")),
    };
    let rated = match feedback.as_ref().map(|feedback| feedback.rating) {
        Some(Rating::Up) => " +",
        Some(Rating::Down) => " -",
        None => "",
    };
    format!("{outcome}{doubted}{rated}")
}

fn show(out: &mut impl Write, logged: &Logged, lang: Lang) -> std::io::Result<()> {
    let Logged { id, time, entry, feedback, .. } = logged;
    writeln!(out, "{BOLD}{id} {}{BOLD:#} {DIM}{time}{DIM:#} {}", entry.question, result(logged, lang))?;
    if let Some(answer) = &entry.answer {
        writeln!(out, "{answer}")?;
    }
    for sentence in entry.sentences.as_array().into_iter().flatten() {
        if entry.answer.is_none() {
            writeln!(out, "{DIM}{}: {}{DIM:#}", sentence["verdict"].as_str().unwrap_or_default(), sentence["text"])?;
        }
    }
    if let Some(error) = &entry.error {
        writeln!(out, "{error}")?;
    }
    let rows = [
        ("plan", format!("{} {:?}", entry.kind, entry.queries)),
        ("index", format!("{} generation {}, {}", entry.collection, entry.generation, entry.mode)),
        ("answerable", format!("{:.3}", entry.answerable)),
        ("prompt", format!("{} {}", entry.template, entry.prompt)),
        ("model", format!("{} {}", entry.model, entry.endpoint)),
        ("tokens", format!("{} + {}", number(entry.tokens.prompt), number(entry.tokens.completion))),
        ("ms", format!("{:.0} retrieve, {:.0} total", entry.retrieve_ms, entry.total_ms)),
    ];
    for (name, value) in rows {
        writeln!(out, "  {DIM}{name:<11}{DIM:#}{}", value.trim())?;
    }
    for hit in &entry.hits {
        let place = render::place(&hit.path, hit.lines);
        let (rank, heading, chunk, relevance) = (hit.rank, render::line(&hit.heading), &hit.chunk, hit.relevance);
        writeln!(out, "  [{rank}] {heading}  {DIM}{place} {chunk} {relevance:.3}{DIM:#}")?;
        let cited = entry.citations.as_array().into_iter().flatten();
        for citation in cited.filter(|citation| citation["chunk"] == hit.chunk.as_str()) {
            writeln!(out, "      {}", citation["quote"].as_str().unwrap_or_default())?;
        }
    }
    if let Some(feedback) = feedback {
        let fix = feedback.fix.as_deref().unwrap_or_default();
        writeln!(out, "  {DIM}feedback{DIM:#}   {} {fix}", feedback.rating.name())?;
    }
    Ok(())
}

fn number(count: Option<u32>) -> String {
    count.map_or("-".into(), |count| count.to_string())
}

fn review(mut all: Vec<Logged>, args: &ReviewArgs, lang: Lang) -> Run {
    let is_down = |logged: &Logged| logged.feedback.as_ref().is_some_and(|feedback| feedback.rating == Rating::Down);
    all.retain(|logged| {
        (!args.down || is_down(logged))
            && (!args.abstained || logged.entry.abstained)
            && (!args.unsupported || logged.entry.doubted() > 0)
            && (!args.errors || logged.entry.is_missing())
    });
    if all.is_empty() {
        return nothing(lang);
    }
    fastrand::Rng::with_seed(args.seed).shuffle(&mut all);
    all.truncate(args.number);
    all.sort_by_key(|logged| logged.id);
    let mut out = render::stdout();
    for logged in &all {
        show(&mut out, logged, lang)?;
        writeln!(out)?;
    }
    Ok(Outcome::Done)
}

fn stats(stats: &Stats, lang: Lang) -> Run {
    if stats.asked == 0 {
        return nothing(lang);
    }
    let mut out = render::stdout();
    let share = |count: usize| format!("{count:>6} {:>5.1} %", 100.0 * count as f64 / stats.asked as f64);
    let rows = [
        ("提问", "asked", stats.asked),
        ("已答", "answered", stats.answered),
        ("其中摘句", "of these quoted", stats.extracted),
        ("其中有无依据的句子", "with unsupported sentences", stats.doubted),
        ("其中复用", "kept from before", stats.cached),
        ("拒答", "abstained", stats.abstained),
        ("出错", "failed", stats.missing),
        ("好评", "rated up", stats.up),
        ("差评", "rated down", stats.down),
    ];
    for (zh, en, count) in rows {
        writeln!(out, "{} {}", padded(lang.pick(zh, en), 28), share(count))?;
    }
    for (reason, count) in &stats.reasons {
        writeln!(out, "  {} {}", padded(reason, 26), share(*count))?;
    }
    let rate = stats.hit_rate.map_or("-".into(), |rate| format!("{:.1} %", 100.0 * rate));
    writeln!(out, "{} {rate:>14}", padded(lang.pick("回答复用率", "answers kept, hit rate"), 28))?;
    let times = [
        ("检索 ms", "retrieve ms", stats.retrieve_ms),
        ("首词元 ms", "first token ms", stats.first_token_ms),
        ("全程 ms", "total ms", stats.total_ms),
        ("提示词元", "prompt tokens", stats.prompt_tokens),
        ("回答词元", "completion tokens", stats.completion_tokens),
    ];
    for (zh, en, percentiles) in times {
        if let Some(Percentiles { p50, p95 }) = percentiles {
            writeln!(out, "{} p50 {p50:>7.0}  p95 {p95:>7.0}", padded(lang.pick(zh, en), 28))?;
        }
    }
    Ok(Outcome::Done)
}
