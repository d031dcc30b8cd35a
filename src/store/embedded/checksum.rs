//! A checksum: what a file of a generation held when it was published.
//!
//! CRC-32, against failing disks and broken copies and not against people: it is fast enough to be looked at whenever an
//! index is opened.

use crate::error::{IoContext, Result};
use crate::store::{Damage, StoreProblem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Files of a generation by their path within it, with `/` between the parts.
pub type Checksums = BTreeMap<String, Checksum>;

/// Files no longer than this are read whole whenever a generation is opened.
const SMALL_BYTES_MAX: u64 = 16 << 20;
const BUFFER_BYTES: usize = 256 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    pub bytes: u64,
    pub crc32: u32,
}

/// How much is read to find damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The length of every file, and the content of small ones.
    Cheap,
    Whole,
}

impl Checksum {
    pub fn of_bytes(bytes: &[u8]) -> Checksum {
        Checksum { bytes: bytes.len() as u64, crc32: crc32fast::hash(bytes) }
    }

    fn of_file(path: &Path) -> std::io::Result<Checksum> {
        let mut file = File::open(path)?;
        let (mut hasher, mut bytes) = (crc32fast::Hasher::new(), 0);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Checksum { bytes, crc32: hasher.finalize() }),
                Ok(read) => {
                    hasher.update(&buffer[..read]);
                    bytes += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What is wrong with the file at `path`; none where it is as it was, as far as `depth` looks.
    pub fn damage(&self, path: &Path, depth: Depth) -> Result<Option<Damage>> {
        let length = match std::fs::metadata(path) {
            Err(error) if is_gone(&error) => return Ok(Some(Damage::Missing)),
            meta => meta.at("read", path)?.len(),
        };
        if length != self.bytes {
            return Ok(Some(Damage::Length { bytes: length, expected: self.bytes }));
        }
        if depth == Depth::Cheap && length > SMALL_BYTES_MAX {
            return Ok(None);
        }
        let is_same = Checksum::of_file(path).at("read", path)? == *self;
        Ok((!is_same).then_some(Damage::Checksum))
    }

    /// The content of the file at `path`; an error if it is not what it was.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let bytes = read(path)?;
        let length = bytes.len() as u64;
        match Checksum::of_bytes(&bytes) == *self {
            true => Ok(bytes),
            false if length != self.bytes => damaged(path, Damage::Length { bytes: length, expected: self.bytes }),
            false => damaged(path, Damage::Checksum),
        }
    }
}

/// The content of a file that has to be there.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if is_gone(&error) => damaged(path, Damage::Missing),
        bytes => bytes.at("read", path),
    }
}

fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

pub fn damaged<T>(path: &Path, damage: Damage) -> Result<T> {
    Err(StoreProblem::Damaged { path: path.into(), damage }.into())
}

/// Of every file in `dir` and below; locks hold nothing.
pub fn checksums(dir: &Path) -> Result<Checksums> {
    let mut sums = Checksums::new();
    collect(dir, "", &mut sums)?;
    Ok(sums)
}

fn collect(dir: &Path, within: &str, sums: &mut Checksums) -> Result<()> {
    for entry in std::fs::read_dir(dir).at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect(&path, &format!("{within}{name}/"), sums)?;
        } else if !name.ends_with(".lock") {
            sums.insert(format!("{within}{name}"), Checksum::of_file(&path).at("read", &path)?);
        }
    }
    Ok(())
}

/// An error naming the first file of `sums` in `dir` that is damaged, as far as `depth` looks.
pub fn require_sound<'s>(
    dir: &Path,
    sums: impl IntoIterator<Item = (&'s String, &'s Checksum)>,
    depth: Depth,
) -> Result<()> {
    for (name, sum) in sums {
        let path = dir.join(name);
        if let Some(damage) = sum.damage(&path, depth)? {
            return damaged(&path, damage);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(dir.path().join("in/b"), "").unwrap();
        std::fs::write(dir.path().join("x.lock"), "").unwrap();
        std::fs::write(&path, "index").unwrap();
        let sums = checksums(dir.path()).unwrap();
        assert_eq!(sums.keys().collect::<Vec<_>>(), ["a", "in/b"]);
        require_sound(dir.path(), &sums, Depth::Whole).unwrap();
        let sum = Checksum::of_bytes(b"index");
        assert_eq!(sums["a"], sum);
        assert_eq!(sum.read(&path).unwrap(), b"index");
        let cases = [
            ("indez", Damage::Checksum),
            ("", Damage::Length { bytes: 0, expected: 5 }),
            ("index\0", Damage::Length { bytes: 6, expected: 5 }),
        ];
        for (content, expect) in cases {
            std::fs::write(&path, content).unwrap();
            assert_eq!(sum.damage(&path, Depth::Cheap).unwrap(), Some(expect));
            assert!(sum.read(&path).is_err() && require_sound(dir.path(), &sums, Depth::Cheap).is_err());
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(sum.damage(&path, Depth::Cheap).unwrap(), Some(Damage::Missing));
    }
}
