//! `rag eval tune`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Outcome, Run};
use crate::engine::{Calibrations, Engine, read_calibrations};
use crate::error::IoContext;
use crate::eval::{self, Answerable, Role, Suite};
use crate::files::replace;
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Questions of another suite that are asked of each.
const STRANGERS_MAX: usize = 200;

#[derive(Debug, Args)]
pub struct TuneArgs {
    /// Folders of suites; their dev splits are used where there are any 评测集目录,优先用 dev
    #[arg(required = true)]
    suites: Vec<PathBuf>,
    /// Suites that must not fall below their better leg, and teach nothing else 只许不降的评测集
    #[arg(long, value_name = "DIR", num_args = 1..)]
    guard: Vec<PathBuf>,
    /// Write the calibration to a file for search.calibration; other embedders' stay in it 写出校准文件
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: TuneArgs, engine: &Engine, lang: Lang) -> Run {
    let mut bars = Bars::new(lang);
    let (mut pools, mut embedder) = (Vec::new(), String::new());
    let suites = args.suites.iter().map(|folder| Suite::read(folder, None)).collect::<Result<Vec<_>, _>>()?;
    let guards = args.guard.iter().map(|folder| Suite::read(folder, None)).collect::<Result<Vec<_>, _>>()?;
    let learning = suites.iter().enumerate().map(|(at, suite)| (suite, role(at, &suites)));
    let guarding = guards.iter().map(|suite| (suite, Role { is_guard: true, strangers: Vec::new() }));
    for (suite, role) in learning.chain(guarding) {
        let found = eval::pools(suite, &role, engine, &mut |progress| bars.show(&suite.name, progress));
        bars.clear();
        let (name, pool) = found?;
        embedder = name;
        pools.push(pool);
    }
    let outcome =
        eval::tune(&pools, &mut |done, total| bars.count(lang.pick("试参数", "trying settings"), done, total));
    bars.clear();
    let outcome = outcome?;
    if let Some(path) = &args.write {
        let known = if path.is_file() { read_calibrations(path)? } else { Calibrations::new() };
        replace(path, eval::calibration_file(known, &embedder, &outcome).as_bytes()).at("write", path)?;
    }
    if args.json {
        render::json(&outcome)?;
    } else {
        show(&outcome, &embedder, lang)?;
    }
    Ok(Outcome::Done)
}

/// The next suite's questions are strangers to this one.
fn role(at: usize, suites: &[Suite]) -> Role {
    let next = &suites[(at + 1) % suites.len()];
    let strangers = next.topics.iter().take(STRANGERS_MAX).filter(|_| suites.len() > 1);
    Role { is_guard: false, strangers: strangers.map(|topic| topic.text.clone()).collect() }
}

fn show(outcome: &eval::Tuning, embedder: &str, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let head = ["lexical", "dense", "rrf", "fused", lang.pick("留一", "left out")];
    let columns: String = head.iter().map(|column| padded(column, 9)).collect();
    writeln!(out, "{DIM}{}{} {columns}{DIM:#}", padded("", 16), padded(lang.pick("查询", "topics"), 6))?;
    for tuned in &outcome.suites {
        let values = [Some(tuned.lexical), Some(tuned.dense), Some(tuned.rrf), Some(tuned.fused), tuned.left_out];
        let values: String =
            values.iter().map(|value| padded(&value.map_or("-".into(), |value| format!("{value:.4}")), 9)).collect();
        let words = tuned.against_better_leg.words(lang);
        writeln!(
            out,
            "{}{} {values}{DIM}{words}{DIM:#}",
            padded(&tuned.suite, 16),
            padded(&tuned.topics.to_string(), 6)
        )?;
    }
    writeln!(out, "{}", outcome.over_suites.words(lang))?;
    answerable(&mut out, &outcome.answerable, lang)?;
    let eval::Calibration { scale, gap, trust, exact, relevance, .. } = outcome.calibration;
    writeln!(out, "{BOLD}[{embedder}]{BOLD:#} scale = {scale:.1}  gap = {gap:.4}  trust = {trust}  exact = {exact}")?;
    let eval::Relevance { floor, coverage, cosine } = relevance;
    writeln!(
        out,
        "floor = {floor:.3}  coverage: {:.2}, slope {:.1}  cosine: {:.3}, slope {:.1}",
        coverage.middle, coverage.slope, cosine.middle, cosine.slope
    )?;
    Ok(())
}

/// Left out where there is another suite; the shares are below the floor.
fn answerable(out: &mut impl Write, judged: &[Answerable], lang: Lang) -> anyhow::Result<()> {
    let head = match lang {
        Lang::Zh => ["藏起答案", "外来问题", "误拒", "拒:藏起", "拒:外来"],
        Lang::En => ["hidden", "strangers", "refused", "hidden", "strangers"],
    };
    let head: String = head.iter().map(|column| padded(column, 10)).collect();
    writeln!(out, "{DIM}{}{} AUROC {head}{DIM:#}", padded("", 16), padded(lang.pick("可答", "topics"), 6))?;
    for of in judged {
        let area = |value: Option<f64>| padded(&value.map_or("-".into(), |value| format!("{value:.3}")), 10);
        let share =
            |value: Option<f64>| padded(&value.map_or("-".into(), |value| format!("{:.1}%", 100.0 * value)), 10);
        writeln!(
            out,
            "{}{}       {}{}{}{}{}",
            padded(&of.suite, 16),
            padded(&of.topics.to_string(), 6),
            area(of.auroc_hidden),
            area(of.auroc_strangers),
            share(Some(of.false_refusal)),
            share(Some(of.refused_hidden)),
            share(of.refused_strangers)
        )?;
    }
    Ok(())
}
