//! Marks of note-taking programs within a line: `[[note|name]]`, `==marked==`, `%%comment%%`, `[!note]`, `{#anchor}`.

use super::Visible;
use super::address::is_image_name;
use super::reader::Leaf;
use std::ops::Range;

/// Longer links and marks are none.
const BYTES_MAX: usize = 400;

/// What is left of a piece's text, and what was taken out.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub visible: Visible,
    /// Ranges of the source.
    pub hidden: Vec<Range<usize>>,
    pub asides: Vec<String>,
}

/// The text of `leaf` without marks.
pub(super) fn clean(leaf: &Leaf, is_heading: bool, source: &str) -> Cleaned {
    let text = leaf.visible.as_str();
    let mut found =
        Found { text, verbatim: &leaf.verbatim, removed: Vec::new(), comments: Vec::new(), asides: Vec::new() };
    if text.starts_with("[!") {
        found.callout();
    }
    if is_heading && text.trim_end().ends_with('}') {
        found.anchor();
    }
    if text.contains("[[") {
        found.links();
    }
    for mark in ["==", "%%"].into_iter().filter(|mark| text.contains(mark)) {
        found.pairs(mark);
    }
    let hidden = |range: &Range<usize>| leaf.visible.source_start(range.start)..leaf.visible.source_end(range.end);
    // What is not what it seems to be in the source, since something else stands in it, is not hidden.
    let is_whole = |range: &Range<usize>| source.get(range.clone()).is_some_and(|text| text.starts_with("%%"));
    let hidden = found.comments.iter().map(hidden).filter(is_whole).collect();
    Cleaned { visible: without(&leaf.visible, found.removed), hidden, asides: found.asides }
}

struct Found<'a> {
    text: &'a str,
    verbatim: &'a [Range<usize>],
    /// Ranges of the text that are not visible.
    removed: Vec<Range<usize>>,
    /// Those that are not shown either.
    comments: Vec<Range<usize>>,
    asides: Vec<String>,
}

impl Found<'_> {
    fn is_free(&self, range: &Range<usize>) -> bool {
        let index = self.verbatim.partition_point(|code| code.end <= range.start);
        self.verbatim.get(index).is_none_or(|code| code.start >= range.end)
    }

    /// `[!note]+ Title`.
    fn callout(&mut self) {
        let Some(end) = self.text.find(']').filter(|end| *end <= BYTES_MAX) else { return };
        let name = &self.text[2..end];
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '|' | ' ')) {
            let fold = usize::from(self.text[end + 1..].starts_with(['+', '-']));
            self.asides.push(name.into());
            self.removed.push(0..end + 1 + fold);
        }
    }

    /// `## Title {#anchor}`.
    fn anchor(&mut self) {
        let end = self.text.trim_end().len();
        let Some(start) = self.text[..end].rfind("{#") else { return };
        let inner = &self.text[start + 2..end - 1];
        if !inner.contains(['{', '}', ' ']) {
            self.asides.push(inner.into());
            self.removed.push(start..end);
        }
    }

    /// `[[note]]`, `[[note#part|name]]`, `![[picture.png]]`.
    fn links(&mut self) {
        let mut at = 0;
        while let Some(found) = self.text[at..].find("[[") {
            let start = at + found;
            at = start + 2;
            let reach = self.text.floor_char_boundary((at + BYTES_MAX).min(self.text.len()));
            let Some(end) = self.text[at..reach].find("]]").map(|end| at + end) else { continue };
            let inner = &self.text[at..end];
            if inner.trim().is_empty() || inner.contains(['\n', '[']) || !self.is_free(&(start..end + 2)) {
                continue;
            }
            let embedded = usize::from(self.text[..start].ends_with('!'));
            let (target, name) = inner.split_once('|').map_or((inner, None), |(target, name)| (target, Some(name)));
            let target = target.trim_end_matches('\\');
            if is_image_name(target) && embedded > 0 {
                self.removed.push(start - embedded..end + 2);
                self.asides.push(inner.into());
            } else {
                let keep = name.map_or(at, |name| end - name.len());
                self.removed.push(start - embedded..keep);
                self.removed.push(end..end + 2);
                self.asides.extend(name.map(|_| target.to_string()));
            }
            at = end + 2;
        }
    }

    /// `==marked==` loses its marks, `%%a comment%%` goes.
    fn pairs(&mut self, mark: &str) {
        let mut at = 0;
        while let Some(found) = self.text[at..].find(mark) {
            let start = at + found;
            at = start + mark.len();
            let before = self.text[..start].chars().next_back();
            let reach = self.text.floor_char_boundary((at + BYTES_MAX).min(self.text.len()));
            let reach = if mark == "%%" { self.text.len() } else { reach };
            let Some(end) = self.text[at..reach].find(mark).map(|end| at + end) else {
                if mark == "%%" { return } else { continue }
            };
            let inner = &self.text[at..end];
            let is_marked = !inner.is_empty() && !inner.starts_with([' ', '=']) && !inner.ends_with(' ');
            let is_comment = before.is_none_or(|c| !c.is_ascii_alphanumeric());
            if !self.is_free(&(start..end + 2)) || !(if mark == "%%" { is_comment } else { is_marked }) {
                continue;
            }
            if mark == "%%" {
                self.removed.push(start..end + 2);
                self.comments.push(start..end + 2);
            } else {
                self.removed.push(start..at);
                self.removed.push(end..end + 2);
            }
            at = end + 2;
        }
    }
}

/// `visible` without `removed`.
fn without(visible: &Visible, mut removed: Vec<Range<usize>>) -> Visible {
    removed.sort_by_key(|range| (range.start, range.end));
    let mut kept = Visible::default();
    let mut at = 0;
    for range in removed {
        if range.start > at {
            kept.push_part(visible, at..range.start);
        }
        at = at.max(range.end);
    }
    kept.push_part(visible, at..visible.len());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_heading: bool, expect: &str, asides: &[&str]) {
        let leaf = Leaf { visible: Visible::whole(text), ..Leaf::default() };
        let cleaned = clean(&leaf, is_heading, text);
        assert_eq!(cleaned.visible.as_str(), expect);
        assert_eq!(cleaned.asides, asides);
    }

    #[test]
    fn marks_of_note_taking_programs_are_read() {
        check("见 [[笔记#节|别名]] 与 [[另一篇]]。", false, "见 别名 与 另一篇。", &["笔记#节"]);
        check("![[图 1.png]] 后", false, " 后", &["图 1.png"]);
        check("一个==重点==词,a == b == c", false, "一个重点词,a == b == c", &[]);
        check("前%%不给人看%%后,100%%与50%%", false, "前后,100%%与50%%", &[]);
        check("[!warning]- 当心", false, " 当心", &["warning"]);
        check("安装 {#install}", true, "安装 ", &["install"]);
        check("数组 [[1,2],[3,4]]", false, "数组 [[1,2],[3,4]]", &[]);
    }
}
