//! A suite under way: topics are added one by one, by hand.

use super::EvalProblem;
use crate::error::{IoContext, Result};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

pub struct Draft {
    folder: PathBuf,
    /// Topics that are there already.
    topics: usize,
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
            std::fs::write(&toml, text).at("write", &toml)?;
        }
        let path = folder.join("topics.jsonl");
        let topics = match std::fs::read_to_string(&path) {
            Ok(text) => text.lines().filter(|line| !line.trim().is_empty()).count(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error).at("read", &path),
        };
        Ok(Draft { folder: folder.into(), topics })
    }

    /// Adds a question with the documents that answer it, all of one grade. Returns its id.
    ///
    /// Questions of different `split`s are never in one table: a real user's are `dev`, a model's are `synthetic`.
    pub fn add(
        &mut self,
        question: &str,
        split: &str,
        slice: &str,
        documents: &[String],
        grade: i32,
    ) -> Result<String> {
        self.topics += 1;
        let id = format!("q{:03}", self.topics);
        let mut topic = json!({ "id": id, "text": question.trim(), "split": split });
        if !slice.is_empty() {
            topic["type"] = slice.into();
        }
        // Judgements first: a topic without any is left out, one without a topic does no harm.
        let qrels: String = documents.iter().map(|document| format!("{id} 0 {document} {grade}\n")).collect();
        append(&self.folder.join("qrels.tsv"), &qrels)?;
        append(&self.folder.join("topics.jsonl"), &format!("{topic}\n"))?;
        Ok(id)
    }
}

fn append(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path).at("create", path)?;
    file.write_all(text.as_bytes()).at("write", path)
}
