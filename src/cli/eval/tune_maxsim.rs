//! `rag eval tune-maxsim`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Outcome, Run};
use crate::engine::{Engine, EngineProblem, read_calibrations};
use crate::error::IoContext;
use crate::eval::{self, Suite, TunedMaxSim};
use crate::files::replace;
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct TuneMaxSimArgs {
    /// Folders of suites; their dev splits are used where there are any 评测集目录,优先用 dev
    #[arg(required = true)]
    suites: Vec<PathBuf>,
    /// Topics of each suite, spread evenly 每个评测集取多少条
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = super::super::number::questions(), allow_negative_numbers = true)]
    topics: usize,
    /// Set it in a file that rag eval tune wrote 写进校准文件
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: TuneMaxSimArgs, engine: &Engine, lang: Lang) -> Run {
    let mut bars = Bars::new(lang);
    let mut read = Vec::new();
    for folder in &args.suites {
        let suite = Suite::read(folder, None)?;
        let found = eval::reread(&suite, args.topics.max(1), engine, &mut |progress| bars.show(&suite.name, progress));
        bars.clear();
        read.push(found?);
    }
    let tuning = eval::tune_maxsim(&read)?;
    if let Some(path) = &args.write {
        let embedder = engine.config().text("index.embedder");
        let mut known = read_calibrations(path)?;
        let calibration =
            known.get_mut(embedder).ok_or_else(|| EngineProblem::UnknownEmbedder { name: embedder.into() });
        calibration.map_err(crate::error::Error::from)?.maxsim = tuning.points;
        replace(path, eval::calibrations_file(&known).as_bytes()).at("write", path)?;
    }
    if args.json {
        render::json(&tuning)?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    for TunedMaxSim { suite, topics, before, after, left_out, change } in &tuning.suites {
        let left_out = left_out.map_or("-".into(), |value| format!("{value:.4}"));
        let words = change.words(lang);
        writeln!(out, "{}{topics:<6} {before:.4}  {after:.4}  {left_out}  {DIM}{words}{DIM:#}", padded(suite, 16))?;
    }
    writeln!(out, "{BOLD}maxsim = {}{BOLD:#}", tuning.points)?;
    Ok(Outcome::Done)
}
