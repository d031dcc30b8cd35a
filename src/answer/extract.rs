//! An extract: the sentences of the passages that come nearest to a question, word for word. Needs no model, and so cannot
//! say anything that is not there.

use super::Grounded;
use super::citation::Citation;
use super::echo::Question;
use super::order::without_orders;
use super::plan::Kind;
use super::sentence::{Sentence, Verdict};
use crate::document::Passage;
use crate::text::{Analyzer, sentences};
use std::collections::HashSet;
use std::ops::Range;

/// Characters of an extract: about what a reader takes in at a glance.
const CHARS_MAX: usize = 150;
/// What each place further down among the passages costs, in shares of the question.
const STEP_DOWN: f32 = 0.05;
/// What a figure is worth where the question asks for one, in the same shares.
const FIGURE: f32 = 0.3;
/// A sentence that says much less of what is asked than the best one is left out.
const OF_BEST_MIN: f32 = 0.4;
/// Shorter lines are headings and labels.
const CHARS_MIN: usize = 8;

struct Line {
    /// Of the passage.
    index: usize,
    range: Range<usize>,
    chars: usize,
    terms: HashSet<String>,
    score: f32,
}

/// The sentences of `passages`, best first and at least one, with the most of the question's words; where none has any,
/// the first of the best passage, which was found by its meaning.
pub fn extract(question: &str, kind: Kind, passages: &[Passage], analyzer: &Analyzer) -> Grounded {
    let asked = Question::new(question, analyzer);
    let words = |text: &str| -> HashSet<String> { analyzer.content_words(text).into_iter().collect() };
    let wanted = words(question);
    let mut candidates: Vec<Line> = passages
        .iter()
        .enumerate()
        .flat_map(|(index, passage)| {
            lines(&without_orders(&passage.text)).map(|range| (index, range, &passage.text)).collect::<Vec<_>>()
        })
        .map(|(index, range, text)| {
            let line = &text[range.clone()];
            let terms = words(line);
            let share = wanted.intersection(&terms).count() as f32 / wanted.len().max(1) as f32;
            let figure = if kind == Kind::Numeric && asked.has_new_figure(line) { FIGURE } else { 0.0 };
            let score = if share > 0.0 { share + figure - STEP_DOWN * index as f32 } else { 0.0 };
            Line { index, range, chars: line.chars().count(), terms, score }
        })
        .collect();
    // Stable: of equals the earlier one stays first.
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = candidates.first().map_or(0.0, |best| best.score);
    let mut chosen: Vec<Line> = Vec::new();
    let mut chars = 0;
    for candidate in candidates {
        let is_near = best <= 0.0 && candidate.index == 0 || best > 0.0 && candidate.score >= OF_BEST_MIN * best;
        let is_new = chosen.iter().all(|other| other.terms != candidate.terms);
        // However long the best one is, it is the answer.
        let fits = chosen.is_empty() || chars + candidate.chars <= CHARS_MAX;
        if fits && is_near && is_new {
            chars += candidate.chars;
            chosen.push(candidate);
        }
    }
    chosen.sort_by_key(|sentence| (sentence.index, sentence.range.start));
    written(&chosen, passages)
}

fn written(chosen: &[Line], passages: &[Passage]) -> Grounded {
    let mut text = String::new();
    let mut citations: Vec<Citation> = Vec::new();
    let mut sentences = Vec::new();
    for Line { index, range, .. } in chosen {
        let marker = *index as u32 + 1;
        if !text.is_empty() {
            text.push('\n');
        }
        let sentence = passages[*index].text[range.clone()].to_string();
        text.push_str(&format!("{sentence}[{marker}]"));
        sentences.push(Sentence {
            text: sentence,
            verdict: Verdict::Supported,
            markers: vec![marker],
            faults: Vec::new(),
        });
        if citations.iter().all(|citation| citation.marker != marker) {
            citations.push(Citation::new(marker, &passages[*index], range));
        }
    }
    Grounded {
        text,
        is_extract: true,
        sentences,
        citations,
        invalid: Vec::new(),
        unsupported: Vec::new(),
        completion: None,
    }
}

/// Sentences without the mark of a list before them; headings, rules and code fences are none.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    sentences(text).into_iter().filter_map(move |range| {
        let line = &text[range.clone()];
        if line.starts_with(['#', '`', '|', '>']) {
            return None;
        }
        let bare = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim_start();
        let start = range.end - bare.len();
        (bare.chars().count() >= CHARS_MIN).then_some(start..range.end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Plan;
    use crate::answer::fixture::passage;

    fn extracted(question: &str, passages: &[Passage]) -> Grounded {
        extract(question, Plan::of(question).kind, passages, &Analyzer::new(None).unwrap())
    }

    #[test]
    fn the_sentence_that_answers_is_taken_word_for_word_with_its_source() {
        let bm25 = passage("BM25", "# BM25\n\nBM25 是打分公式。参数 k1 默认取 1.2,控制词频饱和。参数 b 默认取 0.75。");
        let qlora = passage("QLoRA", "# QLoRA\n\n- QLoRA 把底座量化到 4 位并冻结。\n- 它省的是显存。");
        let grounded = extracted("QLoRA 把底座量化到几位", &[qlora.clone(), bm25.clone()]);
        assert_eq!(grounded.text, "QLoRA 把底座量化到 4 位并冻结。[1]");
        let grounded = extracted("参数 k1 默认是多少", &[qlora, bm25]);
        assert!(grounded.text.starts_with("参数 k1 默认取 1.2,控制词频饱和。[2]"), "{}", grounded.text);
        let citation = &grounded.citations[0];
        assert_eq!((citation.marker, citation.lines, citation.title.as_str()), (2, (3, 3), "BM25"));
    }

    #[test]
    fn without_a_word_in_common_the_best_passage_begins_the_answer() {
        let cats = passage("猫", "# 猫\n\n成年猫一天喂两次。清水要一直备着。不要喂洋葱和巧克力。别喂牛奶,会拉肚子。");
        let grounded = extracted("how to feed a kitten", &[cats, passage("车", "机油每五千公里更换一次。")]);
        assert_eq!(
            grounded.text,
            "成年猫一天喂两次。[1]\n清水要一直备着。[1]\n不要喂洋葱和巧克力。[1]\n别喂牛奶,会拉肚子。[1]"
        );
        assert_eq!(grounded.citations.len(), 1);
    }
}
