//! `rag eval answers`.

use super::super::bars::Bars;
use super::super::render::{self, DIM};
use super::super::{Flags, Outcome, Run, number, set};
use super::card;
use crate::engine::Engine;
use crate::error::IoContext;
use crate::eval::{self, Asked, ReportCard, Selection};
use crate::files::replace;
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

const QUESTION_CHARS: usize = 40;

/// Which questions of a suite are asked.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// dev or test, as the suite has them 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Only questions of these types 只问这些类型
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    slices: Vec<String>,
    /// Only the first N questions of each type 每类只问前 N 题
    #[arg(long, value_name = "N", value_parser = number::questions(), allow_negative_numbers = true)]
    limit: Option<usize>,
    /// Ask each question so often 每题问几次
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number::times(), allow_negative_numbers = true)]
    repeat: u32,
}

impl SelectionArgs {
    pub fn selection(&self) -> Selection {
        let SelectionArgs { split, slices, limit, repeat } = self;
        Selection { split: split.clone(), slices: slices.clone(), limit: *limit, repeat: *repeat }
    }
}

#[derive(Debug, Args)]
pub struct AnswersArgs {
    /// Folder of the suite, with answers.jsonl 评测集目录
    #[arg(required_unless_present = "from")]
    suite: Option<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Answer with sentences of the sources, without a model 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Write every question with its answer, one JSON a line, as it is asked; a file that is there already is gone on with
    /// 逐条结果,可中断后接着跑
    #[arg(long, value_name = "FILE")]
    asked: Option<PathBuf>,
    /// The card of such a file, asking nobody 只按已有的逐条结果出成绩单
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "asked"])]
    from: Option<PathBuf>,
    /// Print the report card as JSON 成绩单输出 JSON
    #[arg(long)]
    json: bool,
    /// Write the report card as one HTML page, with every failed question 成绩单写成网页
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl AnswersArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.extractive", self.extractive.then_some(true));
    }
}

pub fn run(args: AnswersArgs, engine: &Engine, lang: Lang) -> Run {
    let (all, card) = match (&args.suite, &args.from) {
        (_, Some(path)) => eval::read_card(path)?,
        (suite, None) => {
            let suite = suite.as_ref().expect("clap requires one of the two");
            let mut bars = Bars::new(lang);
            let on = &mut |progress: eval::Progress<'_>| bars.show("", progress);
            let outcome = eval::ask_all(suite, &args.selection.selection(), engine, args.asked.as_deref(), on);
            bars.clear();
            outcome?
        }
    };
    if let Some(path) = &args.html {
        replace(path, eval::card_page(&card, &all, lang).as_bytes()).at("write", path)?;
    }
    if args.json {
        render::json(&card)?;
    } else {
        show(&all, &card, lang)?;
    }
    Ok(Outcome::Done)
}

fn show(all: &[Asked], card: &ReportCard, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    for Asked { id, question, failures, .. } in all.iter().filter(|asked| !asked.passed) {
        let question: String = question.chars().take(QUESTION_CHARS).collect();
        writeln!(out, "{id} {question} {DIM}{}{DIM:#}", failures.join(" · "))?;
    }
    card::show(&mut out, card, lang)?;
    Ok(())
}
