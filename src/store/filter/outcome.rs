//! The outcome of a filter: what a user must know of how its conditions were understood.

use serde::Serialize;

/// What a filter came to in a generation. Serialized as `rag search --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FilterOutcome {
    /// Values that could not be compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncompared: Vec<Uncompared>,
    /// Where no document is admitted: the conditions that admit none by themselves, or all of them where only
    /// together they do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub admits_nothing: Vec<String>,
}

/// Values under a condition's key that cannot be compared with its bound; documents that have no others are not found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncompared {
    pub condition: String,
    pub key: String,
    /// Distinct ones.
    pub values: usize,
    /// The first of them, folded.
    pub example: String,
}

impl FilterOutcome {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.uncompared.is_empty() && self.admits_nothing.is_empty()
    }
}
