//! Private files: what is kept for one user, in folders and files that no other can read, whatever the umask.
//!
//! Everything below the data folder is made here: an index holds the text of notes that may be for their owner's eyes only.
//! Files of temporary names (`tempfile`) are made so by themselves.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// What the group and all others may do.
const OTHERS: u32 = 0o077;

/// Makes the folder `path` with those above it that are not there yet. Those that are keep their modes.
pub fn create_dir_all(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

/// For opening a file that may have to be made.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE_MODE);
    options
}

/// Makes the file at `path`, or empties it; never through a link.
pub fn create(path: &Path) -> Result<File> {
    options()
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

/// Takes from all but the owner what an earlier version, or a library, let them do with the folder or file at `path`. What
/// is not there, or not ours to change, is left alone.
pub fn tighten(path: &Path) -> Result<()> {
    let meta = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        meta => meta?,
    };
    let mode = meta.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    match std::fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS)) {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => Ok(()),
        tightened => tightened,
    }
}

/// As [`tighten`], for the files in `folder` that a library made there.
pub fn tighten_files(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        tighten(&entry?.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_owner_alone_and_what_was_there_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("there");
        std::fs::create_dir(&there).unwrap();
        std::fs::set_permissions(&there, Permissions::from_mode(0o755)).unwrap();
        let folder = there.join("a/b");
        create_dir_all(&folder).unwrap();
        create_dir_all(&folder).unwrap();
        assert_eq!([mode(&there), mode(&there.join("a")), mode(&folder)], [0o755, 0o700, 0o700]);
        create(&folder.join("f")).unwrap();
        options().append(true).create(true).open(folder.join("g")).unwrap();
        assert_eq!([mode(&folder.join("f")), mode(&folder.join("g"))], [0o600, 0o600]);
    }

    #[test]
    fn what_was_open_to_others_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        std::fs::write(&file, "").unwrap();
        for (path, given, expect) in [(dir.path(), 0o775, 0o700), (&file, 0o644, 0o600), (&file, 0o400, 0o400)] {
            std::fs::set_permissions(path, Permissions::from_mode(given)).unwrap();
            tighten(path).unwrap();
            assert_eq!(mode(path), expect);
        }
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        tighten_files(dir.path()).unwrap();
        assert_eq!(mode(&file), 0o600);
        tighten(&dir.path().join("none")).unwrap();
    }
}
