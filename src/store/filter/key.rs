//! A key: the name under which documents have values.

use super::words;
use crate::text;

/// Keys that every document has values under, whatever it says of itself.
pub const PLACE_KEYS: [&str; 5] = ["path", "source", "ext", "title", "modified"];

/// Note-taking programs write `tags`, their users ask for a `tag`. Control characters part keys from values.
pub fn fold_key(key: &str) -> String {
    let key = text::fold(key.trim()).replace(char::is_control, " ");
    if key == "tags" { "tag".into() } else { key }
}

/// The one of `known` that may have been meant by `key`: one of the same meaning, or one spelt much the same.
pub fn nearest_key<'k>(key: &str, known: impl IntoIterator<Item = &'k String>) -> Option<&'k String> {
    let meaning = words::rank("meaning", key);
    let distance = |other: &&String| {
        let is_same = meaning.is_some() && meaning == words::rank("meaning", other);
        if is_same { 0 } else { strsim::osa_distance(key, other) }
    };
    let edits_max = (key.chars().count() / 3).max(1);
    let near = known.into_iter().map(|other| (distance(&other), other));
    near.filter(|(edits, other)| *edits <= edits_max && *edits < other.chars().count()).min().map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, expect: Option<&str>) {
        let known = ["date", "status", "tag", "title", "path", "版本"].map(String::from);
        assert_eq!(nearest_key(key, &known).map(String::as_str), expect, "{key}");
    }

    #[test]
    fn a_key_is_known_by_its_meaning_or_its_spelling() {
        check("tga", Some("tag"));
        check("titel", Some("title"));
        check("标签", Some("tag"));
        check("日期", Some("date"));
        check("version", Some("版本"));
        check("folder", Some("path"));
        check("author", None);
    }

    #[test]
    fn keys_are_folded() {
        assert_eq!(["Tags", " ＤＡＴＥ", "a\u{1f}b"].map(fold_key), ["tag", "date", "a b"]);
    }
}
