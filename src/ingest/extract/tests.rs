//! Reading files: what is text, what is not, and what is said of what cannot be read.

use super::*;
use crate::ingest::decode::Undecodable;
use crate::ingest::walk::file_at;
use proptest::prelude::*;

fn parse_text(name: &str, bytes: &[u8]) -> Result<Parsed, SkipReason> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let file = file_at(&path).unwrap();
    let options = Options { chunk_units: 600, index_code: true, file_bytes_max: 1 << 20 };
    parse(&file, &options)
}

fn read(text: &str) -> Source {
    parse_text("笔记.md", text.as_bytes()).unwrap().documents.remove(0)
}

/// What a reader sees, a piece a line.
fn visible(content: &Content) -> String {
    let pieces = content.blocks.iter().flat_map(|block| &block.pieces);
    pieces
        .map(|piece| content.visible.as_str()[piece.visible.clone()].replace('\n', "⏎"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn check(text: &str, expect: &str) {
    assert_eq!(visible(&markdown::content(text, true)), expect, "{text}");
}

/// What is shown of the whole text.
fn shown(text: &str) -> String {
    let content = markdown::content(text, true);
    let mut shown = String::new();
    content.hidden.shown(text, &(0..text.len()), &mut |part| shown.push_str(part));
    shown
}

fn asides(text: &str) -> Vec<String> {
    markdown::content(text, true).asides.into_iter().map(|(_, words)| words).collect()
}

#[test]
fn front_matter_headings_and_prose_are_read() {
    let text = "---\nid: g-qlora\ntitle: QLoRA 量化\naliases: [QLORA, 量化低秩适应]\nsources:\n  - {cite: \"Dettmers 2023\", url: \"https://x\"}\n---\n# QLoRA\n\n底座量化为 **4 位**。\n\n## 用法\n\n见 [文档](x.md):\n\n```sh\nrag ask 什么是QLoRA\n```\n";
    let source = read(text);
    assert_eq!(source.document.id.0, "g-qlora");
    assert_eq!(source.declared_id.as_deref(), Some("g-qlora"));
    assert_eq!(source.document.aliases, ["QLORA", "量化低秩适应"]);
    assert_eq!(source.document.source, "Dettmers 2023");
    assert_eq!(source.first_line, 8);
    assert_eq!(visible(&source.content), "QLoRA\n底座量化为 4 位。\n用法\n见 文档:\nrag ask 什么是QLoRA");
    let section = source.content.blocks.last().unwrap().section;
    assert_eq!(source.content.sections.path(section), ["QLoRA", "用法"]);
    assert!(!source.prose().contains("rag ask"));
}

#[test]
fn an_unverified_document_is_counted_and_left_out() {
    let parsed = parse_text("a.md", "---\nstatus: unverified\n---\ntext\n".as_bytes()).unwrap();
    assert_eq!((parsed.documents.len(), parsed.unverified), (0, 1));
}

#[test]
fn what_cannot_be_read_says_why() {
    assert_eq!(parse_text("a.md", b"a\0\0\0\0b").unwrap_err(), SkipReason::Undecodable(Undecodable::Binary));
    assert_eq!(parse_text("a.md", b" \n").unwrap_err(), SkipReason::Empty);
    assert_eq!(parse_text("a.md", b"<!-- x -->\n").unwrap_err(), SkipReason::Empty);
    let large = vec![b'a'; (1 << 20) + 1];
    assert_eq!(parse_text("a.txt", &large).unwrap_err(), SkipReason::TooLarge { mib: 1, limit_mib: 1 });
    let parsed = parse_text("note.md", "---\ntitle: [unclosed\n---\n正文\n".as_bytes()).unwrap();
    assert!(matches!(&parsed.skipped[0].reason, SkipReason::FrontMatterKey { line: 2, .. }), "{:?}", parsed.skipped);
    assert_eq!((parsed.documents[0].document.title.as_str(), parsed.documents[0].first_line), ("note", 4));
}

#[test]
fn the_title_is_the_only_leading_heading_of_the_first_level() {
    let title = |text: &str| read(text).document.title;
    assert_eq!(title("简介。\n\n# 甲\n\n## 乙\n"), "甲");
    assert_eq!(title("# 甲\n\n# 乙\n"), "笔记");
    assert_eq!(title("## 甲\n\n# 乙\n"), "笔记");
    assert_eq!(title("---\ntitle: 丙\n---\n# 甲\n"), "丙");
    assert_eq!(title("<h1 align=\"center\">甲 <b>乙</b></h1>\n\n正文\n"), "甲 乙");
}

#[test]
fn json_lines_keep_good_lines_and_report_bad_ones() {
    let text = "\u{feff}{\"_id\":\"a\",\"title\":\"标题\",\"text\":\"正文\"}\nnot json\n\n{\"_id\":7,\"text\":\"x\"}\n{\"_id\":null,\"text\":\"x\"}\n";
    let parsed = parse_text("c.jsonl", text.as_bytes()).unwrap();
    let ids: Vec<_> =
        parsed.documents.iter().map(|source| (source.document.id.0.as_str(), source.first_line)).collect();
    assert_eq!(ids, [("a", 1), ("7", 4)]);
    assert_eq!(parsed.skipped.len(), 2);
}

#[test]
fn json_lines_of_any_shape_are_read() {
    let check = |line: &str, id: &str, title: &str, text: &str| {
        let parsed = parse_text("c.jsonl", line.as_bytes()).unwrap();
        let document = &parsed.documents[0].document;
        assert_eq!((document.id.0.as_str(), document.title.as_str(), document.text.as_str()), (id, title, text));
    };
    check(r#"{"_id":"1","id":"x","title":3,"text":"双键","meta":{"a":[1,{"b":2}]}}"#, "1", "3", "双键");
    check(r#"{"_id":{"$oid":"5f"},"title":null,"content":"正文"}"#, "5f", "", "正文");
    check(r#"{"id":" a\nb ","body":["一","二"],"tags":["x",null]}"#, "a b", "", "一\n\n二");
}

#[test]
fn plain_text_splits_at_blank_lines() {
    let source = parse_text("a.txt", "一\n二\n\n  \n三\n".as_bytes()).unwrap().documents.remove(0);
    assert_eq!(visible(&source.content), "一⏎二\n三");
}

#[test]
fn indented_text_is_text_however_it_is_indented() {
    check("# 甲\n\n    今天读完了《海错图》。\n\n    印象很深。\n", "甲\n今天读完了《海错图》。\n印象很深。");
    check("上午:\n\n\t先去看日出。\n\n下午。\n", "上午:\n先去看日出。\n下午。");
}

#[test]
fn html_gives_its_text_and_tags_part_words() {
    check("<details>\n<summary>夜班</summary>\n口令&amp;交接\n</details>\n", "夜班\n口令&交接");
    check("网关7070<br/>5151备用 <kbd>Ctrl</kbd><kbd>C</kbd>", "网关7070⏎5151备用 Ctrl C");
    check("nginx<!-- 或 -->caddy,<b>网</b>关", "nginx caddy,网关");
    check(
        "<table>\n<tr><th>编号</th>\n<th>型号</th></tr>\n<tr><td>KX</td><td>变频器</td></tr>\n</table>\n",
        "编号 型号\nKX 变频器",
    );
    check("<div>\n\n**粗**体\n\n</div>\n", "粗体");
    check("<img src=\"a/b.png\" alt=\"架构图\">后\n", "架构图 后");
    check("<script>\nvar x = 1;\n\nvar y;\n</script>\n\n正文\n", "正文");
    assert_eq!(shown("甲<br/>乙\n<img src=\"x.png\" alt=\"图\">\n"), "甲 乙\n图\n");
    assert_eq!(
        asides("<img src=\"a/b.png\"> <a href=\"https://x.example/q\">甲</a>"),
        ["a/b.png", "https://x.example/q"]
    );
}

#[test]
fn what_is_never_closed_is_text() {
    check("甲\n\n<!-- 注释没有结束\n\n乙\n", "甲\n注释没有结束⏎⏎乙");
    check("```sh\nstop app\n\n## 回滚\n\n软链接指回紫藤目录。\n", "stop app\n回滚\n软链接指回紫藤目录。");
    check("~~~\na = 1\n\nb = 2\n", "a = 1\nb = 2");
}

#[test]
fn tables_lists_quotes_and_footnotes_are_read_piece_by_piece() {
    check("| 甲 | 乙 |\n|---|---|\n| 1 | 2 | 多 |\n| 3 |\n", "甲 乙\n1 2 多\n3");
    check("- [x] 一\n  - 二\n\n    三\n- 四\n", "一\n二\n三\n四");
    check("> [!warning]+ 当心\n> 一句。\n>\n> ```sh\n> ls\n> ```\n", "当心⏎一句。\nls");
    check("甲[^1]乙。\n\n[^1]: 脚注在此。\n", "甲乙。\n脚注在此。");
}

#[test]
fn marks_of_notes_and_formulas_are_read() {
    check("见 [[笔记|别名]] 与 ==重点==%%不给人看%%,`[[x]] == y`。\n", "见 别名 与 重点,[[x]] == y。");
    check("质能 $E_0=mc^2$ 与 $a*b*c$。\n", "质能 $E_0=mc^2$ 与 $a*b*c$。");
    check("前。\n\n%%\n藏起来\n\n也藏\n%%\n\n后。\n", "前。\n后。");
    check("1986\\. 年,\\*不是\\*列表\n", "1986. 年,*不是*列表");
}

#[test]
fn a_paragraph_above_a_rule_is_no_heading() {
    let content = markdown::content("**北辰**\n联系人:陶知秋\n---\n\n一句话说完了。\n---\n\n标题\n---\n\n文\n", true);
    let sections: Vec<&str> = content.sections.iter().map(|section| section.heading.as_str()).collect();
    assert_eq!(sections, ["标题"]);
}

#[test]
fn addresses_are_asides_and_data_is_nothing() {
    let data = format!("data:image/png;base64,{}", "QUJD".repeat(300));
    let text = format!(
        "![曲线][p] ![温度]({data})\n\n<img src=\"{data}\">\n\n[p]: {data}\n\n[q]: https://x.example/osprey \"鱼鹰\"\n"
    );
    assert_eq!(shown(&text), "![曲线][p] ![温度]()\n\n\n\n[p]: \n\n[q]: https://x.example/osprey \"鱼鹰\"\n");
    assert_eq!(asides(&text), ["https://x.example/osprey"]);
    check(&text, "曲线 温度\np\nq 鱼鹰");
    assert_eq!(
        asides("[指南](https://x.example/kestrel) ![](图/甲.png) [上](#a)"),
        ["https://x.example/kestrel", "图/甲.png"]
    );
}

#[test]
fn code_is_left_out_where_it_is_not_wanted() {
    let content = markdown::content("```rust title=\"main.rs\"\nlet x;\n```\n", false);
    assert_eq!(content.blocks[0].pieces[0].weight, Weight::None);
    assert_eq!(content.asides[0].1, "rust title=\"main.rs\"");
}

#[test]
fn a_heading_of_any_length_is_held_once() {
    let content = markdown::content(&format!("# {}\n\n{}", "h".repeat(3000), "x\n\n".repeat(2000)), true);
    assert_eq!((content.sections.len(), content.blocks.len()), (1, 2001));
    assert!(content.sections.path(Some(0))[0].len() < 140);
}

/// Constructs nested at random.
fn soup() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[一-十 a-z]{0,12}",
        prop::sample::select(vec![
            "```",
            "~~~",
            "```sh",
            "> ",
            "- ",
            "1. ",
            "  - ",
            "\t",
            "    ",
            "| a | b |",
            "|---|---|",
            "| 1 | 2 | 3 |",
            "<div>",
            "</div>",
            "<table><tr><td>",
            "<!--",
            "-->",
            "<script>",
            "<img alt='图' src=x>",
            "---",
            "# 题",
            "## 题",
            "===",
            "[a]: b",
            "[^1]: 注",
            "[[甲|乙]]",
            "%%",
            "==",
            "$a$",
            "$$",
            "![x](data:y)",
            "<",
            "&amp;",
            "<br",
            "[链](https://x)",
            "**",
            "`",
            "\\",
            "<h2>",
            "</h2>",
            "{#a}",
            "[!note]",
        ])
        .prop_map(String::from),
    ];
    let row = (prop::sample::select(vec!["", "> ", "- ", "  ", "    ", "> > "]), prop::collection::vec(line, 0..4));
    let row = row.prop_map(|(start, parts)| start.to_string() + &parts.concat());
    prop::collection::vec(row, 0..25).prop_map(|rows| rows.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn pieces_are_in_order_and_letters_stand_where_they_are_said_to(text in soup()) {
        let content = markdown::content(&text, true);
        let (mut end, mut seen) = (0, 0);
        for block in &content.blocks {
            prop_assert!(block.span.start >= end, "{:?}", block);
            for piece in &block.pieces {
                prop_assert!(piece.span.start >= end && piece.span.end >= piece.span.start, "{:?}", piece);
                prop_assert!(text.is_char_boundary(piece.span.start) && text.is_char_boundary(piece.span.end));
                prop_assert!(piece.visible.start >= seen);
                (end, seen) = (piece.span.end, piece.visible.end);
                for (at, c) in content.visible.as_str()[piece.visible.clone()].char_indices() {
                    let at = content.visible.source_start(piece.visible.start + at);
                    if c.is_alphanumeric() {
                        prop_assert!(piece.span.contains(&at), "{c} at {at} of {:?} in {text:?}", piece);
                    }
                }
            }
        }
    }

    #[test]
    fn han_is_never_lost(text in soup()) {
        let content = markdown::content(&text, true);
        // All but what stands in comments, scripts and the like.
        let unhidden = !text.contains(['<', '%', '[', '$']);
        if unhidden {
            let count = |text: &str| text.chars().filter(|c| crate::language::is_han(*c)).count();
            let found: usize = count(&visible(&content)) + content.asides.iter().map(|(_, words)| count(words)).sum::<usize>();
            prop_assert!(found >= count(&text), "{} < {} in {text:?}: {}", found, count(&text), visible(&content));
        }
    }
}
