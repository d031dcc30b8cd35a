//! A file into documents: front matter, Markdown structure, plain text, JSON Lines.

use super::Options;
use super::matter::{FactSource, FrontMatter, flattened, properties, split_front_matter};
use super::problem::{SkipReason, Skipped};
use super::walk::{Kind, SourceFile};
use crate::document::{DocId, Document, Place};
use pulldown_cmark::{Event, HeadingLevel, Options as MarkdownOptions, Parser, Tag, TagEnd};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// A document with the structure that chunking needs.
#[derive(Debug, Clone)]
pub struct Source {
    pub document: Document,
    /// The id it gives itself, front matter `id` or `_id` of a JSON line.
    pub declared_id: Option<String>,
    pub blocks: Vec<Block>,
    /// Line of the file on which `document.text` begins, counted from 1.
    pub first_line: u32,
    /// Set where the whole text stands on one line of the file (JSON Lines).
    pub one_line: bool,
}

/// A paragraph, list, table or the like: chunks are made of whole blocks where they fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Bytes of the document's text.
    pub span: Range<usize>,
    /// Headings it stands under, outermost first, its own included where it is one.
    pub headings: Vec<String>,
    pub is_heading: bool,
    /// Prose without markup; empty for code that is not indexed.
    pub searchable: String,
}

/// All that a file holds.
#[derive(Debug, Default)]
pub struct Parsed {
    pub documents: Vec<Source>,
    pub unverified: usize,
    pub skipped: Vec<Skipped>,
}

pub fn parse(file: &SourceFile, options: &Options) -> Result<Parsed, SkipReason> {
    let unreadable = |error: std::io::Error| SkipReason::Unreadable(error.to_string());
    let bytes = std::fs::metadata(&file.path).map_err(unreadable)?.len();
    if bytes > options.file_bytes_max {
        return Err(SkipReason::TooLarge { mib: bytes >> 20, limit_mib: options.file_bytes_max >> 20 });
    }
    let bytes = std::fs::read(&file.path).map_err(unreadable)?;
    let text =
        String::from_utf8(bytes).map_err(|error| SkipReason::NotUtf8 { at: error.utf8_error().valid_up_to() })?;
    match file.kind {
        Kind::Markdown => markdown(file, text, options),
        Kind::Plain => plain(file, text),
        Kind::JsonLines => Ok(json_lines(file, &text)),
    }
}

fn markdown(file: &SourceFile, text: String, options: &Options) -> Result<Parsed, SkipReason> {
    let mut parsed = Parsed::default();
    let (yaml, body_start) = split_front_matter(&text);
    let front = match yaml.map(serde_saphyr::from_str::<FrontMatter>) {
        None => FrontMatter::default(),
        Some(Ok(front)) => front,
        Some(Err(error)) => {
            let reason = error.to_string().lines().next().unwrap_or_default().to_string();
            parsed.skipped.push(Skipped { path: file.path.clone(), reason: SkipReason::FrontMatter(reason) });
            FrontMatter::default()
        }
    };
    if front.status.as_deref() == Some("unverified") {
        parsed.unverified = 1;
        return Ok(parsed);
    }
    let first_line = 1 + text[..body_start].matches('\n').count() as u32;
    let body = text[body_start..].to_string();
    let (blocks, first_heading) = markdown_blocks(&body, options.index_code);
    if blocks.iter().all(|block| block.searchable.trim().is_empty()) {
        return Err(SkipReason::Empty);
    }
    let title = front.title.or(first_heading).unwrap_or_else(|| stem(file));
    let source = front.sources.iter().map(FactSource::cite).collect::<Vec<_>>().join("; ");
    let declared_id = front.id;
    let id = DocId(declared_id.clone().unwrap_or_else(|| file.relative.clone()));
    let path = file.absolute.clone();
    let properties = yaml.map(properties).unwrap_or_default();
    let document =
        Document { id, title, aliases: front.aliases, path, place: place(file), source, properties, text: body };
    parsed.documents.push(Source { document, declared_id, blocks, first_line, one_line: false });
    Ok(parsed)
}

