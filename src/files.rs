//! Whole files: read where they are regular and no longer than asked for, and written by one rename.
//!
//! A path that a user types, or that a checked-out folder holds, may name a pipe that nobody writes to, an endless device or
//! a link to either. Opening one must not hang, and reading one must not fill the memory.

use crate::language::Lang;
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Of `rag.toml`, `rag.lock`, prompts and the like: what people write by hand.
pub const SETTINGS_BYTES_MAX: u64 = 4 << 20;
/// Of lists that programs write: suites, judgements, runs, dictionaries.
pub const LIST_BYTES_MAX: u64 = 1 << 30;

/// Why a file was not read, inside an [`Error`]; see [`Refused::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("a folder, not a file")]
    Folder,
    #[error("a named pipe, not a regular file")]
    Pipe,
    #[error("a socket, not a regular file")]
    Socket,
    #[error("a device, not a regular file")]
    Device,
    #[error("a link, which is not written through")]
    Link,
    #[error("more than the limit of {bytes_max} bytes")]
    TooLarge { bytes_max: u64 },
}

impl Refused {
    /// The refusal that `error` is, if it is one.
    pub fn of(error: &Error) -> Option<Refused> {
        error.get_ref()?.downcast_ref().copied()
    }

    pub fn message(self, lang: Lang) -> String {
        let zh = match self {
            Refused::Folder => "这是目录,不是文件".into(),
            Refused::Pipe => "这是命名管道,不是普通文件".into(),
            Refused::Socket => "这是套接字,不是普通文件".into(),
            Refused::Device => "这是设备,不是普通文件".into(),
            Refused::Link => "这是链接,不经它写入".into(),
            Refused::TooLarge { bytes_max } => format!("超过上限 {bytes_max} 字节"),
        };
        lang.pick(zh, self.to_string())
    }

    fn kind(self) -> ErrorKind {
        match self {
            Refused::Folder => ErrorKind::IsADirectory,
            Refused::TooLarge { .. } => ErrorKind::FileTooLarge,
            Refused::Pipe | Refused::Socket | Refused::Device | Refused::Link => ErrorKind::InvalidInput,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::new(refused.kind(), refused)
    }
}

/// The bytes of the regular file at `path`, links followed, at most `bytes_max`.
///
/// # Errors
/// Those of opening and reading; [`ErrorKind::IsADirectory`] for a folder, [`ErrorKind::InvalidInput`] for a pipe, socket or
/// device, [`ErrorKind::FileTooLarge`] beyond `bytes_max`, each with a [`Refused`] inside. Never blocks, and never holds more
/// than `bytes_max` bytes and one, though the file should grow while it is read.
pub fn read_regular(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let (file, meta) = open_regular(path)?;
    if meta.len() > bytes_max {
        return Err(Refused::TooLarge { bytes_max }.into());
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Refused::TooLarge { bytes_max }.into());
    }
    Ok(bytes)
}

/// As [`read_regular`], as UTF-8 without its byte order mark; [`ErrorKind::InvalidData`] for anything else.
pub fn read_regular_text(path: &Path, bytes_max: u64) -> Result<String> {
    let text = String::from_utf8(read_regular(path, bytes_max)?);
    let mut text = text.map_err(|error| {
        Error::new(ErrorKind::InvalidData, format!("not UTF-8 (byte {})", error.utf8_error().valid_up_to()))
    })?;
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    Ok(text)
}

/// Opens the regular file at `path` for reading, links followed; the same errors as [`read_regular`], and as little waiting.
pub fn open_regular(path: &Path) -> Result<(File, Metadata)> {
    // Looked at first, since opening alone makes some devices do something; and again once it is open, since only then
    // nobody can put another file in its place.
    require_regular(std::fs::metadata(path)?.file_type())?;
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags as i32).open(path)?;
    let meta = file.metadata()?;
    require_regular(meta.file_type())?;
    Ok((file, meta))
}

fn require_regular(kind: FileType) -> Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    Err(if kind.is_dir() {
        Refused::Folder
    } else if kind.is_fifo() {
        Refused::Pipe
    } else if kind.is_socket() {
        Refused::Socket
    } else {
        Refused::Device
    }
    .into())
}

/// Opens the file at `path` for writing at its end, or makes it. A checked-out folder does not say where else something is
/// written: a link is refused, as is what is no regular file.
pub fn open_to_append(path: &Path) -> Result<File> {
    if path.is_symlink() {
        return Err(Refused::Link.into());
    }
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NOFOLLOW).bits();
    let file = OpenOptions::new().create(true).append(true).custom_flags(flags as i32).open(path)?;
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Puts `bytes` in the place of whatever is at `path`, by one rename: a reader sees the old file or the new one, and a link is
/// replaced, not followed. The mode is that of any new file.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let mut file = builder.permissions(std::fs::Permissions::from_mode(0o666)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn check(path: &str, expect: Refused) {
        let error = read_regular(Path::new(path), 10).unwrap_err();
        assert_eq!(Refused::of(&error), Some(expect), "{path}: {error}");
        assert_eq!(error.kind(), expect.kind());
    }

    #[test]
    fn only_regular_files_are_read_links_followed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        std::fs::write(at("a"), "0123456789").unwrap();
        symlink("a", at("link")).unwrap();
        assert_eq!(read_regular(Path::new(&at("link")), 10).unwrap(), b"0123456789");
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        symlink("pipe", at("to-pipe")).unwrap();
        symlink("/dev/zero", at("to-zero")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        check(&at(""), Refused::Folder);
        for name in ["pipe", "to-pipe"] {
            check(&at(name), Refused::Pipe);
        }
        for path in ["/dev/zero", "/dev/null", &at("to-zero")] {
            check(path, Refused::Device);
        }
        check(&at("socket"), Refused::Socket);
        assert_eq!(read_regular(Path::new(&at("none")), 10).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn no_more_than_the_limit_is_read_whatever_size_the_file_claims() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "01234567890").unwrap();
        check(path.to_str().unwrap(), Refused::TooLarge { bytes_max: 10 });
        // Said to hold nothing, and yet it does.
        assert!(!read_regular(Path::new("/proc/self/status"), 1 << 20).unwrap().is_empty());
        check("/proc/self/status", Refused::TooLarge { bytes_max: 10 });
    }

    #[test]
    fn text_is_utf8_without_its_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "\u{FEFF}索引\u{FEFF}").unwrap();
        assert_eq!(read_regular_text(&path, 100).unwrap(), "索引\u{FEFF}");
        std::fs::write(&path, b"ab\xd6\xd0").unwrap();
        let error = read_regular_text(&path, 100).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidData, "not UTF-8 (byte 2)"));
    }

    #[test]
    fn a_link_is_replaced_and_what_it_names_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("a"), dir.path().join("other"));
        symlink(&other, &path).unwrap();
        assert_eq!(Refused::of(&open_to_append(&path).unwrap_err()), Some(Refused::Link));
        replace(&path, b"new").unwrap();
        open_to_append(&path).unwrap();
        assert!(!other.exists() && !path.is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }
}
