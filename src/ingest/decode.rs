//! A decoded text: the bytes of a file in whatever encoding, as lines of Unicode.
//!
//! ```text
//! byte order mark, else UTF-8, else UTF-16, else a few broken bytes of UTF-8, else a legacy encoding that reads as text
//! ```
//!
//! Each step is linear in the bytes. What no step takes is told from text by kind ([`Undecodable`]), never indexed as noise.

mod legacy;
mod script;
mod wide;

use crate::language::Lang;
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// Control characters that a text may have all the same: one in so many bytes of a short one, a few, and then one in so
/// many more.
const BYTES_A_FIRST_CONTROL: usize = 20;
const CONTROLS_MAX: usize = 3;
const BYTES_A_CONTROL: usize = 500;
/// Good multibyte sequences for each broken one, from which a file is UTF-8 that was damaged.
const GOOD_A_BROKEN: usize = 4;
/// So few bytes among so much plain ASCII, none beside another, say nothing about an encoding: they are damage, too.
const BROKEN_ASCII_MAX: usize = 3;
const ASCII_A_BROKEN: usize = 10_000;

/// A file as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Without the byte order mark. Lines end with `\n`: `\r\n` and a lone `\r` are line ends of other systems, and so
    /// lines are those that an editor counts.
    pub text: String,
    /// What it was read as, by the name that the WHATWG's standard gives it: `UTF-8`, `UTF-16LE`, `GB18030`, `Big5` …
    pub encoding: &'static str,
    pub had_bom: bool,
    /// Broken sequences, each with U+FFFD in its place: a file that was cut off, or damaged by another program.
    pub replaced: usize,
}

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// NUL bytes, or more control characters than any text has.
    #[error("is binary data, not text")]
    Binary,
    /// In no encoding that we know are they writing.
    #[error("is text in no encoding that can be told")]
    NotText,
}

impl Undecodable {
    /// The same sentence in Chinese.
    pub fn zh(self) -> String {
        match self {
            Undecodable::Binary => "是二进制数据,不是文本".into(),
            Undecodable::NotText => "辨认不出文本编码".into(),
        }
    }

    /// What to do about it.
    pub fn hint(self, lang: Lang) -> Option<String> {
        match self {
            Undecodable::Binary => None,
            Undecodable::NotText => Some(
                lang.pick(
                    "另存为 UTF-8,例如:iconv -f GB18030 -t UTF-8(可辨认 UTF-16、GB18030、Big5、Shift_JIS、EUC-KR 等)"
                        .into(),
                    "save it as UTF-8, for example with iconv -f GB18030 -t UTF-8 (known are UTF-16, GB18030, Big5, \
                 Shift_JIS, EUC-KR and others)"
                        .into(),
                ),
            ),
        }
    }
}

/// Reads `bytes` in the encoding that they are in.
///
/// # Errors
/// [`Undecodable`] where they are no text. Never panics, whatever they are.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Undecodable> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return marked(encoding, &bytes[mark..]);
    }
    let is_free_of_nul = !bytes.contains(&0);
    let is_quiet = is_free_of_nul && controls(bytes) <= controls_max(bytes.len());
    if is_quiet && let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(decoded(text.into(), UTF_8, false, 0));
    }
    if let Some(encoding) = wide::detect(bytes) {
        let (text, replaced) = wide::decode(bytes, encoding);
        return Ok(decoded(text, encoding, false, replaced));
    }
    if !is_quiet {
        return Err(Undecodable::Binary);
    }
    if let Some(broken) = broken_utf8(bytes) {
        return Ok(broken);
    }
    let read = legacy::detect(bytes).and_then(|encoding| Some((encoding, legacy::decode(bytes, encoding)?)));
    match read {
        Some((encoding, (text, replaced))) => Ok(decoded(text, encoding, false, replaced)),
        None => cut_off_utf8(bytes).ok_or(Undecodable::NotText),
    }
}

/// What comes after a byte order mark is what the mark says, however broken, unless it is no text at all.
fn marked(encoding: &'static Encoding, bytes: &[u8]) -> Result<Decoded, Undecodable> {
    let (text, replaced) = match encoding == UTF_16LE || encoding == UTF_16BE {
        true => wide::decode(bytes, encoding),
        false => lossy(bytes),
    };
    refuse_controls(&text)?;
    if replaced * GOOD_A_BROKEN > text.chars().count() {
        return Err(Undecodable::NotText);
    }
    Ok(decoded(text, encoding, true, replaced))
}

fn decoded(text: String, encoding: &'static Encoding, had_bom: bool, replaced: usize) -> Decoded {
    // The standard's own name is not how anyone writes it.
    let encoding = if encoding == GB18030 { "GB18030" } else { encoding.name() };
    Decoded { text: with_line_feeds(text), encoding, had_bom, replaced }
}

/// UTF-8 with U+FFFD for each broken sequence, and how many those were.
fn lossy(bytes: &[u8]) -> (String, usize) {
    let (mut text, mut replaced) = (String::with_capacity(bytes.len()), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            replaced += 1;
        }
    }
    (text, replaced)
}

/// The text of a file that is UTF-8 but for some damage. In the legacy encodings good sequences are chance, and rare.
fn broken_utf8(bytes: &[u8]) -> Option<Decoded> {
    let (mut good, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| c.len_utf8() > 2).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if good < GOOD_A_BROKEN * broken && !is_damaged_ascii(bytes) {
        return None;
    }
    let (text, replaced) = lossy(bytes);
    Some(decoded(text, UTF_8, false, replaced))
}

fn is_damaged_ascii(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    high <= BROKEN_ASCII_MAX.min(bytes.len() / ASCII_A_BROKEN)
        && !bytes.windows(2).any(|two| two.iter().all(|byte| !byte.is_ascii()))
}

/// ASCII that ends in the middle of a character, where no other encoding makes anything of it.
fn cut_off_utf8(bytes: &[u8]) -> Option<Decoded> {
    let error = std::str::from_utf8(bytes).err()?;
    let (text, replaced) = lossy(bytes);
    (error.error_len().is_none() && error.valid_up_to() > 0).then(|| decoded(text, UTF_8, false, replaced))
}

fn refuse_controls(text: &str) -> Result<(), Undecodable> {
    if controls(text.as_bytes()) > controls_max(text.len()) || text.contains('\0') {
        return Err(Undecodable::Binary);
    }
    Ok(())
}

fn controls_max(len: usize) -> usize {
    CONTROLS_MAX.min(len / BYTES_A_FIRST_CONTROL) + len / BYTES_A_CONTROL
}

/// Control characters that no text has. A terminal's output has escapes and backspaces, a page feed parts pages, and
/// MS-DOS ends a file with ^Z.
fn controls(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| matches!(byte, 0x00..=0x06 | 0x0e..=0x19 | 0x1c..=0x1f | 0x7f)).count()
}

/// `\r\n` and lone `\r` as `\n`; a text without them is not copied.
fn with_line_feeds(text: String) -> String {
    if !text.as_bytes().contains(&b'\r') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\r') {
        out.push_str(&rest[..at]);
        out.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
