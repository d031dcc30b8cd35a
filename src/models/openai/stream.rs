//! An answer as it streams in: server-sent events, or one JSON object from a server that does not stream.

use super::body::BodyFault;
use super::broken::BrokenAnswer;
use super::endpoint::{Endpoint, Reply};
use super::refusal::Refusal;
use crate::error::{Error, Result};
use crate::models::chat::{Completion, Finish};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use sse_stream::SseByteStream;
use std::pin::pin;
use std::time::{Duration, Instant};

const DONE: &str = "[DONE]";

/// A chunk of a stream, or the one object of an answer that is not streamed.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    model: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    /// Thinking aloud. Not text; only told apart from silence.
    #[serde(alias = "reasoning")]
    reasoning_content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// What has arrived so far.
pub(super) struct Answer<'a> {
    endpoint: &'a Endpoint,
    started: Instant,
    on_text: &'a mut dyn FnMut(&str),
    text: String,
    reasoned: bool,
    finish: Option<Finish>,
    model: Option<String>,
    usage: Option<Usage>,
    first_token: Option<Duration>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, started: Instant, on_text: &'a mut dyn FnMut(&str)) -> Answer<'a> {
        Answer {
            endpoint,
            started,
            on_text,
            text: String::new(),
            reasoned: false,
            finish: None,
            model: None,
            usage: None,
            first_token: None,
        }
    }

    /// Reads `reply` to its end. `asked` names the model where the server does not.
    pub(super) async fn read(mut self, reply: Reply, asked: &str) -> Result<Completion> {
        if reply.content_type.starts_with("text/event-stream") {
            self.read_events(reply).await?;
        } else {
            self.read_object(reply).await?;
        }
        self.complete(asked)
    }

    async fn read_events(&mut self, reply: Reply) -> Result<()> {
        let mut events = pin!(SseByteStream::new(reply.body.stream()));
        while let Some(event) = events.next().await {
            let data = match event {
                Ok(event) => event.data.unwrap_or_default(),
                // What comes after the model has stopped is bookkeeping; its loss costs no text.
                Err(_) if self.finish.is_some() => return Ok(()),
                Err(sse_stream::Error::Body(cause)) => {
                    let fault = cause.downcast_ref::<BodyFault>().copied().unwrap_or(BodyFault::Lost);
                    return Err(self.endpoint.fault(fault, &self.text));
                }
                Err(error) => return Err(self.malformed(&error.to_string())),
            };
            if data.trim() == DONE {
                self.finish.get_or_insert_with(|| Finish::Other("unstated".into()));
                return Ok(());
            }
            if !data.is_empty() {
                self.take(&data)?;
            }
        }
        match self.finish {
            Some(_) => Ok(()),
            None => Err(self.endpoint.fault(BodyFault::Lost, &self.text)),
        }
    }

    async fn read_object(&mut self, reply: Reply) -> Result<()> {
        let Reply { content_type, body } = reply;
        let bytes = body.whole().await.map_err(|fault| self.endpoint.fault(fault, ""))?;
        let object = String::from_utf8_lossy(&bytes);
        if serde_json::from_str::<serde::de::IgnoredAny>(&object).is_err() {
            return Err(self.endpoint.not_json(&content_type, &bytes));
        }
        self.take(&object)?;
        if self.finish.is_none() && self.text.is_empty() {
            return Err(self.malformed(&format!("an answer without choices: {object}")));
        }
        self.finish.get_or_insert_with(|| Finish::Other("unstated".into()));
        Ok(())
    }

    /// One chunk: its text goes on at once.
    fn take(&mut self, data: &str) -> Result<()> {
        let json: Value = serde_json::from_str(data).map_err(|error| self.malformed(&format!("{error} in {data}")))?;
        if json.get("error").is_some_and(|error| !error.is_null()) {
            return Err(self.failed(data));
        }
        let chunk: Chunk =
            serde_json::from_value(json).map_err(|error| self.malformed(&format!("{error} in {data}")))?;
        self.model = chunk.model.filter(|name| !name.is_empty()).or(self.model.take());
        self.usage = chunk.usage.or(self.usage.take());
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(()) };
        if let Some(delta) = choice.delta {
            self.reasoned |= delta.reasoning_content.is_some_and(|thought| !thought.is_empty());
            if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
                self.first_token.get_or_insert_with(|| self.started.elapsed());
                self.text.push_str(&text);
                (self.on_text)(&text);
            }
        }
        self.finish = choice.finish_reason.map(finish).or(self.finish.take());
        Ok(())
    }

    fn complete(self, asked: &str) -> Result<Completion> {
        let finish = self.finish.unwrap_or(Finish::Stop);
        if self.text.trim().is_empty() {
            let (endpoint, reasoned) = (self.endpoint.address(), self.reasoned);
            return Err(BrokenAnswer::Empty { endpoint, finish, reasoned }.into());
        }
        let total = self.started.elapsed();
        Ok(Completion {
            text: self.text,
            finish,
            model: self.model.unwrap_or_else(|| asked.to_owned()),
            prompt_tokens: self.usage.as_ref().and_then(|usage| usage.prompt_tokens),
            completion_tokens: self.usage.as_ref().and_then(|usage| usage.completion_tokens),
            first_token: self.first_token.unwrap_or(total),
            total,
        })
    }

    fn malformed(&self, detail: &str) -> Error {
        self.endpoint.malformed(detail, &self.text)
    }

    /// An error object where a chunk was due.
    fn failed(&self, data: &str) -> Error {
        let words = Refusal::read(0, &self.endpoint.scrub(data)).words;
        let (endpoint, partial) = (self.endpoint.address(), self.endpoint.scrub(&self.text));
        BrokenAnswer::Failed { endpoint, words, partial }.into()
    }
}

fn finish(reason: String) -> Finish {
    match reason.as_str() {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        _ => Finish::Other(reason),
    }
}
