//! A phrase: words that must stand together as they are written.
//!
//! Width, case, accents and script do not count, nor how much white space stands between words, nor any beside Chinese
//! characters: `QLoRA 微调` is in `ｑｌｏｒａ微調`. A phrase begins and ends where words and numbers do: `port` is not in
//! `support`, `10` not in `100`. Where the text has Markdown or HTML, its marks may stand within the phrase.

use super::normalize::{Glyph, normalize, range_of};
use super::segment::is_letter;
use crate::language::is_han;
use std::ops::Range;

/// Longest tag or link target that is looked over, in characters.
const MARKUP_MAX: usize = 300;
/// Tags that part no words.
const INLINE: &[&str] =
    &["a", "b", "code", "del", "em", "font", "i", "kbd", "mark", "s", "span", "strong", "sub", "sup", "u"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    text: String,
    /// As it is compared, with its marks and without.
    folded: [String; 2],
}

impl Phrase {
    pub fn new(text: &str) -> Phrase {
        let glyphs = normalize(text);
        let folded = [Reading::Literal, Reading::Visible].map(|reading| Folded::of(&glyphs, reading).text);
        Phrase { text: text.trim().into(), folded }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// Where it stands in `text`: byte ranges, ascending and apart.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        let glyphs = normalize(text);
        let found = Folded::of(&glyphs, Reading::Literal).find(&self.folded[0], &glyphs);
        match found.is_empty() && has_markup(&glyphs) {
            true => Folded::of(&glyphs, Reading::Visible).find(&self.folded[1], &glyphs),
            false => found,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Every character but white space as it is.
    Literal,
    /// What a reader sees of Markdown and HTML.
    Visible,
}

/// What becomes of a glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Blank,
    Dropped,
}

/// A text as phrases are looked for in it.
struct Folded {
    text: String,
    /// Where each character begins in `text`, and its glyph.
    places: Vec<(usize, usize)>,
}

impl Folded {
    fn of(glyphs: &[Glyph], reading: Reading) -> Folded {
        let by_itself = |glyph: &Glyph| if glyph.c.is_whitespace() { Fate::Blank } else { Fate::Kept };
        let mut fates: Vec<Fate> = glyphs.iter().map(by_itself).collect();
        if reading == Reading::Visible {
            drop_markup(glyphs, &mut fates);
        }
        let mut folded = Folded { text: String::new(), places: Vec::new() };
        let mut last: Option<char> = None;
        let mut is_apart = false;
        for (at, (glyph, fate)) in glyphs.iter().zip(fates).enumerate() {
            match fate {
                Fate::Dropped => {}
                Fate::Blank => is_apart = true,
                Fate::Kept => {
                    if is_apart && last.is_some_and(|last| !is_han(last) && !is_han(glyph.c)) {
                        folded.push(' ', at);
                    }
                    folded.push(glyph.c, at);
                    (last, is_apart) = (Some(glyph.c), false);
                }
            }
        }
        folded
    }

    fn push(&mut self, c: char, glyph: usize) {
        self.places.push((self.text.len(), glyph));
        self.text.push(c);
    }

