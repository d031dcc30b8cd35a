//! A kept answer: one that passed its check, for the next time the same is asked over the same passages.

use super::{Journal, JournalProblem, now};
use crate::error::Result;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is kept under a key; whoever keeps it says in the key all that the answer depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub text: String,
    pub sentences: Value,
    /// Marker and quote of each citation; where they stand may have changed since.
    pub quotes: Vec<(u32, String)>,
}

impl Journal {
    pub fn recall(&self, key: &str) -> Result<Option<Kept>> {
        let sql = "SELECT answer FROM kept WHERE key = ?1";
        let text: Option<String> =
            self.connection.query_row(sql, [key], |row| row.get(0)).optional().map_err(JournalProblem::of("read"))?;
        // An answer in the form of another version is none.
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Whether it is kept: what holds a secret is not, and without it would be another answer.
    pub fn keep(&self, key: &str, kept: &Kept) -> Result<bool> {
        let value = serde_json::to_value(kept).map_err(|error| JournalProblem::form("keep", error))?;
        if self.redactor.value(value.clone()) != value {
            return Ok(false);
        }
        let text = value.to_string();
        let sql = "INSERT OR REPLACE INTO kept (key, at, bytes, answer) VALUES (?1, ?2, ?3, ?4)";
        let values = params![key, now(), text.len() as i64, text];
        self.connection.execute(sql, values).map_err(JournalProblem::of("write"))?;
        Ok(true)
    }
}
