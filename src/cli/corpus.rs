//! `rag corpus`.

use super::render::{self, DIM};
use super::{Outcome, Run};
use crate::engine::{Engine, LintQuery};
use crate::eval::Suite;
use crate::language::Lang;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct CorpusArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What is wrong with the documents of a folder 检查文档
    Lint {
        /// Folders and files [default: as for rag index] 目录或文件
        paths: Vec<PathBuf>,
        /// A suite whose questions must not stand in the documents 评测集
        #[arg(long, value_name = "DIR")]
        suite: Vec<PathBuf>,
        /// Print JSON, one finding a line 输出 JSON
        #[arg(long)]
        json: bool,
    },
}

/// Exit code 1 where something was found.
pub fn run(args: CorpusArgs, engine: &Engine, lang: Lang) -> Run {
    let Action::Lint { paths, suite, json } = args.action;
    let mut queries = Vec::new();
    for folder in &suite {
        let all = Suite::topics_of(folder)?;
        queries.extend(all.into_iter().map(|topic| LintQuery { id: topic.id, text: topic.text }));
    }
    let report = engine.lint(paths, &queries)?;
    let mut out = render::stdout();
    for finding in &report.findings {
        if json {
            writeln!(out, "{}", serde_json::to_string(finding)?)?;
            continue;
        }
        let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
        let (path, message) = (finding.path.display(), finding.flaw.message(lang));
        writeln!(out, "{path}{line} {DIM}{}{DIM:#} {message}", finding.check)?;
    }
    let (documents, findings) = (report.documents, report.findings.len());
    render::note(
        &lang.pick(
            format!("{documents} 篇文档,{findings} 处问题"),
            format!("{documents} documents, {findings} findings"),
        ),
    );
    Ok(if findings == 0 { Outcome::Done } else { Outcome::Nothing })
}
