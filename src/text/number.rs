//! A number of several parts: a date, a version, an address.
//!
//! | written | terms besides the parts |
//! |---|---|
//! | `2023-11-08`, `2023/11/8` | 20231108 |
//! | `2023.11.8`, `2023年11月8日`, `2023-11-08T10:00`, `a/2023/11/08/b.md` | 20231108 beside the whole |
//! | `v1.2.3`, `1.2.3` | 1.2.3, 1.2 |
//! | `192.168.10.7` | 192.168.10.7, 192.168.10, 192.168 |
//! | `1_000_000` | 1000000 |
//!
//! A date is the term that it is when written in eight digits. A number with two points or more is found by its
//! beginnings of two parts and more. A plain number, whole or decimal, makes nothing more.

use super::normalize::Glyph;
use std::ops::{Range, RangeInclusive};

/// What eight digits or three parts are taken for a date.
const YEARS: RangeInclusive<u32> = 1900..=2099;
/// Longest beginning; object identifiers have twenty parts.
const PARTS_MAX: usize = 6;

pub(super) fn is_year(digits: &str) -> bool {
    digits.len() == 4 && digits.parse().is_ok_and(|year| YEARS.contains(&year))
}

pub(super) fn is_date(year: &str, month: &str, day: &str) -> bool {
    let is_of = |digits: &str, most: u32| {
        matches!(digits.len(), 1 | 2) && digits.parse().is_ok_and(|number| (1..=most).contains(&number))
    };
    is_year(year) && is_of(month, 12) && is_of(day, 31)
}

/// A date among the parts of something longer.
pub(super) struct Date {
    /// `20231108`
    pub digits: String,
    pub glyphs: Range<usize>,
}

fn date(glyphs: &[Glyph], year: Range<usize>, month: Range<usize>, day: Range<usize>) -> Option<Date> {
    let [y, m, d] = [&year, &month, &day].map(|part| digits(&glyphs[part.clone()]));
    let (y, m, d) = (y?, m?, d?);
    is_date(&y, &m, &d).then(|| Date { digits: format!("{y}{m:0>2}{d:0>2}"), glyphs: year.start..day.end })
}

/// The first date among `atoms`, with the same joint between its parts; a time may follow.
pub(super) fn date_among(glyphs: &[Glyph], atoms: &[Range<usize>]) -> Option<Date> {
    atoms.windows(3).find_map(|window| {
        let [year, month, day] = window else { return None };
        let joint = glyphs[year.end].c;
        if year.len() != 4 || joint != glyphs[month.end].c || !matches!(joint, '-' | '/' | '_') {
            return None;
        }
        let days = glyphs[day.clone()].iter().take_while(|glyph| glyph.c.is_ascii_digit()).count();
        let after = |at: usize| glyphs[day.clone()].get(days + at).map(|glyph| glyph.c);
        let has_time = after(0) == Some('t') && after(1).is_some_and(|c| c.is_ascii_digit());
        if days < day.len() && !has_time {
            return None;
        }
        date(glyphs, year.clone(), month.clone(), day.start..day.start + days)
    })
}

/// `2023年11月8日`, of which `year` has been read; blanks may stand between.
pub(super) fn chinese_date(glyphs: &[Glyph], year: &Range<usize>) -> Option<Date> {
    if year.len() != 4 {
        return None;
    }
    let c = |at: usize| glyphs.get(at).map(|glyph| glyph.c);
    let after_blank = |at: usize| at + usize::from(c(at) == Some(' '));
    let number =
        |from: usize| from..from + (from..from + 3).take_while(|at| c(*at).is_some_and(|c| c.is_ascii_digit())).count();
    let named = |from: usize, names: &[char]| {
        let at = after_blank(from);
        c(at).is_some_and(|c| names.contains(&c)).then_some(at + 1)
    };
    let month = number(after_blank(named(year.end, &['年'])?));
    let day = number(after_blank(named(month.end, &['月'])?));
    let end = named(day.end, &['日', '号'])?;
    date(glyphs, year.clone(), month, day).map(|date| Date { glyphs: year.start..end, ..date })
}

/// `2023.11.8`, which may be a version, too.
pub(super) fn dotted_date(glyphs: &[Glyph], number: &Range<usize>) -> Option<Date> {
    match parts(glyphs, number).as_slice() {
        [year, month, day] => date(glyphs, year.clone(), month.clone(), day.clone()),
        _ => None,
    }
}

/// The parts of digits with points between them; none for anything else.
fn parts(glyphs: &[Glyph], number: &Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = number.start;
    for at in number.clone() {
        match glyphs[at].c {
            '0'..='9' => {}
            '.' => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => return Vec::new(),
        }
    }
    parts.push(start..number.end);
    parts
}

/// The beginnings of a version or an address, of two parts and more, the longest first; none of a plain number.
pub(super) fn beginnings(glyphs: &[Glyph], number: &Range<usize>) -> Vec<Range<usize>> {
    let parts = parts(glyphs, number);
    let shorter = parts.len().saturating_sub(1).min(PARTS_MAX);
    (1..shorter).rev().map(|last| number.start..parts[last].end).collect()
}

/// What names a version, without the `v` before it: `v1.2` is `1.2`. Anything else as it is, `v2` among it.
pub(super) fn without_v(glyphs: &[Glyph], atom: &Range<usize>) -> Range<usize> {
    let rest = atom.start + 1..atom.end;
    let is_version = glyphs[atom.start].c == 'v' && parts(glyphs, &rest).len() > 1;
    if is_version { rest } else { atom.clone() }
}

/// `1_000_000` without its joints.
pub(super) fn thousands(glyphs: &[Glyph], atoms: &[Range<usize>]) -> Option<String> {
    let (first, rest) = atoms.split_first()?;
    let is_grouped = (1..=3).contains(&first.len()) && !rest.is_empty() && rest.iter().all(|group| group.len() == 3);
    let is_joined = atoms.windows(2).all(|pair| glyphs[pair[0].end].c == '_');
    let groups = || atoms.iter().map(|group| digits(&glyphs[group.clone()])).collect::<Option<String>>();
    if is_grouped && is_joined { groups() } else { None }
}

fn digits(glyphs: &[Glyph]) -> Option<String> {
    glyphs.iter().map(|glyph| Some(glyph.c).filter(char::is_ascii_digit)).collect()
}
