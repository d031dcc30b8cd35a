//! A test: a condition made ready for the values of its key, by what most of them can be taken for.

use super::list::{clean, entries, tags};
use super::pattern::Pattern;
use super::reading::{KINDS, Kind, Reading};
use super::{Comparison, Condition, date, words};
use crate::store::StoreProblem;
use std::collections::BTreeSet;

/// Shown where a date is wanted and none is at hand.
const DAY: &str = "2024-05-01";

/// Made once a condition, then asked of each distinct value.
pub struct Test {
    comparison: Comparison,
    way: Way,
}

/// How the values of a key are compared.
enum Way {
    Path(Pattern),
    /// The bound, its levels parted by `/`: a tag is found by those above it too.
    Tag(String),
    /// Titles and the like: the whole value.
    Text(String),
    Typed {
        bound: Reading,
        kind: Option<Kind>,
    },
}

/// What a value is to a condition. For [`Comparison::IsNot`], `Matches` are the values that must not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Matches,
    Differs,
    /// Cannot be compared with the bound.
    Uncompared,
}

impl Condition {
    /// Whether its test depends on all values of the key.
    pub fn is_typed(&self) -> bool {
        self.comparison.is_order() || !(self.is_of_tags() || matches!(&*self.key, "path" | "source" | "ext" | "title"))
    }

    fn is_of_tags(&self) -> bool {
        words::is("tag-key", &self.key)
    }

    /// What is to be asked of each value, where `values` are all there are under the key; for a condition that is not
    /// [typed](Condition::is_typed) they are not looked at. An error where none of them can be compared.
    pub fn test(&self, values: &BTreeSet<String>) -> Result<Test, StoreProblem> {
        let way = if self.is_typed() {
            let bound = Reading::of(&self.bound);
            Way::Typed { kind: self.kind(&bound, values), bound }
        } else if self.key == "path" {
            let bad = || StoreProblem::BadCondition { text: self.to_string() };
            Way::Path(Pattern::read(&self.bound).ok_or_else(bad)?)
        } else if self.is_of_tags() {
            let bound = self.bound.trim_end_matches('*');
            Way::Tag(tags(bound).join(","))
        } else if self.key == "ext" {
            Way::Text(ext(&self.bound))
        } else {
            Way::Text(self.bound.clone())
        };
        let test = Test { comparison: self.comparison, way };
        self.expect_comparable(&test, values)?;
        Ok(test)
    }

    /// Of what the bound can be taken for, what most values can be compared as; of equals what the key is called, then what
    /// more of them can be nothing else than, then the first of [`KINDS`].
    fn kind(&self, bound: &Reading, values: &BTreeSet<String>) -> Option<Kind> {
        let readings: Vec<Reading> = values.iter().flat_map(|value| taken(value)).collect();
        let worth = |kind: Kind| {
            let fitting = readings.iter().filter(|reading| reading.fits(kind, bound));
            let (all, plain) =
                fitting.fold((0, 0), |(all, plain), reading| (all + 1, plain + usize::from(reading.is_plain(kind))));
            (all, self.is_called(kind), plain + usize::from(bound.is_plain(kind)))
        };
        let worths = KINDS.into_iter().map(|kind| (kind, worth(kind))).filter(|(_, (all, ..))| *all > 0);
        // The first of equals: `max_by_key` would take the last.
        worths.rev().max_by_key(|(_, worth)| *worth).map(|(kind, _)| kind)
    }

    fn is_called(&self, kind: Kind) -> bool {
        match kind {
            Kind::Date => words::ends("date-key", &self.key),
            Kind::Number => false,
            Kind::Version => words::ends("version-key", &self.key),
        }
    }

    /// A bound that no value can be compared with would find nothing, or everything, and look like an answer.
    fn expect_comparable(&self, test: &Test, values: &BTreeSet<String>) -> Result<(), StoreProblem> {
        let Way::Typed { bound, kind } = &test.way else { return Ok(()) };
        let (key, condition) = (self.key.clone(), self.to_string());
        let is_known = || values.iter().any(|value| Reading::of(value).is_same(bound));
        let any_date = || values.iter().any(|value| Reading::of(value).is_plain(Kind::Date));
        // 2024.02.30 may be a version.
        let is_meant_as_date = || kind.is_none() || any_date() && !self.is_called(Kind::Version);
        match bound.date {
            date::Reading::NoSuchDay if is_meant_as_date() && !is_known() => {
                return Err(StoreProblem::NoSuchDate { key, condition });
            }
            date::Reading::Ambiguous if is_meant_as_date() && !is_known() => {
                return Err(StoreProblem::AmbiguousDate { key, condition });
            }
            _ => {}
        }
        let all_typed = || values.iter().all(|value| taken(value).iter().any(Reading::is_plainly_typed));
        let is_wrong = kind.is_none()
            && match self.comparison {
                Comparison::Is => !values.is_empty() && all_typed() && !is_known(),
                Comparison::IsNot => false,
                // Where a key has no values yet, text is no bound either.
                _ => !values.is_empty() || !bound.is_typed(),
            };
        if !is_wrong {
            return Ok(());
        }
        let typed = values.iter().find(|value| taken(value).iter().any(Reading::is_typed)).cloned();
        Err(match typed.or_else(|| self.is_called(Kind::Date).then(|| DAY.into())) {
            Some(example) => StoreProblem::Incomparable { key, condition, sign: self.comparison.sign(), example },
            None => StoreProblem::NoOrder { key, condition, example: values.first().map(|value| self.entry(value)) },
        })
    }
}

