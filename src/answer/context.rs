//! The context: which passages are given to the model, and what they cost in tokens.

use super::prompt::wrap;
use super::{AnswerProblem, Options};
use crate::document::Passage;
use crate::error::Result;
use crate::language::is_han;
use crate::models::chat::{ChatModel, Message};
use crate::text::sentences;

/// Taken where neither the endpoint nor the configuration says.
const WINDOW_ASSUMED: usize = 4096;
/// What a chat template puts around two messages, generously.
const TEMPLATE_TOKENS: usize = 32;
/// A first passage that does not fit is shortened, but not to less than this.
const SHORTENED_TOKENS_MIN: usize = 64;

/// The passages given, in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Context {
    /// The passage cited as `[n]` is at `n - 1`. The text of the first may be cut at a sentence end.
    pub passages: Vec<Passage>,
    pub tokens: TokenShares,
    /// Passages that did not fit.
    pub left_out: usize,
}

/// What each part takes of the window, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct TokenShares {
    pub window: usize,
    pub system: usize,
    pub passages: usize,
    /// The user's message without the passages.
    pub question: usize,
    /// Kept free for the answer.
    pub answer: usize,
    /// Whether the counts are guessed from the text's length, since the endpoint has no tokenizer to ask.
    pub estimated: bool,
}

impl Context {
    /// As they stand in the prompt.
    pub fn rendered(&self) -> String {
        let wrapped: Vec<String> =
            self.passages.iter().enumerate().map(|(index, passage)| wrap(index + 1, passage)).collect();
        wrapped.join("\n")
    }
}

/// Takes passages, best first, as long as they fit beside `frame` (the messages without passages) and the answer.
/// One that does not fit is passed over, a later and shorter one may still fit.
pub fn pack(
    passages: &[Passage],
    frame: &[Message; 2],
    model: Option<&dyn ChatModel>,
    options: &Options,
) -> Result<Context> {
    let window = match (options.window, model) {
        (Some(window), _) => window,
        (None, Some(model)) => model.context_window()?.unwrap_or(WINDOW_ASSUMED),
        (None, None) => WINDOW_ASSUMED,
    };
    let wrapped: Vec<String> = passages.iter().enumerate().map(|(index, passage)| wrap(index + 1, passage)).collect();
    let mut texts: Vec<&str> = frame.iter().map(|message| message.content.as_str()).collect();
    texts.extend(wrapped.iter().map(String::as_str));
    let (counts, estimated) = count(&texts, model)?;
    let (system, question) = (counts[0], counts[1]);
    let answer = (options.max_tokens as usize).min(window / 2);
    let taken = system + question + TEMPLATE_TOKENS;
    let room = window.saturating_sub(taken + answer);
    let mut context = Context {
        passages: Vec::new(),
        tokens: TokenShares { window, system, passages: 0, question, answer, estimated },
        left_out: 0,
    };
    for (passage, tokens) in passages.iter().zip(&counts[2..]) {
        let tokens = tokens + 1; // the line end between two passages
        if context.tokens.passages + tokens <= room {
            context.tokens.passages += tokens;
            context.passages.push(passage.clone());
        } else {
            context.left_out += 1;
        }
    }
    if context.passages.is_empty() && !passages.is_empty() {
        let short = shortened(&passages[0], counts[2], room).ok_or(AnswerProblem::Window { window, taken, answer })?;
        context.tokens.passages = count(&[&wrap(1, &short)], model)?.0[0];
        context.passages.push(short);
        context.left_out -= 1;
    }
    Ok(context)
}

fn count(texts: &[&str], model: Option<&dyn ChatModel>) -> Result<(Vec<usize>, bool)> {
    let counted = match model {
        Some(model) => model.count_tokens(texts)?,
        None => None,
    };
    Ok(match counted {
        Some(counts) => (counts, false),
        None => (texts.iter().map(|text| estimate(text)).collect(), true),
    })
}

/// On the safe side for common tokenizers: a Han character counts one token, other text three bytes.
fn estimate(text: &str) -> usize {
    let (han, other) = text.chars().fold((0, 0), |(han, other), c| match is_han(c) {
        true => (han + 1, other),
        false => (han, other + c.len_utf8()),
    });
    han + other.div_ceil(3)
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
mod tests {
    use super::*;
    use crate::answer::Template;
    use crate::answer::fixture::passage;
    use crate::language::Lang;

    fn packed(passages: &[Passage], window: usize) -> Result<Context> {
        let frame = Template::built_in(Lang::Zh).render(Lang::Zh, "问", "").unwrap();
        pack(passages, &frame, None, &Options { max_tokens: 100, window: Some(window), ..Options::default() })
    }

    fn names(context: &Context) -> Vec<&str> {
        context.passages.iter().map(|passage| passage.title.as_str()).collect()
    }

    #[test]
    fn what_does_not_fit_is_passed_over_and_counted() {
        let passages = [passage("a", &"甲。".repeat(50)), passage("b", &"乙。".repeat(500)), passage("c", "丙。")];
        let context = packed(&passages, 600).unwrap();
        assert_eq!((names(&context), context.left_out), (vec!["a", "c"], 1));
        let TokenShares { window, system, passages, question, answer, .. } = context.tokens;
        assert!(system + passages + question + answer <= window);
        assert!(context.rendered().contains("<passage id=\"2\" title=\"c\">"));
    }

    #[test]
    fn the_best_passage_is_cut_at_a_sentence_end_rather_than_left_out() {
        let context = packed(&[passage("a", &"一句话说完。\n".repeat(200))], 500).unwrap();
        let cut = &context.passages[0];
        assert!(cut.text.ends_with('。') && cut.text.len() < 3000, "{}", cut.text.len());
        assert_eq!(cut.lines.1 as usize, cut.text.lines().count());
        assert!(context.tokens.passages + context.tokens.system + context.tokens.answer < 500);
        assert_eq!(context.left_out, 0);
    }

    #[test]
    fn a_window_without_room_is_an_error() {
        let error = packed(&[passage("a", "甲。")], 120).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(AnswerProblem::Window { window: 120, .. })), "{error}");
    }

    #[test]
    fn no_passage_is_no_error() {
        assert!(packed(&[], 120).unwrap().passages.is_empty());
    }
}
