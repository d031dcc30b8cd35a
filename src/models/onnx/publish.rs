//! A file that becomes visible whole: written beside its place, then renamed into it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Readers see the old file or the new one, never a part. The last of several writers wins.
pub(super) fn publish(path: &Path, write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut builder = tempfile::Builder::new();
    // Readable to whom the user's umask allows, as any other file: a model's folder may be shared.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".writing-").tempfile_in(folder)?;
    let mut writer = BufWriter::new(file.as_file_mut());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
