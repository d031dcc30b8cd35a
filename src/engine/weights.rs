//! Weights, as the commands ask for them.

use super::{ArtifactKind, Engine};
use crate::error::Result;
use crate::models::weights::{Artifact, Event, FileCheck, Pulled, Sources, State, Token, Weights};
use std::path::PathBuf;

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

    /// Fetches what is missing of an artifact. An embedder also gets the forms that make queries start fast, as soon
    /// as the library that runs it is there.
    pub fn pull(&self, name: &str, accept_terms: bool, on: &mut dyn FnMut(Event<'_>)) -> Result<Pulled> {
        let weights = self.weights();
        let pulled = weights.pull(name, accept_terms, on)?;
        let kind = weights.artifact(name)?.kind;
        let embedder = if kind == ArtifactKind::Library { self.config.text("index.embedder") } else { name };
        let is_there = |name: &str| weights.state(name).is_ok_and(|state| state == State::Present);
        if matches!(kind, ArtifactKind::Embedder | ArtifactKind::Library)
            && is_there("onnxruntime")
            && is_there(embedder)
        {
            self.onnx_embedder(embedder)?.prepare_queries()?;
        }
        Ok(pulled)
    }

    pub fn verify(&self, name: &str) -> Result<Vec<FileCheck>> {
        self.weights().verify(name)
    }

    pub(super) fn weights(&self) -> Weights {
        let sources = Sources {
            local: self.config.optional("models.local").map(PathBuf::from),
            hub: self.config.text("models.hub").into(),
            hub_token: std::env::var("HF_TOKEN").ok().filter(|token| !token.is_empty()).map(Token::new),
            offline: self.config.is_on("models.offline"),
            ..Sources::default()
        };
        Weights::new(self.weights_dir(), sources)
    }
}
