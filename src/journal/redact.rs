//! Redaction: what looks like a secret is struck out before anything is written down.

use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What each pattern is struck out as. The part that stays, if any, is the first group.
///
/// Boundaries are those of ASCII words: Chinese is written without blanks around a key or a number.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"(?-u:\b)(?:sk|pk|rk)-[A-Za-z0-9_-]{8,}", "[key]"),
        (r"(?-u:\b)(?:ghp|gho|ghs|github_pat|glpat|hf|xox[abp])[_-][A-Za-z0-9_-]{12,}", "[key]"),
        (r"(?-u:\b)AKIA[0-9A-Z]{16}(?-u:\b)", "[key]"),
        (r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "[key]"),
        (r"(?i)(?-u:\b)(bearer\s+)[A-Za-z0-9._~+/=-]{8,}", "${1}[key]"),
        (r"(://)[^/\s:@]+:[^/\s@]+@", "${1}[secret]@"),
        (r"(?i)(?-u:\b)((?:password|passwd|pwd)\s*[=:：]\s*)[^\s,;，；。\x22'\\]{4,}", "${1}[secret]"),
        // `token: 4096` is a number of tokens.
        (r"(?i)(?-u:\b)((?:secret|token|api[_-]?key)\s*[=:：]\s*)[A-Za-z0-9._~+/=-]{8,}", "${1}[secret]"),
        (r"((?:密码|口令|密钥)\s*(?:是|为|[=:：])\s*)[A-Za-z0-9!@#$%^&*_.+-]{4,}", "${1}[secret]"),
        (r"(?-u:\b)[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?-u:\b)", "[mail]"),
        // Digits that stand alone: an identity card's with its date of birth, and a mobile number.
        (
            r"(^|[^\dA-Za-z.])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?-u:\b)",
            "${1}[id]",
        ),
        (r"(^|[^\dA-Za-z.])(?:\+?86[ -]?)?1[3-9]\d(?:\d{8}|-\d{4}-\d{4}| \d{4} \d{4})(?-u:\b)", "${1}[phone]"),
    ];
    patterns.into_iter().map(|(pattern, mark)| (Regex::new(pattern).expect("a test strikes out each"), mark)).collect()
});

/// Shorter ones would strike out words.
const SECRET_CHARS_MIN: usize = 6;

/// Strikes out what looks like a secret, and what is known to be one.
#[derive(Debug)]
pub struct Redactor {
    known: Vec<String>,
}

impl Redactor {
    /// `known` are secrets however they look, as a configured key.
    pub fn new(known: Vec<String>) -> Redactor {
        Redactor { known: known.into_iter().filter(|secret| secret.chars().count() >= SECRET_CHARS_MIN).collect() }
    }

    /// `text` without keys, passwords, mail addresses, Chinese mobile and identity card numbers.
    pub fn text(&self, text: &str) -> String {
        let text = self.known.iter().fold(text.to_string(), |text, secret| text.replace(secret, "[key]"));
        SECRETS.iter().fold(text, |text, (pattern, mark)| match pattern.replace_all(&text, *mark) {
            Cow::Borrowed(_) => text,
            Cow::Owned(replaced) => replaced,
        })
    }

    /// Every text in `value` so. Written out first and struck out then, `\n` before an address would lose its backslash's
    /// other half.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(values) => values.into_iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, self.value(value))).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
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
}
