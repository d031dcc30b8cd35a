//! A guarded read: where it fails, the files that it read are looked at whole, and damage is told as damage.
//!
//! Opening a generation looks at no more than the lengths of its large files. tantivy trusts what it reads: of postings that
//! make no sense it may say anything, and it may panic.

use super::checksum::{Checksum, Depth, require_sound};
use crate::error::Result;
use crate::store::StoreProblem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// What `read` makes of `files`, which lie in `dir`.
pub fn guarded<'s, T>(
    dir: &Path,
    files: impl IntoIterator<Item = (&'s String, &'s Checksum)>,
    read: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(read));
    let is_suspect = match &outcome {
        Ok(Ok(_)) => false,
        Ok(Err(error)) => matches!(error.downcast_ref(), Some(StoreProblem::Engine { .. })),
        Err(_) => true,
    };
    if is_suspect {
        require_sound(dir, files, Depth::Whole)?;
    }
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}
