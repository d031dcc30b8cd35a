//! Phrases as queries of the inverted index: candidates by the postings of their words, then the stored text is read.

use super::LexicalIndex;
use super::{each_term, engine, named};
use crate::error::Result;
use crate::language::is_han;
use crate::store::embedded::lexical::schema::StoredPassage;
use crate::text::{Kind, Phrase, Term as Word};
use std::collections::BTreeSet;
use std::ops::Range;
use tantivy::collector::DocSetCollector;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

impl LexicalIndex {
    /// The ids, as terms, of the chunks that hold `phrase` in title, headings or text. Costs as much as there are chunks with its words.
    pub(super) fn holding(&self, phrase: &Phrase, searcher: &Searcher) -> Result<Vec<Term>> {
        let found = engine(searcher.search(&self.candidates(phrase, searcher)?, &DocSetCollector))?;
        // In their order, so that each block of the store is decoded once.
        let found: BTreeSet<_> = found.into_iter().collect();
        let mut holding = Vec::new();
        for address in found {
            let StoredPassage { title, headings, text, plain, .. } = self.stored(searcher, address)?;
            if [&title, &text].into_iter().chain(&plain).chain(&headings).any(|text| phrase.is_in(text)) {
                holding.push((0.0, address));
            }
        }
        let chunks = named(holding, searcher)?.into_iter();
        Ok(chunks.map(|found| Term::from_field_text(self.fields.chunk, &found.chunk.to_string())).collect())
    }

    /// The chunks that have all words and pairs of the phrase somewhere.
    fn candidates(&self, phrase: &Phrase, searcher: &Searcher) -> Result<BooleanQuery> {
        let words = self.analyzer.terms(phrase.text()).into_iter().filter(|term| !term.text.contains(is_han));
        let mut all: Vec<Box<dyn Query>> =
            overlapping(words.collect()).iter().map(|words| self.having(words)).collect();
        let pairs = self.analyzer.pairs(phrase.text());
        let is_pair = |pair: &&Word| pair.text.chars().nth(1).is_some();
        for pair in pairs.iter().filter(is_pair) {
            all.push(term_query(self.fields.pairs, &pair.text));
        }
        if all.is_empty() {
            for single in &pairs {
                all.push(Box::new(self.beginning_with_any(&single.text, searcher)?));
            }
        }
        Ok(BooleanQuery::new(all.into_iter().map(|query| (Occur::Must, query)).collect()))
    }

    /// Has words that stand at one place: a compound as it is, or else its parts, since in the text it may be part of
    /// something longer or be written in other case.
    fn having(&self, words: &[Word]) -> Box<dyn Query> {
        let (wholes, parts): (Vec<&Word>, Vec<&Word>) = words.iter().partition(|word| word.kind == Kind::Compound);
        let anywhere = |word: &Word| -> Box<dyn Query> {
            let fields = self.fields.of_words().into_iter();
            Box::new(BooleanQuery::union(fields.map(|(field, _)| term_query(field, &word.text)).collect()))
        };
        let mut either: Vec<Box<dyn Query>> = wholes.into_iter().map(anywhere).collect();
        if !parts.is_empty() {
            either.push(Box::new(BooleanQuery::intersection(parts.into_iter().map(anywhere).collect())));
        }
        Box::new(BooleanQuery::union(either))
    }

    /// Has a Chinese character: it begins exactly one pair wherever it stands.
    fn beginning_with_any(&self, character: &str, searcher: &Searcher) -> Result<TermSetQuery> {
        let mut pairs = BTreeSet::new();
        each_term(searcher, self.fields.pairs, character, &mut |pair, _| {
            pairs.insert(pair.to_owned());
            true
        })?;
        Ok(TermSetQuery::new(
            pairs.iter().map(|pair| Term::from_field_text(self.fields.pairs, pair)).collect::<Vec<_>>(),
        ))
    }
}

/// Words in groups that share characters.
fn overlapping(mut words: Vec<Word>) -> Vec<Vec<Word>> {
    words.sort_by_key(|word| (word.range.start, std::cmp::Reverse(word.range.end)));
    let mut groups: Vec<(Range<usize>, Vec<Word>)> = Vec::new();
    for word in words {
        match groups.last_mut() {
            Some((range, group)) if word.range.start < range.end => {
                range.end = range.end.max(word.range.end);
                group.push(word);
            }
            _ => groups.push((word.range.clone(), vec![word])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn term_query(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}
