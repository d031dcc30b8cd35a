//! A filter as a query of the inverted index: its conditions, compared with the values that the dictionary has.

use super::LexicalIndex;
use super::schema::UNDER;
use super::{engine, named};
use crate::document::ChunkId;
use crate::error::{IoContext, Result};
use crate::store::{Comparison, Condition, Filter};
use std::collections::BTreeSet;
use tantivy::collector::DocSetCollector;
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, Query, TermSetQuery};
use tantivy::{Searcher, Term};

impl LexicalIndex {
    /// The chunks that `filter` admits, in their order.
    pub fn admitted(&self, filter: &Filter) -> Result<Vec<ChunkId>> {
        let searcher = self.reader.searcher();
        let query = self.filtered(Box::new(AllQuery), filter, &searcher)?;
        let found = engine(searcher.search(&query, &DocSetCollector))?;
        let candidates = named(found.into_iter().map(|address| (0.0, address)).collect(), &searcher)?;
        let mut chunks: Vec<ChunkId> = candidates.into_iter().map(|candidate| candidate.chunk).collect();
        chunks.sort_unstable();
        Ok(chunks)
    }

    /// `query` among what `filter` admits, with the scores it has without.
    pub(super) fn filtered(
        &self,
        query: Box<dyn Query>,
        filter: &Filter,
        searcher: &Searcher,
    ) -> Result<Box<dyn Query>> {
        if filter.is_empty() {
            return Ok(query);
        }
        let mut clauses = vec![(Occur::Must, query)];
        for condition in &filter.0 {
            let terms = TermSetQuery::new(self.matching(condition, searcher)?);
            let occur = if condition.comparison == Comparison::IsNot { Occur::MustNot } else { Occur::Must };
            clauses.push((occur, Box::new(ConstScoreQuery::new(Box::new(terms), 0.0))));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    /// The properties of this key whose value compares as the condition says.
    fn matching(&self, condition: &Condition, searcher: &Searcher) -> Result<Vec<Term>> {
        let prefix = format!("{}{UNDER}", condition.key);
        let mut matching = BTreeSet::new();
        self.properties_from(&prefix, searcher, &mut |property| {
            if condition.matches(property.strip_prefix(&prefix)?) {
                matching.insert(property.to_owned());
            }
            Some(None)
        })?;
        Ok(matching.iter().map(|property| Term::from_field_text(self.fields.properties, property)).collect())
    }

    /// The keys that documents have properties under, folded.
    pub fn keys(&self) -> Result<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        self.properties_from("", &self.reader.searcher(), &mut |property| {
            let (key, _) = property.split_once(UNDER)?;
            keys.insert(key.to_owned());
            // Behind all that begin with this key.
            Some(Some(format!("{key}{}", char::from(UNDER as u8 + 1))))
        })?;
        Ok(keys)
    }

    /// Tells `on` the properties of each segment from `start` on, as long as it says something; it may name a place to go on
    /// from instead of the next.
    fn properties_from(
        &self,
        start: &str,
        searcher: &Searcher,
        on: &mut dyn FnMut(&str) -> Option<Option<String>>,
    ) -> Result<()> {
        for segment in searcher.segment_readers() {
            let index = engine(segment.inverted_index(self.fields.properties))?;
            let mut from = Some(start.to_owned());
            while let Some(start) = from.take() {
                let mut stream = index.terms().range().ge(&start).into_stream().at("read", "terms")?;
                while stream.advance() {
                    match on(&String::from_utf8_lossy(stream.key())) {
                        None => break,
                        Some(None) => {}
                        Some(jump) => {
                            from = jump;
                            break;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
