//! Questions that a passage answers, drafted by a model: a beginning for an evaluation set, to be read by a person.

use super::format::Format;
use super::library::Library;
use super::template::Filling;
use crate::document::Passage;
use crate::error::Result;
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest};

/// A question is short; a model that goes on has lost the thread.
const TOKENS_MAX: u32 = 60;

/// One question for `passage`, in its language; `None` where the model wrote none.
pub fn question_for(passage: &Passage, library: &Library, model: &dyn ChatModel, seed: u64) -> Result<Option<String>> {
    let lang = Lang::of_text(&passage.text);
    let (question, passages) = (passage.heading(), Format::Xml.document(&[(1, passage)], true));
    let filling = Filling { lang, question: &question, passages: &passages, examples: "", is_grouped: false };
    let messages = library.template("question", lang)?.render(filling)?;
    let request =
        ChatRequest { messages: messages.into(), max_tokens: TOKENS_MAX, temperature: 0.0, seed, schema: None };
    let written = model.chat(&request, &mut |_| ())?.text;
    let line = written.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let unnumbered = line.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '、' | '-' | ' '));
    let question = unnumbered.trim_matches(['"', '“', '”', '「', '」']).trim();
    Ok((!question.is_empty()).then(|| question.to_string()))
}
