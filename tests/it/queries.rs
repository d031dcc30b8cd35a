//! Queries as people type them: minus signs, several words, punctuation, numbers in groups, phrases, words left out.

use crate::support::{home, outcome, rag};
use std::fs;
use std::path::Path;

const MODES: [&str; 3] = ["lexical", "dense", "hybrid"];

const NOTES: &[(&str, &str)] = &[
    ("cold.md", "# 冷库\n\n疫苗要存放在 -18℃ 以下的冷库里。"),
    ("port.md", "# 青竹\n\n青竹服务的端口是 7431,改端口要重启。"),
    ("tea.md", "# 竹叶茶\n\n青竹叶晒干以后可以泡茶。"),
    ("tel.md", "# 前台\n\n前台电话:010-6555 1234,手机 +86 138 0013 8000。"),
    ("card.md", "# 账户\n\n收款账号是 6222 0000 1111 2222。"),
    ("ver.md", "# 升级\n\n请升级到 v2.13,旧版 1.9.4 不再维护。"),
    ("day.md", "# 会议\n\n下次会议定在 2023年11月8日。"),
    ("net.md", "# 机房\n\n打印机的地址是 10.0.3.17:8080。"),
    ("phrase.md", "# Index\n\nAn inverted index maps words\nto **documents** that have them."),
    ("other.md", "# Else\n\nDocuments map to words, and an index may be inverted later."),
];

/// A home with the notes indexed.
fn noted(notes: &[(&str, &str)]) -> (tempfile::TempDir, tempfile::TempDir) {
    let (home, folder) = (home(), tempfile::tempdir().unwrap());
    for (name, text) in notes {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (code, _, err) = outcome(rag(home.path()).arg("index").arg(folder.path()));
    assert_eq!(code, 0, "{err}");
    (home, folder)
}

/// The names of the files found, best first.
fn files(home: &Path, args: &[&str]) -> Vec<String> {
    let (code, out, err) = outcome(rag(home).args(["search", "--json"]).args(args));
    assert!(code < 2, "{args:?} {err}");
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    let hits = found["hits"].as_array().unwrap().iter();
    let names = hits.map(|hit| hit["path"].as_str().unwrap().rsplit('/').next().unwrap().to_string());
    names.collect()
}

#[test]
fn a_minus_sign_and_several_words_are_one_query() {
    let (home, _notes) = noted(NOTES);
    for args in [
        vec!["-18℃", "--mode", "lexical"],
        vec!["--mode", "lexical", "冷库", "-18℃"],
        vec!["--mode=lexical", "--", "-18℃"],
        vec!["疫苗", "-n", "3", "冷库", "--mode", "lexical"],
    ] {
        assert_eq!(files(home.path(), &args)[0], "cold.md", "{args:?}");
    }
    for question in [vec!["-18℃", "是什么温度"], vec!["青竹", "端口"]] {
        let ask = |args: &[&str]| outcome(rag(home.path()).arg("ask").args(&question).args(args));
        let (code, out, err) = ask(&["--mode", "lexical", "--extractive", "--no-cache"]);
        assert_eq!(code, 0, "{out} {err}");
    }
    let (code, out, _) = outcome(rag(home.path()).args(["inspect", "青竹", "端口"]));
    assert!(code == 0 && out.contains("青竹") && out.contains("端口"), "{out}");
}

#[test]
fn a_slip_in_an_option_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    for (args, part) in [
        (vec!["search", "竹", "--limt", "5"], "--limt"),
        (vec!["ask", "竹", "--jsn"], "--jsn"),
        (vec!["search", "竹", "-json"], "--json"),
        (vec!["search"], "QUERY"),
    ] {
        let (code, out, err) = outcome(rag(home.path()).args(&args));
        assert!(code == 2 && out.is_empty() && err.contains("error:") && err.contains(part), "{args:?} {err}");
    }
}

