//! The syntax of a query: phrases in quotes, words left out by a minus sign, and what remains to be looked for.
//!
//! ```text
//! query = { "phrase" | “phrase” | 「phrase」 | -word | -"phrase" | text }
//! ```
//!
//! A minus sign leaves out what follows only at the beginning of a word, after a blank, before no number, and where there
//! is something else to look for: `-18℃`, `A - B`, `fine-tune`, `git --force` and a `-word` alone are text. A quote that
//! is not closed, has no word in it or follows a letter or digit (`5" 屏幕`) is text.
//!
//! Emoji alone are phrases in any query: nothing is like one but what holds it.

use crate::text::{Analyzer, Phrase};
use std::ops::Range;

/// What ends an excluded word and is no part of it.
const TRAILING: &[char] = &[',', '，', '。', '.', ';', '；', '!', '！', '?', '？', '、', ')', '）', ':', '：'];

/// A query taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax {
    /// What is looked for: the query without what it excludes.
    pub text: String,
    pub phrases: Vec<Phrase>,
    pub excluded: Vec<Phrase>,
}

impl Syntax {
    pub fn of(typed: &str, analyzer: &Analyzer) -> Syntax {
        let typed = typed.trim();
        let excluded = excluded(typed, analyzer);
        let mut text = String::new();
        let mut from = 0;
        for Excluded { place, .. } in &excluded {
            text.push_str(&typed[from..place.start]);
            from = place.end;
        }
        text.push_str(&typed[from..]);
        let (text, excluded) = match analyzer.has_words(&text) {
            true => (text.trim().to_string(), excluded),
            false => (typed.to_string(), Vec::new()),
        };
        let quoted = quoted(&text, analyzer).into_iter().map(|quoted| Phrase::new(&text[quoted]));
        let phrases = quoted.chain(emoji(&text, analyzer)).collect();
        Syntax { text, phrases, excluded: excluded.into_iter().map(|excluded| excluded.phrase).collect() }
    }

    /// Of a question, in which quotes and minus signs are part of the sentence.
    pub fn none(typed: &str, analyzer: &Analyzer) -> Syntax {
        Syntax { text: typed.trim().into(), phrases: emoji(typed, analyzer).collect(), excluded: Vec::new() }
    }
}

fn emoji(text: &str, analyzer: &Analyzer) -> impl Iterator<Item = Phrase> {
    analyzer.emoji_alone(text).into_iter().map(|emoji| Phrase::new(&emoji))
}

/// Where `text` has something in quotes, without them: byte ranges, ascending.
pub fn quoted(text: &str, analyzer: &Analyzer) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut closed = Closed::default();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match quote_at(text, at, &mut closed) {
            Some(Quote { inner, end }) => {
                at = end;
                if analyzer.has_words(&text[inner.clone()]) {
                    found.push(inner);
                }
            }
            None => at += c.len_utf8(),
        }
    }
    found
}

struct Quote {
    inner: Range<usize>,
    /// Behind the closing mark.
    end: usize,
}

/// Opening marks that are known to be closed no more, so that a text of nothing else is not read to its end for each.
#[derive(Default)]
struct Closed(Vec<char>);

/// The quote that opens at `at`.
fn quote_at(text: &str, at: usize, closed: &mut Closed) -> Option<Quote> {
    let open = text[at..].chars().next()?;
    let closing: &[char] = match open {
        '"' | '＂' => &['"', '＂'],
        '“' | '”' => &['”', '“'],
        '「' => &['」'],
        '『' => &['』'],
        _ => return None,
    };
    if closed.0.contains(&open) || text[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric()) {
        return None;
    }
    let start = at + open.len_utf8();
    match text[start..].find(closing) {
        Some(len) => {
            let end = start + len;
            Some(Quote { inner: start..end, end: end + text[end..].chars().next().map_or(0, char::len_utf8) })
        }
        None => {
            closed.0.push(open);
            None
        }
    }
}

struct Excluded {
    /// With its minus sign.
    place: Range<usize>,
    phrase: Phrase,
}

