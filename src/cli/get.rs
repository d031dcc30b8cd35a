//! `rag get`.

use super::render::{self, BOLD, DIM};
use super::{Outcome, Run};
use crate::engine::Engine;
use crate::language::Lang;
use clap::Args;
use serde::Serialize;
use std::io::Write;

#[derive(Debug, Args)]
pub struct GetArgs {
    /// A document's id or path, or a chunk's id (DOC#N) 文档或文本块
    #[arg(value_name = "DOC|PATH|CHUNK")]
    what: String,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Got {
    chunk: String,
    title: String,
    headings: Vec<String>,
    path: String,
    lines: (u32, u32),
    text: String,
}

/// The text as it is indexed, passage by passage.
pub fn run(args: GetArgs, engine: &Engine, _: Lang) -> Run {
    let passages = engine.get(&args.what)?;
    if args.json {
        let got = passages.into_iter().map(|passage| Got {
            chunk: passage.id.to_string(),
            title: passage.title,
            headings: passage.headings,
            path: passage.path,
            lines: passage.lines,
            text: passage.text,
        });
        render::json(&got.collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    for passage in &passages {
        let place = render::place(&passage.path, passage.lines);
        writeln!(out, "{BOLD}{}{BOLD:#}  {DIM}{place}{DIM:#}", render::line(&passage.heading()))?;
        writeln!(out, "{}\n", passage.text.trim_end())?;
    }
    Ok(Outcome::Done)
}
