//! `rag eval stress`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Outcome, Run};
use crate::engine::Engine;
use crate::eval::{self, Verdict};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct StressArgs {
    /// Folder with cases.jsonl 目录
    #[arg(default_value = "evals/stress")]
    folder: PathBuf,
    /// Only the cases of this class 类别
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Print every verdict as JSON, one a line 输出 JSON
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a class passes fewer cases than expected.toml says 低于预期则退出码为 1
    #[arg(long)]
    gate: bool,
}

pub fn run(args: StressArgs, engine: &Engine, lang: Lang) -> Run {
    let mut cases = eval::read_cases(&args.folder)?;
    cases.retain(|case| args.class.as_ref().is_none_or(|class| case.class == *class));
    let mut bars = Bars::new(lang);
    let verdicts = eval::stress(&cases, engine, &mut |progress| bars.show("", progress));
    bars.clear();
    let verdicts = verdicts?;
    let tallies = eval::tally(&verdicts);
    let mut out = render::stdout();
    if args.json {
        for verdict in &verdicts {
            writeln!(out, "{}", serde_json::to_string(verdict)?)?;
        }
    } else {
        for verdict in verdicts.iter().filter(|verdict| !verdict.passed) {
            let Verdict { id, mode, query, first, ranked, why, .. } = verdict;
            let shown: String = query.chars().take(40).collect();
            writeln!(out, "{id} {mode} {BOLD}{shown}{BOLD:#} {first} ← {} {DIM}{why}{DIM:#}", ranked.join(" "))?;
        }
        for (class, modes) in &tallies {
            let modes = modes.iter().map(|(mode, tally)| format!("{mode} {}/{}", tally.passed, tally.cases));
            writeln!(out, "{} {}", padded(class, 12), modes.collect::<Vec<_>>().join("  "))?;
        }
    }
    let mut regressed = false;
    for (class, modes) in eval::expected(&args.folder)?.iter().filter(|_| args.gate) {
        for (mode, expected) in modes {
            let Some(tally) = tallies.get(class).and_then(|modes| modes.get(mode)) else { continue };
            if tally.passed < *expected {
                regressed = true;
                let passed = tally.passed;
                render::warning(&lang.pick(
                    format!("{class} {mode} 通过 {passed} 例,预期 {expected}"),
                    format!("{class} {mode} passes {passed} cases, expected {expected}"),
                ));
            }
        }
    }
    Ok(if regressed { Outcome::Nothing } else { Outcome::Done })
}
