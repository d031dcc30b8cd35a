//! Visible text: what a reader sees of a document, without markup, and where each letter of it stands in the source.

use std::ops::Range;

/// A stretch of visible text and the source it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    /// Where it begins in the visible text; it ends where the next one begins.
    at: usize,
    source: Range<usize>,
    /// Whether it is its source, byte for byte. Others (a decoded entity, a break made of a tag) are mapped as a whole.
    exact: bool,
}

/// Visible text with its map back into the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visible {
    text: String,
    runs: Vec<Run>,
}

impl Visible {
    /// Text that is its own source.
    pub fn whole(text: &str) -> Visible {
        let mut visible = Visible::default();
        visible.push(text, 0..text.len(), true);
        visible
    }

    /// The part `range` of a source, as it stands there.
    pub fn part_of(source: &str, range: Range<usize>) -> Visible {
        let mut visible = Visible::default();
        visible.push(&source[range.clone()], range, true);
        visible
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends `text`, which stands for `source`; `exact` where it is the same bytes.
    pub fn push(&mut self, text: &str, source: Range<usize>, exact: bool) {
        if text.is_empty() {
            return;
        }
        let goes_on = exact && self.runs.last().is_some_and(|last| last.exact && last.source.end == source.start);
        match self.runs.last_mut() {
            Some(last) if goes_on => last.source.end = source.end,
            _ => self.runs.push(Run { at: self.text.len(), source, exact }),
        }
        self.text.push_str(text);
    }

    /// Takes back what was appended from `at` on.
    pub fn truncate(&mut self, at: usize) {
        self.text.truncate(at);
        while self.runs.last().is_some_and(|run| run.at >= at) {
            self.runs.pop();
        }
        if let Some(run) = self.runs.last_mut().filter(|run| run.exact) {
            run.source.end = run.source.start + at - run.at;
        }
    }

    /// Appends the part `range` of `other`.
    pub fn push_part(&mut self, other: &Visible, range: Range<usize>) {
        let mut at = range.start;
        let mut index = other.runs.partition_point(|run| run.at <= at).saturating_sub(1);
        while at < range.end {
            let Some(run) = other.runs.get(index) else { return };
            let end = other.runs.get(index + 1).map_or(other.text.len(), |next| next.at).min(range.end);
            let source = match run.exact {
                true => run.source.start + at - run.at..run.source.start + end - run.at,
                false => run.source.clone(),
            };
            self.push(&other.text[at..end], source, run.exact);
            (at, index) = (end, index + 1);
        }
    }

    /// Where in the source the letter at `at` begins.
    pub fn source_start(&self, at: usize) -> usize {
        let index = self.runs.partition_point(|run| run.at <= at);
        let Some(run) = index.checked_sub(1).map(|index| &self.runs[index]) else { return 0 };
        if run.exact { run.source.start + at - run.at } else { run.source.start }
    }

    /// Where in the source the letter before `at` ends.
    pub fn source_end(&self, at: usize) -> usize {
        let index = self.runs.partition_point(|run| run.at < at);
        let Some(run) = index.checked_sub(1).map(|index| &self.runs[index]) else { return 0 };
        if run.exact { run.source.start + at - run.at } else { run.source.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_know_their_place() {
        // a**bc**&amp;d
        let mut visible = Visible::default();
        visible.push("a", 0..1, true);
        visible.push("bc", 3..5, true);
        visible.push("&", 7..12, false);
        visible.push("d", 12..13, true);
        assert_eq!(visible.as_str(), "abc&d");
        assert_eq!([0, 1, 2, 3, 4].map(|at| visible.source_start(at)), [0, 3, 4, 7, 12]);
        assert_eq!([1, 2, 3, 4, 5].map(|at| visible.source_end(at)), [1, 4, 5, 12, 13]);
        let mut part = Visible::default();
        part.push_part(&visible, 2..5);
        assert_eq!((part.as_str(), part.source_start(0), part.source_end(3)), ("c&d", 4, 13));
    }
}