fn excluded(text: &str, analyzer: &Analyzer) -> Vec<Excluded> {
    let mut found = Vec::new();
    let mut closed = Closed::default();
    let mut after_blank = false;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        if let Some(quote) = quote_at(text, at, &mut closed) {
            (at, after_blank) = (quote.end, false);
            continue;
        }
        if after_blank
            && matches!(c, '-' | '－')
            && let Some(Body { inner, end }) = body(text, next, &mut closed)
            && analyzer.has_words(&text[inner.clone()])
        {
            found.push(Excluded { place: at..end, phrase: Phrase::new(&text[inner]) });
            (at, after_blank) = (end, false);
            continue;
        }
        (at, after_blank) = (next, c.is_whitespace());
    }
    found
}

struct Body {
    inner: Range<usize>,
    end: usize,
}

/// What stands behind a minus sign that ends at `from`: a quote or a word that is no number.
fn body(text: &str, from: usize, closed: &mut Closed) -> Option<Body> {
    if let Some(Quote { inner, end }) = quote_at(text, from, closed) {
        return Some(Body { inner, end });
    }
    let word = text[from..].split(char::is_whitespace).next()?;
    let mut chars = word.chars();
    let first = chars.next()?;
    let is_number = first.is_numeric() || (matches!(first, '.' | '．') && chars.next().is_some_and(char::is_numeric));
    if is_number || matches!(first, '-' | '－') {
        return None;
    }
    let word = word.trim_end_matches(TRAILING);
    Some(Body { inner: from..from + word.len(), end: from + word.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(None).unwrap());

    #[track_caller]
    fn check(typed: &str, text: &str, phrases: &[&str], excluded: &[&str]) {
        let syntax = Syntax::of(typed, &ANALYZER);
        let texts = |phrases: &[Phrase]| phrases.iter().map(|phrase| phrase.text().to_string()).collect::<Vec<_>>();
        assert_eq!(syntax.text, text, "{typed}");
        assert_eq!(texts(&syntax.phrases), phrases, "{typed}");
        assert_eq!(texts(&syntax.excluded), excluded, "{typed}");
    }

    #[test]
    fn quotes_of_any_kind_hold_a_phrase() {
        check("\"exact phrase\"", "\"exact phrase\"", &["exact phrase"], &[]);
        check("什么是“双减”政策", "什么是“双减”政策", &["双减"], &[]);
        check("“双减“ 「课后 服务」", "“双减“ 「课后 服务」", &["双减", "课后 服务"], &[]);
        check("\"a b\" c \"d\"", "\"a b\" c \"d\"", &["a b", "d"], &[]);
    }

    #[test]
    fn quotes_that_hold_nothing_are_text() {
        for text in ["5\" 与 7\" 屏幕", "\"没有结束", "\"???\" 端口", "\"\"", "他说”", "“"] {
            check(text, text, &[], &[]);
        }
    }

    #[test]
    fn a_minus_sign_before_a_word_leaves_it_out() {
        check("青竹 -端口", "青竹", &[], &["端口"]);
        check("rust -nightly 安装", "rust  安装", &[], &["nightly"]);
        check("rust －nightly, -\"beta channel\"", "rust ,", &[], &["nightly", "beta channel"]);
        check("\"a -b\" -C++", "\"a -b\"", &["a -b"], &["C++"]);
        check("-foo -bar", "-foo", &[], &["bar"]);
    }

    #[test]
    fn other_minus_signs_are_text() {
        for text in [
            "-18℃ 是什么温度",
            "气温 -18℃",
            "A - B",
            "fine-tune",
            "git push --force",
            "-foo",
            "x -.5",
            "??? -foo",
            "a -…",
            "-",
        ] {
            check(text, text, &[], &[]);
        }
    }

    #[test]
    fn emoji_alone_are_phrases() {
        check("🐼?", "🐼?", &["🐼"], &[]);
        check("🐼在哪", "🐼在哪", &[], &[]);
        assert_eq!(Syntax::none("\"a\" 🐼", &ANALYZER).phrases, []);
        assert_eq!(Syntax::none("🐼", &ANALYZER).phrases, [Phrase::new("🐼")]);
    }

    #[test]
    fn many_open_quotes_are_read_once() {
        let text = "“ ".repeat(2000);
        check(&text, text.trim(), &[], &[]);
    }
}
