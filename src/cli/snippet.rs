//! A snippet: the excerpt of a passage on one line of the terminal.

use super::render::MARK;
use std::fmt::Write;
use std::ops::Range;

/// `text[shown]` on one line, `marks` highlighted, `…` where something is left out.
pub fn snippet(text: &str, marks: &[Range<usize>], shown: Range<usize>) -> String {
    let mut out = String::new();
    if !text[..shown.start].trim().is_empty() {
        out.push('…');
    }
    let mut at = shown.start;
    for mark in marks.iter().filter(|mark| mark.start >= shown.start && mark.end <= shown.end) {
        push_line(&mut out, &text[at..mark.start.max(at)]);
        let _ = write!(out, "{MARK}{}{MARK:#}", &text[mark.start.max(at)..mark.end.max(at)]);
        at = at.max(mark.end);
    }
    push_line(&mut out, &text[at..shown.end]);
    if !text[shown.end..].trim().is_empty() {
        out.push('…');
    }
    out
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

    fn plain(text: &str, shown: Range<usize>) -> String {
        crate::cli::terminal::plain(&snippet(text, &[], shown))
    }

    #[test]
    fn one_line_with_dots_where_something_is_left_out() {
        assert_eq!(plain("一\n\n二\n", 0..8), "一 二");
        assert_eq!(plain("一二三", 3..6), "…二…");
    }

    #[test]
    fn marks_are_highlighted() {
        let text = "用 QLoRA 微调";
        let mark = 4..9;
        let shown = snippet(text, std::slice::from_ref(&mark), 0..text.len());
        assert!(shown.contains(&format!("{MARK}QLoRA{MARK:#}")));
    }
}
