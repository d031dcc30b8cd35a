//! Guards: whether a question is answered at all, decided on what retrieval found before a model is asked.

use super::Abstention;
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
}
