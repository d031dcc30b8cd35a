//! JSON Lines: a document a line, `{"_id", "title", "text"}` and any other keys.

use super::front_matter::flattened;
use super::{Parsed, Source, clean_id, place, plain};
use crate::document::{DocId, Document};
use crate::ingest::problem::{SkipReason, Skipped};
use crate::ingest::walk::SourceFile;
use serde_json::{Map, Value};

/// The first that a line has is its id; the other is a property.
const IDS: [&str; 2] = ["_id", "id"];
/// The first that a line has is its text.
const TEXTS: [&str; 3] = ["text", "content", "body"];

pub fn documents(file: &SourceFile, text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in lines {
        match document(file, line, index as u32 + 1) {
            Ok(source) => parsed.documents.push(source),
            Err(reason) => parsed
                .skipped
                .push(Skipped { path: file.path.clone(), reason: SkipReason::BadLine { line: index + 1, reason } }),
        }
    }
    parsed
}

fn document(file: &SourceFile, line: &str, number: u32) -> Result<Source, String> {
    let mut fields: Map<String, Value> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let id = take(&mut fields, &IDS, id).ok_or("it has neither _id nor id that is a text or a number")?;
    let text = take(&mut fields, &TEXTS, text).unwrap_or_default();
    let title = take(&mut fields, &["title"], self::text).unwrap_or_default();
    let content = plain::content(&text);
    if content.blocks.is_empty() && title.trim().is_empty() {
        return Err("no text".into());
    }
    let properties = flattened(fields.into_iter().collect());
    let names = properties.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("\n");
    let document = Document {
        id: DocId(id.clone()),
        title,
        aliases: Vec::new(),
        path: file.absolute.clone(),
        place: place(file),
        source: String::new(),
        properties,
        text,
    };
    Ok(Source { document, declared_id: Some(id), names, content, first_line: number, one_line: true })
}

/// Takes the first of `keys` that `read` makes something of.
fn take(fields: &mut Map<String, Value>, keys: &[&str], read: fn(&Value) -> Option<String>) -> Option<String> {
    let (key, value) = keys.iter().find_map(|key| Some((*key, read(fields.get(*key)?)?)))?;
    fields.remove(key);
    Some(value)
}

/// A text, a number, or one of them in an object of its own, as exports of databases write it: `{"$oid": "…"}`.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) => clean_id(id),
        Value::Number(id) => Some(id.to_string()),
        Value::Object(fields) if fields.len() == 1 => {
            fields.values().next().filter(|value| !value.is_object()).and_then(self::id)
        }
        _ => None,
    }
}

/// A text, a number, or a list of them, one a paragraph.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(values) => {
            let texts = values.iter().filter(|value| !value.is_array()).filter_map(text);
            Some(texts.collect::<Vec<_>>().join("\n\n"))
        }
        _ => None,
    }
}
