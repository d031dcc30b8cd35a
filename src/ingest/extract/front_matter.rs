//! Front matter: what a Markdown file says of itself between two lines of dashes, or of pluses (TOML).

use super::clean_id;
use super::yaml::{self, Entry, Node};
use crate::ingest::problem::SkipReason;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longer values are text, not properties.
const VALUE_CHARS_MAX: usize = 200;

#[derive(Debug, Default)]
pub struct FrontMatter {
    pub id: Option<String>,
    pub title: Option<String>,
    pub aliases: Vec<String>,
    /// Whether it says `status: unverified`.
    pub is_unverified: bool,
    /// Where its facts come from, one after the other.
    pub source: String,
    /// One pair a value.
    pub properties: Vec<(String, String)>,
    /// What else it says, to be found by.
    pub texts: Vec<String>,
    pub problems: Vec<SkipReason>,
    /// Where the text below it begins.
    pub body: usize,
}

impl FrontMatter {
    /// That of `text`. What stands between two rules at its beginning and is no mapping is text.
    pub fn of(text: &str) -> FrontMatter {
        let start = text.len() - without_mark(text).len();
        let none = FrontMatter { body: start, ..FrontMatter::default() };
        if let Some(found) = toml_of(text, start) {
            return found;
        }
        let Some((yaml, line, body)) = between(text, start, "---", &["---", "..."]) else { return none };
        match entries(yaml, line) {
            Some((entries, problems)) => FrontMatter { problems, body, ..FrontMatter::from(entries) },
            None => none,
        }
    }

    fn from(entries: Vec<Entry>) -> FrontMatter {
        let mut front = FrontMatter::default();
        for Entry { key, value, .. } in entries {
            match key.as_str() {
                "id" => front.id = scalars(&value).first().and_then(|id| clean_id(id)),
                "title" => front.title = Some(scalars(&value).join(" / ")).filter(|title| !title.trim().is_empty()),
                "aliases" | "alias" => front.aliases.extend(scalars(&value)),
                "status" => front.is_unverified = scalars(&value).iter().any(|status| status == "unverified"),
                "sources" => front.source = cites(&value).join("; "),
                _ => {}
            }
            front.property(&key, value);
        }
        // Searches that filter by several see them in the order of their keys, whatever order they are written in.
        front.properties.sort_by(|a, b| a.0.cmp(&b.0));
        front
    }

    /// Maps in maps have keys with a dot; maps in lists are passed over.
    fn property(&mut self, key: &str, value: Node) {
        let is_named = matches!(key, "title" | "aliases" | "alias");
        let values = match value {
            Node::Map(entries) => {
                return entries
                    .into_iter()
                    .for_each(|entry| self.property(&format!("{key}.{}", entry.key), entry.value));
            }
            Node::List(values) => values,
            one => vec![one],
        };
        for value in values {
            let Node::Scalar(text) = value else { continue };
            if !is_named && !text.trim().is_empty() {
                self.texts.push(text.clone());
            }
            if is_value(&text) {
                self.properties.push((key.into(), text));
            }
        }
    }
}

fn is_value(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().nth(VALUE_CHARS_MAX).is_none()
}

/// The texts of a scalar, or of a list's.
fn scalars(value: &Node) -> Vec<String> {
    match value {
        Node::Scalar(text) => vec![text.clone()],
        Node::List(values) => values.iter().filter(|value| !matches!(value, Node::List(_))).flat_map(scalars).collect(),
        _ => Vec::new(),
    }
}

/// Sources with their addresses, or their bare names.
fn cites(value: &Node) -> Vec<String> {
    let cite = |node: &Node| match node {
        Node::Scalar(name) => Some(name.clone()),
        Node::Map(entries) => {
            entries.iter().find(|entry| entry.key == "cite").and_then(|entry| scalars(&entry.value).first().cloned())
        }
        _ => None,
    };
    match value {
        Node::List(values) => values.iter().filter_map(cite).collect(),
        one => cite(one).into_iter().collect(),
    }
}

