//! A spelling: one for all questions that ask the same in the same words, so that an answer is kept once.

use crate::language::is_han;
use crate::text::fold;

/// `question` without width, case, script, blanks that say nothing and the marks behind it. Two questions of one spelling
/// are the same question; what only might be the same keeps a spelling of its own.
pub fn one_spelling(question: &str) -> String {
    let mut spelling = String::new();
    let folded = fold(question);
    let mut chars = folded.trim().chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_whitespace() {
            spelling.push(c);
            continue;
        }
        while chars.next_if(|next| next.is_whitespace()).is_some() {}
        // Beside Chinese a blank is a matter of taste; between `4 8` it is not.
        let beside_han = spelling.ends_with(is_han) || chars.peek().is_some_and(|next| is_han(*next));
        if !beside_han {
            spelling.push(' ');
        }
    }
    let spelling = spelling.trim_end_matches(['?', '.', '。', ' ']);
    // `5!` is another number than 5.
    let shouted = spelling.strip_suffix('!').filter(|rest| rest.ends_with(is_han));
    let spelling = shouted.unwrap_or(spelling);
    // Folding takes `x²` for `x2`.
    if question.contains(is_raised) { format!("{spelling}\n{question}") } else { spelling.into() }
}

/// Superscripts, subscripts and fractions.
fn is_raised(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '¼'..='¾' | '\u{2070}'..='\u{209F}' | '\u{2150}'..='\u{218F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn check(one: &str, other: &str, is_same: bool) {
        assert_eq!(one_spelling(one) == one_spelling(other), is_same, "{one:?} {other:?}");
    }

    #[test]
    fn width_case_script_blanks_and_marks_make_no_other_question() {
        check("什么是 QLoRA?", "  什么是ｑｌｏｒａ", true);
        check("什麼是 QLoRA", "什么是QLoRA？", true);
        check("What  is BM25?", "what is bm25", true);
        check("快说！", "快说", true);
    }

    #[test]
    fn whatever_else_differs_does() {
        check("48 GB 够吗", "4 8 GB 够吗", false);
        check("x² 是多少", "x2 是多少", false);
        check("½ 是多少", "1/2 是多少", false);
        check("5! 是多少", "5 是多少", false);
        check("等于 5!", "等于 5", false);
        check("C 与 C++", "C 与 C", false);
        check("LoRA 是什么", "QLoRA 是什么", false);
        check("能不能用", "不能用", false);
    }

    /// The wrong hits that a cache could make, counted on every question that we have.
    #[test]
    fn no_two_topics_of_the_essays_share_a_spelling() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/evals/essays/topics.jsonl");
        let topics = std::fs::read_to_string(path).unwrap();
        let mut spellings: BTreeMap<String, String> = BTreeMap::new();
        for line in topics.lines() {
            let topic: serde_json::Value = serde_json::from_str(line).unwrap();
            let question = format!("{} {}", topic["history"], topic["text"].as_str().unwrap());
            if let Some(other) = spellings.insert(one_spelling(&question), question.clone()) {
                let bare = |text: &str| text.to_lowercase().replace([' ', '?', '？'], "");
                assert_eq!(bare(&other), bare(&question), "a wrong hit");
            }
        }
        assert!(spellings.len() > 300, "{}", spellings.len());
    }
}
