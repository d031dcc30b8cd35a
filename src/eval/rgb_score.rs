//! The scores of RGB's tasks (Chen et al., "Benchmarking Large Language Models in Retrieval-Augmented Generation", AAAI
//! 2024): whether the expected strings stand in what a system wrote, and whether it refused.

use regex::{Regex, RegexBuilder};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// What an answer must hold: one alternative, of which every part, of which any string.
pub type Accept = Vec<Vec<Vec<String>>>;

/// What RGB looks for in a refusal, and common variants.
static REFUSE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = "信息不足|无法回答|无法确定|无法从|没有提供|未提供|没有提到|未提及|未提到|没有相关|无相关信息|不能回答|无从得知|无法得知|insufficient|cannot answer|not (?:provided|mentioned)";
    RegexBuilder::new(pattern).case_insensitive(true).build().expect("a test compiles the pattern")
});

/// Without width, case and blanks.
fn norm(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().chars().filter(|c| !c.is_whitespace()).collect()
}

/// The largest share of an alternative's parts that stand in `written`, 0 to 1.
pub fn partial(written: &str, accept: &Accept) -> f64 {
    let written = norm(written);
    let stands = |part: &&Vec<String>| part.iter().any(|text| written.contains(&norm(text)));
    let share = |parts: &Vec<Vec<String>>| parts.iter().filter(stands).count() as f64 / parts.len() as f64;
    accept.iter().filter(|parts| !parts.is_empty()).map(share).fold(0.0, f64::max)
}

/// Whether some alternative stands there whole.
pub fn exact(written: &str, accept: &Accept) -> bool {
    partial(written, accept) >= 1.0
}

/// Whether `written` says that the passages do not tell.
pub fn rejected(written: &str) -> bool {
    REFUSE.is_match(written)
}

/// Whether a string stands in `written`.
pub fn holds(written: &str, text: &str) -> bool {
    norm(written).contains(&norm(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(alternatives: &[&[&[&str]]]) -> Accept {
        let part = |part: &&[&str]| part.iter().map(ToString::to_string).collect();
        alternatives.iter().map(|parts| parts.iter().map(part).collect()).collect()
    }

    fn check(written: &str, accept: &Accept, expect: f64) {
        let share = partial(written, accept);
        assert!((share - expect).abs() < 1e-12, "{written}: {share}");
        assert_eq!(exact(written, accept), expect >= 1.0, "{written}");
    }

    #[test]
    fn a_part_is_any_of_its_strings_and_an_alternative_all_of_its_parts() {
        let delivered = accept(&[&[&["1313851", "131万"]]]);
        check("交付了１３１万辆。", &delivered, 1.0);
        check("1 313 851 辆", &delivered, 1.0);
        check("130万", &delivered, 0.0);
        let dates = accept(&[&[&["1月3日"], &["1月12日"]]]);
        check("1 月 3 日宣誓", &dates, 0.5);
        check("1月3日与1月12日", &dates, 1.0);
        check("", &dates, 0.0);
        let either = accept(&[&[&["Beijing"], &["2022"]], &[&["北京"]]]);
        check("在北京", &either, 1.0);
        check("BEIJING", &either, 0.5);
        check("x", &accept(&[&[]]), 0.0);
        check("x", &accept(&[]), 0.0);
    }

    #[test]
    fn refusals_are_told_by_their_words() {
        for refusal in
            ["文档信息不足,无法回答。", "资料中没有相关内容。", "The sources are INSUFFICIENT", "not mentioned"]
        {
            assert!(rejected(refusal), "{refusal}");
        }
        for answer in ["12人", "不知道", "It is provided by X", ""] {
            assert!(!rejected(answer), "{answer}");
        }
    }
}
