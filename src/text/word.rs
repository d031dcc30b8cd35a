//! A word run: Latin and other alphabetic words, numbers and identifiers, kept whole and in parts.
//!
//! | written | terms |
//! |---|---|
//! | `running` | run |
//! | `QLoRA` | qlora |
//! | `TextEmbedding` | textembed, text, embed |
//! | `4-bit` | 4-bit, 4bit, 4, bit |
//! | `claude-3-sonnet` | claude-3-sonnet, claude3sonnet, claude, 3, sonnet |
//! | `qwen2.5-7b` | qwen2.5-7b, qwen2.57b, qwen2.5, qwen, 2.5, 7b |
//! | `/v1/rerank` | v1/rerank, v1, rerank |
//! | `48GB`, `48 GB` | 48gb, 48, gb |
//! | `C++`, `C#`, `.NET` | c++; c#; .net, net |
//! | `3.14`, `1,000`, `50%` | 3.14; 1000; 50%, 50 |
//! | dates, versions, addresses | see [`number`] |
//! | numbers in groups: telephones, cards | see [`grouped`](super::grouped) |
//! | `Anna's`, `don't` | anna; don't |
//!
//! Case never decides about a whole word, only about extra parts, so `QLORA` finds `QLoRA`. Words of letters are
//! stemmed, compounds are not. camelCase is cut only where at least two parts have three letters or more, which
//! leaves `QLoRA`, `OpenAI` and `PyTorch` alone; letters and digits are cut apart only once a word and only from two
//! letters up, which leaves `h100`, `7b` and hashes alone.

use super::grouped::grouped;
use super::normalize::{Glyph, is_mark, range_of};
use super::number;
use super::segment::is_letter;
use super::term::{Kind, Term};
use frostem::{Algorithm, Stemmer};
use std::borrow::Cow;
use std::ops::Range;

/// Longer words are cut off here, their range stays whole.
const TERM_CHARS_MAX: usize = 64;

/// What a number may be written apart from: `48 GB` is `48GB`.
const UNITS: &[&str] = &[
    "%", "b", "k", "m", "g", "t", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib", "bit", "bits", "byte",
    "bytes", "hz", "khz", "mhz", "ghz", "ns", "us", "ms", "s", "min", "h", "mg", "kg", "nm", "mm", "cm", "km", "w",
    "kw", "mw", "v", "mv", "ma", "mah", "ml", "px", "dpi", "fps", "rpm", "qps",
];

/// Words, numbers and the joints between them, without a blank.
pub(super) struct Run {
    glyphs: Range<usize>,
    /// Between joints.
    atoms: Vec<Range<usize>>,
    /// Where to go on; past a possessive `'s`.
    pub next: usize,
}

/// Whether a dot at `at` belongs to the name after it: `.NET`, `.gitignore`.
pub(super) fn begins_with_dot(glyphs: &[Glyph], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| glyphs[before].c);
    glyphs[at].c == '.'
        && glyphs.get(at + 1).is_some_and(|next| next.c.is_ascii_alphabetic())
        && before.is_none_or(|c| {
            c.is_whitespace() || crate::language::is_han(c) || matches!(c, '(' | '[' | '"' | '\'' | '`')
        })
}

/// The run that begins at `from`, a letter, a digit or a leading dot.
pub(super) fn scan(glyphs: &[Glyph], from: usize) -> Run {
    let mut atoms = Vec::new();
    let mut at = from + usize::from(glyphs[from].c == '.');
    let mut start = at;
    loop {
        while at < glyphs.len() && (is_letter(glyphs[at].c) || (at > start && is_mark(glyphs[at].c))) {
            at += 1;
        }
        match joint(glyphs, from, at) {
            Joint::Inner => at += 1,
            Joint::Between => {
                atoms.push(start..at);
                at += 1;
                start = at;
            }
            Joint::Possessive => {
                atoms.push(start..at);
                return Run { glyphs: from..at, atoms, next: at + 2 };
            }
            Joint::None => break,
        }
    }
    atoms.push(start..at);
    let end = at + suffix(glyphs, start, at);
    Run { glyphs: from..end, atoms, next: end }
}

enum Joint {
    /// Part of a number or a contraction: `3.14`, `1,000`, `don't`.
    Inner,
    /// Between two parts of a compound.
    Between,
    /// `'s`
    Possessive,
    None,
}