#[test]
fn a_count_out_of_range_is_a_usage_error() {
    let home = tempfile::tempdir().unwrap();
    for command in [vec!["search", "竹"], vec!["ask", "竹"], vec!["chat"], vec!["log"], vec!["log", "review"]] {
        for value in ["0", "-1", "1000000000000", "9223372036854775808", "abc"] {
            let (code, _, err) = outcome(rag(home.path()).args(&command).args(["-n", value]));
            assert!(code == 2 && err.contains("error:") && err.contains("-n"), "{command:?} {value} {err}");
            assert!(err.contains("hint:") && err.contains("10000"), "{command:?} {value} {err}");
        }
    }
    for value in ["-0.1", "1.5", "nan", "x"] {
        let (code, _, err) = outcome(rag(home.path()).args(["search", "bamboo", "--min-relevance", value]));
        assert!(code == 2 && err.contains("error: --min-relevance is") && err.contains("hint:"), "{value} {err}");
    }
    let (code, _, err) = outcome(rag(home.path()).args(["eval", "answers", "x", "--limit", "0"]));
    assert!(code == 2 && err.contains("--limit") && err.contains("hint:"), "{err}");
    let (code, _, err) = outcome(rag(home.path()).env("RAG_LIMIT", "0").args(["search", "bamboo"]));
    assert!(code == 2 && err.contains("search.limit"), "{err}");
}

/// The words of the one object that a failure prints with `--json`.
fn failure(out: &str) -> Option<String> {
    let failure: serde_json::Value = serde_json::from_str(out).ok()?;
    failure["error"].as_str().filter(|_| failure.get("hits").is_none()).map(String::from)
}

#[test]
fn punctuation_alone_is_nothing_to_look_for() {
    let (home, _notes) = noted(NOTES);
    for query in ["???", "。。。", "\u{200b}", "★→", "…——!", "-", "\"\"", "\u{fe0f}\u{20e3}", " \u{3000} "]
    {
        for mode in MODES {
            let (code, out, err) = outcome(rag(home.path()).args(["search", "--mode", mode, "--json", "--", query]));
            assert!(code == 2 && failure(&out).is_some(), "search {query:?} {mode}: {code} {out}");
            assert!(err.contains("error:") && err.contains("hint:"), "{err}");
            let ask = ["ask", "--extractive", "--mode", mode, "--json", "--", query];
            let (code, out, err) = outcome(rag(home.path()).args(ask));
            assert!(
                code == 2 && failure(&out).is_some() && err.contains("hint:"),
                "{query:?} {mode}: {code} {out} {err}"
            );
        }
    }
}

#[test]
fn an_emoji_finds_what_holds_it_and_nothing_else() {
    let (home, _notes) = noted(&[("panda.md", "今天去看了🐼,排队两小时。"), ("cow.md", "今天去看了牙医。")]);
    for mode in MODES {
        assert_eq!(files(home.path(), &["🐼", "--mode", mode]), ["panda.md"], "{mode}");
        assert!(files(home.path(), &["😀", "--mode", mode]).is_empty(), "{mode}");
        let ask = ["ask", "--extractive", "--json", "--mode", mode, "😀"];
        let (code, out, err) = outcome(rag(home.path()).args(ask));
        let asked: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(code == 1 && asked["citations"].as_array().is_none_or(Vec::is_empty), "{mode} {code} {out} {err}");
    }
}

#[test]
fn numbers_are_found_in_other_groups_than_they_were_written_in() {
    let (home, _notes) = noted(NOTES);
    for (query, name) in [
        ("01065551234", "tel.md"),
        ("010-6555-1234", "tel.md"),
        ("(010) 65551234", "tel.md"),
        ("65551234", "tel.md"),
        ("13800138000", "tel.md"),
        ("138-0013-8000", "tel.md"),
        ("6222000011112222", "card.md"),
        ("6222-0000-1111-2222", "card.md"),
        ("2.13", "ver.md"),
        ("V2.13", "ver.md"),
        ("v1.9.4", "ver.md"),
        ("1.9", "ver.md"),
        ("20231108", "day.md"),
        ("2023-11-08", "day.md"),
        ("2023/11/8", "day.md"),
        ("10.0.3", "net.md"),
        ("10.0.3.17", "net.md"),
    ] {
        assert_eq!(
            files(home.path(), &[query, "--mode", "lexical"]).first().map(String::as_str),
            Some(name),
            "{query}"
        );
    }
    assert!(files(home.path(), &["10.1.3", "--mode", "lexical"]).is_empty());
}

