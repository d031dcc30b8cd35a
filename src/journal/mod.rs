//! The journal: what was asked, what came of it and what its reader thought of it; and answers kept for the same question.
//!
//! One SQLite file. Nothing that looks like a secret is written ([`Redactor`]). A journal that cannot be written is no reason
//! to keep an answer back: callers warn and go on.

mod entry;
mod kept;
mod problem;
mod redact;
mod stats;

pub use entry::{Entry, Feedback, Logged, Ranked, Rating, Sampling, Tokens};
pub use kept::Kept;
pub use problem::JournalProblem;
pub use redact::Redactor;
pub use stats::{Percentiles, Stats, stats};

use crate::error::{IoContext, Result};
use crate::private;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FILE: &str = "journal.db";
/// Two commands at once: one waits for the other.
const BUSY: Duration = Duration::from_secs(3);
/// What is deleted is given back page by page, which must be said before there is a table. A crash may cost the last entry
/// and never the file.
const PRAGMAS: &str = "
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
";
const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS asked (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        entry TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS asked_at ON asked(at);
    CREATE TABLE IF NOT EXISTS feedback (
        asked INTEGER NOT NULL REFERENCES asked(id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        rating TEXT NOT NULL,
        fix TEXT
    );
    CREATE INDEX IF NOT EXISTS feedback_of ON feedback(asked, at);
    CREATE TABLE IF NOT EXISTS kept (
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
    redactor: Redactor,
}

impl Journal {
    /// Opens `journal.db` in `folder`, or makes it, for its owner alone to read.
    pub fn open(folder: &Path, limits: Limits, redactor: Redactor) -> Result<Journal> {
        private::create_dir_all(folder).at("create", folder)?;
        let path = folder.join(FILE);
        let failed = |error| JournalProblem::new("open", &path, error);
        // SQLite gives its other files the permissions of this one.
        private::options().create(true).append(true).open(&path).at("write", &path)?;
        private::tighten(&path).at("write", &path)?;
        let connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.execute_batch(PRAGMAS).map_err(failed)?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        match version {
            0 => {
                let all = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;");
                connection.execute_batch(&all).map_err(failed)?;
            }
            VERSION => {}
            newer => return Err(JournalProblem::Newer { path, version: newer }.into()),
        }
        Ok(Journal { connection, limits, redactor })
    }

    /// Writes down `entry`, secrets struck out; its number.
    pub fn record(&self, entry: &Entry) -> Result<i64> {
        let value = serde_json::to_value(entry).map_err(|error| JournalProblem::form("record", error))?;
        let text = self.redactor.value(value).to_string();
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

    /// The last `count` entries, the oldest first.
    pub fn last(&self, count: usize) -> Result<Vec<Logged>> {
        let read = || -> rusqlite::Result<Vec<Logged>> {
            let mut statement = self.connection.prepare(&format!("{SELECT} ORDER BY asked.id DESC LIMIT ?1"))?;
            statement.query_map([count as i64], logged)?.collect()
        };
        let mut last = read().map_err(JournalProblem::of("read"))?;
        last.reverse();
        Ok(last)
    }

    /// Adds what a reader thinks of an answer; what came before stays, the last counts.
    pub fn rate(&self, id: i64, feedback: &Feedback) -> Result<()> {
        self.get(Some(id))?;
        let fix = feedback.fix.as_deref().map(|fix| self.redactor.text(fix));
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

    /// Drops what is too old, and the oldest of what is too much. Looks at the size first, which costs nothing.
    fn forget(&self) -> Result<()> {
        let forget = || -> rusqlite::Result<()> {
            if let Some(days) = self.limits.days_max {
                let before = now() - (days * SECONDS_OF_DAY) as i64;
                for table in ["asked", "kept"] {
                    self.connection.execute(&format!("DELETE FROM {table} WHERE at < ?1"), [before])?;
                }
            }
            while self.bytes_used()? > self.limits.bytes_max && self.drop_oldest()? > 0 {}
            self.connection.execute_batch("PRAGMA incremental_vacuum")
        };
        Ok(forget().map_err(JournalProblem::of("write"))?)
    }

    /// Of the pages that hold something.
    fn bytes_used(&self) -> rusqlite::Result<u64> {
        let pragma = |name: &str| self.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        let bytes = (pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?;
        Ok(bytes as u64)
    }

    /// Removes an eighth of both tables, so that it need not be done again soon; how many rows that were.
    fn drop_oldest(&self) -> rusqlite::Result<usize> {
        let mut dropped = 0;
        for table in ["asked", "kept"] {
            let sql = format!(
                "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} ORDER BY at, rowid
                 LIMIT (SELECT (COUNT(*) + 7) / 8 FROM {table}))"
            );
            dropped += self.connection.execute(&sql, [])?;
        }
        Ok(dropped)
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
