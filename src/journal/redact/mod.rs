//! Redaction: what looks like a secret is struck out before anything is written down.
//!
//! `patterns.txt` says what a secret looks like; `examples.txt` holds some of each kind, and sentences that hold none.

use crate::secret::{STRUCK, Secrets};
use regex::Regex;
use serde_json::Value;
use std::ops::Range;
use std::sync::LazyLock;

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("patterns.txt")));

/// The lines of `patterns.txt`.
struct Patterns {
    secrets: Vec<Pattern>,
    harmless: Vec<Regex>,
}

struct Pattern {
    /// What is put in the place of the secret.
    mark: &'static str,
    check: Check,
    regex: Regex,
}

/// What else must be true of a match.
#[derive(Clone, Copy)]
enum Check {
    None,
    Mixed,
    Coded,
}

impl Patterns {
    fn read(lines: &'static str) -> Patterns {
        let mut patterns = Patterns { secrets: Vec::new(), harmless: Vec::new() };
        for line in lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let regex = |text| Regex::new(text).expect("a test strikes out an example of each");
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["harmless", text] => patterns.harmless.push(regex(text)),
                [mark, check, text] => {
                    let check = match check {
                        "mixed" => Check::Mixed,
                        "coded" => Check::Coded,
                        _ => Check::None,
                    };
                    patterns.secrets.push(Pattern { mark, check, regex: regex(text) });
                }
                _ => unreachable!("a test reads the lines"),
            }
        }
        patterns
    }

    /// The secrets in `text`, which is narrow, each with its mark, in order and apart.
    fn find(&self, text: &str) -> Vec<(Range<usize>, &'static str)> {
        let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
        for Pattern { mark, check, regex } in &self.secrets {
            for captures in regex.captures_iter(text) {
                let Some(secret) = captures.name("s").or(captures.get(0)) else { continue };
                let is_harmless = self.harmless.iter().any(|harmless| harmless.is_match(secret.as_str()));
                if !is_harmless && check.admits(secret.as_str(), &text[secret.end()..]) {
                    found.push((secret.range(), mark));
                }
            }
        }
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut apart: Vec<(Range<usize>, &'static str)> = Vec::new();
        for (range, mark) in found {
            match apart.last_mut() {
                Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
                _ => apart.push((range, mark)),
            }
        }
        apart
    }
}

impl Check {
    fn admits(self, secret: &str, rest: &str) -> bool {
        let has = |is: fn(&char) -> bool| secret.chars().any(|c| is(&c));
        let has_digit = has(char::is_ascii_digit);
        match self {
            Check::None => true,
            Check::Coded => has_digit || secret.contains(['!', '@', '#', '$', '%', '^', '&', '*']),
            Check::Mixed => {
                let (has_lower, has_upper) = (has(char::is_ascii_lowercase), has(char::is_ascii_uppercase));
                // `token = next_token2(…)` is code.
                (has_lower || has_upper) && (has_digit || has_lower && has_upper) && !rest.starts_with('(')
            }
        }
    }
}

/// Strikes out what looks like a secret, and what is known to be one.
#[derive(Debug)]
pub struct Redactor {
    known: Secrets,
}

impl Redactor {
    /// `known` are secrets however they look, as a configured key.
    pub fn new(known: Vec<String>) -> Redactor {
        Redactor { known: Secrets::new(known) }
    }

    /// `text` without keys, passwords, mail addresses, telephone and identity card numbers.
    pub fn text(&self, text: &str) -> String {
        let text = self.known.strike(text);
        let (narrow, places) = narrow(&text);
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for (range, mark) in PATTERNS.find(&narrow) {
            // What is struck out already is known to be a key.
            let mark = if narrow[range.clone()].contains(STRUCK) { STRUCK } else { mark };
            out.push_str(&text[at..places[range.start]]);
            out.push_str(mark);
            at = places[range.end];
        }
        out.push_str(&text[at..]);
        out
    }

    /// Every text in `value` so. Written out first and struck out then, `\n` before an address would lose its backslash's
    /// other half.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(values) => values.into_iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, self.value(value))).collect(),
            other => other,
        }
    }
}

/// `text` with full-width signs made narrow, and for each of its bytes the place in `text`, its end included.
fn narrow(text: &str) -> (String, Vec<usize>) {
    let (mut narrow, mut places) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    for (at, c) in text.char_indices() {
        narrow.push(match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{3000}' | '\u{a0}' => ' ',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            c => c,
        });
        places.resize(narrow.len(), at);
    }
    places.push(text.len());
    (narrow, places)
}

#[cfg(test)]
mod tests;
