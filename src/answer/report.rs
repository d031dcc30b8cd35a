//! A question and what came of it, as `rag ask --json` prints it.

use super::{Answer, Citation, Grounded, Sentence};
use crate::document::Passage;
use crate::models::chat::Finish;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Clone, Serialize)]
pub struct Asked<'a> {
    pub question: &'a str,
    /// `null` where there is none; cut off where `error` says so.
    pub answer: Option<&'a str>,
    pub abstained: bool,
    /// Whether the answer is made of the sources' own sentences.
    pub extracted: bool,
    /// Whether it was kept from before, so that no model was asked.
    pub cached: bool,
    /// Why it abstained ([`Abstention`](super::Abstention)), why no whole answer came
    /// ([`Lack`](crate::models::openai::Lack)), or what is wrong with the answer: `uncited`, or `truncated` at its longest
    /// length.
    pub reason: Option<&'static str>,
    /// What the model wrote, sentence by sentence, with what the check says of each.
    pub sentences: &'a [Sentence],
    pub citations: &'a [Citation],
    /// Of an abstention: the passages that came nearest.
    pub nearest: Vec<Nearest>,
    /// What failed, where no whole answer came.
    pub error: Option<String>,
    /// As the server reports it; `null` where it was not asked.
    pub model: Option<&'a str>,
    pub timings_ms: Timings,
}

/// A passage as a reader finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    pub title: String,
    pub path: String,
    /// First and last line in the file, counted from 1.
    pub lines: (u32, u32),
}

impl Nearest {
    pub fn of(passage: &Passage) -> Nearest {
        Nearest { title: passage.heading(), path: passage.path.clone(), lines: passage.lines }
    }
}

/// Counted from the question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timings {
    pub retrieve: f64,
    /// `null` where the model was not asked.
    pub first_token: Option<f64>,
    pub total: f64,
}

impl Answer {
    /// `retrieve` is the time before the model was called, `total` all of it; `nearest` are passages to name if there is no
    /// answer.
    pub fn report<'a>(
        &'a self,
        question: &'a str,
        nearest: Vec<Nearest>,
        retrieve: Duration,
        total: Duration,
    ) -> Asked<'a> {
        let completion = self.completion();
        let timings_ms = Timings {
            retrieve: millis(retrieve),
            // The model's own clock starts when it is called: after all that came before.
            first_token: completion.map(|completion| millis(total - completion.total + completion.first_token)),
            total: millis(total),
        };
        let asked = Asked {
            question,
            answer: None,
            abstained: false,
            extracted: false,
            cached: false,
            reason: None,
            sentences: &[],
            citations: &[],
            nearest: Vec::new(),
            error: None,
            model: completion.map(|completion| completion.model.as_str()),
            timings_ms,
        };
        match self {
            Answer::Grounded(grounded) => {
                let cut = self.cut().map(|finish| match finish {
                    Finish::Length => "truncated",
                    Finish::Filtered => "filtered",
                    _ => "stopped",
                });
                Asked { reason: cut.or(grounded.is_uncited().then_some("uncited")), ..asked.with(grounded) }
            }
            Answer::Abstained { reason, sentences, .. } => {
                Asked { abstained: true, reason: Some(reason.name()), sentences, nearest, ..asked }
            }
            Answer::Missing { lack, error, partial } => {
                let asked = Asked { reason: Some(lack.name()), error: Some(error.to_string()), ..asked };
                partial.as_ref().map_or(asked.clone(), |partial| asked.with(partial))
            }
        }
    }
}

impl<'a> Asked<'a> {
    fn with(self, Grounded { text, is_extract, sentences, citations, .. }: &'a Grounded) -> Asked<'a> {
        Asked { answer: Some(text), extracted: *is_extract, sentences, citations, ..self }
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}
