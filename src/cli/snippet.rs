//! A snippet: the part of a passage that shows why it was found.

use super::render::MARK;
use std::fmt::Write;
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// The window of about `columns` terminal columns with the most marks, on one line, marks highlighted.
/// Starts at the passage's beginning where no window has more.
pub fn snippet(text: &str, marks: &[Range<usize>], columns: usize) -> String {
    let start = best_start(text, marks, columns);
    let end = window_end(text, start, columns);
    let mut out = String::new();
    if start > 0 {
        out.push('…');
    }
    let mut at = start;
    for mark in marks.iter().filter(|mark| mark.start >= start && mark.end <= end) {
        push_line(&mut out, &text[at..mark.start.max(at)]);
        let _ = write!(out, "{MARK}{}{MARK:#}", &text[mark.start.max(at)..mark.end.max(at)]);
        at = at.max(mark.end);
    }
    push_line(&mut out, &text[at..end]);
    if end < text.trim_end().len() {
        out.push('…');
    }
    out
}

/// Candidates are the beginning and a little before every mark; the earliest of the best wins.
fn best_start(text: &str, marks: &[Range<usize>], columns: usize) -> usize {
    let lead = columns / 6;
    let candidates = std::iter::once(0).chain(marks.iter().map(|mark| step_back(text, mark.start, lead)));
    let mut best = (0, 0);
    for start in candidates {
        let end = window_end(text, start, columns);
        let covered = marks.iter().filter(|mark| mark.start >= start && mark.end <= end).count();
        if covered > best.1 {
            best = (start, covered);
        }
    }
    best.0
}

fn step_back(text: &str, from: usize, columns: usize) -> usize {
    let mut width = 0;
    for (at, c) in text[..from].char_indices().rev() {
        width += c.width().unwrap_or(0);
        if c == '\n' || width > columns {
            return at + c.len_utf8();
        }
    }
    0
}

fn window_end(text: &str, start: usize, columns: usize) -> usize {
    let mut width = 0;
    for (at, c) in text[start..].char_indices() {
        width += c.width().unwrap_or(1);
        if width > columns {
            return start + at;
        }
    }
    text.len()
}

/// White space of any kind becomes one blank.
fn push_line(out: &mut String, text: &str) {
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The snippet of a text with at most one mark, without styles.
    fn plain(text: &str, mark: Option<Range<usize>>, columns: usize) -> String {
        anstream::adapter::strip_str(&snippet(text, mark.as_slice(), columns)).to_string()
    }

    #[test]
    fn a_short_passage_is_shown_whole_on_one_line() {
        assert_eq!(plain("一\n\n二", None, 40), "一 二");
    }

    #[test]
    fn the_window_moves_to_the_marks() {
        let text = format!("{}QLoRA 把底座量化{}", "无关".repeat(40), "后文".repeat(40));
        let at = text.find("QLoRA").unwrap();
        let shown = plain(&text, Some(at..at + 5), 40);
        assert!(shown.contains("QLoRA 把底座量化"), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'));
    }

    #[test]
    fn marks_are_highlighted() {
        let shown = snippet("用 QLoRA 微调", Some(4..9).as_slice(), 40);
        assert!(shown.contains(&format!("{MARK}QLoRA{MARK:#}")));
    }
}
