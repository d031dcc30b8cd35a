//! The façade: every command is one call here. The only place that chooses concrete types.

mod ask;
mod doctor;
mod examine;
mod inspect;
mod journal;
mod lock;
mod probe;
mod problem;
mod prompts;
mod search;
mod serve;
mod sources;
mod weights;

pub use crate::answer::{
    Answer, Citation, Fault, Grounded, Kind, Listed as ListedPrompt, Plan, Preference, Prepared, PromptFlaw,
    PromptText, Repeat, Sentence, Shot, UNSUPPORTED_MARK, Verdict, Winner, facts, speaks, without_markers,
};
pub use crate::ingest::lint::{Query as LintQuery, Report as LintReport};
pub use crate::ingest::{
    Decoded, IngestProblem, Missing, Named, PassedOver, Progress as IndexProgress, Report as IndexReport,
    Request as IndexRequest, Skipped, Why,
};
pub use crate::journal::{Entry, Feedback, Logged, Percentiles, Rating, Stats};
pub use crate::models::chat::{Finish, Piece};
pub use crate::models::llama::{
    Chosen, Event as LlamaEvent, Health as LlamaHealth, Running, Status as LlamaStatus, Stopped,
};
pub use crate::models::openai::Lack;
pub use crate::models::weights::{
    Artifact, Event as PullEvent, FileCheck, Kind as ArtifactKind, Pulled, State as PullState,
    Verdict as WeightsVerdict,
};
pub use crate::ranking::{Candidate, Stage, Step};
pub use crate::search::{
    Calibration, Calibrations, Correction, EVIDENCE_CANDIDATES, Evidence, Found, Hit, Known, Logistic, LookedUp, Mode,
    Relevance, Rrf, SearchProblem, WORDS_ALONE, gap_of, read_calibrations,
};
pub use crate::store::{About, FilterOutcome, Generation, Source, StoreProblem, TermShare, Uncompared};
pub use crate::text::fold;
pub use ask::{AskEvent, Outcome as AskOutcome, Planned};
pub use doctor::{Finding, Grade};
pub use examine::{Answering, GivenOutcome};
pub use inspect::{ChunkOutline, IndexedTerm, Inspected};
pub use journal::Recorded;
pub use lock::{Depth, Difference, LOCK_FILE, Lock};
pub use problem::EngineProblem;
pub use search::{SearchRequest, System};
pub use sources::{CollectionStatus, SourceStatus};

use crate::config::Config;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::ingest;
use crate::models::catalog::{self, EmbedderSpec};
use crate::models::embedder::Embedder;
use crate::models::onnx::{MaxSim, OnnxEmbedder};
use crate::models::openai::{ApiKey, Endpoint, OpenAi, RemoteEmbedder, RemoteForm, RemoteReranker, Timeouts};
use crate::models::query_cache::QueryCache;
use crate::store::embedded::EmbeddedStore;
use crate::store::{Filter, Snapshot, Store};
use crate::text::Analyzer;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Everything a command needs, opened when it is first asked for.
pub struct Engine {
    config: Config,
    /// The folder of the collections, and the name of ours; several with commas between them are searched as one.
    collections: PathBuf,
    collection: String,
    /// Set where query vectors are kept.
    queries: OnceLock<Arc<QueryCache>>,
    analyzer: OnceLock<Arc<Analyzer>>,
    embedder: OnceLock<Arc<dyn Embedder>>,
    max_sim: OnceLock<Arc<MaxSim>>,
    remote_reranker: OnceLock<Arc<RemoteReranker>>,
    /// Kept, because it remembers what its server offers and what it refuses.
    chat: OnceLock<Arc<OpenAi>>,
    snapshot: OnceLock<Arc<dyn Snapshot>>,
    filter: OnceLock<Filter>,
    /// Of the embedder that the snapshot was made with.
    calibration: OnceLock<Option<Calibration>>,
}

impl Engine {
    /// Opens nothing yet.
    pub fn new(config: Config) -> Engine {
        let collections = config.home().join("collections");
        let collection = config.text("collection").to_string();
        Engine::over(config, collections, collection)
    }

    fn over(config: Config, collections: PathBuf, collection: String) -> Engine {
        Engine {
            config,
            collections,
            collection,
            queries: OnceLock::new(),
            analyzer: OnceLock::new(),
            embedder: OnceLock::new(),
            max_sim: OnceLock::new(),
            remote_reranker: OnceLock::new(),
            chat: OnceLock::new(),
            snapshot: OnceLock::new(),
            filter: OnceLock::new(),
            calibration: OnceLock::new(),
        }
    }

