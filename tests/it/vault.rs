//! A vault with every construct of Markdown: what a reader can see is found, and said to be on the line it is on.

use crate::support::{home, outcome, rag};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// `§` is a word to be found, `¤` one that nobody sees.
const NOTE: &str = include_str!("vault/note.md");

/// Where the note's front matter ends.
const FRONT_MATTER: u64 = 10;

/// A word of the vault, and the line it is on.
struct Word {
    text: String,
    line: u64,
    is_seen: bool,
}

/// `note` with a word of its own in the place of each mark.
fn with_words(note: &str) -> (String, Vec<Word>) {
    let (mut text, mut words) = (String::new(), Vec::new());
    for (index, line) in note.split_inclusive('\n').enumerate() {
        for c in line.chars() {
            if matches!(c, '§' | '¤') {
                let word = format!("qz{:03}x", words.len());
                text.push_str(&word);
                words.push(Word { text: word, line: index as u64 + 1, is_seen: c == '§' });
            } else {
                text.push(c);
            }
        }
    }
    (text, words)
}

fn hits(home: &Path, query: &str) -> Vec<Value> {
    let (code, out, err) = outcome(rag(home).args(["search", "--mode", "lexical", "--json", "-n", "50", query]));
    assert!(code < 2, "{err}");
    serde_json::from_str::<Value>(&out).unwrap()["hits"].as_array().unwrap().clone()
}

fn index(home: &Path, folder: &Path, more: &[&str]) {
    let (code, _, err) = outcome(rag(home).arg("index").arg(folder).args(more));
    assert_eq!(code, 0, "{err}");
}

#[test]
fn every_visible_word_is_found_on_its_line_and_no_other() {
    let (home, folder) = (home(), tempfile::tempdir().unwrap());
    let (text, words) = with_words(NOTE);
    fs::write(folder.path().join("note.md"), &text).unwrap();
    assert!(words.len() > 60, "{}", words.len());
    // Long and short chunks: what is cut is cut without losing anything.
    for (units, name) in [("600", "long"), ("16", "short")] {
        let home = home.path().join(name);
        fs::create_dir(&home).unwrap();
        std::os::unix::fs::symlink(crate::support::data_dir().join("models"), home.join("models")).unwrap();
        let (code, _, err) = outcome(rag(&home).env("RAG_CHUNK", units).arg("index").arg(folder.path()));
        assert_eq!(code, 0, "{err}");
        let mut wrong = Vec::new();
        for word in &words {
            let found = hits(&home, &word.text);
            let line = |hit: &Value, at: usize| hit["lines"][at].as_u64().unwrap();
            let covers =
                |hit: &Value| line(hit, 0) <= word.line && word.line <= line(hit, 1) || word.line < FRONT_MATTER;
            // Front matter stands in no chunk: it is found by all of its document.
            if word.is_seen != found.iter().any(covers) {
                let line = text.lines().nth(word.line as usize - 1).unwrap();
                wrong.push(format!("{line}: {:?}", found.iter().map(|hit| &hit["lines"]).collect::<Vec<_>>()));
            }
        }
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn a_hit_shows_text_and_names_its_table() {
    let (home, folder) = (home(), tempfile::tempdir().unwrap());
    let rows: String = (0..200).map(|n| format!("| 货品{n:04} | {} 元 | 产地{n} |\n", n * 7)).collect();
    let note = format!("# 价目\n\n| 品名 | 单价 | 产地 |\n|---|---|---|\n{rows}");
    fs::write(folder.path().join("table.md"), note).unwrap();
    fs::write(
        folder.path().join("a.md"),
        "### 一、**1986\\. 年** <img src=\"x.png\" alt=\"旧照\">\n\n<b>白鹭</b>洲<br>渡口\n",
    )
    .unwrap();
    index(home.path(), folder.path(), &[]);
    let found = &hits(home.path(), "货品0150")[0];
    assert_eq!(found["lead"], "| 品名 | 单价 | 产地 |\n|---|---|---|");
    assert!(found["text"].as_str().unwrap().starts_with("| 货品"), "{found}");
    let show = |query: &str| outcome(rag(home.path()).args(["search", "--mode", "lexical", "-n", "1", query])).1;
    let shown = show("白鹭洲");
    assert!(shown.contains("一、1986. 年 旧照 白鹭洲 渡口"), "{shown}");
    assert!(!show("货品0150").contains('|'));
    let (_, prompt, _) =
        outcome(rag(home.path()).args(["ask", "货品0150 的单价", "--mode", "lexical", "--dry-run", "-n", "1"]));
    let at = |what: &str| prompt.find(what).unwrap_or_else(|| panic!("{what} is not in {prompt}"));
    assert!(at("| 品名 |") < at("货品0150"));
}

#[test]
fn a_note_is_found_by_its_name_and_by_what_its_front_matter_says() {
    let (home, folder) = (home(), tempfile::tempdir().unwrap());
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("周会-沈墨白.md", "# 会议记录\n\n讨论了预算。\n");
    write("卡.md", "---\ntitle: 只有属性\naliases: [琥珀卡]\n地点: 敦煌\n---\n");
    write("信.md", "---\n**北辰事务所**\n联系人:陶知秋\n---\n\n请付清货款。\n");
    write(
        "书签.md",
        "- [部署指南](https://wiki.example.com/kestrel)\n- [手册](https://wiki.example.com/%E6%89%8B%E5%86%8C)\n",
    );
    write("坏.md", "---\ntitle: 好的\nbad: [没有\n---\n正文:石榴。\n");
    let (code, _, err) = outcome(rag(home.path()).arg("index").arg(folder.path()));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("bad") && err.contains('3'), "{err}");
    for (query, name) in [
        ("沈墨白", "周会-沈墨白.md"),
        ("琥珀卡", "卡.md"),
        ("敦煌", "卡.md"),
        ("陶知秋", "信.md"),
        ("kestrel", "书签.md"),
        ("部署指南", "书签.md"),
        ("石榴", "坏.md"),
        ("好的", "坏.md"),
    ] {
        let found = hits(home.path(), query);
        assert!(found.iter().any(|hit| hit["path"].as_str().unwrap().ends_with(name)), "{query}: {found:?}");
    }
}