fn joint(glyphs: &[Glyph], from: usize, at: usize) -> Joint {
    let (Some(joint), Some(next)) = (glyphs.get(at), glyphs.get(at + 1)) else { return Joint::None };
    let before = glyphs[at - 1].c;
    if !is_letter(next.c) {
        return Joint::None;
    }
    let digits = before.is_ascii_digit() && next.c.is_ascii_digit();
    match joint.c {
        '.' if digits => Joint::Inner,
        ',' if digits && is_thousands(glyphs, from, at) => Joint::Inner,
        '\'' if next.c == 's' && !glyphs.get(at + 2).is_some_and(|after| is_letter(after.c)) => Joint::Possessive,
        '\'' => Joint::Inner,
        // A telephone number after its name is no part of it.
        ':' if next.c.is_ascii_digit() && grouped(glyphs, at + 1).is_none() => Joint::Between,
        '-' | '_' | '.' | '/' | '@' | '&' | '+' => Joint::Between,
        _ => Joint::None,
    }
}

/// Whether the comma at `at` groups digits: one to three before it (or groups already), exactly three after it.
fn is_thousands(glyphs: &[Glyph], from: usize, at: usize) -> bool {
    let before = glyphs[from..at].iter().rev().take_while(|g| g.c.is_ascii_digit()).count();
    let after = glyphs[at + 1..].iter().take_while(|g| g.c.is_ascii_digit()).count();
    (1..=3).contains(&before) && after == 3
}

/// Symbols that belong to the word they follow: `C++`, `C#`, `50%`.
fn suffix(glyphs: &[Glyph], start: usize, end: usize) -> usize {
    let symbol = |offset: usize| glyphs.get(end + offset).map(|glyph| glyph.c);
    match (symbol(0), symbol(1)) {
        (Some('+'), Some('+')) if symbol(2) != Some('+') => 2,
        (Some('#'), _) if end - start == 1 && glyphs[start].c.is_ascii_alphabetic() => 1,
        (Some('%'), _) if glyphs[end - 1].c.is_ascii_digit() => 1,
        _ => 0,
    }
}

impl Run {
    /// Appends the run's terms, the first at `position`; returns the position after the run.
    pub fn terms(&self, glyphs: &[Glyph], position: u32, terms: &mut Vec<Term>) -> u32 {
        let mut out = Terms { glyphs, position, terms };
        let symbols = self.atoms[0].start > self.glyphs.start || self.last().end < self.glyphs.end;
        if symbols || self.atoms.len() > 1 {
            self.whole(&mut out);
        } else if let Some(date) = number::chinese_date(glyphs, &self.glyphs) {
            out.push(Kind::Compound, &date.glyphs, date.digits);
        }
        if self.is_hyphenated(glyphs) {
            let glued: String =
                text(&glyphs[self.glyphs.clone()]).chars().filter(|c| !matches!(c, '-' | '_')).collect();
            out.push(Kind::Compound, &self.glyphs, stemmed(glued));
        }
        if symbols && self.atoms.len() == 1 && self.last().len() == 1 && !glyphs[self.last().start].c.is_ascii_digit() {
            return out.position + 1; // the c of c++ is not a word
        }
        let kind = if symbols || self.atoms.len() > 1 { Kind::Part } else { Kind::Word };
        for atom in &self.atoms {
            out.atom(atom, kind);
        }
        let position = out.position;
        self.unit(glyphs, position, terms);
        position
    }

    /// The term of a compound as a whole, and of a date that it holds.
    fn whole(&self, out: &mut Terms<'_>) {
        let glyphs = out.glyphs;
        let as_written = || {
            let first = &self.atoms[0];
            let v = number::without_v(glyphs, first).start - first.start;
            text(&glyphs[self.glyphs.start + v..self.glyphs.end])
        };
        let (whole, date) = match number::date_among(glyphs, &self.atoms) {
            Some(date) if date.glyphs == self.glyphs => (date.digits, None),
            date => (number::thousands(glyphs, &self.atoms).unwrap_or_else(as_written), date),
        };
        out.push(Kind::Compound, &self.glyphs, whole);
        if let Some(date) = date {
            out.push(Kind::Part, &date.glyphs, date.digits);
        }
    }

    fn last(&self) -> &Range<usize> {
        &self.atoms[self.atoms.len() - 1]
    }

    /// Joined by hyphens or underscores only, and not a number or a date.
    fn is_hyphenated(&self, glyphs: &[Glyph]) -> bool {
        self.atoms.len() > 1
            && self.atoms.windows(2).all(|pair| matches!(glyphs[pair[0].end].c, '-' | '_'))
            && glyphs[self.glyphs.clone()].iter().any(|glyph| glyph.c.is_alphabetic())
    }
}

