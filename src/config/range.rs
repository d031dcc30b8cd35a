//! A range: what the value of a setting may be, checked before anything uses it.

use crate::language::Lang;

/// What the text of a setting must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// A whole number, both ends included.
    Whole(u64, u64),
    /// As `Whole`, or 0.
    ZeroOr(u64, u64),
    /// A number, both ends included.
    Real(f64, f64),
    Switch,
    OneOf(&'static [&'static str]),
    /// A JSON object, or nothing.
    Object,
}

use Range::{Object, OneOf, Real, Switch, Whole, ZeroOr};

/// Hits, candidates and passages at once, as the flags have it.
const COUNT: Range = Whole(1, 10_000);
const WEIGHT: Range = Real(0.0, 1_000.0);
/// Of random numbers: servers read them as signed.
const SEED: Range = Whole(0, i64::MAX as u64);
const TOKENS_MAX: u64 = 10_000_000;

/// By setting; what has none is text, which its own room reads.
const RANGES: &[(&str, Range)] = &[
    ("index.chunk", Whole(10, 100_000)),
    ("index.code", Switch),
    ("index.file_mib_max", Whole(1, 4_096)),
    ("index.graph_min", Whole(0, 1_000_000_000)),
    ("search.limit", COUNT),
    ("search.min_relevance", Real(0.0, 1.0)),
    ("search.depth", COUNT),
    ("search.rrf_k", Real(0.0, 10_000.0)),
    ("search.weight_lexical", WEIGHT),
    ("search.weight_dense", WEIGHT),
    ("chat.max_tokens", Whole(1, 1_000_000)),
    ("chat.temperature", Real(0.0, 2.0)),
    ("chat.seed", SEED),
    ("chat.context", Whole(0, TOKENS_MAX)),
    ("chat.passages", COUNT),
    ("chat.stuff_all", Switch),
    ("chat.shuffle", SEED),
    ("chat.extractive", Switch),
    ("chat.strict", Switch),
    ("chat.language", OneOf(&["auto", "zh", "en"])),
    ("chat.structured", Switch),
    ("chat.timeout_s", Whole(1, 86_400)),
    ("chat.answer_timeout_s", Whole(1, 86_400)),
    ("chat.show_reasoning", Switch),
    ("chat.extra_body", Object),
    ("chat.headers", Object),
    ("embed.batch", Whole(1, 256)),
    ("chat.metadata", Switch),
    // Fewer examples than five and a model copies them instead of learning from them.
    ("chat.shots", ZeroOr(5, 100)),
    ("chat.cot", Switch),
    ("journal.enabled", Switch),
    ("journal.cache", Switch),
    ("journal.mib_max", Whole(1, 1_000_000)),
    ("journal.days_max", Whole(0, 36_500)),
    ("models.offline", Switch),
    ("llama.port", Whole(0, 65_535)),
    ("llama.context", Whole(256, TOKENS_MAX)),
    ("threads", Whole(0, 1_024)),
];

/// Of the setting `name`; none where any text will do.
pub fn of(name: &str) -> Option<Range> {
    RANGES.iter().find(|(known, _)| *known == name).map(|(_, range)| *range)
}

impl Range {
    pub fn admits(self, text: &str) -> bool {
        let whole = || text.parse::<u64>().ok();
        match self {
            Whole(min, max) => whole().is_some_and(|number| (min..=max).contains(&number)),
            ZeroOr(min, max) => whole().is_some_and(|number| number == 0 || (min..=max).contains(&number)),
            Real(min, max) => text.parse::<f64>().is_ok_and(|number| (min..=max).contains(&number)),
            Switch => switch(text).is_some(),
            OneOf(words) => words.contains(&text),
            Object => {
                text.is_empty() || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
            }
        }
    }

    /// `a whole number from 1 to 10000`
    pub fn words(self, lang: Lang) -> String {
        match self {
            Whole(min, max) => {
                lang.pick(format!("{min} 到 {max} 的整数"), format!("a whole number from {min} to {max}"))
            }
            ZeroOr(min, max) => lang.pick(
                format!("0,或 {min} 到 {max} 的整数(更少的话模型会照抄)"),
                format!("0, or {min} and more: of fewer examples a model makes too much; {max} at most"),
            ),
            Real(min, max) => lang.pick(format!("{min} 到 {max} 的数"), format!("a number from {min} to {max}")),
            Switch => lang.pick("true 或 false".into(), "true or false".into()),
            Object => lang.pick(
                "JSON 对象,如 {\"enable_thinking\": false}".into(),
                "a JSON object, as {\"enable_thinking\": false}".into(),
            ),
            OneOf(words) => lang.pick(words.join("、"), words.join(", ")),
        }
    }
}

/// What a switch is turned to; none if the text says neither.
pub fn switch(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;

    #[test]
    fn every_number_and_switch_has_a_range_that_its_default_is_in() {
        for key in KEYS {
            let is_text = key.default.parse::<f64>().is_err() && !["true", "false"].contains(&key.default);
            match of(key.name) {
                Some(range) => assert!(range.admits(key.default), "{}", key.name),
                None => assert!(is_text, "{} wants a range", key.name),
            }
        }
        assert!(RANGES.iter().all(|(name, _)| KEYS.iter().any(|key| key.name == *name)));
    }

    #[test]
    fn the_ends_are_in_and_what_is_no_number_is_out() {
        for (range, text, expect) in [
            (Whole(1, 9), "1", true),
            (Whole(1, 9), "9", true),
            (Whole(1, 9), "0", false),
            (Whole(1, 9), "-1", false),
            (Whole(1, 9), "1.5", false),
            (Whole(0, u64::MAX), "18446744073709551616", false),
            (ZeroOr(5, 9), "0", true),
            (ZeroOr(5, 9), "4", false),
            (Real(0.0, 2.0), "2", true),
            (Real(0.0, 2.0), "1e3", false),
            (Real(0.0, 2.0), "nan", false),
            (Real(0.0, 2.0), "inf", false),
            (Switch, "on", true),
            (Switch, "ture", false),
        ] {
            assert_eq!(range.admits(text), expect, "{range:?} {text}");
        }
    }
}
