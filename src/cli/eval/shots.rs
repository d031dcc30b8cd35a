//! `rag eval shots`.

use super::super::render::{self, BOLD, padded};
use super::super::{Outcome, Run};
use crate::engine::Engine;
use crate::eval::{self, Distribution, Leak};
use crate::language::Lang;
use clap::Args;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ShotsArgs {
    /// Folder of the suite with splits dev and test 评测集目录
    #[arg(long, value_name = "DIR", default_value = "evals/essays")]
    suite: PathBuf,
    /// Exit with 1 if a shot stands in the test split or their types are not those of dev 有问题则退出码为 1
    #[arg(long)]
    check: bool,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: ShotsArgs, engine: &Engine, lang: Lang) -> Run {
    let reports = eval::check_shots(&args.suite, engine)?;
    if args.json {
        render::json(&reports)?;
    } else {
        let mut out = render::stdout();
        for report in &reports {
            let count = report.shots;
            let count = lang.pick(format!("{count} 个示例"), format!("{count} shots"));
            writeln!(out, "{BOLD}shots.{}{BOLD:#} {count}", report.lang)?;
            for distribution in &report.distributions {
                show(&mut out, distribution, lang)?;
            }
        }
    }
    for report in &reports {
        for Leak { shot, topic, shared } in &report.leaks {
            let file = format!("shots.{}", report.lang);
            render::warning(&lang.pick(
                format!("{file} 第 {shot} 个与 test 的 {topic} 相同:{shared}"),
                format!("{file}, shot {shot}: the test split's {topic} has it too: {shared}"),
            ));
        }
    }
    let is_sound = reports.iter().all(eval::ShotReport::is_sound);
    if !is_sound {
        render::note(lang.pick("示例不合要求", "the shots are not as they should be"));
    }
    Ok(if args.check && !is_sound { Outcome::Nothing } else { Outcome::Done })
}

/// One row a kind: share among the shots, share among the questions.
fn show(out: &mut impl Write, distribution: &Distribution, lang: Lang) -> std::io::Result<()> {
    let Distribution { questions, by, shots, asked, distance, .. } = distribution;
    writeln!(
        out,
        "{} / {questions} ({by}){} {distance:.2}",
        lang.pick("示例", "shots"),
        lang.pick(",差距", ", distance")
    )?;
    let kinds: BTreeSet<&String> = shots.keys().chain(asked.keys()).collect();
    for kind in kinds {
        let percent = |share: Option<&f64>| format!("{:>5.1} %", 100.0 * share.copied().unwrap_or_default());
        writeln!(out, "  {} {} {}", padded(kind, 10), percent(shots.get(kind)), percent(asked.get(kind)))?;
    }
    Ok(())
}
