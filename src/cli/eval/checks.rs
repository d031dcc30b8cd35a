//! `rag eval checks`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Outcome, Run};
use crate::engine::Engine;
use crate::eval::{self, CheckReport, Checker, Label, Progress};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ChecksArgs {
    /// Labelled pairs of a sentence and a passage 带标注的句子与段落
    #[arg(default_value = "evals/checks/pairs.jsonl")]
    pairs: PathBuf,
    /// dev or test 数据划分
    #[arg(long, value_name = "NAME", default_value = "dev")]
    split: String,
    /// Have the chat model check, instead of the check of words that answers are checked by 改由对话模型核对
    #[arg(long)]
    by_model: bool,
    /// Print every verdict as JSON, one a line 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: ChecksArgs, engine: &Engine, lang: Lang) -> Run {
    let by = if args.by_model { Checker::Model } else { Checker::Words };
    let mut bars = Bars::new(lang);
    let on = &mut |done, total| bars.show("", Progress::Searched { system: "checks", done, total });
    let checked = eval::check_pairs(&args.pairs, &args.split, by, engine, on);
    bars.clear();
    let (verdicts, report) = checked?;
    if args.json {
        for verdict in &verdicts {
            render::json(verdict)?;
        }
        render::json(&report)?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    for verdict in verdicts.iter().filter(|verdict| verdict.is_supported != (verdict.label == Label::Supported)) {
        writeln!(
            out,
            "{} {} {} {DIM}{}{DIM:#}",
            verdict.id,
            padded(&verdict.kind, 9),
            verdict.sentence,
            verdict.faults.join(" ")
        )?;
    }
    let CheckReport { split, pairs, precision, precision_ci95, recall, recall_ci95, kinds } = &report;
    writeln!(out, "{BOLD}{split}{BOLD:#} {}", lang.pick(format!("{pairs} 对"), format!("{pairs} pairs")))?;
    let mut row = |name: &str, value: f64, [low, high]: [f64; 2]| {
        writeln!(out, "{} {value:.3} [{low:.3}, {high:.3}]", padded(name, 12))
    };
    row(lang.pick("精确", "precision"), *precision, *precision_ci95)?;
    row(lang.pick("召回", "recall"), *recall, *recall_ci95)?;
    for (kind, (share, count)) in kinds {
        writeln!(out, "{} {share:.3}  n={count}", padded(kind, 12))?;
    }
    Ok(Outcome::Done)
}
