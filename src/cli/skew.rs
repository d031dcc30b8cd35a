//! `rag skew`.

use super::bars::Bars;
use super::render::{self, BOLD, DIM, padded};
use super::{Outcome, Run};
use crate::engine::Engine;
use crate::eval::{self, Mix, Skew};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct SkewArgs {
    /// Folder of the suite 评测集目录
    suite: PathBuf,
    /// One split of it; all without 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Of the last days only 最近几天
    #[arg(long, value_name = "N", value_parser = super::number::days(), allow_negative_numbers = true)]
    days: Option<u64>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: SkewArgs, engine: &Engine, lang: Lang) -> Run {
    let mut bars = Bars::new(lang);
    let on = &mut |done, total| bars.count(lang.pick("看问题", "reading questions"), done, total);
    let skew = eval::skew(engine, &args.suite, args.split.as_deref(), args.days, on);
    bars.clear();
    let skew = skew?;
    if args.json {
        render::json(&skew)?;
    } else {
        show(&skew, lang)?;
    }
    Ok(if skew.log > 0 { Outcome::Done } else { Outcome::Nothing })
}

fn show(skew: &Skew, lang: Lang) -> std::io::Result<()> {
    let mut out = render::stdout();
    let Skew { suite, log, asked, length, mixes, .. } = skew;
    let columns = (lang.pick("日志", "log"), lang.pick("评测集", "suite"));
    writeln!(
        out,
        "{BOLD}{} {}  {}{BOLD:#}",
        padded(suite, 26),
        render::flush_right(columns.0, 16),
        render::flush_right(columns.1, 16)
    )?;
    writeln!(out, "{} {log:>16}  {asked:>16}", padded(lang.pick("问题数", "questions"), 26))?;
    for (name, log, suite) in [
        ("p10", length.log.p10, length.suite.p10),
        ("p50", length.log.p50, length.suite.p50),
        ("p90", length.log.p90, length.suite.p90),
    ] {
        writeln!(out, "{} {log:>16}  {suite:>16}", padded(&format!("{} {name}", lang.pick("字数", "characters")), 26))?;
    }
    for Mix { name, groups, distance, p, .. } in mixes {
        writeln!(out, "{BOLD}{name}{BOLD:#} {DIM}{} {distance:.2}, p {p:.3}{DIM:#}", lang.pick("距离", "distance"))?;
        for group in groups.iter().filter(|group| group.log.count + group.suite.count > 0) {
            let share = |count: eval::Count| format!("{:>8} {:>5.1} %", count.count, 100.0 * count.share);
            writeln!(out, "  {} {}  {}", padded(group.name, 24), share(group.log), share(group.suite))?;
        }
    }
    writeln!(out)?;
    for words in skew.words(lang) {
        writeln!(out, "{words}")?;
    }
    Ok(())
}
