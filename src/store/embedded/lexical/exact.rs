//! Scores to the last bit, whatever the order of the chunks and how they are spread over segments.
//!
//! tantivy sums the parts of a score in an order that depends on what else is in the segment, and cuts off ties by where a
//! chunk stands: an index that was changed would rank otherwise than one made anew. Here the few that are found are summed
//! in the order of the query, and all that tie with the last are looked at.

use super::statistics::Statistics;
use super::{Clause, LexicalIndex, engine, visit};
use crate::error::Result;
use crate::store::Filter;
use tantivy::collector::{Collector, SegmentCollector, TopDocs};
use tantivy::query::{BooleanQuery, Occur};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentOrdinal, SegmentReader};

/// How far two orders of summation may lie apart, as a part of the score.
const ROUNDING: f32 = 1e-5;

impl LexicalIndex {
    /// The `limit` best of what the filter admits, with those that tie with the last, in no order.
    pub(super) fn best(
        &self,
        clauses: &[Clause<'_>],
        filter: &Filter,
        limit: usize,
        searcher: &Searcher,
    ) -> Result<Vec<(f32, DocAddress)>> {
        let statistics = self.statistics(searcher);
        let parts = clauses.iter().map(|clause| (Occur::Should, clause.query.box_clone()));
        let query = self.filtered(Box::new(BooleanQuery::new(parts.collect())), filter, searcher)?;
        let top = TopDocs::with_limit(limit.saturating_add(1)).order_by_score();
        let mut found = engine(searcher.search_with_statistics_provider(&query, &top, &statistics))?;
        if found.len() > limit {
            let floor = found[limit - 1].0 * (1.0 - ROUNDING);
            let is_tie = found.pop().is_some_and(|(score, _)| score >= floor);
            if is_tie {
                let above = AtLeast { score: floor };
                found = engine(searcher.search_with_statistics_provider(&query, &above, &statistics))?;
            }
        }
        let mut addresses: Vec<DocAddress> = found.into_iter().map(|(_, address)| address).collect();
        addresses.sort_unstable();
        let places: Vec<(DocAddress, usize)> = addresses.iter().copied().zip(0..).collect();
        Ok(sums(clauses, &statistics, &places)?.into_iter().zip(addresses).collect())
    }
}

/// The scores at these places, which are in the order of the index and name a position in the result each.
pub(super) fn sums(
    clauses: &[Clause<'_>],
    statistics: &Statistics<'_>,
    places: &[(DocAddress, usize)],
) -> Result<Vec<f32>> {
    let mut sums = vec![0.0f64; places.iter().map(|(_, at)| at + 1).max().unwrap_or(0)];
    for clause in clauses {
        visit(clause.query.as_ref(), statistics, places, &mut |at, score| sums[at] += f64::from(score))?;
    }
    Ok(sums.into_iter().map(|sum| sum as f32).collect())
}

/// Collects everything of that score and more.
struct AtLeast {
    score: Score,
}

struct AtLeastOfSegment {
    score: Score,
    segment: SegmentOrdinal,
    found: Vec<(Score, DocAddress)>,
}

impl Collector for AtLeast {
    type Fruit = Vec<(Score, DocAddress)>;
    type Child = AtLeastOfSegment;

    fn for_segment(&self, segment: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<AtLeastOfSegment> {
        Ok(AtLeastOfSegment { score: self.score, segment, found: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Vec<(Score, DocAddress)>>) -> tantivy::Result<Vec<(Score, DocAddress)>> {
        Ok(fruits.concat())
    }
}

impl SegmentCollector for AtLeastOfSegment {
    type Fruit = Vec<(Score, DocAddress)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        if score >= self.score {
            self.found.push((score, DocAddress::new(self.segment, doc)));
        }
    }

    fn harvest(self) -> Vec<(Score, DocAddress)> {
        self.found
    }
}