/// `text` without the mark that some programs begin a file with: a linter reads files as they are.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The YAML of the front matter and where the body begins.
pub fn split_front_matter(text: &str) -> (Option<&str>, usize) {
    let start = text.len() - without_mark(text).len();
    let found = between(text, start, "---", &["---", "..."]);
    match found.filter(|(yaml, line, _)| entries(yaml, *line).is_some()) {
        Some((yaml, _, body)) => (Some(yaml), body),
        None => (None, start),
    }
}

/// What stands between the first line, which is `open`, and one of `close`; the line it begins on, and where the text
/// goes on. Blank lines may come first.
fn between<'t>(text: &'t str, start: usize, open: &str, close: &[&str]) -> Option<(&'t str, usize, usize)> {
    let mut at = start;
    let mut inner = None;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        let (begin, end) = (at, at + line.len());
        at = end;
        match inner {
            None if line.trim().is_empty() => {}
            None if line.trim_end() == open => inner = Some((end, index + 2)),
            None => return None,
            Some((from, number)) if close.contains(&line.trim_end()) => return Some((&text[from..begin], number, end)),
            Some(_) => {}
        }
    }
    None
}

/// The entries of a mapping that begins on `line` of its file, and what cannot be read of it; none where it is text.
fn entries(yaml: &str, line: usize) -> Option<(Vec<Entry>, Vec<SkipReason>)> {
    if yaml.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
        return Some(Default::default());
    }
    match yaml::mapping(yaml) {
        Ok(entries) => entries.map(|entries| (entries, Vec::new())),
        Err(_) => by_key(yaml, line),
    }
}

/// As [`entries`], key by key: what cannot be read costs its own key.
fn by_key(yaml: &str, first: usize) -> Option<(Vec<Entry>, Vec<SkipReason>)> {
    let mut groups: Vec<(usize, String)> = Vec::new();
    for (index, line) in yaml.lines().enumerate() {
        let is_blank = line.trim().is_empty() || line.starts_with('#');
        match groups.last_mut() {
            _ if key_of(line).is_some() => groups.push((index, line.to_string() + "\n")),
            Some((_, group)) => {
                // A tab is no indentation in YAML, but what was meant is clear.
                let text = line.trim_start_matches('\t');
                *group += &("  ".repeat(line.len() - text.len()) + text + "\n");
            }
            None if is_blank => {}
            None => return None,
        }
    }
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for (index, group) in groups {
        let key = key_of(&group).unwrap_or_default().trim_matches(['"', '\'']).to_string();
        match yaml::mapping(&group) {
            Ok(found) => entries.extend(found.unwrap_or_default()),
            Err(fault) => match as_written(&group) {
                Some(text) => entries.push(Entry { key, line: index + 1, value: Node::Scalar(text) }),
                None => problems.push(SkipReason::FrontMatterKey {
                    key,
                    line: first + index + fault.line.max(1).min(group.lines().count()) - 1,
                    reason: fault.reason,
                }),
            },
        }
    }
    Some((entries, problems))
}

/// The key that a line begins with at its first column.
fn key_of(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let begins = key.chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '"' | '\''));
    (begins && (rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))).then(|| key.trim_end())
}

/// The value of one line that is no list, map or quoted text: `note: 复盘: 得失`.
fn as_written(group: &str) -> Option<String> {
    let mut lines = group.lines().filter(|line| !line.trim().is_empty());
    let value = lines.next()?.split_once(':')?.1.trim();
    let is_plain = !value.is_empty() && !value.starts_with(['[', '{', '"', '\'', '&', '!', '|', '>']);
    (is_plain && lines.next().is_none()).then(|| value.to_string())
}

/// Front matter in TOML; what is no TOML is said, and stays text.
fn toml_of(text: &str, start: usize) -> Option<FrontMatter> {
    let (toml, line, body) = between(text, start, "+++", &["+++"])?;
    match toml.parse::<toml::Table>() {
        Ok(table) => {
            let entry = |(key, value): (String, toml::Value)| Entry { key, line, value: node(value) };
            Some(FrontMatter { body, ..FrontMatter::from(table.into_iter().map(entry).collect()) })
        }
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start.min(toml.len()));
            let line = line + toml.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
            let reason = format!("line {line}: {}", error.message());
            Some(FrontMatter { body: start, problems: vec![SkipReason::FrontMatter(reason)], ..FrontMatter::default() })
        }
    }
}

