//! `rag eval ablate`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Flags, Outcome, Run, set};
use super::answers::SelectionArgs;
use super::{card, metric};
use crate::engine::Engine;
use crate::error::IoContext;
use crate::eval::{Ablation, AblationKind, AnswersOutcome};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

const NAME_COLUMNS: usize = 24;

#[derive(Debug, Args)]
pub struct AblateArgs {
    /// suite, split, kind (retrieval, or answers), system, and [[row]]s with name and set = {"search.rrf_k" = 10} 消融文件
    file: PathBuf,
    /// What is compared; of rankings 指标
    #[arg(long, value_name = "NAME", default_value = "ndcg@10")]
    metric: String,
    /// Which questions; of answers 问哪些题
    #[command(flatten)]
    selection: SelectionArgs,
    /// Answer with sentences of the sources, without a model; of answers 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Keep the answers of each row in this folder; what is there already is gone on with 每行的逐条结果目录,可接着跑
    #[arg(long, value_name = "DIR")]
    asked: Option<PathBuf>,
    /// Print JSON, one row a line 输出 JSON
    #[arg(long)]
    json: bool,
}

impl AblateArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.extractive", self.extractive.then_some(true));
    }
}

pub fn run(args: AblateArgs, engine: &Engine, lang: Lang) -> Run {
    let ablation = Ablation::read(&args.file)?;
    match ablation.kind() {
        AblationKind::Retrieval => retrieval(&args, &ablation, engine, lang),
        AblationKind::Answers => answers(&args, &ablation, engine, lang),
    }
}

fn retrieval(args: &AblateArgs, ablation: &Ablation, engine: &Engine, lang: Lang) -> Run {
    let metric = metric(&args.metric)?;
    let mut bars = Bars::new(lang);
    let outcomes = ablation.run(engine, metric, &mut |row, progress| bars.show(row, progress));
    bars.clear();
    let mut out = render::stdout();
    for outcome in outcomes? {
        if args.json {
            writeln!(out, "{}", serde_json::to_string(&outcome)?)?;
            continue;
        }
        let value = outcome.values[&args.metric];
        let words = outcome.comparison.map_or(String::new(), |comparison| comparison.words(lang));
        writeln!(out, "{} {value:.4}  {words}", padded(&outcome.name, NAME_COLUMNS))?;
    }
    Ok(Outcome::Done)
}

/// A row takes as long as all its questions: each is printed as it is done.
fn answers(args: &AblateArgs, ablation: &Ablation, engine: &Engine, lang: Lang) -> Run {
    ablation.check_names()?;
    if let Some(folder) = &args.asked {
        std::fs::create_dir_all(folder).at("create", folder)?;
    }
    let mut bars = Bars::new(lang);
    let mut written: anyhow::Result<()> = Ok(());
    let on_row = &mut |outcome: &AnswersOutcome| {
        if written.is_ok() {
            written = show(outcome, args.json, lang);
        }
    };
    let on = &mut |row: &str, progress: crate::eval::Progress<'_>| bars.show(row, progress);
    let outcomes = ablation.run_answers(engine, &args.selection.selection(), args.asked.as_deref(), on, on_row);
    bars.clear();
    outcomes?;
    written?;
    Ok(Outcome::Done)
}

fn show(outcome: &AnswersOutcome, json: bool, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(outcome)?)?;
        return Ok(());
    }
    let AnswersOutcome { name, card, differences } = outcome;
    let mean = |name: &str| card.all.quantities[name].map_or("-".into(), |spread| format!("{:.0}", spread.mean));
    let p50 = card.all.quantities["total_ms"].map_or("-".into(), |spread| format!("{:.0}", spread.p50));
    let tokens = lang.pick("提示词元", "prompt tokens");
    writeln!(
        out,
        "{BOLD}{}{BOLD:#} {}  {DIM}{tokens} {}  p50 {p50} ms{DIM:#}",
        padded(name, NAME_COLUMNS),
        card::share_words(card.all.shares["pass"]),
        mean("prompt_tokens"),
    )?;
    for (name, factor, is_good) in [("pass", 100.0, true), ("prompt_tokens", 1.0, false), ("total_ms", 1.0, false)] {
        if let Some(difference) = differences.get(name) {
            let words = card::difference_words(difference, factor, is_good, lang);
            writeln!(out, "{} {DIM}{name} {words}{DIM:#}", padded("", NAME_COLUMNS))?;
        }
    }
    Ok(())
}
