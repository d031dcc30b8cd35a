//! A calibration: what an embedder's cosines are worth beside BM25. Learnt from judgements by `rag eval tune`.

use super::SearchProblem;
use super::relevance::Relevance;
use crate::error::{IoContext, Result};
use crate::files::{SETTINGS_BYTES_MAX, read_regular_text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// For the embedders that we have judged with.
const BUILT_IN: &str = include_str!("calibration.toml");

/// The weight of the dense leg is not moved further than this by one query.
const FACTOR_MAX: f32 = 2.0;

/// A rare name outweighs so many times the lead that the dense leg usually has: a passage without it cannot be what is
/// meant, unless its vector is very sure. Chosen on the dev sets; it is a multiple because a lead belongs to the embedder.
const NAME_LEADS: f32 = 4.0;

/// See [`super::fuse`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Points of BM25 a cosine of one, at the usual gap.
    pub scale: f32,
    /// The usual distance between the cosines of the dense leg's first and tenth.
    pub gap: f32,
    /// How much more a dense leg is trusted whose gap is larger than usual.
    pub trust: f32,
    /// Points of BM25 for having all of the query's identifiers and numbers.
    pub exact: f32,
    /// Points of BM25 a unit of MaxSim; 0 where nobody has judged with it.
    #[serde(default)]
    pub maxsim: f32,
    pub relevance: Relevance,
}

/// A file of calibrations: a table for each embedder.
pub type Calibrations = BTreeMap<String, Calibration>;

impl Calibration {
    /// What a cosine is multiplied by in a query of this gap.
    pub fn weight_dense(&self, gap: f32) -> f32 {
        let factor = (self.trust * (gap / self.gap - 1.0)).exp();
        self.scale * factor.clamp(1.0 / FACTOR_MAX, FACTOR_MAX)
    }

    /// Points of BM25 for having all of the query's rare names.
    pub fn weight_name(&self) -> f32 {
        NAME_LEADS * self.scale * self.gap
    }

    /// A candidate's evidence in points of BM25; `weight_dense` is that of its query, `exact` and `name` are shares.
    pub fn points(&self, weight_dense: f32, bm25: f32, cosine: f32, exact: f32, name: f32) -> f32 {
        bm25 + weight_dense * cosine + self.exact * exact + self.weight_name() * name
    }

    /// That of the embedder in the file at `own`, else in ours; none for an embedder that nobody has judged with.
    pub fn of(embedder: &str, own: Option<&Path>) -> Result<Option<Calibration>> {
        if let Some(path) = own
            && let Some(found) = read(path)?.remove(embedder)
        {
            return Ok(Some(found));
        }
        Ok(parse(BUILT_IN, Path::new("calibration.toml"))?.remove(embedder))
    }
}

/// The calibrations in the file at `path`.
pub fn read(path: &Path) -> Result<Calibrations> {
    parse(&read_regular_text(path, SETTINGS_BYTES_MAX).at("read", path)?, path)
}

fn parse(text: &str, path: &Path) -> Result<Calibrations> {
    let bad = |reason: String| SearchProblem::BadCalibration { path: path.into(), reason };
    let calibrations: Calibrations = toml::from_str(text).map_err(|error| bad(error.message().into()))?;
    for (embedder, Calibration { scale, gap, trust, exact, .. }) in &calibrations {
        if !(scale.is_finite()
            && *scale >= 0.0
            && gap.is_finite()
            && *gap > 0.0
            && trust.is_finite()
            && exact.is_finite())
        {
            return Err(bad(format!("{embedder}: scale is 0 or more, gap above 0")).into());
        }
    }
    Ok(calibrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_can_be_read_and_a_users_own_comes_first() {
        let ours = Calibration::of("multilingual-e5-small", None).unwrap().unwrap();
        assert!(ours.scale > 0.0);
        assert_eq!(Calibration::of("unheard-of", None).unwrap(), None);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.toml");
        let own = Calibration { scale: 7.0, gap: 0.5, ..ours };
        let file = |own| toml::to_string(&Calibrations::from([("multilingual-e5-small".into(), own)])).unwrap();
        std::fs::write(&path, file(own)).unwrap();
        assert_eq!(Calibration::of("multilingual-e5-small", Some(&path)).unwrap(), Some(own));
        std::fs::write(&path, file(Calibration { gap: 0.0, ..own })).unwrap();
        assert!(Calibration::of("multilingual-e5-small", Some(&path)).is_err());
    }
}
