//! A list as it is written into one value: `a, b`, `a、b`, `#a #b`; and a value without its quotes.

const QUOTES: [char; 15] = ['"', '\'', '“', '”', '‘', '’', '「', '」', '『', '』', '《', '》', '«', '»', '`'];

/// Folded: their full-width forms are the same.
const SEPARATORS: [char; 5] = [',', '、', ';', '|', '\n'];

/// Longer parts are clauses of a sentence.
const PART_CHARS_MAX: usize = 40;

/// A value as it is compared: without quotes around it, the mark before a tag, and more than one blank in a row.
pub fn clean(value: &str) -> String {
    let inner = value.trim_matches(|c: char| c.is_whitespace() || QUOTES.contains(&c));
    let inner = inner.trim_start_matches('#');
    inner.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without a pair of quotes around it.
pub fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix(QUOTES).and_then(|rest| rest.strip_suffix(QUOTES));
    inner.map_or(text, str::trim)
}

/// The entries of a folded value of tags; one where it is no list.
pub fn tags(value: &str) -> Vec<String> {
    let value = value.trim().trim_start_matches('[').trim_end_matches(']');
    let runs = value.split(SEPARATORS).flat_map(marked);
    runs.map(|tag| nested(&tag)).filter(|tag| !tag.is_empty()).collect()
}

/// `#a #b` has its entries where the marks are.
fn marked(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match tags.last_mut() {
            Some(tag) if !word.starts_with('#') => *tag = format!("{tag} {word}"),
            _ => tags.push(word.into()),
        }
    }
    tags
}

/// A tag without its mark, no blanks around the `/` between its levels.
fn nested(tag: &str) -> String {
    let levels = tag.split('/').map(clean).filter(|level| !level.is_empty());
    levels.collect::<Vec<_>>().join("/")
}

/// The entries of any other folded value; none where it is one value or a sentence.
pub fn entries(value: &str) -> Vec<String> {
    let is_sentence = value.contains(['。', '!', '?']) || value.contains(". ");
    let entries: Vec<String> = value.split(SEPARATORS).map(clean).filter(|entry| !entry.is_empty()).collect();
    let is_list = !is_sentence && entries.len() > 1 && entries.iter().all(|e| e.chars().count() <= PART_CHARS_MAX);
    if is_list { entries } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(of: impl Fn(&str) -> Vec<String>, value: &str, expect: &[&str]) {
        assert_eq!(of(&crate::text::fold(value)), expect, "{value}");
    }

    #[test]
    fn tags_however_they_are_listed() {
        for value in [
            "检索, 评测",
            "检索，评测",
            "检索、评测",
            "检索; 评测",
            "检索；评测",
            "#检索 #评测",
            "[检索, #评测]",
            "检索 | 评测",
        ] {
            check(tags, value, &["检索", "评测"]);
        }
        check(tags, "machine learning", &["machine learning"]);
        check(tags, "#云原生 / Kubernetes", &["云原生/kubernetes"]);
        check(tags, "C#", &["c#"]);
        check(tags, "#", &[]);
    }

    #[test]
    fn other_lists_and_sentences() {
        check(entries, "张三、李四", &["张三", "李四"]);
        check(entries, "\"a\", 'b'", &["a", "b"]);
        check(entries, "张三", &[]);
        check(entries, "先装好,再启动。", &[]);
    }

    #[test]
    fn quotes_of_any_kind_do_not_count() {
        for value in ["\"运维\"", "“运维”", "「运维」", "《运维》", " '运维' ", "#运维"] {
            assert_eq!(clean(value), "运维");
        }
    }
}
