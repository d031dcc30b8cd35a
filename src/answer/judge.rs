//! A judge: which of two answers to a question is better, as a chat model sees it.
//!
//! Models prefer what stands first, or second (Zheng et al., "Judging LLM-as-a-Judge", NeurIPS 2023). So each pair is
//! shown in both orders, and who wins in only one of them has not won.

use super::library::Library;
use crate::error::Result;
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest};
use crate::models::openai::Lack;
use serde::{Deserialize, Serialize};

/// Three sentences of reasons and a verdict.
const TOKENS_MAX: u32 = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Winner {
    A,
    B,
    Tie,
}

/// What the judge makes of a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    pub winner: Winner,
    /// The verdicts with A shown first and with B shown first; `null` where the judge wrote none. Empty where it was not
    /// asked.
    pub verdicts: Vec<Option<Winner>>,
    /// What the judge wrote, in the same order.
    pub reasons: Vec<String>,
}

impl Preference {
    /// Of a pair that need not be judged: the same text twice.
    pub fn same() -> Preference {
        Preference { winner: Winner::Tie, verdicts: Vec::new(), reasons: Vec::new() }
    }

    fn of(reasons: [String; 2]) -> Preference {
        let [as_is, swapped] = &reasons;
        let verdicts = [verdict(as_is), verdict(swapped).map(Winner::swapped)];
        Preference { winner: agreed(verdicts), verdicts: verdicts.into(), reasons: reasons.into() }
    }

    /// Whether the order in which the answers were shown decided.
    pub fn is_inconsistent(&self) -> bool {
        matches!(self.verdicts[..], [Some(one), Some(other)] if one != other)
    }

    /// Whether the judge left out the verdict that it was asked for.
    pub fn is_unreadable(&self) -> bool {
        self.verdicts.contains(&None)
    }
}

impl Winner {
    /// As seen by somebody who was shown the two the other way round.
    fn swapped(self) -> Winner {
        match self {
            Winner::A => Winner::B,
            Winner::B => Winner::A,
            Winner::Tie => Winner::Tie,
        }
    }
}

/// Has `model` compare `a` and `b`, in both orders. Answers that are the same are a tie without being shown.
pub fn judge(
    question: &str,
    a: &str,
    b: &str,
    library: &Library,
    model: &dyn ChatModel,
    seed: u64,
) -> Result<Preference> {
    if a.trim() == b.trim() {
        return Ok(Preference::same());
    }
    let template = library.template("judge", Lang::of_text(question))?;
    let ask = |first: &str, second: &str| -> Result<String> {
        let messages = template.render_pair(question, first, second)?.into();
        let request = ChatRequest { messages, max_tokens: TOKENS_MAX, temperature: 0.0, seed, schema: None };
        match model.chat(&request, &mut |_| ()) {
            Ok(completion) => Ok(completion.text),
            // Nothing written is no verdict; that nobody is there to ask is another matter.
            Err(error) => match Lack::of(&error) {
                Some(Lack::Empty | Lack::Truncated | Lack::CutStream | Lack::TimedOut) => Ok(String::new()),
                _ => Err(error),
            },
        }
    };
    Ok(Preference::of([ask(a, b)?, ask(b, a)?]))
}

/// Who won in both orders; a verdict that is missing or turned round with the order is nobody's.
fn agreed(verdicts: [Option<Winner>; 2]) -> Winner {
    match verdicts {
        [Some(one), Some(other)] if one == other => one,
        _ => Winner::Tie,
    }
}

/// The verdict on the last line, A being the one shown first.
fn verdict(written: &str) -> Option<Winner> {
    let last = written.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    let last = last.rsplit([':', '：']).next().unwrap_or(last);
    let bare = last.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    match bare.as_str() {
        "甲" | "甲更好" | "甲胜" | "a" => Some(Winner::A),
        "乙" | "乙更好" | "乙胜" | "b" => Some(Winner::B),
        "平" | "平局" | "tie" => Some(Winner::Tie),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_last_line() {
        let check = |written: &str, expect: Option<Winner>| assert_eq!(verdict(written), expect, "{written}");
        check("甲答对了数字。\n\n甲", Some(Winner::A));
        check("甲错了,乙对。\n结论:**乙**。\n", Some(Winner::B));
        check("Both are fine.\nVerdict: Tie", Some(Winner::Tie));
        check("b", Some(Winner::B));
        check("甲和乙都不错,难分高下", None);
        check("", None);
    }

    #[test]
    fn who_wins_only_when_shown_first_has_not_won() {
        let of = |as_is: &str, swapped: &str| Preference::of([as_is.into(), swapped.into()]);
        let always_first = of("甲", "甲");
        assert_eq!((always_first.winner, always_first.is_inconsistent()), (Winner::Tie, true));
        let sure = of("理由。\n甲", "理由。\n乙");
        assert_eq!((sure.winner, sure.is_inconsistent()), (Winner::A, false));
        assert_eq!(of("平", "乙").winner, Winner::Tie);
        let mute = of("甲", "都好");
        assert_eq!((mute.winner, mute.is_unreadable(), mute.is_inconsistent()), (Winner::Tie, true, false));
    }

    #[test]
    fn the_templates_show_both_answers_and_the_question() {
        for lang in [Lang::Zh, Lang::En] {
            let template = Library::default().template("judge", lang).unwrap();
            let [system, user] = template.render_pair("QUESTION", "FIRST", "SECOND").unwrap();
            assert!(!system.content.contains("FIRST"));
            let at = |text: &str| user.content.find(text).unwrap();
            assert!(at("QUESTION") < at("FIRST") && at("FIRST") < at("SECOND"), "{}", user.content);
        }
    }
}