#[test]
fn a_phrase_must_be_there_and_an_excluded_word_must_not_in_every_mode() {
    let (home, _notes) = noted(NOTES);
    for mode in MODES {
        let find = |query: &str| files(home.path(), &["--mode", mode, query]);
        for query in
            ["\"inverted index\"", "“INVERTED  index”", "「ｉｎｖｅｒｔｅｄ index」 words", "\"words to documents\""]
        {
            assert_eq!(find(query), ["phrase.md"], "{query} {mode}");
        }
        assert_eq!(find("“青竹服務的端口”"), ["port.md"], "{mode}");
        assert_eq!(find("\"竹叶茶\""), ["tea.md"], "in the title, {mode}");
        let without = find("青竹 -端口");
        assert!(without.contains(&"tea.md".into()) && !without.contains(&"port.md".into()), "{without:?} {mode}");
        let without = find("index -\"inverted index\"");
        assert!(without.contains(&"other.md".into()) && !without.contains(&"phrase.md".into()), "{without:?} {mode}");
        assert_eq!(find("\"青竹\" -\"泡茶\" -port"), ["port.md"], "{mode}");
        let first = files(home.path(), &["--mode", mode, "青竹 -端口", "-n", "1"]);
        assert_eq!(first, ["tea.md"], "excluded before the first k, {mode}");
        assert_eq!(find("-端口")[0], "port.md", "alone it is looked for, {mode}");
    }
}

#[test]
fn a_phrase_that_is_nowhere_is_said_to_be() {
    let (home, _notes) = noted(NOTES);
    for mode in MODES {
        let (code, out, err) = outcome(rag(home.path()).args(["search", "--mode", mode, "\"index inverted\""]));
        assert!(code == 1 && out.is_empty() && err.contains("“index inverted”"), "{mode} {out} {err}");
    }
    let (code, _, err) = outcome(rag(home.path()).args(["search", "青竹", "-端口", "--mode", "lexical"]));
    assert!(code == 0 && err.contains("只列不含 “端口” 的段落"), "{err}");
}

#[test]
fn a_phrase_is_marked_and_shown() {
    let long = "An index of words. ".repeat(40) + "Here stands the inverted index of the library.";
    let (home, _notes) = noted(&[("long.md", &long)]);
    let (_, out, _) = outcome(rag(home.path()).env("CLICOLOR_FORCE", "1").args([
        "search",
        "--mode",
        "lexical",
        "\"inverted index\" words",
    ]));
    assert!(out.contains("\u{1b}[1m\u{1b}[33minverted index\u{1b}[0m"), "{out:?}");
}

#[test]
fn a_question_with_quotes_is_answered_from_what_there_is() {
    let (home, _notes) = noted(NOTES);
    for question in ["“青竹”的端口是多少?", "所谓“青竹的门牌”,端口是多少?", "what does an \"inverted index\" map?"]
    {
        for mode in ["lexical", "hybrid"] {
            let ask = ["ask", "--extractive", "--no-cache", "--mode", mode, question];
            let (code, out, err) = outcome(rag(home.path()).args(ask));
            assert_eq!(code, 0, "{question} {mode} {out} {err}");
        }
    }
}

#[test]
fn what_the_files_have_or_is_meant_as_it_is_is_not_corrected() {
    let (home, _notes) = noted(&[
        ("a.md", "---\naliases: [kestrl, 青柱]\n---\n# Kestrel\n\nThe kestrel service runs on kubernetes. 青竹服务。"),
        (
            "b.md",
            "# Table\n\n| name | use |\n|---|---|\n| kuberneter | a typo kept in a table |\n\nSee `getKestrelz` too.",
        ),
    ]);
    let corrections = |query: &str| {
        let (code, out, err) = outcome(rag(home.path()).args(["search", "--mode", "lexical", "--json", "--", query]));
        assert!(code < 2, "{err}");
        let found: serde_json::Value = serde_json::from_str(&out).unwrap();
        found.get("corrections").map(ToString::to_string)
    };
    for query in [
        "kestrl",
        "青柱",
        "kuberneter",
        "getKestrelz",
        "\"kestrul\" service",
        "KESTRUL",
        "kestRul",
        "$kestrul",
        "kestrul()",
        "v1.2.8",
    ] {
        assert_eq!(corrections(query), None, "{query}");
    }
    // Letters that changed places make no other name of it.
    for query in ["kestrul", "kubernetis", "KETSREL", "KUBERENTES"] {
        assert!(corrections(query).is_some(), "{query}");
    }
}

#[test]
fn the_syntax_is_in_the_help() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, _) = outcome(rag(home.path()).args(["search", "--help"]));
    assert!(code == 0 && out.contains("\"exact phrase\"") && out.contains("-端口") && out.contains("-18℃"), "{out}");
    let (code, out, _) = outcome(rag(home.path()).args(["ask", "--help"]));
    assert!(code == 0 && out.contains("preferred, not required"), "{out}");
}
