//! Adopted vectors: those that another log has of the same text under the same embedder.

use super::record::{KEY_BYTES, RECORD_BYTES, Record};
use super::{Files, Stems, map};
use crate::embedding::Embedding;
use crate::error::{IoContext, Result};
use crate::store::VectorKey;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The vectors of `wanted` that the embedder's logs in `dir` have, each once; the log `except` is not looked at. What is
/// missing or damaged is not found.
pub fn find(
    dir: &Path,
    stems: &Stems,
    except: Option<&str>,
    wanted: &HashSet<VectorKey>,
) -> BTreeMap<VectorKey, Embedding> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".keys").filter(|stem| Some(*stem) != except) else { continue };
        let summed = stems.has(stem);
        if !summed && !stems.had(stem) {
            continue;
        }
        if let Err(error) = find_in(&Files::new(dir, stem), stems.dim, summed, wanted, &mut found) {
            tracing::debug!(%error, log = %entry.path().display(), "vectors of another log cannot be read");
        }
    }
    found
}

/// `summed` tells whether the log has checksums; one of an earlier version has none, and its vectors are known by their length.
fn find_in(
    files: &Files,
    dim: usize,
    summed: bool,
    wanted: &HashSet<VectorKey>,
    found: &mut BTreeMap<VectorKey, Embedding>,
) -> Result<()> {
    let record_bytes = if summed { RECORD_BYTES } else { KEY_BYTES };
    let keys = std::fs::read(&files.keys).at("read", &files.keys)?;
    // As far as it goes: a log that was cut short has the rest.
    let values = map(&files.f32, 0)?;
    for (record, row) in keys.chunks_exact(record_bytes).zip(values.chunks_exact(4 * dim)) {
        let key = VectorKey(record[..KEY_BYTES].try_into().expect("32 bytes"));
        if !wanted.contains(&key) || found.contains_key(&key) {
            continue;
        }
        if !summed || Record::read(record).fits_f32(row) {
            let values = row.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            found.extend(Embedding::kept(values.collect()).map(|vector| (key, vector)));
        }
    }
    Ok(())
}
