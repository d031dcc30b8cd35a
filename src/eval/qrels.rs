//! Relevance judgements: which documents answer a topic, and how well.

use super::EvalProblem;
use super::columns::{blanked, tabbed};
use crate::error::{IoContext, Result};
use crate::files::{LIST_BYTES_MAX, read_regular_text};
use std::collections::BTreeMap;
use std::path::Path;

/// Grade by document. What is not in it is unjudged, and counts as not relevant.
pub type Grades = BTreeMap<String, i32>;

/// Grades by topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Qrels(pub BTreeMap<String, Grades>);

/// What TREC has in its second column: an iteration, which nobody uses.
const ITERATION: &str = "0";

/// Columns that a header may name topic, document and grade by.
const NAMES: [&[&str]; 3] = [
    &["query-id", "query_id", "qid", "query", "topic", "topic-id", "topic_id"],
    &["corpus-id", "corpus_id", "doc-id", "doc_id", "docid", "docno", "document", "doc"],
    &["score", "grade", "relevance", "rel", "label"],
];

/// Which column is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    topic: usize,
    document: usize,
    grade: usize,
}

const BEIR: Layout = Layout { topic: 0, document: 1, grade: 2 };
const TREC: Layout = Layout { topic: 0, document: 2, grade: 3 };

impl Qrels {
    pub fn read(path: &Path) -> Result<Qrels> {
        let text = read_regular_text(path, LIST_BYTES_MAX).at("read", path)?;
        let bad = |line| EvalProblem::BadLine { path: path.into(), line, expected: "topic, document and grade" };
        Qrels::parse(&text).map_err(|line| bad(line).into())
    }

    /// Either layout: `topic 0 document grade` (TREC), or `topic document grade` (BEIR), below a header or without one, with
    /// columns of the writer's own behind. With tabs between them, ids may hold blanks. An error is the number of the line
    /// that is neither.
    pub fn parse(text: &str) -> Result<Qrels, usize> {
        let lines = || text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let header = lines().next().map(|(_, line)| line).filter(|line| is_header(line));
        let judged = || lines().skip(usize::from(header.is_some()));
        let named = header.and_then(named);
        let wide = guessed(judged().map(|(_, line)| line));
        let mut qrels = Qrels::default();
        for (index, line) in judged() {
            let (topic, document, grade) = judgement(line, named, wide).ok_or(index + 1)?;
            qrels.0.entry(topic.into()).or_default().insert(document.into(), grade);
        }
        Ok(qrels)
    }

    pub fn grades(&self, topic: &str) -> Option<&Grades> {
        self.0.get(topic)
    }
}

/// A line of a suite's `qrels.tsv`, as TREC orders its columns.
pub fn line(topic: &str, document: &str, grade: i32) -> String {
    format!("{topic}\t{ITERATION}\t{document}\t{grade}\n")
}

/// Three names and more, with no number among them: every judgement has one.
fn is_header(line: &str) -> bool {
    let columns = || line.split_ascii_whitespace();
    columns().count() >= 3 && !columns().any(|column| column.parse::<f64>().is_ok())
}

/// The layout that a header names.
fn named(header: &str) -> Option<Layout> {
    let columns: Vec<String> = header.split('\t').map(|column| column.trim().to_lowercase()).collect();
    let of = |names: &[&str]| columns.iter().position(|column| names.contains(&column.as_str()));
    Some(Layout { topic: of(NAMES[0])?, document: of(NAMES[1])?, grade: of(NAMES[2])? })
}

/// The layout of lines with four columns and more: TREC's, where the second is the same iteration throughout and the fourth
/// a grade; else BEIR's with more columns.
fn guessed<'t>(lines: impl Iterator<Item = &'t str>) -> Layout {
    let (mut iteration, mut has_grades) = (None, true);
    for columns in lines.filter_map(|line| tabbed(line, 4)) {
        let column = if columns[1].eq_ignore_ascii_case("q0") { ITERATION } else { columns[1] };
        if *iteration.get_or_insert(column) != column {
            return BEIR;
        }
        has_grades &= grade(columns[3]).is_some();
    }
    match iteration {
        Some(column) if !is_iteration(column) || column != ITERATION && !has_grades => BEIR,
        _ => TREC,
    }
}

