//! Hidden ranges: what stands in a file and is never shown, such as tags, comments and the bytes of an image.

use std::ops::Range;

/// A range of the document's text that is left out when the text is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Gap {
    range: Range<usize>,
    /// Whether the words on both sides are apart.
    parts: bool,
}

/// Ranges that are never shown: in order and disjoint once [`Hidden::sort`] was called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hidden(Vec<Gap>);

impl Hidden {
    pub fn push(&mut self, range: Range<usize>, parts: bool) {
        if !range.is_empty() {
            self.0.push(Gap { range, parts });
        }
    }

    pub fn sort(&mut self) {
        self.0.sort_by_key(|gap| (gap.range.start, gap.range.end));
        self.0.dedup_by(|next, last| {
            let overlaps = next.range.start < last.range.end;
            if overlaps {
                last.range.end = last.range.end.max(next.range.end);
                last.parts |= next.parts;
            }
            overlaps
        });
    }

    /// The parts of hidden ranges that lie in `span`.
    fn within(&self, span: &Range<usize>) -> impl Iterator<Item = (Range<usize>, bool)> {
        let first = self.0.partition_point(|gap| gap.range.end <= span.start);
        let (start, end) = (span.start, span.end);
        let inside = self.0[first..].iter().take_while(move |gap| gap.range.start < end);
        inside.map(move |gap| (gap.range.start.max(start)..gap.range.end.min(end), gap.parts))
    }

    /// What is shown of `span`, in pieces that are slices of `text`. Line breaks of what is hidden stay, so that lines can
    /// be counted; where there are none and words would grow together, there is a blank.
    pub fn shown<'t>(&self, text: &'t str, span: &Range<usize>, on: &mut dyn FnMut(&'t str)) {
        let mut at = span.start;
        let mut before: Option<char> = None;
        for (range, parts) in self.within(span) {
            on(&text[at..range.start]);
            before = text[at..range.start].chars().next_back().or(before);
            at = range.end;
            let breaks = text[range].matches(['\n', '\r']);
            let mut broken = false;
            for line_break in breaks {
                on(line_break);
                broken = true;
            }
            let after = text[at..span.end].chars().next();
            let apart = |c: Option<char>| c.is_none_or(char::is_whitespace);
            if broken {
                before = Some('\n');
            } else if parts && !apart(before) && !apart(after) {
                on(" ");
                before = Some(' ');
            }
        }
        on(&text[at..span.end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, hidden: &[(&str, bool)], expect: &str) {
        let mut gaps = Hidden::default();
        for (what, parts) in hidden {
            let at = text.find(what).unwrap();
            gaps.push(at..at + what.len(), *parts);
        }
        gaps.sort();
        let mut shown = String::new();
        gaps.shown(text, &(0..text.len()), &mut |part| shown.push_str(part));
        assert_eq!(shown, expect);
    }

    #[test]
    fn what_is_hidden_keeps_its_lines_and_parts_words() {
        check("70<br/>51", &[("<br/>", true)], "70 51");
        check("70 <br/>51", &[("<br/>", true)], "70 51");
        check("a<!--\n\n-->b", &[("<!--\n\n-->", true)], "a\n\nb");
        check("网<b>关</b>", &[("<b>", false), ("</b>", false)], "网关");
    }
}