impl Condition {
    /// What a user may ask for of a value.
    fn entry(&self, value: &str) -> String {
        let tags = if self.is_of_tags() { tags(value) } else { Vec::new() };
        tags.into_iter().next().unwrap_or_else(|| clean(value))
    }
}

/// What a value is taken for: as a whole, or where that is only text, its entries too.
fn taken(value: &str) -> Vec<Reading> {
    let whole = Reading::of(value);
    let entries = if whole.is_typed() { Vec::new() } else { entries(value) };
    std::iter::once(whole).chain(entries.iter().map(|entry| Reading::of(entry))).collect()
}

/// `.md` and `*.md` are `md`.
fn ext(text: &str) -> String {
    clean(text).trim_start_matches(['*', '.']).into()
}

impl Test {
    /// Of a folded value.
    pub fn of(&self, value: &str) -> Verdict {
        let is_so = match &self.way {
            Way::Path(pattern) => pattern.matches(value),
            Way::Tag(bound) => is_tagged(value, bound),
            Way::Text(bound) => clean(value) == *bound,
            Way::Typed { bound, kind } => return self.typed(&taken(value), bound, *kind),
        };
        if is_so { Verdict::Matches } else { Verdict::Differs }
    }

    fn typed(&self, values: &[Reading], bound: &Reading, kind: Option<Kind>) -> Verdict {
        let compared =
            || values.iter().filter_map(|value| kind.and_then(|kind| value.compares(kind, self.comparison, bound)));
        if compared().any(|is_so| is_so) {
            return Verdict::Matches;
        }
        if self.comparison.is_order() {
            return if compared().next().is_some() { Verdict::Differs } else { Verdict::Uncompared };
        }
        // What cannot be compared is something else; but a year may be or not be the month that is asked for.
        let fits = |value: &Reading| kind.is_some_and(|kind| value.fits(kind, bound));
        match values.iter().any(|value| value.is_same(bound)) || is_same_list(values, bound) {
            true => Verdict::Matches,
            false if values.iter().any(fits) && compared().next().is_none() => Verdict::Uncompared,
            false => Verdict::Differs,
        }
    }
}

/// The bound may be the whole list, written otherwise.
fn is_same_list(values: &[Reading], bound: &Reading) -> bool {
    let asked = entries(&bound.text);
    values.len() > 1 && values[1..].iter().map(|value| &value.text).eq(&asked)
}

