//! The files of a suite: JSON Lines and TOML, with the place of what is wrong in them.

use super::EvalProblem;
use crate::error::{IoContext, Result};
use crate::files::{LIST_BYTES_MAX, SETTINGS_BYTES_MAX, open_regular, open_to_append, read_regular_text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// One value a line; blank lines are skipped. `expected` is what an error says that a line should hold.
pub fn read_lines<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<Vec<T>> {
    let text = read_regular_text(path, LIST_BYTES_MAX).at("read", path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(index, line)| {
        let bad = |_| EvalProblem::BadLine { path: path.into(), line: index + 1, expected };
        Ok(serde_json::from_str(line).map_err(bad)?)
    };
    lines.map(parse).collect()
}

pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = read_regular_text(path, SETTINGS_BYTES_MAX).at("read", path)?;
    let bad = |error: toml::de::Error| EvalProblem::BadSuite { path: path.into(), reason: error.message().into() };
    Ok(toml::from_str(&text).map_err(bad)?)
}

/// Adds whole lines to the file at `path`, which is made if it is not there, but never through a link. One that somebody left
/// without a line end gets it first.
pub fn append(path: &Path, lines: &str) -> Result<()> {
    let mut file = open_to_append(path).at("write", path)?;
    let (mut before, meta) = open_regular(path).at("read", path)?;
    let is_torn = meta.len() > 0 && last_byte(&mut before).at("read", path)? != b'\n';
    let lines = if is_torn { format!("\n{lines}") } else { lines.into() };
    file.write_all(lines.as_bytes()).at("write", path)
}

fn last_byte(file: &mut File) -> std::io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// A line as its writer left it, of whom we know little: keys that are not ours are passed over, and so are ours with a value
/// of another shape.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct LooseLine(Map<String, Value>);

impl LooseLine {
    /// `_id`, else `id`.
    pub fn id(&self) -> Option<String> {
        ["_id", "id"].into_iter().find_map(|key| id_of(self.0.get(key)?))
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.0.get(key)?.as_str().map(String::from)
    }

    /// A list of nothing but texts; else none.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let list = self.0.get(key).and_then(Value::as_array);
        let texts = list.map(|list| list.iter().map(|text| text.as_str().map(String::from)).collect::<Option<_>>());
        texts.flatten().unwrap_or_default()
    }
}

/// Ids are texts; a number is one that its writer did not quote.
fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// For a field that holds an id.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    id_of(&value).ok_or_else(|| serde::de::Error::custom("an id is a text or a number"))
}

/// For a field that holds a list of ids.
pub fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    let ids: Option<Vec<String>> = values.iter().map(id_of).collect();
    ids.ok_or_else(|| serde::de::Error::custom("an id is a text or a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_as_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        append(&path, "one\n").unwrap();
        append(&path, "two\n").unwrap();
        std::fs::write(&path, "one\ntwo").unwrap();
        append(&path, "three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
        let outside = dir.path().join("outside");
        std::os::unix::fs::symlink(&outside, dir.path().join("link")).unwrap();
        assert!(append(&dir.path().join("link"), "x\n").is_err() && !outside.exists());
    }

    #[test]
    fn a_line_is_read_for_what_is_known_of_it() {
        let line = |json: &str| serde_json::from_str::<LooseLine>(json).unwrap();
        let id = |json: &str| line(json).id();
        assert_eq!(id(r#"{"_id":7,"id":"x"}"#).as_deref(), Some("7"));
        assert_eq!(id(r#"{"_id":{"$oid":"5f"},"id":"x"}"#).as_deref(), Some("x"));
        assert_eq!(id(r#"{"_id":null}"#), None);
        let odd = line(r#"{"history":[{"q":"a"}],"type":3,"split":null,"said":["a","b"],"both":["a",1]}"#);
        assert_eq!((odd.text("type"), odd.text("split")), (None, None));
        assert_eq!(odd.texts("said"), ["a", "b"]);
        assert!(odd.texts("history").is_empty() && odd.texts("both").is_empty());
    }
}
