//! The vector log: an append-only, content-addressed file of embeddings that all generations share.
//!
//! Three files of fixed-size rows: `f32` (the truth), `i8` (a quantized copy to scan, with its scale and
//! error), and `keys` (the name of the embedded text, with checksums of the other two). A row exists once its
//! key does: keys are written after the other two are on disk, so a crash leaves at worst a tail without keys,
//! which the next writer cuts off. Generations name rows by number, so an unpublished tail is invisible to
//! readers and yet reusable by the next run.

mod adopted;
mod reader;
mod record;
mod stems;
mod writer;

pub use adopted::find;
pub use reader::VectorLog;
pub use stems::Stems;
pub use writer::VectorLogWriter;

use super::checksum::damaged;
use super::quantize::row_bytes;
use crate::error::{IoContext, Result};
use crate::store::Damage;
use memmap2::Mmap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

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

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The file at `path`, which has to have so many bytes or more.
fn map(path: &Path, bytes: usize) -> Result<Mmap> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return damaged(path, Damage::Missing),
        file => file.at("read", path)?,
    };
    // SAFETY: rows that a generation names are never rewritten: the log only grows, and compaction writes
    // other files.
    let map = unsafe { Mmap::map(&file) }.at("map", path)?;
    if map.len() < bytes {
        return damaged(path, Damage::Length { bytes: map.len() as u64, expected: bytes as u64 });
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedding::Embedding;
    use crate::store::{StoreProblem, VectorKey};
    use std::collections::HashSet;

    fn key(n: u8) -> VectorKey {
        VectorKey([n; 32])
    }

    fn vector(n: u8) -> Embedding {
        Embedding::new((0..8).map(|i| f32::from(n) + i as f32).collect()).unwrap()
    }

    #[test]
    fn rows_survive_reopening_and_a_key_is_kept_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        log.append(&[(key(1), vector(1)), (key(2), vector(2)), (key(1), vector(1))]).unwrap();
        log.append(&[(key(2), vector(2)), (key(3), vector(3))]).unwrap();
        let reopened = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        assert_eq!((1..=3).map(|n| reopened.row(&key(n))).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
        let reader = VectorLog::open(dir.path(), "one", 8, 3).unwrap();
        assert_eq!(reader.f32_row(2), vector(3).as_slice());
    }

    #[test]
    fn a_torn_tail_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        log.append(&[(key(1), vector(1))]).unwrap();
        let f32_path = dir.path().join("one.f32");
        let mut torn = std::fs::read(&f32_path).unwrap();
        torn.extend([7; 13]);
        std::fs::write(&f32_path, torn).unwrap();
        let mut reopened = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        reopened.append(&[(key(2), vector(2))]).unwrap();
        assert_eq!(VectorLog::open(dir.path(), "one", 8, 2).unwrap().f32_row(1), vector(2).as_slice());
    }

    #[test]
    fn a_log_shorter_than_its_generation_says_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        log.append(&[(key(1), vector(1))]).unwrap();
        let error = VectorLog::open(dir.path(), "one", 8, 2).err().unwrap();
        assert!(matches!(error.downcast_ref(), Some(StoreProblem::Damaged { .. })));
    }

    #[test]
    fn compaction_keeps_the_named_rows_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        log.append(&[(key(1), vector(1)), (key(2), vector(2)), (key(3), vector(3))]).unwrap();
        let compact = log.copy_rows(dir.path(), "two", &[2, 0]).unwrap();
        assert_eq!((compact.row(&key(3)), compact.row(&key(1)), compact.row(&key(2))), (Some(0), Some(1), None));
        remove_others(dir.path(), &["two"]).unwrap();
        assert!(!dir.path().join("one.f32").exists());
        assert_eq!(VectorLog::open(dir.path(), "two", 8, 2).unwrap().f32_row(0), vector(3).as_slice());
    }

    /// What `open` says of a log of four rows after `change` of one of its files.
    fn changed(suffix: &str, change: impl Fn(&mut Vec<u8>)) -> (tempfile::TempDir, Result<VectorLogWriter>) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "one", 8, 0).unwrap();
        log.append(&(1..=4).map(|n| (key(n), vector(n))).collect::<Vec<_>>()).unwrap();
        let path = dir.path().join(format!("one.{suffix}"));
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
        let opened = VectorLogWriter::open(dir.path(), "one", 8, 4);
        (dir, opened)
    }

    #[test]
    fn a_log_with_less_than_was_published_is_told_and_not_cut() {
        for suffix in ["f32", "i8", "keys"] {
            let (dir, opened) = changed(suffix, |bytes| bytes.truncate(bytes.len() - 1));
            assert!(matches!(opened.err().unwrap().downcast_ref(), Some(StoreProblem::Damaged { .. })));
            let whole = paths(dir.path(), "one").map(|path| std::fs::metadata(path).unwrap().len());
            let rows = [4 * 8 * 4, 4 * row_bytes(8) as u64, 4 * 40];
            assert_eq!(whole.iter().zip(rows).filter(|(got, row)| **got < *row).count(), 1, "{suffix}");
        }
    }

    #[test]
    fn a_damaged_row_is_as_good_as_absent_and_is_replaced() {
        for suffix in ["f32", "i8", "keys"] {
            let (dir, opened) = changed(suffix, |bytes| {
                let row = bytes.len() / 4;
                bytes[row + 3] ^= 0x10;
            });
            let mut log = opened.unwrap();
            assert_eq!((log.row(&key(1)), log.row(&key(2)), log.len()), (Some(0), None, 4), "{suffix}");
            assert!(log.require_sound([0, 2, 3].into_iter()).is_ok() && log.require_sound([1].into_iter()).is_err());
            assert!(log.copy_rows(dir.path(), "two", &[1]).is_err());
            log.append(&[(key(2), vector(2))]).unwrap();
            assert_eq!(log.row(&key(2)), Some(4));
            let reader = VectorLog::open(dir.path(), "one", 8, 5).unwrap();
            assert!(reader.sound_f32_row(4).is_ok() && reader.require_sound([0, 4].into_iter()).is_ok());
            assert!(reader.require_sound([0, 1].into_iter()).is_err(), "{suffix}");
            assert_eq!(reader.require_sound_i8([1].into_iter()).is_err(), suffix != "f32");
        }
    }

    #[test]
    fn only_sound_vectors_are_adopted_those_of_an_earlier_version_by_their_length() {
        let dir = tempfile::tempdir().unwrap();
        let embedder = crate::embedding::ModelId {
            name: "m".into(),
            weights: "w".into(),
            dim: 8,
            pooling: "mean".into(),
            query_prefix: String::new(),
            passage_prefix: String::new(),
        };
        let stems = Stems::of(&embedder);
        let stem = stems.next(dir.path());
        let mut log = VectorLogWriter::open(dir.path(), &stem, 8, 0).unwrap();
        log.append(&[(key(1), vector(1)), (key(2), vector(2))]).unwrap();
        assert_ne!(stems.next(dir.path()), stem);
        let earlier = format!("{}-000001", &blake3::hash(&serde_json::to_vec(&embedder).unwrap()).to_hex()[..16]);
        let [f32, _, keys] = paths(dir.path(), &earlier);
        std::fs::write(&f32, [f32_bytes(vector(3).as_slice()), vec![0; 32]].concat()).unwrap();
        std::fs::write(keys, [[3; 32], [4; 32]].concat()).unwrap();
        let [f32, ..] = paths(dir.path(), &stem);
        let mut bytes = std::fs::read(&f32).unwrap();
        bytes[2] ^= 1;
        std::fs::write(f32, bytes).unwrap();
        let wanted: HashSet<VectorKey> = (1..=4).map(key).collect();
        let found = find(dir.path(), &stems, None, &wanted);
        assert_eq!(found.keys().collect::<Vec<_>>(), [&key(2), &key(3)]);
        assert_eq!((&found[&key(2)], &found[&key(3)]), (&vector(2), &vector(3)));
        assert_eq!(find(dir.path(), &stems, Some(&stem), &wanted).len(), 1);
    }
}
