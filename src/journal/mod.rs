//! The journal: what was asked, what came of it and what its reader thought of it; and answers kept for the same question.
//!
//! One SQLite file. Nothing that looks like a secret is written ([`redact`]). A journal that cannot be written is no reason
//! to keep an answer back: callers warn and go on.

mod entry;
mod kept;
mod problem;
mod redact;
mod stats;

pub use entry::{Entry, Feedback, Logged, Ranked, Rating, Tokens};
pub use kept::Kept;
pub use problem::JournalProblem;
pub use redact::redact;
pub use stats::{Percentiles, Stats, stats};

use crate::error::{IoContext, Result};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FILE: &str = "journal.db";
/// Two commands at once: one waits for the other.
const BUSY: Duration = Duration::from_secs(3);
const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE asked (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        entry TEXT NOT NULL
    );
    CREATE TABLE feedback (
        asked INTEGER NOT NULL REFERENCES asked(id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        rating TEXT NOT NULL,
        fix TEXT
    );
    CREATE INDEX feedback_of ON feedback(asked, at);
    CREATE TABLE kept (
        key TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        answer TEXT NOT NULL
    );
";
const SELECT: &str = "
    SELECT asked.id, asked.at, datetime(asked.at, 'unixepoch', 'localtime'), asked.entry, f.rating, f.fix
    FROM asked LEFT JOIN feedback f ON f.rowid =
        (SELECT rowid FROM feedback WHERE feedback.asked = asked.id ORDER BY at DESC, rowid DESC LIMIT 1)
";

/// How much is kept, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes_max: u64,
    /// None keeps entries as long as there is room.
    pub days_max: Option<u64>,
}

/// The open file.
pub struct Journal {
    connection: Connection,
    limits: Limits,
}

impl Journal {
    /// Opens `journal.db` in `folder`, or makes it.
    pub fn open(folder: &Path, limits: Limits) -> Result<Journal> {
        std::fs::create_dir_all(folder).at("create", folder)?;
        let path = folder.join(FILE);
        let failed = |error| JournalProblem::new("open", &path, error);
        let connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;").map_err(failed)?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        match version {
            0 => {
                let all = format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;");
                connection.execute_batch(&all).map_err(failed)?;
            }
            VERSION => {}
            newer => return Err(JournalProblem::Newer { path, version: newer }.into()),
        }
        Ok(Journal { connection, limits })
    }

    /// Writes down `entry`, secrets struck out; its number.
    pub fn record(&self, entry: &Entry) -> Result<i64> {
        let text = redact(&serde_json::to_string(entry).map_err(|error| JournalProblem::form("record", error))?);
        let sql = "INSERT INTO asked (at, bytes, entry) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![now(), text.len() as i64, text]).map_err(JournalProblem::of("write"))?;
        let id = self.connection.last_insert_rowid();
        self.forget()?;
        Ok(id)
    }

    /// The entry of that number, or the last one.
    pub fn get(&self, id: Option<i64>) -> Result<Logged> {
        let sql = match id {
            Some(_) => format!("{SELECT} WHERE asked.id = ?1"),
            None => format!("{SELECT} WHERE ?1 IS NULL ORDER BY asked.id DESC LIMIT 1"),
        };
        let found = self.connection.query_row(&sql, params![id], logged).optional();
        let found = found.map_err(JournalProblem::of("read"))?;
        found.ok_or_else(|| JournalProblem::NoEntry { id }.into())
    }

    /// Entries of the last `days` days (all without), the oldest first.
    pub fn all(&self, days: Option<u64>) -> Result<Vec<Logged>> {
        let since = days.map_or(0, |days| now() - (days * SECONDS_OF_DAY) as i64);
        let read = || -> rusqlite::Result<Vec<Logged>> {
            let mut statement = self.connection.prepare(&format!("{SELECT} WHERE asked.at >= ?1 ORDER BY asked.id"))?;
            statement.query_map([since], logged)?.collect()
        };
        Ok(read().map_err(JournalProblem::of("read"))?)
    }

    /// Adds what a reader thinks of an answer; what came before stays, the last counts.
    pub fn rate(&self, id: i64, feedback: &Feedback) -> Result<()> {
        self.get(Some(id))?;
        let fix = feedback.fix.as_deref().map(redact);
        let sql = "INSERT INTO feedback (asked, at, rating, fix) VALUES (?1, ?2, ?3, ?4)";
        let values = params![id, now(), feedback.rating.name(), fix];
        self.connection.execute(sql, values).map_err(JournalProblem::of("write"))?;
        Ok(())
    }

    /// Removes everything; how many entries that were.
    pub fn clear(&self) -> Result<usize> {
        let clear = || -> rusqlite::Result<usize> {
            let count = self.connection.execute("DELETE FROM asked", [])?;
            self.connection.execute_batch("DELETE FROM kept; VACUUM;")?;
            Ok(count)
        };
        Ok(clear().map_err(JournalProblem::of("write"))?)
    }

    /// Drops what is too old, and the oldest of what is too much.
    fn forget(&self) -> Result<()> {
        let forget = || -> rusqlite::Result<()> {
            if let Some(days) = self.limits.days_max {
                let before = now() - (days * SECONDS_OF_DAY) as i64;
                self.connection.execute("DELETE FROM asked WHERE at < ?1", [before])?;
            }
            for table in ["asked", "kept"] {
                // A running total from the newest on: what lies beyond the limit goes.
                let sql = format!(
                    "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM
                     (SELECT rowid, SUM(bytes) OVER (ORDER BY at DESC, rowid DESC) AS total FROM {table})
                     WHERE total > ?1)"
                );
                self.connection.execute(&sql, [(self.limits.bytes_max / 2) as i64])?;
            }
            Ok(())
        };
        Ok(forget().map_err(JournalProblem::of("write"))?)
    }
}

const SECONDS_OF_DAY: u64 = 24 * 60 * 60;

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

fn logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    let text: String = row.get(3)?;
    let entry = serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(error)))?;
    let rating: Option<String> = row.get(4)?;
    let rating = rating.as_deref().and_then(Rating::of_name);
    let fix: Option<String> = row.get(5)?;
    Ok(Logged {
        id: row.get(0)?,
        at: row.get(1)?,
        time: row.get(2)?,
        entry,
        feedback: rating.map(|rating| Feedback { rating, fix }),
    })
}

#[cfg(test)]
mod tests;
