//! A sentence: where one ends, in Chinese and in English, so that snippets and quotes are cut there.

use crate::language::is_han;
use std::ops::Range;

/// English words that keep their dot inside a sentence, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "mr", "mrs", "ms", "dr", "prof", "st", "vs", "cf", "al", "fig", "figs", "eq", "eqs", "sec", "ch",
    "no", "nos", "vol", "pp", "p", "ed", "eds", "inc", "ltd", "co", "corp", "dept", "approx", "est", "resp", "viz",
    "jr", "sr", "u.s", "u.k", "a.m", "p.m", "ph.d",
];

/// The sentences of `text` as byte ranges: ascending, apart, none empty, without the blanks around them; together they
/// hold everything but blanks.
///
/// A sentence ends at 。！？；…, at `.` `!` `?` before a blank, a line end or Chinese text, and at every line end. Marks
/// that follow one another, and closing quotes and brackets, stay with it. A dot inside of a number or after a common
/// abbreviation, an initial or the number of a list entry ends nothing.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        if c != '\n' {
            if !is_end(text, start, at, c) {
                continue;
            }
            while let Some((more, next)) = chars.next_if(|&(_, next)| is_mark(next) || is_closing(next)) {
                end = more + next.len_utf8();
            }
        }
        push_trimmed(text, start..end, &mut sentences);
        start = end;
    }
    push_trimmed(text, start..text.len(), &mut sentences);
    sentences
}

fn is_mark(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '…' | '｡' | '．' | '.' | '!' | '?')
}

fn is_closing(c: char) -> bool {
    matches!(c, '”' | '’' | '」' | '』' | '）' | '》' | '〉' | '】' | '〗' | '〕' | '"' | '\'' | ')' | ']' | '*' | '_')
}

/// Whether the mark `c` at `at` ends the sentence begun at `start`.
fn is_end(text: &str, start: usize, at: usize, c: char) -> bool {
    match c {
        '。' | '！' | '？' | '；' | '…' | '｡' => true,
        '.' | '!' | '?' | '．' => {
            let rest = text[at + c.len_utf8()..].trim_start_matches(|c| is_mark(c) || is_closing(c));
            let before = text[start..at].chars().next_back();
            let after = rest.chars().next();
            let apart = after.is_none_or(char::is_whitespace);
            let chinese = before.is_some_and(is_han) || (c != '.' && after.is_some_and(is_han));
            let dotted = matches!(c, '.' | '．');
            (apart || chinese) && !(dotted && keeps_dot(text[start..at].trim_start(), rest))
        }
        _ => false,
    }
}

/// Whether the dot after `sentence` (so far) belongs to its last word: an abbreviation, an initial, a list number.
fn keeps_dot(sentence: &str, rest: &str) -> bool {
    let word =
        sentence.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“' | '（')).next().unwrap_or("");
    let list_number = word == sentence && !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let initial = word.len() == 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let lower = word.to_ascii_lowercase();
    let goes_on = rest.trim_start().chars().next().is_some_and(|c| c.is_lowercase() || c == ',');
    list_number || initial || ABBREVIATIONS.contains(&lower.as_str()) || (lower == "etc" && goes_on)
}

fn push_trimmed(text: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    if start < end {
        sentences.push(start..end);
    }
}
