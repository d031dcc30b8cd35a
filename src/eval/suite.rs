//! A suite: topics with judgements over a collection of documents, in BEIR's layout (`corpus.jsonl`, `queries.jsonl`,
//! `qrels/<split>.tsv`) or in ours (`suite.toml`, `topics.jsonl`, `qrels.tsv`, documents where `suite.toml` says).

use super::files::{LooseLine, read_lines, read_toml};
use super::{EvalProblem, Qrels};
use crate::error::{IoContext, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A question with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub id: String,
    pub text: String,
    /// Its type, for tables by slice; empty where the suite has none.
    pub slice: String,
}

#[derive(Debug, Clone)]
pub struct Suite {
    pub name: String,
    pub split: String,
    /// What is indexed: a file or a folder.
    pub documents: PathBuf,
    /// Of the split, those with at least one judged document, ordered by id.
    pub topics: Vec<Topic>,
    pub qrels: Qrels,
    /// Grade from which a document is relevant.
    pub rel: i32,
    /// Expected values by system and metric, for the gate.
    pub expected: BTreeMap<String, BTreeMap<String, f64>>,
    /// How far below the expected a value may fall.
    pub tolerance: f64,
}

/// What a line of `queries.jsonl` or `topics.jsonl` holds.
pub(super) const QUERY_LINE: &str = "{\"_id\":…,\"text\":…}";

/// A line of `queries.jsonl` or `topics.jsonl`.
#[derive(Deserialize)]
#[serde(try_from = "LooseLine")]
pub(super) struct QueryLine {
    pub _id: String,
    pub text: String,
    pub slice: String,
    pub split: Option<String>,
    /// What was asked before, where it is a follow-up.
    pub history: Vec<String>,
}

impl TryFrom<LooseLine> for QueryLine {
    type Error = &'static str;

    fn try_from(line: LooseLine) -> Result<QueryLine, &'static str> {
        Ok(QueryLine {
            _id: line.id().ok_or("no _id")?,
            text: line.text("text").ok_or("no text")?,
            slice: line.text("type").unwrap_or_default(),
            split: line.text("split"),
            history: line.texts("history"),
        })
    }
}