impl Run {
    /// A number with a unit after a blank also makes the term it would make without.
    fn unit(&self, glyphs: &[Glyph], position: u32, terms: &mut Vec<Term>) {
        let number = &glyphs[self.glyphs.clone()];
        if !number.iter().all(|glyph| glyph.c.is_ascii_digit() || matches!(glyph.c, '.' | ',')) {
            return;
        }
        let rest = &glyphs[self.glyphs.end..];
        let blanks = rest.iter().take_while(|glyph| matches!(glyph.c, ' ' | '\t')).count();
        let rest = &rest[blanks..];
        let letters = rest.iter().take_while(|glyph| is_letter(glyph.c)).count();
        let unit = &rest[..if rest.first().is_some_and(|glyph| glyph.c == '%') { 1 } else { letters }];
        if blanks > 0 && UNITS.contains(&text(unit).as_str()) {
            let range = range_of(number).start..range_of(unit).end;
            terms.push(Term { text: text(number) + &text(unit), range, position, kind: Kind::Compound });
        }
    }
}

/// The terms of a run under way.
struct Terms<'a> {
    glyphs: &'a [Glyph],
    position: u32,
    terms: &'a mut Vec<Term>,
}

impl Terms<'_> {
    fn push(&mut self, kind: Kind, glyphs: &Range<usize>, text: String) {
        let range = range_of(&self.glyphs[glyphs.clone()]);
        self.terms.push(Term { text, range, position: self.position, kind });
    }

    /// One word or number, and its parts if it has any.
    fn atom(&mut self, atom: &Range<usize>, kind: Kind) {
        let parts = parts(self.glyphs, atom);
        let kind = if !parts.is_empty() && kind == Kind::Word { Kind::Compound } else { kind };
        let named = number::without_v(self.glyphs, atom);
        self.push(kind, atom, stemmed(text(&self.glyphs[named.clone()])));
        self.beginnings(&named);
        let end = self.position + parts.len().max(1) as u32;
        for part in &parts {
            self.push(Kind::Part, part, stemmed(text(&self.glyphs[part.clone()])));
            self.beginnings(part);
            self.position += 1;
        }
        self.position = end;
    }

    /// What a version or an address is found by besides the whole.
    fn beginnings(&mut self, number: &Range<usize>) {
        if let Some(date) = number::dotted_date(self.glyphs, number) {
            self.push(Kind::Compound, &date.glyphs, date.digits);
        }
        for beginning in number::beginnings(self.glyphs, number) {
            self.push(Kind::Part, &beginning, text(&self.glyphs[beginning.clone()]));
        }
    }
}

/// What an atom is made of: `Text`, `Embedding`; `qwen`, `2.5`; `homme` of `l'homme`. Empty if it is of one piece.
fn parts(glyphs: &[Glyph], atom: &Range<usize>) -> Vec<Range<usize>> {
    let cut = |is_cut: &dyn Fn(usize) -> bool| -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = atom.start;
        for at in (atom.start + 1..atom.end).filter(|&at| is_cut(at)).chain([atom.end]) {
            parts.push(start..at);
            start = at;
        }
        parts
    };
    let letters = |part: &Range<usize>| glyphs[part.start].c.is_alphabetic();
    let is_number = |at: usize| matches!(glyphs[at].c, '0'..='9' | '.' | ',');

    let runs = cut(&|at| is_number(at) != is_number(at - 1));
    if let [first, second] = &runs[..] {
        let word = if letters(first) { first } else { second };
        if word.len() >= 2 {
            return runs;
        }
    }
    if let Some(last) = glyphs[atom.clone()].iter().rposition(|glyph| glyph.c == '\'') {
        // An article before a noun; not the end of a contraction, which is shorter.
        let noun = atom.start + last + 1..atom.end;
        return if noun.len() >= 3 { vec![noun] } else { Vec::new() };
    }
    let humps = cut(&|at| {
        let next_is_lower = at + 1 < atom.end && !glyphs[at + 1].upper;
        glyphs[at].upper && (!glyphs[at - 1].upper || next_is_lower)
    });
    if humps.iter().filter(|hump| hump.len() >= 3).count() >= 2 {
        return humps.into_iter().filter(|hump| hump.len() >= 2).collect();
    }
    Vec::new()
}

/// Folded text, digit groups joined, cut to a sane length.
fn text(glyphs: &[Glyph]) -> String {
    glyphs.iter().map(|glyph| glyph.c).filter(|c| *c != ',').take(TERM_CHARS_MAX).collect()
}

/// The stem of an English word; anything else, and anything short, as it is.
fn stemmed(word: String) -> String {
    if word.len() <= 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word;
    }
    match Stemmer::new(Algorithm::English).stem(&word) {
        Cow::Borrowed(_) => word,
        Cow::Owned(stem) => stem,
    }
}
