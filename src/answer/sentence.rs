//! A sentence of an answer, and what the check says of it.

use super::check::Fault;
use serde::{Deserialize, Serialize};

/// Serialized as in `rag ask --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// As the model wrote it, without markers.
    pub text: String,
    pub verdict: Verdict,
    /// Numbers of the passages that support it, ascending; empty unless it is supported.
    pub markers: Vec<u32>,
    /// Why it is not supported: what the passage that comes nearest to it does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

impl Sentence {
    /// Whether it has a number or a name that the passage nearest to it lacks.
    pub fn has_invention(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::Number(_) | Fault::Name(_)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A passage says so.
    Supported,
    /// No passage says so.
    Unsupported,
    /// Says nothing that could be looked for: a heading, a question, `First:`.
    NoClaim,
}

/// Shown behind a sentence that no passage supports.
pub const UNSUPPORTED_MARK: &str = "[?]";
