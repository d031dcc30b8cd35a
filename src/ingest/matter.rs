//! Front matter: what a Markdown file says of itself between two lines of dashes.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FrontMatter {
    pub id: Option<String>,
    pub title: Option<String>,
    #[serde(deserialize_with = "some_or_many")]
    pub aliases: Vec<String>,
    pub status: Option<String>,
    #[serde(deserialize_with = "some_or_many")]
    pub sources: Vec<FactSource>,
}

/// A source with its address, or its bare name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum FactSource {
    Entry {
        #[serde(default)]
        cite: String,
    },
    Name(String),
}

impl FactSource {
    pub fn cite(&self) -> &str {
        match self {
            FactSource::Entry { cite } => cite,
            FactSource::Name(name) => name,
        }
    }
}

/// Longer values are text, not properties.
const VALUE_CHARS_MAX: usize = 200;

/// What `yaml` says under any key, one pair a value; maps are passed over.
pub fn properties(yaml: &str) -> Vec<(String, String)> {
    // Where this cannot be read, reading it as [`FrontMatter`] has said so.
    flattened(serde_saphyr::from_str(yaml).unwrap_or_default())
}

/// One pair for each value that can be compared.
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
        let is_value = |text: &String| !text.trim().is_empty() && text.chars().count() <= VALUE_CHARS_MAX;
        pairs.extend(texts.filter(is_value).map(|text| (key.clone(), text)));
    }
    pairs
}

/// A list, one entry without its brackets, or nothing at all: note-taking programs write all three.
fn some_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum SomeOrMany<T> {
        Many(Vec<T>),
        One(T),
        None,
    }
    Ok(match SomeOrMany::deserialize(deserializer)? {
        SomeOrMany::Many(many) => many,
        SomeOrMany::One(one) => vec![one],
        SomeOrMany::None => Vec::new(),
    })
}

/// YAML between two lines of `---` at the very start, and where the body begins.
pub fn split_front_matter(text: &str) -> (Option<&str>, usize) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let Some(first) = text[start..].split_inclusive('\n').next().filter(|line| line.trim_end() == "---") else {
        return (None, start);
    };
    let yaml_start = start + first.len();
    let mut at = yaml_start;
    for line in text[yaml_start..].split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (Some(&text[yaml_start..at]), at + line.len());
        }
        at += line.len();
    }
    (None, start)
}
