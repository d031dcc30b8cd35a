//! A suite under way: topics are added one by one, by hand.

use super::EvalProblem;
use super::assertion::Expected;
use super::columns::require_writable;
use super::files::{append, read_lines};
use super::qrels;
use super::suite::{QUERY_LINE, QueryLine};
use crate::error::{IoContext, Result};
use crate::files::{self, LIST_BYTES_MAX, read_regular_text};
use serde_json::json;
use std::path::{Path, PathBuf};

pub struct Draft {
    folder: PathBuf,
    /// Topics that are there already.
    topics: usize,
}

/// A question to be added, with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct NewTopic<'a> {
    pub question: &'a str,
    /// What was asked before, where it is a follow-up.
    pub history: &'a [String],
    /// Questions of different splits are never in one table: a real user's are `dev`, a model's are `synthetic`.
    pub split: &'a str,
    /// Its type; may be empty.
    pub slice: &'a str,
}

impl Draft {
    /// The suite in `folder`. One that is not there is begun, over the documents at `roots`.
    pub fn open(folder: &Path, roots: &[String]) -> Result<Draft> {
        let toml = folder.join("suite.toml");
        if !toml.is_file() {
            // A suite has one collection of documents.
            let [root] = roots else {
                return Err(EvalProblem::ManyRoots { roots: roots.to_vec() }.into());
            };
            std::fs::create_dir_all(folder).at("create", folder)?;
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = format!("name = {}\ndocuments = {}\nrel = 2\n", json!(name), json!(root));
            files::replace(&toml, text.as_bytes()).at("write", &toml)?;
        }
        let path = folder.join("topics.jsonl");
        let topics = match read_regular_text(&path, LIST_BYTES_MAX) {
            Ok(text) => text.lines().filter(|line| !line.trim().is_empty()).count(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error).at("read", &path),
        };
        Ok(Draft { folder: folder.into(), topics })
    }

    /// Adds a question with the documents that answer it, all of one grade. Returns its id.
    ///
    /// # Errors
    /// [`EvalProblem::UnwritableId`] before anything is added.
    pub fn add(&mut self, topic: NewTopic<'_>, documents: &[String], grade: i32) -> Result<String> {
        documents.iter().try_for_each(|document| require_writable(document))?;
        let id = self.next();
        self.topics += 1;
        let NewTopic { question, history, split, slice } = topic;
        let mut topic = json!({ "id": id, "text": question.trim(), "split": split });
        if !slice.is_empty() {
            topic["type"] = slice.into();
        }
        if !history.is_empty() {
            topic["history"] = json!(history);
        }
        // Judgements first: a topic without any is left out, one without a topic does no harm.
        let qrels: String = documents.iter().map(|document| qrels::line(&id, document, grade)).collect();
        append(&self.folder.join("qrels.tsv"), &qrels)?;
        append(&self.folder.join("topics.jsonl"), &format!("{topic}\n"))?;
        Ok(id)
    }

    /// The id that the next question gets.
    pub(super) fn next(&self) -> String {
        format!("q{:03}", self.topics + 1)
    }

    /// Adds a question of a user's with what its answer must be like, if it is not there yet. Nothing is written where it
    /// is judged by too little.
    pub(super) fn add_case(&mut self, topic: NewTopic<'_>, expected: &Expected) -> Result<()> {
        let path = self.folder.join("answers.jsonl");
        expected.require_criteria(&path)?;
        let topics = self.folder.join("topics.jsonl");
        let known: Vec<QueryLine> = if topics.is_file() { read_lines(&topics, QUERY_LINE)? } else { Vec::new() };
        let same = |line: &&QueryLine| line.text.trim() == topic.question.trim() && line.history == topic.history;
        if let Some(line) = known.iter().find(same) {
            return Err(EvalProblem::KnownQuestion { path: topics, topic: line._id.clone() }.into());
        }
        // As with judgements: what has no topic yet does no harm.
        append(&path, &format!("{}\n", json!(expected)))?;
        self.add(topic, &expected.required_docs, GRADE)?;
        Ok(())
    }
}

/// Answers the question alone.
const GRADE: i32 = 3;
