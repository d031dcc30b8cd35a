//! The context: which passages are given to the model, where they stand, and what they cost in tokens.

use super::estimate::estimate;
use super::frame::Frame;
use super::{AnswerProblem, Options};
use crate::document::Passage;
use crate::error::Result;
use crate::models::chat::{ChatModel, Message};
use crate::text::{letters, sentences};
use serde::Serialize;
use std::collections::BTreeSet;

/// Taken where neither the endpoint nor the configuration says.
const WINDOW_ASSUMED: usize = 4096;
/// What a chat template puts before and behind all messages, generously.
const TEMPLATE_TOKENS: usize = 16;
/// What it puts around each, generously.
const MESSAGE_TOKENS: usize = 8;
/// A passage that does not fit is shortened, but not to less than this.
const SHORTENED_TOKENS_MIN: usize = 64;
/// Shorter sentences say the same in many places.
const REPEATED_LETTERS_MIN: usize = 8;

/// The passages given: the best of those found, as many as fit.
#[derive(Debug, Clone)]
pub struct Context {
    /// The passage cited as `[n]` is at `n - 1`, which is its rank. The text of the last may be cut at a sentence end.
    pub passages: Vec<Passage>,
    /// Their numbers in the order they stand in, those of a document together.
    pub groups: Vec<Vec<usize>>,
    /// What each of `passages` takes by itself.
    pub tokens_each: Vec<usize>,
    pub tokens: TokenShares,
    /// Passages that did not fit.
    pub left_out: usize,
}

/// What each part takes of the window, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TokenShares {
    pub window: usize,
    pub system: usize,
    /// Examples of answers: see `chat.shots`.
    pub shots: usize,
    pub passages: usize,
    /// The user's message without the passages.
    pub question: usize,
    /// Kept free for the answer.
    pub answer: usize,
    /// What is left.
    pub free: usize,
    /// Whether the counts are guessed from the text, since the endpoint has no tokenizer to ask.
    pub estimated: bool,
}

/// A passage that says again what another has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeat {
    pub number: usize,
    pub of: usize,
    /// Sentences that both have.
    pub sentences: usize,
}

impl Context {
    /// Pairs of passages of which one has at least half of the other's sentences: tokens that tell nothing new. Passages
    /// that say the same altogether are one hit already: search and merge let one stand for the others.
    pub fn repeats(&self) -> Vec<Repeat> {
        let spoken = |passage: &Passage| -> BTreeSet<Vec<char>> {
            let all = sentences(&passage.text).into_iter().map(|range| letters(&passage.text[range]));
            all.filter(|letters| letters.len() >= REPEATED_LETTERS_MIN).collect()
        };
        let spoken: Vec<_> = self.passages.iter().map(spoken).collect();
        let mut repeats = Vec::new();
        for (later, own) in spoken.iter().enumerate() {
            for (earlier, other) in spoken[..later].iter().enumerate() {
                let sentences = own.intersection(other).count();
                if sentences > 0 && 2 * sentences >= own.len().min(other.len()) {
                    repeats.push(Repeat { number: later + 1, of: earlier + 1, sentences });
                }
            }
        }
        repeats
    }
}

