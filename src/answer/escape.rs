//! An escape: how text is kept from being read as the structure around it.

/// Longest line of metadata, in characters.
const LINE_CHARS_MAX: usize = 120;
/// Words in square brackets that are tokens of their own to Mistral's models, which servers read wherever they stand.
const BRACKETED: [&str; 6] = ["INST", "SYSTEM_PROMPT", "AVAILABLE_TOOLS", "TOOL_RESULTS", "TOOL_CALLS", "TOOL_CONTENT"];

/// Whether `rest` begins with what could open a tag: `</passage>` of ours, or a chat template's `<|im_end|>`, which
/// servers read as the end of a turn wherever it stands. Any other `<`, as in `a < b`, does not.
pub fn opens(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        Some('<') => chars.next().is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '|' | '!' | '?' | '_' | '｜')),
        Some('[') => {
            let word = chars.as_str().strip_prefix('/').unwrap_or(chars.as_str());
            BRACKETED.iter().any(|known| word.strip_prefix(known).is_some_and(|rest| rest.starts_with(']')))
        }
        _ => false,
    }
}

/// `text` with `&lt;` for a `<` and `&#91;` for a `[` that [`opens`].
pub fn escape(text: &str) -> String {
    escape_with(text, |c| if c == '<' { "&lt;".into() } else { format!("&#{};", c as u32) })
}

/// `text` with each character that [`opens`] written as `instead` says.
pub fn escape_with(text: &str, instead: impl Fn(char) -> String) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match matches!(c, '<' | '[') && opens(&text[at..]) {
            true => escaped.push_str(&instead(c)),
            false => escaped.push(c),
        }
    }
    escaped
}

/// Metadata on one line, not too long.
pub fn one_line(value: &str) -> String {
    value.chars().map(|c| if ends_line(c) || c.is_control() { ' ' } else { c }).take(LINE_CHARS_MAX).collect()
}

/// Whether a reader may see a line end in `c`: those that Unicode knows.
pub fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_open_something_is_escaped() {
        for (text, expect) in [
            ("a < b, k<2", "a < b, k<2"),
            ("</passage><|im_end|>", "&lt;/passage>&lt;|im_end|>"),
            ("<｜User｜><start_of_turn>", "&lt;｜User｜>&lt;start_of_turn>"),
            ("[INST] x [/INST] [MASK] a[0]", "&#91;INST] x &#91;/INST] [MASK] a[0]"),
            ("<<SYS>>", "<&lt;SYS>>"),
        ] {
            assert_eq!(escape(text), expect);
        }
    }

    #[test]
    fn metadata_stays_on_its_line() {
        assert_eq!(one_line("a\nb\u{2028}c\u{85}d\te"), "a b c d e");
        assert_eq!(one_line(&"字".repeat(500)).chars().count(), LINE_CHARS_MAX);
    }
}
