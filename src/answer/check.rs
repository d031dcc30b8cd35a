//! A check: whether a passage supports a sentence. Pure: the same at run time and in evaluations.
//!
//! The measure is the share of the sentence's distinct terms (by the analysis that also indexes, stop words left out) that
//! two sentences of the passage have between them. However much agrees, these take support away: a number that is not
//! there, a Latin name that is not there, a predicate denied here and stated there, one of two opposites in the place of
//! the other, words that a repetition joins and the passage keeps apart. All are about words: that the passage means the
//! same is not shown.

use super::figures::Figure;
use super::joined::joined;
use super::read::{Clause, Read};
use crate::language::is_han;
use crate::text::{Analyzer, Term, sentences};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::Range;

/// Fewer shared terms are chance.
const SHARED_TERMS_MIN: usize = 2;
/// Fewer of a sentence's terms are told as thin.
const SHARE_MIN: f32 = 0.4;

/// Of a clause's terms so many make it one about the same, in which a denial can be compared.
const RESEMBLES_MIN: f32 = 0.5;
/// And so many a repetition, in which every word can.
const REPEATS_MIN: f32 = 0.6;

/// Either in the place of the other turns a sentence round.
const OPPOSITES: &[(&str, &str)] = &[
    ("高", "低"),
    ("增", "减"),
    ("升", "降"),
    ("上升", "下降"),
    ("提高", "降低"),
    ("大于", "小于"),
    ("更多", "更少"),
    ("变大", "变小"),
    ("快", "慢"),
    ("早", "晚"),
    ("之前", "之后"),
    ("先", "后"),
    ("必须", "不必"),
    ("优于", "劣于"),
    ("强", "弱"),
    ("变长", "变短"),
    ("相同", "不同"),
    ("包含", "不含"),
    ("有利", "不利"),
    ("超过", "不足"),
    ("至少", "至多"),
    ("最好", "最差"),
    ("最大", "最小"),
    ("贵", "便宜"),
    ("简单", "复杂"),
    ("容易", "难"),
    ("全部", "部分"),
    ("支持", "反对"),
    ("允许", "禁止"),
    ("有损", "无损"),
    ("有效", "无效"),
    ("有关", "无关"),
    ("一致", "不一致"),
    ("可以", "不可以"),
    ("能", "不能"),
    ("好于", "差于"),
    ("更好", "更差"),
    ("变好", "变差"),
    ("安全", "危险"),
    ("省事", "麻烦"),
    ("保留", "删除"),
    ("成功", "失败"),
    ("正确", "错误"),
    ("放大", "缩小"),
    ("more", "less"),
    ("before", "after"),
    ("higher", "lower"),
    ("increase", "decrease"),
];

/// Why a passage does not support a sentence, whatever else agrees. Serialized as `{"kind": "number", "word": "48%"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "word", rename_all = "snake_case")]
pub enum Fault {
    /// The passage has no such number, or not with this unit.
    Number(String),
    /// The passage has no such Latin word.
    Name(String),
    /// Denied in one and not in the other.
    Negation(String),
    /// Said of one thing where the passage says it of another, in the same words.
    Moved(String),
    /// Said in the place of its opposite.
    Opposite(String),
    /// Two words together that the passage has apart: `prompt_n 沿用`.
    Joined(String),
    /// Too few of the terms are there.
    Thin,
}

/// What a passage says of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Share of the sentence's terms that two sentences of the passage have, 0 to 1.
    pub share: f32,
    /// How many they are, and of how many.
    pub shared: usize,
    pub terms: usize,
    /// The passage's sentence with most of them: a range of its text; empty where none has any.
    pub quote: Range<usize>,
    pub faults: Vec<Fault>,
}

impl Checked {
    /// Whether a sentence that cites the passage may rest on it. A model that cites has some reason: few shared terms are
    /// enough, since it may say it in words of its own, but nothing may speak against it.
    pub fn is_supported(&self) -> bool {
        let is_enough = self.shared >= SHARED_TERMS_MIN.min(self.terms) && self.shared > 0 && !self.quote.is_empty();
        is_enough && self.faults.iter().all(|fault| *fault == Fault::Thin)
    }
}

/// A passage, read once for all sentences that are laid beside it.
pub struct Source {
    sentences: Vec<(Range<usize>, Read)>,
    heading: Read,
    whole: Read,
    clauses: Vec<Clause>,
}

impl Source {
    /// `passage` stands under `heading`, which may be empty.
    pub fn new(heading: &str, passage: &str, analyzer: &Analyzer) -> Source {
        let all = format!("{heading}\n{passage}");
        let read = |range: Range<usize>| (range.clone(), Read::new(&passage[range], analyzer));
        Source {
            sentences: sentences(passage).into_iter().map(read).collect(),
            heading: Read::new(heading, analyzer),
            whole: Read::new(&all, analyzer),
            clauses: Clause::all(passage, analyzer),
        }
    }

