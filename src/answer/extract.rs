//! An extract: the sentences of the passages that come nearest to a question, word for word. Needs no model, and so cannot
//! say anything that is not there.

use super::Grounded;
use super::citation::Citation;
use super::echo::Question;
use super::lines::{Line, lines};
use super::literal::is_speech;
use super::order::without_orders;
use super::plan::Kind;
use super::sentence::{Sentence, Verdict};
use crate::document::Passage;
use crate::text::Analyzer;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// Characters of an extract: about what a reader takes in at a glance.
const CHARS_MAX: usize = 180;
/// And where a figure is asked for, which a line or two have.
const CHARS_MAX_NUMERIC: usize = 140;
/// What each place further down among the passages costs, in shares of the question.
const STEP_DOWN: f32 = 0.05;
/// What a figure is worth where the question asks for one, in the same shares.
const FIGURE: f32 = 0.3;
/// What a word of the question is worth that only the heading has.
const IN_HEADING: f32 = 0.5;
/// A line that says much less of what is asked than the best one is left out.
const OF_BEST_MIN: f32 = 0.4;

struct Candidate {
    /// Of the passage.
    index: usize,
    line: Line,
    terms: HashSet<String>,
    score: f32,
}

/// The lines of `passages`, best first and at least one, with the most of the question's words, each with what leads to
/// it; where none has any, the first of the best passage, which was found by its meaning.
pub fn extract(question: &str, kind: Kind, passages: &[Passage], analyzer: &Analyzer) -> Grounded {
    let candidates = candidates(question, kind, passages, analyzer);
    let chars_max = if kind == Kind::Numeric { CHARS_MAX_NUMERIC } else { CHARS_MAX };
    let best = candidates.first().map_or(0.0, |best| best.score);
    let chars = |index: usize, range: &Range<usize>| passages[index].text[range.clone()].chars().count();
    let mut chosen: Vec<Candidate> = Vec::new();
    // By where they begin: two lines of one table have its head once.
    let mut quoted: BTreeMap<(usize, usize), Range<usize>> = BTreeMap::new();
    let mut length = 0;
    for candidate in candidates {
        let Candidate { index, line, terms, score } = &candidate;
        let is_near = best <= 0.0 && *index == 0 || best > 0.0 && *score >= OF_BEST_MIN * best;
        let is_new = chosen.iter().all(|other| other.terms != *terms);
        let ranges = line.leads.iter().chain([&line.range]).map(|range| ((*index, range.start), range.clone()));
        let ranges: Vec<_> = ranges.filter(|(place, _)| !quoted.contains_key(place)).collect();
        let more: usize = ranges.iter().map(|(_, range)| chars(*index, range)).sum();
        // However long the best one is, it is the answer.
        if is_near && is_new && (chosen.is_empty() || length + more <= chars_max) {
            length += more;
            quoted.extend(ranges);
            chosen.push(candidate);
        }
    }
    written(&chosen, quoted, passages)
}

/// Every line there is, the best first; of equals the earlier one.
fn candidates(question: &str, kind: Kind, passages: &[Passage], analyzer: &Analyzer) -> Vec<Candidate> {
    let asked = Question::new(question, analyzer);
    let words = |text: &str| -> HashSet<String> { analyzer.content_words(text).into_iter().collect() };
    let wanted = words(question);
    let mut candidates = Vec::new();
    for (index, passage) in passages.iter().enumerate() {
        let heading = words(&passage.heading());
        for line in lines(&without_orders(&passage.text)) {
            let text = &passage.text[line.range.clone()];
            if is_speech(text) {
                continue;
            }
            let terms = words(text);
            let mut said = terms.clone();
            said.extend(line.leads.iter().flat_map(|lead| words(&passage.text[lead.clone()])));
            let here = wanted.intersection(&said).count();
            let above = wanted.intersection(&heading).filter(|word| !said.contains(*word)).count();
            let share = (here as f32 + IN_HEADING * above as f32) / wanted.len().max(1) as f32;
            let figure = if kind == Kind::Numeric && asked.has_new_figure(text) { FIGURE } else { 0.0 };
            let score = if share > 0.0 { share + figure - STEP_DOWN * index as f32 } else { 0.0 };
            candidates.push(Candidate { index, line, terms, score });
        }
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates
}

/// The ranges in the order of the passages; each passage is cited by the best line of it.
fn written(chosen: &[Candidate], quoted: BTreeMap<(usize, usize), Range<usize>>, passages: &[Passage]) -> Grounded {
    let mut citations: Vec<Citation> = Vec::new();
    for Candidate { index, line, .. } in chosen {
        let marker = *index as u32 + 1;
        if citations.iter().all(|citation| citation.marker != marker) {
            citations.push(Citation::new(marker, &passages[*index], &line.range));
        }
    }
    citations.sort_by_key(|citation| citation.marker);
    let sentence = |((index, _), range): ((usize, usize), Range<usize>)| Sentence {
        text: passages[index].text[range].to_string(),
        verdict: Verdict::Supported,
        markers: vec![index as u32 + 1],
        faults: Vec::new(),
    };
    let sentences: Vec<Sentence> = quoted.into_iter().map(sentence).collect();
    let marked = sentences.iter().map(|sentence| format!("{}[{}]", sentence.text, sentence.markers[0]));
    Grounded {
        text: marked.collect::<Vec<_>>().join("\n"),
        is_extract: true,
        sentences,
        citations,
        invalid: Vec::new(),
        unsupported: Vec::new(),
        completion: None,
    }
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
    fn a_row_is_quoted_with_what_leads_to_it() {
        let text =
            "GPT-3.5 读 20 篇时的正确率：\n\n| 位置 | 正确率 |\n|---|---|\n| 第 1 篇 | 75.8% |\n| 第 10 篇 | 53.8% |\n";
        let passage = passage("中间迷失", text);
        let grounded = extracted("GPT-3.5 读二十篇、答案在第 10 篇时,正确率是多少", std::slice::from_ref(&passage));
        let head = "GPT-3.5 读 20 篇时的正确率：[1]\n位置 | 正确率[1]\n";
        assert_eq!(grounded.citations[0].quote, "第 10 篇 | 53.8%", "the line that answers is the one cited");
        assert!(grounded.text.starts_with(head) && grounded.text.contains("第 10 篇 | 53.8%[1]"), "{}", grounded.text);
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
