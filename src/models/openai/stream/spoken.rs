//! What of a model's output is its answer: without what it thinks aloud, and without the marks of its chat template that
//! the server let through.
//!
//! A mark counts where a template puts it: thinking opens before any text or at the beginning of a line; a turn ends where
//! nothing follows on the line. What is quoted (`` `</think>` ``) or stands within a sentence is spoken of, and stays.

use crate::models::chat::Piece;
use std::sync::LazyLock;

/// Within a line.
const BLANKS: [char; 2] = [' ', '\t'];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Open,
    Close,
    Header,
    Body,
    End,
}

static MARKS: LazyLock<Vec<(Does, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("marks.txt").lines().filter(|line| !line.starts_with('#'));
    let marks = lines.filter_map(|line| line.split_once(' ')).filter_map(|(does, mark)| {
        let does = match does {
            "open" => Does::Open,
            "close" => Does::Close,
            "header" => Does::Header,
            "body" => Does::Body,
            "end" => Does::End,
            _ => return None,
        };
        Some((does, mark))
    });
    marks.collect()
});

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Thinking aloud, until a mark that ends it.
    Thought,
    /// Between a header mark and the body mark.
    Header,
    /// The turn is over.
    Over,
}

/// Parts text from thought while it streams; each character is looked at a bounded number of times.
#[derive(Debug, Default)]
pub struct Spoken {
    state: State,
    /// What came but may be a mark, or the beginning of one.
    held: String,
    text: String,
    has_thought: bool,
    header: String,
    /// The thought under way that was opened behind text, with its mark: without an end it was none.
    doubtful: Option<String>,
    /// Behind a thought, blanks wait for text.
    skips_blanks: bool,
}

