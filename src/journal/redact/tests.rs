use super::*;

#[test]
fn secrets_are_struck_out() {
    for (text, expect) in [
        ("用 sk-proj-93b1c0ab77d0 调用", "用 [key] 调用"),
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [key]"),
        ("token ghp_0123456789abcdefABCD 过期", "token [key] 过期"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("password=hunter22, 然后", "password=[secret], 然后"),
        ("密码是Hunter22吗", "密码是[secret]吗"),
        ("写信给 wang.wu@example.com.cn 即可", "写信给 [mail] 即可"),
        ("电话13812345678。", "电话[phone]。"),
        ("身份证 11010519491231002X 号", "身份证 [id] 号"),
        ("我的sk-proj-93b1c0ab77d0能用吗", "我的[key]能用吗"),
        ("邮箱wang.wu@example.com吗", "邮箱[mail]吗"),
        ("打13812345678号,或+86 138-1234-5678", "打[phone]号,或[phone]"),
        ("身份证11010519491231002X号", "身份证[id]号"),
        ("token=93b1c0ab77d0", "token=[secret]"),
        ("https://me:hunter@host/v1", "https://[secret]@host/v1"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "[key]"),
        ("公司内部代号 blue-heron-7", "公司内部代号 [key]"),
    ] {
        let redactor = Redactor::new(vec!["blue-heron-7".into(), "的".into()]);
        assert_eq!(redactor.text(text), expect);
    }
}

#[test]
fn what_is_none_stays() {
    for text in [
        "BM25 的 k1 是 1.2,b 是 0.75",
        "llama.cpp 9931,v0.43.0,2026-11-25",
        "g-qlora#12 与 1e138123456789",
        "共 13,812,345,678 条,编号 20240101123456789",
        "sk-learn 和 token 数:512",
        "什么是 bearer token",
        "token: 4096、max_token=2048",
        "订单 213812345678 和 138123456789",
        "哈希 9f13812345678ab0 与 1.13812345678",
        "QLoRA@65B 与 @media 有 3 处",
    ] {
        assert_eq!(Redactor::new(Vec::new()).text(text), text);
    }
}

#[test]
fn what_is_written_down_stays_json() {
    let value = serde_json::json!({ "a": ["第一行\nme@example.com \"引\" 13812345678"], "n": 13_812_345_678_u64 });
    let redacted = Redactor::new(Vec::new()).value(value);
    let expect = serde_json::json!({ "a": ["第一行\n[mail] \"引\" [phone]"], "n": 13_812_345_678_u64 });
    assert_eq!(serde_json::from_str::<Value>(&redacted.to_string()).unwrap(), expect);
}

/// `+` and `-`, a tab, the text; behind another tab what must not be left of it.
fn examples(sign: char) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("examples.txt").lines();
    lines
        .filter_map(move |line| line.strip_prefix(sign)?.strip_prefix('\t'))
        .map(|line| line.split_once('\t').unwrap_or((line, "")))
}

#[test]
fn nearly_all_of_the_examples_are_struck_out_and_hardly_anything_else() {
    let redactor = Redactor::new(Vec::new());
    let secrets: Vec<_> = examples('+').collect();
    let kept: Vec<_> = secrets.iter().filter(|(text, secret)| redactor.text(text).contains(secret)).collect();
    assert!(secrets.len() >= 60 && secrets.iter().all(|(text, secret)| !secret.is_empty() && text.contains(secret)));
    assert!(kept.len() * 20 <= secrets.len(), "{} of {} are kept: {kept:#?}", kept.len(), secrets.len());
    let harmless: Vec<_> = examples('-').map(|(text, _)| text).collect();
    let mut struck = harmless.iter().map(|text| (*text, redactor.text(text))).collect::<Vec<_>>();
    struck.retain(|(text, redacted)| text != redacted);
    assert!(harmless.len() >= 60);
    assert!(struck.len() * 50 <= harmless.len(), "{} of {} are struck: {struck:#?}", struck.len(), harmless.len());
}

#[test]
fn manuals_hold_hardly_any_secret() {
    let redactor = Redactor::new(Vec::new());
    let (mut count, mut struck) = (0, Vec::new());
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            count += 1;
            if redactor.text(line) != line {
                struck.push(line.to_string());
            }
        }
    }
    assert!(count > 500 && struck.len() * 500 < count, "{} of {count}: {struck:#?}", struck.len());
}
