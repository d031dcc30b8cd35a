//! What stands around the index: weights, a local server, the machine's health.

use super::Engine;
use crate::error::{Fault, Problem, Result};
use crate::language::Lang;
use crate::models::catalog;
use crate::models::weights::{Artifact, Event, FileCheck, Pulled, State};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum EngineProblem {
    #[error("no embedder is called {name}")]
    UnknownEmbedder { name: String },
}

impl Problem for EngineProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        match self {
            EngineProblem::UnknownEmbedder { name } => format!("没有叫 {name} 的向量模型"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        let known: Vec<&str> = catalog::EMBEDDERS.iter().map(|spec| spec.name).collect();
        let known = known.join(", ");
        Some(lang.pick(format!("可用:{known}"), format!("one of {known}")))
    }
}

impl Engine {
    pub fn artifacts(&self) -> &'static [Artifact] {
        self.weights().artifacts()
    }

    pub fn weights_dir(&self) -> PathBuf {
        self.config.home().join("models")
    }

    /// The main file or the folder of an artifact; an error if it is not there.
    pub fn weights_path(&self, name: &str) -> Result<PathBuf> {
        self.weights().path(name)
    }

    pub fn pull_state(&self, name: &str) -> Result<State> {
        self.weights().state(name)
    }

    /// Fetches what is missing of an artifact.
    pub fn pull(&self, name: &str, accept_terms: bool, on: &mut dyn FnMut(Event<'_>)) -> Result<Pulled> {
        self.weights().pull(name, accept_terms, on)
    }

    pub fn verify(&self, name: &str) -> Result<Vec<FileCheck>> {
        self.weights().verify(name)
    }
}
