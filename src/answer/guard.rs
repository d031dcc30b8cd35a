//! Guards: whether a question is answered at all, decided on what retrieval found before a model is asked.

use super::Abstention;
use crate::document::Passage;
use crate::language::Lang;
use crate::search::Evidence;

/// Below both floors the passages have nothing to do with the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floors {
    /// Of [`Evidence::coverage`].
    pub coverage: f32,
    /// Of [`Evidence::cosine`]; depends on the embedder. `None` where it is not known.
    pub cosine: Option<f32>,
}

/// Why not to answer, if so. A dense leg that is sure outweighs words that are not there (a paraphrase), and words
/// that are there outweigh a cosine.
///
/// Only for Chinese questions to Chinese passages: the floors were chosen there, and across languages words say
/// nothing and cosines are lower.
pub fn refuse(question: &str, passages: &[Passage], evidence: Option<Evidence>, floors: &Floors) -> Option<Abstention> {
    if passages.is_empty() {
        return Some(Abstention::NothingFound);
    }
    let is_chinese = |text: &str| Lang::of_text(text) == Lang::Zh;
    if !is_chinese(question) || !passages.iter().any(|passage| is_chinese(&passage.text)) {
        return None;
    }
    let Evidence { coverage, cosine } = evidence?;
    let dense_is_thin = match (cosine, floors.cosine) {
        (Some(cosine), Some(floor)) => cosine < floor,
        (Some(_), None) => false,
        (None, _) => true,
    };
    (coverage < floors.coverage && dense_is_thin).then_some(Abstention::OffTopic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::passage;

    fn check(question: &str, text: &str, coverage: f32, cosine: Option<f32>, expect: Option<Abstention>) {
        let floors = Floors { coverage: 0.3, cosine: Some(0.8) };
        assert_eq!(refuse(question, &[passage("d", text)], Some(Evidence { coverage, cosine }), &floors), expect);
    }

    #[test]
    fn both_kinds_of_evidence_must_be_thin() {
        check("红烧肉怎么做", "量化", 0.1, Some(0.7), Some(Abstention::OffTopic));
        check("红烧肉怎么做", "量化", 0.1, None, Some(Abstention::OffTopic));
        check("红烧肉怎么做", "量化", 0.5, Some(0.7), None);
        check("红烧肉怎么做", "量化", 0.1, Some(0.9), None);
    }

    #[test]
    fn across_languages_nothing_is_refused() {
        check("what is quantization", "量化", 0.0, Some(0.7), None);
        check("什么是量化", "quantization", 0.0, Some(0.7), None);
    }

    #[test]
    fn without_passages_there_is_nothing_to_answer_from() {
        let floors = Floors { coverage: 0.3, cosine: None };
        assert_eq!(refuse("什么", &[], None, &floors), Some(Abstention::NothingFound));
    }
}
