//! A segmentation: the runs of one script that a text falls into, and the terms of each.

use super::dictionary::Dictionary;
use super::grouped::{Grouped, grouped};
use super::normalize::{Glyph, is_mark, range_of};
use super::term::{Kind, Term};
use super::word;
use crate::language::is_han;
use jieba_rs::{Token, TokenizeMode};

/// Which terms Chinese characters make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Han {
    Words,
    /// See [`Kind::Pair`].
    Pairs,
}

/// Terms of `glyphs`, ordered by position.
pub(super) fn segment(glyphs: &[Glyph], dictionary: &Dictionary, han: Han) -> Vec<Term> {
    let mut segmentation = Segmentation { glyphs, dictionary, position: 0, terms: Vec::new() };
    let mut at = 0;
    while at < glyphs.len() {
        at = match script(glyphs[at].c) {
            Script::Han => segmentation.han_run(at, han),
            Script::Syllables => segmentation.syllable_run(at),
            Script::Letters => segmentation.word_run(at),
            Script::Emoji => segmentation.emoji(at),
            Script::None if word::begins_with_dot(glyphs, at) => segmentation.word_run(at),
            Script::None => segmentation.gap(at),
        };
    }
    segmentation.terms
}

#[derive(PartialEq, Eq)]
enum Script {
    Han,
    /// Written without blanks between words, or with words that carry their grammar as syllables.
    Syllables,
    /// Letters and digits that blanks and punctuation part into words.
    Letters,
    /// A word each.
    Emoji,
    None,
}

fn script(c: char) -> Script {
    match c {
        _ if c.is_ascii() => if c.is_ascii_alphanumeric() { Script::Letters } else { Script::None },
        _ if is_han(c) => Script::Han,
        '\u{3041}'..='\u{3096}' | '\u{309D}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}'
        | '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}' // Kana, Bopomofo
        | '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97C}' | '\u{AC00}'..='\u{D7FB}' // Hangul
        | '\u{E01}'..='\u{E3A}' | '\u{E40}'..='\u{E4E}' | '\u{E81}'..='\u{ECE}' // Thai, Lao
        | '\u{1000}'..='\u{1049}' | '\u{1780}'..='\u{17D3}' => Script::Syllables, // Myanmar, Khmer
        _ if is_emoji(c) => Script::Emoji,
        _ if c.is_alphanumeric() => Script::Letters,
        _ => Script::None,
    }
}

/// Pictures that are shown in colour, without the tones of skin; not the signs that texts are set with: arrows, bullets,
/// ticks and stars in black and white.
pub(super) fn is_emoji(c: char) -> bool {
    match c {
        '\u{1F3FB}'..='\u{1F3FF}' => false,
        '\u{1F000}'..='\u{1FAFF}' => true,
        '\u{231A}'..='\u{231B}' | '\u{23E9}'..='\u{23F3}' | '\u{2614}'..='\u{2615}' | '\u{2648}'..='\u{2653}' => true,
        '\u{2693}' | '\u{26A0}' | '\u{26A1}' | '\u{26AA}'..='\u{26AB}' | '\u{26BD}'..='\u{26BE}' => true,
        '\u{26C4}'..='\u{26C5}' | '\u{26CE}' | '\u{26D4}' | '\u{26EA}' | '\u{26F2}'..='\u{26F5}' | '\u{26FA}' => true,
        '\u{26FD}' | '\u{2705}' | '\u{270A}'..='\u{270B}' | '\u{2728}' | '\u{274C}' | '\u{274E}' => true,
        '\u{2753}'..='\u{2755}' | '\u{2757}' | '\u{2764}' | '\u{2795}'..='\u{2797}' | '\u{27B0}' | '\u{27BF}' => true,
        '\u{2B1B}'..='\u{2B1C}' | '\u{2B50}' | '\u{2B55}' => true,
        _ => false,
    }
}

/// Whether `c` is part of a word that blanks or punctuation delimit.
pub(super) fn is_letter(c: char) -> bool {
    script(c) == Script::Letters
}

/// Whether `c` makes a term, by itself or with others.
pub(super) fn is_written(c: char) -> bool {
    script(c) != Script::None
}

struct Segmentation<'a> {
    glyphs: &'a [Glyph],
    dictionary: &'a Dictionary,
    position: u32,
    terms: Vec<Term>,
}

