//! A condition: what must hold of the values under a key, as it is typed.

use super::fold_value;
use super::key::fold_key;
use super::list::{clean, unquoted};
use crate::store::StoreProblem;
use crate::text::fold;
use std::fmt;
use std::str::FromStr;

/// What must hold of the values under a key, of which a document may have several (`tags: [检索, 评测]`): that one of
/// them compares so, or, for [`Comparison::IsNot`], that none is equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Folded by `fold_key`.
    pub key: String,
    pub comparison: Comparison,
    /// What values are compared with, folded by `fold_value` and without quotes.
    pub bound: String,
    /// The bound as it was typed.
    typed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Is,
    IsNot,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// As they are typed, the usual sign of each first.
const SIGNS: [(&str, Comparison); 16] = [
    ("=", Comparison::Is),
    ("!=", Comparison::IsNot),
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("==", Comparison::Is),
    (":", Comparison::Is),
    ("<>", Comparison::IsNot),
    ("≠", Comparison::IsNot),
    ("=>", Comparison::AtLeast),
    ("≥", Comparison::AtLeast),
    ("≧", Comparison::AtLeast),
    ("=<", Comparison::AtMost),
    ("≤", Comparison::AtMost),
    ("≦", Comparison::AtMost),
];

impl Comparison {
    /// Whether it is about which of two is more: text has no such order.
    pub fn is_order(self) -> bool {
        !matches!(self, Comparison::Is | Comparison::IsNot)
    }

    /// As it is usually typed.
    pub fn sign(self) -> &'static str {
        SIGNS.iter().find(|(_, comparison)| *comparison == self).map_or("", |(sign, _)| sign)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.key, self.comparison.sign(), self.typed)
    }
}

impl FromStr for Condition {
    type Err = StoreProblem;

    /// `key sign value`, where the sign may be full-width and the value quoted. The first run of signs counts; a colon
    /// only where no other sign comes, or where it is one that no key has (`：`).
    fn from_str(text: &str) -> Result<Condition, StoreProblem> {
        let bad = || StoreProblem::BadCondition { text: text.into() };
        let is_sign = |c: char| c == '：' || sign_of(c).is_some_and(|sign| sign != ':');
        let at = text.find(is_sign).or_else(|| text.find(':')).ok_or_else(bad)?;
        let (key, rest) = text.split_at(at);
        let (sign, typed) = sign_at(rest);
        let comparison = SIGNS.iter().find(|(known, _)| *known == sign).ok_or_else(bad)?.1;
        let folded_key = fold_key(clean(key).trim_end_matches([':', ' ']));
        // 'key=value', quoted as a whole.
        let typed = if clean(key).len() + 1 == key.trim().len() { typed.trim_end_matches(['\'', '"']) } else { typed };
        let typed = unquoted(typed);
        // A file's name may begin with # and have many blanks.
        let bound = if folded_key == "path" { fold(typed) } else { clean(&fold_value(typed)) };
        if folded_key.is_empty() || bound.is_empty() {
            return Err(bad());
        }
        Ok(Condition { key: folded_key, comparison, bound, typed: typed.into() })
    }
}

/// The half-width form of what signs are made of.
fn sign_of(c: char) -> Option<char> {
    Some(match c {
        '=' | '<' | '>' | '!' | '~' | ':' | '≠' | '≥' | '≧' | '≤' | '≦' => c,
        '＝' => '=',
        '＜' => '<',
        '＞' => '>',
        '！' => '!',
        '～' => '~',
        '：' => ':',
        _ => return None,
    })
}

/// The sign at the beginning, and what follows it. `date:>=2024` is `date>=2024`.
fn sign_at(rest: &str) -> (String, &str) {
    let mut sign = String::new();
    let mut end = 0;
    for (at, c) in rest.char_indices() {
        match sign_of(c) {
            // A home folder.
            Some('~') if rest[at..].starts_with("~/") => break,
            Some(c) => sign.push(c),
            // `> =`
            None if c.is_whitespace() => continue,
            None => break,
        }
        end = at + c.len_utf8();
    }
    let end = if sign.starts_with(':') && sign.len() > 1 {
        sign.remove(0);
        end
    } else {
        end
    };
    (sign, &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], key: &str, comparison: Comparison, bound: &str) {
        for text in texts {
            let read: Condition = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((&*read.key, read.comparison, &*read.bound), (key, comparison, bound), "{text}");
        }
    }

    #[test]
    fn signs_however_they_are_typed() {
        check(
            &["tag=运维", "tags＝運維", "tag==运维", "tag：运维", "tag:运维", "Tag = #运维"],
            "tag",
            Comparison::Is,
            "运维",
        );
        check(&["tag!=a", "tag≠a", "tag<>a", "tag！＝A"], "tag", Comparison::IsNot, "a");
        let at_least = [
            "date>=2024",
            "date＞＝2024",
            "date≥2024",
            "date=>2024",
            "date > = 2024",
            "date:>=2024",
            "date：≧２０２４",
        ];
        check(&at_least, "date", Comparison::AtLeast, "2024");
        check(&["date<=2024", "date=<2024", "date≤2024"], "date", Comparison::AtMost, "2024");
        check(&["date＞2024"], "date", Comparison::Above, "2024");
    }

    #[test]
    fn quotes_do_not_count() {
        let quoted = ["tag=\"运维\"", "tag='运维'", "tag=“运维”", "tag=「运维」", "\"tag\"=\"运维\"", "'tag=运维'"];
        check(&quoted, "tag", Comparison::Is, "运维");
        check(&["title=\"<b>\""], "title", Comparison::Is, "<b>");
        check(&["path='#a  b.md'", "'path=#a  b.md'"], "path", Comparison::Is, "#a  b.md");
    }

    #[test]
    fn a_colon_may_be_part_of_a_key_or_a_value() {
        check(&["dc:title=x"], "dc:title", Comparison::Is, "x");
        check(&["source=https://a.b/c"], "source", Comparison::Is, "https://a.b/c");
        check(&["path=~/notes"], "path", Comparison::Is, "~/notes");
        check(&["title：a=b"], "title", Comparison::Is, "a=b");
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["tag", "=x", "tag=", "tag!x", "", "tag=~x", "tag>>x", "tag===x", "tag=\"\"", "tag=#", "标签 运维"]
        {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
    }
}
