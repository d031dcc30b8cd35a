//! The inverted index of a generation: tantivy, with our text analysis and BM25 (k1 = 1.2, b = 0.75).

mod exact;
mod filtered;
mod phrases;
mod published;
mod schema;
mod statistics;
mod writer;

pub use filtered::outcome;
pub use writer::{LexicalWriter, clone_index};

use crate::document::{ChunkId, Passage};
use crate::error::{IoContext, Result};
use crate::ranking::{Candidate, Ranking, Stage};
use crate::store::{Filter, LexicalQuery, StoreProblem, TermShare, idf};
use crate::text::Analyzer;
use filtered::Understood;
use published::PublishedDirectory;
use schema::{Fields, StoredPassage, register, schema};
pub use statistics::TokenCounts;
use statistics::{Beside, Statistics};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tantivy::collector::Count;
use tantivy::postings::Postings;
use tantivy::query::{Bm25StatisticsProvider, BoostQuery, DisjunctionMaxQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocSet, Index, IndexReader, ReloadPolicy, Searcher, TERMINATED, TantivyDocument, Term};

/// Terms that a single character may stand for.
const EXPANSIONS_MAX: usize = 512;

impl From<tantivy::TantivyError> for StoreProblem {
    fn from(error: tantivy::TantivyError) -> StoreProblem {
        match error {
            tantivy::TantivyError::IoError(source) if is_about_writing(source.kind()) => {
                StoreProblem::CannotWrite { reason: source.to_string() }
            }
            other => StoreProblem::Engine { reason: other.to_string() },
        }
    }
}

fn is_about_writing(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::*;
    matches!(kind, StorageFull | QuotaExceeded | FileTooLarge | PermissionDenied | ReadOnlyFilesystem)
}

fn engine<T>(result: tantivy::Result<T>) -> Result<T> {
    Ok(result.map_err(StoreProblem::from)?)
}

/// The inverted index as a reader sees it.
pub struct LexicalIndex {
    reader: IndexReader,
    fields: Fields,
    /// The one the index was made with.
    analyzer: Arc<Analyzer>,
    /// Indexes that are searched beside this one, whose statistics count too.
    others: Vec<Beside>,
    tokens: TokenCounts,
    /// The filter that was asked for last.
    understood: Mutex<Option<Arc<Understood>>>,
}

impl LexicalIndex {
    /// `tokens` are those that [`LexicalWriter::finish`] counted.
    pub fn open(dir: &Path, tokens: TokenCounts, analyzer: &Arc<Analyzer>) -> Result<LexicalIndex> {
        let directory = engine(PublishedDirectory::open(dir).map_err(Into::into))?;
        let index = engine(Index::open(directory))?;
        register(&index, analyzer);
        let (_, fields) = schema();
        let reader = engine(
            index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(16).try_into(),
        )?;
        Ok(LexicalIndex {
            reader,
            fields,
            analyzer: analyzer.clone(),
            others: Vec::new(),
            tokens,
            understood: Mutex::new(None),
        })
    }

    /// As another index has it beside itself.
    pub fn as_other(&self) -> Beside {
        Beside { searcher: self.reader.searcher(), tokens: self.tokens.clone() }
    }

    /// From now on terms are weighed by the statistics of these too.
    pub fn beside(&mut self, others: Vec<Beside>) {
        self.others = others;
        self.understood = Mutex::new(None);
    }

    fn statistics<'s>(&'s self, own: &'s Searcher) -> Statistics<'s> {
        Statistics { own, tokens: &self.tokens, others: &self.others }
    }

    pub fn search(&self, query: &LexicalQuery, filter: &Filter, limit: usize) -> Result<Ranking> {
        let searcher = self.reader.searcher();
        if limit == 0 || searcher.num_docs() == 0 {
            return Ok(Ranking::default());
        }
        let found = self.best(&self.clauses(query, &searcher)?, filter, limit, &searcher)?;
        Ok(Ranking::new(Stage::Lexical, named(found, &searcher)?, limit))
    }

