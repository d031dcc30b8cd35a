//! A script's common characters: what writing is made of, so that noise which happens to decode is told from it.

use encoding_rs::{BIG5, EUC_JP, Encoding, GBK};
use std::sync::OnceLock;

/// How likely a character is in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Ascii,
    /// Han characters that a standard counts among the common ones, kana, hangul, letters, and the usual punctuation.
    Common,
    /// Other Han characters, box drawing, symbols: some in any text, many in none.
    Unusual,
    /// Private use, control, unassigned, replaced: in no text.
    Wrong,
}

/// Han characters by code point, one bit each.
struct HanSet(Box<[u64; 1024]>);

impl HanSet {
    fn contains(&self, c: char) -> bool {
        let code = c as usize;
        code < 0x1_0000 && self.0[code / 64] >> (code % 64) & 1 == 1
    }

    /// The characters of those rows of a double-byte encoding. Each standard sorts its common characters into the first of
    /// them: GB 2312 level 1, Big5 level 1, JIS X 0208 level 1.
    fn add(&mut self, encoding: &'static Encoding, rows: std::ops::RangeInclusive<u8>) {
        for row in rows {
            for cell in (0x40..=0x7e).chain(0xa1..=0xfe) {
                let bytes = [row, cell];
                if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(&bytes)
                    && let Some(c) = text.chars().next().filter(|c| (*c as usize) < 0x1_0000 && is_han(*c))
                {
                    self.0[c as usize / 64] |= 1 << (c as usize % 64);
                }
            }
        }
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// GB 2312 level 1 is where the second byte is above 0xA0; what GBK added to its rows is not common.
fn common_gb() -> &'static HanSet {
    static SET: OnceLock<HanSet> = OnceLock::new();
    SET.get_or_init(|| {
        let mut set = HanSet(Box::new([0; 1024]));
        for row in 0xb0..=0xd7u8 {
            for cell in 0xa1..=0xfeu8 {
                if let Some(text) = GBK.decode_without_bom_handling_and_without_replacement(&[row, cell])
                    && let Some(c) = text.chars().next()
                {
                    set.0[c as usize / 64 % 1024] |= 1 << (c as usize % 64);
                }
            }
        }
        set
    })
}

fn common_elsewhere() -> &'static HanSet {
    static SET: OnceLock<HanSet> = OnceLock::new();
    SET.get_or_init(|| {
        let mut set = HanSet(Box::new([0; 1024]));
        set.add(BIG5, 0xa4..=0xc6);
        set.add(EUC_JP, 0xb0..=0xcf);
        set
    })
}

pub fn class(c: char) -> Class {
    match c {
        '\0'..='\x7f' => Class::Ascii,
        '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}' | '\u{f0000}'..='\u{10ffff}' => {
            Class::Wrong
        }
        // Space, Latin, Greek and Cyrillic letters; general punctuation; kana and the punctuation of East Asia; hangul.
        '\u{a0}'..='\u{24f}'
        | '\u{370}'..='\u{52f}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2030}'..='\u{203b}'
        | '\u{3000}'..='\u{3017}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{ff01}'..='\u{ff5e}'
        | '\u{ac00}'..='\u{d7a3}' => Class::Common,
        c if is_han(c) && (common_gb().contains(c) || common_elsewhere().contains(c)) => Class::Common,
        c if !is_han(c) && c.is_alphabetic() && (c as u32) < 0x1100 => Class::Common,
        _ => Class::Unusual,
    }
}

/// As [`class`], by what a Chinese text is made of: letters and syllables of others are unusual there.
pub fn class_in_chinese(c: char) -> Class {
    match c {
        '\u{b7}' | '\u{d7}' | '\u{2014}'..='\u{2026}' | '\u{3000}'..='\u{3011}' | '\u{ff01}'..='\u{ff5e}' => {
            Class::Common
        }
        c if is_han(c) => class(c),
        c => match class(c) {
            Class::Common => Class::Unusual,
            other => other,
        },
    }
}
