//! `rag eval lint`.

use super::super::bars::Bars;
use super::super::render;
use super::super::{Outcome, Run};
use crate::engine::Engine;
use crate::eval::{self, Progress, Suite};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct LintArgs {
    /// Folder of the suite 评测集目录
    suite: PathBuf,
    /// Print JSON, one finding a line 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Exit code 1 where something was found.
pub fn run(args: LintArgs, engine: &Engine, lang: Lang) -> Run {
    let mut bars = Bars::new(lang);
    bars.show("", Progress::Documents);
    let documents = engine.documents(vec![Suite::documents_of(&args.suite)?])?;
    let on = &mut |done, total| bars.count(lang.pick("检查查询", "checking topics"), done, total);
    let findings = eval::lint(&args.suite, &documents, on);
    bars.clear();
    let findings = findings?;
    let mut out = render::stdout();
    for finding in &findings {
        match args.json {
            true => writeln!(out, "{}", serde_json::to_string(finding)?)?,
            false => writeln!(out, "{} {}", finding.topic, finding.flaw.message(lang))?,
        }
    }
    let count = findings.len();
    render::note(&lang.pick(format!("{count} 处问题"), format!("{count} findings")));
    Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Nothing })
}
