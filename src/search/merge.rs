//! A merge: what several queries for one question found, as one list.

use super::collapse::Wording;
use super::{Duplicate, Found, Hit};

/// Takes the hits in turns, the first of each query first, no chunk twice, and none that says the same as
/// another: that one stands for it; at most `limit`. All else is that of the first, but for the evidence, which is the
/// best that any of them has.
///
/// In turns, since scores of different queries are not comparable, and each query was asked for a reason.
pub fn merge(founds: Vec<Found>, limit: usize) -> Option<Found> {
    let mut founds = founds.into_iter();
    let mut merged = founds.next()?;
    let mut lists: Vec<_> = vec![std::mem::take(&mut merged.hits).into_iter()];
    for found in founds {
        if found.evidence.answerable > merged.evidence.answerable {
            merged.evidence = found.evidence;
        }
        merged.corrections.extend(found.corrections);
        lists.push(found.hits.into_iter());
    }
    let mut wordings: Vec<Wording> = Vec::new();
    while merged.hits.len() < limit {
        let hits: Vec<_> = lists.iter_mut().filter_map(Iterator::next).collect();
        if hits.is_empty() {
            break;
        }
        for hit in hits {
            let wording = Wording::of(&hit.text);
            match wordings.iter().position(|other| other.says_the_same(&wording)) {
                Some(at) => stand_for(&mut merged.hits[at], hit),
                None => {
                    wordings.push(wording);
                    merged.hits.push(hit);
                }
            }
        }
    }
    merged.hits.truncate(limit);
    for (index, hit) in merged.hits.iter_mut().enumerate() {
        hit.rank = index as u32 + 1;
    }
    Some(merged)
}

/// Notes `other`, which says the same, among the duplicates of `hit`; once.
fn stand_for(hit: &mut Hit, other: Hit) {
    let Hit { doc, chunk, path, lines, duplicates, .. } = other;
    for duplicate in std::iter::once(Duplicate { doc, chunk, path, lines }).chain(duplicates) {
        let is_known =
            hit.chunk == duplicate.chunk || hit.duplicates.iter().any(|known| known.chunk == duplicate.chunk);
        if !is_known {
            hit.duplicates.push(duplicate);
        }
    }
}