/// Takes passages, best first, until one does not fit beside `frame` and the answer; that one is shortened. So a
/// passage's number is its rank. With the messages that hold them.
pub fn pack(
    passages: &[Passage],
    frame: &Frame<'_>,
    model: Option<&dyn ChatModel>,
    options: &Options,
) -> Result<(Context, Vec<Message>)> {
    let window = match (options.window, model) {
        (Some(window), _) => window,
        (None, Some(model)) => model.context_window()?.unwrap_or(WINDOW_ASSUMED),
        (None, None) => WINDOW_ASSUMED,
    };
    let mut answer = (options.max_tokens as usize).min(window / 2);
    let bare = frame.bare()?;
    let shots: Vec<&str> = frame.shots.turns.iter().map(|turn| turn.content.as_str()).collect();
    let shots = format!("{}{}", frame.shots.examples, shots.join("\n"));
    let single = |index| frame.context(passages, &[vec![index + 1]]);
    let mut texts = vec![bare[0].content.clone(), bare[1].content.clone(), shots];
    texts.extend((0..passages.len()).map(single));
    let (counts, estimated) = count(&texts, model)?;
    let (parts, each) = counts.split_at(3);
    let [system, question, shots] = [parts[0], parts[1], parts[2]];
    let around = TEMPLATE_TOKENS + MESSAGE_TOKENS * (2 + frame.shots.turns.len());
    let taken = system + question + shots + around;
    let mut given = prefix(passages, each, window.saturating_sub(taken + answer));
    loop {
        let groups = frame.order.groups(&given);
        let messages = frame.messages(&frame.context(&given, &groups))?;
        let contents: Vec<&str> = messages.iter().map(|message| message.content.as_str()).collect();
        // The parts need not add up to the whole: what is sent decides.
        let whole = count(&[contents.join("\n")], model)?.0[0];
        let used = whole + around;
        if passages.is_empty() || (!given.is_empty() && used + answer <= window) {
            let tokens = TokenShares {
                window,
                system,
                shots,
                passages: whole.saturating_sub(system + shots + question),
                question,
                answer,
                free: window.saturating_sub(used + answer),
                estimated,
            };
            let tokens_each = each_of(&given, passages, each, frame, model)?;
            let left_out = passages.len() - given.len();
            return Ok((Context { passages: given, groups, tokens_each, tokens, left_out }, messages));
        }
        let Some(last) = given.pop() else {
            // A shorter answer is better than none.
            if answer <= window / 4 {
                return Err(AnswerProblem::Window { window, taken, answer }.into());
            }
            answer = window / 4;
            given = prefix(passages, each, window.saturating_sub(taken + answer));
            continue;
        };
        let tokens = count(&[frame.context(std::slice::from_ref(&last), &[vec![1]])], model)?.0[0];
        given.extend(shortened(&last, tokens, (tokens + window).saturating_sub(used + answer)));
    }
}

/// The passages that fit into `room` one after the other, the first that does not shortened to what is left.
fn prefix(passages: &[Passage], tokens: &[usize], room: usize) -> Vec<Passage> {
    let (mut given, mut left) = (Vec::new(), room);
    for (passage, tokens) in passages.iter().zip(tokens) {
        let tokens = tokens + 1; // the line end between two passages
        let Some(rest) = left.checked_sub(tokens) else {
            given.extend(shortened(passage, tokens, left));
            break;
        };
        given.push(passage.clone());
        left = rest;
    }
    given
}

/// What each of `given` takes, of which the last may be a part of what was counted.
fn each_of(
    given: &[Passage],
    passages: &[Passage],
    counted: &[usize],
    frame: &Frame<'_>,
    model: Option<&dyn ChatModel>,
) -> Result<Vec<usize>> {
    let mut each = counted[..given.len()].to_vec();
    if let Some(last) = given.last()
        && last.text.len() < passages[given.len() - 1].text.len()
    {
        each[given.len() - 1] = count(&[frame.context(given, &[vec![given.len()]])], model)?.0[0];
    }
    Ok(each)
}

fn count(texts: &[String], model: Option<&dyn ChatModel>) -> Result<(Vec<usize>, bool)> {
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let counted = match model {
        Some(model) => model.count_tokens(&borrowed)?,
        None => None,
    };
    Ok(match counted {
        Some(counts) => (counts, false),
        None => (borrowed.into_iter().map(estimate).collect(), true),
    })
}

/// The sentences at the beginning of a passage of `tokens` that fit into `room`, a tenth kept in reserve since
/// tokens are not spread evenly.
fn shortened(passage: &Passage, tokens: usize, room: usize) -> Option<Passage> {
    if room < SHORTENED_TOKENS_MIN {
        return None;
    }
    let bytes = passage.text.len() * room / tokens.max(1) * 9 / 10;
    let end = sentences(&passage.text).into_iter().map(|sentence| sentence.end).take_while(|end| *end <= bytes).last();
    let end = end.unwrap_or_else(|| passage.text.floor_char_boundary(bytes));
    let text = passage.text[..end].to_string();
    let line_ends = text.matches('\n').count() as u32;
    let last = passage.lines.1.min(passage.lines.0 + line_ends);
    (!text.is_empty()).then(|| Passage { text, lines: (passage.lines.0, last), ..passage.clone() })
}

#[cfg(test)]
mod tests;
