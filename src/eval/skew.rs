//! Skew: how far the questions that users ask are from those that a suite asks. What a suite does not ask it does not
//! measure.
//!
//! Compared is what can be told of a question without its answer: its form (length, script, question mark, typos, whether
//! it follows up) and its content (kind of question, words that the collection has nowhere).

use super::files::read_lines;
use super::stats::{holm, two_sample_p};
use super::suite::{QUERY_LINE, QueryLine};
use super::{EvalProblem, Suite};
use crate::engine::{Engine, Known, Plan};
use crate::error::Result;
use crate::language::{Lang, is_han};
use serde::Serialize;
use std::path::Path;

/// With fewer questions on either side, nothing is concluded.
pub const QUESTIONS_MIN: usize = 30;
/// A difference that is certain may still be too small to matter: so many of a hundred questions are otherwise.
const DISTANCE_MIN: f64 = 0.1;
/// And one median is so many times the other.
const LENGTH_RATIO_MIN: f64 = 1.3;
/// After Holm's correction for the number of comparisons.
const P_MAX: f64 = 0.05;

/// A question, on either side.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    text: String,
    is_follow_up: bool,
}

/// Serialized as `rag skew --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skew {
    pub suite: String,
    /// None where all splits are looked at.
    pub split: Option<String>,
    /// Questions of the log, and of the suite.
    pub log: usize,
    pub asked: usize,
    /// Whether both are enough to conclude anything.
    pub is_enough: bool,
    pub length: Length,
    pub mixes: Vec<Mix>,
}

/// Characters of a question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Length {
    pub log: Quantiles,
    pub suite: Quantiles,
    /// Median of the log less that of the suite.
    pub difference: f64,
    /// Of the permutation test, corrected.
    pub p: f64,
    pub stands_out: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    pub p10: f64,
    pub p50: f64,
    pub p90: f64,
}

/// One way to sort questions into groups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mix {
    /// `script`, `kind`, `mark`, `follow_up`, `misspelt` or `unknown_word`.
    pub name: &'static str,
    pub groups: Vec<Group>,
    /// Total variation: so many of the log's questions, 0 to 1, would have to be in another group.
    pub distance: f64,
    /// Of the permutation test, corrected.
    pub p: f64,
    pub stands_out: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub name: &'static str,
    pub log: Count,
    pub suite: Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Count {
    pub count: usize,
    pub share: f64,
}

/// The questions of the last days' journal, asked of this engine's collection, beside those of the suite in `folder`. `on`
/// hears how many of how many were looked at.
pub fn skew(
    engine: &Engine,
    folder: &Path,
    split: Option<&str>,
    days: Option<u64>,
    on: &mut dyn FnMut(usize, usize),
) -> Result<Skew> {
    let own = engine.config().text("collection");
    let logged = engine.log(days)?.into_iter().map(|logged| logged.entry).filter(|entry| entry.collection == own);
    let log: Vec<Asked> =
        logged.map(|entry| Asked { text: entry.question, is_follow_up: !entry.history.is_empty() }).collect();
    let (name, suite) = questions(folder, split)?;
    let (mut done, total) = (0, log.len() + suite.len());
    let mut known = |question: &str| {
        on(done, total);
        done += 1;
        engine.known(question)
    };
    compared(name, split, &log, &suite, &mut known)
}

fn questions(folder: &Path, split: Option<&str>) -> Result<(String, Vec<Asked>)> {
    let suite = Suite::open(folder, split)?;
    let own = folder.join("topics.jsonl");
    let path = if own.is_file() { own } else { folder.join("queries.jsonl") };
    let lines = read_lines::<QueryLine>(&path, QUERY_LINE)?.into_iter();
    let of_split = lines.filter(|line| split.is_none() || line.split.as_deref().is_none_or(|own| Some(own) == split));
    let asked: Vec<Asked> =
        of_split.map(|line| Asked { text: line.text, is_follow_up: !line.history.is_empty() }).collect();
    if asked.is_empty() {
        return Err(EvalProblem::NoTopics { suite: suite.name }.into());
    }
    Ok((suite.name, asked))
}

