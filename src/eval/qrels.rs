//! Relevance judgements: which documents answer a topic, and how well.

use super::EvalProblem;
use crate::error::{IoContext, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Grade by document. What is not in it is unjudged, and counts as not relevant.
pub type Grades = BTreeMap<String, i32>;

/// Grades by topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Qrels(pub BTreeMap<String, Grades>);

impl Qrels {
    pub fn read(path: &Path) -> Result<Qrels> {
        let text = std::fs::read_to_string(path).at("read", path)?;
        let bad = |line| EvalProblem::BadLine { path: path.into(), line, expected: "topic, document and grade" };
        Qrels::parse(&text).map_err(|line| bad(line).into())
    }

    /// Either layout: `topic 0 document grade` (TREC), or `topic document grade` below a header (BEIR). An error is the
    /// number of the line that is neither.
    pub fn parse(text: &str) -> Result<Qrels, usize> {
        let mut qrels = Qrels::default();
        for (index, line) in text.lines().enumerate() {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let (topic, document, grade) = match parts[..] {
                [] => continue,
                [topic, _, document, grade] | [topic, document, grade] => (topic, document, grade),
                _ => return Err(index + 1),
            };
            match grade.parse() {
                Ok(grade) => {
                    qrels.0.entry(topic.into()).or_default().insert(document.into(), grade);
                }
                Err(_) if index == 0 => continue,
                Err(_) => return Err(index + 1),
            }
        }
        Ok(qrels)
    }

    pub fn grades(&self, topic: &str) -> Option<&Grades> {
        self.0.get(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_are_read() {
        let beir = Qrels::parse("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n").unwrap();
        let trec = Qrels::parse("q1 0 d1 1\nq1 0 d2 0\n\n").unwrap();
        assert_eq!(beir, trec);
        assert_eq!(trec.grades("q1").unwrap()["d1"], 1);
        assert_eq!(Qrels::parse("q1 0 d1 1\nq1 d2\n"), Err(2));
        assert_eq!(Qrels::parse("q1 0 d1 1\nq1 0 d2 high\n"), Err(2));
    }
}
