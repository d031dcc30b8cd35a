//! `rag doctor`.

use super::render::{self, padded};
use super::{Flags, Outcome, Run, set};
use crate::engine::{Engine, Grade};
use crate::language::Lang;
use clap::Args;
use std::io::Write;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Read every file of every collection and compare it with its checksum 逐个核对索引文件
    #[arg(long)]
    deep: bool,
    /// Ask the endpoints for one short answer and one vector, and say what they can do 试一试接口
    #[arg(long)]
    endpoint: bool,
    /// OpenAI-compatible endpoint to try 接口地址
    #[arg(long, value_name = "URL", requires = "endpoint")]
    base_url: Option<String>,
    /// Model name to send 模型名
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    model: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl DoctorArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.base_url", self.base_url.as_ref());
        set(flags, "chat.model", self.model.as_ref());
    }
}

pub fn run(args: DoctorArgs, engine: &Engine, lang: Lang) -> Run {
    let findings = if args.endpoint { engine.probe(lang) } else { engine.doctor(args.deep, lang) };
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