/// `known` tells what of a question the collection knows.
fn compared(
    suite: String,
    split: Option<&str>,
    log: &[Asked],
    asked: &[Asked],
    known: &mut dyn FnMut(&str) -> Result<Known>,
) -> Result<Skew> {
    let log: Vec<Traits> = log.iter().map(|asked| Traits::of(asked, known)).collect::<Result<_>>()?;
    let suite_traits: Vec<Traits> = asked.iter().map(|asked| Traits::of(asked, known)).collect::<Result<_>>()?;
    let is_enough = log.len().min(suite_traits.len()) >= QUESTIONS_MIN;
    let mut length = Length::of(&log, &suite_traits);
    let mut mixes: Vec<Mix> = MIXES.iter().map(|sorting| sorting.mix(&log, &suite_traits)).collect();
    let p: Vec<f64> = std::iter::once(length.p).chain(mixes.iter().map(|mix| mix.p)).collect();
    let p = holm(&p);
    length.p = p[0];
    let (short, long) = (length.log.p50.min(length.suite.p50), length.log.p50.max(length.suite.p50));
    length.stands_out = is_enough && length.p < P_MAX && long >= LENGTH_RATIO_MIN * short;
    for (mix, p) in mixes.iter_mut().zip(&p[1..]) {
        mix.p = *p;
        mix.stands_out = is_enough && mix.p < P_MAX && mix.distance >= DISTANCE_MIN;
    }
    let split = split.map(String::from);
    Ok(Skew { suite, split, log: log.len(), asked: suite_traits.len(), is_enough, length, mixes })
}

impl Skew {
    /// What stands out, a sentence each, the largest difference first; or why nothing is concluded.
    pub fn words(&self, lang: Lang) -> Vec<String> {
        if !self.is_enough {
            let (log, asked) = (self.log, self.asked);
            return vec![lang.pick(
                format!("样本太小(日志 {log} 问,评测集 {asked} 问),不下结论;两边各要 {QUESTIONS_MIN} 问"),
                format!(
                    "too few to conclude anything ({log} logged, {asked} in the suite); {QUESTIONS_MIN} each are needed"
                ),
            )];
        }
        let mut mixes: Vec<&Mix> = self.mixes.iter().filter(|mix| mix.stands_out).collect();
        mixes.sort_by(|a, b| b.distance.total_cmp(&a.distance));
        let mut words: Vec<String> = mixes.iter().map(|mix| mix.words(lang)).collect();
        if self.length.stands_out {
            let (log, suite) = (self.length.log.p50, self.length.suite.p50);
            let (zh, en) = if log > suite { ("更长", "longer") } else { ("更短", "shorter") };
            words.push(lang.pick(
                format!("用户的问题{zh}:中位 {log} 字,评测集 {suite} 字"),
                format!("users' questions are {en}: median {log} characters, the suite's {suite}"),
            ));
        }
        if words.is_empty() {
            words.push(lang.pick("没有突出的差别".into(), "nothing stands out".into()));
        }
        words
    }
}

impl Mix {
    /// What the group that differs most is, and how much of it there is.
    fn words(&self, lang: Lang) -> String {
        let gap = |group: &&Group| (group.log.share - group.suite.share).abs();
        let told = self.groups.iter().filter(|group| group.name != "no");
        let Some(most) = told.max_by(|a, b| gap(a).total_cmp(&gap(b))) else { return String::new() };
        let (log, suite) = (100.0 * most.log.share, 100.0 * most.suite.share);
        let (zh, en) = phrase(self.name, most.name);
        let but = if log > suite { "只有" } else { "却有" };
        lang.pick(
            format!("{zh}:占用户问题的 {log:.0} %,评测集{but} {suite:.0} %"),
            format!("{en}: {log:.0} % of users' questions, {suite:.0} % of the suite's"),
        )
    }
}

