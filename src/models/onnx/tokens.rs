//! A vector for each token of a text, by the graph that also embeds whole texts.

use super::pieces::Pieces;
use super::problem::OnnxProblem;
use super::{Files, graph, queries};
use crate::error::Result;
use crate::models::catalog::EmbedderSpec;
use ort::environment::Environment;
use ort::session::Session;

/// Texts are cut after so many tokens: twice as many cost twice the time and ranked no better.
const TOKENS_MAX: usize = 256;

pub(super) struct Tokens {
    spec: &'static EmbedderSpec,
    pieces: Pieces,
    session: Session,
}

impl Tokens {
    pub(super) fn load(files: &Files, environment: &Environment, threads: usize) -> Result<Tokens> {
        let Files { spec, dir, fingerprint } = files;
        Ok(Tokens {
            spec,
            pieces: Pieces::open(spec.name, dir, files.tokenizer(), spec.max_tokens)?,
            session: graph::session(spec, dir, &fingerprint.all, environment, threads)?,
        })
    }

    /// The tokens of `prefix`, a start mark included. A blank at its end belongs to what follows.
    pub(super) fn prefix_len(&self, prefix: &str) -> Result<usize> {
        Ok(self.ids(prefix.trim_end())?.len().saturating_sub(1))
    }

    /// Unit vectors of `text`'s tokens, one after another. The first `skip` and the last are left out: they are the
    /// same in every text.
    pub(super) fn vectors(&mut self, text: &str, skip: usize) -> Result<Vec<f32>> {
        let mut ids = self.ids(text)?;
        if let Some(end) = ids.pop() {
            ids.truncate(skip + TOKENS_MAX);
            ids.push(end);
        }
        let count = ids.len();
        let (skip, dim) = (skip.min(count), self.spec.dim);
        let mut values = queries::run(&mut self.session, self.spec, ids)
            .map_err(|error| OnnxProblem::Inference { model: self.spec.name, reason: error.to_string() })?;
        values.truncate(dim * count.saturating_sub(1));
        values.drain(..(dim * skip).min(values.len()));
        values.chunks_exact_mut(dim).for_each(normalize);
        Ok(values)
    }

    fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let failed = |reason: String| OnnxProblem::Inference { model: self.spec.name, reason };
        Ok(self.pieces.encode(text).map_err(|error| failed(error.to_string()))?)
    }
}

fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}
