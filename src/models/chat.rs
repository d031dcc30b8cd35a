//! A chat model: messages in, text out, streamed.

use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

/// One call. Temperature 0 and a fixed seed by default: the same input should give the same answer,
/// though no server promises it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    pub messages: Vec<Message>,
    pub max_tokens: u32,
    pub temperature: f32,
    pub seed: u64,
    /// JSON schema the answer must follow; sent only to servers known to honour one ([`ChatModel::honours_schema`]).
    pub schema: Option<serde_json::Value>,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Stop,
    /// `max_tokens` reached: the text is cut.
    Length,
    /// The provider's filter stopped it: the text is cut.
    Filtered,
    /// Any other reason, as the server names it.
    Other(String),
}

impl Finish {
    /// The reason of this name, by any of the names that providers give it.
    pub fn named(reason: &str) -> Finish {
        match reason.to_ascii_lowercase().as_str() {
            "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete" => Finish::Stop,
            "length" | "max_tokens" | "max_output_tokens" => Finish::Length,
            "content_filter" | "safety" | "recitation" | "prohibited_content" | "sensitive" => Finish::Filtered,
            _ => Finish::Other(reason.to_owned()),
        }
    }

    /// Whether the answer is whole; a server that gives no reason is believed.
    pub fn is_end(&self) -> bool {
        matches!(self, Finish::Stop) || *self == Finish::unstated()
    }

    /// The server said that it was done, and not why.
    pub fn unstated() -> Finish {
        Finish::Other("unstated".into())
    }

    pub fn name(&self) -> &str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::Filtered => "content_filter",
            Finish::Other(reason) => reason,
        }
    }
}

/// A piece of an answer as it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// Thinking aloud: shown to those who ask for it, read by nothing.
    Reasoning(&'a str),
    /// All text so far was reasoning that the model had not marked as such.
    Retracted,
}

/// A whole answer. `text` is never empty: that is an error of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    pub text: String,
    pub finish: Finish,
    /// As the server reports it.
    pub model: String,
    pub prompt_tokens: Option<u32>,
    pub completion_tokens: Option<u32>,
    /// From sending the request to the first token of text.
    pub first_token: Duration,
    pub total: Duration,
}

/// Answers a list of messages.
pub trait ChatModel: Send + Sync {
    /// Calls `on` with each piece as it arrives, then returns the whole.
    fn chat(&self, request: &ChatRequest, on: &mut dyn FnMut(Piece<'_>)) -> Result<Completion>;

    /// Tokens of each text by the model's own tokenizer, in the order given; `None` where the endpoint has
    /// no way to tell. One call for many texts: a call is a round trip.
    fn count_tokens(&self, texts: &[&str]) -> Result<Option<Vec<usize>>>;

    /// The model's name as it is sent: the configured one, else the first that the endpoint lists.
    fn name(&self) -> Result<Option<String>>;

    /// Context window in tokens (prompt and answer together); `None` where the endpoint does not say.
    fn context_window(&self) -> Result<Option<usize>>;

    /// Whether [`ChatRequest::schema`] is enforced. Where it is not, the schema is not sent and the answer is free text.
    fn honours_schema(&self) -> Result<bool>;
}
