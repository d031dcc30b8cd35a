//! A grouped number: a telephone, card, identity or book number, whose digits are written in groups.
//!
//! | written | its term | besides the groups |
//! |---|---|---|
//! | `138 0013 8000`, `138-0013-8000`, `+86 138…`, `0086 138…` | 13800138000 | |
//! | `010-6555 1234`, `(010) 65551234`, `+86 10 6555 1234` | 01065551234 | 65551234 |
//! | `400-800-8820` | 4008008820 | |
//! | `+1 415 555 2671` | 14155552671 | 4155552671 |
//! | `(415) 555-2671` | 4155552671 | |
//! | `6222 0000 1111 2222` | 6222000011112222 | |
//! | `110101 19900307 7758` | 110101199003077758 | |
//! | `978-7-111-12345-6`, `555-0123` | 9787111123456; 5550123 | |
//!
//! Groups between single blanks are one number only where their lengths or first digits are those of such a number:
//! `12 34 56`, `404 500 502` and rows of years stay what they are. Between hyphens any groups of 7 to 19 digits are one,
//! but for dates and spans of years. The joined number takes the place of the term with the hyphens, so the index hardly
//! grows by it.

use super::normalize::Glyph;
use super::number::{is_date, is_year};
use super::segment::is_letter;
use std::ops::{Range, RangeInclusive};

const DIGITS: RangeInclusive<usize> = 7..=19;
/// With the country code, by E.164.
const INTERNATIONAL_DIGITS: RangeInclusive<usize> = 8..=15;
const GROUPS_MAX: usize = 8;
const MOBILE_DIGITS: usize = 11;
/// Of 400 and 800 numbers, and of those with an area code in brackets.
const TEN_DIGITS: usize = 10;
const BOOK_DIGITS: usize = 13;
/// Groups of 6, 8 and 4 are an identity number, the others cards.
const CARDS: [&[usize]; 10] = [
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[4, 6, 5],
    &[6, 10],
    &[6, 12],
    &[6, 13],
    &[6, 8, 3],
    &[6, 8, 4],
];

pub(super) struct Grouped {
    /// Without what parts them, and without the code of China.
    pub digits: String,
    /// The same without a country or area code.
    pub local: Option<String>,
    pub groups: Vec<Range<usize>>,
}

/// The grouped number that begins at `from`, a digit.
pub(super) fn grouped(glyphs: &[Glyph], from: usize) -> Option<Grouped> {
    let before = |back: usize| from.checked_sub(back).map(|at| glyphs[at].c);
    let is_international = before(1) == Some('+') && !before(2).is_some_and(is_letter);
    let is_bracketed = before(1) == Some('(');
    let groups = groups(glyphs, from, is_international || is_bracketed);
    let digits: String = groups.iter().flat_map(|group| &glyphs[group.clone()]).map(|glyph| glyph.c).collect();
    let lens: Vec<usize> = groups.iter().map(Range::len).collect();
    let shape = Shape { lens: &lens, digits: &digits };
    let made = match is_international {
        true => shape.international(),
        false => shape
            .domestic()
            .or_else(|| is_bracketed.then(|| shape.ten_digits()).flatten())
            .or_else(|| shape.hyphenated(hyphenated(glyphs, &groups))),
    };
    let Made { count, digits, local } = made?;
    Some(Grouped { digits, local, groups: groups.into_iter().take(count).collect() })
}

/// Runs of digits with one blank or hyphen between them, or brackets where there may be some.
fn groups(glyphs: &[Glyph], from: usize, has_brackets: bool) -> Vec<Range<usize>> {
    let c = |at: usize| glyphs.get(at).map(|glyph| glyph.c);
    let count = |from: usize, most: usize, is: &dyn Fn(char) -> bool| {
        (from..from + most).take_while(|at| c(*at).is_some_and(is)).count()
    };
    let mut groups: Vec<Range<usize>> = Vec::new();
    let (mut start, mut left) = (from, *DIGITS.end());
    while groups.len() < GROUPS_MAX {
        let len = count(start, left + 1, &|c| c.is_ascii_digit());
        let end = start + len;
        if len == 0 || len > left || goes_on(c(end), c(end + 1)) {
            break;
        }
        groups.push(start..end);
        left -= len;
        let between = match has_brackets {
            true => count(end, 3, &|c| matches!(c, ' ' | '-' | '(' | ')')),
            false => count(end, 2, &|c| matches!(c, ' ' | '-')),
        };
        let is_gap = between > 1 && (end..end + between).all(|at| matches!(c(at), Some(' ' | '-')));
        if between == 0 || is_gap {
            break;
        }
        start = end + between;
    }
    groups
}

/// Whether digits before `next` belong to something else: a word, a decimal number, a time.
fn goes_on(next: Option<char>, after: Option<char>) -> bool {
    match next {
        Some('.' | ',' | ':' | '_' | '@' | '&' | '+') => after.is_some_and(is_letter),
        Some('%') => true,
        next => next.is_some_and(is_letter),
    }
}

