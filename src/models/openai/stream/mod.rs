//! An answer as it comes in: bytes → messages ([`framing`]) → chunks ([`chunk`]) → text and thought ([`spoken`]).
//!
//! It is over when the server says so, when it stops at a limit of ours, or when a clock runs out: one for the first word,
//! one for silence between words, one for the whole. Bytes that carry no words (keep-alives, empty chunks) stop no clock.

mod chunk;
mod framing;
mod spoken;

use super::body::BodyFault;
use super::broken::BrokenAnswer;
use super::endpoint::{Endpoint, Reply, Timeouts};
use super::refusal::clean;
use crate::error::{Error, Result};
use crate::models::chat::{Completion, Finish, Piece};
use chunk::Chunk;
use framing::{Framing, Message};
use serde_json::Value;
use spoken::Spoken;
use std::time::{Duration, Instant};

const DONE: &str = "[DONE]";
/// A server that was asked for `n` tokens and sends more than so many times as many pieces, or bytes for each, does not
/// keep to it.
const PIECES_PER_TOKEN_MAX: usize = 2;
const BYTES_PER_TOKEN_MAX: usize = 32;

/// What has arrived so far.
pub(super) struct Answer<'a> {
    endpoint: &'a Endpoint,
    started: Instant,
    max_tokens: usize,
    on: &'a mut dyn FnMut(Piece<'_>),
    framing: Framing,
    spoken: Spoken,
    /// What the server has sent as text; what of it is answer is in `spoken`.
    said: Said,
    pieces: usize,
    /// When words came last.
    last_words: Option<Instant>,
    first_text: Option<Duration>,
    finish: Option<Finish>,
    model: Option<String>,
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
    has_choice: bool,
    /// The first message that was no chunk.
    unreadable: Option<String>,
    is_done: bool,
}