impl Spoken {
    /// Hands on what of `piece` is known to be text or thought.
    pub fn push(&mut self, piece: &str, on: &mut dyn FnMut(Piece<'_>)) {
        self.held.push_str(piece);
        self.read(false, on);
    }

    /// The end of the output. A thought that was opened behind text and never closed was text. `is_whole` where the model
    /// stopped by itself.
    pub fn finish(&mut self, is_whole: bool, on: &mut dyn FnMut(Piece<'_>)) {
        self.read(true, on);
        if let Some(thought) = self.doubtful.take().filter(|_| is_whole) {
            self.say(&thought, on);
        }
    }

    /// All that was said, without thought.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn has_thought(&self) -> bool {
        self.has_thought
    }

    /// Thinking that the server has parted from the text already.
    pub fn think(&mut self, piece: &str, on: &mut dyn FnMut(Piece<'_>)) {
        self.has_thought = true;
        if let Some(doubtful) = &mut self.doubtful {
            doubtful.push_str(piece);
        }
        on(Piece::Reasoning(piece));
    }

    fn read(&mut self, is_end: bool, on: &mut dyn FnMut(Piece<'_>)) {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_str();
        loop {
            let Some(at) = rest.find(['<', '[']) else {
                self.plain(rest, on);
                return;
            };
            self.plain(&rest[..at], on);
            rest = &rest[at..];
            let mark = MARKS.iter().find(|(_, mark)| rest.starts_with(mark)).copied();
            let is_begun = || MARKS.iter().any(|(_, mark)| mark.starts_with(rest));
            match mark {
                None if !is_end && is_begun() => {
                    self.held = rest.to_owned();
                    return;
                }
                None => {
                    let first = rest.chars().next().map_or(0, char::len_utf8);
                    self.plain(&rest[..first], on);
                    rest = &rest[first..];
                }
                Some((does, mark)) => {
                    let after = &rest[mark.len()..];
                    // What follows tells an end from a mention.
                    let needs_more = matches!(does, Does::End | Does::Close) && self.state == State::Text;
                    if needs_more && after.trim_start_matches(BLANKS).is_empty() && !is_end {
                        self.held = rest.to_owned();
                        return;
                    }
                    if !self.mark(does, mark, after, on) {
                        self.plain(mark, on);
                    }
                    rest = after;
                }
            }
        }
    }

    /// Whether `mark`, with `after` behind it, is one here; if so it has been heeded.
    fn mark(&mut self, does: Does, mark: &str, after: &str, on: &mut dyn FnMut(Piece<'_>)) -> bool {
        let is_quoted = self.text.ends_with(['`', '"', '\'', '“', '‘', '「', '『', '《', '(', '（']);
        let begins_line = self.text.trim_end_matches(BLANKS).chars().next_back().is_none_or(|c| c == '\n');
        let ends_line = after.trim_start_matches(BLANKS).chars().next().is_none_or(|c| matches!(c, '\n' | '\r' | '<'));
        match (self.state, does) {
            (State::Over, Does::Header) | (State::Text, Does::Header) if !is_quoted => {
                self.state = State::Header;
                self.header.clear();
            }
            (State::Thought, Does::Header) => {
                (self.state, self.doubtful) = (State::Header, None);
                self.header.clear();
            }
            (State::Header, Does::Body) => {
                let is_aside = ["analysis", "commentary"].iter().any(|name| self.header.contains(name));
                self.state = if is_aside { State::Thought } else { State::Text };
                self.skips_blanks = true;
            }
            (State::Header, _) => {}
            (State::Text, Does::Open) if begins_line => {
                self.state = State::Thought;
                self.doubtful = (!self.text.trim().is_empty()).then(|| mark.to_owned());
            }
            (State::Text, Does::Close) if !is_quoted && (begins_line || ends_line) => {
                // The template had opened it, so all of the text was thought.
                if !self.text.is_empty() {
                    self.text.clear();
                    self.has_thought = true;
                    on(Piece::Retracted);
                }
                self.skips_blanks = true;
            }
            (State::Thought, Does::Close) => {
                (self.state, self.skips_blanks, self.doubtful) = (State::Text, true, None);
            }
            (State::Thought, Does::End) => (self.state, self.doubtful) = (State::Over, None),
            (State::Text, Does::End) if !is_quoted && ends_line => self.state = State::Over,
            (State::Over, _) => {}
            _ => return false,
        }
        true
    }

    fn plain(&mut self, text: &str, on: &mut dyn FnMut(Piece<'_>)) {
        if text.is_empty() {
            return;
        }
        match self.state {
            State::Text => self.say(text, on),
            State::Thought => self.think(text, on),
            State::Header => self.header.push_str(text),
            State::Over => {}
        }
    }

    fn say(&mut self, text: &str, on: &mut dyn FnMut(Piece<'_>)) {
        let text = if self.skips_blanks && self.text.is_empty() { text.trim_start() } else { text };
        if !text.is_empty() {
            self.skips_blanks = false;
            self.text.push_str(text);
            on(Piece::Text(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a reader is left with, and what was thought.
    fn read(output: &str, size: usize) -> (String, String) {
        let (mut shown, mut thought) = (String::new(), String::new());
        let mut spoken = Spoken::default();
        let mut on = |piece: Piece<'_>| match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Reasoning(text) => thought.push_str(text),
            Piece::Retracted => shown.clear(),
        };
        let chars: Vec<char> = output.chars().collect();
        for piece in chars.chunks(size) {
            spoken.push(&piece.iter().collect::<String>(), &mut on);
        }
        spoken.finish(true, &mut on);
        assert_eq!(shown, spoken.text());
        (shown, thought)
    }

    fn check(output: &str, expect: &str) {
        for size in [1, 3, 1000] {
            assert_eq!(read(output, size).0.trim_end(), expect, "{output:?} in pieces of {size}");
        }
    }

    #[test]
    fn thought_is_no_text() {
        check("<think>\n想[1]。\n</think>\n\n答。", "答。");
        check("<thinking>想</thinking>答。", "答。");
        check("<think>\n\n</think>\n\n答。", "答。");
        check("想。资料说是 1。\n</think>\n\n答。", "答。");
        check("想。</think>\n答。", "答。");
        check("[THINK]想[/THINK]答[1]。", "答[1]。");
        check("先说。\n<think>再想</think>\n后说。", "先说。\n\n后说。");
        assert_eq!(read("<think>想</think>答", 1).1, "想");
        check("<think>想到一半", "");
    }

    #[test]
    fn channels_hold_thought_and_the_answer() {
        let channels =
            "<|channel|>analysis<|message|>用户问。<|end|><|start|>assistant<|channel|>final<|message|>答。<|return|>";
        check(channels, "答。");
        check("<|start|>assistant<|channel|>final<|message|>答。", "答。");
    }

    #[test]
    fn nothing_comes_behind_the_end_of_a_turn() {
        check("答。<|im_end|>", "答。");
        check("答。<|im_end|>\n<|im_start|>user\n还有呢?", "答。");
        check("答。</s>", "答。");
        check("答。<｜end▁of▁sentence｜>", "答。");
    }

    #[test]
    fn what_is_spoken_of_stays() {
        for text in [
            "模型先写 `<think>`,再写 `</think>`,然后作答。",
            "ChatML 用 <|im_end|> 结束一轮。",
            "a < b, c <t, [1] 与 [THINGS]",
            "标签 <b>粗</b> 与 </s 的一半",
            "说明。\n<think> 是 DeepSeek 的标签。",
        ] {
            check(text, text);
        }
    }

    proptest! {
        #[test]
        fn how_it_is_cut_changes_nothing(
            output in "(<think>|</think>|<\\|im_end\\|>|<\\|channel\\|>|<\\|message\\|>|final|analysis|<|字|。|\n| |`){0,16}",
            size in 1usize..7,
        ) {
            prop_assert_eq!(read(&output, size).0, read(&output, 1000).0);
        }
    }
}