impl QueryLine {
    fn topic(self) -> Topic {
        Topic { id: self._id, text: self.text, slice: self.slice }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuiteFile {
    name: String,
    documents: PathBuf,
    pub rel: Option<i32>,
    tolerance: Option<f64>,
    /// Types of topics that nothing answers: they are for refusal, and left out of rankings.
    #[serde(default)]
    unranked: Vec<String>,
    /// Types of topics that share no word with the documents that answer them; a linter sees to it.
    #[serde(default)]
    pub no_overlap: Vec<String>,
    /// Topics of these types that do, and stay.
    #[serde(default)]
    pub known_overlap: Vec<String>,
    /// Split → system → metric → value.
    #[serde(default)]
    expected: BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>>,
}

/// Where `suite.toml` says nothing: about what a rounding of one topic in a hundred moves.
const TOLERANCE: f64 = 0.005;

impl Suite {
    /// Reads the suite in `folder`; without a split, `dev` where there is one, else the first by name. An error where no
    /// topic of the split is judged.
    pub fn read(folder: &Path, split: Option<&str>) -> Result<Suite> {
        let suite = Suite::open(folder, split)?;
        if suite.topics.is_empty() {
            return Err(EvalProblem::NoTopics { suite: suite.name }.into());
        }
        Ok(suite)
    }

    /// As [`Suite::read`], for answers: questions that nothing answers are judged by no document.
    pub(super) fn open(folder: &Path, split: Option<&str>) -> Result<Suite> {
        if folder.join("suite.toml").is_file() {
            return read_own(folder, split);
        }
        let is_beir = folder.join("queries.jsonl").is_file() && folder.join("corpus.jsonl").is_file();
        if is_beir && folder.join("qrels").is_dir() {
            return read_beir(folder, split);
        }
        Err(EvalProblem::NoSuite { path: folder.into() }.into())
    }

    /// What `suite.toml` in `folder` says.
    pub(super) fn file(folder: &Path) -> Result<SuiteFile> {
        read_toml(&folder.join("suite.toml"))
    }

    /// Where the documents of the suite of ours in `folder` are.
    pub fn documents_of(folder: &Path) -> Result<PathBuf> {
        Ok(folder.join(Suite::file(folder)?.documents))
    }

    /// Every topic of the suite in `folder`, of all splits, judged or not.
    pub fn topics_of(folder: &Path) -> Result<Vec<Topic>> {
        let own = folder.join("topics.jsonl");
        let lines =
            read_lines::<QueryLine>(&if own.is_file() { own } else { folder.join("queries.jsonl") }, QUERY_LINE)?;
        Ok(lines.into_iter().map(QueryLine::topic).collect())
    }

    /// Names of the splits of the suite of ours in `folder`, sorted; `all` where it has none.
    pub fn splits_of(folder: &Path) -> Result<Vec<String>> {
        let lines = read_lines::<QueryLine>(&folder.join("topics.jsonl"), QUERY_LINE)?;
        let mut known: Vec<String> = lines.into_iter().filter_map(|line| line.split).collect();
        known.sort();
        known.dedup();
        Ok(if known.is_empty() { vec!["all".into()] } else { known })
    }

    /// Judged topics without documents: for runs that were made elsewhere.
    pub fn judged(topics: Vec<Topic>, qrels: Qrels, rel: i32) -> Suite {
        Suite {
            name: "qrels".into(),
            split: "all".into(),
            documents: PathBuf::new(),
            topics,
            qrels,
            rel,
            expected: BTreeMap::new(),
            tolerance: TOLERANCE,
        }
    }

    /// Names of the slices, sorted; empty where topics have no type.
    pub fn slices(&self) -> Vec<&str> {
        let mut slices: Vec<&str> = self.topics.iter().map(|topic| topic.slice.as_str()).collect();
        slices.retain(|slice| !slice.is_empty());
        slices.sort_unstable();
        slices.dedup();
        slices
    }
}

fn read_beir(folder: &Path, split: Option<&str>) -> Result<Suite> {
    let mut known = Vec::new();
    let dir = folder.join("qrels");
    for entry in std::fs::read_dir(&dir).at("list", &dir)? {
        let name = entry.at("list", &dir)?.file_name().to_string_lossy().into_owned();
        known.extend(name.strip_suffix(".tsv").map(String::from));
    }
    known.sort();
    let name = folder.canonicalize().at("read", folder)?;
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let split = chosen(split, &known, &name)?;
    let qrels = Qrels::read(&dir.join(format!("{split}.tsv")))?;
    let lines = read_lines::<QueryLine>(&folder.join("queries.jsonl"), QUERY_LINE)?;
    let topics = topics(lines.into_iter(), &qrels);
    Ok(Suite {
        name,
        split,
        documents: folder.join("corpus.jsonl"),
        topics,
        qrels,
        rel: 1,
        expected: BTreeMap::new(),
        tolerance: TOLERANCE,
    })
}

fn read_own(folder: &Path, split: Option<&str>) -> Result<Suite> {
    let file = Suite::file(folder)?;
    let lines = read_lines::<QueryLine>(&folder.join("topics.jsonl"), QUERY_LINE)?;
    let known = Suite::splits_of(folder)?;
    let split = if known == ["all"] { "all".into() } else { chosen(split, &known, &file.name)? };
    let qrels = Qrels::read(&folder.join("qrels.tsv"))?;
    let of_split = lines.into_iter().filter(|line| line.split.as_ref().is_none_or(|of| *of == split));
    let topics = topics(of_split.filter(|line| !file.unranked.contains(&line.slice)), &qrels);
    Ok(Suite {
        documents: folder.join(file.documents),
        topics,
        qrels,
        rel: file.rel.unwrap_or(1),
        expected: file.expected.get(&split).cloned().unwrap_or_default(),
        tolerance: file.tolerance.unwrap_or(TOLERANCE),
        name: file.name,
        split,
    })
}

fn chosen(asked: Option<&str>, known: &[String], suite: &str) -> Result<String> {
    let wanted = asked.unwrap_or("dev");
    let found = known.iter().find(|split| *split == wanted);
    match (found, asked) {
        (Some(split), _) => Ok(split.clone()),
        (None, None) if !known.is_empty() => Ok(known[0].clone()),
        _ => Err(EvalProblem::NoSplit { suite: suite.into(), split: wanted.into(), known: known.to_vec() }.into()),
    }
}

fn topics(lines: impl Iterator<Item = QueryLine>, qrels: &Qrels) -> Vec<Topic> {
    let judged = lines.filter(|line| qrels.grades(&line._id).is_some());
    let mut topics: Vec<Topic> = judged.map(QueryLine::topic).collect();
    topics.sort_by(|a, b| a.id.cmp(&b.id));
    topics
}
