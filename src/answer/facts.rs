//! Facts: what of a text can be looked for word by word, its figures and its Latin names.

use super::figures::figures;
use crate::language::is_han;
use crate::text::fold;
use std::collections::HashSet;

const UNIT_LETTERS_MAX: usize = 3;

/// The figures of `text` (folded, with their units), then its Latin names as they are written, each once.
///
/// Among Chinese every Latin word is a name; elsewhere those are that hold a digit, or a capital behind the beginning of a
/// sentence.
pub fn facts(text: &str) -> Vec<String> {
    let names = names(text);
    // The digits of a name are no figures.
    let numbered = names.iter().filter(|name| name.contains(|c: char| c.is_ascii_digit()));
    let rest = numbered.fold(text.to_string(), |text, name| text.replace(name.as_str(), " "));
    let mut facts: Vec<String> = figures(&rest).into_iter().map(|figure| without_noun(&figure.text)).collect();
    let mut seen = HashSet::new();
    facts.retain(|figure| seen.insert(figure.clone()));
    let units = facts.clone();
    for name in names {
        let folded = fold(&name);
        let is_unit = units.iter().any(|figure| figure.ends_with(&folded));
        if !is_unit && seen.insert(folded) {
            facts.push(name);
        }
    }
    facts
}

/// `88keys` is 88 of something; what is longer than `mib` is no unit.
fn without_noun(figure: &str) -> String {
    let number = figure.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_unit = figure.len() - number.len() <= UNIT_LETTERS_MAX;
    if is_unit { figure.into() } else { number.into() }
}

fn names(text: &str) -> Vec<String> {
    let is_chinese = text.contains(is_han);
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '#');
    let mut names = Vec::new();
    let mut begins = true;
    for word in text.split(|c: char| !is_inner(c)) {
        let name = word.trim_end_matches(['.', '-', '_']);
        let is_name = name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic());
        let has_digit = name.contains(|c: char| c.is_ascii_digit());
        let has_capital = name.get(usize::from(begins)..).is_some_and(|rest| rest.contains(char::is_uppercase));
        if is_name && (is_chinese || has_digit || has_capital) {
            names.push(name.to_string());
        }
        begins = word.ends_with('.') || begins && word.is_empty();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(facts(text), expect, "{text}");
    }

    #[test]
    fn figures_and_names_are_facts_and_other_words_are_none() {
        check("QLoRA 只要 48 GB 显存,qlora 用 NF4。", &["48gb", "QLoRA", "NF4"]);
        check("钢琴有 88 个琴键。", &["88"]);
        check("约八成用户选 C++ 与 node.js。", &["八成", "C++", "node.js"]);
        check("A piano has 88 keys. It was built by Cristofori in v2.1 form.", &["88", "Cristofori", "v2.1"]);
        check("没有什么可查的。", &[]);
        check("", &[]);
    }
}
