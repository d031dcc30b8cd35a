//! Sources and collections: what is taken from where, and what a collection is called.

use super::{Engine, EngineProblem};
use crate::error::Result;
use crate::ingest::{self, IngestProblem, PassedOver, Report, Request, shown};
use crate::store::embedded::{EmbeddedStore, Held};
use crate::store::{Source, Start, Store, StoreProblem};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A source as `rag source list --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceStatus {
    #[serde(flatten)]
    pub source: Source,
    pub documents: usize,
    /// Whether it is where it was.
    pub is_there: bool,
    /// What the last run that read it left out.
    pub passed_over: PassedOver,
}

impl SourceStatus {
    /// One of which nothing else is known.
    pub fn unread(source: Source) -> SourceStatus {
        let is_there = Path::new(&source.root).exists();
        SourceStatus { source, documents: 0, is_there, passed_over: PassedOver::default() }
    }
}

/// A collection as `rag collection list --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CollectionStatus {
    pub name: String,
    pub documents: usize,
    pub chunks: usize,
    pub sources: Vec<Source>,
    pub bytes_on_disk: u64,
    /// Whether it cannot be read: then nothing else is known of it but its sources.
    pub is_damaged: bool,
}

impl Engine {
    /// Makes the collection hold what the sources asked for hold now; without any, all of its sources, with those that are
    /// configured; where it has none yet, `./corpus`. `stop` is looked at while vectors are computed.
    pub fn index(
        &self,
        request: Request,
        stop: &AtomicBool,
        on: &mut dyn FnMut(ingest::Progress<'_>),
    ) -> Result<Report> {
        let store = self.store()?;
        let request = Request { roots: self.roots(request.roots, &store, request.rebuild)?, ..request };
        self.require_locked(self.embedder()?.id())?;
        ingest::index(&request, &store, self.embedder()?.as_ref(), &self.ingest_options(), stop, on)
    }

    /// What to read; empty for all sources that the collection has. A rebuild takes them from wherever they can still be
    /// read.
    pub(super) fn roots(&self, asked: Vec<PathBuf>, store: &EmbeddedStore, rebuild: bool) -> Result<Vec<PathBuf>> {
        if !asked.is_empty() {
            return Ok(asked);
        }
        let known = match store.held() {
            Err(_) if rebuild => store.recovered_sources(),
            held => held?.map_or_else(Vec::new, |held| held.sources),
        };
        if let Some(configured) = self.config.optional("index.paths") {
            let known = known.into_iter().map(|source| PathBuf::from(source.root));
            return Ok(std::env::split_paths(configured).chain(known).collect());
        }
        let corpus = PathBuf::from("corpus");
        match known.is_empty() {
            false => Ok(Vec::new()),
            true if corpus.is_dir() => Ok(vec![corpus]),
            true => Err(IngestProblem::NoRoots.into()),
        }
    }

    /// The sources of the collection, in the order they came; an error where there is no collection.
    pub fn sources(&self) -> Result<Vec<SourceStatus>> {
        let store = self.store()?;
        let held = self.held(&store)?;
        // A note that is lost is written again by the next run.
        let passed_over = store.passed_over().unwrap_or_default();
        let status = |source: Source| SourceStatus {
            documents: held.documents.get(&source.name).copied().unwrap_or_default(),
            is_there: Path::new(&source.root).exists(),
            passed_over: passed_over
                .get(&source.name)
                .and_then(|value| serde_json::from_value(value.clone()).ok())
                .unwrap_or_default(),
            source,
        };
        Ok(held.sources.into_iter().map(status).collect())
    }

    /// What the collection holds; an error that names those there are where it is none of them.
    fn held(&self, store: &EmbeddedStore) -> Result<Held> {
        let no_index = || StoreProblem::NoIndex { collection: self.collection.clone() };
        store.held()?.ok_or_else(|| self.name_collections(no_index().into()))
    }

    /// Forgets a source, named as it is listed or by its path, with its documents; the files are not touched. What was
    /// forgotten, with the number of its documents and, where another source lies around it, that source's name.
    pub fn remove_source(&self, named: &str) -> Result<(Source, usize, Option<String>)> {
        let store = self.store()?;
        let held = self.held(&store)?;
        let path = std::fs::canonicalize(named).or_else(|_| std::path::absolute(named)).ok();
        let path = path.map(|path| shown(&path));
        let is_meant = |source: &&Source| source.name == named || Some(&source.root) == path.as_ref();
        let sources = held.sources;
        let source = sources.iter().find(is_meant).cloned().ok_or_else(|| EngineProblem::NoSource {
            named: named.into(),
            known: sources.iter().map(|source| source.name.clone()).collect(),
        })?;
        // An index that has to be written anew cannot lose a part before it is: opening it says so.
        store.snapshot()?;
        let mut writer = store.writer(Start { embedder: held.embedder, rebuild: false })?;
        let own: Vec<_> = writer.documents().iter().filter(|(_, record)| record.source == source.name).collect();
        let own: Vec<_> = own.into_iter().map(|(id, _)| id.clone()).collect();
        for id in &own {
            writer.delete(id)?;
        }
        let kept: Vec<Source> = sources.into_iter().filter(|other| other.name != source.name).collect();
        let around = kept.iter().find(|other| other.covers(&source.root)).map(|other| other.name.clone());
        writer.set_sources(kept);
        writer.publish()?;
        Ok((source, own.len(), around))
    }

    /// Every collection that can be searched, by name.
    pub fn collection_list(&self) -> Result<Vec<CollectionStatus>> {
        let mut statuses = Vec::new();
        for name in self.collections()? {
            let store = self.store_of(&name)?;
            let bytes_on_disk = store.bytes_on_disk()?;
            statuses.push(match store.held() {
                Ok(None) => continue,
                Ok(Some(held)) => CollectionStatus {
                    name,
                    documents: held.documents.values().sum(),
                    chunks: held.chunks,
                    sources: held.sources,
                    bytes_on_disk,
                    is_damaged: false,
                },
                // One that is damaged does not hide the others.
                Err(error) if error.downcast_ref::<StoreProblem>().is_some_and(StoreProblem::is_damage) => {
                    let sources = store.recovered_sources();
                    CollectionStatus { name, documents: 0, chunks: 0, sources, bytes_on_disk, is_damaged: true }
                }
                Err(error) => return Err(error),
            });
        }
        Ok(statuses)
    }

    /// Removes a collection with its vectors; the files that it was made from are not touched.
    pub fn remove_collection(&self, name: &str) -> Result<()> {
        self.store_of(name)?.remove().map_err(|error| self.name_collections(error))
    }

    pub fn rename_collection(&self, from: &str, to: &str) -> Result<()> {
        self.store_of(from)?.rename(&self.store_of(to)?).map_err(|error| self.name_collections(error))
    }
}