/// Topic, document and grade of a line: where a header names them, else of `wide` where there are four columns and more.
fn judgement(line: &str, named: Option<Layout>, wide: Layout) -> Option<(&str, &str, i32)> {
    if let Some(columns) = tabbed(line, 3) {
        let all: Vec<&str> = line.split('\t').collect();
        let (columns, layout) = match named {
            Some(layout) => (all, layout),
            None if columns.len() == 3 => (columns, BEIR),
            None => (columns, wide),
        };
        let column = |at: usize| columns.get(at).copied();
        return Some((column(layout.topic)?.trim(), column(layout.document)?, grade(column(layout.grade)?)?));
    }
    let is_trec = line.split_ascii_whitespace().nth(1).is_some_and(is_iteration);
    let columns = match blanked(line, 2, 1).filter(|_| is_trec) {
        Some(columns) => vec![columns[0], columns[2], columns[3]],
        None => blanked(line, 1, 1)?,
    };
    Some((columns[0], columns[1], grade(columns[2])?))
}

fn is_iteration(column: &str) -> bool {
    column.eq_ignore_ascii_case("q0") || column.parse::<u32>().is_ok()
}

/// A whole number, however it is written: `1`, `1.0`.
fn grade(column: &str) -> Option<i32> {
    let value: f64 = column.trim().parse().ok()?;
    (value.fract() == 0.0 && value.abs() < f64::from(i32::MAX)).then_some(value as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str, i32)]) {
        let read = Qrels::parse(text).unwrap_or_else(|line| panic!("line {line} of {text:?}"));
        let flat = read.0.iter().flat_map(|(topic, grades)| {
            grades.iter().map(|(document, grade)| (topic.as_str(), document.as_str(), *grade))
        });
        assert_eq!(flat.collect::<Vec<_>>(), expect, "{text:?}");
    }

    #[test]
    fn both_layouts_are_read() {
        let two = [("q1", "d1", 1), ("q1", "d2", 0)];
        check("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n", &two);
        check("q1\td1\t1\nq1\td2\t0\n", &two);
        check("q1 0 d1 1\nq1 0 d2 0\n\n", &two);
        check("q1\t0\td1\t1\r\nq1\tQ0\td2\t0\r\n", &two);
        check("q1 d1 1\nq1 d2 0\n", &two);
        check("query-id corpus-id score\nq1 d1 1.0\nq1  d2\t0\n", &two);
        check("", &[]);
    }

    #[test]
    fn columns_beside_those_of_the_layout_are_passed_over() {
        let two = [("q1", "d1", 1), ("q1", "d2", 0)];
        check("query-id\tcorpus-id\tscore\tnote\nq1\td1\t1\t7\nq1\td2\t0\t-\n", &two);
        check("note\tscore\tcorpus-id\tquery-id\na b\t1\td1\tq1\nc\t0\td2\tq1\n", &two);
        check("q1\td1\t1\t0.93\nq1\td2\t0\t0.12\n", &two);
        check("q1\td1\t1\tby hand\n", &two[..1]);
        check("1\t12\t1\t5\n1\t13\t0\t5\n", &[("1", "12", 1), ("1", "13", 0)]);
    }

    #[test]
    fn ids_hold_blanks() {
        let (java, minutes) = ("Java 虚拟机.md", "周会 纪要　二.md");
        let both = [("q001", java, 3), ("q001", minutes, 2)];
        check(&(line("q001", java, 3) + &line("q001", minutes, 2)), &both);
        check("q001 0 Java 虚拟机.md 3\nq001 0 周会 纪要　二.md 2\n", &both);
        check("q001\tJava 虚拟机.md\t3\nq001\t周会 纪要　二.md\t2\n", &both);
        check("q001 Java 虚拟机.md 3\n", &both[..1]);
        check(&line("q 1", "a#2: b", 1), &[("q 1", "a#2: b", 1)]);
        check(&line("7", "2024", 1), &[("7", "2024", 1)]);
    }

    #[test]
    fn a_line_that_is_neither_is_named() {
        assert_eq!(Qrels::parse("q1 0 d1 1\nq1 d2\n"), Err(2));
        assert_eq!(Qrels::parse("q1 0 d1 1\nq1 0 d2 high\n"), Err(2));
        assert_eq!(Qrels::parse("q1\t0\td1\t1\nq1\t0\td2\t0.5\n"), Err(2));
        assert_eq!(Qrels::parse("query-id\tcorpus-id\tscore\nq1\td1\n"), Err(2));
    }
}
