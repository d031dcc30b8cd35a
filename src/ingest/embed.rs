//! The vectors of a run: what is not known yet is computed a little at a time, and kept as it comes.

use super::delta::Pending;
use super::problem::IngestProblem;
use super::report::{Progress, Report};
use crate::document::heading;
use crate::error::Result;
use crate::models::embedder::{Embedder, PassageInput};
use crate::store::{VectorKey, Writer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Passages among which those of like length are put together, so that little is computed on padding.
const WINDOW: usize = 256;
/// Vectors are written at least so often: an interrupted run loses no more than this.
const KEPT_EVERY: Duration = Duration::from_millis(500);

/// Computes the vectors that `documents` need and the writer does not have. Where `stop` is set, what is computed is
/// kept and [`IngestProblem::Interrupted`] returned.
pub fn embed(
    documents: &[Pending],
    writer: &mut dyn Writer,
    embedder: &dyn Embedder,
    stop: &AtomicBool,
    report: &mut Report,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    let keys: Vec<VectorKey> = documents.iter().flat_map(|pending| &pending.chunks).map(|(_, key)| *key).collect();
    writer.adopt_vectors(&keys)?;
    let mut todo: BTreeMap<VectorKey, (String, Cow<'_, str>)> = BTreeMap::new();
    let mut order: Vec<VectorKey> = Vec::new();
    for Pending { document, chunks, .. } in documents {
        for (chunk, key) in chunks {
            if !writer.has_vector(key) && !todo.contains_key(key) {
                todo.insert(*key, (heading(&document.title, &chunk.headings), chunk.embedded()));
                order.push(*key);
            }
        }
    }
    let total = order.len();
    let mut unwritten = Vec::new();
    let mut written = Instant::now();
    for window in order.chunks_mut(WINDOW) {
        window.sort_by_key(|key| std::cmp::Reverse(todo[key].1.len()));
        let mut rest = &*window;
        while !rest.is_empty() {
            let batch;
            (batch, rest) = rest.split_at(fitting(rest.iter().map(|key| todo[key].1.len()), embedder));
            let passages: Vec<PassageInput<'_>> =
                batch.iter().map(|key| PassageInput { title: &todo[key].0, body: &todo[key].1 }).collect();
            let vectors = match embedder.embed_passages(&passages) {
                Ok(vectors) => vectors,
                Err(error) => {
                    writer.keep_vectors(&unwritten)?;
                    return Err(error);
                }
            };
            unwritten.extend(batch.iter().copied().zip(vectors));
            report.embedded += batch.len();
            let is_stopped = stop.load(Ordering::Relaxed);
            if written.elapsed() >= KEPT_EVERY || is_stopped || report.embedded == total {
                writer.keep_vectors(&std::mem::take(&mut unwritten))?;
                written = Instant::now();
            }
            if is_stopped {
                return Err(IngestProblem::Interrupted { kept: report.embedded, total }.into());
            }
            on(Progress::Embedded { done: report.embedded, total });
        }
    }
    Ok(())
}

/// How many texts of these sizes, from the first on, `embedder` takes at a time; one at least.
fn fitting(sizes: impl Iterator<Item = usize>, embedder: &dyn Embedder) -> usize {
    let (mut filled, room) = (0, embedder.batch_bytes());
    let fits = |size: &usize| {
        filled += size;
        filled <= room
    };
    sizes.take(embedder.batch()).take_while(fits).count().max(1)
}