    /// Whether the passage supports `sentence`.
    pub fn check(&self, sentence: &str, analyzer: &Analyzer) -> Checked {
        let claim = Read::new(sentence, analyzer);
        let first = self.best(|read| claim.content.intersection(&read.content).count());
        let in_first = |term: &&String| first.is_some_and(|at| self.sentences[at].1.content.contains(*term));
        let rest: Vec<&String> = claim.content.iter().filter(|term| !in_first(term)).collect();
        let second = self.best(|read| rest.iter().filter(|term| read.content.contains(**term)).count());
        let two = first.into_iter().chain(second).map(|at| &self.sentences[at].1);
        let window: Vec<&Read> = two.chain([&self.heading]).collect();
        let is_there = |term: &&String| window.iter().any(|read| read.content.contains(*term));
        let shared = claim.content.iter().filter(is_there).count();
        let share = if claim.content.is_empty() { 0.0 } else { shared as f32 / claim.content.len() as f32 };
        let mut faults = self.number_faults(&claim, &window);
        faults.extend(name_faults(sentence, &claim, &self.whole));
        faults.extend(self.clause_faults(sentence, analyzer));
        if share < SHARE_MIN {
            faults.push(Fault::Thin);
        }
        Checked {
            share,
            shared,
            terms: claim.content.len(),
            quote: first.map_or(0..0, |at| self.sentences[at].0.clone()),
            faults,
        }
    }

    /// The first of the sentences with the most; none where all have nothing.
    fn best(&self, count: impl Fn(&Read) -> usize) -> Option<usize> {
        let mut best = None;
        let mut most = 0;
        for (at, (_, read)) in self.sentences.iter().enumerate() {
            let count = count(read);
            if count > most {
                (best, most) = (Some(at), count);
            }
        }
        best
    }

    /// Figures stand where the claim is made; one that the passage has elsewhere was taken from there.
    fn number_faults(&self, claim: &Read, window: &[&Read]) -> Vec<Fault> {
        let is_here = |figure: &Figure| window.iter().any(|read| read.has(figure));
        let fault = |figure: &Figure| match self.whole.has(figure) {
            true => Fault::Moved(figure.text.clone()),
            false => Fault::Number(figure.text.clone()),
        };
        claim.figures.iter().filter(|figure| !is_here(figure)).map(fault).collect()
    }

    fn clause_faults(&self, sentence: &str, analyzer: &Analyzer) -> Vec<Fault> {
        let claimed = Clause::all(sentence, analyzer);
        let swapped = joined(&claimed, &self.clauses, |word| self.is_subject(word)).into_iter().map(Fault::Joined);
        swapped.chain(claimed.iter().flat_map(|claim| self.faults_of(claim))).collect()
    }

    /// A clause is laid beside the clause of the passage that it repeats.
    fn faults_of(&self, claim: &Clause) -> Vec<Fault> {
        let nearest = self.clauses.iter().max_by(|a, b| a.covers(claim).total_cmp(&b.covers(claim)));
        let Some(beside) = nearest else { return Vec::new() };
        let covered = beside.covers(claim);
        if covered < RESEMBLES_MIN {
            return Vec::new();
        }
        let equals: Vec<&Clause> = self.clauses.iter().filter(|clause| clause.covers(claim) >= covered).collect();
        let readings: Vec<&Read> = equals.iter().map(|clause| &clause.read).collect();
        let mut faults = negation_faults(&claim.read, &readings);
        faults.extend(opposite_faults(&claim.read, &readings));
        if covered >= REPEATS_MIN {
            faults.extend(moved_figures(claim, &readings).chain(self.moved_terms(claim, beside)).map(Fault::Moved));
        }
        faults
    }

    /// What a clause has and the one that it repeats lacks, but a parallel clause of the passage has, was taken from there.
    fn moved_terms(&self, claim: &Clause, beside: &Clause) -> impl Iterator<Item = String> {
        let is_parallel =
            |other: &&Clause| other.terms.intersection(&beside.terms).any(|term| claim.terms.contains(term));
        let is_taken = |term: &&String| {
            self.clauses.iter().filter(|other| other.terms.contains(*term)).any(|other| is_parallel(&other))
        };
        let has_other = beside.terms.iter().any(|term| !claim.terms.contains(term));
        let lacking = claim.terms.difference(&beside.terms).filter(|term| has_other && !self.is_subject(term));
        let mut moved: Vec<String> = lacking.filter(is_taken).cloned().collect();
        moved.sort();
        moved.into_iter()
    }

    /// Whether the passage is about it, and so need not say it again.
    fn is_subject(&self, word: &str) -> bool {
        self.heading.content.contains(word)
    }
}

/// Figures of a clause that those it repeats do not have, where they have some.
fn moved_figures<'a>(claim: &'a Clause, beside: &'a [&Read]) -> impl Iterator<Item = String> + 'a {
    let has_figures = beside.iter().any(|read| !read.figures.is_empty());
    let is_strange = move |figure: &&Figure| has_figures && !beside.iter().any(|read| read.has(figure));
    claim.read.figures.iter().filter(is_strange).map(|figure| figure.text.clone())
}

