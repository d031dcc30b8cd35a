//! A style: the program's own colours. Text that it prints has none.
//!
//! A style is written as a mark that the [terminal](super) turns into an escape sequence after everything else has lost its
//! own. A number that is drawn anew by each process stands in it, so that no text can hold the mark.

use anstyle::AnsiColor;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Printed as `{STYLE}text{STYLE:#}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Bold,
    Dim,
    Mark,
    Error,
    Warning,
    Hint,
    Good,
    Fair,
    Bad,
}

const ALL: [Style; 10] = [
    Style::Plain,
    Style::Bold,
    Style::Dim,
    Style::Mark,
    Style::Error,
    Style::Warning,
    Style::Hint,
    Style::Good,
    Style::Fair,
    Style::Bad,
];

/// A noncharacter, which stands in no text that is meant to be read.
pub const START: char = '\u{fdd0}';
const END: char = 'e';
static DRAWN: LazyLock<String> = LazyLock::new(|| format!("{START}{:016x}", RandomState::new().hash_one(START)));

impl Style {
    fn ansi(self) -> anstyle::Style {
        match self {
            Style::Plain => anstyle::Style::new(),
            Style::Bold => anstyle::Style::new().bold(),
            Style::Dim => anstyle::Style::new().dimmed(),
            Style::Mark | Style::Warning => AnsiColor::Yellow.on_default().bold(),
            Style::Error => AnsiColor::Red.on_default().bold(),
            Style::Hint => AnsiColor::Cyan.on_default().bold(),
            Style::Good => AnsiColor::Green.on_default(),
            Style::Fair => AnsiColor::Yellow.on_default(),
            Style::Bad => AnsiColor::Red.on_default(),
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if f.alternate() { END } else { char::from(b'A' + *self as u8) };
        f.write_str(&format!("{}{letter}", *DRAWN))
    }
}

/// What begins with [`START`].
#[derive(Debug, PartialEq, Eq)]
pub enum Marked {
    /// A mark of ours of that length, as the escape sequence that it stands for.
    Style {
        len: usize,
        sequence: String,
    },
    /// It may become one.
    Unfinished,
    No,
}

pub fn read(text: &str) -> Marked {
    let Some(rest) = text.strip_prefix(DRAWN.as_str()) else {
        return if DRAWN.starts_with(text) { Marked::Unfinished } else { Marked::No };
    };
    let sequence = match rest.chars().next() {
        None => return Marked::Unfinished,
        Some(END) => format!("{:#}", anstyle::Style::new().bold()),
        Some(letter) => match ALL.iter().find(|style| char::from(b'A' + **style as u8) == letter) {
            Some(style) => style.ansi().to_string(),
            None => return Marked::No,
        },
    };
    Marked::Style { len: DRAWN.len() + 1, sequence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_whole_or_in_pieces_and_nobody_elses_is() {
        for (mark, sequence) in [(Style::Bold.to_string(), "\x1b[1m"), (format!("{:#}", Style::Dim), "\x1b[0m")] {
            let text = format!("{mark}text");
            assert_eq!(read(&text), Marked::Style { len: mark.len(), sequence: sequence.into() });
            assert_eq!(read(&mark[..9]), Marked::Unfinished);
        }
        for text in [format!("{START}0123456789abcdefB"), format!("{START}\x1b[1m"), format!("{}?", *DRAWN)] {
            assert_eq!(read(&text), Marked::No);
        }
    }
}
