//! A lack: why no answer came, or not the whole of one. An outcome like any other, to be shown, logged and counted.

use super::{BrokenAnswer, ReachProblem, RefusalProblem};
use crate::error::Error;
use crate::models::chat::Finish;
use serde::Serialize;

/// Serialized by its name, as the `reason` of `rag ask --json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// Nothing listens at the endpoint.
    Unreachable,
    /// The server was still loading its model when patience ended (503).
    Loading,
    /// The server limits requests (429).
    RateLimited,
    /// The server said no, or failed.
    Refused,
    /// Nothing came in time, or nothing more.
    TimedOut,
    /// The stream ended before the answer did.
    CutStream,
    /// An answer without text.
    Empty,
    /// All tokens allowed were spent before any text came, as on thinking aloud.
    Truncated,
    /// An answer in no agreed form.
    Malformed,
}

impl Lack {
    /// None for an error that is no lack of an answer, as a bad address: no answer was to be had to begin with.
    pub fn of(error: &Error) -> Option<Lack> {
        if let Some(problem) = error.downcast_ref::<ReachProblem>() {
            let is_ours = matches!(
                problem,
                ReachProblem::BadBaseUrl { .. }
                    | ReachProblem::BadKey
                    | ReachProblem::BadHeader { .. }
                    | ReachProblem::NoClient { .. }
            );
            return (!is_ours).then_some(Lack::Unreachable);
        }
        if let Some(problem) = error.downcast_ref::<RefusalProblem>() {
            return Some(match problem {
                RefusalProblem::Loading { .. } => Lack::Loading,
                RefusalProblem::RateLimited { .. } => Lack::RateLimited,
                _ => Lack::Refused,
            });
        }
        error.downcast_ref::<BrokenAnswer>().map(|problem| match problem {
            BrokenAnswer::NoFirstByte { .. } | BrokenAnswer::Silent { .. } | BrokenAnswer::Overdue { .. } => {
                Lack::TimedOut
            }
            BrokenAnswer::CutStream { .. } | BrokenAnswer::Failed { .. } => Lack::CutStream,
            BrokenAnswer::Empty { finish: Finish::Length, .. } => Lack::Truncated,
            BrokenAnswer::Empty { .. } => Lack::Empty,
            BrokenAnswer::Malformed { .. } | BrokenAnswer::NotJson { .. } => Lack::Malformed,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Lack::Unreachable => "unreachable",
            Lack::Loading => "loading",
            Lack::RateLimited => "rate_limited",
            Lack::Refused => "refused",
            Lack::TimedOut => "timed_out",
            Lack::CutStream => "cut_stream",
            Lack::Empty => "empty",
            Lack::Truncated => "truncated",
            Lack::Malformed => "malformed",
        }
    }

    /// Whether the same request may well succeed at once.
    pub fn is_passing(self) -> bool {
        matches!(self, Lack::CutStream | Lack::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(error: impl Into<Error>, expect: Option<Lack>) {
        assert_eq!(Lack::of(&error.into()), expect);
    }

    #[test]
    fn what_keeps_an_answer_back_is_a_lack_and_a_wrong_setting_is_not() {
        let (endpoint, partial, after) = (String::new(), String::new(), Duration::ZERO);
        check(ReachProblem::Refused { endpoint: endpoint.clone() }, Some(Lack::Unreachable));
        check(ReachProblem::BadKey, None);
        check(RefusalProblem::Loading { endpoint: endpoint.clone(), waited: after }, Some(Lack::Loading));
        check(BrokenAnswer::NoFirstByte { endpoint: endpoint.clone(), after }, Some(Lack::TimedOut));
        check(BrokenAnswer::CutStream { endpoint: endpoint.clone(), partial }, Some(Lack::CutStream));
        let empty = |finish| BrokenAnswer::Empty { endpoint: endpoint.clone(), finish, reasoned: true };
        check(empty(Finish::Stop), Some(Lack::Empty));
        check(empty(Finish::Length), Some(Lack::Truncated));
        let unreadable = std::io::Error::other("x");
        check(crate::error::Io { action: "read", path: "x".into(), source: unreadable }, None);
    }
}
