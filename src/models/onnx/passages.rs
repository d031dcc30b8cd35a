//! Passages in batches, by fastembed.

use super::batch;
use super::problem::OnnxProblem;
use crate::embedding::Embedding;
use crate::error::{IoContext, Result};
use crate::models::catalog::EmbedderSpec;
use fastembed::{InitOptionsUserDefined, OutputKey, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel};
use ort::environment::Environment;
use std::fs;
use std::path::Path;

/// Tokens of a batch, padding included.
const BATCH_TOKENS: usize = 2048;
/// Text that makes about one batch.
pub(super) const BATCH_BYTES: usize = 3 * BATCH_TOKENS;

pub(super) struct Passages {
    spec: &'static EmbedderSpec,
    model: TextEmbedding,
}

impl Passages {
    pub(super) fn load(
        spec: &'static EmbedderSpec,
        dir: &Path,
        environment: &Environment,
        threads: usize,
    ) -> Result<Passages> {
        let onnx = dir.join(spec.onnx);
        let tokenizer = dir.join(super::TOKENIZER);
        let mut model = UserDefinedEmbeddingModel::new(
            fs::read(&onnx).at("read", &onnx)?,
            tokenizer_files(spec, fs::read(&tokenizer).at("read", &tokenizer)?),
        )
        // A pooled output has two dimensions; fastembed's mean leaves it as it is.
        .with_pooling(Pooling::Mean);
        model.output_key = Some(OutputKey::ByName(spec.output));
        let options = InitOptionsUserDefined::new()
            .with_environment(environment.clone())
            .with_max_length(spec.max_tokens)
            .with_intra_threads(threads);
        let model = TextEmbedding::try_new_from_user_defined(model, options).map_err(|error| {
            let path = match error {
                fastembed::Error::Ort(_) | fastembed::Error::OrtBuilder(_) => onnx,
                _ => tokenizer,
            };
            OnnxProblem::FileUnusable { model: spec.name, path, reason: error.to_string() }
        })?;
        Ok(Passages { spec, model })
    }

    /// Vectors in the order of `texts`, which carry their prefix already.
    pub(super) fn embed(&mut self, texts: &[String]) -> Result<Vec<Embedding>> {
        let lengths = self.token_counts(texts)?;
        let mut embeddings: Vec<Option<Embedding>> = vec![None; texts.len()];
        for batch in batch::batches(&lengths, BATCH_TOKENS) {
            let members: Vec<&str> = batch.iter().map(|&i| texts[i].as_str()).collect();
            let vectors = self
                .model
                .embed(&members, Some(members.len()))
                .map_err(|error| OnnxProblem::Inference { model: self.spec.name, reason: error.to_string() })?;
            for (&i, vector) in batch.iter().zip(vectors) {
                embeddings[i] = Some(super::embedding(self.spec, vector)?);
            }
        }
        let no_vector = || OnnxProblem::NoVector { model: self.spec.name, dim: self.spec.dim }.into();
        embeddings.into_iter().map(|embedding| embedding.ok_or_else(no_vector)).collect()
    }

    fn token_counts(&self, texts: &[String]) -> Result<Vec<usize>> {
        texts
            .iter()
            .map(|text| {
                let encoding = self
                    .model
                    .tokenizer
                    .encode_fast(text.as_str(), true)
                    .map_err(|error| OnnxProblem::Inference { model: self.spec.name, reason: error.to_string() })?;
                Ok(encoding.get_attention_mask().iter().filter(|&&mask| mask == 1).count())
            })
            .collect()
    }
}

/// What fastembed asks for beside `tokenizer.json`, from our own table. The folder's
/// `special_tokens_map.json` is left out on purpose: fastembed would re-add its tokens as normalized ones,
/// and split text that `tokenizer.json` does not (a full-width `＜s＞`), so that queries would differ.
fn tokenizer_files(spec: &EmbedderSpec, tokenizer: Vec<u8>) -> TokenizerFiles {
    let config = serde_json::json!({ "pad_token_id": spec.pad_id });
    let tokenizer_config = serde_json::json!({ "model_max_length": spec.max_tokens, "pad_token": "<pad>" });
    TokenizerFiles {
        tokenizer_file: tokenizer,
        config_file: config.to_string().into_bytes(),
        special_tokens_map_file: b"{}".to_vec(),
        tokenizer_config_file: tokenizer_config.to_string().into_bytes(),
    }
}
