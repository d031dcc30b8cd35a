//! A rewrite: a follow-up question made one that can be understood alone.

use super::library::Library;
use crate::error::Result;
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest};

/// Earlier questions that a follow-up may lean on.
const HISTORY_MAX: usize = 3;
const TOKENS_MAX: u32 = 80;
/// A rewrite puts in a name or two; one that is much longer has begun to answer.
const LONGER_CHARS_MAX: usize = 40;

/// `question` by itself, as the model writes it; [`joined`] where it writes nothing of use.
pub fn rewrite(
    question: &str,
    history: &[String],
    library: &Library,
    model: &dyn ChatModel,
    seed: u64,
) -> Result<String> {
    let lang = Lang::of_text(question);
    let messages = library.template("rewrite", lang)?.render_history(question, &recent(history).join(" / "))?;
    let request =
        ChatRequest { messages: messages.into(), max_tokens: TOKENS_MAX, temperature: 0.0, seed, schema: None };
    let written = model.chat(&request, &mut |_| ())?.text;
    let line = written.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = ["改写:", "改写：", "Rewritten:"].iter().fold(line, |line, mark| line.trim_start_matches(mark)).trim();
    let chars = |text: &str| text.chars().count();
    let longest = chars(question) + history.last().map_or(0, |last| chars(last)) + LONGER_CHARS_MAX;
    let is_of_use = !line.is_empty() && chars(line) <= longest && Lang::of_text(line) == lang;
    Ok(if is_of_use { line.to_string() } else { joined(question, history) })
}

/// The question behind the one before it: what can be had without a model.
pub fn joined(question: &str, history: &[String]) -> String {
    match history.last() {
        Some(last) => format!("{} {question}", last.trim()),
        None => question.into(),
    }
}

fn recent(history: &[String]) -> &[String] {
    &history[history.len().saturating_sub(HISTORY_MAX)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_model_the_question_before_goes_along() {
        let history = ["甲?".to_string(), "什么是 LoRA? ".to_string()];
        assert_eq!(joined("那量化的呢", &history), "什么是 LoRA? 那量化的呢");
        assert_eq!(joined("什么是 LoRA", &[]), "什么是 LoRA");
        assert_eq!(recent(&["a", "b", "c", "d"].map(String::from)), ["b", "c", "d"]);
    }
}
