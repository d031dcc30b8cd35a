//! A merge: what several queries for one question found, as one list.

use super::Found;

/// Takes the hits in turns, the first of each query first, and no chunk twice; at most `limit`. All else is that of the
/// first, but for the evidence, which is the best that any of them has.
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
    while merged.hits.len() < limit {
        let hits: Vec<_> = lists.iter_mut().filter_map(Iterator::next).collect();
        if hits.is_empty() {
            break;
        }
        for hit in hits {
            if merged.hits.iter().all(|other| other.chunk != hit.chunk) {
                merged.hits.push(hit);
            }
        }
    }
    merged.hits.truncate(limit);
    for (index, hit) in merged.hits.iter_mut().enumerate() {
        hit.rank = index as u32 + 1;
    }
    Some(merged)
}
