//! Words that a sentence joins and the passage keeps apart: the mark of two things that were swapped. 「判断归机器,脚力归人」
//! has every word of 「判断归人,脚力归机器」.

use super::read::Clause;

/// Of a sentence's words so many may be its own. One that has more says it anew, and joins words in ways of its own. Both
/// values are the best of a grid on the pairs of dev (`evals/checks`), and what lies beside them is nearly as good.
const OWN_MAX: f32 = 0.25;
/// And of its neighbouring words so many may be joined here alone.
const JOINED_MAX: f32 = 0.125;

/// Neighbouring words of the clauses of `claim` that are in `known`, the clauses of a passage, but neither in one clause nor,
/// in this order, in two that follow each other. None, if the sentence is not a repetition of the passage, or has few. What
/// `is_subject`, a passage says only in its heading.
pub(super) fn joined(claim: &[Clause], known: &[Clause], is_subject: impl Fn(&str) -> bool) -> Vec<String> {
    let has = |at: usize, word: &str| known.get(at).is_some_and(|clause: &Clause| clause.says(word));
    let is_known = |word: &&str| (0..known.len()).any(|at| has(at, word));
    let (mut all, mut own, mut pairs) = (0, 0, 0);
    let mut joined = Vec::new();
    for clause in claim {
        let words: Vec<&str> = clause.read.words().into_iter().filter(|word| !is_subject(word)).collect();
        let shared: Vec<&str> = words.iter().copied().filter(is_known).collect();
        (all, own) = (all + words.len(), own + words.len() - shared.len());
        for pair in shared.windows(2).filter(|pair| pair[0] != pair[1]) {
            pairs += 1;
            let (one, other) = (pair[0], pair[1]);
            if !(0..known.len()).any(|at| has(at, one) && (has(at, other) || has(at + 1, other))) {
                joined.push(format!("{one} {other}"));
            }
        }
    }
    let is_repetition = own as f32 <= OWN_MAX * all as f32;
    let is_much = joined.len() as f32 > JOINED_MAX * pairs as f32;
    if is_repetition && is_much { joined } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Analyzer;

    const PASSAGE: &str =
        "cache_n 是沿用缓存的词元数，prompt_n 是新处理的词元数。损失只对期望输出计算，输入部分只当作条件。";

    fn check(sentence: &str, expect: &[&str]) {
        let analyzer = Analyzer::new(None).unwrap();
        let clauses = |text: &str| Clause::all(text, &analyzer);
        assert_eq!(joined(&clauses(sentence), &clauses(PASSAGE), |word| word == "服务"), expect, "{sentence}");
    }

    #[test]
    fn two_things_swapped_are_joined_as_nowhere_in_the_passage() {
        check("prompt_n 是沿用缓存的词元数。", &["prompt_n 沿用"]);
        check("损失只在输入部分计算，期望输出当作条件。", &["部分 计算"]);
    }

    #[test]
    fn the_same_order_and_one_clause_out_of_two_are_no_swap() {
        check("cache_n 是沿用缓存的词元数。", &[]);
        check("损失只对期望输出计算而输入部分只当作条件。", &[]);
    }

    #[test]
    fn what_says_it_anew_may_join_as_it_likes() {
        check("拿到 prompt_n 就能推算沿用与否、省时多少、花费几何。", &[]);
    }

    #[test]
    fn the_subject_of_the_passage_goes_with_everything() {
        check("服务的 prompt_n 是新处理的词元数。", &[]);
    }
}
