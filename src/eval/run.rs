//! A run: the ranked documents of one system for every topic, and TREC's file format for it.

use super::EvalProblem;
use super::columns::{blanked, require_writable, tabbed};
use crate::error::{IoContext, Result};
use crate::files::{LIST_BYTES_MAX, read_regular_text};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Of a line of a run file.
const COLUMNS: usize = 6;

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
        let text = read_regular_text(path, LIST_BYTES_MAX).at("read", path)?;
        let expected = "topic, Q0, document, rank, score and system";
        let bad = |line| EvalProblem::BadLine { path: path.into(), line, expected };
        Run::parse(&text).map_err(|line| bad(line).into())
    }

    /// `topic Q0 document rank score system` a line, with tabs or blanks between them. As in trec_eval the score orders, not
    /// the rank. An error is the number of the first line that is something else.
    pub fn parse(text: &str) -> Result<Run, usize> {
        let mut run = Run::default();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let columns = tabbed(line, COLUMNS).or_else(|| blanked(line, 2, 3));
            let Some([topic, _, document, _, score, system]) = columns.as_deref() else { return Err(index + 1) };
            let score = score.trim().parse().map_err(|_| index + 1)?;
            run.system = system.trim().into();
            run.rankings.entry(topic.trim().into()).or_default().push((document.to_string(), score));
        }
        run.rankings.values_mut().for_each(|ranking| sort(ranking));
        Ok(run)
    }

    /// As [`Run::parse`] reads it, scores with every digit. As TREC's tools want it there are blanks between the columns; tabs
    /// where a name holds blanks itself, which those tools cannot read in any way.
    ///
    /// # Errors
    /// [`EvalProblem::UnwritableId`] for an id that holds a tab or a line break itself.
    pub fn trec(&self) -> Result<String, EvalProblem> {
        let documents = self.rankings.values().flatten().map(|(document, _)| document);
        let mut names = self.rankings.keys().chain(documents).chain([&self.system]);
        let tab = if names.any(|name| name.contains(char::is_whitespace)) { '\t' } else { ' ' };
        let mut out = String::new();
        for (topic, ranking) in &self.rankings {
            require_writable(topic)?;
            for (index, (document, score)) in ranking.iter().enumerate() {
                require_writable(document)?;
                let (rank, system) = (index + 1, &self.system);
                let _ = writeln!(out, "{topic}{tab}Q0{tab}{document}{tab}{rank}{tab}{score}{tab}{system}");
            }
        }
        Ok(out)
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
        assert_eq!(Run::parse(&run.trec().unwrap()).unwrap(), run);
        assert_eq!(Run::parse("q1 Q0 d2 1 0.25\n"), Err(1));
    }

    #[test]
    fn ids_with_blanks_read_back_and_one_that_would_break_a_line_is_refused() {
        let mut run = Run::new("a system");
        let ids = ["Java 虚拟机.md", "周会 纪要　二.md", "a#2: b"];
        run.insert("q 1", ids.map(|id| (id.to_string(), 1.0)), 10);
        assert_eq!(Run::parse(&run.trec().unwrap()).unwrap(), run);
        // As earlier versions wrote it.
        let old = Run::parse("q1 Q0 周会 纪要　二.md 1 0.5 lexical\n").unwrap();
        assert_eq!((old.ranking("q1"), old.system.as_str()), (&[("周会 纪要　二.md".to_string(), 0.5)][..], "lexical"));
        run.insert("q2", [("a\tb".to_string(), 1.0)], 10);
        assert!(matches!(run.trec(), Err(EvalProblem::UnwritableId { id }) if id == "a\tb"));
    }
}
