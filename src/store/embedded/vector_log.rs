//! The vector log: an append-only, content-addressed file of embeddings that all generations share.
//!
//! Three files of fixed-size rows: `f32` (the truth), `i8` (a quantized copy to scan, with its scale and
//! error), and `keys` (the name of the embedded text). A row exists once its key does: keys are written
//! after the other two are on disk, so a crash leaves at worst a tail without keys, which the next writer
//! cuts off. Generations name rows by number, so an unpublished tail is invisible to readers and yet
//! reusable by the next run.

use super::quantize::{self, QuantizedRow};
use crate::embedding::Embedding;
use crate::error::{IoContext, Result};
use crate::private;
use crate::store::{StoreProblem, VectorKey};
use memmap2::Mmap;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const KEY_BYTES: usize = 32;

struct Files {
    f32: PathBuf,
    i8: PathBuf,
    keys: PathBuf,
}

impl Files {
    fn new(dir: &Path, stem: &str) -> Files {
        let name = |suffix: &str| dir.join(format!("{stem}.{suffix}"));
        Files { f32: name("f32"), i8: name("i8"), keys: name("keys") }
    }
}

/// The files of the log named `stem`.
pub fn paths(dir: &Path, stem: &str) -> [PathBuf; 3] {
    let Files { f32, i8, keys } = Files::new(dir, stem);
    [f32, i8, keys]
}

/// Removes the files of every log but those of the stems in `keep`.
pub fn remove_others(dir: &Path, keep: &[&str]) -> Result<()> {
    for entry in std::fs::read_dir(dir).at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = name.split('.').next().unwrap_or("");
        if !keep.contains(&stem) {
            std::fs::remove_file(&path).at("remove", &path)?;
        }
    }
    Ok(())
}

/// The vectors of `wanted` that the logs in `dir` whose stems begin with `prefix` have, each once. A log that is missing or
/// damaged has none.
pub fn find(dir: &Path, prefix: &str, dim: usize, wanted: &HashSet<VectorKey>) -> BTreeMap<VectorKey, Embedding> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".keys").filter(|stem| stem.starts_with(prefix)) else { continue };
        if let Err(error) = find_in(&Files::new(dir, stem), dim, wanted, &mut found) {
            tracing::debug!(%error, log = %entry.path().display(), "vectors of another collection cannot be read");
        }
    }
    found
}

fn find_in(
    files: &Files,
    dim: usize,
    wanted: &HashSet<VectorKey>,
    found: &mut BTreeMap<VectorKey, Embedding>,
) -> Result<()> {
    let keys = std::fs::read(&files.keys).at("read", &files.keys)?;
    // What another process is appending is there once its key is.
    let values = map(&files.f32, keys.len() / KEY_BYTES * 4 * dim)?;
    for (key, row) in keys.chunks_exact(KEY_BYTES).zip(values.chunks_exact(4 * dim)) {
        let key = VectorKey(key.try_into().expect("chunks_exact yields 32 bytes"));
        if wanted.contains(&key) && !found.contains_key(&key) {
            let values = row.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            found.extend(Embedding::new(values.collect()).map(|vector| (key, vector)));
        }
    }
    Ok(())
}

/// The log as its one writer sees it.
pub struct VectorLogWriter {
    stem: String,
    files: Files,
    dim: usize,
    rows: HashMap<VectorKey, u32>,
}

