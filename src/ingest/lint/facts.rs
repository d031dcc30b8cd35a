//! Facts: what a document's front matter says that it states, and on whose word.

use super::super::extract::split_front_matter;
use super::super::walk::{Kind, SourceFile};
use super::{Finding, Flaw, Linted};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The part of front matter that only a linter reads; unreadable front matter is empty here and reported elsewhere.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Matter {
    status: String,
    sources: Vec<SourceEntry>,
    confusable: Vec<String>,
    facts: Vec<Fact>,
    /// Aliases that more than one document has on purpose.
    #[serde(rename = "shared_aliases")]
    pub shared: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct SourceEntry {
    cite: String,
    url: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fact {
    id: String,
    claim: String,
    must: Vec<String>,
    /// Index of its source.
    src: Option<usize>,
}

impl Matter {
    pub fn of(file: &SourceFile) -> Matter {
        if file.kind != Kind::Markdown {
            return Matter::default();
        }
        let text = std::fs::read_to_string(&file.path).unwrap_or_default();
        let yaml = split_front_matter(&text).0;
        yaml.and_then(|yaml| serde_saphyr::from_str(yaml).ok()).unwrap_or_default()
    }
}

pub fn check(document: &Linted, ids: &BTreeSet<&str>) -> Vec<Finding> {
    let Matter { status, sources, confusable, facts, .. } = &document.matter;
    let mut flaws: Vec<Flaw> = Vec::new();
    let unknown = confusable.iter().filter(|id| !ids.contains(id.as_str()));
    flaws.extend(unknown.map(|id| Flaw::UnknownNeighbour { id: id.clone() }));
    for fact in facts {
        match fact.src.and_then(|src| sources.get(src)) {
            None => flaws.push(Flaw::FactWithoutSource { fact: fact.id.clone() }),
            Some(source) if source.url.is_empty() && status == "verified" => {
                flaws.push(Flaw::SourceWithoutUrl { fact: fact.id.clone() });
            }
            Some(_) => {}
        }
        let text = &document.source.document.text;
        let missing = fact.must.iter().filter(|must| !text.contains(must.as_str()));
        flaws.extend(missing.map(|must| Flaw::FactNotInText { fact: fact.id.clone(), must: must.clone() }));
    }
    if !facts.is_empty() {
        // The year of a work that the text names is no figure of its own.
        let cites = sources.iter().map(|source| &source.cite);
        let stated = facts.iter().flat_map(|fact| fact.must.iter().chain([&fact.claim])).chain(cites);
        let stated: BTreeSet<String> = stated.flat_map(|text| numbers(text)).collect();
        let prose = document.source.prose();
        let unsourced: BTreeSet<String> =
            numbers(&prose).into_iter().filter(|number| !stated.contains(number)).collect();
        flaws.extend(unsourced.into_iter().map(|number| Flaw::UnsourcedNumber { number }));
    }
    flaws.into_iter().map(|flaw| Finding::new(&document.path, flaw)).collect()
}

/// The figures of a text: digits with dots and commas inside, and none that belong to a name (`BM25`, `k1`, `Q4_K_M`).
fn numbers(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let goes_on = |at: usize| {
            let inner = matches!(chars[at], '.' | ',') && chars.get(at + 1).is_some_and(char::is_ascii_digit);
            chars[at].is_ascii_digit() || inner
        };
        while at < chars.len() && goes_on(at) {
            at += 1;
        }
        let joined = |c: &char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '/' | '.' | '@');
        let is_name = start > 0 && joined(&chars[start - 1]) && names_before(&chars[..start]);
        if !is_name {
            numbers.push(chars[start..at].iter().filter(|c| **c != ',').collect());
        }
    }
    numbers
}

/// Whether the run without a blank that ends here has a letter: `gpt-4-`, `recall@`, but not `2009-`.
fn names_before(chars: &[char]) -> bool {
    let run = chars.iter().rev().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '@'));
    { run }.any(char::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_from_names() {
        assert_eq!(numbers("由 780 GB 降到 48GB,1,000 条,占 99.3%"), ["780", "48", "1000", "99.3"]);
        assert_eq!(numbers("BM25 的 k1、Q4_K_M、gpt-4-1106、recall@10 与 /v1/rerank"), Vec::<String>::new());
        assert_eq!(numbers("758–759 页,2009-07"), ["758", "759", "2009", "07"]);
    }
}
