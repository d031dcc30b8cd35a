//! A draft: the answer while it comes in, each sentence checked as soon as it is whole and shown only then.

use super::check::Fault;
use super::citation::Citation;
use super::echo::Question;
use super::link::Hosts;
use super::sentence::{Sentence, UNSUPPORTED_MARK, Verdict};
use super::support::{Support, Supported};
use super::{Abstention, Answer, Grounded};
use crate::document::Passage;
use crate::models::chat::{Completion, Piece};
use crate::text::{Analyzer, sentences};
use std::collections::{BTreeMap, BTreeSet};

/// A sentence without a marker of the model's is cited if a passage has at least this share of its terms.
const SHARE_MIN: f32 = 0.6;
/// Longer than any `[1, 2, 3]`: what is held back in case it is a marker.
const MARKER_BYTES_MAX: usize = 24;
/// What goes on for longer without an end is checked as if it had one: about 1,300 Chinese characters.
const SENTENCE_BYTES_MAX: usize = 4000;

/// What a draft is checked against.
pub struct Terms<'a> {
    pub question: &'a str,
    /// What the model was asked to write where the passages do not suffice.
    pub refusal: &'static str,
    /// Whether sentences that nothing supports are left out instead of being marked.
    pub strict: bool,
    /// Whether the passages are in the language of the answer. Where they are not, words cannot show support, so that
    /// its lack refuses nothing.
    pub is_checkable: bool,
}

impl Terms<'_> {
    /// Whether sentences are shown before one of them is supported.
    fn opens_at_once(&self) -> bool {
        !self.is_checkable && !self.strict
    }
}

/// Sentences go on to the user once one of them is supported, markers at their end: until then all that came may still be
/// a refusal, an echo of the question or an invention.
pub struct Draft<'a> {
    passages: &'a [Passage],
    support: Support<'a>,
    hosts: Hosts<'a>,
    question: Question<'a>,
    terms: Terms<'a>,
    on: &'a mut dyn FnMut(Piece<'_>),
    /// What the model wrote, without markers.
    written: String,
    refusal: Refusal,
    /// `[`, perhaps the beginning of a marker.
    held: String,
    /// Markers of the sentence under way, in the order they came.
    markers: Vec<u32>,
    /// Where the sentence under way begins in `written`, blanks before it included.
    closed: usize,
    /// Checked sentences that wait for the first supported one.
    waiting: String,
    is_open: bool,
    /// What the user has seen.
    text: String,
    sentences: Vec<Sentence>,
    quotes: BTreeMap<u32, Supported>,
    invalid: BTreeSet<u32>,
    unsupported: BTreeSet<u32>,
}

