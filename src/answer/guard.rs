//! Guards: whether a question is answered at all, decided on what retrieval found before a model is asked.

use super::Abstention;
use crate::search::Evidence;

/// Below both floors the passages have nothing to do with the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floors {
    /// Of [`Evidence::coverage`].
    pub coverage: f32,
    /// Of [`Evidence::cosine`]; depends on the embedder. `None` where it says nothing.
    pub cosine: Option<f32>,
}

/// Why not to answer, if so. A dense leg that is sure outweighs words that are not there (a paraphrase, another
/// language), and words that are there outweigh a cosine.
pub fn refuse(passages: usize, evidence: Option<Evidence>, floors: &Floors) -> Option<Abstention> {
    if passages == 0 {
        return Some(Abstention::NothingFound);
    }
    let Evidence { coverage, cosine } = evidence?;
    let lexical_is_thin = coverage < floors.coverage;
    let dense_is_thin = match (cosine, floors.cosine) {
        (Some(cosine), Some(floor)) => cosine < floor,
        (Some(_), None) => false,
        (None, _) => true,
    };
    (lexical_is_thin && dense_is_thin).then_some(Abstention::OffTopic)
}