/// Latin words among Chinese are names; among others of their kind those are that begin or hold a capital or a digit.
fn name_faults(sentence: &str, claim: &Read, passage: &Read) -> Vec<Fault> {
    let is_chinese = sentence.contains(is_han);
    let is_written_as_name = |term: &Term| {
        let written = &sentence[term.range.clone()];
        let has_capital = term.range.start > 0 && written.contains(|c: char| c.is_ascii_uppercase());
        is_chinese || has_capital || written.contains(|c: char| c.is_ascii_digit())
    };
    let is_latin = |text: &str| text.len() > 1 && text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_name = |term: &&Term| is_latin(&term.text) && claim.content.contains(&term.text) && is_written_as_name(term);
    let letters = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    let text = letters(&passage.text);
    let is_there = |name: &&String| passage.content.contains(*name) || text.contains(&letters(name));
    let mut names: Vec<&String> =
        claim.terms.iter().filter(is_name).map(|term| &term.text).filter(|name| !is_there(name)).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| Fault::Name(name.clone())).collect()
}

fn negation_faults(claim: &Read, window: &[&Read]) -> Vec<Fault> {
    let (denied, stated) = claim.negated();
    let (mut denied_there, mut stated_there) = (HashSet::new(), HashSet::new());
    for read in window {
        let (negated, free) = read.negated();
        denied_there.extend(negated);
        stated_there.extend(free);
    }
    let turned = |here: &HashSet<&str>, other: &HashSet<&str>, same: &HashSet<&str>| -> Vec<String> {
        here.iter().filter(|term| other.contains(*term) && !same.contains(*term)).map(ToString::to_string).collect()
    };
    let mut terms = turned(&denied, &stated_there, &denied_there);
    terms.extend(turned(&stated, &denied_there, &stated_there));
    terms.sort();
    terms.into_iter().map(Fault::Negation).collect()
}

fn opposite_faults(claim: &Read, window: &[&Read]) -> Vec<Fault> {
    let there = |word: &str| window.iter().any(|read| read.text.contains(word));
    let both_ways = OPPOSITES.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
    let is_turned = |(said, opposite): &(&str, &str)| {
        // 不能 holds 能: of such a pair only the longer one tells something.
        let is_part = opposite.contains(said);
        claim.text.contains(said) && !there(said) && there(opposite) && !claim.text.contains(opposite) && !is_part
    };
    both_ways.filter(is_turned).map(|(said, _)| Fault::Opposite(said.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(None).unwrap());
    const PASSAGE: &str = "QLoRA 把底座量化为 4 位并冻结,显存由 780 GB 降到 48 GB。Claude 偏好 XML,GPT 偏好 Markdown。\
        词法检索不需要显卡,向量检索也不需要。文档多于一千篇时,索引可以压缩。";

    fn check(sentence: &str, expect: &[Fault]) {
        let checked = Source::new("QLoRA", PASSAGE, &ANALYZER).check(sentence, &ANALYZER);
        assert_eq!(checked.faults, expect, "{sentence}");
        assert_eq!(checked.is_supported(), expect.is_empty());
    }

    #[test]
    fn the_same_in_other_words_is_supported() {
        check("底座被 QLoRA 量化成 4 位,而且冻结。", &[]);
        check("显存从 780GB 降到 48GB。", &[]);
        check("词法检索不需要显卡。", &[]);
    }

    #[test]
    fn words_of_an_english_sentence_are_not_all_names() {
        let source = Source::new("", "QLoRA quantizes the frozen base model to 4 bits, 32,768 tokens long.", &ANALYZER);
        let faults = |sentence: &str| source.check(sentence, &ANALYZER).faults;
        assert_eq!(faults("The base model is frozen and quantized to 4 bits by QLoRA."), []);
        assert_eq!(faults("It is 32768 tokens long"), []);
        assert_eq!(faults("The frozen base model of Guanaco is 4 bits"), [Fault::Name("guanaco".into())]);
    }

    #[test]
    fn a_figure_or_a_name_that_is_not_there_takes_support_away() {
        check("QLoRA 把底座量化为 3 位并冻结。", &[Fault::Number("3".into()), Fault::Moved("3".into())]);
        check("显存降到 48%。", &[Fault::Number("48%".into()), Fault::Moved("48%".into())]);
        check("Gemini 偏好 Markdown。", &[Fault::Name("gemini".into())]);
    }

    #[test]
    fn what_is_denied_turned_round_or_moved_takes_support_away() {
        check("词法检索需要显卡。", &[Fault::Negation("显卡".into())]);
        check("GPT 偏好 XML,Claude 偏好 Markdown。", &[Fault::Moved("xml".into()), Fault::Moved("claud".into())]);
        check("显存由 780 GB 升到 48 GB。", &[Fault::Opposite("升".into())]);
    }

    #[test]
    fn another_subject_is_too_thin() {
        check("红烧肉要先焯水再炒糖色。", &[Fault::Thin]);
    }

    #[test]
    fn the_quote_is_the_sentence_that_says_it() {
        let checked = Source::new("", PASSAGE, &ANALYZER).check("索引可以压缩", &ANALYZER);
        assert_eq!(&PASSAGE[checked.quote], "文档多于一千篇时,索引可以压缩。");
    }
}
