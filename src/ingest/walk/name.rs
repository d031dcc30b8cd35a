//! A file's name: bytes to the system, text to everybody else.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// `path` as text that no two paths share: what controls a terminal is written `\xNN`, and so are the letters beyond ASCII
/// of a part that is no UTF-8, and the backslash of a name that looks like this.
pub fn shown(path: &Path) -> String {
    let bytes = bytes_of(path);
    let parts = bytes.split(|byte| *byte == b'/').map(|part| match std::str::from_utf8(part) {
        Ok(part) => shown_text(part),
        Err(_) => part.iter().fold(String::new(), |mut text, byte| {
            match byte {
                b' '..=b'~' if *byte != b'\\' => text.push(char::from(*byte)),
                _ => escape(&mut text, *byte),
            }
            text
        }),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn shown_text(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for (at, c) in part.char_indices() {
        match c {
            '\\' if part[at + 1..].starts_with('x') => escape(&mut text, b'\\'),
            c if c.is_control() => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape(&mut text, byte)),
            c => text.push(c),
        }
    }
    text
}

/// The path that [`shown`] shows as `text`.
pub fn path_of(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix("\\x").and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    of_bytes(bytes)
}

fn escape(text: &mut String, byte: u8) {
    let _ = write!(text, "\\x{byte:02X}");
}

/// A name as it was probably meant: UTF-8, else GB18030, which old systems wrote Chinese names in. Two names may read
/// the same.
pub fn legible(name: &Path) -> String {
    let bytes = bytes_of(name);
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_string(),
        Err(_) => match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(&bytes) {
            Some(text) => text.into_owned(),
            None => return shown(name),
        },
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    fn check(name: &[u8], expect: &str, read: &str) {
        let path = Path::new(OsStr::from_bytes(name));
        assert_eq!((shown(path).as_str(), legible(path).as_str()), (expect, read));
        assert_eq!(path_of(expect), path);
    }

    #[test]
    fn names_are_text_whatever_their_bytes() {
        check("a/周会 纪要#1.md".as_bytes(), "a/周会 纪要#1.md", "a/周会 纪要#1.md");
        check(b"\xB1\xCA\xBC\xC7.md", "\\xB1\\xCA\\xBC\\xC7.md", "笔记.md");
        check(b"a\nb\x1b[31m.md", "a\\x0Ab\\x1B[31m.md", "a b [31m.md");
        check(b"\xff.md", "\\xFF.md", "\\xFF.md");
    }

    #[test]
    fn no_two_names_share_a_text() {
        check(b"\\xFF.md", "\\x5CxFF.md", "\\xFF.md");
        check(b"a\\b", "a\\b", "a\\b");
    }
}
