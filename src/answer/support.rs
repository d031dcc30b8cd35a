//! Support: which of an answer's passages a sentence rests on, and where. What counts as support, [`check`](super::check)
//! says.

use super::check::{Checked, Fault, Source};
use super::figures::figures;
use super::literal::stated;
use super::order::without_orders;
use crate::document::Passage;
use crate::text::Analyzer;
use std::ops::Range;

/// The passages of one answer, read once.
pub struct Support<'a> {
    analyzer: &'a Analyzer,
    passages: Vec<Source>,
}

/// What one passage says of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Supported {
    /// Share of the sentence's terms that the passage has, 0 to 1.
    pub share: f32,
    /// The passage's sentence with most of them: a range of its text.
    pub quote: Range<usize>,
}

impl<'a> Support<'a> {
    pub fn new(passages: &[Passage], analyzer: &'a Analyzer) -> Support<'a> {
        let source =
            |passage: &Passage| Source::new(&without_orders(&passage.heading()), &stated(&passage.text), analyzer);
        Support { analyzer, passages: passages.iter().map(source).collect() }
    }

    /// What the passage at `index` says of `sentence`; `None` if something takes its support away, or it has next to
    /// nothing of it.
    pub fn by(&self, index: usize, sentence: &str) -> Option<Supported> {
        supported(self.check(index, sentence))
    }

    /// The passage that supports `sentence` best, the first of equals, and what it says. A sentence that claims nothing
    /// has none.
    pub fn best(&self, sentence: &str) -> Option<(usize, Supported)> {
        if !self.is_claim(sentence) {
            return None;
        }
        let found = (0..self.passages.len()).filter_map(|index| Some((index, self.by(index, sentence)?)));
        found.reduce(|best, next| if next.1.share > best.1.share { next } else { best })
    }

    /// The passages that support the clauses of `sentence` one by one, each with at least `share_min` of its clause's terms:
    /// what a comparison takes from two. Empty, if any clause has none, or claims nothing, or there is but one.
    pub fn by_clauses(&self, sentence: &str, share_min: f32) -> Vec<(usize, Supported)> {
        let clauses: Vec<&str> = sentence.split(['，', '；']).filter(|clause| !clause.trim().is_empty()).collect();
        let best = |clause: &&str| self.best(clause).filter(|(_, found)| found.share >= share_min);
        let found: Option<Vec<_>> = clauses.iter().map(best).collect();
        found.filter(|found| found.len() > 1).unwrap_or_default()
    }

    /// Whether `sentence` says something that could be looked for: enough words, or a figure.
    pub fn is_claim(&self, sentence: &str) -> bool {
        let sentence = without_list_mark(sentence);
        let terms = self.analyzer.content_words(sentence).len();
        // A heading has few words, too, but no full stop.
        let is_whole = sentence.ends_with(['。', '！', '.', '!']);
        let is_enough = terms >= if is_whole { STATEMENT_TERMS_MIN } else { CLAIM_TERMS_MIN };
        is_enough && !sentence.ends_with([':', '：']) || !figures(sentence).is_empty()
    }

    /// What is wrong with `sentence` beside the passage that comes nearest to it.
    pub fn faults(&self, sentence: &str) -> Vec<Fault> {
        let checked = (0..self.passages.len()).map(|index| self.check(index, sentence));
        let nearest = checked.reduce(|best, next| if next.share > best.share { next } else { best });
        match nearest {
            Some(Checked { faults, .. }) if !faults.is_empty() => faults,
            _ => vec![Fault::Thin],
        }
    }

    fn check(&self, index: usize, sentence: &str) -> Checked {
        self.passages[index].check(without_list_mark(sentence), self.analyzer)
    }
}

fn supported(checked: Checked) -> Option<Supported> {
    checked.is_supported().then_some(Supported { share: checked.share, quote: checked.quote })
}

/// Words of fewer terms claim nothing that could be looked for.
const CLAIM_TERMS_MIN: usize = 3;
/// With a full stop behind them.
const STATEMENT_TERMS_MIN: usize = 2;

/// `1. text` → `text`: the number counts the answer's own points.
pub(super) fn without_list_mark(sentence: &str) -> &str {
    let rest = sentence.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', '、', ')', '．', '）']) {
        Some(text) if rest.len() < sentence.len() && !text.starts_with(|c: char| c.is_ascii_digit()) => {
            text.trim_start()
        }
        _ => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::passage;

    const QLORA: &str = "QLoRA 把底座模型量化为 4 位并冻结。梯度穿过底座更新适配器。微调 65B 模型只要 48 GB 显存。";
    const BM25: &str = "BM25 是词频饱和的打分公式。k1 默认 1.2。";

    #[test]
    fn the_passage_that_says_it_is_found_with_its_sentence() {
        let passages = [passage("BM25", BM25), passage("QLoRA", QLORA)];
        let analyzer = Analyzer::new(None).unwrap();
        let support = Support::new(&passages, &analyzer);
        let (index, found) = support.best("QLoRA 微调 65B 的模型需要 48GB 的显存。").unwrap();
        assert_eq!((index, &QLORA[found.quote]), (1, "微调 65B 模型只要 48 GB 显存。"));
        assert!(found.share > 0.6, "{}", found.share);
        assert!(support.by(0, "QLoRA 微调 65B 的模型需要 48GB 的显存。").is_none());
    }

    #[test]
    fn a_number_that_is_not_there_takes_all_support_away() {
        let passages = [passage("QLoRA", QLORA)];
        let analyzer = Analyzer::new(None).unwrap();
        let support = Support::new(&passages, &analyzer);
        assert!(support.best("QLoRA 把底座模型量化为 4 位并冻结。").is_some());
        assert_eq!(support.best("QLoRA 把底座模型量化为 3 位并冻结。"), None);
        assert!(support.best("2. QLoRA 把底座模型量化为 4 位并冻结。").is_some(), "a list number is not a claim");
        assert_eq!(without_list_mark("3.14 是圆周率"), "3.14 是圆周率");
    }

    #[test]
    fn what_has_nothing_in_common_is_not_supported() {
        let passages = [passage("QLoRA", QLORA)];
        let analyzer = Analyzer::new(None).unwrap();
        let support = Support::new(&passages, &analyzer);
        for sentence in ["红烧肉要先焯水再炒糖色。", "", "的了吗", "今天天气很好,适合出门。"]
        {
            assert_eq!(support.best(sentence), None, "{sentence}");
        }
    }
}
