//! A filter as a query of the inverted index: its conditions, compared with the values that the dictionary has.

use super::LexicalIndex;
use super::schema::UNDER;
use super::{each_term, engine, named};
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
        each_term(searcher, self.fields.properties, &prefix, &mut |property, _| {
            if condition.matches(&property[prefix.len()..]) {
                matching.insert(property.to_owned());
            }
            true
        })?;
        Ok(matching.iter().map(|property| Term::from_field_text(self.fields.properties, property)).collect())
    }

    /// The keys that documents have properties under, folded. The values of a key are jumped over.
    pub fn keys(&self) -> Result<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        for segment in self.reader.searcher().segment_readers() {
            let index = engine(segment.inverted_index(self.fields.properties))?;
            let mut from = String::new();
            loop {
                let mut stream = index.terms().range().ge(&from).into_stream().at("read", "terms")?;
                if !stream.advance() {
                    break;
                }
                let property = String::from_utf8_lossy(stream.key()).into_owned();
                let Some((key, _)) = property.split_once(UNDER) else { break };
                from = format!("{key}{}", char::from(UNDER as u8 + 1));
                keys.insert(key.to_owned());
            }
        }
        Ok(keys)
    }
}
