//! Haystacks: the same topics among more and more passages that answer none of them.

use super::bench::{self, Progress, bench_among};
use super::files::LooseLine;
use super::report::{Report, evaluate};
use super::{EvalProblem, Metric, Suite};
use crate::engine::Engine;
use crate::error::{IoContext, Result};
use crate::files::open_regular;
use crate::private;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Put before the id of every distractor, so that none is taken for a document of the suite.
const PREFIX: &str = "distractor:";

/// A report for each of `counts`, over the suite's documents and that many passages from the top of `distractors`
/// (JSON Lines, as in BEIR's `corpus.jsonl`). Vectors are kept, so that a longer haystack only embeds what is new. `on` hears
/// for which count.
pub fn haystack(
    suite: &Suite,
    distractors: &Path,
    counts: &[usize],
    engine: &Engine,
    options: &bench::Options,
    metric: Metric,
    on: &mut dyn FnMut(usize, Progress<'_>),
) -> Result<Vec<(usize, Report)>> {
    let dir = engine.config().home().join("evals").join("haystacks");
    private::create_dir_all(&dir).at("create", &dir)?;
    let source = distractors.canonicalize().at("read", distractors)?;
    let key = blake3::hash(source.to_string_lossy().as_bytes()).to_hex();
    let path = dir.join(format!("{}.jsonl", &key[..16]));
    let mut reports = Vec::new();
    for count in counts {
        let written = copy_first(&source, &path, *count)?;
        if written < *count {
            return Err(EvalProblem::ShortHaystack { path: source, wanted: *count, found: written }.into());
        }
        let more = [path.clone()];
        let more: &[PathBuf] = if *count == 0 { &[] } else { &more };
        let ran = bench_among(suite, more, engine, options, &mut |progress| on(*count, progress))?;
        let mut report = evaluate(suite, &ran.runs, metric);
        report.time(&ran.latencies);
        reports.push((*count, report));
    }
    Ok(reports)
}

/// How many lines could be copied.
fn copy_first(source: &Path, target: &Path, count: usize) -> Result<usize> {
    let lines = BufReader::new(open_regular(source).at("read", source)?.0).lines();
    let mut out = BufWriter::new(private::create(target).at("create", target)?);
    let mut copied = 0;
    for (index, line) in lines.take(count).enumerate() {
        let line = line.at("read", source)?;
        let expected = "{\"_id\":…,\"text\":…}";
        let bad = || EvalProblem::BadLine { path: source.into(), line: index + 1, expected };
        let passage: LooseLine = serde_json::from_str(line.trim_start_matches('\u{FEFF}')).map_err(|_| bad())?;
        let (Some(id), Some(text)) = (passage.id(), passage.text("text")) else { return Err(bad().into()) };
        let title = passage.text("title").unwrap_or_default();
        let passage = serde_json::json!({ "_id": format!("{PREFIX}{id}"), "title": title, "text": text });
        writeln!(out, "{passage}").at("write", target)?;
        copied += 1;
    }
    out.flush().at("write", target)?;
    Ok(copied)
}