impl VectorLogWriter {
    /// Opens or begins the log named `stem`, cutting off what a crash left behind.
    pub fn open(dir: &Path, stem: &str, dim: usize) -> Result<VectorLogWriter> {
        private::create_dir_all(dir).at("create", dir)?;
        let files = Files::new(dir, stem);
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len()) as usize;
        let complete = (length(&files.keys) / KEY_BYTES)
            .min(length(&files.f32) / (4 * dim))
            .min(length(&files.i8) / quantize::row_bytes(dim));
        for (path, row) in [(&files.f32, 4 * dim), (&files.i8, quantize::row_bytes(dim)), (&files.keys, KEY_BYTES)] {
            let file = private::options().create(true).write(true).truncate(false).open(path).at("create", path)?;
            file.set_len((complete * row) as u64).at("write", path)?;
        }
        let keys = std::fs::read(&files.keys).at("read", &files.keys)?;
        let rows = keys
            .chunks_exact(KEY_BYTES)
            .enumerate()
            .map(|(row, key)| (VectorKey(key.try_into().expect("chunks_exact yields 32 bytes")), row as u32))
            .collect();
        Ok(VectorLogWriter { stem: stem.into(), files, dim, rows })
    }

    pub fn row(&self, key: &VectorKey) -> Option<u32> {
        self.rows.get(key).copied()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Appends the vectors whose key is new; on disk before it returns.
    pub fn append(&mut self, vectors: &[(VectorKey, Embedding)]) -> Result<()> {
        let mut new: Vec<&(VectorKey, Embedding)> = Vec::new();
        let mut seen = HashSet::new();
        for entry in vectors {
            if entry.1.dim() != self.dim {
                return Err(StoreProblem::Dimension { query: entry.1.dim(), index: self.dim }.into());
            }
            if !self.rows.contains_key(&entry.0) && seen.insert(entry.0) {
                new.push(entry);
            }
        }
        append_rows(&self.files.f32, new.iter().map(|(_, vector)| f32_bytes(vector.as_slice())))?;
        append_rows(&self.files.i8, new.iter().map(|(_, vector)| QuantizedRow::new(vector.as_slice()).to_bytes()))?;
        append_rows(&self.files.keys, new.iter().map(|(key, _)| key.0.to_vec()))?;
        for (key, _) in new {
            let row = self.rows.len() as u32;
            self.rows.insert(*key, row);
        }
        Ok(())
    }

    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Copies the rows of those numbers, in that order, into a new log named `stem`: compaction.
    pub fn copy_rows(&self, dir: &Path, stem: &str, rows: &[u32]) -> Result<VectorLogWriter> {
        let old = VectorLog::open(dir, &self.stem, self.dim, self.len())?;
        let mut keys: Vec<Option<VectorKey>> = vec![None; self.len()];
        for (key, row) in &self.rows {
            keys[*row as usize] = Some(*key);
        }
        let files = Files::new(dir, stem);
        for path in [&files.f32, &files.i8, &files.keys] {
            // A compaction that was killed may have left a part.
            private::create(path).at("create", path)?;
        }
        append_rows(&files.f32, rows.iter().map(|row| f32_bytes(old.f32_row(*row))))?;
        append_rows(&files.i8, rows.iter().map(|row| old.i8_row(*row).to_vec()))?;
        append_rows(
            &files.keys,
            rows.iter().map(|row| keys[*row as usize].map_or(vec![0; KEY_BYTES], |key| key.0.to_vec())),
        )?;
        VectorLogWriter::open(dir, stem, self.dim)
    }
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn append_rows(path: &Path, rows: impl Iterator<Item = Vec<u8>>) -> Result<()> {
    let file = OpenOptions::new().append(true).open(path).at("write", path)?;
    let mut out = BufWriter::new(file);
    for row in rows {
        out.write_all(&row).at("write", path)?;
    }
    let file = out.into_inner().map_err(|error| error.into_error()).at("write", path)?;
    file.sync_data().at("write", path)
}

/// The log as a reader sees it: mapped, frozen at the length its generation names.
pub struct VectorLog {
    dim: usize,
    f32: Mmap,
    i8: Mmap,
}

impl VectorLog {
    pub fn open(dir: &Path, stem: &str, dim: usize, rows: usize) -> Result<VectorLog> {
        let files = Files::new(dir, stem);
        let f32 = map(&files.f32, rows * 4 * dim)?;
        let i8 = map(&files.i8, rows * quantize::row_bytes(dim))?;
        Ok(VectorLog { dim, f32, i8 })
    }

    pub fn f32_row(&self, row: u32) -> &[f32] {
        let start = row as usize * self.dim * 4;
        let bytes = &self.f32[start..start + self.dim * 4];
        // SAFETY: every bit pattern is an f32; `align_to` yields an empty prefix because a map starts on a
        // page and rows are multiples of four bytes, which the length check below confirms.
        let (prefix, values, suffix) = unsafe { bytes.align_to::<f32>() };
        debug_assert!(prefix.is_empty() && suffix.is_empty());
        values
    }

    pub fn i8_row(&self, row: u32) -> &[u8] {
        let size = quantize::row_bytes(self.dim);
        let start = row as usize * size;
        &self.i8[start..start + size]
    }
}

fn map(path: &Path, bytes: usize) -> Result<Mmap> {
    let file = File::open(path).at("read", path)?;
    // SAFETY: rows that a generation names are never rewritten: the log only grows, and compaction writes
    // other files.
    let map = unsafe { Mmap::map(&file) }.at("map", path)?;
    if map.len() < bytes {
        let reason = format!("{} bytes, at least {bytes} expected", map.len());
        return Err(StoreProblem::Damaged { path: path.into(), reason }.into());
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> VectorKey {
        VectorKey([n; 32])
    }

    fn vector(n: u8) -> Embedding {
        Embedding::new((0..8).map(|i| f32::from(n) + i as f32).collect()).unwrap()
    }

    #[test]
    fn rows_survive_reopening_and_a_key_is_kept_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8).unwrap();
        log.append(&[(key(1), vector(1)), (key(2), vector(2)), (key(1), vector(1))]).unwrap();
        log.append(&[(key(2), vector(2)), (key(3), vector(3))]).unwrap();
        let reopened = VectorLogWriter::open(dir.path(), "one", 8).unwrap();
        assert_eq!((1..=3).map(|n| reopened.row(&key(n))).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
        let reader = VectorLog::open(dir.path(), "one", 8, 3).unwrap();
        assert_eq!(reader.f32_row(2), vector(3).as_slice());
    }

    #[test]
    fn a_torn_tail_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8).unwrap();
        log.append(&[(key(1), vector(1))]).unwrap();
        let f32_path = dir.path().join("one.f32");
        let mut torn = std::fs::read(&f32_path).unwrap();
        torn.extend([7; 13]);
        std::fs::write(&f32_path, torn).unwrap();
        let mut reopened = VectorLogWriter::open(dir.path(), "one", 8).unwrap();
        reopened.append(&[(key(2), vector(2))]).unwrap();
        assert_eq!(VectorLog::open(dir.path(), "one", 8, 2).unwrap().f32_row(1), vector(2).as_slice());
    }

    #[test]
    fn a_log_shorter_than_its_generation_says_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8).unwrap();
        log.append(&[(key(1), vector(1))]).unwrap();
        let error = VectorLog::open(dir.path(), "one", 8, 2).err().unwrap();
        assert!(matches!(error.downcast_ref(), Some(StoreProblem::Damaged { .. })));
    }

    #[test]
    fn compaction_keeps_the_named_rows_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8).unwrap();
        log.append(&[(key(1), vector(1)), (key(2), vector(2)), (key(3), vector(3))]).unwrap();
        let compact = log.copy_rows(dir.path(), "two", &[2, 0]).unwrap();
        assert_eq!((compact.row(&key(3)), compact.row(&key(1)), compact.row(&key(2))), (Some(0), Some(1), None));
        remove_others(dir.path(), &["two"]).unwrap();
        assert!(!dir.path().join("one.f32").exists());
        assert_eq!(VectorLog::open(dir.path(), "two", 8, 2).unwrap().f32_row(0), vector(3).as_slice());
    }
}
