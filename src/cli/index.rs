//! `rag index`.

use super::bars::Bars;
use super::{Flags, Outcome, Run, render, set};
use crate::engine::{Engine, IndexProgress, IndexReport, IndexRequest};
use crate::language::Lang;
use clap::Args;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Skipped files named one by one before the rest is only counted.
const SKIPPED_SHOWN: usize = 10;

#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Folders and files: Markdown, plain text, JSON Lines 目录或文件 [default: all sources of the collection, else
    /// ./corpus]
    paths: Vec<PathBuf>,
    /// Leave out what a line of a .gitignore would, for these sources from now on; repeatable 排除
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Forget sources that are no longer there, with their documents 清除已不存在的来源
    #[arg(long)]
    prune: bool,
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
    let IndexArgs { paths, exclude, prune, rebuild, json, .. } = args;
    let report = with_bar(engine, IndexRequest { roots: paths, exclude, prune, rebuild }, lang)?;
    if json {
        render::json(&report)?;
        return Ok(Outcome::Done);
    }
    say_left_out(&report, lang);
    say(&report, begin.elapsed(), lang)?;
    Ok(Outcome::Done)
}

/// Set by the first Ctrl-C, which lets the run keep what it has; the second one ends it at once.
fn stop() -> &'static AtomicBool {
    static STOP: LazyLock<&'static AtomicBool> = LazyLock::new(|| {
        static FLAG: AtomicBool = AtomicBool::new(false);
        let handler = || {
            if FLAG.swap(true, Ordering::Relaxed) {
                std::process::abort();
            }
        };
        // Where it cannot be set, Ctrl-C ends the run at once: what is kept is kept.
        let _ = ctrlc::set_handler(handler);
        &FLAG
    });
    &STOP
}

/// Indexes with a progress bar on stderr. Ctrl-C ends it with what is computed kept.
pub fn with_bar(engine: &Engine, request: IndexRequest, lang: Lang) -> anyhow::Result<IndexReport> {
    let mut bars = Bars::new(lang);
    let report = engine.index(request, stop(), &mut |progress| {
        match progress {
            IndexProgress::Read { files, path, .. } => tracing::debug!(files, path = %path.display(), "read"),
            IndexProgress::Publishing => tracing::info!("publishing"),
            _ => {}
        }
        bars.index(progress);
    });
    bars.clear();
    Ok(report?)
}

pub fn say_left_out(report: &IndexReport, lang: Lang) {
    for moved in &report.moved {
        render::note(&lang.pick(
            format!("来源 {} 搬到了 {},其中的文档沿用原来的 id", moved.name, moved.to),
            format!("the source {} has moved to {}; its documents keep their ids", moved.name, moved.to),
        ));
    }
    for (encoding, decoded) in &report.decoded {
        let replaced = match decoded.replaced {
            0 => String::new(),
            count => {
                lang.pick(format!(",其中 {count} 个字符无法辨认"), format!(", {count} characters of them unknown"))
            }
        };
        let more = if decoded.files > 1 { " …" } else { "" };
        render::note(&lang.pick(
            format!("按 {encoding} 解码:{} 个文件({}{more}){replaced}", decoded.files, decoded.first),
            format!("read as {encoding}: {} ({}{more}){replaced}", decoded.files, decoded.first),
        ));
    }
    for root in &report.barren {
        render::warning(&lang.pick(format!("{root} 里没有可索引的内容"), format!("{root} holds nothing to index")));
    }
    say_skipped(report, lang);
    say_missing(report, lang);
}

fn say_missing(report: &IndexReport, lang: Lang) {
    for missing in &report.missing {
        let (name, root, documents) = (&missing.name, &missing.root, missing.documents);
        render::warning(&lang.pick(
            format!("来源 {name} 不在了({root});其中 {documents} 篇仍可查到"),
            format!("the source {name} is not there ({root}); its {documents} documents are still found"),
        ));
        render::hint(&lang.pick(
            format!("不再需要:rag source rm {name},或 rag index --prune"),
            format!("if it is gone for good: rag source rm {name}, or rag index --prune"),
        ));
    }
    for root in &report.pruned {
        render::note(&lang.pick(format!("已清除来源 {root}"), format!("forgot the source {root}")));
    }
}

fn say_skipped(report: &IndexReport, lang: Lang) {
    for skipped in report.skipped.iter().take(SKIPPED_SHOWN) {
        render::warning(&skipped.message(lang));
    }
    let more = report.skipped.len().saturating_sub(SKIPPED_SHOWN);
    if more > 0 {
        render::warning(
            &lang.pick(
                format!("另有 {more} 处问题(--json 列出全部)"),
                format!("{more} more problems (--json lists all)"),
            ),
        );
    }
    let mut hints: Vec<String> = report.skipped.iter().filter_map(|skipped| skipped.reason.hint(lang)).collect();
    hints.sort();
    hints.dedup();
    hints.iter().for_each(|hint| render::hint(hint));
}

pub fn say(report: &IndexReport, took: Duration, lang: Lang) -> anyhow::Result<()> {
    use std::io::Write;
    let IndexReport { added, changed, unchanged, deleted, chunks, embedded, .. } = report;
    let (generation, took) = (report.generation.0, render::seconds(took));
    let line = lang.pick(
        format!("索引第 {generation} 代:新增 {added}、更新 {changed}、未变 {unchanged}、删除 {deleted} 篇;共 {chunks} 块,新算 {embedded} 个向量,用时 {took}"),
        format!("generation {generation}: {added} added, {changed} changed, {unchanged} unchanged, {deleted} deleted; {chunks} chunks, {embedded} newly embedded, in {took}"),
    );
    writeln!(render::stdout(), "{line}")?;
    let left_out = report.passed_over.summary(lang);
    if !left_out.is_empty() {
        let line = lang.pick(
            format!("未收:{left_out}(rag status -v 逐个列出)"),
            format!("left out: {left_out} (rag status -v names them)"),
        );
        writeln!(render::stdout(), "{line}")?;
    }
    Ok(())
}
