//! A question and what came of it, as `rag ask --json` prints it.

use super::{Answer, Citation};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Clone, Serialize)]
pub struct Asked<'a> {
    pub question: &'a str,
    /// `null` where there is none.
    pub answer: Option<&'a str>,
    pub abstained: bool,
    /// Why it abstained (`nothing_found`, `off_topic`, `not_in_sources`), or what is wrong with the answer (`uncited`).
    pub reason: Option<&'static str>,
    pub citations: &'a [Citation],
    /// As the server reports it; `null` where it was not asked.
    pub model: Option<&'a str>,
    pub timings_ms: Timings,
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
    /// `retrieve` is the time before the model was called, `total` all of it.
    pub fn report<'a>(&'a self, question: &'a str, retrieve: Duration, total: Duration) -> Asked<'a> {
        let completion = self.completion();
        let (answer, reason, citations) = match self {
            Answer::Grounded(grounded) => (
                Some(grounded.text.as_str()),
                grounded.is_uncited().then_some("uncited"),
                grounded.citations.as_slice(),
            ),
            Answer::Abstained { reason, .. } => (None, Some(reason.name()), &[][..]),
        };
        let timings_ms = Timings {
            retrieve: millis(retrieve),
            // The model's own clock starts when it is called: after all that came before.
            first_token: completion.map(|completion| millis(total - completion.total + completion.first_token)),
            total: millis(total),
        };
        Asked {
            question,
            answer,
            abstained: matches!(self, Answer::Abstained { .. }),
            reason,
            citations,
            model: completion.map(|completion| completion.model.as_str()),
            timings_ms,
        }
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}
