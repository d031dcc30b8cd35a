//! One query at a time, with little to load before the first.

use super::pieces::Pieces;
use super::problem::OnnxProblem;
use super::{Files, graph};
use crate::embedding::Embedding;
use crate::error::Result;
use crate::models::catalog::{EmbedderSpec, Pooling};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;

/// A query is short: a second thread costs more to start than it saves.
const THREADS: usize = 1;

pub(super) struct Queries {
    spec: &'static EmbedderSpec,
    pieces: Pieces,
    session: Session,
}

impl Queries {
    pub(super) fn load(files: &Files, environment: &Environment) -> Result<Queries> {
        let Files { spec, dir, fingerprint } = files;
        Ok(Queries {
            spec,
            pieces: Pieces::open(spec.name, dir, files.tokenizer(), spec.max_tokens)?,
            session: graph::session(spec, dir, &fingerprint.all, environment, THREADS)?,
        })
    }

    /// The vector of a text that carries its prefix already.
    pub(super) fn embed(&mut self, text: &str) -> Result<Embedding> {
        let failed = |reason: String| OnnxProblem::Inference { model: self.spec.name, reason };
        let ids = self.pieces.encode(text).map_err(|error| failed(error.to_string()))?;
        let values = run(&mut self.session, self.spec, ids).map_err(|error| failed(error.to_string()))?;
        let vector = match self.spec.pooling {
            Pooling::Graph => values,
            Pooling::Mean => mean(&values, self.spec.dim),
        };
        super::embedding(self.spec, vector)
    }
}

/// The graph's output for one text: its vector, or those of its tokens, one after another.
pub(super) fn run(session: &mut Session, spec: &EmbedderSpec, ids: Vec<u32>) -> ort::Result<Vec<f32>> {
    let shape = [1, ids.len()];
    let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
    let mask = vec![1_i64; ids.len()];
    let outputs = session.run(ort::inputs![
        "input_ids" => Tensor::from_array((shape, ids))?,
        "attention_mask" => Tensor::from_array((shape, mask))?,
    ])?;
    let output = outputs.get(spec.output).ok_or_else(|| ort::Error::new(format!("no output {}", spec.output)))?;
    let (_, values) = output.try_extract_tensor::<f32>()?;
    Ok(values.to_vec())
}

/// The mean of the token vectors that lie one after another in `values`; there is no padding in a batch of one.
fn mean(values: &[f32], dim: usize) -> Vec<f32> {
    let mut sum = vec![0.0; dim];
    let tokens = values.chunks_exact(dim);
    let count = tokens.len() as f32;
    for token in tokens {
        sum.iter_mut().zip(token).for_each(|(sum, value)| *sum += value);
    }
    sum.iter_mut().for_each(|sum| *sum /= count);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_taken_over_tokens() {
        assert_eq!(mean(&[1.0, 2.0, 3.0, 6.0], 2), [2.0, 4.0]);
    }
}
