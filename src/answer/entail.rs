//! Entailment as a chat model sees it: whether a passage supports a sentence. Slower by far than the check of words
//! ([`check`](super::check)), and measured beside it.

use super::library::Library;
use crate::error::Result;
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest};

/// One word.
const TOKENS_MAX: u32 = 8;

/// Whether `passage` supports `sentence`; `None` where the model says neither yes nor no.
pub fn entails(
    passage: &str,
    sentence: &str,
    library: &Library,
    model: &dyn ChatModel,
    seed: u64,
) -> Result<Option<bool>> {
    let messages = library.template("check", Lang::of_text(sentence))?.render_claim(passage, sentence)?;
    let request =
        ChatRequest { messages: messages.into(), max_tokens: TOKENS_MAX, temperature: 0.0, seed, schema: None };
    Ok(verdict(&model.chat(&request, &mut |_| ())?.text))
}

fn verdict(written: &str) -> Option<bool> {
    let word = written.trim_start_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|start| word.starts_with(start));
    // 没有 before 有.
    match (begins(&["无", "没", "否", "不", "no"]), begins(&["有", "是", "yes"])) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_the_verdict() {
        for (written, expect) in [
            ("有", Some(true)),
            ("有。依据在第二句", Some(true)),
            ("没有", Some(false)),
            (" **无**", Some(false)),
            ("Yes.", Some(true)),
            ("no", Some(false)),
            ("资料说的是另一件事", None),
            ("", None),
        ] {
            assert_eq!(verdict(written), expect, "{written}");
        }
    }
}
