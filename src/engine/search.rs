//! Searching, for users and for evaluations: by the same way.

use super::{Engine, get_or_try_init};
use crate::document::ChunkId;
use crate::error::Result;
use crate::models::embedder::Embedder;
use crate::ranking::{Candidate, Ranking};
use crate::search::{self, Calibration, Found, Fusion, FusionKind, Mode, Relevance, Rrf, SearchProblem, WORDS_ALONE};
use std::path::Path;

/// What a command may ask of a search; the rest is configuration.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchRequest {
    pub explain: bool,
    pub highlight: bool,
    /// Instead of `search.limit`.
    pub limit: Option<usize>,
}

/// A way to search, as evaluations name it: `lexical`, `dense`, `hybrid` with the configured fusion, `rrf` with that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    pub mode: Mode,
    /// Instead of the configured one.
    fusion: Option<FusionKind>,
}

impl std::str::FromStr for System {
    type Err = SearchProblem;

    fn from_str(name: &str) -> Result<System, SearchProblem> {
        Ok(match name {
            "rrf" => System { mode: Mode::Hybrid, fusion: Some(FusionKind::Rrf) },
            _ => System { mode: name.parse()?, fusion: None },
        })
    }
}

impl Engine {
    /// Ranked passages for a query.
    pub fn search(&self, query: &str, request: &SearchRequest) -> Result<Found> {
        let mode: Mode = self.config.text("search.mode").parse()?;
        let limit = request.limit.unwrap_or(self.config.get("search.limit"));
        let base = self.search_options(System { mode, fusion: None }, limit)?;
        let options = search::Options {
            depth: base.depth.max(limit),
            explain: request.explain,
            highlight: request.highlight,
            relevance_min: self.config.get("search.min_relevance"),
            ..base
        };
        search::search(query, self.snapshot()?.as_ref(), self.analyzer()?, self.embedder_for(mode)?, &options)
    }

    /// The ranking of a query without its text: what an evaluation needs of a search, by the same way. However many
    /// are asked for, a fusion has the candidates that it has when a user searches.
    pub fn rank(&self, query: &str, system: System, limit: usize) -> Result<Ranking> {
        let options = self.search_options(system, limit)?;
        search::rank(query, self.snapshot()?.as_ref(), self.analyzer()?, self.embedder_for(system.mode)?, &options)
    }

    /// The candidates that a hybrid search would order, each scored by both legs.
    pub fn pool(&self, query: &str) -> Result<Vec<Candidate>> {
        let depth = self.config.get("search.depth");
        search::pool(query, self.snapshot()?.as_ref(), self.analyzer()?, self.query_embedder()?, depth, &self.rrf())
    }

    /// The share of the query's terms that each of these has, weighted by idf.
    pub fn coverages(&self, query: &str, candidates: &[Candidate]) -> Result<Vec<f32>> {
        let ids: Vec<ChunkId> = candidates.iter().map(|candidate| candidate.chunk.clone()).collect();
        search::coverages(query, &ids, self.snapshot()?.as_ref(), self.analyzer()?)
    }

    /// Name of the embedder whose vectors are indexed, as calibrations are named.
    pub fn embedder_name(&self) -> Result<String> {
        Ok(self.snapshot()?.about().embedder.name.clone())
    }

    fn embedder_for(&self, mode: Mode) -> Result<Option<&dyn Embedder>> {
        if mode == Mode::Lexical { Ok(None) } else { self.query_embedder().map(Some) }
    }

    /// Looks among the kept vectors first where there are any.
    fn query_embedder(&self) -> Result<&dyn Embedder> {
        match self.queries.get() {
            Some(cache) => Ok(cache.as_ref()),
            None => Ok(self.embedder()?.as_ref()),
        }
    }

    fn search_options(&self, system: System, limit: usize) -> Result<search::Options> {
        Ok(search::Options {
            mode: system.mode,
            limit,
            depth: self.config.get("search.depth"),
            rrf: self.rrf(),
            fusion: self.fusion(system)?,
            relevance: self.relevance()?,
            relevance_min: 0.0,
            explain: false,
            highlight: false,
        })
    }

    /// An embedder that nobody has judged with is fused by ranks, which need no calibration.
    fn fusion(&self, system: System) -> Result<Fusion> {
        let rrf = Fusion::Rrf(self.rrf());
        let kind = match system.fusion {
            Some(kind) => kind,
            None => self.config.text("search.fusion").parse()?,
        };
        if system.mode != Mode::Hybrid || kind == FusionKind::Rrf {
            return Ok(rrf);
        }
        Ok(self.calibration()?.map_or(rrf, Fusion::Evidence))
    }

    fn rrf(&self) -> Rrf {
        Rrf {
            k: self.config.get("search.rrf_k"),
            weight_lexical: self.config.get("search.weight_lexical"),
            weight_dense: self.config.get("search.weight_dense"),
        }
    }

    /// What tells relevant passages from others with the embedder that is indexed.
    pub(super) fn relevance(&self) -> Result<Relevance> {
        Ok(self.calibration()?.map_or(WORDS_ALONE, |calibration| calibration.relevance))
    }

    /// Read once: an evaluation asks for it with every query.
    fn calibration(&self) -> Result<Option<Calibration>> {
        let own = self.config.optional("search.calibration").map(Path::new);
        get_or_try_init(&self.calibration, || Calibration::of(&self.embedder_name()?, own)).copied()
    }
}
