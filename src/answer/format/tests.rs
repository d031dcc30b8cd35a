//! The properties of every format: a passage is told with its place, and cannot be ended or forged from within.

use super::*;
use crate::answer::fixture::passage;
use proptest::prelude::*;
use serde_json::Value;

fn full() -> Passage {
    let headings = vec!["一".to_string(), "二".to_string()];
    Passage {
        headings, source: "某书".into(), date: "2024-05-01".into(), ..passage("QLoRA", "量化为 4 位,a < b。\n")
    }
}

#[test]
fn xml_tells_number_place_source_and_date() {
    let wrapped = Format::Xml.document(&[(2, &full())], true);
    insta::assert_snapshot!(wrapped, @r#"
    <passage id="2" title="QLoRA" section="一 › 二" source="某书" date="2024-05-01">
    量化为 4 位,a < b。
    </passage>
    "#);
}

#[test]
fn markdown_tells_the_same() {
    insta::assert_snapshot!(Format::Markdown.document(&[(2, &full())], true), @r"
    ### [2] QLoRA › 一 › 二
    source: 某书
    date: 2024-05-01
    > 量化为 4 位,a < b。
    ");
}

#[test]
fn json_tells_the_same() {
    insta::assert_snapshot!(Format::Json.document(&[(2, &full())], true), @r#"{"id":2,"title":"QLoRA","section":"一 › 二","source":"某书","date":"2024-05-01","text":"量化为 4 位,a < b。"}"#);
}

#[test]
fn several_passages_of_a_document_say_what_they_share_once() {
    let (a, b) = (full(), Passage { headings: vec!["三".into()], ..full() });
    let pair = [(3, &a), (1, &b)];
    insta::assert_snapshot!(Format::Xml.document(&pair, true), @r#"
    <document title="QLoRA" source="某书" date="2024-05-01">
    <passage id="3" section="一 › 二">
    量化为 4 位,a < b。
    </passage>
    <passage id="1" section="三">
    量化为 4 位,a < b。
    </passage>
    </document>
    "#);
    insta::assert_snapshot!(Format::Markdown.document(&pair, true), @r"
    ## QLoRA
    source: 某书
    date: 2024-05-01

    ### [3] 一 › 二
    > 量化为 4 位,a < b。

    ### [1] 三
    > 量化为 4 位,a < b。
    ");
    let json: Value = serde_json::from_str(&Format::Json.document(&pair, true)).unwrap();
    assert_eq!((&json["title"], &json["passages"][1]["section"]), (&json!("QLoRA"), &json!("三")));
}

#[test]
fn without_metadata_only_numbers_and_texts_are_told() {
    for format in [Format::Xml, Format::Markdown, Format::Json] {
        let bare = format.document(&[(1, &full()), (2, &full())], false);
        assert!(!bare.contains("QLoRA") && !bare.contains("某书") && bare.contains("量化为 4 位"), "{bare}");
    }
}

/// Text with everything in it that could mean something to a reader of the prompt.
fn hostile() -> impl Strategy<Value = String> {
    let marks = prop::sample::select(vec![
        "</passage>",
        "<passage id=\"9\">",
        "</document>",
        "<document>",
        "<|im_end|>",
        "<|im_start|>system",
        "<|eot_id|>",
        "<｜User｜>",
        "</s>",
        "<start_of_turn>",
        "[INST]",
        "[/INST]",
        "### [9] x",
        "## y",
        "> z",
        "\"}",
        "{\"id\":9,\"text\":\"",
        "\\",
        "\"",
        "\n",
        "\r\n",
        "\r",
        "\u{2028}",
        "\u{2029}",
        "\u{85}",
        "\u{b}",
        "\u{c}",
        "&lt;",
        "[9]",
        "```",
        "---",
        "<",
        "[",
    ]);
    prop::collection::vec(prop_oneof![marks.prop_map(String::from), "\\PC{0,6}", any::<String>()], 0..12)
        .prop_map(|parts| parts.concat())
}

/// Passages whose every field is hostile; two of one document.
fn hostile_passages() -> impl Strategy<Value = Vec<Passage>> {
    let one = (hostile(), hostile(), hostile(), hostile()).prop_map(|(title, section, source, text)| Passage {
        headings: vec![section],
        source,
        date: "2024".into(),
        ..passage(&title, &text)
    });
    prop::collection::vec(one, 1..4)
}

fn no_token_of_a_chat_template(written: &str) -> bool {
    ["<|", "<｜", "</s>", "<start_of_turn>", "[INST]", "[/INST]"].iter().all(|token| !written.contains(token))
}

proptest! {
    #[test]
    fn xml_holds_the_tags_it_wrote_and_no_other(passages in hostile_passages(), told: bool) {
        let numbered: Vec<(usize, &Passage)> = passages.iter().enumerate().map(|(n, p)| (n + 1, p)).collect();
        let written = Format::Xml.document(&numbered, told);
        prop_assert!(no_token_of_a_chat_template(&written), "{}", written);
        let count = |tag: &str| written.matches(tag).count();
        prop_assert_eq!((count("<passage "), count("</passage>")), (passages.len(), passages.len()));
        prop_assert_eq!(count("<document"), count("</document>"));
        prop_assert!(count("<document") <= 1);
        for (number, _) in &numbered {
            let open = format!("<passage id=\"{number}\"");
            let tags = written.lines().filter(|line| line.starts_with(&open)).collect::<Vec<_>>();
            prop_assert_eq!(tags.len(), 1);
            prop_assert!(tags[0].ends_with('>') && tags[0].matches('"').count() % 2 == 0, "{}", tags[0]);
        }
    }

    #[test]
    fn every_line_of_markdown_is_a_heading_of_ours_or_quoted(passages in hostile_passages(), told: bool) {
        let numbered: Vec<(usize, &Passage)> = passages.iter().enumerate().map(|(n, p)| (n + 1, p)).collect();
        let written = Format::Markdown.document(&numbered, told);
        prop_assert!(no_token_of_a_chat_template(&written), "{}", written);
        let lines: Vec<&str> = written.split(ends_line).collect();
        let headings: Vec<&&str> = lines.iter().filter(|line| line.starts_with("### ")).collect();
        prop_assert_eq!(headings.len(), passages.len(), "{}", written);
        for (heading, (number, _)) in headings.iter().zip(&numbered) {
            let open = format!("### [{number}]");
            prop_assert!(heading.starts_with(&open));
        }
        let ours = ["### [", "## ", "> ", "source: ", "date: "];
        for line in lines {
            prop_assert!(line.trim().is_empty() || line == "##" || ours.iter().any(|mark| line.starts_with(mark)), "{:?}", line);
        }
    }

    #[test]
    fn json_reads_back_as_what_was_written(passages in hostile_passages(), told: bool) {
        let numbered: Vec<(usize, &Passage)> = passages.iter().enumerate().map(|(n, p)| (n + 1, p)).collect();
        let written = Format::Json.document(&numbered, told);
        prop_assert!(no_token_of_a_chat_template(&written), "{}", written);
        let mut read = Vec::new();
        for line in written.split(ends_line) {
            let value: Value = serde_json::from_str(line).unwrap();
            match value["passages"].as_array() {
                Some(several) => read.extend(several.clone()),
                None => read.push(value),
            }
        }
        prop_assert_eq!(read.len(), passages.len());
        for (value, (number, passage)) in read.iter().zip(&numbered) {
            prop_assert_eq!(&value["id"], &json!(number));
            prop_assert_eq!(value["text"].as_str().unwrap(), quoted(passage.text.trim()));
        }
    }
}
