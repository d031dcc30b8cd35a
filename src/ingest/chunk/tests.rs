//! Cutting: where chunks begin and end, and what each carries along.

use super::*;
use crate::document::{DocId, Document, Place};
use crate::ingest::extract::{markdown_content, plain_content};
use proptest::prelude::*;

fn source(text: &str, content: Content) -> Source {
    let document = Document {
        id: DocId("d".into()),
        title: "标题".into(),
        aliases: vec![],
        path: "d.txt".into(),
        place: Place::default(),
        source: String::new(),
        properties: Vec::new(),
        text: text.into(),
    };
    Source { document, declared_id: None, names: String::new(), content, first_line: 1, one_line: false }
}

fn plain_source(text: &str) -> Source {
    source(text, plain_content(text))
}

fn chunks(text: &str, units: usize) -> Vec<Chunk> {
    chunk(&source(text, markdown_content(text)), units)
}

/// The headings and the first and last line of each chunk.
fn check(text: &str, units: usize, expect: &[(&str, (u32, u32))]) {
    let chunks = chunks(text, units);
    let seen: Vec<(String, (u32, u32))> = chunks.iter().map(|chunk| (chunk.headings.join("/"), chunk.lines)).collect();
    let expect: Vec<(String, (u32, u32))> = expect.iter().map(|(path, lines)| (path.to_string(), *lines)).collect();
    assert_eq!(seen, expect, "{text}");
}

fn han(count: usize) -> String {
    "字".repeat(count) + "。"
}

#[test]
fn a_document_that_fits_is_one_chunk() {
    let chunks = chunks("# 标题\n\n一段。\n\n## 小节\n\n又一段。\n", 600);
    assert_eq!(chunks.len(), 1);
    assert_eq!((chunks[0].lines, &chunks[0].headings), ((1, 7), &vec![]));
    // The title stands above all of it, and is indexed as such.
    assert_eq!(chunks[0].searchable, "一段。\n小节\n又一段。");
}

#[test]
fn a_long_document_breaks_at_headings() {
    let section = |name: &str| format!("## {name}\n\n{}\n\n", "字".repeat(30));
    let text = format!("# 标题\n\n{}{}{}", section("甲"), section("乙"), section("丙"));
    check(&text, 50, &[("甲", (1, 5)), ("乙", (7, 9)), ("丙", (11, 13))]);
}

#[test]
fn the_tail_of_a_section_is_joined_with_nothing_higher() {
    let text = format!("## 甲\n\n{0}\n\n### 深\n\n一。\n\n## 乙\n\n二。\n\n## 丙\n\n三。\n", han(5));
    check(&text, 600, &[("甲", (1, 7)), ("", (9, 15))]);
    // One that was cut is joined with nothing at all.
    let text = format!("## 甲\n\n{0}\n\n{0}\n\n### 深\n\n一。\n", han(13));
    check(&text, 16, &[("甲", (1, 3)), ("甲", (5, 5)), ("甲/深", (7, 9))]);
}

#[test]
fn a_heading_goes_with_what_follows() {
    let rows: String = (0..20).map(|n| format!("| 行{n} | 值 |\n")).collect();
    let text = format!("# 标题\n\n## 年假\n\n| 档次 | 天数 |\n|---|---|\n{rows}\n## 空\n");
    let chunks = chunks(&text, 40);
    assert!(chunks[0].text.starts_with("# 标题\n\n## 年假\n\n| 档次 |") && chunks[0].text.contains("行3"));
    assert!(chunks.last().unwrap().text.ends_with("## 空") && chunks.last().unwrap().text.contains("行19"));
    for chunk in &chunks[1..] {
        assert_eq!(chunk.lead.text, "| 档次 | 天数 |\n|---|---|");
        assert_eq!(chunk.lead.plain, "档次 天数");
        assert_eq!(chunk.headings, ["年假"]);
        assert!(chunk.text.starts_with("| 行"), "{}", chunk.text);
    }
}

#[test]
fn lists_are_cut_between_items_and_the_line_before_comes_along() {
    let items: String = (0..9).map(|n| format!("- 第{n}项,{}\n\n  第{n}项续。\n", "字".repeat(8))).collect();
    let text = format!("开头。{}步骤如下:\n\n{items}", "字".repeat(10) + "。");
    let chunks = chunks(&text, 40);
    assert!(chunks.len() > 2);
    assert!(chunks[0].lead.text.is_empty() && chunks[0].text.contains("第0项"));
    for chunk in &chunks[1..] {
        assert_eq!(chunk.lead.text, "步骤如下:");
        assert!(chunk.text.starts_with("- 第") && chunk.text.ends_with("续。"), "{}", chunk.text);
    }
}

