//! MaxSim: late interaction over the token vectors of an embedder that is there anyway.
//!
//! ```text
//! score = mean over the query's tokens of the largest cosine with a token of the passage
//! ```
//!
//! Khattab and Zaharia, "ColBERT", SIGIR 2020, §3.3, with the mean instead of the sum: it does not grow with the query.
//! A passage's one vector is the mean of its tokens'; what one sentence of it says is lost there and found here.

use super::problem::OnnxProblem;
use super::tokens::Tokens;
use super::{Files, form, loaded, runtime};
use crate::error::Result;
use crate::models::catalog::{EmbedderSpec, Pooling};
use crate::models::embedder::PassageInput;
use crate::models::reranker::Reranker;
use std::path::PathBuf;
use std::sync::Mutex;

/// Weights and tokenizer are loaded when the first query comes.
pub struct MaxSim {
    files: Files,
    ort_library: PathBuf,
    threads: usize,
    tokens: Mutex<Option<Tokens>>,
}

impl MaxSim {
    /// As [`super::OnnxEmbedder::new`]. An error where the graph gives no token vectors.
    pub fn new(spec: &'static EmbedderSpec, dir: PathBuf, ort_library: PathBuf, threads: usize) -> Result<MaxSim> {
        if spec.pooling == Pooling::Graph {
            return Err(OnnxProblem::NoTokenVectors { model: spec.name }.into());
        }
        Ok(MaxSim { files: Files::new(spec, dir)?, ort_library, threads, tokens: Mutex::new(None) })
    }
}

impl Reranker for MaxSim {
    fn score(&self, query: &str, passages: &[PassageInput<'_>]) -> Result<Vec<f32>> {
        let spec = self.files.spec;
        let load = || Tokens::load(&self.files, &runtime::environment(&self.ort_library)?, self.threads);
        loaded(&self.tokens, load, |tokens| {
            let asked = tokens.vectors(&form::query(spec, query), tokens.prefix_len(spec.query_prefix)?)?;
            let skip = tokens.prefix_len(spec.passage_prefix)?;
            let score = |passage| Ok(max_sim(&asked, &tokens.vectors(&form::passage(spec, passage), skip)?, spec.dim));
            passages.iter().map(score).collect()
        })
    }
}

/// Both hold unit vectors of `dim` numbers, one after another. 0 where either has none.
fn max_sim(query: &[f32], passage: &[f32], dim: usize) -> f32 {
    let tokens = query.chunks_exact(dim);
    let count = tokens.len();
    if count == 0 || passage.len() < dim {
        return 0.0;
    }
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let nearest =
        |token: &[f32]| passage.chunks_exact(dim).map(|other| cosine(token, other)).fold(f32::NEG_INFINITY, f32::max);
    tokens.map(nearest).sum::<f32>() / count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_of_the_query_counts_once_with_its_nearest() {
        // (1,0) is nearest to (.8,.6): .8; (0,1) to (0,1): 1. The mean is .9.
        let score = max_sim(&[1.0, 0.0, 0.0, 1.0], &[0.8, 0.6, 0.0, 1.0, -1.0, 0.0], 2);
        assert!((score - 0.9).abs() < 1e-6, "{score}");
        assert_eq!(max_sim(&[1.0, 0.0], &[], 2), 0.0);
        assert_eq!(max_sim(&[], &[1.0, 0.0], 2), 0.0);
    }
}
