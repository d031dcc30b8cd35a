//! Near-duplicates: pairs of documents that share most of their text.
//!
//! Each document is a sketch of its smallest shingle hashes; the share that two sketches have in common estimates
//! Jaccard's index of the shingles (Broder, "On the resemblance and containment of documents", 1997). Only pairs that
//! share one of their very smallest hashes are looked at, so that a large folder is not compared all with all.

use super::{Finding, Flaw, Linted, letters};
use std::collections::{BTreeSet, HashMap};

/// Characters of a shingle.
const SHINGLE: usize = 5;
const SKETCH: usize = 256;
/// Hashes by which candidates meet.
const KEYS: usize = 24;
/// A hash that more documents share is boilerplate, and brings no pairs together.
const BUCKET_MAX: usize = 50;
const SHARE_MIN: f64 = 0.5;

pub fn near_duplicates(documents: &[Linted]) -> Vec<Finding> {
    let sketches: Vec<Vec<u64>> = documents.iter().map(|document| sketch(&document.source.document.text)).collect();
    let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, sketch) in sketches.iter().enumerate() {
        for hash in sketch.iter().take(KEYS) {
            buckets.entry(*hash).or_default().push(index);
        }
    }
    let met = buckets.values().filter(|bucket| bucket.len() <= BUCKET_MAX);
    let pairs: BTreeSet<(usize, usize)> = met
        .flat_map(|bucket| bucket.iter().enumerate().flat_map(|(at, a)| bucket[at + 1..].iter().map(|b| (*a, *b))))
        .collect();
    let flaw = |(a, b): (usize, usize)| {
        let share = jaccard(&sketches[a], &sketches[b]);
        let other = documents[a].source.document.id.0.clone();
        (share > SHARE_MIN).then(|| Finding::new(&documents[b].path, Flaw::NearDuplicate { other, share }))
    };
    pairs.into_iter().filter_map(flaw).collect()
}

/// The smallest distinct hashes of the text's shingles, ascending. White space and punctuation do not count.
fn sketch(text: &str) -> Vec<u64> {
    let letters = letters(text);
    let hash = |run: &[char]| {
        let run: String = run.iter().collect();
        let bytes = blake3::hash(run.as_bytes());
        u64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
    };
    let hashes: BTreeSet<u64> = letters.windows(SHINGLE).map(hash).collect();
    hashes.into_iter().take(SKETCH).collect()
}

/// Of the smallest hashes of both together, the share that both have.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let both: BTreeSet<u64> = a.iter().chain(b).copied().collect();
    let union: Vec<u64> = both.into_iter().take(SKETCH.min(a.len().max(b.len()))).collect();
    let shared = union.iter().filter(|hash| a.binary_search(hash).is_ok() && b.binary_search(hash).is_ok()).count();
    if union.is_empty() { 0.0 } else { shared as f64 / union.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_shares_everything_and_another_nothing() {
        let long: String = (0..400).map(|n| format!("第{n}句讲的是第{}件事。", n * 7)).collect();
        let changed = long.replace("第13件事", "另一件事");
        let other: String = (0..400).map(|n| format!("{n}号仓库存放{}箱苹果;", n * 3)).collect();
        assert_eq!(jaccard(&sketch(&long), &sketch(&long)), 1.0);
        assert!(jaccard(&sketch(&long), &sketch(&changed)) > 0.9);
        assert!(jaccard(&sketch(&long), &sketch(&other)) < 0.1);
        assert_eq!(jaccard(&sketch(""), &sketch("")), 0.0);
    }
}
