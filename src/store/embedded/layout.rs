//! The folder of a collection: where what is, and which generation is published.
//!
//! ```text
//! CURRENT                    number of the published generation, checksum of its manifest
//! lock                       held by the writer
//! sources.json               what the collection takes from, for a rebuild that can read nothing else
//! passed-over.json           what the last runs left out, by source
//! vectors/NAME.{f32,i8,keys}
//! generations/12/manifest.json, documents.json, rows.bin, lexical/, graph/
//! ```

use super::checksum::{self, Checksum, damaged};
use super::manifest::{Manifest, read_json, write_atomically, write_json};
use crate::error::{IoContext, Result};
use crate::store::damage::KINDS;
use crate::store::{Damage, Generation, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The first format whose `CURRENT` has the manifest's checksum.
const SUMMED_FORMAT: u32 = 3;
const CRC_DIGITS: usize = 8;

/// Paths inside a collection's folder.
#[derive(Debug, Clone)]
pub struct Layout {
    pub dir: PathBuf,
}

/// What `CURRENT` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    pub generation: Generation,
    /// CRC-32 of its manifest; none where an earlier version published it.
    manifest: Option<u32>,
}

impl Pointer {
    fn parse(text: &str) -> Option<Pointer> {
        let (number, sum) = match text.trim_end().split_once(' ') {
            Some((number, sum)) => (number, Some(sum)),
            None => (text.trim_end(), None),
        };
        let manifest = match sum {
            Some(sum) if sum.len() == CRC_DIGITS => Some(u32::from_str_radix(sum, 16).ok()?),
            Some(_) => return None,
            None => None,
        };
        Some(Pointer { generation: Generation(number.parse().ok()?), manifest })
    }
}

/// The file `sources.json`; manifests have the same field.
#[derive(Serialize, Deserialize)]
struct Sources {
    sources: Vec<Source>,
}

impl Layout {
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    pub fn passed_over(&self) -> PathBuf {
        self.dir.join("passed-over.json")
    }

    pub fn sources(&self) -> PathBuf {
        self.dir.join("sources.json")
    }

    pub fn vectors(&self) -> PathBuf {
        self.dir.join("vectors")
    }

    pub fn generations(&self) -> PathBuf {
        self.dir.join("generations")
    }

    pub fn generation(&self, generation: Generation) -> PathBuf {
        self.generations().join(generation.0.to_string())
    }

    pub fn current_file(&self) -> PathBuf {
        self.dir.join("CURRENT")
    }

    /// The other collections' folders, users' and evaluations', sorted: those beside this one, and those in the folders beside
    /// theirs. Where a folder cannot be read there is none.
    pub fn others(&self) -> Vec<Layout> {
        let Some(own) = self.dir.parent() else { return Vec::new() };
        let above = own.parent().unwrap_or(own);
        let kinds: BTreeSet<PathBuf> =
            KINDS.iter().map(|kind| above.join(kind)).chain(std::iter::once(own.into())).collect();
        let entries = kinds.iter().flat_map(|kind| std::fs::read_dir(kind).into_iter().flatten().flatten());
        let mut others: Vec<Layout> = entries.map(|entry| Layout { dir: entry.path() }).collect();
        others.retain(|other| other.dir != self.dir && other.vectors().is_dir());
        others.sort_by(|a, b| a.dir.cmp(&b.dir));
        others
    }

