//! `rag doctor`.

use super::render::{self, padded};
use super::{Outcome, Run};
use crate::engine::{Engine, Grade};
use crate::language::Lang;
use anstyle::AnsiColor;
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
        let mut out = anstream::stdout().lock();
        for finding in &findings {
            let (sign, color) = match finding.grade {
                Grade::Good => ("ok", AnsiColor::Green),
                Grade::Fair => ("--", AnsiColor::Yellow),
                Grade::Bad => ("!!", AnsiColor::Red),
            };
            let style = color.on_default();
            writeln!(out, "{style}{sign}{style:#} {} {}", padded(finding.check, 13), finding.message)?;
            if let Some(hint) = &finding.hint {
                writeln!(out, "   {} → {hint}", padded("", 13))?;
            }
        }
    }
    Ok(if bad { Outcome::Nothing } else { Outcome::Done })
}
