//! A text as a check reads it: its terms, its figures, what it denies, and the clauses that it is made of.

use super::figures::{Figure, figures};
use crate::text::{Analyzer, Kind, Term, fold};
use std::collections::HashSet;

/// Tokens that deny what comes next. Words such as 非常 and 区别 only hold the characters.
const NEGATORS: &[&str] = &[
    "不",
    "没",
    "没人",
    "无人",
    "没有",
    "未",
    "无",
    "非",
    "勿",
    "别",
    "不是",
    "并非",
    "并不",
    "并未",
    "不能",
    "不会",
    "不可",
    "不要",
    "不用",
    "不必",
    "不得",
    "不再",
    "无法",
    "无需",
    "无须",
    "未必",
    "从不",
    "绝不",
    "不需",
    "不需要",
    "不必要",
    "not",
    "no",
    "never",
    "cannot",
    "without",
    "nor",
];

/// A text with what it is compared by.
pub(super) struct Read {
    pub text: String,
    pub terms: Vec<Term>,
    pub content: HashSet<String>,
    pub figures: Vec<Figure>,
}

impl Read {
    pub fn new(text: &str, analyzer: &Analyzer) -> Read {
        Read {
            text: fold(text),
            terms: analyzer.terms(text).into_iter().filter(|term| term.kind != Kind::Part).collect(),
            content: analyzer.content_words(text).into_iter().collect(),
            figures: figures(text),
        }
    }

    pub fn has(&self, figure: &Figure) -> bool {
        self.figures.iter().any(|own| figure.agrees(own))
    }

    /// Content terms as they come, one for each place.
    pub fn words(&self) -> Vec<&str> {
        let mut words: Vec<&Term> = self.terms.iter().filter(|term| self.content.contains(&term.text)).collect();
        words.dedup_by_key(|term| term.position);
        words.into_iter().map(|term| term.text.as_str()).collect()
    }

    /// Content terms that come right behind a negator, and those that stand free. What comes later in a denied clause is
    /// neither: 「不是睡固定的几秒」 denies 「固定」 as much as 「睡」.
    pub fn negated(&self) -> (HashSet<&str>, HashSet<&str>) {
        let (mut negated, mut free) = (HashSet::new(), HashSet::new());
        let (mut is_open, mut is_denied) = (false, false);
        let mut last = 0;
        for term in &self.terms {
            // A negation does not reach over a comma.
            if term.position > last + 2 {
                (is_open, is_denied) = (false, false);
            }
            last = term.position;
            if NEGATORS.contains(&term.text.as_str()) {
                (is_open, is_denied) = (true, true);
            } else if self.content.contains(&term.text) {
                if std::mem::take(&mut is_open) {
                    negated.insert(term.text.as_str());
                } else if !is_denied {
                    free.insert(term.text.as_str());
                }
            }
        }
        (negated, free)
    }
}

/// A clause with what it says: its content terms, its figures among them.
pub(super) struct Clause {
    pub read: Read,
    pub terms: HashSet<String>,
    /// What the first cell of its row says, in a table: the row is about that.
    row: HashSet<String>,
}

impl Clause {
    /// The clauses of `text` that say something.
    pub fn all(text: &str, analyzer: &Analyzer) -> Vec<Clause> {
        let ends = ['，', '。', '；', '：', '！', '？', ',', ';', ':', '|', '、'];
        let text = without_insertions(&without_questions(&without_separators(text)));
        let mut clauses = Vec::new();
        for line in text.lines() {
            let first_cell = line.trim_start().strip_prefix('|').and_then(|row| row.split('|').next());
            let row: HashSet<String> =
                first_cell.map(|cell| analyzer.content_words(cell)).unwrap_or_default().into_iter().collect();
            for clause in line.split(ends) {
                let read = Read::new(clause, analyzer);
                let terms: HashSet<String> =
                    read.content.iter().filter(|term| !starts_with_digit(term)).cloned().collect();
                if !terms.is_empty() {
                    clauses.push(Clause { read, terms, row: row.clone() });
                }
            }
        }
        clauses
    }