/// A group in words.
fn phrase(mix: &str, group: &'static str) -> (&'static str, &'static str) {
    match (mix, group) {
        ("script", "han") => ("只用汉字", "Chinese characters only"),
        ("script", "latin") => ("只用拉丁字母", "Latin letters only"),
        ("script", "mixed") => ("中英混写", "Chinese and Latin mixed"),
        ("kind", "define") => ("问是什么", "asking what something is"),
        ("kind", "compare") => ("问区别", "asking for a comparison"),
        ("kind", "how_to") => ("问怎么做", "asking how to"),
        ("kind", "numeric") => ("问数值", "asking for a number"),
        ("kind", "other") => ("看不出问法的", "of no kind that a rule tells"),
        ("mark", _) => ("以问号结尾", "ending with a question mark"),
        ("follow_up", _) => ("追问", "following up"),
        ("misspelt", _) => ("有词被检索改读", "with a word that the search reads otherwise"),
        ("unknown_word", _) => ("有资料库里没有的词", "with a word that the collection has nowhere"),
        _ => (group, group),
    }
}

/// What is told of one question.
#[derive(Debug, Clone, Copy)]
struct Traits {
    chars: f64,
    script: usize,
    kind: usize,
    has_mark: usize,
    is_follow_up: usize,
    is_misspelt: usize,
    has_unknown: usize,
}

impl Traits {
    fn of(asked: &Asked, known: &mut dyn FnMut(&str) -> Result<Known>) -> Result<Traits> {
        let text = asked.text.trim();
        let known = known(text)?;
        let kind = Plan::of(text).kind.name();
        Ok(Traits {
            chars: text.chars().count() as f64,
            script: script(text),
            kind: KINDS.iter().position(|name| *name == kind).unwrap_or(KINDS.len() - 1),
            has_mark: usize::from(text.ends_with(['?', '？'])),
            is_follow_up: usize::from(asked.is_follow_up),
            is_misspelt: usize::from(!known.corrections.is_empty()),
            has_unknown: usize::from(known.unknown > 0),
        })
    }
}

const SCRIPTS: &[&str] = &["han", "latin", "mixed", "other"];

fn script(text: &str) -> usize {
    let (han, latin) = (text.contains(is_han), text.contains(|c: char| c.is_ascii_alphabetic()));
    match (han, latin) {
        (true, false) => 0,
        (false, true) => 1,
        (true, true) => 2,
        (false, false) => 3,
    }
}

const KINDS: &[&str] = &["define", "compare", "how_to", "numeric", "other"];
const NO_YES: &[&str] = &["no", "yes"];

/// A mix before anything is counted.
struct Sorting {
    name: &'static str,
    groups: &'static [&'static str],
    of: fn(&Traits) -> usize,
}

const MIXES: &[Sorting] = &[
    Sorting { name: "script", groups: SCRIPTS, of: |traits| traits.script },
    Sorting { name: "kind", groups: KINDS, of: |traits| traits.kind },
    Sorting { name: "mark", groups: NO_YES, of: |traits| traits.has_mark },
    Sorting { name: "follow_up", groups: NO_YES, of: |traits| traits.is_follow_up },
    Sorting { name: "misspelt", groups: NO_YES, of: |traits| traits.is_misspelt },
    Sorting { name: "unknown_word", groups: NO_YES, of: |traits| traits.has_unknown },
];

impl Sorting {
    fn mix(&self, log: &[Traits], suite: &[Traits]) -> Mix {
        let sorted = |all: &[Traits]| all.iter().map(self.of).collect::<Vec<usize>>();
        let (log, suite) = (sorted(log), sorted(suite));
        let distance = |one: &[usize], other: &[usize]| total_variation(one, other, self.groups.len());
        let group = |(at, name): (usize, &&'static str)| Group { name, log: count(&log, at), suite: count(&suite, at) };
        Mix {
            name: self.name,
            groups: self.groups.iter().enumerate().map(group).collect(),
            distance: distance(&log, &suite),
            p: two_sample_p(&log, &suite, distance),
            stands_out: false,
        }
    }
}

fn count(sorted: &[usize], at: usize) -> Count {
    let count = sorted.iter().filter(|group| **group == at).count();
    Count { count, share: count as f64 / sorted.len().max(1) as f64 }
}

/// Half the sum of the differences of the shares.
fn total_variation(one: &[usize], other: &[usize], groups: usize) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    (0..groups).map(|at| (count(one, at).share - count(other, at).share).abs()).sum::<f64>() / 2.0
}

