//! `rag diagnose`: the exact prompt of a question, and where it failed.

use super::bars::Bars;
use super::render::{self, BOLD, DIM, padded};
use super::{Flags, Outcome, Run, number, set};
use crate::engine::{Engine, Verdict};
use crate::eval::{self, Diagnosis, DiagnosisLabel};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

const DOC_COLUMNS: usize = 30;
const RANK_COLUMNS: usize = 8;

#[derive(Debug, Args)]
pub struct DiagnoseArgs {
    /// Folder of the suite, with answers.jsonl 评测集目录
    suite: PathBuf,
    /// Id or text of a topic 查询编号或原文
    topic: String,
    /// dev or test, where the topic is to be looked for 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Passages given to the model 段落数
    #[arg(short = 'n', long, value_name = "N", value_parser = number::count(), allow_negative_numbers = true)]
    passages: Option<usize>,
    /// Answer with sentences of the sources, without a model 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl DiagnoseArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.passages", self.passages);
        set(flags, "chat.extractive", self.extractive.then_some(true));
    }
}

pub fn run(args: DiagnoseArgs, engine: &Engine, lang: Lang) -> Run {
    let mut bars = Bars::new(lang);
    let on = &mut |progress: eval::Progress<'_>| bars.show("", progress);
    let diagnosis = eval::diagnose(&args.suite, &args.topic, args.split.as_deref(), engine, on);
    bars.clear();
    let diagnosis = diagnosis?;
    if args.json {
        render::json(&diagnosis)?;
    } else {
        show(&diagnosis, lang)?;
    }
    Ok(if diagnosis.label == DiagnosisLabel::Passed { Outcome::Done } else { Outcome::Nothing })
}

fn show(diagnosis: &Diagnosis, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let title = |out: &mut dyn Write, zh, en| writeln!(out, "{DIM}--- {}{DIM:#}", lang.pick(zh, en));
    let Diagnosis { id, question, history, queries, label, failures, .. } = diagnosis;
    writeln!(out, "{BOLD}{question}{BOLD:#} {DIM}{id}{DIM:#}")?;
    for earlier in history {
        writeln!(out, "{DIM}{} {earlier}{DIM:#}", lang.pick("前面问过:", "asked before:"))?;
    }
    for query in queries.iter().filter(|query| *query != question) {
        writeln!(out, "{DIM}{} {query}{DIM:#}", lang.pick("也检索:", "searched for, too:"))?;
    }
    title(&mut out, "提示", "prompt")?;
    messages(&mut out, diagnosis, lang)?;
    title(&mut out, "必需的文档", "required documents")?;
    required(&mut out, diagnosis, lang)?;
    title(&mut out, "给出的段落", "passages given")?;
    for (index, passage) in diagnosis.given.iter().enumerate() {
        writeln!(out, "[{}] {passage}", index + 1)?;
    }
    if diagnosis.left_out > 0 {
        let left_out = diagnosis.left_out;
        writeln!(out, "{}", lang.pick(format!("{left_out} 段放不下"), format!("{left_out} passages did not fit")))?;
    }
    title(&mut out, "答案", "answer")?;
    answer(&mut out, diagnosis, lang)?;
    title(&mut out, "结论", "diagnosis")?;
    for failure in failures {
        let place = diagnosis.elsewhere.iter().find(|elsewhere| elsewhere.assertion == *failure);
        let place = place.map_or(String::new(), |place| match (&place.chunk, place.rank) {
            (Some(chunk), Some(rank)) => {
                lang.pick(format!("(在 {chunk},第 {rank} 名)"), format!("(in {chunk}, rank {rank})"))
            }
            _ => lang.pick("(找到的段落里都没有)".into(), "(in nothing that was found)".into()),
        });
        writeln!(out, "{failure} {DIM}{place}{DIM:#}")?;
    }
    writeln!(out, "{BOLD}{}{BOLD:#}", label.about(lang))?;
    if *label != DiagnosisLabel::Passed {
        writeln!(out, "{} {}", lang.pick("下一步:", "next:"), label.next(lang))?;
    }
    Ok(())
}

fn messages(out: &mut impl Write, diagnosis: &Diagnosis, lang: Lang) -> std::io::Result<()> {
    let Some(messages) = diagnosis.messages.as_array() else {
        return writeln!(out, "{}", lang.pick("没有问模型", "no model was asked"));
    };
    writeln!(out, "{DIM}{}{DIM:#}", diagnosis.template.as_deref().unwrap_or_default())?;
    for message in messages {
        let part = |name: &str| message[name].as_str().unwrap_or_default();
        writeln!(out, "{DIM}[{}]{DIM:#}\n{}", part("role"), part("content"))?;
    }
    Ok(())
}

fn required(out: &mut impl Write, diagnosis: &Diagnosis, lang: Lang) -> std::io::Result<()> {
    let names = [lang.pick("词法", "lexical"), lang.pick("稠密", "dense"), lang.pick("最终", "last")];
    let head: String = names.iter().map(|name| padded(name, RANK_COLUMNS)).collect();
    writeln!(out, "{DIM}{}{head}{}{DIM:#}", padded("", DOC_COLUMNS), lang.pick("给了", "given"))?;
    for fate in &diagnosis.required {
        let rank = |rank: Option<u32>| padded(&rank.map_or("-".into(), |rank| format!("#{rank}")), RANK_COLUMNS);
        let ranks = [fate.lexical, fate.dense, fate.last].map(rank).concat();
        let given = if fate.given { lang.pick("是", "yes") } else { lang.pick("否", "no") };
        writeln!(out, "{}{ranks}{given}", padded(&fate.doc, DOC_COLUMNS))?;
    }
    Ok(())
}

fn answer(out: &mut impl Write, diagnosis: &Diagnosis, lang: Lang) -> std::io::Result<()> {
    let reason = diagnosis.reason.as_deref().unwrap_or_default();
    match &diagnosis.answer {
        Some(answer) => writeln!(out, "{answer} {DIM}{reason}{DIM:#}")?,
        None => writeln!(out, "{} {reason}", lang.pick("拒答:", "abstained:"))?,
    }
    // Of an abstention, nothing of what the model wrote was shown.
    let doubted = |sentence: &&crate::engine::Sentence| sentence.verdict == Verdict::Unsupported;
    for sentence in diagnosis.sentences.iter().filter(doubted) {
        writeln!(out, "{DIM}{} {} {:?}{DIM:#}", lang.pick("无依据:", "unsupported:"), sentence.text, sentence.faults)?;
    }
    Ok(())
}