/// How the server's text came: which decides what a `message` beside it means.
#[derive(Default)]
struct Said {
    text: String,
    by_deltas: bool,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        endpoint: &'a Endpoint,
        started: Instant,
        max_tokens: u32,
        on: &'a mut dyn FnMut(Piece<'_>),
    ) -> Answer<'a> {
        Answer {
            endpoint,
            started,
            max_tokens: max_tokens as usize,
            on,
            framing: Framing::default(),
            spoken: Spoken::default(),
            said: Said::default(),
            pieces: 0,
            last_words: None,
            first_text: None,
            finish: None,
            model: None,
            prompt_tokens: None,
            completion_tokens: None,
            has_choice: false,
            unreadable: None,
            is_done: false,
        }
    }

    /// Reads `reply` to its end. `asked` names the model where the server does not.
    pub(super) async fn read(mut self, mut reply: Reply, asked: &str) -> Result<Completion> {
        while !self.is_done {
            match self.next(&mut reply).await {
                Ok(Some(bytes)) => self.push(&bytes)?,
                Ok(None) => {
                    self.end()?;
                    break;
                }
                // What comes after the model has stopped is bookkeeping; its loss costs no text.
                Err(_) if self.finish.is_some() => break,
                Err(fault) => {
                    self.end_text(false);
                    return Err(self.endpoint.fault(fault, self.spoken.text()));
                }
            }
        }
        self.complete(asked, &reply.content_type)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let mut messages = Vec::new();
        self.framing.push(bytes, &mut |message| messages.push(message));
        self.take_all(&messages)
    }

    /// No byte comes any more.
    fn end(&mut self) -> Result<()> {
        let mut messages = Vec::new();
        self.framing.finish(&mut |message| messages.push(message));
        self.take_all(&messages)
    }

    fn take_all(&mut self, messages: &[Message]) -> Result<()> {
        for message in messages {
            if !self.is_done {
                self.take(message)?;
            }
        }
        Ok(())
    }

    /// The next bytes, if they come before a clock runs out.
    async fn next(&self, reply: &mut Reply) -> Result<Option<Vec<u8>>, BodyFault> {
        let Timeouts { first_byte, between_bytes, answer, .. } = self.endpoint.timeouts();
        let (since, wait) = match self.last_words {
            None => (self.started, first_byte),
            Some(last) => (last, between_bytes),
        };
        let silence = wait.saturating_sub(since.elapsed());
        let whole = answer.saturating_sub(self.started.elapsed());
        match tokio::time::timeout(silence.min(whole), reply.body.next()).await {
            Ok(bytes) => bytes,
            Err(_) if whole < silence => Err(BodyFault::Overdue { after: answer }),
            Err(_) => Err(BodyFault::Silent { after: wait, first: self.last_words.is_none() }),
        }
    }

    fn take(&mut self, message: &Message) -> Result<()> {
        let data = message.data.trim();
        if data == DONE {
            self.is_done = true;
            self.finish.get_or_insert_with(Finish::unstated);
            return Ok(());
        }
        let is_error = message.event == "error";
        let json: Value = match serde_json::from_str(data) {
            Ok(json) => json,
            Err(_) if is_error => return Err(self.failed(data)),
            Err(_) => {
                // Heartbeats say what they like; a broken chunk is told if there is nothing else.
                if message.event.is_empty() {
                    self.unreadable.get_or_insert_with(|| data.to_owned());
                }
                return Ok(());
            }
        };
        match Chunk::read(&json) {
            Ok(_) if is_error => Err(self.failed(data)),
            Ok(chunk) => {
                if !chunk.has_choice && json.get("choices").is_none() {
                    self.unreadable.get_or_insert_with(|| data.to_owned());
                }
                self.add(chunk);
                Ok(())
            }
            // What comes after the model has stopped takes nothing away from its answer.
            Err(_) if self.finish.is_some() => Ok(()),
            Err(words) => Err(self.failed(&words)),
        }
    }

    /// One chunk: its text goes on at once.
    fn add(&mut self, chunk: Chunk) {
        self.has_choice |= chunk.has_choice;
        self.model = chunk.model.or(self.model.take());
        self.prompt_tokens = chunk.prompt_tokens.or(self.prompt_tokens);
        self.completion_tokens = chunk.completion_tokens.or(self.completion_tokens);
        if self.finish.is_some() {
            return;
        }
        let text = self.said.fresh(&chunk.delta, &chunk.message);
        if !chunk.reasoning.is_empty() {
            self.spoken.think(&chunk.reasoning, self.on);
        }
        if !text.is_empty() {
            self.first_text.get_or_insert_with(|| self.started.elapsed());
            self.spoken.push(text, self.on);
        }
        if !chunk.reasoning.is_empty() || !text.is_empty() {
            self.pieces += 1;
            self.last_words = Some(Instant::now());
        }
        self.finish = chunk.finish;
        let is_too_long = self.pieces > self.max_tokens * PIECES_PER_TOKEN_MAX
            || self.said.text.len() > self.max_tokens * BYTES_PER_TOKEN_MAX;
        if self.finish.is_none() && is_too_long {
            (self.finish, self.is_done) = (Some(Finish::Length), true);
        }
    }

    /// Lets go of what was held back as the possible beginning of a mark.
    fn end_text(&mut self, is_whole: bool) {
        self.spoken.finish(is_whole, self.on);
    }

    fn complete(mut self, asked: &str, content_type: &str) -> Result<Completion> {
        self.end_text(!matches!(self.finish, None | Some(Finish::Length)));
        let text = self.spoken.text();
        let is_streamed = self.said.by_deltas || self.said.text.is_empty();
        let finish = match self.finish.take() {
            Some(finish) => finish,
            // One object is whole when it closes.
            None if !is_streamed => Finish::unstated(),
            None if !self.has_choice => {
                return Err(match (&self.unreadable, self.framing.other().trim()) {
                    (None, "") => self.endpoint.fault(BodyFault::Lost, text),
                    (None, other) => self.endpoint.not_json(content_type, other.as_bytes()),
                    (Some(unreadable), _) => self.endpoint.malformed(unreadable, text),
                });
            }
            None => return Err(self.endpoint.fault(BodyFault::Lost, text)),
        };
        if text.trim().is_empty() {
            if let Some(unreadable) = self.unreadable.as_ref().filter(|_| !self.spoken.has_thought()) {
                return Err(self.endpoint.malformed(unreadable, text));
            }
            let (endpoint, reasoned) = (self.endpoint.address(), self.spoken.has_thought());
            return Err(BrokenAnswer::Empty { endpoint, finish, reasoned }.into());
        }
        let total = self.started.elapsed();
        Ok(Completion {
            text: text.to_owned(),
            finish,
            model: self.model.unwrap_or_else(|| asked.to_owned()),
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            first_token: self.first_text.unwrap_or(total),
            total,
        })
    }

    /// An error where a chunk was due.
    fn failed(&mut self, words: &str) -> Error {
        self.end_text(false);
        let words = clean(&self.endpoint.scrub(words));
        let (endpoint, partial) = (self.endpoint.address(), self.endpoint.scrub(self.spoken.text()));
        BrokenAnswer::Failed { endpoint, words, partial }.into()
    }
}

impl Said {
    /// What of a chunk was not said before. A `message` repeats all that was said, goes on with it, or is all there is.
    fn fresh<'c>(&mut self, delta: &'c str, message: &'c str) -> &'c str {
        let fresh = match (delta, message) {
            ("", "") => "",
            (delta, _) if !delta.is_empty() => {
                self.by_deltas = true;
                delta
            }
            _ if self.by_deltas => "",
            (_, message) => message.strip_prefix(self.text.as_str()).unwrap_or(message),
        };
        self.text.push_str(fresh);
        fresh
    }
}

#[cfg(test)]
mod tests;
