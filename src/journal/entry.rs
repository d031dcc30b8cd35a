//! An entry: one question and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that is needed to see why an answer is as it is, and to ask the same again. Serialized as `rag log` prints
/// and exports it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    pub question: String,
    /// Questions before it, where it is a follow-up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<String>,
    /// What kind of answer was wanted.
    pub kind: String,
    pub queries: Vec<String>,
    /// Words typed that the search read otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub misspelt: Vec<String>,
    pub collection: String,
    /// Of the index.
    pub generation: u64,
    pub mode: String,
    pub hits: Vec<Ranked>,
    /// How likely retrieval thought it that the question can be answered, 0 to 1.
    pub answerable: f32,
    /// Name and hash of the template; empty where no model was asked.
    pub template: String,
    /// Of the messages sent.
    pub prompt: String,
    /// Address without credentials.
    pub endpoint: String,
    /// As the server reports it; empty where it did not answer.
    pub model: String,
    pub sampling: Sampling,
    /// Why the model stopped; none where it did not answer.
    pub finish: Option<String>,
    pub answer: Option<String>,
    pub abstained: bool,
    pub extracted: bool,
    /// Whether the answer is one kept from before.
    pub cached: bool,
    /// Why there is no answer, or what is wrong with it.
    pub reason: Option<String>,
    pub error: Option<String>,
    /// As `rag ask --json` prints them.
    pub sentences: Value,
    pub citations: Value,
    pub retrieve_ms: f64,
    pub first_token_ms: Option<f64>,
    pub total_ms: f64,
    pub tokens: Tokens,
}

/// How tokens were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sampling {
    pub temperature: f32,
    pub seed: u64,
    pub max_tokens: u32,
}

/// A passage found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ranked {
    pub chunk: String,
    /// `title › section`
    pub heading: String,
    pub path: String,
    /// First and last line in the file, counted from 1.
    pub lines: (u32, u32),
    pub rank: u32,
    pub score: f32,
    pub relevance: f32,
}

/// As the server counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tokens {
    pub prompt: Option<u32>,
    pub completion: Option<u32>,
}

/// What a reader thinks of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feedback {
    pub rating: Rating,
    /// What the right answer would have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    Up,
    Down,
}

impl Rating {
    pub fn name(self) -> &'static str {
        match self {
            Rating::Up => "up",
            Rating::Down => "down",
        }
    }

    pub fn of_name(name: &str) -> Option<Rating> {
        [Rating::Up, Rating::Down].into_iter().find(|rating| rating.name() == name)
    }
}

/// An entry as it is read back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Logged {
    pub id: i64,
    /// Seconds since 1970.
    pub at: i64,
    /// The same in local time, `2026-11-25 12:00:00`.
    pub time: String,
    #[serde(flatten)]
    pub entry: Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

impl Entry {
    /// Sentences of the answer that no passage supports.
    pub fn doubted(&self) -> usize {
        let sentences = self.sentences.as_array().into_iter().flatten();
        sentences.filter(|sentence| sentence["verdict"] == "unsupported").count()
    }

    /// Whether the answer did not come, or not whole.
    pub fn is_missing(&self) -> bool {
        self.error.is_some()
    }
}
