//! A plan: what a question asks for, told by rules, so that the same question always goes the same way.

use crate::text::fold;
use serde::Serialize;

/// What kind of answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What something is.
    Define,
    /// How two or more things differ.
    Compare,
    /// How to do something.
    HowTo,
    /// A number or a quantity.
    Numeric,
    Other,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Define, Kind::Compare, Kind::HowTo, Kind::Numeric, Kind::Other];

    /// As it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Define => "define",
            Kind::Compare => "compare",
            Kind::HowTo => "how_to",
            Kind::Numeric => "numeric",
            Kind::Other => "other",
        }
    }
}

/// How a question is worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub kind: Kind,
    /// The words by which the kind was told; empty for [`Kind::Other`].
    pub rule: &'static str,
    /// Of a comparison: what is compared, each to be searched for on its own. Empty where it could not be told apart.
    pub sides: Vec<String>,
}

/// The first that occurs decides; a comparison of numbers is a comparison.
const RULES: &[(Kind, &[&str])] = &[
    (
        Kind::Compare,
        &[
            "区别",
            "差别",
            "差异",
            "不同",
            "异同",
            "对比",
            "比较",
            "相比",
            "优劣",
            "哪个更",
            "哪个好",
            "哪种更",
            "谁更",
            "三者",
            "两者",
            "二者",
            "分别",
            " vs ",
            "difference between",
            "differ from",
            "compare ",
            "compared ",
            "versus",
        ],
    ),
    (
        Kind::Numeric,
        &[
            "多少",
            "百分之几",
            "几个",
            "几位",
            "几倍",
            "几成",
            "几天",
            "几年",
            "几段",
            "几种",
            "几条",
            "几步",
            "几美元",
            "几块钱",
            "几元",
            "多大",
            "多长",
            "多久",
            "多高",
            "默认值",
            "上限是",
            "how many",
            "how much",
            "how long",
            "how large",
            "what number",
            "what percentage",
        ],
    ),
    (Kind::HowTo, &["怎么", "如何", "怎样", "怎麼", "咋", "步骤", "how to", "how do", "how can", "how should"]),
    (
        Kind::Define,
        &[
            "什么是",
            "何谓",
            "什么叫",
            "是什么",
            "是啥",
            "是个啥",
            "指什么",
            "指的是",
            "定义",
            "什么意思",
            "解释一下",
            "解释下",
            "说白了",
            "what is",
            "what are",
            "what's",
            "define ",
            "meaning of",
        ],
    ),
];

impl Plan {
    pub fn of(question: &str) -> Plan {
        let folded = fold(question);
        // Words are found as words, at either end, too.
        let padded = format!(" {} ", folded.trim());
        let rule = RULES.iter().find_map(|(kind, words)| {
            let word = words.iter().find(|word| padded.contains(**word))?;
            Some((*kind, *word))
        });
        let (kind, rule) = rule.unwrap_or((Kind::Other, ""));
        let sides = if kind == Kind::Compare { sides(&folded) } else { Vec::new() };
        Plan { kind, rule, sides }
    }
}

/// Where the things compared end.
const BEHIND_SIDES: &[&str] = &[
    "之间",
    "到底",
    "究竟",
    "有什么",
    "有啥",
    "有何",
    "有哪些",
    "的区别",
    "的差",
    "的不同",
    "的异同",
    "的优劣",
    "的对比",
    "的比较",
    "哪个",
    "哪种",
    "哪一",
    "谁更",
    "各",
    "分别",
    "三者",
    "两者",
    "二者",
    "区别",
    "相比",
    ",",
    "?",
    "？",
    "。",
];
const BETWEEN_SIDES: &[&str] = &["、", "和", "与", "跟", "同", "还是", "以及", " vs ", " versus ", " and ", " or "];
const BEFORE_SIDES: &[&str] =
    &["请问", "那么", "对比", "比较", "说说", "difference between ", "differ from ", "compare ", "what is the "];
const SIDE_CHARS_MAX: usize = 24;
const SIDES_MAX: usize = 4;

/// `SFT、RLHF 和 DPO 有什么区别` → SFT, RLHF, DPO. A part that is long is no name of a thing: then there are none.
fn sides(folded: &str) -> Vec<String> {
    let mut text = folded.trim();
    for lead in BEFORE_SIDES {
        if let Some(at) = text.find(lead) {
            text = &text[at + lead.len()..];
        }
    }
    let end = BEHIND_SIDES.iter().filter_map(|word| text.find(word)).filter(|at| *at > 0).min().unwrap_or(text.len());
    let mut parts = vec![text[..end].to_string()];
    for between in BETWEEN_SIDES {
        parts = parts.iter().flat_map(|part| part.split(between).map(String::from).collect::<Vec<_>>()).collect();
    }
    let parts: Vec<String> = parts.iter().map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect();
    let is_named = parts.iter().all(|part| part.chars().count() <= SIDE_CHARS_MAX);
    if is_named && (2..=SIDES_MAX).contains(&parts.len()) { parts } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(question: &str, kind: Kind, sides: &[&str]) {
        let plan = Plan::of(question);
        assert_eq!(plan.kind, kind, "{question}: {plan:?}");
        assert_eq!(plan.sides, sides, "{question}");
    }

    #[test]
    fn a_comparison_is_told_with_its_sides() {
        check("LoRA 和 QLoRA 有什么区别?", Kind::Compare, &["lora", "qlora"]);
        check("SFT、RLHF、DPO 三者各学什么?", Kind::Compare, &["sft", "rlhf", "dpo"]);
        check("KV 缓存、前缀缓存、答案缓存分别省了什么?", Kind::Compare, &["kv 缓存", "前缀缓存", "答案缓存"]);
        check("difference between BM25 and vectors", Kind::Compare, &["bm25", "vectors"]);
        check("BM25 vs TF-IDF", Kind::Compare, &["bm25", "tf-idf"]);
        check("这两种办法有什么不同", Kind::Compare, &[]);
    }

    #[test]
    fn other_kinds_are_told_by_their_words() {
        check("Guanaco 65B 达到 ChatGPT 的百分之多少?", Kind::Numeric, &[]);
        check("rag ask 默认塞几段给模型", Kind::Numeric, &[]);
        check("How many bits does NF4 use?", Kind::Numeric, &[]);
        check("怎么让它没把握的时候别硬编?", Kind::HowTo, &[]);
        check("什么是QLoRA", Kind::Define, &[]);
        check("词元到底是个啥", Kind::Define, &[]);
        check("NF4", Kind::Other, &[]);
        check("", Kind::Other, &[]);
    }
}
