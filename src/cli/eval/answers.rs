//! `rag eval answers`.

use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Flags, Outcome, Run, set};
use super::Bars;
use crate::engine::Engine;
use crate::error::IoContext;
use crate::eval::{self, Asked, ReportCard, Share};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

const QUESTION_CHARS: usize = 40;

#[derive(Debug, Args)]
pub struct AnswersArgs {
    /// Folder of the suite, with answers.jsonl 评测集目录
    suite: PathBuf,
    /// dev or test, as the suite has them 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Answer with sentences of the sources, without a model 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Write every question with its answer, one JSON a line, as it is asked 逐条结果
    #[arg(long, value_name = "FILE")]
    asked: Option<PathBuf>,
    /// Print the report card as JSON 成绩单输出 JSON
    #[arg(long)]
    json: bool,
}

impl AnswersArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.extractive", self.extractive.then_some(true));
    }
}

pub fn run(args: AnswersArgs, engine: &Engine, lang: Lang) -> Run {
    let mut file = match &args.asked {
        Some(path) => Some((std::fs::File::create(path).at("create", path)?, path)),
        None => None,
    };
    let mut written = Ok(());
    let mut bars = Bars::new(lang);
    let on_asked = &mut |asked: &Asked| {
        if let Some((file, path)) = &mut file
            && written.is_ok()
        {
            written = serde_json::to_string(asked)
                .map_err(Into::into)
                .and_then(|line| writeln!(file, "{line}"))
                .at("write", *path);
        }
    };
    let outcome = eval::ask_all(&args.suite, args.split.as_deref(), engine, &mut |on| bars.show("", on), on_asked);
    bars.clear();
    let (all, card) = outcome?;
    written?;
    if args.json {
        render::json(&card)?;
    } else {
        show(&all, &card, lang)?;
    }
    Ok(Outcome::Done)
}

fn show(all: &[Asked], card: &ReportCard, lang: Lang) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    for Asked { id, question, failures, .. } in all.iter().filter(|asked| !asked.passed) {
        let question: String = question.chars().take(QUESTION_CHARS).collect();
        writeln!(out, "{id} {question} {DIM}{}{DIM:#}", failures.join(" · "))?;
    }
    let ReportCard { suite, split, questions, .. } = card;
    let count = lang.pick(format!("{questions} 个问题"), format!("{questions} questions"));
    writeln!(out, "{BOLD}{suite} {split}{BOLD:#} {count}")?;
    let rows = [
        ("断言全部成立", "all assertions hold", card.pass),
        ("有核对过的引用", "with a checked citation", card.cited),
        ("没有撤回的标记", "no marker taken back", card.nothing_withdrawn),
        ("误拒", "false refusal", card.false_refusal),
        ("拒答召回", "refusal recall", card.refusal_recall),
        ("拒答精确", "refusal precision", card.refusal_precision),
    ];
    for (zh, en, share) in rows {
        writeln!(out, "{} {}", padded(lang.pick(zh, en), 24), words(share))?;
    }
    for (slice, share) in &card.slices {
        writeln!(out, "{} {}", padded(slice, 24), words(*share))?;
    }
    let first = card.first_token_p50_ms.map_or(String::new(), |ms| format!("{ms:.0} ms, "));
    writeln!(
        out,
        "{} {first}{:.0} ms",
        padded(lang.pick("首词元、全程,中位", "first token, total, p50"), 24),
        card.total_p50_ms
    )?;
    Ok(())
}

fn words(Share { value, ci95: [low, high], of }: Share) -> String {
    match of {
        0 => "-".into(),
        _ => format!("{:>5.1} %  [{:.1}, {:.1}]  n={of}", 100.0 * value, 100.0 * low, 100.0 * high),
    }
}
