//! The sizes of the network, from the model's `config.json`.

use super::tensors::BLOCK;
use super::{GemmaProblem, Result};
use serde::Deserialize;
use std::io::Read;

/// Longer ones are damage.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// Larger sizes are damage, not a model.
const SIZE_MAX: usize = 1 << 20;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Config {
    #[serde(rename = "hidden_size")]
    pub hidden: usize,
    #[serde(rename = "intermediate_size")]
    pub feed_forward: usize,
    #[serde(rename = "num_attention_heads")]
    pub heads: usize,
    #[serde(rename = "num_key_value_heads")]
    key_heads: usize,
    #[serde(rename = "head_dim")]
    pub head: usize,
    #[serde(rename = "vocab_size")]
    pub vocabulary: usize,
    #[serde(rename = "max_position_embeddings")]
    pub positions: usize,
    sliding_window: usize,
    #[serde(rename = "rms_norm_eps")]
    pub epsilon: f64,
    /// Base of the rotations in layers that see everything.
    #[serde(rename = "rope_theta")]
    pub global_base: f64,
    /// Base of the rotations in layers that see a window.
    #[serde(rename = "rope_local_base_freq")]
    pub local_base: f64,
    #[serde(rename = "query_pre_attn_scalar")]
    pub query_scalar: f64,
    #[serde(rename = "layer_types")]
    pub layers: Vec<Sight>,
}

/// How far a layer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Sight {
    #[serde(rename = "sliding_attention")]
    Window,
    #[serde(rename = "full_attention")]
    Everything,
}

impl Config {
    pub fn parse(json: impl Read) -> Result<Config> {
        let config: Config = serde_json::from_reader(json.take(CONFIG_BYTES_MAX))
            .map_err(|error| GemmaProblem::Config { reason: error.to_string() })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let wrong = |reason: String| Err(GemmaProblem::Config { reason });
        let sizes = [
            ("hidden_size", self.hidden, BLOCK),
            ("intermediate_size", self.feed_forward, BLOCK),
            ("head_dim", self.head, BLOCK),
            ("num_attention_heads", self.heads, 1),
            ("vocab_size", self.vocabulary, 1),
            ("max_position_embeddings", self.positions, 1),
            ("max_position_embeddings × head_dim", self.positions.saturating_mul(self.head), 1),
        ];
        for (field, size, multiple) in sizes {
            if size == 0 || size > SIZE_MAX || !size.is_multiple_of(multiple) {
                return wrong(format!("{field} is {size}"));
            }
        }
        match self.key_heads {
            1 => Ok(()),
            heads => wrong(format!("num_key_value_heads is {heads} instead of 1")),
        }
    }

    /// A layer with a window sees tokens that are less than this apart: half the window on each side.
    pub fn reach(&self) -> usize {
        self.sliding_window / 2 + 1
    }
}
