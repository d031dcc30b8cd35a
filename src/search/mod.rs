//! Search: query → legs → fusion → reranking → hits.

mod calibration;
mod collapse;
mod evidence;
mod excerpt;
mod fuse;
mod known;
mod looked_up;
mod merge;
mod name;
mod problem;
mod query;
mod relevance;
mod rerank;
mod retrieve;
mod rrf;
mod section;
mod syntax;
mod typo;

pub use calibration::{Calibration, Calibrations, read as read_calibrations};
pub use collapse::Duplicate;
pub use evidence::{CANDIDATES as EVIDENCE_CANDIDATES, Evidence};
pub use fuse::{Fusion, FusionKind, Weighed, fuse, gap_of};
pub use known::{Known, known};
pub use looked_up::{LookedUp, looked_up};
pub use merge::merge;
pub use problem::SearchProblem;
pub use query::require_words;
pub use relevance::{Logistic, Relevance, WORDS_ALONE};
pub use rerank::{Rerank, RerankKind};
pub use retrieve::Scope;
pub use rrf::Rrf;
pub use typo::Correction;

use crate::document::{ChunkId, DocId, Passage, heading};
use crate::error::Result;
use crate::models::embedder::Embedder;
use crate::models::reranker::Reranker;
use crate::ranking::{Candidate, Ranking, Stage, Step};
use crate::store::{Filter, FilterOutcome, Generation, TermShare};
use crate::text::{Analyzer, Phrase};
use collapse::{Kept, collapse};
use excerpt::excerpt;
use query::Query;
use rerank::rerank;
use section::section_of;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;
use syntax::Syntax;

/// Which legs are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Hybrid,
    Lexical,
    Dense,
}

impl std::str::FromStr for Mode {
    type Err = SearchProblem;

    fn from_str(name: &str) -> Result<Mode, SearchProblem> {
        match name {
            "hybrid" => Ok(Mode::Hybrid),
            "lexical" => Ok(Mode::Lexical),
            "dense" => Ok(Mode::Dense),
            _ => Err(SearchProblem::UnknownMode { name: name.into() }),
        }
    }
}

impl std::str::FromStr for FusionKind {
    type Err = SearchProblem;

    fn from_str(name: &str) -> Result<FusionKind, SearchProblem> {
        match name {
            "evidence" => Ok(FusionKind::Evidence),
            "rrf" => Ok(FusionKind::Rrf),
            _ => Err(SearchProblem::UnknownFusion { name: name.into() }),
        }
    }
}

/// Candidates beyond those wanted, in the place of those that others stand for.
const SPARE: usize = 10;

#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub mode: Mode,
    /// Hits returned, at most.
    pub limit: usize,
    /// Candidates that each leg is asked for, and that a fusion orders.
    pub depth: usize,
    /// Chooses the candidates of a fusion.
    pub rrf: Rrf,
    pub fusion: Fusion,
    /// Needs a reranker.
    pub rerank: Option<Rerank>,
    pub relevance: Relevance,
    /// Hits of less relevance are left out.
    pub relevance_min: f32,
    /// Whether the query has a syntax: a passage must hold what is in quotes, and nothing with a minus sign before it.
    pub operators: bool,
    /// Whether each hit says what every term contributed.
    pub explain: bool,
    /// Whether each hit says where the query's terms stand in its text, with an excerpt of so many terminal columns.
    pub highlight: Option<usize>,
}

/// A passage found. Serialized as it is printed by `rag search --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    /// Counts from 1.
    pub rank: u32,
    /// Of the last stage; comparable within one result only.
    pub score: f32,
    /// How likely it has to do with the query at all, 0 to 1; comparable between queries.
    pub relevance: f32,
    pub doc: DocId,
    pub chunk: ChunkId,
    pub title: String,
    /// Above the section that the query is about; of a passage of several sections, where no word tells, above all of it.
    pub headings: Vec<String>,
    /// Relative to the folder we are run in, where it lies below it.
    pub path: String,
    /// First and last line in the file, counted from 1.
    pub lines: (u32, u32),
    pub text: String,
    /// What stands in the file further up and explains `text`: the head of its table, the line that announces its list.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub lead: String,
    /// `text` without markup.
    #[serde(skip)]
    pub plain: String,
    /// What every stage made of it.
    pub trail: Vec<Step>,
    /// Passages that say the same, ranked lower; this one stands for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
    /// With `explain`: the parts of the lexical score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<TermShare>>,
    /// With `highlight`: byte ranges of `plain`.
    #[serde(skip)]
    pub marks: Vec<Range<usize>>,
    /// With `highlight`: the part of `plain` that shows why it was found.
    #[serde(skip)]
    pub excerpt: Range<usize>,
    #[serde(skip)]
    pub source: String,
    #[serde(skip)]
    pub date: String,
    /// The sections that the passage holds, and the headings above all of it: see [`Passage`].
    #[serde(skip)]
    sections: Vec<(u32, Vec<String>)>,
    #[serde(skip)]
    above_all: Vec<String>,
}

impl Hit {
    /// `title › section › subsection`.
    pub fn heading(&self) -> String {
        heading(&self.title, &self.headings)
    }