impl<'a> Draft<'a> {
    pub fn new(
        passages: &'a [Passage],
        analyzer: &'a Analyzer,
        terms: Terms<'a>,
        on: &'a mut dyn FnMut(Piece<'_>),
    ) -> Draft<'a> {
        Draft {
            passages,
            support: Support::new(passages, analyzer),
            hosts: Hosts::of(passages),
            question: Question::new(terms.question, analyzer),
            is_open: terms.opens_at_once(),
            refusal: Refusal::new(terms.refusal),
            terms,
            on,
            written: String::new(),
            held: String::new(),
            markers: Vec::new(),
            closed: 0,
            waiting: String::new(),
            text: String::new(),
            sentences: Vec::new(),
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
    }

    /// What the model thinks aloud: shown, and read by nothing.
    pub fn think(&mut self, thought: &str) {
        (self.on)(Piece::Reasoning(thought));
    }

    /// All that came was thinking aloud: the answer begins after it.
    pub fn retract(&mut self) {
        if self.is_shown() {
            (self.on)(Piece::Retracted);
        }
        self.written.clear();
        self.refusal = Refusal::new(self.terms.refusal);
        self.held.clear();
        self.markers.clear();
        self.closed = 0;
        self.waiting.clear();
        self.is_open = self.terms.opens_at_once();
        self.text.clear();
        self.sentences.clear();
        self.quotes.clear();
        self.invalid.clear();
        self.unsupported.clear();
    }

    /// Whether the user has seen any of it.
    pub fn is_shown(&self) -> bool {
        !self.text.is_empty()
    }

    /// What has come of it; `completion` is missing where the model was cut off.
    pub fn finish(mut self, completion: Option<Completion>) -> Answer {
        let held = std::mem::take(&mut self.held);
        held.chars().for_each(|c| self.refusal.push(c));
        self.written.push_str(&held);
        let is_refusal = self.refusal.is_begun_with();
        if !is_refusal {
            self.close(self.written.trim_end().len());
        }
        // Where nothing could be cited, the refusal counts in other words too: "根据资料中没有相关内容".
        let refuses = self.quotes.is_empty() && bare(&self.written).contains(&bare(self.terms.refusal));
        let claims = self.sentences.iter().any(|sentence| sentence.verdict != Verdict::NoClaim);
        let reason = match (is_refusal || refuses, self.is_shown()) {
            (true, _) => Some(Abstention::NotInSources),
            (false, true) => None,
            (false, false) if claims => Some(Abstention::Unsupported),
            (false, false) => Some(Abstention::Unanswered),
        };
        if let Some(reason) = reason {
            return Answer::Abstained { reason, sentences: self.sentences, completion };
        }
        let citation = |(marker, found): (&u32, &Supported)| {
            Citation::new(*marker, &self.passages[*marker as usize - 1], &found.quote)
        };
        Answer::Grounded(Grounded {
            citations: self.quotes.iter().map(citation).collect(),
            invalid: self.invalid.into_iter().collect(),
            unsupported: self.unsupported.into_iter().collect(),
            text: self.text,
            is_extract: false,
            sentences: self.sentences,
            completion,
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

    /// A character of text. If a sentence has ended before it, that one is checked first.
    fn write(&mut self, c: char) {
        let before = self.written.len();
        self.written.push(c);
        self.refusal.push(c);
        if self.refusal.is_begun_with() || c.is_whitespace() {
            return;
        }
        if !may_begin_sentence(&self.written[self.closed..before]) {
            if before - self.closed > SENTENCE_BYTES_MAX {
                self.close(before);
            }
            return;
        }
        let under_way = &self.written[self.closed..];
        let begun = sentences(under_way);
        // What stands after a semicolon still belongs to the claim before it.
        let pairs = begun.windows(2).find(|pair| !under_way[..pair[0].end].ends_with('；'));
        if let Some([first, second]) = pairs {
            debug_assert!(self.closed + second.start <= before, "a character begins at most one sentence");
            self.close(self.closed + first.end);
        }
    }

    /// Checks the sentence under way, which ends at `end`, and shows it if it may be shown.
    fn close(&mut self, end: usize) {
        let raw = self.hosts.disarmed(&self.written[self.closed..end.max(self.closed)]);
        self.closed = end.max(self.closed);
        let markers = std::mem::take(&mut self.markers);
        let sentence = self.checked(raw.trim(), markers);
        // A small model that has lost the thread writes the same again and again.
        let is_repeated = self.sentences.iter().any(|earlier| earlier.text == sentence.text);
        if sentence.text.is_empty() || is_repeated {
            return;
        }
        let piece = match sentence.verdict {
            Verdict::Unsupported if self.terms.strict => String::new(),
            Verdict::Unsupported => format!("{raw}{UNSUPPORTED_MARK}"),
            _ => sentence.markers.iter().fold(raw, |raw, marker| format!("{raw}[{marker}]")),
        };
        self.is_open |= sentence.verdict == Verdict::Supported;
        self.sentences.push(sentence);
        self.waiting.push_str(&piece);
        if self.is_open {
            let waiting = std::mem::take(&mut self.waiting);
            let fresh = if self.text.is_empty() { waiting.trim_start() } else { &waiting };
            self.text.push_str(fresh);
            (self.on)(Piece::Text(fresh));
        }
    }

    fn checked(&mut self, text: &str, markers: Vec<u32>) -> Sentence {
        let mut cited: BTreeMap<u32, Supported> = BTreeMap::new();
        let is_echo = self.question.is_echoed_by(text);
        for number in markers {
            if !self.is_known(number) {
                self.invalid.insert(number);
            } else if is_echo {
                // Whatever stands in the sources, it is no answer.
            } else if let Some(found) = self.support.by(number as usize - 1, text) {
                cited.insert(number, found);
            } else {
                self.unsupported.insert(number);
            }
        }
        if cited.is_empty()
            && !is_echo
            && let Some((index, found)) = self.support.best(text).filter(|(_, found)| found.share >= SHARE_MIN)
        {
            cited.insert(index as u32 + 1, found);
        }
        // What two passages say between them is half of it in either.
        let parts = if is_echo { Vec::new() } else { self.support.by_clauses(text, SHARE_MIN) };
        let is_better = |(_, part): &(usize, Supported)| cited.values().all(|whole| part.share > whole.share);
        if !parts.is_empty() && parts.iter().all(is_better) {
            cited = parts.into_iter().map(|(index, found)| (index as u32 + 1, found)).collect();
        }
        let verdict = match cited.is_empty() {
            false => Verdict::Supported,
            true if is_echo || !self.support.is_claim(text) => Verdict::NoClaim,
            true => Verdict::Unsupported,
        };
        let mut faults = if verdict == Verdict::Unsupported { self.support.faults(text) } else { Vec::new() };
        faults.retain(|fault| !matches!(fault, Fault::Name(name) if self.question.gives(name)));
        if verdict == Verdict::Unsupported && faults.is_empty() {
            faults.push(Fault::Thin);
        }
        let markers = cited.keys().copied().collect();
        for (number, found) in cited {
            let kept = self.quotes.entry(number).or_insert_with(|| found.clone());
            if found.share > kept.share {
                *kept = found;
            }
        }
        Sentence { text: text.into(), verdict, markers, faults }
    }
}

/// Whether what was written begins with the refusal: nothing that comes after it is an answer from the sources. Letters
/// only, so that it counts in quotes or without its full stop.
struct Refusal {
    letters: Vec<char>,
    /// How many of them were written; none where something else was.
    written: Option<usize>,
}

impl Refusal {
    fn new(refusal: &str) -> Refusal {
        Refusal { letters: bare(refusal).chars().collect(), written: Some(0) }
    }

    fn push(&mut self, c: char) {
        for c in c.to_lowercase().filter(|c| c.is_alphanumeric()) {
            self.written = match self.written {
                Some(count) if count == self.letters.len() => Some(count),
                Some(count) if self.letters[count] == c => Some(count + 1),
                _ => None,
            };
        }
    }

    fn is_begun_with(&self) -> bool {
        self.written == Some(self.letters.len())
    }
}

/// Whether a letter behind `text` could be the first of a sentence.
fn may_begin_sentence(text: &str) -> bool {
    let said = text.trim_end();
    text[said.len()..].contains('\n')
        || said.ends_with(|c: char| !c.is_alphanumeric() && !matches!(c, ',' | '，' | '、'))
}

/// Letters only, in lower case.
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
