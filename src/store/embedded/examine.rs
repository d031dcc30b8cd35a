//! Examining a collection: every byte that its generation goes by, against the checksums.

use super::checksum::Depth;
use super::layout::Pointer;
use super::manifest::{Manifest, read_json};
use super::rows::RowTable;
use super::vector_log::VectorLog;
use super::{EmbeddedStore, Generation, StoreProblem};
use crate::error::{Error, Result};
use std::path::Path;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Examined {
    pub files: usize,
    pub vectors: usize,
    /// One a damaged file.
    pub problems: Vec<Error>,
}

impl Examined {
    /// Keeps the error, if it is one, as a problem.
    fn kept<T>(&mut self, outcome: Result<T>) -> Option<T> {
        outcome.map_err(|error| self.problems.push(error)).ok()
    }
}

impl EmbeddedStore {
    /// Reads the published generation whole.
    pub fn examine(&self) -> Examined {
        let mut examined = Examined::default();
        let current = self.layout.current().and_then(|pointer| {
            let no_index = || StoreProblem::NoIndex { collection: self.collection.clone() };
            Ok(pointer.ok_or_else(no_index)?)
        });
        let manifest = |pointer: Pointer| self.layout.manifest(&pointer);
        if let Some(manifest) = examined.kept(current.and_then(manifest)) {
            let dir = self.layout.generation(Generation(manifest.generation));
            if examined.kept(manifest.require_format(&dir)).is_some() {
                self.examine_files(&manifest, &dir, &mut examined);
                self.examine_vectors(&manifest, &dir, &mut examined);
            }
        }
        for path in [self.layout.sources(), self.layout.passed_over()].iter().filter(|path| path.exists()) {
            examined.files += 1;
            let read: Result<serde_json::Value> = read_json(path);
            examined.kept(read);
        }
        examined
    }

    fn examine_files(&self, manifest: &Manifest, dir: &Path, examined: &mut Examined) {
        // CURRENT and the manifest were looked at to come here.
        examined.files += 2 + manifest.files.len();
        for (name, sum) in &manifest.files {
            let path = dir.join(name);
            if let Some(Some(damage)) = examined.kept(sum.damage(&path, Depth::Whole)) {
                examined.problems.push(StoreProblem::Damaged { path, damage }.into());
            }
        }
    }

    fn examine_vectors(&self, manifest: &Manifest, dir: &Path, examined: &mut Examined) {
        let log =
            VectorLog::open(&self.layout.vectors(), &manifest.vector_log, manifest.embedder.dim, manifest.vector_rows);
        let Some(log) = examined.kept(log) else { return };
        // Rows that no chunk has are nobody's loss. Whatever is wrong with the table was told above.
        let Ok(rows) = RowTable::open(&dir.join("rows.bin"), manifest.vector_rows) else { return };
        examined.files += 3;
        examined.vectors = rows.len();
        examined.kept(log.require_sound((0..rows.len()).map(|index| rows.row(index))));
    }
}
