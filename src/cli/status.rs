//! `rag status`.

use super::render::{self, padded};
use super::source::line;
use super::{Outcome, Run};
use crate::engine::{About, Engine, Source, SourceStatus, StoreProblem};
use crate::language::Lang;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Status {
    collection: String,
    collections: Vec<String>,
    index: Option<About>,
    /// With the documents of each, and what was left out there.
    sources: Vec<SourceStatus>,
    bytes_on_disk: u64,
}

/// `verbose` names what was left out.
pub fn run(args: StatusArgs, engine: &Engine, verbose: bool, lang: Lang) -> Run {
    let (index, bytes_on_disk) = match engine.about() {
        Ok(about) => (Some(about), engine.bytes_on_disk()?),
        Err(error) if matches!(error.downcast_ref(), Some(StoreProblem::NoIndex { .. })) => (None, 0),
        Err(error) => return Err(error.into()),
    };
    let collection = engine.config().text("collection").to_string();
    let mut sources = Vec::new();
    if let Some(index) = &index {
        // Several collections have no list of their own.
        let plain = |source: &Source| SourceStatus::unread(source.clone());
        sources = engine.sources().unwrap_or_else(|_| index.sources.iter().map(plain).collect());
    }
    let status = Status { collection, collections: engine.collections()?, index, sources, bytes_on_disk };
    if args.json {
        render::json(&status)?;
    } else {
        show(&status, verbose, lang)?;
    }
    Ok(if status.index.is_some() { Outcome::Done } else { Outcome::Nothing })
}

fn show(status: &Status, verbose: bool, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let mut row = |zh: &str, en: &str, value: String| writeln!(out, "{} {value}", padded(lang.pick(zh, en), 14));
    row("资料库", "collection", status.collection.clone())?;
    match &status.index {
        None => row("索引", "index", lang.pick("无;先运行 rag index 目录", "none; rag index FOLDER").into())?,
        Some(about) => {
            row("代次", "generation", format!("{} ({})", about.generation.0, ago(about.published, lang)))?;
            row("文档", "documents", about.documents.to_string())?;
            row("文本块", "chunks", about.chunks.to_string())?;
            let dim = about.embedder.dim;
            row(
                "向量模型",
                "embedder",
                format!("{} ({dim} {}, {})", about.embedder.name, lang.pick("维", "dimensions"), about.dense_index),
            )?;
            row("分词", "analysis", about.analysis.clone())?;
            row("占用", "size", render::bytes(status.bytes_on_disk))?;
            for status in &status.sources {
                row("来源", "source", line(status, lang))?;
                for (why, named) in status.passed_over.0.iter().filter(|_| verbose) {
                    row("", "", format!("  {} {}", why.label(lang), named.count))?;
                    for path in &named.paths {
                        row("", "", format!("    {}", render::line(path)))?;
                    }
                    if named.count > named.paths.len() {
                        row("", "", format!("    … {}", named.count - named.paths.len()))?;
                    }
                }
            }
        }
    }
    if status.collections.len() > 1 {
        row("全部资料库", "collections", status.collections.join(", "))?;
    }
    Ok(())
}

fn ago(published: u64, lang: Lang) -> String {
    let age =
        SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_secs(published)).unwrap_or_default().as_secs();
    let (count, zh, en) = match age {
        0..60 => (age, "秒", "s"),
        60..3600 => (age / 60, "分钟", "min"),
        3600..86400 => (age / 3600, "小时", "h"),
        _ => (age / 86400, "天", "d"),
    };
    lang.pick(format!("{count} {zh}前"), format!("{count} {en} ago"))
}