fn node(value: toml::Value) -> Node {
    match value {
        toml::Value::String(text) => Node::Scalar(text),
        toml::Value::Array(values) => Node::List(values.into_iter().map(node).collect()),
        toml::Value::Table(table) => {
            let entry = |(key, value)| Entry { key, line: 0, value: node(value) };
            Node::Map(table.into_iter().map(entry).collect())
        }
        other => Node::Scalar(other.to_string()),
    }
}

/// One pair for each value of a JSON line that can be compared.
pub fn flattened(fields: BTreeMap<String, Value>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (key, value) in fields {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        let texts = values.into_iter().filter_map(|value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is_so) => Some(is_so.to_string()),
            _ => None,
        });
        pairs.extend(texts.filter(|text| is_value(text)).map(|text| (key.clone(), text)));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> FrontMatter {
        FrontMatter::of(&format!("---\n{yaml}\n---\n正文\n"))
    }

    #[test]
    fn values_of_other_types_are_taken_as_they_are() {
        let front =
            read("id: 007\ntitle: [甲, 乙]\naliases:\n  - \nstatus: [草稿, 待审]\nrating: 1.10\nauthor: {name: 沈}");
        assert_eq!((front.id.as_deref(), front.title.as_deref()), (Some("007"), Some("甲 / 乙")));
        assert!(front.aliases.is_empty() && !front.is_unverified && front.problems.is_empty());
        let has = |key: &str, value: &str| front.properties.contains(&(key.into(), value.into()));
        assert!(has("status", "待审") && has("rating", "1.10") && has("author.name", "沈"), "{:?}", front.properties);
        assert!(read("status: [a, unverified]").is_unverified);
        assert_eq!(read("aliases: 别名").aliases, ["别名"]);
        assert_eq!(read("sources: [某书, {cite: 某文, url: x}]").source, "某书; 某文");
        assert_eq!(read("title: x\ntags:\n\t- a\n\t- b").properties.len(), 3, "a tab is no error");
    }

    #[test]
    fn what_cannot_be_read_costs_its_key_and_names_its_line() {
        let front = read("title: 好\nbad: [unclosed\ntags: [a]\nnote: 复盘: 得失");
        assert_eq!(front.title.as_deref(), Some("好"));
        let [SkipReason::FrontMatterKey { key, line, .. }] = front.problems.as_slice() else {
            panic!("{:?}", front.problems)
        };
        assert_eq!((key.as_str(), *line), ("bad", 3));
        let values: Vec<&str> = front.properties.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["复盘: 得失", "a", "好"]);
    }

    #[test]
    fn what_stands_between_rules_and_is_no_mapping_is_text() {
        let text = "---\n**北辰**\n联系人:陶知秋\n---\n正文";
        assert_eq!(FrontMatter::of(text).body, 0);
        assert_eq!(FrontMatter::of("---\n一句话\n---\n").body, 0);
        assert_eq!(FrontMatter::of("---\n- a\n---\n").body, 0);
        assert_eq!(FrontMatter::of("---\na: 1\n...\n正文").body, 13);
        assert_eq!(FrontMatter::of("\u{feff}---\n---\n正文").body, 11);
    }

    #[test]
    fn toml_is_read_too() {
        let front = FrontMatter::of("+++\ntitle = \"甲\"\ndate = 2024-05-01\ntags = [\"a\"]\n+++\n正文\n");
        assert_eq!(front.title.as_deref(), Some("甲"));
        assert!(front.properties.contains(&("date".into(), "2024-05-01".into())));
        assert!(matches!(FrontMatter::of("+++\na =\n+++\n").problems[..], [SkipReason::FrontMatter(_)]));
    }
}
