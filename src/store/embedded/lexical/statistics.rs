//! The statistics that BM25 weighs terms by: of this index, or of several that are searched as one.

use super::engine;
use super::schema::Fields;
use crate::error::Result;
use std::collections::BTreeMap;
use tantivy::query::{Bm25StatisticsProvider, EnableScoring};
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

/// How many terms each field of words has in an index, by the field's number.
///
/// tantivy counts them when a text comes, and estimates what is left once chunks were deleted, so that an index that was
/// changed would rank otherwise than one made anew. Here they are the sums of the lengths that BM25 itself goes by, which a
/// chunk keeps whatever happens around it.
pub type TokenCounts = BTreeMap<u32, u64>;

/// Counted once a generation: a byte a chunk and field is read.
pub fn count_tokens(searcher: &Searcher, fields: &Fields) -> Result<TokenCounts> {
    let mut counts = TokenCounts::new();
    for field in fields.of_words().map(|(field, _)| field).into_iter().chain([fields.pairs]) {
        let count = counts.entry(field.field_id()).or_default();
        for segment in searcher.segment_readers() {
            let lengths = engine(segment.get_fieldnorms_reader(field))?;
            *count += segment.doc_ids_alive().map(|doc| u64::from(lengths.fieldnorm(doc))).sum::<u64>();
        }
    }
    Ok(counts)
}

/// An index that is searched beside another.
#[derive(Clone)]
pub struct Beside {
    pub(super) searcher: Searcher,
    pub(super) tokens: TokenCounts,
}

/// Sums over the indexes searched.
pub(super) struct Statistics<'s> {
    pub(super) own: &'s Searcher,
    pub(super) tokens: &'s TokenCounts,
    /// Those searched beside it.
    pub(super) others: &'s [Beside],
}

impl Statistics<'_> {
    pub(super) fn scoring(&self) -> EnableScoring<'_> {
        EnableScoring::enabled_from_statistics_provider(self, self.own)
    }

    fn sum(&self, of: impl Fn(&Searcher) -> tantivy::Result<u64>) -> tantivy::Result<u64> {
        std::iter::once(self.own).chain(self.others.iter().map(|other| &other.searcher)).map(of).sum()
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let all = std::iter::once(self.tokens).chain(self.others.iter().map(|other| &other.tokens));
        Ok(all.filter_map(|tokens| tokens.get(&field.field_id())).sum())
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.sum(Bm25StatisticsProvider::total_num_docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.sum(|searcher| searcher.doc_freq(term))
    }
}