/// How many of the first groups have hyphens between them; none where the last of them goes on as something else.
fn hyphenated(glyphs: &[Glyph], groups: &[Range<usize>]) -> usize {
    let joints = groups.windows(2).take_while(|pair| glyphs[pair[0].end].c == '-').count();
    let end = groups.get(joints).map_or(0, |last| last.end);
    let c = |at: usize| glyphs.get(at).map(|glyph| glyph.c);
    let goes_on = matches!(c(end), Some('-' | '/')) && c(end + 1).is_some_and(is_letter);
    if goes_on { 0 } else { joints + 1 }
}

/// The lengths of groups, and their digits in one.
struct Shape<'a> {
    lens: &'a [usize],
    digits: &'a str,
}

/// So many of the first groups as one number.
struct Made {
    count: usize,
    digits: String,
    local: Option<String>,
}

impl<'a> Shape<'a> {
    /// The digits of the first `count` groups.
    fn first(&self, count: usize) -> &'a str {
        &self.digits[..self.lens[..count].iter().sum()]
    }

    /// How many groups, two at least, have `sum` digits together.
    fn of(&self, sum: usize) -> Option<usize> {
        (2..=self.lens.len()).find(|count| self.first(*count).len() == sum)
    }

    /// After a plus sign: a country code and a number. In one run of digits only the code of China is known for one.
    fn international(&self) -> Option<Made> {
        let code = *self.lens.first()?;
        let fits = |count: &usize| *count == 1 || INTERNATIONAL_DIGITS.contains(&self.first(*count).len());
        let mut counts = (1..=self.lens.len()).rev().filter(fits);
        if let Some(made) = counts.clone().find_map(|count| {
            let (digits, local) = chinese(self.first(count).strip_prefix("86")?)?;
            Some(Made { count, digits, local })
        }) {
            return Some(made);
        }
        let count = counts.next().filter(|count| *count > 1 && code <= 3)?;
        let all = self.first(count);
        Some(Made { count, digits: all.into(), local: Some(all[code..].into()) })
    }

    /// As numbers are written in China, which brands of cards and books share.
    fn domestic(&self) -> Option<Made> {
        let code = *self.lens.first()?;
        let made = |count: usize| Made { count, digits: self.first(count).into(), local: None };
        let with_code = ["0086", "86"].into_iter().find_map(|code| {
            let rest = self.digits.strip_prefix(code)?;
            let sum = code.len() + MOBILE_DIGITS;
            let count = (1..=self.lens.len()).find(|count| self.first(*count).len() == sum)?;
            let digits = rest.get(..MOBILE_DIGITS).filter(|digits| is_mobile(digits))?;
            Some(Made { count, digits: digits.into(), local: None })
        });
        let mobile = || self.of(MOBILE_DIGITS).filter(|count| code >= 3 && is_mobile(self.first(*count))).map(made);
        let area = || {
            let has_area = matches!(code, 3 | 4) && self.digits.starts_with('0') && !self.digits.starts_with("00");
            let count = has_area.then(|| self.of(code + 8).or_else(|| self.of(code + 7))).flatten()?;
            Some(Made { local: Some(self.first(count)[code..].into()), ..made(count) })
        };
        let service = || self.ten_digits().filter(|_| code == 3 && is_service(self.digits));
        let card = || {
            let is_card = CARDS.contains(&self.lens) && !self.are_years();
            is_card.then(|| made(self.lens.len()))
        };
        let is_book = code == 3 && (self.digits.starts_with("978") || self.digits.starts_with("979"));
        let book = || self.of(BOOK_DIGITS).filter(|_| is_book).map(made);
        with_code.or_else(mobile).or_else(area).or_else(service).or_else(card).or_else(book)
    }

    fn ten_digits(&self) -> Option<Made> {
        let count = self.of(TEN_DIGITS)?;
        Some(Made { count, digits: self.first(count).into(), local: None })
    }

    /// The first `count` groups, which have hyphens between them.
    fn hyphenated(&self, count: usize) -> Option<Made> {
        if count < 2 || !DIGITS.contains(&self.first(count).len()) || self.are_years() {
            return None;
        }
        if let [year, month, day, ..] = *self.lens {
            let (year, rest) = self.digits.split_at(year);
            let (month, rest) = rest.split_at(month);
            if is_date(year, month, &rest[..day]) {
                return None;
            }
        }
        Some(Made { count, digits: self.first(count).into(), local: None })
    }

    fn are_years(&self) -> bool {
        self.lens.iter().all(|len| *len == 4)
            && self.digits.as_bytes().chunks(4).all(|year| std::str::from_utf8(year).is_ok_and(is_year))
    }
}

/// A number as it is dialled in China, and without its area code, from what stands behind the country code.
fn chinese(rest: &str) -> Option<(String, Option<String>)> {
    if is_mobile(rest) || (is_service(rest) && rest.len() == TEN_DIGITS) {
        return Some((rest.into(), None));
    }
    let rest = rest.strip_prefix('0').unwrap_or(rest);
    // Beijing and the 2x codes have two digits, the others three.
    let area = if rest.starts_with("10") || rest.starts_with('2') { 2 } else { 3 };
    let local = rest.get(area..).filter(|local| matches!(local.len(), 7 | 8))?;
    Some((format!("0{rest}"), Some(local.into())))
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == MOBILE_DIGITS && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9')
}

fn is_service(digits: &str) -> bool {
    digits.starts_with("400") || digits.starts_with("800")
}