impl Segmentation<'_> {
    /// Punctuation and blanks; returns where the next run begins. Punctuation counts as one position.
    fn gap(&mut self, from: usize) -> usize {
        let mut end = from + 1;
        while self.glyphs.get(end).is_some_and(|g| script(g.c) == Script::None)
            && !word::begins_with_dot(self.glyphs, end)
        {
            end += 1;
        }
        if self.glyphs[from..end].iter().any(|glyph| !glyph.c.is_whitespace()) {
            self.position += 1;
        }
        end
    }

    fn emoji(&mut self, at: usize) -> usize {
        self.push(&[at], 0, Kind::Word);
        self.position += 1;
        at + 1
    }

    fn word_run(&mut self, from: usize) -> usize {
        if let Some(end) = self.grouped_number(from) {
            return end;
        }
        let run = word::scan(self.glyphs, from);
        self.position = run.terms(self.glyphs, self.position, &mut self.terms);
        run.next
    }

    /// A number in groups, which blanks may part; none where it is something else.
    fn grouped_number(&mut self, from: usize) -> Option<usize> {
        if !self.glyphs[from].c.is_ascii_digit() {
            return None;
        }
        let Grouped { digits, local, groups } = grouped(self.glyphs, from)?;
        let end = groups.last()?.end;
        let whole = range_of(&self.glyphs[from..end]);
        let position = self.position;
        let term = |text, range, kind, position| Term { text, range, position, kind };
        self.terms.push(term(digits, whole.clone(), Kind::Compound, position));
        self.terms.extend(local.map(|local| term(local, whole, Kind::Part, position)));
        for (group, position) in groups.iter().zip(position..) {
            let group = &self.glyphs[group.clone()];
            let text = group.iter().map(|glyph| glyph.c).collect();
            self.terms.push(term(text, range_of(group), Kind::Part, position));
        }
        self.position += groups.len() as u32;
        Some(end)
    }

    /// Overlapping pairs of syllables; a lone one by itself.
    fn syllable_run(&mut self, from: usize) -> usize {
        let mut end = from + 1;
        while self.glyphs.get(end).is_some_and(|g| script(g.c) == Script::Syllables || is_mark(g.c)) {
            end += 1;
        }
        let run: Vec<usize> = (from..end).collect();
        self.pairs(&run, Kind::Word);
        self.position += run.len() as u32;
        end
    }

    /// A run of Chinese characters. PDF extraction puts blanks and line ends inside of words, so they don't end
    /// the run; an empty line does.
    fn han_run(&mut self, from: usize, han: Han) -> usize {
        let mut run = vec![from];
        // Places in `run` with a blank before them.
        let mut blanks = Vec::new();
        let mut at = from + 1;
        loop {
            while at < self.glyphs.len() && is_han(self.glyphs[at].c) {
                run.push(at);
                at += 1;
            }
            let Some(next) = after_blank(self.glyphs, at) else { break };
            blanks.push(run.len());
            at = next;
        }
        match han {
            Han::Pairs => {
                self.pairs(&run, Kind::Pair);
                if run.len() > 1 {
                    self.push(&run[run.len() - 1..], run.len() - 1, Kind::Pair);
                }
            }
            Han::Words => self.han_words(&run, &blanks),
        }
        self.position += run.len() as u32;
        at
    }

    fn pairs(&mut self, run: &[usize], kind: Kind) {
        if let [only] = run {
            self.push(&[*only], 0, kind);
        }
        for (offset, pair) in run.windows(2).enumerate() {
            self.push(pair, offset, kind);
        }
    }

    /// Words as jieba cuts them for search. A word that it only guessed is not believed across a blank.
    fn han_words(&mut self, run: &[usize], blanks: &[usize]) {
        let first = self.terms.len();
        let text: String = run.iter().map(|&at| self.glyphs[at].c).collect();
        let jieba = self.dictionary.jieba();
        let tokens = jieba.tokenize(&text, TokenizeMode::Search, true);
        let whole = whole_words(&tokens);
        for (token, whole) in tokens.iter().zip(whole) {
            let inner: Vec<usize> = blanks.iter().copied().filter(|&b| token.start < b && b < token.end).collect();
            let guessed = whole && !inner.is_empty() && !jieba.has_word(token.word);
            let kind = if whole { Kind::Word } else { Kind::Part };
            let mut start = token.start;
            for end in inner.into_iter().filter(|_| guessed).chain([token.end]) {
                self.push(&run[start..end], start, kind);
                start = end;
            }
        }
        self.terms[first..].sort_by_key(|term| (term.position, term.kind));
    }

    /// A term of the glyphs at `places`, `offset` positions into the run.
    fn push(&mut self, places: &[usize], offset: usize, kind: Kind) {
        let text = places.iter().map(|&at| self.glyphs[at].c).collect();
        let range = range_of(&self.glyphs[places[0]..=places[places.len() - 1]]);
        self.terms.push(Term { text, range, position: self.position + offset as u32, kind });
    }
}

/// Where the Chinese goes on after blanks with at most one line end among them.
fn after_blank(glyphs: &[Glyph], from: usize) -> Option<usize> {
    let blanks = glyphs[from..].iter().take_while(|glyph| glyph.c.is_whitespace()).count();
    let lines = glyphs[from..from + blanks].iter().filter(|glyph| glyph.c == '\n').count();
    let next = glyphs.get(from + blanks)?;
    (blanks > 0 && lines <= 1 && is_han(next.c)).then_some(from + blanks)
}

/// Which tokens tile the text; the others are parts, which jieba puts before the word they are from.
fn whole_words(tokens: &[Token<'_>]) -> Vec<bool> {
    let mut whole = vec![false; tokens.len()];
    let mut cursor = usize::MAX;
    for (token, whole) in tokens.iter().zip(&mut whole).rev() {
        *whole = token.end <= cursor;
        if *whole {
            cursor = token.start;
        }
    }
    whole
}
