//! Glyphs: the folded characters of a text, each with the bytes of the original it stands for.

use crate::language::is_han;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{
    canonical_combining_class, decompose_canonical, decompose_compatible, is_combining_mark,
};
use unicode_normalization::{IsNormalized, is_nfc_quick};

/// Pairs of a traditional character and its simplified form, one after the other.
pub(super) const TRADITIONAL: &str = include_str!("traditional.txt");

/// One character after folding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    pub c: char,
    /// Whether it was upper case before folding: camelCase is cut there.
    pub upper: bool,
    start: usize,
    end: usize,
}

/// The bytes of the original text that `glyphs` stand for. `glyphs` must not be empty.
pub(super) fn range_of(glyphs: &[Glyph]) -> Range<usize> {
    glyphs[0].start..glyphs[glyphs.len() - 1].end
}

/// Folds `text`: NFKC, case, traditional to simplified, dashes and apostrophes to one form, Latin letters without
/// their accents; zero-width characters and soft hyphens vanish. Blanks and punctuation stay.
///
/// Characters are folded in the smallest groups that NFKC cannot join with their neighbours (a letter and its
/// combining marks, the jamo of a syllable), so a glyph points at no more of the original than it was made from.
/// Where one character becomes several (`㎏` → `kg`), each of them points at it.
pub(super) fn normalize(text: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::with_capacity(text.len() / 2);
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let mut end = start + first.len_utf8();
        while let Some((_, next)) = chars.next_if(|&(_, next)| joins_backward(next)) {
            end += next.len_utf8();
        }
        let mut push = |c: char, upper: bool| glyphs.push(Glyph { c, upper, start, end });
        if is_inert(first) && end == start + first.len_utf8() {
            fold(first, &mut push);
        } else {
            text[start..end].nfkc().for_each(|c| fold(c, &mut push));
        }
    }
    glyphs
}

/// Folds a word that is looked up rather than pointed into.
pub(super) fn fold_str(text: &str) -> String {
    normalize(text).iter().map(|glyph| glyph.c).collect()
}

/// Whether NFKC leaves `c` alone and never joins it to what stands before. Holds for nearly all Chinese and English
/// text, and spares it the tables.
fn is_inert(c: char) -> bool {
    matches!(c, '\0'..='\u{7F}' | '\u{4E00}'..='\u{9FFF}' | '\u{3001}'..='\u{3003}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}')
}

/// Whether NFKC may join `c` to the characters before it, or move it among them.
fn joins_backward(c: char) -> bool {
    if is_inert(c) {
        return false;
    }
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    first.is_some_and(|part| {
        canonical_combining_class(part) != 0 || is_nfc_quick(std::iter::once(part)) != IsNormalized::Yes
    })
}

/// Folds one character of NFKC text into none, one or several.
fn fold(c: char, push: &mut impl FnMut(char, bool)) {
    match c {
        'A'..='Z' => push(c.to_ascii_lowercase(), true),
        '\0'..='\u{7F}' => push(c, false),
        _ if is_han(c) => push(simplified(c), false),
        _ if is_invisible(c) => {}
        '\u{2010}'..='\u{2015}' | '\u{2212}' => push('-', false),
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{02BC}' => push('\'', false),
        '\u{2044}' | '\u{2215}' => push('/', false),
        // What NFKC could not join to its letter distinguishes no words: stress marks, struck-out letters.
        '\u{0300}'..='\u{036F}' => {}
        _ => {
            let upper = c.is_uppercase();
            // Through upper case and back is full case folding: ß → SS → ss, ς → Σ → σ.
            for lower in c.to_uppercase().flat_map(char::to_lowercase) {
                match lower {
                    '\u{0300}'..='\u{036F}' => {}
                    _ => push(without_accent(lower), upper),
                }
            }
        }
    }
}

/// The ASCII letter under an accented Latin one; any other character as it is.
fn without_accent(c: char) -> char {
    if !matches!(c, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}') {
        return c;
    }
    let mut base = None;
    decompose_canonical(c, |part| {
        base.get_or_insert(part);
    });
    base.filter(char::is_ascii_alphabetic).unwrap_or(c)
}

/// Zero-width characters, soft hyphens, marks of direction and variation: they print nothing and part no words.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether `c` continues a word without being a letter: vowel signs and the like.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

fn simplified(c: char) -> char {
    SIMPLIFIED.of(c)
}

static SIMPLIFIED: LazyLock<Simplified> = LazyLock::new(Simplified::load);

/// The traditional-to-simplified map, a direct table where the common characters are.
struct Simplified {
    common: Vec<char>,
    /// Sorted by the traditional character.
    rare: Vec<(char, char)>,
}

impl Simplified {
    const COMMON: Range<u32> = 0x3400..0xA000;

    fn load() -> Simplified {
        let mut common: Vec<char> = Self::COMMON.filter_map(char::from_u32).collect();
        let mut rare = Vec::new();
        let mut chars = TRADITIONAL.chars().filter(|c| *c != '\n');
        while let (Some(from), Some(to)) = (chars.next(), chars.next()) {
            if Self::COMMON.contains(&(from as u32)) {
                common[(from as u32 - Self::COMMON.start) as usize] = to;
            } else {
                rare.push((from, to));
            }
        }
        rare.sort_unstable();
        Simplified { common, rare }
    }

    fn of(&self, c: char) -> char {
        if Self::COMMON.contains(&(c as u32)) {
            return self.common[(c as u32 - Self::COMMON.start) as usize];
        }
        self.rare.binary_search_by_key(&c, |pair| pair.0).map_or(c, |at| self.rare[at].1)
    }
}