    /// The published generation, if there is one. That one was published is known by its sources, too.
    pub fn current(&self) -> Result<Option<Pointer>> {
        let path = self.current_file();
        match std::fs::read(&path) {
            Ok(bytes) => match std::str::from_utf8(&bytes).ok().and_then(Pointer::parse) {
                Some(pointer) => Ok(Some(pointer)),
                None => damaged(&path, Damage::NoGeneration),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.sources().exists() => {
                damaged(&path, Damage::Missing)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read", &path),
        }
    }

    /// The manifest of a published generation.
    pub fn manifest(&self, pointer: &Pointer) -> Result<Manifest> {
        let path = self.generation(pointer.generation).join("manifest.json");
        let bytes = checksum::read(&path)?;
        if pointer.manifest.is_some_and(|sum| sum != Checksum::of_bytes(&bytes).crc32) {
            return damaged(&path, Damage::Checksum);
        }
        let manifest = Manifest::parse(&path, &bytes)?;
        if pointer.manifest.is_none() && manifest.format >= SUMMED_FORMAT {
            return damaged(&self.current_file(), Damage::NoGeneration);
        }
        Ok(manifest)
    }

    /// The one moment at which a generation becomes the current one.
    pub fn publish(&self, manifest: &Manifest) -> Result<()> {
        let path = self.generation(Generation(manifest.generation)).join("manifest.json");
        let sum = Checksum::of_bytes(&checksum::read(&path)?).crc32;
        let text = format!("{} {sum:0width$x}\n", manifest.generation, width = CRC_DIGITS);
        write_atomically(&self.current_file(), text.as_bytes())
    }

    pub fn write_sources(&self, sources: &[Source]) -> Result<()> {
        write_json(&self.sources(), &Sources { sources: sources.to_vec() })
    }

    /// The sources as far as anything still tells them, for a rebuild of what cannot be trusted.
    pub fn recovered_sources(&self) -> Vec<Source> {
        let manifests = self.numbers().into_iter().rev().map(|number| self.generation(number).join("manifest.json"));
        let mut told = std::iter::once(self.sources()).chain(manifests).filter_map(|path| read_json(&path).ok());
        told.find_map(|Sources { sources }| (!sources.is_empty()).then_some(sources)).unwrap_or_default()
    }

    /// Of the generations whose folders are there, whole or not, in order.
    pub fn numbers(&self) -> Vec<Generation> {
        let entries = std::fs::read_dir(self.generations()).into_iter().flatten().flatten();
        let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok().map(Generation);
        let mut numbers: Vec<Generation> = entries.filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Removes generations that no reader can come to any more. The previous one stays for readers that
    /// have read `CURRENT` and not yet opened it.
    pub fn remove_old(&self, current: Generation) -> Result<()> {
        let dir = self.generations();
        for entry in std::fs::read_dir(&dir).at("list", &dir)? {
            let path = entry.at("list", &dir)?.path();
            let number: Option<u64> =
                path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let keep = number.is_some_and(|number| number == current.0 || number.checked_add(1) == Some(current.0));
            if !keep {
                std::fs::remove_dir_all(&path).at("remove", &path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<(u64, Option<u32>)>) {
        let expect = expect.map(|(number, manifest)| Pointer { generation: Generation(number), manifest });
        assert_eq!(Pointer::parse(text), expect, "{text:?}");
    }

    #[test]
    fn a_pointer_is_whole_or_none() {
        check("12 0000beef\n", Some((12, Some(0xbeef))));
        check("12\n", Some((12, None)));
        // As an earlier version wrote it: its manifest has to be of an earlier format.
        check("12 ", Some((12, None)));
        for torn in ["", "\0\0", "-1\n", "12 0000bee", "12 0000beefs", "x 0000beef", "\n"] {
            check(torn, None);
        }
    }

    #[test]
    fn sources_are_recovered_from_whatever_tells_them() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout { dir: dir.path().into() };
        assert_eq!(layout.recovered_sources(), []);
        let manifest = layout.generation(Generation(3)).join("manifest.json");
        std::fs::create_dir_all(manifest.parent().unwrap()).unwrap();
        let source = Source::at("/notes", &[]);
        layout.write_sources(std::slice::from_ref(&source)).unwrap();
        assert_eq!(layout.recovered_sources(), std::slice::from_ref(&source));
        std::fs::rename(layout.sources(), manifest).unwrap();
        std::fs::write(layout.sources(), "{").unwrap();
        assert_eq!(layout.recovered_sources(), [source]);
    }
}
