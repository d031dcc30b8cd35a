//! `rag doctor`.

use super::render::{self, padded};
use super::{Outcome, Run};
use crate::engine::{Engine, Grade};
use crate::language::Lang;
use clap::Args;
use std::io::Write;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Read every file of every collection and compare it with its checksum 逐个核对索引文件
    #[arg(long)]
    deep: bool,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: DoctorArgs, engine: &Engine, lang: Lang) -> Run {
    let findings = engine.doctor(args.deep, lang);
    let bad = findings.iter().any(|finding| finding.grade == Grade::Bad);
    if args.json {
        render::json(&findings)?;
    } else {
        let mut out = render::stdout();
        for finding in &findings {
            let (sign, style) = match finding.grade {
                Grade::Good => ("ok", render::Style::Good),
                Grade::Fair => ("--", render::Style::Fair),
                Grade::Bad => ("!!", render::Style::Bad),
            };
            writeln!(out, "{style}{sign}{style:#} {} {}", padded(finding.check, 13), finding.message)?;
            if let Some(hint) = &finding.hint {
                writeln!(out, "   {} → {hint}", padded("", 13))?;
            }
        }
    }
    Ok(if bad { Outcome::Nothing } else { Outcome::Done })
}
