//! Near-duplicates: pairs of documents that share most of their text.
//!
//! Only pairs whose sketches share one of their very smallest hashes are looked at, so that a large folder is not compared
//! all with all.

use super::{Finding, Flaw, Linted};
use crate::text::Sketch;
use std::collections::{BTreeSet, HashMap};

/// Hashes by which candidates meet.
const KEYS: usize = 24;
/// A hash that more documents share is boilerplate, and brings no pairs together.
const BUCKET_MAX: usize = 50;
const SHARE_MIN: f64 = 0.5;

pub fn near_duplicates(documents: &[Linted]) -> Vec<Finding> {
    let sketches: Vec<Sketch> = documents.iter().map(|document| Sketch::of(&document.source.document.text)).collect();
    let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, sketch) in sketches.iter().enumerate() {
        for hash in sketch.hashes().iter().take(KEYS) {
            buckets.entry(*hash).or_default().push(index);
        }
    }
    let met = buckets.values().filter(|bucket| bucket.len() <= BUCKET_MAX);
    let pairs: BTreeSet<(usize, usize)> = met
        .flat_map(|bucket| bucket.iter().enumerate().flat_map(|(at, a)| bucket[at + 1..].iter().map(|b| (*a, *b))))
        .collect();
    let flaw = |(a, b): (usize, usize)| {
        let share = sketches[a].jaccard(&sketches[b]);
        let other = documents[a].source.document.id.0.clone();
        (share > SHARE_MIN).then(|| Finding::new(&documents[b].path, Flaw::NearDuplicate { other, share }))
    };
    pairs.into_iter().filter_map(flaw).collect()
}
