//! Known secrets: keys that the user has given, struck out of whatever is printed or written down.
//!
//! A server may echo a key in its answer or in an error, in other letter case and in pieces. What a secret of no known value
//! looks like is the journal's matter.

use std::borrow::Cow;

/// What a secret is struck out as.
pub const STRUCK: &str = "[key]";
/// Shorter ones would strike out words.
const CHARS_MIN: usize = 6;
/// What servers that want no key are given: words that a text about them holds.
const PLACEHOLDERS: &[&str] = &[
    "anything",
    "api-key",
    "api_key",
    "changeme",
    "dummy-key",
    "lm-studio",
    "lmstudio",
    "local-key",
    "localhost",
    "no-key",
    "no-key-required",
    "nokey",
    "not-needed",
    "not-used",
    "ollama",
    "openai",
    "placeholder",
    "secret",
    "sk-no-key-required",
    "unused",
    "your-api-key",
    "whatever",
];

/// Secrets, and the forms that they take in JSON.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// In ASCII lower case, the longest first: one that is part of another leaves no rest of it.
    forms: Vec<String>,
}

impl Secrets {
    pub const NONE: Secrets = Secrets { forms: Vec::new() };

    /// Those of `values` that are long enough, and no placeholders.
    pub fn new(values: impl IntoIterator<Item = String>) -> Secrets {
        let mut forms = Vec::new();
        for value in values {
            let value = value.trim().to_ascii_lowercase();
            if value.chars().count() < CHARS_MIN || PLACEHOLDERS.contains(&value.as_str()) {
                continue;
            }
            let escaped = format!("{value:?}");
            forms.push(escaped[1..escaped.len() - 1].to_string());
            forms.push(value);
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        forms.dedup();
        Secrets { forms }
    }

    /// `text` without them, whatever the case of their letters.
    pub fn strike<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut struck = Cow::Borrowed(text);
        for form in &self.forms {
            // As long as the text it is made of, byte by byte.
            let lower = struck.to_ascii_lowercase();
            if !lower.contains(form.as_str()) {
                continue;
            }
            let (mut out, mut at) = (String::with_capacity(struck.len()), 0);
            for (start, found) in lower.match_indices(form.as_str()) {
                out.push_str(&struck[at..start]);
                out.push_str(STRUCK);
                at = start + found.len();
            }
            out.push_str(&struck[at..]);
            struck = Cow::Owned(out);
        }
        struck
    }

    /// Where in `text` the end begins that may be the beginning of a secret: what follows will tell.
    pub fn open_end(&self, text: &str) -> usize {
        let is_beginning = |form: &String, start: usize| {
            let end = &text.as_bytes()[start..];
            end.len() < form.len() && end.eq_ignore_ascii_case(&form.as_bytes()[..end.len()])
        };
        let longest = self.forms.first().map_or(0, String::len);
        let from = text.len().saturating_sub(longest);
        let starts = (from..text.len()).filter(|start| text.is_char_boundary(*start));
        starts.into_iter().find(|start| self.forms.iter().any(|form| is_beginning(form, *start))).unwrap_or(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new([
            "MyOrgKeyAbc987654".into(),
            "a\"b\\c1234".into(),
            "x".into(),
            "Ollama".into(),
            "blue-heron".into(),
        ])
    }

    #[test]
    fn they_are_struck_out_in_any_case_and_as_json_has_them() {
        for (text, expect) in [
            ("key MYORGKEYABC987654 works", "key [key] works"),
            ("myorgkeyabc987654MyOrgKeyAbc987654", "[key][key]"),
            (r#"{"a":"A\"B\\c1234"}"#, r#"{"a":"[key]"}"#),
            ("ollama x 密钥blue-heron。", "ollama x 密钥[key]。"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(secrets().strike(text), expect);
        }
    }

    #[test]
    fn what_may_go_on_as_one_is_told() {
        for (text, held) in [("see MyOrgK", "MyOrgK"), ("see m", "m"), ("青b", "b"), ("see ", ""), ("青", ""), ("", "")]
        {
            let secrets = secrets();
            assert_eq!(&text[secrets.open_end(text)..], held, "{text}");
        }
        assert_eq!(Secrets::NONE.open_end("abc"), 3);
    }
}