impl Length {
    fn of(log: &[Traits], suite: &[Traits]) -> Length {
        let chars = |all: &[Traits]| all.iter().map(|traits| traits.chars).collect::<Vec<f64>>();
        let (log, suite) = (chars(log), chars(suite));
        let distance = |one: &[f64], other: &[f64]| (Quantiles::of(one).p50 - Quantiles::of(other).p50).abs();
        let p = two_sample_p(&log, &suite, distance);
        let (log, suite) = (Quantiles::of(&log), Quantiles::of(&suite));
        Length { log, suite, difference: log.p50 - suite.p50, p, stands_out: false }
    }
}

impl Quantiles {
    /// By the nearest rank; 0 without values.
    fn of(values: &[f64]) -> Quantiles {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * values.len() as f64).ceil().max(1.0) as usize;
            values.get(rank - 1).copied().unwrap_or_default()
        };
        Quantiles { p10: at(0.1), p50: at(0.5), p90: at(0.9) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Correction;

    fn skewed(log: &[String], suite: &[String]) -> Skew {
        let asked = |all: &[String]| {
            all.iter().map(|text| Asked { text: text.clone(), is_follow_up: false }).collect::<Vec<_>>()
        };
        // Who writes 检锁 means 检索.
        let mut known = |text: &str| {
            let typo = Correction { typed: "检锁".into(), read_as: "检索".into() };
            let corrections = if text.contains("检锁") { vec![typo] } else { Vec::new() };
            Ok(Known { words: 1, unknown: corrections.len(), corrections })
        };
        compared("s".into(), None, &asked(log), &asked(suite), &mut known).unwrap()
    }

    fn numbered(count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
        (0..count).map(text).collect()
    }

    #[test]
    fn the_same_questions_do_not_differ() {
        let questions = numbered(80, |n| format!("第 {n} 种检索怎么用?"));
        let skew = skewed(&questions, &questions);
        assert!(skew.mixes.iter().all(|mix| mix.distance == 0.0 && mix.p == 1.0 && !mix.stands_out));
        assert_eq!((skew.length.difference, skew.words(Lang::En)), (0.0, vec!["nothing stands out".into()]));
    }

    #[test]
    fn what_users_do_otherwise_stands_out() {
        let log = numbered(60, |n| if n % 2 == 0 { format!("检锁 {n}") } else { format!("bm25 {n}") });
        let suite = numbered(60, |n| format!("请问第 {n} 种检索的默认值是多少,应该怎么设置?"));
        let skew = skewed(&log, &suite);
        let of = |name: &str| skew.mixes.iter().find(|mix| mix.name == name).unwrap();
        assert_eq!((of("script").distance, of("misspelt").distance, of("kind").distance), (0.5, 0.5, 1.0));
        assert!(
            of("kind").stands_out && of("mark").stands_out && skew.length.stands_out && !of("follow_up").stands_out
        );
        let words = skew.words(Lang::En);
        assert_eq!(words[0], "of no kind that a rule tells: 100 % of users' questions, 0 % of the suite's");
        assert!(words.last().unwrap().starts_with("users' questions are shorter: median 5 characters"), "{words:?}");
        assert!(skew.words(Lang::Zh).contains(&"以问号结尾:占用户问题的 0 %,评测集却有 100 %".to_string()));
    }

    #[test]
    fn of_few_questions_nothing_is_concluded() {
        let skew = skewed(&numbered(29, |n| format!("a{n}")), &numbered(90, |n| format!("第 {n} 种检索?")));
        assert!(!skew.is_enough && skew.mixes.iter().all(|mix| !mix.stands_out));
        assert!(skew.words(Lang::En)[0].starts_with("too few to conclude anything (29 logged"));
    }
}
