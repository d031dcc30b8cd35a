//! Indexing: sources → what changed → text → chunks → vectors → the next generation.

mod chunk;
mod decode;
mod delta;
mod embed;
mod extract;
mod identity;
pub mod lint;
mod passed_over;
mod problem;
mod report;
mod sources;
mod walk;

pub use passed_over::{Named, PassedOver, Why};
pub use problem::{IngestProblem, Skipped};
pub use report::{Decoded, Progress, Report};
pub use sources::{Missing, Moved, Request};
pub use walk::{path_of, shown};

use crate::document::Document;
use crate::error::Result;
use crate::models::embedder::Embedder;
use crate::store::{Source, Start, Store, Writer};
use delta::{Compared, Delta, Pending, delta};
use sources::{Plan, plan};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

/// How to read and cut documents. Part of a document's hash: other options, other chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Longest chunk in units: a Han character counts one, other text a quarter a byte.
    pub chunk_units: usize,
    /// Whether fenced code is searchable too.
    pub index_code: bool,
    pub file_bytes_max: u64,
}

/// Makes the next generation hold what the sources asked for hold now; documents of other sources stay.
///
/// Unchanged documents are not embedded again, deleted ones disappear, and vectors are kept as they are computed, so that
/// an interrupted run goes on where it stopped (`stop` is looked at between batches). A source that is not there is
/// reported, and its documents stay unless the request says to prune. Files that cannot be read are skipped and reported;
/// only if nothing at all is left is that an error.
pub fn index(
    request: &Request,
    store: &dyn Store,
    embedder: &dyn Embedder,
    options: &Options,
    stop: &AtomicBool,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Report> {
    let mut writer = store.writer(Start { embedder: embedder.id().clone(), rebuild: request.rebuild })?;
    let mut plan = plan(writer.sources(), request, writer.begins_anew())?;
    if plan.readings.is_empty() && plan.sources.is_empty() && writer.sources().is_empty() {
        return Err(IngestProblem::NoRoots.into());
    }
    let documents: Vec<_> = writer.remembered().values().collect();
    plan.recognise(&documents, &|path, within| delta::hashes(path, within, options));
    let mut report = Report { moved: plan.moved.clone(), ..Report::default() };
    report.missing = missing(&plan, writer.as_ref());
    if let Some(lost) = report.missing.iter().find(|missing| missing.documents > 0 && writer.begins_anew()) {
        return Err(IngestProblem::WouldLose { name: lost.name.clone(), documents: lost.documents }.into());
    }
    let dropped = writer.sources().iter().filter(|known| plan.sources.iter().all(|kept| kept.name != known.name));
    report.pruned = dropped.map(|source| source.root.clone()).collect();
    report.sources = plan.readings.iter().map(|reading| reading.source.name.clone()).collect();

    let compared = Compared { plan: &plan, writer: writer.as_ref(), embedder: embedder.id(), options };
    let delta = delta(compared, stop, &mut report, on).ok_or(IngestProblem::Interrupted { kept: 0, total: 0 })?;
    let nothing = report.added + report.changed + report.unchanged == 0;
    if nothing && delta.gone.is_empty() && writer.documents().is_empty() && report.missing.is_empty() {
        let roots = plan.readings.iter().map(|reading| reading.typed.clone()).collect();
        return Err(IngestProblem::NothingToIndex {
            roots,
            skipped: report.skipped,
            passed_over: total(&delta.passed_over),
        }
        .into());
    }
    embed::embed(&delta.documents, writer.as_mut(), embedder, stop, &mut report, on)?;
    finish(delta, plan, writer, store, request.rebuild, &mut report, on)?;
    Ok(report)
}

/// Puts what has changed into the writer, and publishes if that is anything.
fn finish(
    delta: Delta,
    plan: Plan,
    mut writer: Box<dyn Writer>,
    store: &dyn Store,
    rebuild: bool,
    report: &mut Report,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    report.deleted = delta.gone.len();
    report.passed_over = total(&delta.passed_over);
    report.other_files = report.passed_over.of(Why::OtherKind);
    for Pending { document, record, chunks } in &delta.documents {
        writer.put(document, record.clone(), chunks)?;
    }
    for id in &delta.gone {
        writer.delete(id)?;
    }
    report.barren = barren(&plan, writer.as_ref());
    report.chunks = writer.documents().values().map(|record| record.chunks as usize).sum();
    let changed = report.added + report.changed + report.deleted > 0 || writer.sources() != plan.sources;
    if changed || rebuild {
        on(Progress::Publishing);
        writer.set_sources(plan.sources);
        report.generation = writer.publish()?;
        report.published = true;
    } else {
        drop(writer);
        report.generation = store.snapshot()?.about().generation;
    }
    let by_source = delta.passed_over.iter().map(|(source, over)| Ok((source.clone(), serde_json::to_value(over)?)));
    let by_source: std::result::Result<_, serde_json::Error> = by_source.collect();
    store.keep_passed_over(by_source.map_err(|error| IngestProblem::Broken { what: error.to_string() })?)
}

fn total(by_source: &BTreeMap<String, PassedOver>) -> PassedOver {
    let mut total = PassedOver::default();
    by_source.values().for_each(|passed_over| total.extend(passed_over.clone()));
    total
}

fn missing(plan: &Plan, writer: &dyn Writer) -> Vec<Missing> {
    let missing = plan.missing.iter().map(|source| {
        let documents = writer.remembered().values().filter(|record| record.source == source.name).count();
        Missing { name: source.name.clone(), root: source.root.clone(), documents }
    });
    missing.collect()
}

/// Roots that were read and hold no document; what lies in them may be that of another source.
fn barren(plan: &Plan, writer: &dyn Writer) -> Vec<String> {
    let documents = writer.documents().values();
    let named: HashSet<&str> = documents.map(|record| record.source.as_str()).collect();
    let mut empty = plan.readings.iter().filter(|reading| !named.contains(reading.source.name.as_str())).peekable();
    if empty.peek().is_none() {
        return Vec::new();
    }
    let sources: HashMap<&str, &Source> = plan.sources.iter().map(|source| (source.name.as_str(), source)).collect();
    let paths = writer.documents().values().filter_map(|record| Some((sources.get(record.source.as_str())?, record)));
    let paths: Vec<String> = paths.map(|(source, record)| source.path_of(&record.path)).collect();
    let holds = |reading: &&sources::Reading| paths.iter().any(|path| reading.source.covers(path));
    empty.filter(|reading| !holds(reading)).map(|reading| shown(&reading.typed)).collect()
}

/// The documents under `roots`, without what cannot be read.
pub fn documents(roots: &[PathBuf], options: &Options) -> Result<Vec<Document>> {
    let (files, _) = files(roots)?;
    let parsed = files.into_iter().filter_map(|file| extract::parse(&file, options).ok());
    Ok(parsed.flat_map(|parsed| parsed.documents).map(|source| source.document).collect())
}

/// The files under `roots`, each once, and what was passed over.
fn files(roots: &[PathBuf]) -> Result<(Vec<walk::SourceFile>, PassedOver)> {
    if roots.is_empty() {
        return Err(IngestProblem::NoRoots.into());
    }
    let plan = plan(&[], &Request { roots: roots.to_vec(), ..Request::default() }, false)?;
    let walked = plan.walk(&mut |_| ());
    Ok((walked.files, total(&walked.passed_over)))
}

/// The day of a point in time where we are: `2024-05-01`.
fn day(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(jiff::tz::TimeZone::system()).date().to_string()
}
