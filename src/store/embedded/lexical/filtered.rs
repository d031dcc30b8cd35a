//! A filter as a query of the inverted index: its conditions, compared with the values that the dictionary has.

use super::LexicalIndex;
use super::schema::UNDER;
use super::{each_term, engine, named};
use crate::document::ChunkId;
use crate::error::{IoContext, Result};
use crate::store::{Comparison, Condition, Filter, FilterOutcome, Uncompared, Verdict};
use crate::text::Phrase;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use tantivy::collector::{Count, DocSetCollector};
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, Query, TermSetQuery};
use tantivy::{Searcher, Term};

/// A filter as this index understands it. Both legs of a search and the outcome ask for the same.
pub(super) struct Understood {
    filter: Filter,
    conditions: Vec<Matching>,
    /// Of each phrase, the chunks that hold it.
    phrases: Vec<Vec<Term>>,
    excluded: Vec<Vec<Term>>,
}

/// A condition with the properties that match it.
struct Matching {
    condition: Condition,
    terms: Vec<Term>,
    /// How many values could not be compared, with the first of them.
    uncompared: Option<(usize, String)>,
}

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
        let understood = self.understood(filter, searcher)?;
        let mut clauses = vec![(Occur::Must, query)];
        clauses.extend(understood.conditions.iter().map(Matching::clause));
        clauses.extend(understood.phrases.iter().map(|chunks| clause(Occur::Must, chunks)));
        clauses.extend(understood.excluded.iter().map(|chunks| clause(Occur::MustNot, chunks)));
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    /// What the filter comes to, kept until another one is asked for.
    fn understood(&self, filter: &Filter, searcher: &Searcher) -> Result<Arc<Understood>> {
        // Whoever panicked with the lock has left it whole: it is only ever replaced.
        let mut kept = self.understood.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(understood) = kept.as_ref().filter(|kept| kept.filter == *filter) {
            return Ok(understood.clone());
        }
        let conditions = filter.conditions.iter().map(|condition| self.matching_of(condition, searcher));
        let holding = |phrases: &[Phrase]| -> Result<Vec<Vec<Term>>> {
            phrases.iter().map(|phrase| self.holding(phrase, searcher)).collect()
        };
        let understood = Arc::new(Understood {
            filter: filter.clone(),
            conditions: conditions.collect::<Result<_>>()?,
            phrases: holding(&filter.phrases)?,
            excluded: holding(&filter.excluded)?,
        });
        *kept = Some(understood.clone());
        Ok(understood)
    }

    /// Compares each value of the condition's key. Those of indexes beside this one are looked at too: what a value is
    /// taken for depends on all there are.
    fn matching_of(&self, condition: &Condition, searcher: &Searcher) -> Result<Matching> {
        let prefix = format!("{}{UNDER}", condition.key);
        let each = |on: &mut dyn FnMut(&str)| -> Result<()> {
            for searcher in std::iter::once(searcher).chain(self.others.iter().map(|other| &other.searcher)) {
                each_term(searcher, self.fields.properties, &prefix, &mut |property, _| {
                    on(&property[prefix.len()..]);
                    true
                })?;
            }
            Ok(())
        };
        let mut values = BTreeSet::new();
        if condition.is_typed() {
            each(&mut |value| {
                values.insert(value.to_owned());
            })?;
        }
        let test = condition.test(&values)?;
        let (mut matching, mut uncompared) = (BTreeSet::new(), BTreeSet::new());
        let mut sort = |value: &str| match test.of(value) {
            Verdict::Matches => {
                matching.insert(value.to_owned());
            }
            Verdict::Uncompared => {
                uncompared.insert(value.to_owned());
            }
            Verdict::Differs => {}
        };
        match condition.is_typed() {
            true => values.iter().for_each(|value| sort(value)),
            false => each(&mut sort)?,
        }
        let term = |value: &String| Term::from_field_text(self.fields.properties, &format!("{prefix}{value}"));
        let terms = matching.iter().map(term).collect();
        let count = uncompared.len();
        let uncompared = uncompared.into_iter().next().map(|example| (count, example));
        Ok(Matching { condition: condition.clone(), terms, uncompared })
    }

    /// How the filter was understood in this index and those beside it.
    pub fn uncompared(&self, filter: &Filter) -> Result<Vec<Uncompared>> {
        let told = |of: &Matching| {
            let (values, example) = of.uncompared.clone()?;
            Some(Uncompared { condition: of.condition.to_string(), key: of.condition.key.clone(), values, example })
        };
        Ok(self.understood(filter, &self.reader.searcher())?.conditions.iter().filter_map(told).collect())
    }

    /// How many chunks those of the conditions admit that are at `places`.
    fn admitted_count(&self, filter: &Filter, places: Range<usize>) -> Result<usize> {
        let searcher = self.reader.searcher();
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(AllQuery))];
        clauses.extend(self.understood(filter, &searcher)?.conditions[places].iter().map(Matching::clause));
        engine(searcher.search(&BooleanQuery::new(clauses), &Count))
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

impl Matching {
    fn clause(&self) -> (Occur, Box<dyn Query>) {
        let occur = if self.condition.comparison == Comparison::IsNot { Occur::MustNot } else { Occur::Must };
        clause(occur, &self.terms)
    }
}

/// Whether a chunk has one of `terms`, which says nothing of its score.
fn clause(occur: Occur, terms: &[Term]) -> (Occur, Box<dyn Query>) {
    let terms = TermSetQuery::new(terms.to_vec());
    (occur, Box::new(ConstScoreQuery::new(Box::new(terms), 0.0)))
}

/// How `filter` was understood in `indexes`, which are searched as one.
pub fn outcome(indexes: &[&LexicalIndex], filter: &Filter) -> Result<FilterOutcome> {
    let conditions = &filter.conditions;
    let Some(first) = indexes.first().filter(|_| !conditions.is_empty()) else { return Ok(FilterOutcome::default()) };
    let mut outcome = FilterOutcome { uncompared: first.uncompared(filter)?, ..FilterOutcome::default() };
    let admits_nothing = |places: Range<usize>| -> Result<bool> {
        for index in indexes {
            if index.admitted_count(filter, places.clone())? > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if admits_nothing(0..conditions.len())? {
        for (at, condition) in conditions.iter().enumerate() {
            if admits_nothing(at..at + 1)? {
                outcome.admits_nothing.push(condition.to_string());
            }
        }
        if outcome.admits_nothing.is_empty() {
            outcome.admits_nothing = conditions.iter().map(ToString::to_string).collect();
        }
    }
    Ok(outcome)
}
