//! Redaction: what looks like a secret is struck out before anything is written down.

use regex::Regex;
use std::sync::LazyLock;

/// What each pattern is struck out as. The part that stays, if any, is the first group.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{8,}", "[key]"),
        (r"\b(?:ghp|gho|ghs|github_pat|glpat|hf|xox[abp])[_-][A-Za-z0-9_-]{12,}", "[key]"),
        (r"\bAKIA[0-9A-Z]{16}\b", "[key]"),
        (r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}", "${1}[key]"),
        (
            r"(?i)\b((?:password|passwd|pwd|secret|token|api[_-]?key)\s*[=:：]\s*)[^\s,;，；。\x22'\\]{4,}",
            "${1}[secret]",
        ),
        (r"((?:密码|口令|密钥)\s*(?:是|为|[=:：])\s*)[A-Za-z0-9!@#$%^&*_.+-]{4,}", "${1}[secret]"),
        (r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b", "[mail]"),
        // Digits that stand alone: an identity card's with its date of birth, and a mobile number.
        (r"(^|[^\dA-Za-z.])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]\b", "${1}[id]"),
        (r"(^|[^\dA-Za-z.])1[3-9]\d{9}\b", "${1}[phone]"),
    ];
    patterns.into_iter().map(|(pattern, mark)| (Regex::new(pattern).expect("a test strikes out each"), mark)).collect()
});

/// `text` without keys, passwords, mail addresses, Chinese mobile and identity card numbers.
pub fn redact(text: &str) -> String {
    SECRETS.iter().fold(text.to_string(), |text, (pattern, mark)| match pattern.replace_all(&text, *mark) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(replaced) => replaced,
    })
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
        ] {
            assert_eq!(redact(text), expect);
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
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