    /// Whether it says `word`, by itself or by its row.
    pub fn says(&self, word: &str) -> bool {
        self.read.content.contains(word) || self.row.contains(word)
    }

    /// Share of the other's terms that it has.
    pub fn covers(&self, other: &Clause) -> f32 {
        self.terms.intersection(&other.terms).count() as f32 / other.terms.len() as f32
    }
}

/// `32,768` is one number, and no end of a clause.
fn without_separators(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let is_separator = |at: usize| chars[at] == ',' && at > 0 && is_digit(at - 1) && is_digit(at + 1);
    (0..chars.len()).filter(|at| !is_separator(*at)).map(|at| chars[at]).collect()
}

/// 「有没有」 and 「找没找到」 ask which it is, and deny nothing: 「有」, 「找到」.
fn without_questions(text: &str) -> String {
    let mut kept: Vec<char> = Vec::new();
    for c in text.chars() {
        match kept[..] {
            [.., before, '不' | '没'] if before == c => drop(kept.pop()),
            _ => kept.push(c),
        }
    }
    kept.into_iter().collect()
}

/// 「LoRA（Hu 等，2021）是一种方法。」 → 「LoRA是一种方法。Hu 等，2021。」: what stands in brackets is put behind the clause
/// that it interrupts.
fn without_insertions(text: &str) -> String {
    let mut kept = String::new();
    let (mut inner, mut depth) = (String::new(), 0usize);
    for c in text.chars() {
        match c {
            '（' | '(' => depth += 1,
            '）' | ')' if depth > 0 => {
                depth -= 1;
                inner.push('。');
            }
            _ if depth > 0 => inner.push(c),
            '，' | '。' | '；' | '！' | '？' | '|' | '\n' if !inner.is_empty() => {
                kept.push('。');
                kept.push_str(&std::mem::take(&mut inner));
                kept.push(c);
            }
            _ => kept.push(c),
        }
    }
    kept + "。" + &inner
}

fn starts_with_digit(term: &str) -> bool {
    term.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&[&str]]) {
        let analyzer = Analyzer::new(None).unwrap();
        let clauses = Clause::all(text, &analyzer);
        assert_eq!(clauses.iter().map(|clause| clause.read.words()).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn what_stands_in_brackets_interrupts_no_clause() {
        check("LoRA（Hu 等，2021）冻结权重，训练矩阵。", &[&["lora", "冻结", "权重"], &["hu"], &["训练", "矩阵"]]);
        check("显存（由八十降到五十", &[&["显存"], &["八十", "降到", "五十"]]);
    }

    #[test]
    fn separators_of_thousands_end_no_clause() {
        check("词元 32,768", &[&["词元", "32768"]]);
    }

    #[test]
    fn a_row_of_a_table_is_about_its_first_cell() {
        let analyzer = Analyzer::new(None).unwrap();
        let clauses = Clause::all("| Guanaco | 单卡；99.3% 得分 |", &analyzer);
        assert!(clauses.iter().all(|clause| clause.says("guanaco")));
    }

    #[test]
    fn a_choice_denies_nothing() {
        let analyzer = Analyzer::new(None).unwrap();
        let negated = |text: &str| Read::new(&without_questions(text), &analyzer).negated().0.len();
        assert_eq!((negated("找没找到文档"), negated("有没有文档"), negated("没找到文档")), (0, 0, 1));
    }

    #[test]
    fn what_comes_later_in_a_denied_clause_is_neither_denied_nor_stated() {
        let analyzer = Analyzer::new(None).unwrap();
        let read = Read::new("不是轮询固定时间，应当排队", &analyzer);
        let (negated, free) = read.negated();
        assert!(negated.contains("轮询") && !free.contains("固定") && free.contains("排队"), "{negated:?} {free:?}");
    }
}
