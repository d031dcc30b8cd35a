//! The fingerprint of a model's files: computed once, kept beside them, trusted while size and time stand.

use super::problem::OnnxProblem;
use crate::error::{IoContext, Result};
use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

const SIDECAR: &str = "weights.id";
const HEADER: &str = "rag weights 1";

/// What the files of a model are.
pub(super) struct Fingerprint {
    /// blake3 over the blake3 of each file.
    pub(super) all: String,
    /// blake3 of each file, in the order asked.
    pub(super) each: Vec<String>,
}

/// Hashing 90 MB at every start would cost more than a search, so
/// `weights.id` keeps each file's hash with its size and time of change; a file that differs is hashed again.
pub(super) fn fingerprint(model: &'static str, dir: &Path, files: &[&str]) -> Result<Fingerprint> {
    let sidecar = dir.join(SIDECAR);
    let known = fs::read_to_string(&sidecar).unwrap_or_default();
    let mut kept = String::from(HEADER);
    let mut all = blake3::Hasher::new();
    let mut each = Vec::new();
    for name in files {
        let path = dir.join(name);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OnnxProblem::FileMissing { model, path }.into());
            }
            other => other.at("read", &path)?,
        };
        let stamp = stamp(name, &metadata);
        let hash = match hash_kept(&known, &stamp) {
            Some(hash) => hash,
            None => hash_of(&path)?,
        };
        all.update(hash.as_bytes());
        each.push(hash.to_string());
        let _ = write!(kept, "\n{hash} {stamp}");
    }
    if kept != known {
        keep(&sidecar, &kept);
    }
    Ok(Fingerprint { all: all.finalize().to_string(), each })
}

/// Size, time of change in nanoseconds and name: what must not differ for a kept hash to hold.
fn stamp(name: &str, metadata: &Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{} {} {name}", metadata.len(), changed.unwrap_or_default().as_nanos())
}

fn hash_kept(known: &str, stamp: &str) -> Option<blake3::Hash> {
    let mut lines = known.lines();
    if lines.next() != Some(HEADER) {
        return None;
    }
    let (hash, _) = lines.filter_map(|line| line.split_once(' ')).find(|(_, kept)| *kept == stamp)?;
    blake3::Hash::from_hex(hash).ok()
}

fn hash_of(path: &Path) -> Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).at("read", path)?;
    let mut block = vec![0; 1 << 20];
    loop {
        match io::Read::read(&mut file, &mut block).at("read", path)? {
            0 => return Ok(hasher.finalize()),
            n => hasher.update(&block[..n]),
        };
    }
}

/// A folder that cannot be written to costs the hashing at every start, nothing else.
fn keep(sidecar: &Path, text: &str) {
    let written = super::publish::publish(sidecar, |file| file.write_all(text.as_bytes()));
    if let Err(error) = written {
        tracing::debug!(%error, path = %sidecar.display(), "cannot keep the weights' fingerprint");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn of(dir: &Path) -> Result<String> {
        Ok(fingerprint("m", dir, &["a", "b"])?.all)
    }

    fn set_time(path: &Path, time: SystemTime) {
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn the_fingerprint_follows_the_content_and_not_the_time() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "one").unwrap();
        fs::write(dir.path().join("b"), "two").unwrap();
        let first = of(dir.path()).unwrap();
        assert_eq!(of(dir.path()).unwrap(), first);
        set_time(&dir.path().join("a"), UNIX_EPOCH + Duration::from_secs(5));
        assert_eq!(of(dir.path()).unwrap(), first, "a touched file is hashed again, to the same");
        fs::write(dir.path().join("b"), "twx").unwrap();
        set_time(&dir.path().join("b"), UNIX_EPOCH + Duration::from_secs(9));
        assert_ne!(of(dir.path()).unwrap(), first);
    }

    #[test]
    fn a_kept_hash_is_used_while_size_and_time_stand() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "one").unwrap();
        fs::write(&b, "two").unwrap();
        set_time(&a, UNIX_EPOCH);
        let first = of(dir.path()).unwrap();
        fs::write(&a, "uno").unwrap();
        set_time(&a, UNIX_EPOCH);
        assert_eq!(of(dir.path()).unwrap(), first, "not read again");
        fs::write(dir.path().join(SIDECAR), "something else").unwrap();
        assert_ne!(of(dir.path()).unwrap(), first, "a foreign sidecar is not believed");
    }

    #[test]
    fn the_order_of_the_files_matters() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "one").unwrap();
        fs::write(dir.path().join("b"), "two").unwrap();
        let swapped = fingerprint("m", dir.path(), &["b", "a"]).unwrap().all;
        assert_ne!(of(dir.path()).unwrap(), swapped);
    }

    #[test]
    fn a_missing_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = of(dir.path()).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(OnnxProblem::FileMissing { path, .. }) if path.ends_with("a")));
    }
}