/// Top-level blocks with their headings, and the first level-1 heading. Code is left without searchable
/// text unless `index_code`.
pub fn markdown_blocks(text: &str, index_code: bool) -> (Vec<Block>, Option<String>) {
    let extensions = MarkdownOptions::ENABLE_TABLES
        | MarkdownOptions::ENABLE_FOOTNOTES
        | MarkdownOptions::ENABLE_STRIKETHROUGH
        | MarkdownOptions::ENABLE_TASKLISTS;
    let mut blocks: Vec<Block> = Vec::new();
    let mut path: Vec<(HeadingLevel, String)> = Vec::new();
    let mut title = None;
    let (mut depth, mut in_code) = (0usize, false);
    let (mut span, mut searchable, mut level) = (0..0, String::new(), None);
    for (event, range) in Parser::new_ext(text, extensions).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    (span, searchable, level) = (range, String::new(), None);
                }
                depth += 1;
                match tag {
                    Tag::CodeBlock(_) => in_code = true,
                    Tag::Heading { level: this, .. } if depth == 1 => level = Some(this),
                    Tag::Item | Tag::Paragraph | Tag::TableCell | Tag::TableRow if !searchable.is_empty() => {
                        searchable.push('\n')
                    }
                    _ => {}
                }
            }
            Event::End(tag) => {
                depth -= 1;
                match tag {
                    TagEnd::CodeBlock => in_code = false,
                    TagEnd::TableCell => searchable.push(' '),
                    TagEnd::TableRow | TagEnd::TableHead | TagEnd::Item => searchable.push('\n'),
                    _ => {}
                }
                if depth == 0 {
                    let heading = level.map(|level| (level, searchable.trim().to_string()));
                    if let Some((level, heading)) = &heading {
                        path.retain(|(above, _)| above < level);
                        path.push((*level, heading.clone()));
                        if *level == HeadingLevel::H1 && title.is_none() {
                            title = Some(heading.clone());
                        }
                    }
                    let headings = path.iter().map(|(_, heading)| heading.clone()).collect();
                    let text = std::mem::take(&mut searchable);
                    blocks.push(Block {
                        span: span.clone(),
                        headings,
                        is_heading: heading.is_some(),
                        searchable: text,
                    });
                }
            }
            Event::Text(piece) if !in_code || index_code => searchable.push_str(&piece),
            Event::Code(piece) => searchable.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => searchable.push('\n'),
            _ => {}
        }
    }
    (blocks, title)
}

/// A fragment of Markdown without its markup.
pub fn prose(fragment: &str) -> String {
    let (blocks, _) = markdown_blocks(fragment, false);
    blocks.iter().map(|block| block.searchable.trim()).collect::<Vec<_>>().join("\n")
}

fn plain(file: &SourceFile, text: String) -> Result<Parsed, SkipReason> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = text[start..].to_string();
    let blocks = paragraphs(&text);
    if blocks.is_empty() {
        return Err(SkipReason::Empty);
    }
    let path = file.absolute.clone();
    let document = Document {
        id: DocId(file.relative.clone()),
        title: stem(file),
        aliases: Vec::new(),
        path,
        place: place(file),
        source: String::new(),
        properties: Vec::new(),
        text,
    };
    let documents = vec![Source { document, declared_id: None, blocks, first_line: 1, one_line: false }];
    Ok(Parsed { documents, ..Parsed::default() })
}

/// Runs of lines between blank lines.
pub fn paragraphs(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut at = 0;
    let mut open: Option<Range<usize>> = None;
    let close = |open: &mut Option<Range<usize>>, blocks: &mut Vec<Block>| {
        if let Some(span) = open.take() {
            blocks.push(Block {
                searchable: text[span.clone()].to_string(),
                span,
                headings: Vec::new(),
                is_heading: false,
            });
        }
    };
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        if line.trim().is_empty() {
            close(&mut open, &mut blocks);
        } else {
            open = Some(open.map_or(at, |span| span.start)..end);
        }
        at += line.len();
    }
    close(&mut open, &mut blocks);
    blocks
}

#[derive(Deserialize)]
struct JsonDocument {
    #[serde(alias = "id")]
    _id: serde_json::Value,
    #[serde(default)]
    title: Option<String>,
    text: String,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

fn json_lines(file: &SourceFile, text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let path = file.absolute.clone();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let reject = |reason: String| Skipped {
            path: file.path.clone(),
            reason: SkipReason::BadLine { line: index + 1, reason },
        };
        let document: JsonDocument = match serde_json::from_str(line) {
            Ok(document) => document,
            Err(error) => {
                parsed.skipped.push(reject(error.to_string()));
                continue;
            }
        };
        let id = match document._id {
            serde_json::Value::String(id) if !id.is_empty() => id,
            serde_json::Value::Number(id) => id.to_string(),
            _ => {
                parsed.skipped.push(reject("_id is neither text nor a number".into()));
                continue;
            }
        };
        let blocks = paragraphs(&document.text);
        let title = document.title.unwrap_or_default();
        if blocks.is_empty() && title.is_empty() {
            parsed.skipped.push(reject("no text".into()));
            continue;
        }
        let document = Document {
            id: DocId(id.clone()),
            title,
            aliases: Vec::new(),
            path: path.clone(),
            place: place(file),
            source: String::new(),
            properties: flattened(document.rest),
            text: document.text,
        };
        parsed.documents.push(Source {
            document,
            declared_id: Some(id),
            blocks,
            first_line: index as u32 + 1,
            one_line: true,
        });
    }
    parsed
}

