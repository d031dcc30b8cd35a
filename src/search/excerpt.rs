//! An excerpt: the part of a passage that shows why it was found, whole sentences where they fit.

use crate::text::sentences;
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// The span of at most `columns` terminal columns with the most of `marks`, which are ascending; of equals one
/// that ends with a sentence, of those the earliest.
///
/// It begins where a sentence does, unless the sentence is too long to reach its mark, and ends where one does if that
/// leaves out less than a third.
pub fn excerpt(text: &str, marks: &[Range<usize>], columns: usize) -> Range<usize> {
    let sentences = sentences(text);
    let first = sentences.first().map_or(0, |sentence| sentence.start);
    let starts =
        std::iter::once(first).chain(marks.iter().map(|mark| start_for(text, mark.start, &sentences, columns)));
    let mut best = ((0, false), first..first);
    for start in starts {
        let end = end_from(text, start, &sentences, columns);
        let covered = marks.iter().filter(|mark| mark.start >= start && mark.end <= end).count();
        let is_whole = sentences.iter().any(|sentence| sentence.end == end);
        if (covered, is_whole) > best.0 || best.1.is_empty() {
            best = ((covered, is_whole), start..end);
        }
    }
    best.1
}

/// The beginning of the sentence around `mark`, or a little before the mark in a sentence that is long before it.
fn start_for(text: &str, mark: usize, sentences: &[Range<usize>], columns: usize) -> usize {
    let at = sentences.partition_point(|sentence| sentence.end <= mark);
    let start = sentences.get(at).map_or(mark, |sentence| sentence.start.min(mark));
    if width(&text[start..mark]) <= columns / 2 {
        return start;
    }
    let mut before = 0;
    for (at, c) in text[start..mark].char_indices().rev() {
        before += c.width().unwrap_or(0);
        if before > columns / 6 {
            return start + at + c.len_utf8();
        }
    }
    start
}

/// The last end of a sentence that fits, unless much more fits.
fn end_from(text: &str, start: usize, sentences: &[Range<usize>], columns: usize) -> usize {
    let mut end = start;
    let mut taken = 0;
    for (at, c) in text[start..].char_indices() {
        taken += c.width().unwrap_or(1);
        if taken > columns {
            break;
        }
        end = start + at + c.len_utf8();
    }
    let fitting = &sentences[..sentences.partition_point(|sentence| sentence.end <= end)];
    match fitting.last() {
        Some(last) if last.end > start && width(&text[start..last.end]) * 3 >= columns * 2 => last.end,
        // What follows the last sentence is blank.
        Some(last) if fitting.len() == sentences.len() => last.end.max(start),
        _ => end,
    }
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, marked: &str, columns: usize, expect: &str) {
        let mark = text.find(marked).map(|at| at..at + marked.len());
        assert_eq!(&text[excerpt(text, mark.as_slice(), columns)], expect, "{marked}");
    }

    const TEXT: &str =
        "第一句话什么也没有说。倒排索引把词映射到文档!第三句讲的是压缩。Then there is English. 最后一句。";

    #[test]
    fn it_begins_and_ends_with_sentences() {
        check(TEXT, "倒排", 42, "倒排索引把词映射到文档!第三句讲的是压缩。");
        check(TEXT, "English", 30, "Then there is English.");
        check(TEXT, "没有这个", 50, "第一句话什么也没有说。倒排索引把词映射到文档!");
    }

    #[test]
    fn a_short_passage_is_taken_whole() {
        check("  一句。两句。\n", "两", 80, "一句。两句。");
        check("", "x", 80, "");
    }

    #[test]
    fn a_long_sentence_is_entered_near_the_mark_and_left_in_the_middle() {
        let text = format!("{}QLoRA{}", "前文".repeat(40), "后文".repeat(40));
        let mark = text.find("QLoRA").unwrap();
        let mark = mark..mark + 5;
        let shown = &text[excerpt(&text, std::slice::from_ref(&mark), 60)];
        assert!(shown.starts_with('文') || shown.starts_with('前'), "{shown}");
        assert!(shown.contains("QLoRA后文") && width(shown) <= 60 && width(shown) > 50, "{shown}");
    }

    #[test]
    fn the_span_with_most_marks_wins() {
        let text = "检索一次。无关的话无关的话无关的话无关的话。检索又检索。";
        let marks: Vec<_> = text.match_indices("检索").map(|(at, found)| at..at + found.len()).collect();
        assert_eq!(&text[excerpt(text, &marks, 20)], "检索又检索。");
    }
}
