//! Guards: whether a question is answered at all, decided on what retrieval found before a model is asked.

use super::{Abstention, Answer, Sentence, profile};
use crate::document::Passage;
use crate::language::{Lang, is_han};
use crate::models::chat::Message;

/// Why not to answer, if so: `answerable`, from [`crate::search::Evidence`], is below `floor`.
///
/// Only for Chinese questions to Chinese passages: the floor was learnt within languages, and across them words say
/// nothing and cosines are lower.
pub fn refuse(question: &str, passages: &[Passage], answerable: f32, floor: f32) -> Option<Abstention> {
    if passages.is_empty() {
        return Some(Abstention::NothingFound);
    }
    let is_chinese = |text: &str| Lang::of_text(text) == Lang::Zh;
    if !is_chinese(question) || !passages.iter().any(|passage| is_chinese(&passage.text)) {
        return None;
    }
    (answerable < floor).then_some(Abstention::OffTopic)
}

/// From here on a question is more likely than not answered by what was found.
const LIKELY: f32 = 0.5;
/// From here on it may well be, as far as a refusal by a small model goes: eight of eight at such values were wrong, and the
/// two that were right lay lower (essays dev).
const PLAUSIBLE: f32 = 0.2;

/// Whether to quote the sources where the model's own words came to nothing. One that only echoed the question or kept to
/// generalities has said nothing against them. One that says there is no answer is believed, unless it is small and
/// retrieval not in doubt as well. One that made up a number or a name is a sign that there is none, unless retrieval is
/// sure.
pub fn may_quote_instead(answer: &Answer, answerable: f32) -> bool {
    let is_small = answer.completion().is_some_and(|completion| profile::is_small(&completion.model));
    match answer {
        Answer::Abstained { reason: Abstention::Unanswered, .. } => true,
        Answer::Abstained { reason: Abstention::NotInSources, .. } => is_small && answerable >= PLAUSIBLE,
        Answer::Abstained { reason: Abstention::Unsupported, sentences, .. } => {
            answerable >= LIKELY || !sentences.iter().any(Sentence::has_invention)
        }
        _ => false,
    }
}

/// The language to answer in: Chinese to a Chinese question; to any other, that of the sources, since only in their own
/// language can an answer be checked against them.
pub fn language(question: &str, passages: &[Passage]) -> Lang {
    let chinese = passages.iter().filter(|passage| Lang::of_text(&passage.text) == Lang::Zh).count();
    match Lang::of_text(question) {
        Lang::En if 2 * chinese > passages.len() => Lang::Zh,
        lang => lang,
    }
}

/// Share of Han among the letters of a Chinese answer: names and units are written in Latin.
const HAN_MIN: f32 = 0.6;
/// Shorter texts have no language.
const LETTERS_MIN: usize = 12;

/// Whether `text` is in `lang`, code left out.
pub fn speaks(lang: Lang, text: &str) -> bool {
    let prose: String = text.split("```").step_by(2).flat_map(|prose| prose.split('`').step_by(2)).collect();
    let letters = prose.chars().filter(|c| c.is_alphabetic()).count();
    let han = prose.chars().filter(|c| is_han(*c)).count();
    let share = han as f32 / letters.max(1) as f32;
    letters < LETTERS_MIN || if lang == Lang::Zh { share >= HAN_MIN } else { share < HAN_MIN }
}

/// The same messages with a word on the language at their end.
pub fn reminded(messages: &[Message], lang: Lang) -> Vec<Message> {
    let mut messages = messages.to_vec();
    if let Some(last) = messages.last_mut() {
        last.content.push_str(lang.pick("\n\n请用中文回答。", "\n\nAnswer in English."));
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::{completion, passage};
    use crate::answer::{Fault, Verdict};

    fn check(question: &str, text: &str, answerable: f32, expect: Option<Abstention>) {
        assert_eq!(refuse(question, &[passage("d", text)], answerable, 0.4), expect);
    }

    #[test]
    fn below_the_floor_is_refused() {
        check("红烧肉怎么做", "量化", 0.3, Some(Abstention::OffTopic));
        check("红烧肉怎么做", "量化", 0.4, None);
    }

    #[test]
    fn across_languages_nothing_is_refused() {
        check("what is quantization", "量化", 0.1, None);
        check("什么是量化", "quantization", 0.1, None);
    }

    #[test]
    fn without_passages_there_is_nothing_to_answer_from() {
        assert_eq!(refuse("什么", &[], 0.9, 0.4), Some(Abstention::NothingFound));
    }

    /// Whether the sources are quoted instead of what `model` made of them.
    fn quotes(model: &str, reason: Abstention, faults: &[Fault], answerable: f32) -> bool {
        let sentence = Sentence {
            text: "共 48 块。".into(),
            verdict: Verdict::Unsupported,
            markers: Vec::new(),
            faults: faults.to_vec(),
        };
        let completion = completion(model);
        may_quote_instead(
            &Answer::Abstained { reason, sentences: vec![sentence], completion: Some(completion) },
            answerable,
        )
    }

    #[test]
    fn a_refusal_is_believed_by_the_size_of_the_model_and_what_retrieval_says() {
        let refuses = |model, answerable| !quotes(model, Abstention::NotInSources, &[], answerable);
        assert!(refuses("qwen2.5-0.5b", 0.1) && !refuses("qwen2.5-0.5b", 0.3));
        assert!(refuses("qwen2.5-7b", 0.3) && refuses("qwen2.5-7b", 0.9));
    }

    #[test]
    fn an_invention_speaks_against_the_sources_and_an_echo_does_not() {
        let model = "qwen2.5-0.5b";
        let invented = |answerable| quotes(model, Abstention::Unsupported, &[Fault::Number("48".into())], answerable);
        assert!(!invented(0.3) && invented(0.6));
        assert!(quotes(model, Abstention::Unsupported, &[Fault::Thin], 0.1));
        assert!(quotes(model, Abstention::Unanswered, &[], 0.1));
        assert!(!quotes(model, Abstention::OffTopic, &[], 0.9));
    }

    #[test]
    fn an_answer_is_in_chinese_where_the_question_is_or_the_sources_are() {
        let chinese = [passage("a", "量化"), passage("b", "quantization")];
        assert_eq!(language("what is NF4", &chinese[..1]), Lang::Zh);
        assert_eq!(language("NF4", &chinese[1..]), Lang::En);
        assert_eq!(language("NF4 是什么", &chinese[1..]), Lang::Zh);
        assert_eq!(language("NF4", &[]), Lang::En);
    }

    #[test]
    fn the_language_of_an_answer_is_that_of_its_letters_outside_of_code() {
        assert!(speaks(Lang::Zh, "QLoRA 把底座模型量化为 4 位并冻结。"));
        assert!(!speaks(Lang::Zh, "QLoRA quantizes the frozen base model."));
        assert!(speaks(Lang::Zh, "运行 `rag index --rebuild corpus` 之后再试。"));
        assert!(speaks(Lang::En, "It runs on one card.") && !speaks(Lang::En, "它只要一张显卡就能运行起来。"));
        assert!(speaks(Lang::Zh, "48 GB"), "too short to tell");
    }
}