    fn find(&self, phrase: &str, glyphs: &[Glyph]) -> Vec<Range<usize>> {
        if phrase.is_empty() {
            return Vec::new();
        }
        let place = |byte: usize| self.places.partition_point(|(begin, _)| *begin < byte);
        let found = self.text.match_indices(phrase).map(|(start, _)| (start, start + phrase.len()));
        let whole = found.filter(|(start, end)| parts_words(&self.text, *start) && parts_words(&self.text, *end));
        whole
            .map(|(start, end)| range_of(&glyphs[self.places[place(start)].1..=self.places[place(end) - 1].1]))
            .collect()
    }
}

/// Whether no word and no number goes over the border at `byte`.
fn parts_words(text: &str, byte: usize) -> bool {
    let (before, after) = (text[..byte].chars().next_back(), text[byte..].chars().next());
    let (Some(before), Some(after)) = (before, after) else { return true };
    let is_number = |c: char| c.is_ascii_digit();
    !(is_letter(before) && is_letter(after) && is_number(before) == is_number(after))
}

fn has_markup(glyphs: &[Glyph]) -> bool {
    glyphs.iter().any(|glyph| matches!(glyph.c, '*' | '`' | '_' | '~' | '\\' | '[' | '<' | '|' | '>' | '#'))
}

/// Takes the marks of Markdown and HTML out, so that what they stand in the midst of is read on.
fn drop_markup(glyphs: &[Glyph], fates: &mut [Fate]) {
    let c = |at: usize| glyphs.get(at).map(|glyph| glyph.c);
    let is_within_word =
        |at: usize| at.checked_sub(1).and_then(c).is_some_and(is_letter) && c(at + 1).is_some_and(is_letter);
    let mut at = 0;
    let mut begins_line = true;
    while at < glyphs.len() {
        let here = glyphs[at].c;
        let end = match here {
            '*' | '`' | '~' | '\\' | '[' => at + 1,
            '_' if !is_within_word(at) => at + 1,
            ']' if c(at + 1) == Some('(') => closing(glyphs, at + 1, ')').unwrap_or(at + 1),
            ']' => at + 1,
            '<' if c(at + 1).is_some_and(|c| c == '/' || c.is_ascii_alphabetic()) => {
                closing(glyphs, at, '>').unwrap_or(at)
            }
            '|' => at + 1,
            '>' | '#' if begins_line => at + 1,
            _ => at,
        };
        let fate = match here {
            '<' if !is_inline(&glyphs[at..end]) => Fate::Blank,
            '|' | '>' | '#' => Fate::Blank,
            _ => Fate::Dropped,
        };
        fates[at..end].fill(fate);
        begins_line = here == '\n' || (begins_line && (here.is_whitespace() || end > at));
        at = end.max(at + 1);
    }
}

/// Behind the next `c`, if it is near and on the same line.
fn closing(glyphs: &[Glyph], from: usize, c: char) -> Option<usize> {
    let near = glyphs[from..].iter().take(MARKUP_MAX).take_while(|glyph| glyph.c != '\n');
    near.map(|glyph| glyph.c).position(|other| other == c).map(|offset| from + offset + 1)
}

fn is_inline(tag: &[Glyph]) -> bool {
    let name = tag.iter().skip(1).map(|glyph| glyph.c).skip_while(|c| *c == '/');
    let name: String = name.take_while(char::is_ascii_alphanumeric).collect();
    INLINE.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrase: &str, text: &str, expect: &[&str]) {
        let found = Phrase::new(phrase).find(text);
        assert_eq!(found.into_iter().map(|range| &text[range]).collect::<Vec<_>>(), expect, "{phrase:?} in {text:?}");
    }

    #[test]
    fn width_case_script_and_white_space_do_not_count() {
        check("exact  Phrase", "An ＥＸＡＣＴ\n phrase, exactly.", &["ＥＸＡＣＴ\n phrase"]);
        check("量化低秩", "量化低秩,量化\n低秩,量化低 秩適配", &["量化低秩", "量化\n低秩", "量化低 秩"]);
        check("QLoRA 微调", "用ｑｌｏｒａ微調", &["ｑｌｏｒａ微調"]);
        check("cafe", "Café", &["Café"]);
        check("to be", "to be", &["to be"]);
    }

    #[test]
    fn it_begins_and_ends_where_words_do() {
        check("port", "support ports export port.", &["port"]);
        check("10", "100 210 10% v10", &["10", "10"]);
        check("48", "48GB", &["48"]);
        check("C++", "C++ 与 C", &["C++"]);
        check("索引", "倒排索引库", &["索引"]);
        check("a b", "ab", &[]);
        check("", "anything", &[]);
        check("  ", "any thing", &[]);
    }

    #[test]
    fn marks_of_markdown_and_html_may_stand_within() {
        check("exact phrase", "the **exact** phrase", &["exact** phrase"]);
        check("exact phrase", "an [exact](http://a.example/b) phrase", &["exact](http://a.example/b) phrase"]);
        check("exact phrase", "an <b>exact</b> phrase and exact<br>phrase", &["exact</b> phrase", "exact<br>phrase"]);
        check("一二", "> 一\n> 二", &["一\n> 二"]);
        check("one two", "| one | two |", &["one | two"]);
        check("snake_case", "a `snake_case` name", &["snake_case"]);
        check("a*b", "x a*b y", &["a*b"]);
        check("a < b", "if a < b then", &["a < b"]);
    }
}
