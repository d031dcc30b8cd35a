//! A settings file: TOML, whose tables and lists become settings and their texts.

use super::ConfigProblem;
use super::key::{self, Key};
use crate::error::{IoContext, Result};
use crate::files::{SETTINGS_BYTES_MAX, read_regular_text};
use std::path::Path;

/// The settings in the file at `path`, in its order.
pub fn read(path: &Path) -> Result<Vec<(&'static Key, String)>> {
    let text = read_regular_text(path, SETTINGS_BYTES_MAX).at("read", path)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigProblem::Syntax {
        path: path.into(),
        reason: error.message().into(),
    })?;
    let mut flat = Vec::new();
    flatten("", &table, &mut flat);
    flat.into_iter()
        .map(|(name, value)| match key::find(&name) {
            Some(key) => Ok((key, value)),
            None => Err(ConfigProblem::UnknownKey { path: path.into(), nearest: key::nearest(&name), name }.into()),
        })
        .collect()
}

fn flatten(prefix: &str, table: &toml::Table, out: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            // A setting that is an object itself.
            toml::Value::Table(inner) if key::find(&name).is_some() => {
                out.push((name, serde_json::to_string(inner).unwrap_or_default()));
            }
            toml::Value::Table(inner) => flatten(&name, inner, out),
            toml::Value::Array(values) => {
                let parts = values.iter().map(plain);
                let joined = std::env::join_paths(parts).unwrap_or_default();
                out.push((name, joined.to_string_lossy().into_owned()));
            }
            other => out.push((name, plain(other))),
        }
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