    /// The passage as it was fetched.
    pub fn passage(&self) -> Passage {
        Passage {
            id: self.chunk.clone(),
            title: self.title.clone(),
            headings: self.above_all.clone(),
            sections: self.sections.clone(),
            path: self.path.clone(),
            source: self.source.clone(),
            date: self.date.clone(),
            lines: self.lines,
            text: self.text.clone(),
            lead: self.lead.clone(),
            plain: Some(self.plain.clone()),
        }
    }
}

/// The answer to a search. Serialized as it is printed by `rag search --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub query: String,
    pub mode: Mode,
    pub generation: Generation,
    pub hits: Vec<Hit>,
    /// What every hit holds word by word, as typed in quotes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// What no hit holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    /// In hybrid mode: how the legs were weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fusion: Option<Weighed>,
    /// What was typed and read otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// The legs that were asked and found nothing at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<Stage>,
    /// What must be known of how the filter was understood.
    #[serde(skip_serializing_if = "FilterOutcome::is_empty")]
    pub filter: FilterOutcome,
    /// Whether what was found has anything to do with the query.
    pub evidence: Evidence,
    /// Wall time of each stage; the legs run side by side, so they do not add up to `total`.
    pub timings_ms: BTreeMap<&'static str, f64>,
}

/// The models a search may need. Vectors must be of the snapshot's kind; a leg or a stage that lacks its model is an error.
#[derive(Clone, Copy, Default)]
pub struct Models<'m> {
    pub embedder: Option<&'m dyn Embedder>,
    pub reranker: Option<&'m dyn Reranker>,
}

/// Finds the passages for `typed`. The legs of `Mode::Hybrid` run on two threads.
pub fn search(typed: &str, scope: Scope<'_>, models: Models<'_>, options: &Options) -> Result<Found> {
    let read = if options.operators { Syntax::of } else { Syntax::none };
    let syntax = read(typed, scope.analyzer);
    let Syntax { phrases, excluded, .. } = syntax.clone();
    let filter = Filter { phrases, excluded, ..scope.filter.clone() };
    let scope = Scope { filter: &filter, ..scope };
    found(typed, Query::of(&syntax, scope)?, scope, models, options)
}

fn found(typed: &str, query: Query<'_>, scope: Scope<'_>, models: Models<'_>, options: &Options) -> Result<Found> {
    let begin = Instant::now();
    // The evidence is of the same candidates however few hits are wanted, and some may stand for others.
    let wider = Options { limit: options.limit.max(evidence::CANDIDATES) + SPARE, ..options.clone() };
    let Ranked { ranking, fusion, mut timings_ms } = ranked(&query, scope, models, &wider)?;
    let candidates = ranking.into_candidates();
    let silent = silent(options.mode, &candidates);
    let (evidence, relevances) =
        timed(&mut timings_ms, "weigh", || evidence::weigh(&query, &candidates, &options.relevance, scope))?;
    let mut found: Vec<(Candidate, f32)> = candidates.into_iter().zip(relevances).collect();
    found.retain(|(_, relevance)| *relevance >= options.relevance_min);
    let mut kept = timed(&mut timings_ms, "fetch", || {
        let ids: Vec<ChunkId> = found.iter().map(|(candidate, _)| candidate.chunk.clone()).collect();
        Ok(collapse(found, scope.snapshot.fetch(&ids)?))
    })?;
    kept.truncate(options.limit);
    let hits = hits(kept);
    let mut found = Found {
        query: typed.trim().into(),
        phrases: texts(&scope.filter.phrases),
        excluded: texts(&scope.filter.excluded),
        mode: options.mode,
        generation: scope.snapshot.about().generation,
        hits,
        fusion,
        corrections: query.corrections.clone(),
        silent,
        filter: scope.snapshot.filter_outcome(scope.filter)?,
        evidence,
        timings_ms,
    };
    annotate(&mut found, &query, scope, options)?;
    found.timings_ms.insert("total", millis(begin));
    Ok(found)
}

/// Whether `text` has phrases in quotes.
pub fn has_phrases(text: &str, analyzer: &Analyzer) -> bool {
    !syntax::quoted(text, analyzer).is_empty()
}

/// The share of the query's terms that each of `ids` has, weighted by idf.
pub fn coverages(query: &str, ids: &[ChunkId], scope: Scope<'_>) -> Result<Vec<f32>> {
    evidence::coverages(&Query::read(query, scope)?, ids, scope)
}

/// As [`search`], but the ranking alone.
pub fn rank(query: &str, scope: Scope<'_>, models: Models<'_>, options: &Options) -> Result<Ranking> {
    Ok(ranked(&Query::read(query, scope)?, scope, models, options)?.ranking)
}

/// The candidates of both legs before any fusion, each scored by both.
pub fn pool(query: &str, scope: Scope<'_>, embedder: &dyn Embedder, depth: usize, rrf: &Rrf) -> Result<Vec<Candidate>> {
    Ok(retrieve::both(&Query::read(query, scope)?, scope, Some(embedder), depth, rrf)?.0)
}

