//! A name as a query has it written: which of its words may be one, whatever the collection has.
//!
//! Rare by accident is most of what is rare, so that being rare makes no word a name.

use crate::language::is_han;
use crate::text::{Analyzer, Kind, Term, fold};
use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};

/// Shorter words that no dictionary has are mostly cut wrongly.
const UNKNOWN_CHARS_MIN: usize = 3;
/// Chinese set apart is a name up to this length; what is longer is a sentence.
const APART_CHARS: RangeInclusive<usize> = 2..=8;
/// Plain numbers of fewer digits are counts and ordinals, which any passage may have.
const DIGITS_MIN: usize = 3;
/// Small letters among so many foreign words are a sentence.
const SENTENCE_WORDS: usize = 3;
/// English words that are derived are ordinary ones, not names: indexing, latency.
const DERIVED: &[&str] = &[
    "ing", "ings", "ed", "tion", "tions", "sion", "ment", "ments", "ness", "ity", "ities", "ly", "able", "ible", "ous",
    "ive", "ance", "ence", "ancy", "ency", "ful", "less", "ship", "ism", "ical",
];
/// Letters before such an end.
const STEM_LETTERS_MIN: usize = 3;

const OPENING: &[char] = &['“', '‘', '「', '『', '《', '【', '"', '\''];
const CLOSING: &[char] = &['”', '’', '」', '』', '》', '】', '"', '\''];

/// Where a name stands in the query, and what it is looked up by.
pub struct Written {
    pub range: Range<usize>,
    pub likeness: Likeness,
    /// See [`super::Name`].
    pub spellings: Vec<String>,
    pub pairs: Vec<String>,
}

/// How sure it is that a word is a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// An identifier, a foreign word in a Chinese query, Chinese that was set apart on purpose, or all there is.
    Certain,
    /// Chinese of three characters or more that was guessed to be a word, since no dictionary has it; or what is set
    /// apart by blanks alone.
    Guessed,
    /// An English word like others, in an English query.
    Ordinary,
}

/// What of `text` may be a name, and its other content words. An ordinary word is one of these too: it tells as well as
/// they whether a collection knows such a query.
pub fn written(text: &str, analyzer: &Analyzer) -> (Vec<Written>, Vec<String>) {
    let content: HashSet<String> = analyzer.content_words(text).into_iter().collect();
    let mut words = analyzer.terms(text);
    words.retain(|term| term.kind != Kind::Part && content.contains(&term.text));
    let mut found = apart(text, analyzer);
    found.extend(unknown(&words, &found, analyzer));
    found.extend(foreign(text, &words));
    let is_name = |word: &Term| {
        found.iter().any(|name| name.likeness != Likeness::Ordinary && is_within(&word.range, &name.range))
    };
    words.retain(|word| !is_name(word));
    (found, words.into_iter().map(|word| word.text).collect())
}

/// Chinese set apart on purpose: by quotation marks, by blanks between Chinese, or because nothing else is there. A blank
/// between Chinese and Latin is a habit and sets nothing apart; and a word of the dictionary is none for being alone.
fn apart(text: &str, analyzer: &Analyzer) -> Vec<Written> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_han).map(|offset| at + offset) {
        let end = text[start..].find(|c: char| !is_han(c)).map_or(text.len(), |offset| start + offset);
        at = end;
        let run = fold(&text[start..end]);
        let before = set_apart(text[..start].chars().rev(), OPENING);
        let after = set_apart(text[end..].chars(), CLOSING);
        let words = || analyzer.terms(&run).into_iter().filter(|term| term.kind != Kind::Part);
        if let Some((before, after)) = before.zip(after)
            && APART_CHARS.contains(&run.chars().count())
            && !analyzer.is_common(&run)
            && words().any(|word| !analyzer.is_stop_word(&word.text))
        {
            let spellings = words().map(|word| word.text).filter(|word| *word == run).collect();
            found.push(Written {
                range: start..end,
                likeness: if before == Likeness::Certain { after } else { before },
                spellings,
                pairs: pairs(&run, analyzer),
            });
        }
    }
    found
}

/// How surely what begins with `beside`, going away from some Chinese, sets it apart; none where it does not. Keywords are
/// parted by blanks too, and most are made of ordinary words.
fn set_apart(mut beside: impl Iterator<Item = char>, marks: &[char]) -> Option<Likeness> {
    match beside.next() {
        None => Some(Likeness::Certain),
        Some(c) if c.is_whitespace() => match beside.find(|c| !c.is_whitespace()) {
            None => Some(Likeness::Certain),
            Some(c) => is_han(c).then_some(Likeness::Guessed),
        },
        Some(c) => marks.contains(&c).then_some(Likeness::Certain),
    }
}

/// Chinese words that no dictionary has, without a function word among their characters: those were cut wrongly. One in
/// a run that is set apart is a name beside it: a short question is such a run.
fn unknown(words: &[Term], apart: &[Written], analyzer: &Analyzer) -> Vec<Written> {
    let is_name = |word: &&Term| {
        word.text.chars().all(is_han)
            && word.text.chars().count() >= UNKNOWN_CHARS_MIN
            && !analyzer.is_common(&word.text)
            && !word.text.chars().any(|c| analyzer.is_stop_word(c.encode_utf8(&mut [0; 4])))
            && !apart.iter().any(|name| name.range == word.range)
    };
    let found = |word: &Term| Written {
        range: word.range.clone(),
        likeness: Likeness::Guessed,
        spellings: vec![word.text.clone()],
        pairs: pairs(&word.text, analyzer),
    };
    words.iter().filter(is_name).map(found).collect()
}