    /// What the scores of `query` are the sums of.
    fn clauses<'q>(&self, query: &'q LexicalQuery, searcher: &Searcher) -> Result<Vec<Clause<'q>>> {
        let mut clauses = Vec::with_capacity(query.words.len() * 2 + query.pairs.len());
        for (term, weight) in &query.words {
            for (field, boost) in self.fields.of_words() {
                clauses.push(Clause { term, field, query: Box::new(term_query(field, term, weight * boost)) });
            }
        }
        let field = self.fields.pairs;
        for (term, weight) in &query.pairs {
            let query: Box<dyn Query> = match term.chars().count() {
                1 => Box::new(beginning_with(field, term, *weight, searcher)?),
                _ => Box::new(term_query(field, term, *weight)),
            };
            clauses.push(Clause { term, field, query });
        }
        Ok(clauses)
    }

    /// The lexical score of each chunk, in the order asked; 0 where it has none of the terms.
    pub fn scores(&self, query: &LexicalQuery, ids: &[ChunkId]) -> Result<Vec<f32>> {
        let searcher = self.reader.searcher();
        let addresses = self.addresses(&searcher, ids)?;
        let mut scores = exact::sums(&self.clauses(query, &searcher)?, &self.statistics(&searcher), &addresses)?;
        scores.resize(ids.len(), 0.0);
        Ok(scores)
    }

    /// Which of `terms` each chunk has, a row a chunk.
    pub fn matched(&self, terms: &[String], ids: &[ChunkId]) -> Result<Vec<Vec<bool>>> {
        let searcher = self.reader.searcher();
        let addresses = self.addresses(&searcher, ids)?;
        let mut matched = vec![vec![false; terms.len()]; ids.len()];
        for (column, term) in terms.iter().enumerate() {
            for (field, _) in self.fields.of_words() {
                let query = term_query(field, term, 1.0);
                visit(&query, &self.statistics(&searcher), &addresses, &mut |row, _| matched[row][column] = true)?;
            }
        }
        Ok(matched)
    }

    /// Where chunks are in the index, each with its place in `ids`; in the order of the index.
    fn addresses(&self, searcher: &Searcher, ids: &[ChunkId]) -> Result<Vec<(DocAddress, usize)>> {
        let mut addresses = Vec::with_capacity(ids.len());
        for (at, id) in ids.iter().enumerate() {
            addresses.extend(self.address(searcher, id)?.map(|address| (address, at)));
        }
        addresses.sort_unstable();
        Ok(addresses)
    }

    /// The terms of `query` found in a chunk; their scores sum to its lexical score.
    pub fn shares(&self, query: &LexicalQuery, id: &ChunkId) -> Result<Vec<TermShare>> {
        let searcher = self.reader.searcher();
        let Some(address) = self.address(&searcher, id)? else { return Ok(Vec::new()) };
        let (schema, statistics) = (searcher.schema(), self.statistics(&searcher));
        let mut shares = Vec::new();
        for clause in self.clauses(query, &searcher)? {
            // An error says that the term is not there.
            let weight = engine(clause.query.weight(statistics.scoring()))?;
            if let Ok(explanation) = weight.explain(searcher.segment_reader(address.segment_ord), address.doc_id) {
                let (tf, idf) = self.frequencies(&clause, &searcher, address)?.unzip();
                let field = schema.get_field_name(clause.field).to_string();
                shares.push(TermShare { term: clause.term.into(), field, tf, idf, score: explanation.value() });
            }
        }
        shares.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(shares)
    }

    /// The term's frequency in a chunk, and its idf; none for a prefix.
    fn frequencies(&self, clause: &Clause<'_>, searcher: &Searcher, address: DocAddress) -> Result<Option<(u32, f32)>> {
        let term = Term::from_field_text(clause.field, clause.term);
        let index = engine(searcher.segment_reader(address.segment_ord).inverted_index(clause.field))?;
        let postings = index.read_postings(&term, IndexRecordOption::WithFreqs).at("read", "postings")?;
        let Some(mut postings) = postings else { return Ok(None) };
        if postings.seek(address.doc_id) != address.doc_id {
            return Ok(None);
        }
        let statistics = self.statistics(searcher);
        let (all, df) = (engine(statistics.total_num_docs())? as f32, engine(statistics.doc_freq(&term))? as f32);
        Ok(Some((postings.term_freq(), idf(all, df))))
    }

    pub fn has_document(&self, id: &str) -> Result<bool> {
        let query = TermQuery::new(Term::from_field_text(self.fields.doc, id), IndexRecordOption::Basic);
        Ok(engine(self.reader.searcher().search(&query, &Count))? > 0)
    }

    /// Of the fields of words, the one that has it most often: the body holds title and headings too, so only what is not
    /// read there is more frequent elsewhere.
    pub fn document_frequencies(&self, terms: &[String]) -> Result<Vec<u64>> {
        let searcher = self.reader.searcher();
        let statistics = self.statistics(&searcher);
        let frequency = |field, term: &str| engine(statistics.doc_freq(&Term::from_field_text(field, term)));
        let most = |term: &String| {
            let mut frequencies = self.fields.of_words().into_iter().map(|(field, _)| frequency(field, term));
            frequencies.try_fold(0, |most, frequency| Ok(frequency?.max(most)))
        };
        terms.iter().map(most).collect()
    }

    /// Words of the body that begin with `prefix`, each with the number of chunks that have it.
    pub fn vocabulary(&self, prefix: &str) -> Result<BTreeMap<String, u64>> {
        let mut words: BTreeMap<String, u64> = BTreeMap::new();
        each_term(&self.reader.searcher(), self.fields.body, prefix, &mut |word, chunks| {
            *words.entry(word.into()).or_default() += chunks;
            true
        })?;
        Ok(words)
    }

    pub fn pair_frequencies(&self, pairs: &[String]) -> Result<Vec<u64>> {
        let searcher = self.reader.searcher();
        let statistics = self.statistics(&searcher);
        let frequency = |pair: &String| engine(statistics.doc_freq(&Term::from_field_text(self.fields.pairs, pair)));
        pairs.iter().map(frequency).collect()
    }

    /// Where a chunk is; deleted ones are passed over.
    fn address(&self, searcher: &Searcher, id: &ChunkId) -> Result<Option<DocAddress>> {
        let term = Term::from_field_text(self.fields.chunk, &id.to_string());
        for (ord, segment) in searcher.segment_readers().iter().enumerate() {
            let index = engine(segment.inverted_index(self.fields.chunk))?;
            let postings = index.read_postings(&term, IndexRecordOption::Basic).at("read", "postings")?;
            let Some(mut postings) = postings else { continue };
            while postings.doc() != TERMINATED {
                if segment.alive_bitset().is_none_or(|alive| alive.is_alive(postings.doc())) {
                    return Ok(Some(DocAddress::new(ord as u32, postings.doc())));
                }
                postings.advance();
            }
        }
        Ok(None)
    }

    fn stored(&self, searcher: &Searcher, address: DocAddress) -> Result<StoredPassage> {
        let broken = |reason: String| StoreProblem::Engine { reason };
        let fields: TantivyDocument = engine(searcher.doc(address))?;
        let json = fields.get_first(self.fields.passage).and_then(|value| value.as_str());
        let json = json.ok_or_else(|| broken("a chunk without a passage".into()))?;
        Ok(serde_json::from_str(json).map_err(|error| broken(error.to_string()))?)
    }

    pub fn fetch(&self, ids: &[ChunkId]) -> Result<Vec<Passage>> {
        let searcher = self.reader.searcher();
        ids.iter()
            .map(|id| {
                let broken = || StoreProblem::Engine { reason: format!("chunk {id} is not in this generation") };
                let address = self.address(&searcher, id)?.ok_or_else(broken)?;
                let StoredPassage { title, headings, sections, path, source, date, lines, text, lead, plain } =
                    self.stored(&searcher, address)?;
                Ok(Passage { id: id.clone(), title, headings, sections, path, source, date, lines, text, lead, plain })
            })
            .collect()
    }
}

