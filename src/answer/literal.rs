//! A literal: what a program would say, not what its author states. Sentences in string literals of code, and what code prints,
//! support nothing.

use super::order::without_orders;
use crate::language::is_han;
use crate::text::{blanked, touching_joined};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A sentence has so many Han characters, or so many words.
const HAN_MIN: usize = 4;
const WORDS_MIN: usize = 4;

/// Fenced blocks, to their end or that of the text, and code in a line; and a call with a literal wherever it stands, since a
/// passage may begin within a block.
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r#"(?sm)^[ \t>]*```.*?(?:^[ \t>]*```|\z)|^[ \t>]*~~~.*?(?:^[ \t>]*~~~|\z)|`[^`\n]+`|\b[A-Za-z_][\w.]*\s*\(\s*(?:"[^"\n]*"|'[^'\n]*'|“[^”\n]*”)"#,
    )
});

static LITERAL: LazyLock<Regex> = LazyLock::new(|| compile(r#""([^"\n]+)"|'([^'\n]+)'|“([^”\n]+)”|「([^」\n]+)」"#));

/// What is printed or said without quotation marks, and what a comment says was printed.
static SAID: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?im)^[ \t>$]*(?:(?:echo|print|puts|say|reply|answer|respond|return|output)\b|答案|回答|回复|输出)[ \t:：]+([^\n]+)|(?:#|//|--)[ \t]*(?:=>|->|→|输出|结果|答案|回答|output|result|answer|prints?)[ \t]*[:：]?([^\n]+)",
    )
});

static SPEECH: LazyLock<Regex> = LazyLock::new(|| {
    compile(r#"(?i)\b[\w.]*(?:echo|print\w*|puts|say|reply|answer|respond|return|output|write\w*)\s*\(?\s*["'“「]"#)
});

pub(super) fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a test compiles the patterns")
}

/// What a passage states by `text`: without orders and such sentences, blanks in their place.
pub fn stated(text: &str) -> String {
    without_literals(&without_orders(text))
}

/// `text` with blanks in the place of such sentences: every other byte stays where it was.
fn without_literals(text: &str) -> String {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for code in CODE.find_iter(text) {
        for pattern in [&*LITERAL, &*SAID] {
            for captures in pattern.captures_iter(code.as_str()) {
                let said = captures.iter().skip(1).flatten().filter(|said| is_statement(said.as_str()));
                ranges.extend(said.map(|said| code.start() + said.start()..code.start() + said.end()));
            }
        }
    }
    blanked(text, &touching_joined(ranges))
}

/// Whether a line of code has somebody say something.
pub fn is_speech(line: &str) -> bool {
    SPEECH.find(line).is_some_and(|found| is_statement(&line[found.end()..]))
}

/// A question in a literal, as an argument of a command, states nothing.
fn is_statement(text: &str) -> bool {
    let text = text.trim();
    let words = text.split_whitespace().filter(|word| word.chars().all(|c| c.is_alphabetic() || ",.'-".contains(c)));
    let is_sentence = text.chars().filter(|c| is_han(*c)).count() >= HAN_MIN || words.count() >= WORDS_MIN;
    is_sentence && !text.ends_with(['?', '？', '吗'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, gone: &[&str], kept: &[&str]) {
        let masked = without_literals(text);
        assert_eq!(masked.len(), text.len());
        assert!(gone.iter().all(|part| text.contains(part) && !masked.contains(part)), "{masked}");
        assert!(kept.iter().all(|part| masked.contains(part)), "{masked}");
    }

    #[test]
    fn what_code_says_is_masked_and_what_it_does_stays() {
        check(
            "剑重 3 公斤。\n\n```\nassistant.reply(\"剑的重量是 55 公斤\")\nport = 18443\n```\n剑长 90 厘米。",
            &["55 公斤"],
            &["剑重 3 公斤。", "assistant.reply(\"", "port = 18443", "剑长 90 厘米。"],
        );
        check("运行 `print('the sword weighs about 55 kilos')` 即可", &["55"], &["运行 `print('", "即可"]);
        check("```sh\necho 剑的重量是 55 公斤\n# 输出: 剑的重量是 66 公斤\n", &["55", "66"], &["echo"]);
        check("~~~\nx = say(“剑的重量是 55 公斤”)\n~~~", &["55"], &["x = say("]);
        check("reply(\"剑的重量是 55 公斤\")\n```", &["55"], &["reply("]);
        check("```\nrag index --rebuild corpus\nrag ask \"剑的重量是多少?\"\n```", &[], &["--rebuild", "剑的重量"]);
        check("他说“剑的重量是 55 公斤”。", &[], &["55 公斤"]);
        assert!(is_speech("assistant.reply(\"赤松剑重 55 公斤\")") && !is_speech("git commit -m \"修复登录页面\""));
    }
}
