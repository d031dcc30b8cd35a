//! An echo: a sentence that only gives the question back. Small models write many, and a check alone lets them pass, since
//! what a question asks about usually stands in the sources.

use super::figures::{Figure, figures};
use crate::language::Lang;
use crate::text::{Analyzer, fold};
use std::collections::HashSet;

/// Add nothing to what is asked.
const FILLERS: &[&str] = &["根据", "资料", "提到", "问题", "以下", "回答", "sourc", "answer", "question"];
/// A question with one of these is answered by saying the same as a statement.
const YES_NO: &[&str] = &[
    "吗",
    "么?",
    "是否",
    "是不是",
    "能不能",
    "可不可以",
    "要不要",
    "有没有",
    "会不会",
    "该不该",
    "值不值",
    "行不行",
    "对不对",
    "还是",
];
const YES_NO_FIRST: &[&str] =
    &["is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "will", "would", "has", "have"];

/// What a question says already.
pub struct Question<'a> {
    analyzer: &'a Analyzer,
    terms: HashSet<String>,
    figures: Vec<Figure>,
    is_yes_no: bool,
    is_chinese: bool,
}

impl<'a> Question<'a> {
    pub fn new(question: &str, analyzer: &'a Analyzer) -> Question<'a> {
        let folded = fold(question);
        let first = folded.split_whitespace().next().unwrap_or_default();
        let is_yes_no = YES_NO.iter().any(|word| folded.contains(word)) || YES_NO_FIRST.contains(&first);
        let mut terms: HashSet<String> = analyzer.content_words(question).into_iter().collect();
        terms.extend(FILLERS.iter().map(ToString::to_string));
        let is_chinese = Lang::of_text(question) == Lang::Zh;
        Question { analyzer, terms, figures: figures(question), is_yes_no, is_chinese }
    }

    /// Whether an answer that uses this Latin word has it from the question: where the question is all Latin, every word
    /// may be.
    pub fn gives(&self, name: &str) -> bool {
        !self.is_chinese && self.terms.contains(name)
    }

    /// Whether `sentence` has a figure that the question lacks.
    pub fn has_new_figure(&self, sentence: &str) -> bool {
        figures(sentence).iter().any(|figure| !self.figures.iter().any(|own| own.agrees(figure)))
    }

    /// Whether `sentence` asks again, or has no word and no figure that the question lacks.
    pub fn is_echoed_by(&self, sentence: &str) -> bool {
        if sentence.trim_end().ends_with(['?', '？']) {
            return true;
        }
        let is_known = |term: &String| self.terms.contains(term);
        !self.is_yes_no && self.analyzer.content_words(sentence).iter().all(is_known) && !self.has_new_figure(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(question: &str, sentence: &str, expect: bool) {
        let analyzer = Analyzer::new(None).unwrap();
        assert_eq!(Question::new(question, &analyzer).is_echoed_by(sentence), expect, "{sentence}");
    }

    #[test]
    fn what_only_gives_the_question_back_is_an_echo() {
        check("重排值不值得加?要带什么参数", "重排值不值得加?", true);
        check("rag ask 默认塞几段给模型", "rag ask 默认塞几段给模型。", true);
        check("KV 缓存省了什么", "根据资料,KV 缓存省了什么。", true);
        check("What does the cache save?", "What the cache saves.", true);
    }

    #[test]
    fn a_word_or_a_figure_more_is_an_answer() {
        check("rag ask 默认塞几段给模型", "rag ask 默认塞 3 段给模型。", false);
        check("不做强化学习的对齐方法是哪个", "不做强化学习的对齐方法是 DPO。", false);
        check("RRF 的 k 取 10 时 MAP 是多少", "RRF 的 k 取 10 时 MAP 是 0.2123。", false);
    }

    #[test]
    fn a_statement_answers_a_question_for_yes_or_no() {
        check("QLoRA 需要显卡吗", "QLoRA 需要显卡。", false);
        check("Does QLoRA need a GPU?", "QLoRA needs a GPU.", false);
    }
}
