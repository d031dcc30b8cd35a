//! `rag eval rgb`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Flags, Outcome, Run, set};
use super::card;
use crate::engine::Engine;
use crate::error::Error;
use crate::eval::{self, Progress, RgbAbility, RgbOptions, RgbReport};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct RgbArgs {
    /// Folder with rag_tasks.jsonl and corpus.jsonl 任务目录
    folder: PathBuf,
    /// noise, rejection, integration, counterfactual 测哪些能力
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "noise,rejection,integration,counterfactual"
    )]
    kinds: Vec<String>,
    /// Shares of passages that do not hold the answer; integration goes up to 0.4 as in the paper 噪声比例
    #[arg(long, value_name = "SHARES", value_delimiter = ',', default_value = "0,0.2,0.4,0.6,0.8")]
    ratios: Vec<f64>,
    /// Only the first N questions of each kind 每类只问前 N 题
    #[arg(long, value_name = "N", value_parser = super::super::number::questions(), allow_negative_numbers = true)]
    limit: Option<usize>,
    /// Draws the passages 抽段落的种子
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Answer with sentences of the passages, without a model 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Write every answer, one JSON a line, as it comes; a file that is there already is gone on with 逐条结果,可接着跑
    #[arg(long, value_name = "FILE")]
    asked: Option<PathBuf>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl RgbArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.extractive", self.extractive.then_some(true));
    }
}

pub fn run(args: RgbArgs, engine: &Engine, lang: Lang) -> Run {
    let abilities = args.kinds.iter().map(|name| name.parse::<RgbAbility>().map_err(Error::from));
    let abilities = abilities.collect::<Result<Vec<_>, _>>()?;
    if let Some(ratio) = args.ratios.iter().find(|ratio| !(0.0..=1.0).contains(*ratio)) {
        anyhow::bail!(
            lang.pick(format!("噪声比例 {ratio} 不在 0 到 1 之间"), format!("{ratio} is no share between 0 and 1"))
        );
    }
    let options = RgbOptions { abilities, ratios: args.ratios, limit: args.limit, seed: args.seed };
    let mut bars = Bars::new(lang);
    let on = &mut |system: &str, done, total| bars.show("", Progress::Searched { system, done, total });
    let outcome = eval::rgb(&args.folder, &options, engine, args.asked.as_deref(), on);
    bars.clear();
    let (_, report) = outcome?;
    if args.json {
        render::json(&report)?;
    } else {
        show(&report, lang)?;
    }
    Ok(Outcome::Done)
}

fn show(report: &RgbReport, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let model = report.model.as_deref().unwrap_or_default();
    writeln!(out, "{BOLD}RGB{BOLD:#} {DIM}seed {} {model}{DIM:#}", report.seed)?;
    for cell in &report.cells {
        let name = format!("{} {:.1}", cell.ability.name(), cell.ratio);
        writeln!(out, "{BOLD}{name}{BOLD:#}")?;
        let mut rows = vec![
            (lang.pick("全部答中", "all expected stands there"), card::share_words(cell.exact)),
            (lang.pick("答中的部分,均值", "share of it, mean"), format!("{:>5.1} %", 100.0 * cell.partial)),
            (lang.pick("拒答", "refused"), card::share_words(cell.rejected)),
        ];
        rows.extend(cell.fake.map(|share| (lang.pick("照抄假答案", "fake repeated"), card::share_words(share))));
        rows.extend(
            cell.corrected.map(|share| (lang.pick("只给真答案", "true and not fake"), card::share_words(share))),
        );
        for (label, words) in rows {
            writeln!(out, "  {} {words}", padded(label, card::NAME_COLUMNS - 2))?;
        }
        if cell.missing > 0 {
            writeln!(
                out,
                "  {} {}",
                padded(lang.pick("没有答完", "no whole answer"), card::NAME_COLUMNS - 2),
                cell.missing
            )?;
        }
    }
    Ok(())
}