/// The chunks at these places. Their names are read in the order they are stored in, which decodes each block once.
fn named(mut found: Vec<(f32, DocAddress)>, searcher: &Searcher) -> Result<Vec<Candidate>> {
    let broken = |reason: &str| StoreProblem::Engine { reason: reason.into() };
    found.sort_unstable_by_key(|(_, address)| *address);
    let mut candidates = Vec::with_capacity(found.len());
    for of_segment in found.chunk_by(|a, b| a.1.segment_ord == b.1.segment_ord) {
        let columns = searcher.segment_reader(of_segment[0].1.segment_ord).fast_fields();
        let column = engine(columns.str("chunk"))?.ok_or_else(|| broken("no chunk column"))?;
        let named = of_segment.iter().map(|(score, address)| Some((column.term_ords(address.doc_id).next()?, *score)));
        let mut named: Vec<(u64, f32)> =
            named.collect::<Option<_>>().ok_or_else(|| broken("a chunk without a name"))?;
        named.sort_unstable_by_key(|(ord, _)| *ord);
        let ords: Vec<u64> = named.iter().map(|(ord, _)| *ord).collect();
        let mut scores = named.into_iter().map(|(_, score)| score);
        let name = |key: &[u8]| {
            let chunk = std::str::from_utf8(key).ok().and_then(ChunkId::parse);
            candidates.extend(chunk.zip(scores.next()).map(|(chunk, score)| Candidate::found(chunk, score)));
        };
        column.dictionary().sorted_ords_to_term_cb(&ords, name).at("read", "chunk column")?;
    }
    if candidates.len() < found.len() {
        return Err(broken("chunks whose names cannot be read").into());
    }
    Ok(candidates)
}

