//! UTF-16 without a mark: told by what either order of the bytes would say.

use super::script::{Class, class};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Share of characters that must be common in one order. In the other, letters are Han characters hardly anyone uses, and
/// Han characters are spread over all of Unicode.
const COMMON_MIN: f64 = 0.9;
/// Without a NUL, the bytes might be those of a legacy encoding: so few code units tell nothing.
const UNITS_MIN: usize = 4;

#[derive(Default)]
struct Count {
    units: usize,
    common: usize,
    nuls: usize,
    /// Unpaired surrogates, and characters that are in no text.
    wrong: usize,
    hangul: usize,
}

/// The order of bytes in which `bytes` are text, if they are in one.
pub fn detect(bytes: &[u8]) -> Option<&'static Encoding> {
    let has_nul = bytes.contains(&0);
    let fits = |encoding: &'static Encoding| {
        let Count { units, common, nuls, wrong, hangul } = count(bytes, encoding);
        let share = common as f64 / units.max(1) as f64;
        // Double bytes of a legacy encoding, read as UTF-16, are hangul and private use.
        let is_told =
            has_nul || units >= UNITS_MIN && bytes.len().is_multiple_of(2) && hangul * 10 < units && wrong == 0;
        (units > 0 && nuls == 0 && share >= COMMON_MIN && wrong * 1000 <= units && is_told).then_some((share, encoding))
    };
    let best = [UTF_16LE, UTF_16BE].into_iter().filter_map(fits).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, encoding)| encoding)
}

fn count(bytes: &[u8], encoding: &'static Encoding) -> Count {
    let mut count = Count::default();
    for decoded in char::decode_utf16(units(bytes, encoding)) {
        count.units += 1;
        match decoded {
            Ok('\0') => count.nuls += 1,
            Err(_) => count.wrong += 1,
            Ok(c @ '\u{1}'..='\u{7f}') if c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c') => {}
            Ok(c) => match class(c) {
                Class::Ascii | Class::Common => {
                    count.common += 1;
                    count.hangul += usize::from(matches!(c, '\u{ac00}'..='\u{d7a3}'));
                }
                Class::Unusual => {}
                Class::Wrong => count.wrong += 1,
            },
        }
    }
    count
}

/// Without a last odd byte.
fn units(bytes: &[u8], encoding: &'static Encoding) -> impl Iterator<Item = u16> {
    let is_big = encoding == UTF_16BE;
    bytes.chunks_exact(2).map(move |two| {
        let two = [two[0], two[1]];
        if is_big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) }
    })
}

/// The text, with U+FFFD for each unpaired surrogate and for a last odd byte, and how many those were.
pub fn decode(bytes: &[u8], encoding: &'static Encoding) -> (String, usize) {
    let (mut text, mut replaced) = (String::with_capacity(bytes.len()), 0);
    for decoded in char::decode_utf16(units(bytes, encoding)) {
        text.push(decoded.unwrap_or_else(|_| {
            replaced += 1;
            char::REPLACEMENT_CHARACTER
        }));
    }
    if !bytes.len().is_multiple_of(2) {
        text.push(char::REPLACEMENT_CHARACTER);
        replaced += 1;
    }
    (text, replaced)
}
