//! The log as its one writer sees it: rows of it that are damaged are as good as absent.

use super::reader::VectorLog;
use super::record::{RECORD_BYTES, Record};
use super::{Files, f32_bytes, row_bytes};
use crate::embedding::Embedding;
use crate::error::{IoContext, Result};
use crate::private;
use crate::store::embedded::checksum::damaged;
use crate::store::embedded::quantize::QuantizedRow;
use crate::store::{Damage, StoreProblem, VectorKey};
use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

pub struct VectorLogWriter {
    stem: String,
    files: Files,
    dim: usize,
    /// Of the log, the damaged ones included.
    count: usize,
    rows: HashMap<VectorKey, u32>,
    damaged: HashSet<u32>,
}

impl VectorLogWriter {
    /// Opens or begins the log named `stem`, cutting off what a crash left behind `published` rows. An error if it has
    /// fewer: nothing is cut then.
    pub fn open(dir: &Path, stem: &str, dim: usize, published: usize) -> Result<VectorLogWriter> {
        private::create_dir_all(dir).at("create", dir)?;
        let files = Files::new(dir, stem);
        let sizes = files.with_row_bytes(dim);
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        for (path, row) in sizes {
            let (bytes, expected) = (length(path), (published * row) as u64);
            if bytes < expected {
                return damaged(path, if path.exists() { Damage::Length { bytes, expected } } else { Damage::Missing });
            }
        }
        let count = sizes.iter().map(|(path, row)| length(path) as usize / row).min().unwrap_or(0);
        for (path, row) in sizes {
            let file = private::options().create(true).write(true).truncate(false).open(path).at("create", path)?;
            file.set_len((count * row) as u64).at("write", path)?;
        }
        let log = VectorLog::open(dir, stem, dim, count)?;
        let mut writer =
            VectorLogWriter { stem: stem.into(), files, dim, count, rows: HashMap::new(), damaged: HashSet::new() };
        for row in 0..count as u32 {
            match log.is_sound(row) {
                true => _ = writer.rows.insert(log.record(row).key, row),
                false => _ = writer.damaged.insert(row),
            }
        }
        Ok(writer)
    }

    pub fn row(&self, key: &VectorKey) -> Option<u32> {
        self.rows.get(key).copied()
    }

    /// Whether any row of it, in use or not, is not what was written.
    pub fn is_damaged(&self) -> bool {
        !self.damaged.is_empty()
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// An error if one of `rows` is damaged; it tells how many.
    pub fn require_sound(&self, rows: impl Iterator<Item = u32>) -> Result<()> {
        match rows.filter(|row| self.damaged.contains(row)).count() {
            0 => Ok(()),
            count => damaged(&self.files.f32, Damage::Records { damaged: count, all: self.count }),
        }
    }

    /// Appends the vectors whose key is new; on disk before it returns.
    pub fn append(&mut self, vectors: &[(VectorKey, Embedding)]) -> Result<()> {
        let mut new: Vec<Row> = Vec::new();
        let mut seen = HashSet::new();
        for (key, vector) in vectors {
            if vector.dim() != self.dim {
                return Err(StoreProblem::Dimension { query: vector.dim(), index: self.dim }.into());
            }
            if !self.rows.contains_key(key) && seen.insert(*key) {
                let i8 = QuantizedRow::new(vector.as_slice()).to_bytes();
                new.push(Row { key: *key, f32: f32_bytes(vector.as_slice()), i8 });
            }
        }
        self.append_rows(&new)
    }

    fn append_rows(&mut self, new: &[Row]) -> Result<()> {
        append_to(&self.files.f32, new.iter().map(|row| row.f32.clone()))?;
        append_to(&self.files.i8, new.iter().map(|row| row.i8.clone()))?;
        append_to(&self.files.keys, new.iter().map(|row| Record::new(row.key, &row.f32, &row.i8).to_bytes()))?;
        for row in new {
            self.rows.insert(row.key, self.count as u32);
            self.count += 1;
        }
        Ok(())
    }

    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Copies the rows of those numbers, in that order, into a new log named `stem`: compaction. An error if one of them is
    /// damaged.
    pub fn copy_rows(&self, dir: &Path, stem: &str, rows: &[u32]) -> Result<VectorLogWriter> {
        let old = VectorLog::open(dir, &self.stem, self.dim, self.len())?;
        old.require_sound(rows.iter().copied())?;
        let files = Files::new(dir, stem);
        for (path, _) in files.with_row_bytes(self.dim) {
            // A compaction that was killed may have left a part.
            private::create(path).at("create", path)?;
        }
        append_to(&files.f32, rows.iter().map(|row| f32_bytes(old.f32_row(*row))))?;
        append_to(&files.i8, rows.iter().map(|row| old.i8_row(*row).to_vec()))?;
        append_to(&files.keys, rows.iter().map(|row| old.record(*row).to_bytes()))?;
        VectorLogWriter::open(dir, stem, self.dim, rows.len())
    }
}

/// What is appended of one vector.
struct Row {
    key: VectorKey,
    f32: Vec<u8>,
    i8: Vec<u8>,
}

impl Files {
    /// The files with the bytes of a row in each.
    fn with_row_bytes(&self, dim: usize) -> [(&Path, usize); 3] {
        [(&self.f32, 4 * dim), (&self.i8, row_bytes(dim)), (&self.keys, RECORD_BYTES)]
            .map(|(path, row)| (path.as_path(), row))
    }
}

fn append_to(path: &Path, rows: impl Iterator<Item = Vec<u8>>) -> Result<()> {
    let file = OpenOptions::new().append(true).open(path).at("write", path)?;
    let mut out = BufWriter::new(file);
    for row in rows {
        out.write_all(&row).at("write", path)?;
    }
    let file = out.into_inner().map_err(|error| error.into_error()).at("write", path)?;
    file.sync_data().at("write", path)
}