#[test]
fn a_long_sentence_is_cut_at_its_clauses_and_marks_stay_whole() {
    let text = format!("**{},**{},{}", "甲".repeat(12), "乙".repeat(12), "丙".repeat(12));
    let texts: Vec<String> = chunks(&text, 16).into_iter().map(|chunk| chunk.text).collect();
    assert_eq!(texts, [format!("**{},", "甲".repeat(12)), format!("**{},", "乙".repeat(12)), "丙".repeat(12)]);
}

#[test]
fn what_is_never_shown_is_taken_out_and_lines_stay() {
    let text = "甲。\n<!--\n藏\n-->\n\n<b>乙</b>。\n";
    let chunks = chunks(text, 600);
    assert_eq!((chunks[0].text.as_str(), chunks[0].lines), ("甲。\n\n\n\n\n乙。", (1, 6)));
    assert_eq!(chunks[0].searchable, "甲。\n乙。");
}

#[test]
fn a_title_alone_is_a_chunk_without_text() {
    let mut source = plain_source("");
    (source.one_line, source.names) = (true, "名".into());
    let chunks = chunk(&source, 600);
    assert_eq!((chunks.len(), chunks[0].asides.as_str()), (1, "名"));
}

proptest! {
    #[test]
    fn spans_are_in_order_and_say_the_text_and_no_chunk_is_too_long(
        paragraphs in prop::collection::vec("[一-十。!?a-z \\n]{0,120}", 0..12),
        units in 16usize..80,
    ) {
        let text = paragraphs.join("\n\n");
        let source = plain_source(&text);
        let chunks = chunk(&source, units);
        let mut end = 0;
        for piece in &chunks {
            prop_assert_eq!(&text[piece.span.clone()], piece.text.as_str());
            prop_assert!(piece.span.start >= end);
            end = piece.span.end;
            prop_assert!(!piece.searchable.is_empty() || source.content.blocks.is_empty());
            let first = text[..piece.span.start].matches('\n').count() as u32 + 1;
            prop_assert_eq!(piece.lines.0, first);
            let prose: usize = piece.text.split("\n\n").map(quarters).sum();
            prop_assert!(prose <= units * 4 + piece.text.matches("\n").count() + 8, "{} > {}", prose, units * 4);
        }
        let indexed: usize = chunks.iter().map(|c| c.searchable.chars().filter(|c| !c.is_whitespace()).count()).sum();
        if !source.content.blocks.is_empty() {
            prop_assert_eq!(indexed, text.chars().filter(|c| !c.is_whitespace()).count());
        }
    }

    #[test]
    fn every_letter_of_markdown_is_in_exactly_one_chunk(
        blocks in prop::collection::vec(markdown(), 0..14),
        units in 16usize..80,
    ) {
        let text = blocks.join("\n\n");
        let source = source(&text, markdown_content(&text));
        let chunks = chunk(&source, units);
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let pieces = source.content.blocks.iter().flat_map(|block| &block.pieces);
        let all: String = pieces.map(|piece| &source.content.visible.as_str()[piece.visible.clone()]).collect();
        let found: String = chunks.iter().map(|chunk| chunk.plain.as_str()).collect();
        prop_assert_eq!(letters(&found), letters(&all));
        let mut end = 0;
        for chunk in &chunks {
            prop_assert!(chunk.span.start >= end);
            end = chunk.span.end;
            prop_assert_eq!(chunk.text.matches('\n').count(), text[chunk.span.clone()].matches('\n').count());
            let size: usize = chunk.plain.lines().map(quarters).sum();
            prop_assert!(size <= units * 4, "{} > {} in {:?}", size, units * 4, chunk.text);
        }
    }
}

/// A block of Markdown.
fn markdown() -> impl Strategy<Value = String> {
    let words = "[一-十a-z。,]{1,60}";
    prop_oneof![
        (1usize..5, "[一-十]{1,6}").prop_map(|(level, name)| format!("{} {name}", "#".repeat(level))),
        words.prop_map(String::from),
        prop::collection::vec(words, 1..8).prop_map(|items| format!("- {}", items.join("\n- "))),
        prop::collection::vec(words, 1..8).prop_map(|rows| format!("| 甲 |\n|---|\n| {} |", rows.join(" |\n| "))),
        prop::collection::vec(words, 1..6).prop_map(|lines| format!("```\n{}\n```", lines.join("\n"))),
        prop::collection::vec(words, 1..6).prop_map(|lines| format!("> **{}**", lines.join("**\n>\n> **"))),
        words.prop_map(|words| format!("<p class=\"a\">{words}</p>")),
    ]
}
