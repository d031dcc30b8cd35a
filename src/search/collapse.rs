//! Collapsing: of passages that say the same in the same words, the best stands for all.

use crate::document::{ChunkId, DocId, Passage};
use crate::ranking::Candidate;
use crate::text::{Sketch, letters};
use serde::Serialize;
use std::cell::OnceCell;

/// Share of the shingles from which two passages say the same.
const SHARE_MIN: f64 = 0.9;

/// A passage that another one stands for. Serialized as `rag search --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    pub doc: DocId,
    pub chunk: ChunkId,
    pub path: String,
    /// First and last line in the file, counted from 1.
    pub lines: (u32, u32),
}

/// A passage with what was found of it, and those that it stands for.
pub struct Kept {
    pub candidate: Candidate,
    pub relevance: f32,
    pub passage: Passage,
    pub duplicates: Vec<Duplicate>,
}

/// `found` is best first, and so is what is kept.
pub fn collapse(found: Vec<(Candidate, f32)>, passages: Vec<Passage>) -> Vec<Kept> {
    let mut kept: Vec<(Kept, Wording)> = Vec::new();
    for ((candidate, relevance), passage) in found.into_iter().zip(passages) {
        let wording = Wording::of(&passage.text);
        match kept.iter_mut().find(|(_, other)| wording.says_the_same(other)) {
            Some((first, _)) => first.duplicates.push(Duplicate {
                doc: candidate.chunk.doc.clone(),
                chunk: candidate.chunk,
                path: passage.path,
                lines: passage.lines,
            }),
            None => kept.push((Kept { candidate, relevance, passage, duplicates: Vec::new() }, wording)),
        }
    }
    kept.into_iter().map(|(kept, _)| kept).collect()
}

/// What two passages are compared by.
pub(super) struct Wording {
    letters: Vec<char>,
    /// Made when something else is near enough to be compared with.
    sketch: OnceCell<Sketch>,
    /// Two versions of a rule differ in a number and in nothing else.
    numbers: Vec<String>,
}

impl Wording {
    pub(super) fn of(text: &str) -> Wording {
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).map(String::from);
        Wording { letters: letters(text), sketch: OnceCell::new(), numbers: numbers.collect() }
    }

    pub(super) fn says_the_same(&self, other: &Wording) -> bool {
        let (shorter, longer) =
            (self.letters.len().min(other.letters.len()), self.letters.len().max(other.letters.len()));
        if self.numbers != other.numbers || (shorter as f64) < SHARE_MIN * longer as f64 {
            return false;
        }
        self.letters == other.letters || self.sketch().jaccard(other.sketch()) >= SHARE_MIN
    }

    fn sketch(&self) -> &Sketch {
        self.sketch.get_or_init(|| Sketch::of_letters(&self.letters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expect: bool) {
        assert_eq!(Wording::of(a).says_the_same(&Wording::of(b)), expect, "{a} | {b}");
    }

    #[test]
    fn the_same_words_with_other_marks_say_the_same() {
        check("倒排索引,把词映射到文档。", "倒排索引把词映射到文档", true);
        check("好", "好。", true);
        check("好", "坏", false);
    }

    #[test]
    fn a_long_text_with_a_word_changed_says_the_same_but_not_with_a_number_changed() {
        let text = "劳动者连续工作满一年以上的,享受带薪年休假。单位应当保证职工享受年休假。职工在年休假期间享受与正常工作期间相同的工资收入。年休假天数根据职工累计工作时间确定,累计工作已满1年不满10年的,年休假5天。国家法定休假日、休息日不计入年休假的假期。职工依法享受寒暑假,其休假天数多于年休假天数的,不享受当年的年休假。";
        check(text, &text.replace("应当保证", "必须保证"), true);
        check(text, &text.replace("年休假5天", "年休假10天"), false);
        check(text, &text.repeat(2), false);
    }
}