/// The source's name is known to who collects.
fn place(file: &SourceFile) -> Place {
    Place { source: String::new(), within: file.relative.clone(), modified: String::new() }
}

fn stem(file: &SourceFile) -> String {
    file.stem.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(name: &str, bytes: &[u8]) -> Result<Parsed, SkipReason> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let file = super::super::walk::file_at(&path).unwrap();
        let options = Options { chunk_units: 600, index_code: false, file_bytes_max: 1 << 20 };
        parse(&file, &options)
    }

    const QLORA: &str = "---\nid: g-qlora\ntitle: QLoRA 量化\naliases: [QLORA, 量化低秩适应]\nsources:\n  - {cite: \"Dettmers 2023\", url: \"https://x\"}\n---\n# QLoRA\n\n底座量化为 **4 位**。\n\n## 用法\n\n见 [文档](x.md):\n\n```sh\nrag ask 什么是QLoRA\n```\n";

    #[test]
    fn front_matter_headings_and_prose_are_read_and_code_is_not_searchable() {
        let source = parse_text("a.md", QLORA.as_bytes()).unwrap().documents.remove(0);
        assert_eq!(source.document.id.0, "g-qlora");
        assert_eq!(source.document.aliases, ["QLORA", "量化低秩适应"]);
        assert_eq!(source.document.source, "Dettmers 2023");
        assert_eq!(source.first_line, 8);
        let seen: Vec<_> =
            source.blocks.iter().map(|block| (block.headings.join("/"), block.searchable.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("QLoRA".into(), "QLoRA"),
                ("QLoRA".into(), "底座量化为 4 位。"),
                ("QLoRA/用法".into(), "用法"),
                ("QLoRA/用法".into(), "见 文档:"),
                ("QLoRA/用法".to_string(), ""),
            ]
        );
    }

    #[test]
    fn an_unverified_document_is_counted_and_left_out() {
        let parsed = parse_text("a.md", "---\nstatus: unverified\n---\ntext\n".as_bytes()).unwrap();
        assert_eq!((parsed.documents.len(), parsed.unverified), (0, 1));
    }

    #[test]
    fn front_matter_of_note_taking_programs_is_read() {
        let read = |yaml: &str| {
            let parsed = parse_text("a.md", format!("---\n{yaml}\n---\n正文\n").as_bytes()).unwrap();
            assert!(parsed.skipped.is_empty(), "{:?}", parsed.skipped);
            let document = &parsed.documents[0].document;
            (document.aliases.join("|"), document.source.clone())
        };
        assert_eq!(read("aliases: 别名\nsources: 某书"), ("别名".into(), "某书".into()));
        assert_eq!(read("aliases:\nsources: [某书, {cite: 某文, url: x}]"), ("".into(), "某书; 某文".into()));
        assert_eq!(read("title: 2024\ndate: 2024-01-01\ncover: {a: [1]}"), ("".into(), "".into()));
    }

    #[test]
    fn broken_front_matter_is_reported_and_the_text_kept() {
        let parsed = parse_text("note.md", "---\ntitle: [unclosed\n---\n正文\n".as_bytes()).unwrap();
        assert!(matches!(parsed.skipped[0].reason, SkipReason::FrontMatter(_)));
        assert_eq!(parsed.documents[0].document.title, "note");
        assert_eq!(parsed.documents[0].document.text, "正文\n");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(parse_text("a.md", b"ok \xff").unwrap_err(), SkipReason::NotUtf8 { at: 3 });
        assert_eq!(parse_text("a.md", b" \n").unwrap_err(), SkipReason::Empty);
        let large = vec![b'a'; (1 << 20) + 1];
        assert_eq!(parse_text("a.txt", &large).unwrap_err(), SkipReason::TooLarge { mib: 1, limit_mib: 1 });
    }

    #[test]
    fn json_lines_keep_good_lines_and_report_bad_ones() {
        let text = "{\"_id\":\"a\",\"title\":\"标题\",\"text\":\"正文\"}\nnot json\n\n{\"_id\":7,\"text\":\"x\"}\n{\"_id\":null,\"text\":\"x\"}\n";
        let parsed = parse_text("c.jsonl", text.as_bytes()).unwrap();
        let ids: Vec<_> =
            parsed.documents.iter().map(|source| (source.document.id.0.as_str(), source.first_line)).collect();
        assert_eq!(ids, [("a", 1), ("7", 4)]);
        assert_eq!(parsed.skipped.len(), 2);
    }

    #[test]
    fn plain_text_splits_at_blank_lines() {
        let source = parse_text("a.txt", "一\n二\n\n  \n三\n".as_bytes()).unwrap().documents.remove(0);
        let spans: Vec<_> = source.blocks.iter().map(|block| &source.document.text[block.span.clone()]).collect();
        assert_eq!(spans, ["一\n二", "三"]);
    }
}