/// Words of letters and digits, each with all its spellings.
fn foreign(text: &str, words: &[Term]) -> Vec<Written> {
    let is_chinese = text.contains(is_han);
    let is_cased = text.chars().any(|c| c.is_lowercase() || is_han(c));
    let is_alone = words.first().is_some_and(|first| words.iter().all(|word| is_within(&word.range, &first.range)));
    let likeness = |word: &Term| {
        let written = &text[word.range.clone()];
        let is_certain = is_literal(&word.text) || is_alone || (is_cased && has_capitals(written));
        match (is_certain, is_derived(written), is_chinese) {
            (true, ..) => Some(Likeness::Certain),
            (false, true, _) => None,
            (false, false, true) => (!is_in_sentence(text, &word.range)).then_some(Likeness::Certain),
            (false, false, false) => Some(Likeness::Ordinary),
        }
    };
    let mut found: Vec<Written> = Vec::new();
    for word in words.iter().filter(|word| is_spelt(&word.text)) {
        match (found.iter_mut().find(|name| name.range == word.range), likeness(word)) {
            (Some(name), _) => name.spellings.push(word.text.clone()),
            (None, Some(likeness)) => {
                let (range, spellings) = (word.range.clone(), vec![word.text.clone()]);
                found.push(Written { range, likeness, spellings, pairs: Vec::new() })
            }
            (None, None) => {}
        }
    }
    // The 48 and the GB of 48 GB.
    let wholes: Vec<Range<usize>> = found.iter().map(|name| name.range.clone()).collect();
    found.retain(|name| !wholes.iter().any(|whole| *whole != name.range && is_within(&name.range, whole)));
    found
}

/// Of letters that have a case, digits and marks; no single one, and no short plain number.
fn is_spelt(word: &str) -> bool {
    let is_short_number = word.len() < DIGITS_MIN && word.bytes().all(|byte| byte.is_ascii_digit());
    word.chars().nth(1).is_some()
        && !is_short_number
        && !word.contains(is_han)
        && word.contains(|c: char| c.is_lowercase() || c.is_ascii_digit())
}

/// Whether no ordinary word is written so: with digits or marks. A hyphen alone makes none: fine-tune.
fn is_literal(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit() || matches!(c, '_' | '/' | '.' | '@' | '+' | '#'))
}

/// Two capitals in a row, or one after a small letter: `EDQUOT`, `QLoRA`, `getUser`.
fn has_capitals(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    chars.windows(2).any(|two| two[1].is_uppercase() && two[0].is_alphabetic())
}

/// Whether a word of small letters ends as derived English ones do.
fn is_derived(word: &str) -> bool {
    let is_stem = |stem: &str| stem.len() >= STEM_LETTERS_MIN && stem.bytes().all(|byte| byte.is_ascii_lowercase());
    DERIVED.iter().any(|end| word.strip_suffix(end).is_some_and(is_stem))
}

/// Whether the word at `range` of a query with Chinese is one of several in a row.
fn is_in_sentence(text: &str, range: &Range<usize>) -> bool {
    let is_foreign = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | ':' | '=' | ',' | '.' | '\'');
    let start = text[..range.start].trim_end_matches(is_foreign).len();
    let end = text.len() - text[range.end..].trim_start_matches(is_foreign).len();
    let around = text[start..end].split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\'')));
    let words = around.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    words.take(SENTENCE_WORDS).count() == SENTENCE_WORDS
}

fn pairs(text: &str, analyzer: &Analyzer) -> Vec<String> {
    let pairs = analyzer.pairs(text).into_iter().map(|pair| pair.text);
    pairs.filter(|pair| pair.chars().nth(1).is_some()).collect()
}

fn is_within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(None).unwrap());

    /// The names of a query, blanks between them; those that are not certain with a `?`.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = |name: &Written| {
            let doubt = if name.likeness == Likeness::Certain { "" } else { "?" };
            format!("{}{doubt}", &text[name.range.clone()])
        };
        let names: Vec<String> = written(text, &ANALYZER).0.iter().map(shown).collect();
        assert_eq!(names.join(" "), expected, "names of {text:?}");
    }

    #[test]
    fn foreign_words_in_a_chinese_query_are_names() {
        check("磁盘配额超了报 EDQUOT 怎么办", "EDQUOT");
        check("noatime 挂载选项", "noatime");
        check("noatime 和 nodelalloc 的区别", "noatime nodelalloc");
        check("网络线缆接口型号 PX-2087", "PX-2087");
        check("内存 48 GB 够吗", "48 GB");
        check("2024 年的 5 个变化", "2024");
        check("第 50 届在哪里开", "");
        check("DoorDash 怎么做标注", "DoorDash");
    }

    #[test]
    fn ordinary_english_in_it_is_none() {
        check("latency 值不值，能不能挪到 indexing 阶段", "");
        check("报错 transaction too large 怎么办", "");
    }

    #[test]
    fn an_english_query_has_the_identifiers_and_what_is_written_in_capitals() {
        check("what does EDQUOT mean", "EDQUOT mean?");
        check("is getUserById slow", "getUserById slow?");
        check("mount option no_atime", "mount? option? no_atime");
        check("noatime", "noatime");
        check("HOW TO RESET THE ROUTER", "RESET? ROUTER?");
    }

    #[test]
    fn chinese_is_a_name_where_no_dictionary_has_it_or_it_is_set_apart() {
        check("沈墨白是谁", "沈墨白是谁 沈墨白?");
        check("沈墨白是哪个部门的", "沈墨白?");
        check("“绿檬笔记”怎么同步", "绿檬笔记");
        check("微调和 自监督 有什么关系", "微调和? 自监督? 有什么关系?");
        check("概率比", "概率比");
        check("图书馆", "");
        check("什么是", "");
        check("怎样在图书馆续借一本书", "");
    }
}
