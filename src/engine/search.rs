//! Searching, for users and for evaluations: by the same way.

use super::{Engine, get_or_try_init};
use crate::document::ChunkId;
use crate::error::Result;
use crate::models::embedder::Embedder;
use crate::models::reranker::Reranker;
use crate::ranking::{Candidate, Ranking};
use crate::search::{
    self, Calibration, Found, Fusion, FusionKind, Known, Mode, Models, Relevance, Rerank, RerankKind, Rrf, Scope,
    SearchProblem, WORDS_ALONE,
};
use crate::store::Filter;
use std::path::Path;

/// What a command may ask of a search; the rest is configuration.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchRequest {
    /// Whether quotes and minus signs of the query mean something: that of a user who searches, not a question's.
    pub operators: bool,
    pub explain: bool,
    /// Columns of the excerpts; none without.
    pub highlight: Option<usize>,
    /// Instead of `search.limit`.
    pub limit: Option<usize>,
    /// Instead of `search.rerank`.
    pub rerank: Option<RerankKind>,
}

/// A way to search, as evaluations name it: `lexical`, `dense`, `hybrid` with the configured fusion and reranking, `rrf`
/// with that fusion, and `auto`, `maxsim`, `endpoint` with that reranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    pub mode: Mode,
    /// Instead of the configured ones.
    fusion: Option<FusionKind>,
    rerank: Option<RerankKind>,
}

impl std::str::FromStr for System {
    type Err = SearchProblem;

    fn from_str(name: &str) -> Result<System, SearchProblem> {
        let hybrid = System { mode: Mode::Hybrid, fusion: None, rerank: None };
        Ok(match name {
            "rrf" => System { fusion: Some(FusionKind::Rrf), rerank: Some(RerankKind::None), ..hybrid },
            "auto" | "maxsim" | "endpoint" => System { rerank: Some(name.parse()?), ..hybrid },
            _ => System { mode: name.parse()?, ..hybrid },
        })
    }
}

impl Engine {
    /// Ranked passages for a query.
    pub fn search(&self, query: &str, request: &SearchRequest) -> Result<Found> {
        let mode: Mode = self.config.text("search.mode").parse()?;
        let limit = request.limit.unwrap_or(self.config.get("search.limit"));
        let (base, models) = self.search_options(System { mode, fusion: None, rerank: request.rerank }, limit)?;
        let options = search::Options {
            depth: base.depth.max(limit),
            operators: request.operators,
            explain: request.explain,
            highlight: request.highlight,
            relevance_min: self.config.get("search.min_relevance"),
            ..base
        };
        search::search(query, self.scope()?, models, &options)
    }

    /// The ranking of a query without its text: what an evaluation needs of a search, by the same way. However many
    /// are asked for, a fusion has the candidates that it has when a user searches.
    pub fn rank(&self, query: &str, system: System, limit: usize) -> Result<Ranking> {
        let (options, models) = self.search_options(system, limit)?;
        search::rank(query, self.scope()?, models, &options)
    }

    /// The candidates that a hybrid search would order, each scored by both legs.
    pub fn pool(&self, query: &str) -> Result<Vec<Candidate>> {
        let depth = self.config.get("search.depth");
        search::pool(query, self.scope()?, self.query_embedder()?, depth, &self.rrf())
    }

    /// The first candidates of a hybrid search with what MaxSim says of each, whatever it is worth.
    pub fn reread(&self, query: &str) -> Result<Vec<Candidate>> {
        let system = System { mode: Mode::Hybrid, fusion: None, rerank: Some(RerankKind::None) };
        let (options, models) = self.search_options(system, Rerank::depth(0))?;
        let rerank = Some(Rerank::Add { points: 1.0, only_disagreement: false });
        let options = search::Options { rerank, ..options };
        let models = Models { reranker: Some(self.max_sim()?.as_ref()), ..models };
        Ok(search::rank(query, self.scope()?, models, &options)?.into_candidates())
    }

    /// The share of the query's terms that each of these has, weighted by idf.
    pub fn coverages(&self, query: &str, candidates: &[Candidate]) -> Result<Vec<f32>> {
        let ids: Vec<ChunkId> = candidates.iter().map(|candidate| candidate.chunk.clone()).collect();
        search::coverages(query, &ids, self.scope()?)
    }

    /// What of a query the collection knows.
    pub fn known(&self, query: &str) -> Result<Known> {
        search::known(query, self.scope()?)
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

    pub(super) fn scope(&self) -> Result<Scope<'_>> {
        let filter = get_or_try_init(&self.filter, || Ok(Filter::parse(self.config.text("search.where"))?))?;
        Ok(Scope { snapshot: self.snapshot()?.as_ref(), analyzer: self.analyzer()?, filter })
    }

    fn search_options(&self, system: System, limit: usize) -> Result<(search::Options, Models<'_>)> {
        let fusion = self.fusion(system)?;
        let (rerank, reranker) = self.rerank(system, &fusion)?.unzip();
        let options = search::Options {
            mode: system.mode,
            limit,
            depth: self.config.get("search.depth"),
            rrf: self.rrf(),
            fusion,
            rerank,
            relevance: self.relevance()?,
            relevance_min: 0.0,
            operators: false,
            explain: false,
            highlight: None,
        };
        Ok((options, Models { embedder: self.embedder_for(system.mode)?, reranker }))
    }

    /// What reranks, and how. Automatic reranking is left out where it has not been shown to help.
    fn rerank(&self, system: System, fusion: &Fusion) -> Result<Option<(Rerank, &dyn Reranker)>> {
        let kind = match system.rerank {
            Some(kind) => kind,
            None => self.config.text("search.rerank").parse()?,
        };
        let points = match fusion {
            Fusion::Evidence(calibration) => Some(calibration.maxsim),
            Fusion::Rrf(_) => None,
        };
        let only_disagreement = match kind {
            RerankKind::None => return Ok(None),
            RerankKind::Endpoint => return Ok(Some((Rerank::Replace, self.remote_reranker()?.as_ref()))),
            RerankKind::Auto => true,
            RerankKind::MaxSim => false,
        };
        match points {
            Some(points) if points > 0.0 => {
                Ok(Some((Rerank::Add { points, only_disagreement }, self.max_sim()?.as_ref())))
            }
            _ if kind == RerankKind::Auto => Ok(None),
            Some(_) => Err(SearchProblem::NoMaxSim { embedder: self.embedder_name()? }.into()),
            None => Err(SearchProblem::NothingFused { mode: self.config.text("search.mode").into() }.into()),
        }
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
