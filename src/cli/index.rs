//! `rag index`.

use super::{Flags, Outcome, Run, render, set};
use crate::engine::{Engine, IndexProgress, IndexReport};
use crate::language::Lang;
use clap::Args;
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Skipped files named one by one before the rest is only counted.
const SKIPPED_SHOWN: usize = 10;

#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Folders and files: Markdown, plain text, JSON Lines 目录或文件 [default: index.paths, else ./corpus]
    paths: Vec<PathBuf>,
    /// Begin anew; vectors of unchanged passages are still reused 重建
    #[arg(long)]
    rebuild: bool,
    /// Embedding model 向量模型
    #[arg(long, value_name = "NAME")]
    embedder: Option<String>,
    /// Print the report as JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl IndexArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "index.embedder", self.embedder.as_ref());
    }
}

pub fn run(args: IndexArgs, engine: &Engine, lang: Lang) -> Run {
    let begin = Instant::now();
    let report = with_bar(engine, args.paths, args.rebuild, lang)?;
    if args.json {
        render::json(&report)?;
        return Ok(Outcome::Done);
    }
    say_skipped(&report, lang);
    say(&report, begin.elapsed(), lang)?;
    Ok(Outcome::Done)
}

/// Indexes with a progress bar on stderr.
pub fn with_bar(engine: &Engine, paths: Vec<PathBuf>, rebuild: bool, lang: Lang) -> anyhow::Result<IndexReport> {
    let mut bar: Option<ProgressBar> = None;
    let report = engine.index(paths, rebuild, &mut |progress| match progress {
        IndexProgress::Read { files, path } => tracing::debug!(files, path = %path.display(), "read"),
        IndexProgress::Embedded { done, total } => {
            let bar = bar
                .get_or_insert_with(|| render::bar(total as u64, false).with_message(lang.pick("向量化", "embedding")));
            bar.set_position(done as u64);
        }
        IndexProgress::Publishing => tracing::info!("publishing"),
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(report?)
}

fn say_skipped(report: &IndexReport, lang: Lang) {
    for skipped in report.skipped.iter().take(SKIPPED_SHOWN) {
        render::warning(&skipped.message(lang));
    }
    let more = report.skipped.len().saturating_sub(SKIPPED_SHOWN);
    if more > 0 {
        render::warning(&lang.pick(
            format!("另有 {more} 处跳过(--json 列出全部)"),
            format!("{more} more were skipped (--json lists all)"),
        ));
    }
    if let Some(hint) = report.skipped.iter().find_map(|skipped| skipped.reason.hint(lang)) {
        render::hint(&hint);
    }
}

pub fn say(report: &IndexReport, took: Duration, lang: Lang) -> anyhow::Result<()> {
    use std::io::Write;
    let IndexReport { added, changed, unchanged, deleted, chunks, embedded, .. } = report;
    let (generation, took) = (report.generation.0, render::seconds(took));
    let line = lang.pick(
        format!("索引第 {generation} 代:新增 {added}、更新 {changed}、未变 {unchanged}、删除 {deleted} 篇;共 {chunks} 块,新算 {embedded} 个向量,用时 {took}"),
        format!("generation {generation}: {added} added, {changed} changed, {unchanged} unchanged, {deleted} deleted; {chunks} chunks, {embedded} newly embedded, in {took}"),
    );
    writeln!(anstream::stdout(), "{line}")?;
    Ok(())
}
