//! Criteria: by how many things a case is judged. With fewer than three, an answer passes by luck.

use super::EvalProblem;
use super::assertion::{Abstain, Expected};
use super::files::read_lines;
use crate::error::Result;
use std::path::Path;

/// A case has at least so many.
pub const CRITERIA_MIN: usize = 3;

const LINE: &str = "{\"qid\":…,\"required_docs\":[…],\"must\":[[…]],\"must_not\":[…],\"abstain\":…,\"max_chars\":…}";

impl Expected {
    /// Every line of `answers.jsonl` in `folder`. A case of too few criteria is an error.
    pub fn read(folder: &Path) -> Result<Vec<Expected>> {
        let path = folder.join("answers.jsonl");
        let all: Vec<Expected> = read_lines(&path, LINE)?;
        all.iter().try_for_each(|expected| expected.require_criteria(&path))?;
        Ok(all)
    }

    /// Each `must` group, each `must_not`, the length, and that it cites; of a case that is to be refused, that it
    /// abstains, the length and each `must_not`.
    pub fn criteria(&self) -> usize {
        let texts = if self.abstain == Abstain::Yes { 0 } else { self.must.len() };
        texts + self.must_not.len() + 2
    }

    /// An error where `path` would hold a case of too few criteria.
    pub fn require_criteria(&self, path: &Path) -> Result<()> {
        let criteria = self.criteria();
        if criteria < CRITERIA_MIN {
            let (topic, wanted) = (self.qid.clone(), CRITERIA_MIN);
            return Err(EvalProblem::FewCriteria { path: path.into(), topic, criteria, wanted }.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(abstain: &str, must: usize, must_not: usize, is_enough: bool) {
        let folder = tempfile::tempdir().unwrap();
        let line = serde_json::json!({
            "qid": "q1", "required_docs": [], "must": vec![["a"]; must], "must_not": vec!["b"; must_not],
            "abstain": abstain, "max_chars": 100,
        });
        std::fs::write(folder.path().join("answers.jsonl"), line.to_string()).unwrap();
        let read = Expected::read(folder.path());
        let few = |error: &crate::error::Error| {
            matches!(error.downcast_ref(), Some(EvalProblem::FewCriteria { criteria: 2, wanted: 3, .. }))
        };
        assert_eq!(read.as_ref().err().map(few), (!is_enough).then_some(true), "{line}: {read:?}");
    }

    #[test]
    fn a_case_of_fewer_than_three_criteria_is_refused() {
        check("no", 1, 0, true);
        check("no", 0, 1, true);
        check("no", 0, 0, false);
        check("correct_premise", 0, 0, false);
        check("yes", 0, 1, true);
        // What an answer must say tells nothing about a refusal.
        check("yes", 3, 0, false);
    }

    #[test]
    fn the_essays_are_judged_by_enough() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/essays");
        assert!(Expected::read(&folder).unwrap().len() > 300);
    }
}