/// Whether one of the tags in `value` is `bound` or below it, or all of them are the list `bound`.
fn is_tagged(value: &str, bound: &str) -> bool {
    let tags = tags(value);
    let is_below = |tag: &String| tag.strip_prefix(bound).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    tags.iter().any(is_below) || tags.join(",") == bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::filter::fold_value;
    use proptest::prelude::*;

    fn test(condition: &str, values: &[&str]) -> Result<Test, StoreProblem> {
        let condition: Condition = condition.parse()?;
        condition.test(&values.iter().map(|value| fold_value(value)).collect())
    }

    /// Of these values under the condition's key, those that match and those that are passed over; others differ.
    fn check(condition: &str, values: &[&str], matching: &[&str], passed_over: &[&str]) {
        let test = test(condition, values).unwrap_or_else(|error| panic!("{condition}: {error}"));
        let of = |wanted: Verdict| -> Vec<&str> {
            values.iter().copied().filter(|value| test.of(&fold_value(value)) == wanted).collect()
        };
        assert_eq!(
            (of(Verdict::Matches), of(Verdict::Uncompared)),
            (matching.to_vec(), passed_over.to_vec()),
            "{condition}"
        );
    }

    fn check_refused(condition: &str, values: &[&str]) {
        assert!(test(condition, values).is_err(), "{condition} {values:?}");
    }

    #[test]
    fn text_is_compared_without_width_case_and_script() {
        check("status = Draft", &["draft", "ＤＲＡＦＴ", "done"], &["draft", "ＤＲＡＦＴ"], &[]);
        check("status!=draft", &["draft", "done"], &["draft"], &[]);
        check("title=索引", &["《索引》", "索引, 再谈"], &["《索引》"], &[]);
    }

    #[test]
    fn the_bound_and_most_values_decide_the_kind() {
        check("n>=1.9", &["1.10", "1.9", "2"], &["1.9", "2"], &[]);
        check("n>=1.9", &["1.10", "1.9", "2", "1.9.1"], &["1.10", "1.9", "2", "1.9.1"], &[]);
        check("version>=1.9", &["1.10", "1.9", "1.8"], &["1.10", "1.9"], &[]);
        check("app版本>1.9", &["1.10", "1.9"], &["1.10"], &[]);
        check("n>1000", &["2000", "202403", "150"], &["2000", "202403"], &[]);
        check("n<2024", &["20231230", "20240105"], &["20231230"], &[]);
        check("date=2024", &["2024", "2024-03-01", "2023"], &["2024", "2024-03-01"], &[]);
        check("year>=2020", &["2019", "2021"], &["2021"], &[]);
        check("n>=2024.3", &["2024.01.05", "2024.10.1"], &["2024.10.1"], &[]);
    }

    #[test]
    fn what_cannot_be_compared_is_passed_over_or_refused() {
        check("date>=2024-03", &["2024-04-01", "去年", "2024"], &["2024-04-01"], &["去年", "2024"]);
        check("date>=2024-03", &["2024-04-01", "03/05/2024"], &["2024-04-01"], &["03/05/2024"]);
        check("size>9mb", &["10MB", "10 GB", "8mb"], &["10MB"], &["10 GB"]);
        for condition in
            ["date>=上周", "date>=2024-02-30", "date=2024-02-30", "date=上周", "date>5", "date>=01/05/2024"]
        {
            check_refused(condition, &["2024-01-05", "2024-03-01"]);
        }
        check_refused("version>abc", &["1", "2"]);
        check_refused("status>draft", &["draft", "done"]);
        check_refused("modified>=上周", &[]);
        check("modified>=2024", &[], &[], &[]);
        check("status=5", &["draft", "done"], &[], &[]);
        check("date=去年", &["2024-01-05", "去年"], &["去年"], &[]);
        check("version>=2024.2.30", &["2024.2.1", "2024.3.1"], &["2024.3.1"], &[]);
    }

    #[test]
    fn lists_have_entries_and_stay_whole() {
        let values = ["检索, 评测", "#检索 #rust", "检索/BM25", "检索式", "评测"];
        check("tag=检索", &values, &["检索, 评测", "#检索 #rust", "检索/BM25"], &[]);
        check("tags=检索/bm25", &values, &["检索/BM25"], &[]);
        check("tag=检索/*", &values, &["检索, 评测", "#检索 #rust", "检索/BM25"], &[]);
        check("tag=检索、评测", &values, &["检索, 评测"], &[]);
        check("author=李四", &["张三、李四", "李四光"], &["张三、李四"], &[]);
        check("author=张三，李四", &["张三、李四", "张三"], &["张三、李四"], &[]);
        check(
            "dates>=2024-02",
            &["2024-01-05, 2024-03-01", "2023-01-01; 2023-02-01"],
            &["2024-01-05, 2024-03-01"],
            &[],
        );
        check("tag=2024", &["2024", "2024-03"], &["2024"], &[]);
    }

    #[test]
    fn truth_is_told_in_several_words() {
        check("published=true", &["yes", "是", "no"], &["yes", "是"], &[]);
        check("published=否", &["false", "是"], &["false"], &[]);
    }

    #[test]
    fn names_that_look_like_versions_are_equal_as_text_only() {
        check("part=a7", &["a07", "A7"], &["A7"], &[]);
        check("priority>=P1", &["P0", "P1", "P10"], &["P1", "P10"], &[]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(
            key in "(date|版本|tags|path|n|ext)",
            sign in "[=<>!:≥≤～]{1,2}",
            bound in "[-0-9a-c年月日./:, +%#*'\\[\\]{}?!v十〇\u{3000}-\u{3003}]{0,14}",
            values in prop::collection::vec("[-0-9a-c年月日./:, +%#*'tzv十〇一|;、]{0,16}", 0..5),
            any in any::<String>(),
        ) {
            let values: BTreeSet<String> = values.iter().chain([&any, &bound]).map(|value| fold_value(value)).collect();
            for condition in [format!("{key}{sign}{bound}"), format!("{key}={any}"), any.clone()] {
                let Ok(condition) = condition.parse::<Condition>() else { continue };
                let Ok(test) = condition.test(&values) else { continue };
                values.iter().for_each(|value| {
                    test.of(value);
                });
            }
        }
    }
}