/// Tells `on` the place and the score of those of `addresses` that match.
fn visit(
    query: &dyn Query,
    statistics: &Statistics<'_>,
    addresses: &[(DocAddress, usize)],
    on: &mut dyn FnMut(usize, f32),
) -> Result<()> {
    let weight = engine(query.weight(statistics.scoring()))?;
    for of_segment in addresses.chunk_by(|a, b| a.0.segment_ord == b.0.segment_ord) {
        let segment = statistics.own.segment_reader(of_segment[0].0.segment_ord);
        let mut scorer = engine(weight.scorer(segment, 1.0))?;
        for (address, at) in of_segment {
            if scorer.doc() < address.doc_id {
                scorer.seek(address.doc_id);
            }
            if scorer.doc() == address.doc_id {
                on(*at, scorer.score());
            }
        }
    }
    Ok(())
}

/// One summand of a chunk's score.
struct Clause<'q> {
    term: &'q str,
    field: Field,
    query: Box<dyn Query>,
}

/// The best of the terms that begin with `prefix`.
fn beginning_with(field: Field, prefix: &str, weight: f32, searcher: &Searcher) -> Result<DisjunctionMaxQuery> {
    let mut terms = BTreeSet::new();
    each_term(searcher, field, prefix, &mut |term, _| {
        let has_room = terms.len() < EXPANSIONS_MAX;
        if has_room {
            terms.insert(term.to_owned());
        }
        has_room
    })?;
    let queries = terms.iter().map(|term| Box::new(term_query(field, term, weight)) as Box<dyn Query>);
    Ok(DisjunctionMaxQuery::new(queries.collect()))
}

/// Tells `on` the terms of each segment that begin with `prefix`, with the number of chunks that have them there, until it
/// says that it has enough of the segment.
fn each_term(searcher: &Searcher, field: Field, prefix: &str, on: &mut dyn FnMut(&str, u64) -> bool) -> Result<()> {
    for segment in searcher.segment_readers() {
        let index = engine(segment.inverted_index(field))?;
        let mut stream = index.terms().range().ge(prefix).into_stream().at("read", "terms")?;
        while stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
            if !on(&String::from_utf8_lossy(stream.key()), u64::from(stream.value().doc_freq)) {
                break;
            }
        }
    }
    Ok(())
}

fn term_query(field: Field, term: &str, weight: f32) -> BoostQuery {
    let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
    BoostQuery::new(Box::new(query), weight)
}
