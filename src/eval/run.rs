//! A run: the ranked documents of one system for every topic, and TREC's file format for it.

use super::EvalProblem;
use crate::error::{IoContext, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub system: String,
    /// Documents with their scores, by topic; in trec_eval's order.
    pub rankings: BTreeMap<String, Vec<(String, f32)>>,
}

impl Run {
    pub fn new(system: &str) -> Run {
        Run { system: system.into(), rankings: BTreeMap::new() }
    }

    /// Ranks chunks' documents by their best chunk (MaxP; Dai and Callan, SIGIR 2019): `scored` holds a document as
    /// often as it has chunks, best first. At most `limit` documents are kept.
    pub fn insert(&mut self, topic: &str, scored: impl IntoIterator<Item = (String, f32)>, limit: usize) {
        let mut best: BTreeMap<String, f32> = BTreeMap::new();
        for (document, score) in scored {
            let kept = best.entry(document).or_insert(score);
            *kept = kept.max(score);
        }
        let mut ranking: Vec<(String, f32)> = best.into_iter().collect();
        sort(&mut ranking);
        ranking.truncate(limit);
        self.rankings.insert(topic.into(), ranking);
    }

    pub fn ranking(&self, topic: &str) -> &[(String, f32)] {
        self.rankings.get(topic).map_or(&[], Vec::as_slice)
    }

    pub fn read(path: &Path) -> Result<Run> {
        let text = std::fs::read_to_string(path).at("read", path)?;
        let expected = "topic, Q0, document, rank, score and system";
        let bad = |line| EvalProblem::BadLine { path: path.into(), line, expected };
        Run::parse(&text).map_err(|line| bad(line).into())
    }

    /// `topic Q0 document rank score system` a line. As in trec_eval the score orders, not the rank. An error is the
    /// number of the first line that is something else.
    pub fn parse(text: &str) -> Result<Run, usize> {
        let mut run = Run::default();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let [topic, _, document, _, score, system] = parts[..] else { return Err(index + 1) };
            let score = score.parse().map_err(|_| index + 1)?;
            run.system = system.into();
            run.rankings.entry(topic.into()).or_default().push((document.into(), score));
        }
        run.rankings.values_mut().for_each(|ranking| sort(ranking));
        Ok(run)
    }

    /// As [`Run::parse`] reads it, scores with every digit.
    pub fn trec(&self) -> String {
        let mut out = String::new();
        for (topic, ranking) in &self.rankings {
            for (index, (document, score)) in ranking.iter().enumerate() {
                let _ = writeln!(out, "{topic} Q0 {document} {} {score} {}", index + 1, self.system);
            }
        }
        out
    }
}

/// trec_eval's order: falling score in 32 bits, equal scores by falling document id.
fn sort(ranking: &mut [(String, f32)]) {
    ranking.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_ranks_by_its_best_chunk_and_ties_by_falling_id() {
        let mut run = Run::new("s");
        let scored = [("a", 1.0), ("b", 3.0), ("a", 3.0), ("c", 2.0)].map(|(doc, score)| (doc.to_string(), score));
        run.insert("q", scored, 2);
        assert_eq!(run.ranking("q"), [("b".to_string(), 3.0), ("a".to_string(), 3.0)]);
        assert!(run.ranking("other").is_empty());
    }

    #[test]
    fn a_file_reads_back_and_the_score_orders() {
        let run = Run::parse("q1 Q0 d2 1 0.25 s\nq1 Q0 d1 2 0.5 s\n").unwrap();
        assert_eq!(run.ranking("q1")[0].0, "d1");
        assert_eq!(Run::parse(&run.trec()).unwrap(), run);
        assert_eq!(Run::parse("q1 Q0 d2 1 0.25\n"), Err(1));
    }
}
