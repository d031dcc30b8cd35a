//! Guards: whether a question is answered at all, decided on what retrieval found before a model is asked.

use super::{Abstention, Answer};
use crate::document::Passage;
use crate::language::Lang;

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

/// Whether to quote the sources where the model's own words came to nothing. One that only echoed the question has said
/// nothing against them; one that invented something is a sign that they do not answer, unless retrieval is sure of them.
pub fn may_quote_instead(answer: &Answer, answerable: f32) -> bool {
    match answer {
        Answer::Abstained { reason: Abstention::Unanswered, .. } => true,
        Answer::Abstained { reason: Abstention::Unsupported, .. } => answerable >= LIKELY,
        _ => false,
    }
}

/// The language to answer in: that of the question, and for one that is a bare name (`NF4`), that of the passages.
pub fn language(question: &str, passages: &[Passage]) -> Lang {
    let is_bare_name = question.split_whitespace().count() < SENTENCE_WORDS_MIN;
    let of_passages = || {
        let chinese = passages.iter().filter(|passage| Lang::of_text(&passage.text) == Lang::Zh).count();
        if 2 * chinese > passages.len() { Lang::Zh } else { Lang::En }
    };
    match Lang::of_text(question) {
        Lang::En if is_bare_name => of_passages(),
        lang => lang,
    }
}

/// A question of fewer words has no language.
const SENTENCE_WORDS_MIN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::passage;

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

    #[test]
    fn a_bare_name_is_answered_in_the_language_of_the_sources() {
        let chinese = [passage("a", "量化"), passage("b", "quantization")];
        assert_eq!(language("NF4", &chinese[..1]), Lang::Zh);
        assert_eq!(language("NF4", &chinese[1..]), Lang::En);
        assert_eq!(language("what is NF4", &chinese[..1]), Lang::En);
        assert_eq!(language("NF4 是什么", &chinese[1..]), Lang::Zh);
    }
}
