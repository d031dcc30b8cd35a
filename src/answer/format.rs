//! A format: how passages are written into a prompt, so that nothing in them can end one or begin another.

use super::AnswerProblem;
use super::escape::{ends_line, escape, escape_with, one_line};
use super::order::quoted;
use crate::document::Passage;
use serde::Serialize;
use serde_json::json;
use std::str::FromStr;

/// Which marks stand around a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `<passage id="1" title="…">`; a `<` of the text that could open a tag is written `&lt;`.
    #[default]
    Xml,
    /// A heading a passage; every line of the text is quoted by `> `.
    Markdown,
    /// One object a line.
    Json,
}

impl Format {
    pub const NAMES: [&str; 3] = ["xml", "markdown", "json"];
}

impl FromStr for Format {
    type Err = AnswerProblem;

    fn from_str(name: &str) -> Result<Format, AnswerProblem> {
        match name {
            "xml" => Ok(Format::Xml),
            "markdown" => Ok(Format::Markdown),
            "json" => Ok(Format::Json),
            _ => Err(AnswerProblem::Unknown {
                what: "chat.context_format",
                name: name.into(),
                known: "auto, xml, markdown, json",
            }),
        }
    }
}

/// What is told of a passage beside its text: names and values, without empty ones.
type Metadata = Vec<(&'static str, String)>;

fn metadata(passage: &Passage) -> Metadata {
    let section = passage.headings.join(" › ");
    let all = [("title", &passage.title), ("section", &section), ("source", &passage.source), ("date", &passage.date)];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, one_line(&quoted(value))))
        .collect()
}

/// The text of a passage below what explains it.
fn with_lead(passage: &Passage) -> String {
    match passage.lead.is_empty() {
        true => passage.text.trim().into(),
        false => format!("{}\n{}", passage.lead.trim_end(), passage.text.trim()),
    }
}

impl Format {
    /// Passages of one document with their numbers, in the order they are to stand in. What all of several have in common
    /// is said once above them. Without `with_metadata` only numbers and texts are told.
    pub fn document(self, passages: &[(usize, &Passage)], with_metadata: bool) -> String {
        let told = |passage| if with_metadata { metadata(passage) } else { Metadata::new() };
        let mut each: Vec<Metadata> = passages.iter().map(|(_, passage)| told(passage)).collect();
        let mut common = Metadata::new();
        if let [first, rest @ ..] = each.as_slice()
            && !rest.is_empty()
        {
            common = first.iter().filter(|pair| rest.iter().all(|other| other.contains(pair))).cloned().collect();
            each.iter_mut().for_each(|own| own.retain(|pair| !common.contains(pair)));
        }
        let texts = passages.iter().map(|(number, passage)| (*number, quoted(&with_lead(passage))));
        let parts: Vec<(usize, Metadata, String)> =
            texts.zip(each).map(|((number, text), own)| (number, own, text)).collect();
        match self {
            Format::Xml => xml(&parts, &common),
            Format::Markdown => markdown(&parts, &common),
            Format::Json => json_lines(&parts, &common),
        }
    }
}

fn xml(parts: &[(usize, Metadata, String)], common: &Metadata) -> String {
    let attributes = |pairs: &Metadata| -> String {
        let value = |value: &str| escape(value).replace('"', "&quot;");
        pairs.iter().map(|(name, text)| format!(" {name}=\"{}\"", value(text))).collect()
    };
    let passage = |(number, own, text): &(usize, Metadata, String)| {
        format!("<passage id=\"{number}\"{}>\n{}\n</passage>", attributes(own), escape(text))
    };
    let passages = parts.iter().map(passage).collect::<Vec<_>>().join("\n");
    match common.is_empty() {
        true => passages,
        false => format!("<document{}>\n{passages}\n</document>", attributes(common)),
    }
}

fn markdown(parts: &[(usize, Metadata, String)], common: &Metadata) -> String {
    let names = |pairs: &Metadata| {
        let named = pairs.iter().filter(|(name, _)| matches!(*name, "title" | "section"));
        named.map(|(_, value)| escape(value)).collect::<Vec<_>>().join(" › ")
    };
    let rest = |pairs: &Metadata| -> String {
        let rest = pairs.iter().filter(|(name, _)| !matches!(*name, "title" | "section"));
        rest.map(|(name, value)| format!("{name}: {}\n", escape(value))).collect()
    };
    let passage = |(number, own, text): &(usize, Metadata, String)| {
        let text = escape(text).replace("\r\n", "\n");
        let lines: Vec<String> = text.split(ends_line).map(|line| format!("> {line}")).collect();
        format!("{}\n{}{}", format!("### [{number}] {}", names(own)).trim_end(), rest(own), lines.join("\n"))
    };
    let passages = parts.iter().map(passage).collect::<Vec<_>>().join("\n\n");
    match common.is_empty() {
        true => format!("{passages}\n"),
        false => format!("{}\n{}\n{passages}\n", format!("## {}", names(common)).trim_end(), rest(common)),
    }
}

fn json_lines(parts: &[(usize, Metadata, String)], common: &Metadata) -> String {
    // By hand, since the number comes first and the text last: so a model reads them.
    let fields = |pairs: &Metadata| -> Vec<String> {
        pairs.iter().map(|(name, value)| format!("\"{name}\":{}", json!(value))).collect()
    };
    let passage = |(number, own, text): &(usize, Metadata, String)| {
        let (number, text) = (format!("\"id\":{number}"), format!("\"text\":{}", json!(text)));
        format!("{{{}}}", [vec![number], fields(own), vec![text]].concat().join(","))
    };
    let passages: Vec<String> = parts.iter().map(passage).collect();
    let lines = match common.is_empty() {
        true => passages,
        false => {
            let passages = format!("\"passages\":[{}]", passages.join(","));
            vec![format!("{{{}}}", [fields(common), vec![passages]].concat().join(","))]
        }
    };
    let line = |line: &String| -> String {
        let escaped = escape_with(line, unicode);
        escaped.chars().map(|c| if ends_line(c) || c == '\u{7f}' { unicode(c) } else { c.into() }).collect()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// As JSON may write any character: it reads back as itself.
fn unicode(c: char) -> String {
    format!("\\u{:04x}", c as u32)
}

#[cfg(test)]
mod tests;