struct Ranked {
    ranking: Ranking,
    fusion: Option<Weighed>,
    timings_ms: BTreeMap<&'static str, f64>,
}

impl Ranked {
    fn by<Q>(leg: retrieve::Leg<Q>) -> Ranked {
        Ranked { ranking: leg.ranking, fusion: None, timings_ms: leg.timings_ms }
    }
}

fn ranked(query: &Query<'_>, scope: Scope<'_>, models: Models<'_>, options: &Options) -> Result<Ranked> {
    let limit = options.rerank.map_or(options.limit, |_| Rerank::depth(options.limit));
    let mut ranked = match options.mode {
        Mode::Lexical => Ranked::by(retrieve::lexical(query, scope, limit)?),
        Mode::Dense => Ranked::by(retrieve::dense(query, scope, models.embedder, limit)?),
        Mode::Hybrid => {
            let (pool, mut timings_ms) = retrieve::both(query, scope, models.embedder, options.depth, &options.rrf)?;
            let (ranking, fusion) = timed(&mut timings_ms, "fuse", || Ok(fuse(pool, &options.fusion, limit)))?;
            Ranked { ranking, fusion: Some(fusion), timings_ms }
        }
    };
    if let Some(how) = options.rerank {
        let reranker = models.reranker.ok_or(SearchProblem::NoReranker)?;
        let fused = std::mem::take(&mut ranked.ranking);
        ranked.ranking = timed(&mut ranked.timings_ms, "rerank", || {
            rerank(fused, query, how, reranker, scope.snapshot, options.limit)
        })?;
    }
    Ok(ranked)
}

/// A leg without a candidate says nothing, and no score tells that it was asked.
fn silent(mode: Mode, candidates: &[Candidate]) -> Vec<Stage> {
    let legs: &[Stage] = match mode {
        Mode::Hybrid => &[Stage::Lexical, Stage::Dense],
        Mode::Lexical => &[Stage::Lexical],
        Mode::Dense => &[Stage::Dense],
    };
    let found = |stage: Stage| {
        let steps = candidates.iter().flat_map(|candidate| &candidate.trail);
        steps.filter(|step| step.stage == stage).any(|step| step.rank.is_some())
    };
    legs.iter().copied().filter(|stage| !found(*stage)).collect()
}

fn hits(kept: Vec<Kept>) -> Vec<Hit> {
    let here = std::env::current_dir().unwrap_or_default();
    let hit = |(index, Kept { candidate, relevance, passage, mut duplicates }): (usize, Kept)| {
        let plain = passage.plain().to_string();
        duplicates.iter_mut().for_each(|duplicate| duplicate.path = from_here(&here, &duplicate.path));
        Hit {
            rank: index as u32 + 1,
            score: candidate.score,
            relevance,
            doc: candidate.chunk.doc.clone(),
            chunk: candidate.chunk,
            title: passage.title,
            headings: passage.headings.clone(),
            above_all: passage.headings,
            sections: passage.sections,
            path: from_here(&here, &passage.path),
            lines: passage.lines,
            plain,
            text: passage.text,
            lead: passage.lead,
            trail: candidate.trail,
            duplicates,
            terms: None,
            marks: Vec::new(),
            excerpt: 0..0,
            source: passage.source,
            date: passage.date,
        }
    };
    kept.into_iter().enumerate().map(hit).collect()
}

/// `path` without `here` at its beginning.
fn from_here(here: &Path, path: &str) -> String {
    Path::new(path).strip_prefix(here).map_or(path.into(), |below| below.display().to_string())
}

fn annotate(found: &mut Found, query: &Query<'_>, scope: Scope<'_>, options: &Options) -> Result<()> {
    for hit in found.hits.iter_mut().filter(|hit| !hit.sections.is_empty()) {
        let marks = query.marks(scope.analyzer, &hit.text);
        if let Some(headings) = section_of(&hit.sections, &hit.text, hit.lines.0, &marks) {
            hit.headings = headings.to_vec();
        }
    }
    if !options.explain && options.highlight.is_none() {
        return Ok(());
    }
    let terms = query.lexical(scope.analyzer);
    for hit in &mut found.hits {
        if options.explain {
            hit.terms = Some(scope.snapshot.term_shares(&terms, &hit.chunk)?);
        }
        if let Some(columns) = options.highlight {
            hit.marks = query.marks(scope.analyzer, &hit.plain);
            let phrases = query.phrase_marks(&hit.plain);
            hit.excerpt = excerpt(&hit.plain, if phrases.is_empty() { &hit.marks } else { &phrases }, columns);
        }
    }
    Ok(())
}

fn texts(phrases: &[Phrase]) -> Vec<String> {
    phrases.iter().map(|phrase| phrase.text().to_string()).collect()
}

fn timed<T>(
    timings: &mut BTreeMap<&'static str, f64>,
    stage: &'static str,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let begin = Instant::now();
    let value = work()?;
    timings.insert(stage, millis(begin));
    Ok(value)
}

fn millis(begin: Instant) -> f64 {
    (begin.elapsed().as_secs_f64() * 1e6).round() / 1e3
}