    /// The same engine over a collection of its own that no user's command sees: for evaluations. What is loaded
    /// already is shared.
    pub fn aside(&self, name: &str) -> Engine {
        Engine {
            analyzer: self.analyzer.clone(),
            embedder: self.embedder.clone(),
            max_sim: self.max_sim.clone(),
            queries: self.queries.clone(),
            ..Engine::over(self.config.clone(), self.config.home().join("evals"), name.into())
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What is wrong with the documents of `paths`, or of what would be indexed without any. `queries` must not stand
    /// in them.
    pub fn lint(&self, paths: Vec<PathBuf>, queries: &[LintQuery]) -> Result<LintReport> {
        let store = self.store()?;
        let mut roots = self.roots(paths, &store, false)?;
        if roots.is_empty() {
            roots =
                store.held()?.map_or_else(Vec::new, |held| held.sources.into_iter().map(|s| s.root.into()).collect());
        }
        ingest::lint::lint(&roots, queries, &self.ingest_options())
    }

    /// The documents of `paths` as they would be indexed; what cannot be read is left out.
    pub fn documents(&self, paths: Vec<PathBuf>) -> Result<Vec<Document>> {
        ingest::documents(&paths, &self.ingest_options())
    }

    fn ingest_options(&self) -> ingest::Options {
        ingest::Options {
            chunk_units: self.config.get("index.chunk"),
            index_code: self.config.is_on("index.code"),
            file_bytes_max: self.config.get::<u64>("index.file_mib_max") << 20,
        }
    }

    /// The same engine with other values for some settings; nothing that is loaded is shared.
    pub fn with_settings(&self, settings: &[(String, String)]) -> Result<Engine> {
        Ok(Engine::new(self.config.with(settings)?))
    }

    /// Tells apart settings that make another index of the same documents.
    pub fn indexing_key(&self) -> String {
        let mut changed = self.config.changed("index.");
        changed.extend(self.config.changed("text."));
        changed.extend(self.config.changed("embed."));
        let has_no_say = |setting: &str| ["index.paths=", "embed.batch="].iter().any(|name| setting.starts_with(name));
        changed.retain(|setting| !has_no_say(setting));
        changed.join("\n")
    }

    /// Computes the vectors of `queries`, and keeps them for later runs.
    pub fn embed_queries(&self, queries: &[&str], on: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let dir = self.config.home().join("evals");
        let cache = get_or_try_init(&self.queries, || Ok(Arc::new(QueryCache::open(self.embedder()?.clone(), &dir)?)))?;
        cache.keep(queries, on)
    }

    /// An error naming the first of `ids` that is no indexed document.
    pub fn require_documents(&self, ids: &[String]) -> Result<()> {
        let snapshot = self.snapshot()?;
        for id in ids {
            if !snapshot.has_document(id)? {
                return Err(EngineProblem::NoDocument { id: id.clone() }.into());
            }
        }
        Ok(())
    }

    /// What is indexed; an error if nothing is.
    pub fn about(&self) -> Result<About> {
        Ok(self.snapshot()?.about().clone())
    }

    pub fn bytes_on_disk(&self) -> Result<u64> {
        self.snapshot()?.bytes_on_disk()
    }

    /// Names of the collections that can be searched.
    pub fn collections(&self) -> Result<Vec<String>> {
        EmbeddedStore::collections(&self.collections)
    }

    fn analyzer(&self) -> Result<&Arc<Analyzer>> {
        get_or_try_init(&self.analyzer, || {
            Ok(Arc::new(Analyzer::new(self.config.optional("text.dictionary").map(Path::new))?))
        })
    }

    /// The one collection that is written to.
    fn store(&self) -> Result<EmbeddedStore> {
        self.store_of(&self.collection)
    }

    fn store_of(&self, name: &str) -> Result<EmbeddedStore> {
        let graph_min = self.config.get("index.graph_min");
        EmbeddedStore::new(&self.collections, name, self.analyzer()?.clone(), graph_min)
    }

    fn snapshot(&self) -> Result<&Arc<dyn Snapshot>> {
        let names: BTreeSet<&str> = self.collection.split(',').map(str::trim).collect();
        let open = || {
            let stores: Vec<EmbeddedStore> = names.iter().map(|name| self.store_of(name)).collect::<Result<_>>()?;
            match stores.as_slice() {
                [one] => one.snapshot(),
                several => EmbeddedStore::join(several),
            }
        };
        get_or_try_init(&self.snapshot, || open().map_err(|error| self.name_collections(error)))
    }

    /// Where the collection asked for is not there but others are, says which.
    fn name_collections(&self, error: Error) -> Error {
        let known = self.collections().unwrap_or_default();
        match error.downcast_ref() {
            Some(StoreProblem::NoIndex { collection }) if collection != "default" || !known.is_empty() => {
                StoreProblem::UnknownCollection { collection: collection.clone(), known }.into()
            }
            _ => error,
        }
    }

    /// The configured embedder: an endpoint if one is named, else the model in process.
    fn embedder(&self) -> Result<&Arc<dyn Embedder>> {
        get_or_try_init(&self.embedder, || match self.config.optional("embed.base_url") {
            Some(url) => {
                let endpoint = Endpoint::new(url, self.key_for("embed.base_url", "embed.api_key"), self.timeouts())?;
                let form = RemoteForm {
                    query_prefix: self.config.text("embed.query_prefix").into(),
                    passage_prefix: self.config.text("embed.passage_prefix").into(),
                };
                let embedder = RemoteEmbedder::connect(endpoint, self.config.text("embed.model"), form)?;
                Ok(Arc::new(embedder.with_batch(self.config.get("embed.batch"))) as Arc<dyn Embedder>)
            }
            None => Ok(Arc::new(self.onnx_embedder(self.config.text("index.embedder"))?) as Arc<dyn Embedder>),
        })
    }

    fn onnx_embedder(&self, name: &str) -> Result<OnnxEmbedder> {
        let (spec, folder, library) = self.onnx_files(name)?;
        OnnxEmbedder::new(spec, folder, library, self.threads())
    }

    /// The embedder's row, the folder of its weights, and ONNX Runtime.
    fn onnx_files(&self, name: &str) -> Result<(&'static EmbedderSpec, PathBuf, PathBuf)> {
        let spec = catalog::embedder(name).ok_or_else(|| EngineProblem::UnknownEmbedder { name: name.into() })?;
        let weights = self.weights();
        Ok((spec, weights.path(spec.name)?, weights.path("onnxruntime")?))
    }

    /// Compares by the tokens of the configured embedder.
    fn max_sim(&self) -> Result<&Arc<MaxSim>> {
        get_or_try_init(&self.max_sim, || {
            let (spec, folder, library) = self.onnx_files(self.config.text("index.embedder"))?;
            Ok(Arc::new(MaxSim::new(spec, folder, library, self.threads())?))
        })
    }

    fn remote_reranker(&self) -> Result<&Arc<RemoteReranker>> {
        get_or_try_init(&self.remote_reranker, || {
            let url = self.config.optional("rerank.base_url").ok_or(SearchProblem::NoRerankEndpoint)?;
            let endpoint = Endpoint::new(url, self.key_for("rerank.base_url", "rerank.api_key"), self.timeouts())?;
            Ok(Arc::new(RemoteReranker::new(endpoint, self.config.text("rerank.model"))))
        })
    }

    /// The chat key goes to another host only if the user says so.
    fn key_for(&self, url: &'static str, key: &'static str) -> Option<ApiKey> {
        let same_host = self.config.same_host(url, "chat.base_url");
        let own = self.config.optional(key).and_then(ApiKey::new);
        own.or_else(|| self.api_key().filter(|_| same_host))
    }

    fn api_key(&self) -> Option<ApiKey> {
        self.config.optional("chat.api_key").and_then(ApiKey::new)
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts {
            first_byte: Duration::from_secs(self.config.get("chat.timeout_s")),
            answer: Duration::from_secs(self.config.get("chat.answer_timeout_s")),
            ..Timeouts::default()
        }
    }

    fn threads(&self) -> usize {
        match self.config.get("threads") {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
            threads => threads,
        }
    }
}

/// `OnceLock::get_or_try_init` is not stable yet. Two threads may both do the work; one result is kept.
fn get_or_try_init<T>(cell: &OnceLock<T>, init: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = init()?;
    Ok(cell.get_or_init(|| value))
}
