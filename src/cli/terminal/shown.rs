//! How a character is shown that would do something to a terminal instead of standing there.
//!
//! Each form but that of the ASCII control characters is what JSON escapes the character as, so that JSON that goes the same
//! way stays JSON of the same meaning; ASCII control characters never stand raw in JSON.

use std::fmt::Write;

/// Appends `text` as it may be shown: line breaks and tabs stay, a carriage return before a line break goes.
pub fn push(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        match c {
            '\n' | '\t' => out.push(c),
            // U+2400 and on: ␀ ␁ ␂ …
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER)),
            c if is_escaped(c) => push_escaped(out, c),
            c => out.push(c),
        }
    }
}

/// `text` on one line, as names and titles are shown: its line breaks and tabs as `ls -b` has them.
pub fn line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
        out
    })
}

fn push_escaped(out: &mut String, c: char) {
    // Writing to a string does not fail.
    let _ = write!(out, "\\u{:04x}", u32::from(c));
}

/// Delete, C1, separators that break a line, bidi embeddings, overrides and isolates, and noncharacters, which mark the
/// program's own styles.
fn is_escaped(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let mut out = String::new();
        push(&mut out, text);
        assert_eq!(out, expect);
    }

    #[test]
    fn what_acts_is_shown_and_the_rest_stays() {
        check("甲\t乙\r\n丙🧗‍♀️", "甲\t乙\n丙🧗‍♀️");
        check("\x1b]52;c;QUFB\x07\x1b[2J", "␛]52;c;QUFB␇␛[2J");
        check("a\rb\x7f\u{9b}31m\u{9d}0;x\u{9c}", "a␍b\\u007f\\u009b31m\\u009d0;x\\u009c");
        check("abc\u{202e}cba\u{2066}x\u{2069}\u{2028}", "abc\\u202ecba\\u2066x\\u2069\\u2028");
        assert_eq!(line("换\n行\t\x1b"), "换\\n行\\t\x1b");
    }
}
