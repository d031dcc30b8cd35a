//! A version: numbers between points, each compared by size, with what comes before or after the plain one.

use super::words;
use std::cmp::Ordering;

const LABEL_CHARS_MAX: usize = 16;

/// `v1.10.0-rc.2`, `go1.21`, `第3章`: what stands around the numbers, the numbers, and the suffix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Empty for what is only a version: `v` and the like do not count. Other names are compared with their own kind.
    label: String,
    /// Without zeros at the end: 1.2 is 1.2.0.
    parts: Vec<u64>,
    suffix: Vec<Ident>,
    /// Whether it can be nothing but a version: `v9`, `1.2.3`, `2.0-rc1`.
    pub is_plain: bool,
}

/// A part of a suffix, in the order of its kinds: what comes before the plain version, then numbers, then what comes after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Ident {
    Pre(usize, String),
    Number(u64),
    Post(usize, String),
}

impl Version {
    /// Reads folded text.
    pub fn read(text: &str) -> Option<Version> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let label = text[..start].trim_end_matches(['-', '_', '.', ' ']);
        let has_prefix = words::is("version-prefix", label);
        let mut label = if has_prefix { String::new() } else { label.to_string() };
        if label.chars().count() > LABEL_CHARS_MAX || !label.chars().all(char::is_alphabetic) {
            return None;
        }
        let (mut parts, rest) = numbers(&text[start..])?;
        let mut rest = rest.split('+').next().unwrap_or_default();
        let after: String = rest.chars().take_while(|c| c.is_alphabetic() && !c.is_ascii()).collect();
        if has_prefix || !label.is_empty() || words::is("version-prefix", &after) {
            rest = &rest[after.len()..];
            label += if words::is("version-prefix", &after) { "" } else { &after };
        }
        let suffix = suffix(rest, has_prefix || parts.len() > 1)?;
        let is_plain = has_prefix || parts.len() > 2 || !suffix.is_empty();
        while parts.last() == Some(&0) {
            parts.pop();
        }
        Some(Version { label, parts, suffix, is_plain })
    }

    /// Whether nothing names it but `v` and the like.
    pub fn is_unnamed(&self) -> bool {
        self.label.is_empty()
    }

    /// None for versions of different things.
    pub fn compare(&self, other: &Version) -> Option<Ordering> {
        if self.label != other.label {
            return None;
        }
        Some(self.parts.cmp(&other.parts).then_with(|| self.compare_suffix(other)))
    }

    /// 2.0-rc1 is before 2.0, and 2.0-post1 after it.
    fn compare_suffix(&self, other: &Version) -> Ordering {
        for (one, other) in self.suffix.iter().zip(&other.suffix) {
            let order = one.cmp(other);
            if order != Ordering::Equal {
                return order;
            }
        }
        let more = |longer: &[Ident], at: usize| match &longer[at] {
            Ident::Pre(..) => Ordering::Less,
            Ident::Number(_) | Ident::Post(..) => Ordering::Greater,
        };
        let (own, others) = (self.suffix.len(), other.suffix.len());
        match own.cmp(&others) {
            Ordering::Equal => Ordering::Equal,
            Ordering::Greater => more(&self.suffix, others),
            Ordering::Less => more(&other.suffix, own).reverse(),
        }
    }
}

/// Numbers between points, and what follows them.
fn numbers(mut text: &str) -> Option<(Vec<u64>, &str)> {
    let mut parts = Vec::new();
    loop {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        parts.push(text[..end].parse().ok()?);
        text = &text[end..];
        match text.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            Some(rest) => text = rest,
            None => return Some((parts, text)),
        }
    }
}

/// `-rc.2`, `-beta2`, `rc1`, ` ga`: words with a mark before them, or words that are known; none for anything else. 3d is
/// not a version, but 1.0.2k is.
fn suffix(text: &str, may_be_letter: bool) -> Option<Vec<Ident>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let body = text.trim_start_matches(['-', '_', '.', '~', ' ']);
    let is_parted = text.len() > body.len() && !text.starts_with(' ');
    let first: String = body.chars().take_while(char::is_ascii_alphabetic).collect();
    let is_known = words::is("plain", &first) || ["pre", "post"].iter().any(|kind| words::rank(kind, &first).is_some());
    let is_letter = may_be_letter && !is_parted && body.len() == 1 && !first.is_empty();
    if first.is_empty() || first == "x" || !(is_parted || is_known || is_letter) {
        return None;
    }
    if is_letter {
        // 1.0.2k is a later 1.0.2; 1.0a1 is an alpha.
        return Some(vec![Ident::Post(usize::MAX, first)]);
    }
    let mut idents = Vec::new();
    for part in body.split(['-', '_', '.', '~']) {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        for run in part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
            let run = std::str::from_utf8(run).ok()?;
            idents.extend(ident(run)?);
        }
    }
    Some(idents)
}

/// None in `Some` for words that change nothing: 2.0-final is 2.0.
fn ident(run: &str) -> Option<Option<Ident>> {
    if run.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(Some(Ident::Number(run.parse().ok()?)));
    }
    if words::is("plain", run) {
        return Some(None);
    }
    if let Some(rank) = words::rank("post", run) {
        return Some(Some(Ident::Post(rank, String::new())));
    }
    // As in semantic versions an unknown word is one before the release.
    let known = words::rank("pre", run).map(|rank| Ident::Pre(rank, String::new()));
    Some(Some(known.unwrap_or_else(|| Ident::Pre(0, run.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rising: &[&str]) {
        for pair in rising.windows(2) {
            let (one, other) = (Version::read(pair[0]).unwrap(), Version::read(pair[1]).unwrap());
            assert_eq!(one.compare(&other), Some(Ordering::Less), "{pair:?}");
            assert_eq!(other.compare(&one), Some(Ordering::Greater), "{pair:?}");
        }
    }

    fn check_same(one: &str, other: &str) {
        let (read, other) = (Version::read(one).unwrap(), Version::read(other).unwrap());
        assert_eq!(read.compare(&other), Some(Ordering::Equal), "{one}");
    }

    #[test]
    fn each_part_is_compared_by_size() {
        check(&["v1.2.9", "1.2.10", "v1.9.0", "1.10", "v1.10.1", "v9", "v10"]);
        check(&["go1.9", "go1.10", "go1.21.3"]);
        check(&["第3章", "第12章"]);
        check(&["p1", "p2", "p10"]);
    }

    #[test]
    fn a_suffix_comes_before_the_release_or_after_it() {
        check(&[
            "2.0.0-alpha",
            "2.0.0-beta.2",
            "2.0.0-beta.11",
            "2.0.0-rc1",
            "2.0.0-rc.2",
            "2.0.0",
            "2.0.0.post1",
            "2.0.1",
        ]);
        check(&["1.0a1", "1.0b1", "1.0rc1", "1.0", "1.0.2", "1.0.2k"]);
        check(&["3.0-snapshot", "3.0 rc2", "3.0"]);
    }

    #[test]
    fn spellings_of_the_same_are_equal() {
        check_same("v1.0", "1");
        check_same("version 2.1", "2.1.0");
        check_same("2.0-final", "2.0+build5");
        check_same("版本 3", "v3");
    }

    #[test]
    fn other_things_are_not_compared() {
        let read = |text| Version::read(text).unwrap();
        assert_eq!(read("go1.21").compare(&read("1.21")), None);
        for text in ["latest", "2024-01-05", "01/05/2024", "8:30", "10mb", "1.x", "5 march 2024", "", "3d"] {
            assert_eq!(Version::read(text), None, "{text}");
        }
    }
}
