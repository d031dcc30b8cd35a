//! Weights, as the commands ask for them.

use super::Engine;
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

    /// Fetches what is missing of an artifact.
    pub fn pull(&self, name: &str, accept_terms: bool, on: &mut dyn FnMut(Event<'_>)) -> Result<Pulled> {
        self.weights().pull(name, accept_terms, on)
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
