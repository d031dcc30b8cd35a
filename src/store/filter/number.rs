//! A number as it is written: exact, however many digits, with the unit that follows it.

use std::cmp::Ordering;

/// Zeros that a unit of counting stands for.
const COUNTING: [(&str, usize); 4] = [("万亿", 12), ("亿", 8), ("万", 4), ("千", 3)];

/// Longer words are not units.
const UNIT_CHARS_MAX: usize = 8;

/// Zeros that an exponent may add.
const EXPONENT_MAX: i32 = 400;

/// Digits without zeros at either end, so that equal numbers are the same, and a unit: `%`, `mb`, `天`, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    is_negative: bool,
    whole: String,
    fraction: String,
    unit: String,
}

impl Number {
    /// Reads folded text: `1,234.5`, `-3`, `¥12`, `95%`, `1.5万`, `10 mb`, `2e6`.
    pub fn read(text: &str) -> Option<Number> {
        let (is_negative, text) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest.trim_start()),
            None => (false, text),
        };
        let (currency, text) = match text.chars().next().filter(|c| "¥$€£".contains(*c)) {
            Some(sign) => (sign.to_string(), text[sign.len_utf8()..].trim_start()),
            None => (String::new(), text),
        };
        let (mut whole, rest) = whole(text)?;
        let (mut fraction, mut rest) = match rest.strip_prefix('.') {
            Some(rest) => digits(rest),
            None => (String::new(), rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        if let Some((exponent, after)) = exponent(rest) {
            shift(&mut whole, &mut fraction, exponent);
            rest = after;
        }
        let mut unit = rest.trim();
        if let Some((word, zeros)) = COUNTING.iter().find(|(word, _)| unit.starts_with(word)) {
            shift(&mut whole, &mut fraction, *zeros as i32);
            unit = &unit[word.len()..];
        }
        let is_unit = matches!(unit, "%" | "‰") || unit.chars().all(char::is_alphabetic);
        if !is_unit || unit.chars().count() > UNIT_CHARS_MAX {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0').into(), fraction.trim_end_matches('0').into());
        Some(Number { is_negative, whole, fraction, unit: currency + unit })
    }

    /// None where the units are others.
    pub fn compare(&self, other: &Number) -> Option<Ordering> {
        if self.unit != other.unit {
            return None;
        }
        let is_zero = |number: &Number| number.whole.is_empty() && number.fraction.is_empty();
        let size = |number: &Number| (number.whole.len(), number.whole.clone(), number.fraction.clone());
        let is_below = |number: &Number| number.is_negative && !is_zero(number);
        Some(match (is_below(self), is_below(other)) {
            (true, true) => size(other).cmp(&size(self)),
            (false, false) => size(self).cmp(&size(other)),
            (is_below, _) => {
                if is_below {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        })
    }
}

/// The digits at the beginning, and the rest.
fn digits(text: &str) -> (String, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].into(), &text[end..])
}

/// Digits, parted into thousands or not; none where marks part them otherwise.
fn whole(text: &str) -> Option<(String, &str)> {
    let (mut whole, mut rest) = digits(text);
    let mark = rest.chars().next().filter(|c| matches!(c, ',' | '_' | '\''));
    let Some(mark) = mark.filter(|_| (1..=3).contains(&whole.len())) else { return Some((whole, rest)) };
    while let Some(group) = rest.strip_prefix(mark) {
        let (group, after) = digits(group);
        if group.len() != 3 {
            return None;
        }
        whole += &group;
        rest = after;
    }
    Some((whole, rest))
}

/// `e6`, `e-3`.
fn exponent(text: &str) -> Option<(i32, &str)> {
    let rest = text.strip_prefix('e')?;
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let (digits, rest) = digits(rest.trim_start_matches(['-', '+']));
    let exponent: i32 = digits.parse().ok().filter(|exponent| *exponent <= EXPONENT_MAX)?;
    Some((sign * exponent, rest))
}

/// Moves the point `by` digits to the right, or to the left.
fn shift(whole: &mut String, fraction: &mut String, by: i32) {
    for _ in 0..by {
        whole.push(if fraction.is_empty() { '0' } else { fraction.remove(0) });
    }
    for _ in by..0 {
        fraction.insert(0, whole.pop().unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expect: Option<Ordering>) {
        assert_eq!(Number::read(a).unwrap().compare(&Number::read(b).unwrap()), expect, "{a} {b}");
    }

    #[test]
    fn numbers_are_compared_by_size_whatever_they_are_written_like() {
        check("1,234", "1234.0", Some(Ordering::Equal));
        check("10", "9.5", Some(Ordering::Greater));
        check("-3", "-2", Some(Ordering::Less));
        check("-0", "0", Some(Ordering::Equal));
        check("-1", "+1", Some(Ordering::Less));
        check(".5", "0.50", Some(Ordering::Equal));
        check("1.05", "1.5", Some(Ordering::Less));
        check("1.5万", "15000", Some(Ordering::Equal));
        check("2e3", "2,000", Some(Ordering::Equal));
        check("5e-1", "0.5", Some(Ordering::Equal));
        check("12345678901234567890", "12345678901234567891", Some(Ordering::Less));
    }

    #[test]
    fn units_are_not_converted() {
        check("95%", "90 %", Some(Ordering::Greater));
        check("95%", "0.9", None);
        check("10mb", "9 mb", Some(Ordering::Greater));
        check("10mb", "9gb", None);
        check("¥1,200", "¥900", Some(Ordering::Greater));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "1,23", "1.2.3", "nan", "inf", "2024-01-05", "v1", "1e999", "12,3456"] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }
}
