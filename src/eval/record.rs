//! A record: what a long run has done, a line each as it is done, so that an interrupted run goes on where it ended.
//!
//! The first line says what was run and with which settings. A file whose first line says something else is left alone:
//! results of two settings are never mixed, and none is lost.

use super::EvalProblem;
use crate::engine::{Answering, Engine};
use crate::error::{IoContext, Result};
use crate::files::{LIST_BYTES_MAX, open_to_append, read_regular_text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The first line of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What was run: `answers`, `rgb`, `judge`.
    pub run: String,
    /// What it was run on.
    pub on: String,
    /// Hash of the documents that were asked; none where passages were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<String>,
    /// Of the program.
    pub version: String,
    pub model: Option<String>,
    #[serde(flatten)]
    pub answering: Answering,
}

impl Head {
    /// The head of a run by this engine. The endpoint is asked for the model, and so must be there.
    pub fn of(run: &str, on: String, engine: &Engine) -> Result<Head> {
        let (version, model) = (env!("CARGO_PKG_VERSION").into(), engine.answering_model()?);
        Ok(Head { run: run.into(), on, documents: None, version, model, answering: engine.answering()? })
    }

    /// The same of a run over the documents at `root`.
    pub fn over(self, root: &Path, engine: &Engine) -> Result<Head> {
        let mut hasher = blake3::Hasher::new();
        for document in engine.documents(vec![root.to_path_buf()])? {
            hasher.update(format!("{} {}\n{}\n", document.id, document.text.len(), document.text).as_bytes());
        }
        Ok(Head { documents: Some(hasher.finalize().to_hex()[..16].into()), ..self })
    }

    /// What differs, in the other's words; none where nothing does.
    fn difference(&self, other: &Head) -> Option<String> {
        let pairs = [
            ("run", &self.run, &other.run),
            ("on", &self.on, &other.on),
            ("documents", &shown(&self.documents), &shown(&other.documents)),
            ("version", &self.version, &other.version),
            ("model", &shown(&self.model), &shown(&other.model)),
            ("settings", &self.answering.settings.join(" "), &other.answering.settings.join(" ")),
            ("prompts", &self.answering.prompts.join(", "), &other.answering.prompts.join(", ")),
        ];
        let differing = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs)?;
        let (name, ours, theirs) = differing;
        Some(format!("{name}: {theirs:?}, now {ours:?}"))
    }
}

fn shown(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "-".into())
}

/// The lines of one run, in the order they were done.
pub struct Record<R> {
    file: Option<(File, PathBuf)>,
    pub done: Vec<R>,
}

impl<R: Serialize + DeserializeOwned> Record<R> {
    /// Opens or begins the record at `path`; without one nothing is kept on disk.
    pub fn open(path: Option<&Path>, head: &Head) -> Result<Record<R>> {
        let Some(path) = path else { return Ok(Record { file: None, done: Vec::new() }) };
        let known = if path.is_file() { Known::read(path)? } else { None };
        let mut file = open_to_append(path).at("write", path)?;
        let done = match known {
            None => {
                file.set_len(0).at("write", path)?;
                write(&mut file, path, head)?;
                Vec::new()
            }
            Some(known) => {
                if let Some(difference) = head.difference(&known.head) {
                    return Err(EvalProblem::OtherRun { path: path.into(), difference }.into());
                }
                file.set_len(known.whole.len() as u64).at("write", path)?;
                known.done(path)?
            }
        };
        Ok(Record { file: Some((file, path.into())), done })
    }

    pub fn push(&mut self, line: R) -> Result<()> {
        if let Some((file, path)) = &mut self.file {
            write(file, path, &line)?;
        }
        self.done.push(line);
        Ok(())
    }
}

/// A record read back: its head, and every line.
pub fn read_record<R: DeserializeOwned>(path: &Path, run: &'static str) -> Result<(Head, Vec<R>)> {
    match Known::read(path)? {
        Some(known) if known.head.run == run => Ok((known.head.clone(), known.done(path)?)),
        _ => Err(EvalProblem::NoRecord { path: path.into(), run }.into()),
    }
}

/// What a file holds.
struct Known {
    head: Head,
    /// Its text up to the last line end: what comes after it was torn off in the middle.
    whole: String,
}

impl Known {
    /// None where there is not even a whole first line.
    fn read(path: &Path) -> Result<Option<Known>> {
        let mut whole = read_regular_text(path, LIST_BYTES_MAX).at("read", path)?;
        whole.truncate(whole.rfind('\n').map_or(0, |at| at + 1));
        let Some(first) = whole.lines().next() else { return Ok(None) };
        let expected = "the settings of a run";
        let bad = |_| EvalProblem::BadLine { path: path.into(), line: 1, expected };
        Ok(Some(Known { head: serde_json::from_str(first).map_err(bad)?, whole }))
    }

    fn done<R: DeserializeOwned>(&self, path: &Path) -> Result<Vec<R>> {
        let expected = "a result of this run";
        let bad = |index: usize| EvalProblem::BadLine { path: path.into(), line: index + 1, expected };
        let parse = |(index, line)| serde_json::from_str(line).map_err(|_| bad(index));
        Ok(self.whole.lines().enumerate().skip(1).map(parse).collect::<Result<_, _>>()?)
    }
}

fn write(file: &mut File, path: &Path, line: &impl Serialize) -> Result<()> {
    let line = serde_json::to_string(line).map_err(std::io::Error::from).at("write", path)?;
    file.write_all(format!("{line}\n").as_bytes()).at("write", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(model: &str) -> Head {
        let answering = Answering { settings: vec!["chat.passages=2".into()], prompts: vec!["ask.zh 0".into()] };
        let (run, on, version) = ("answers".into(), "small dev".into(), "0".into());
        Head { run, on, documents: None, version, model: Some(model.into()), answering }
    }

    #[test]
    fn a_run_goes_on_behind_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("asked.jsonl");
        let mut record: Record<u32> = Record::open(Some(&path), &head("m")).unwrap();
        record.push(7).unwrap();
        record.push(8).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}1")).unwrap();
        let mut record: Record<u32> = Record::open(Some(&path), &head("m")).unwrap();
        assert_eq!(record.done, [7, 8]);
        record.push(9).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{whole}9\n"));
        assert_eq!(read_record::<u32>(&path, "answers").unwrap(), (head("m"), vec![7, 8, 9]));
    }

    #[test]
    fn results_of_other_settings_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("asked.jsonl");
        Record::<u32>::open(Some(&path), &head("m")).unwrap().push(7).unwrap();
        let before = std::fs::read(&path).unwrap();
        let error = Record::<u32>::open(Some(&path), &head("n")).err().unwrap().to_string();
        assert!(error.contains("model: \"m\", now \"n\""), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let error = read_record::<u32>(&path, "judge").unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(EvalProblem::NoRecord { .. })), "{error}");
        std::fs::write(&path, "no head\n1\n").unwrap();
        let error = read_record::<u32>(&path, "answers").unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(EvalProblem::BadLine { line: 1, .. })), "{error}");
    }

    #[test]
    fn a_first_line_torn_in_the_middle_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("asked.jsonl");
        std::fs::write(&path, "{\"run\":\"ans").unwrap();
        let record: Record<u32> = Record::open(Some(&path), &head("m")).unwrap();
        assert!(record.done.is_empty());
        assert_eq!(read_record::<u32>(&path, "answers").unwrap().0, head("m"));
    }
}
