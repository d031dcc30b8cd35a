//! The files of a suite: JSON Lines and TOML, with the place of what is wrong in them.

use super::EvalProblem;
use crate::error::{IoContext, Result};
use serde::de::DeserializeOwned;
use std::path::Path;

/// One value a line; blank lines are skipped. `expected` is what an error says that a line should hold.
pub fn read_lines<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).at("read", path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(index, line)| {
        let bad = |_| EvalProblem::BadLine { path: path.into(), line: index + 1, expected };
        Ok(serde_json::from_str(line).map_err(bad)?)
    };
    lines.map(parse).collect()
}

pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).at("read", path)?;
    let bad = |error: toml::de::Error| EvalProblem::BadSuite { path: path.into(), reason: error.message().into() };
    Ok(toml::from_str(&text).map_err(bad)?)
}
