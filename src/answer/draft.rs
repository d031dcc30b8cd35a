//! A draft: the answer while it streams, each sentence checked as soon as it is whole.

use super::citation::Citation;
use super::support::{Support, Supported};
use super::{Abstention, Answer, Grounded};
use crate::document::Passage;
use crate::models::chat::Completion;
use crate::text::{Analyzer, sentences};
use std::collections::{BTreeMap, BTreeSet};

/// A sentence without a marker of the model's is cited if a passage has at least this share of its terms.
const SHARE_MIN: f32 = 0.6;
/// Longer than any `[1, 2, 3]`: what is held back in case it is a marker.
const MARKER_BYTES_MAX: usize = 24;

/// Text goes on to the user as it comes; only what may become a marker or a refusal is held back. Markers are
/// moved to the end of their sentence, where they are checked.
pub struct Draft<'a> {
    passages: &'a [Passage],
    support: Support<'a>,
    refusal: &'static str,
    on_text: &'a mut dyn FnMut(&str),
    /// What the model wrote, without markers.
    written: String,
    /// `[`, perhaps the beginning of a marker.
    held: String,
    /// Markers of the sentence under way, in the order they came.
    markers: Vec<u32>,
    /// Where the sentence under way begins in `written`.
    sentence: usize,
    /// How much of `written` the user has seen.
    shown: usize,
    /// What the user has seen.
    text: String,
    quotes: BTreeMap<u32, Supported>,
    invalid: BTreeSet<u32>,
    unsupported: BTreeSet<u32>,
}

impl<'a> Draft<'a> {
    /// `refusal` is what the model was asked to write where the passages do not suffice.
    pub fn new(
        passages: &'a [Passage],
        analyzer: &'a Analyzer,
        refusal: &'static str,
        on_text: &'a mut dyn FnMut(&str),
    ) -> Draft<'a> {
        Draft {
            passages,
            support: Support::new(passages, analyzer),
            refusal,
            on_text,
            written: String::new(),
            held: String::new(),
            markers: Vec::new(),
            sentence: 0,
            shown: 0,
            text: String::new(),
            quotes: BTreeMap::new(),
            invalid: BTreeSet::new(),
            unsupported: BTreeSet::new(),
        }
    }

    /// A piece of what the model writes.
    pub fn push(&mut self, piece: &str) {
        for c in piece.chars() {
            self.take(c);
        }
        if !self.may_become_refusal() {
            self.show_to(self.written.trim_end().len());
        }
    }

    pub fn finish(mut self, completion: Completion) -> Answer {
        let held = std::mem::take(&mut self.held);
        self.written.push_str(&held);
        if !self.is_refusal() {
            self.show_to(self.written.trim_end().len());
            self.cite();
        }
        // Where nothing could be cited, the refusal counts in other words too: "根据资料中没有相关内容".
        if self.is_refusal() || self.quotes.is_empty() && bare(&self.written).contains(&bare(self.refusal)) {
            return Answer::Abstained { reason: Abstention::NotInSources, completion: Some(completion) };
        }
        let citation = |(marker, found): (&u32, &Supported)| {
            Citation::new(*marker, &self.passages[*marker as usize - 1], &found.quote)
        };
        Answer::Grounded(Grounded {
            citations: self.quotes.iter().map(citation).collect(),
            invalid: self.invalid.into_iter().collect(),
            unsupported: self.unsupported.into_iter().collect(),
            text: self.text,
            completion: Some(completion),
        })
    }

    fn take(&mut self, c: char) {
        let opens = matches!(c, '[' | '【');
        if self.held.is_empty() && !opens {
            return self.write(c);
        }
        let inner = c.is_ascii_digit() || matches!(c, ',' | ' ' | '、' | '，' | '^' | '-');
        if opens || (!inner && !matches!(c, ']' | '】')) || self.held.len() > MARKER_BYTES_MAX {
            // No marker after all.
            for earlier in std::mem::take(&mut self.held).chars() {
                self.write(earlier);
            }
            return if opens { self.held.push(c) } else { self.write(c) };
        }
        self.held.push(c);
        if !inner {
            let held = std::mem::take(&mut self.held);
            match marker_numbers(&held).filter(|numbers| !self.is_index(numbers)) {
                Some(numbers) => self.markers.extend(numbers),
                None => held.chars().for_each(|c| self.write(c)),
            }
        }
    }

    /// `a[0]` in code: not a number of ours, right behind a name.
    fn is_index(&self, numbers: &[u32]) -> bool {
        let behind_name = self.written.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ')' | ']'));
        behind_name && numbers.iter().any(|number| !self.is_known(*number))
    }

    fn is_known(&self, number: u32) -> bool {
        (1..=self.passages.len() as u32).contains(&number)
    }

    /// A character of text. If a sentence has ended before it, that one is cited first.
    fn write(&mut self, c: char) {
        let before = self.written.len();
        self.written.push(c);
        if self.is_refusal() {
            return;
        }
        let under_way = &self.written[self.sentence..];
        let begun = sentences(under_way);
        // What stands after a semicolon still belongs to the claim before it.
        let pairs = begun.windows(2).find(|pair| !under_way[..pair[0].end].ends_with('；'));
        if let Some([first, second]) = pairs {
            let (end, next) = (self.sentence + first.end, self.sentence + second.start);
            debug_assert!(next <= before, "a character begins at most one sentence");
            self.show_to(end);
            self.cite();
            self.sentence = next;
        }
    }

    /// Ends the sentence under way with its checked markers.
    fn cite(&mut self) {
        let claim = self.written[self.sentence..self.shown].trim().to_string();
        let mut cited: BTreeMap<u32, Supported> = BTreeMap::new();
        for number in std::mem::take(&mut self.markers) {
            if !self.is_known(number) {
                self.invalid.insert(number);
            } else if let Some(found) = self.support.by(number as usize - 1, &claim) {
                cited.insert(number, found);
            } else {
                self.unsupported.insert(number);
            }
        }
        if cited.is_empty()
            && let Some((index, found)) = self.support.best(&claim).filter(|(_, found)| found.share >= SHARE_MIN)
        {
            cited.insert(index as u32 + 1, found);
        }
        for (number, found) in cited {
            self.emit(&format!("[{number}]"));
            let kept = self.quotes.entry(number).or_insert_with(|| found.clone());
            if found.share > kept.share {
                *kept = found;
            }
        }
    }

    fn show_to(&mut self, end: usize) {
        if end > self.shown {
            let fresh = self.written[self.shown..end].to_string();
            self.shown = end;
            self.emit(&fresh);
        }
    }

    fn emit(&mut self, text: &str) {
        self.text.push_str(text);
        (self.on_text)(text);
    }

    fn may_become_refusal(&self) -> bool {
        let written = bare(&self.written);
        bare(self.refusal).starts_with(&written) || self.is_refusal()
    }

    /// The refusal, whatever comes after it: nothing that does is an answer from the sources.
    fn is_refusal(&self) -> bool {
        bare(&self.written).starts_with(&bare(self.refusal))
    }
}

/// Letters only: a refusal in quotes or without its full stop is one.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The numbers of `[1]`, `[1, 2]`, `[^1]`, `【3】`; `None` if there is none or one is absurd.
fn marker_numbers(held: &str) -> Option<Vec<u32>> {
    let numbers = held.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let numbers: Option<Vec<u32>> = numbers.map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

#[cfg(test)]
mod tests;
