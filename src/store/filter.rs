//! A filter: which documents a search is about, by what they say of themselves.

use super::StoreProblem;
use crate::text;
use std::cmp::Ordering;
use std::str::FromStr;

/// Conditions that must all hold; none admit everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter(pub Vec<Condition>);

/// What must hold of the values under a key, of which a document may have several (`tags: [检索, 评测]`): that one of
/// them compares so, or, for [`Comparison::IsNot`], that none is equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub key: String,
    pub comparison: Comparison,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Is,
    IsNot,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// As they are typed; those of two characters first, since their beginnings are others.
const COMPARISONS: [(&str, Comparison); 6] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("!=", Comparison::IsNot),
    ("=", Comparison::Is),
    (">", Comparison::Above),
    ("<", Comparison::Below),
];

impl Filter {
    /// One condition a line: `date>=2024-01-01`.
    pub fn parse(lines: &str) -> Result<Filter, StoreProblem> {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(Filter(lines.map(str::parse).collect::<Result<_, _>>()?))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Condition {
    type Err = StoreProblem;

    fn from_str(text: &str) -> Result<Condition, StoreProblem> {
        let bad = || StoreProblem::BadCondition { text: text.into() };
        let at = text.find(['=', '<', '>', '!']).ok_or_else(bad)?;
        let (key, rest) = text.split_at(at);
        let (sign, comparison) = COMPARISONS.iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(bad)?;
        let (key, value) = (fold_key(key), fold_value(&rest[sign.len()..]));
        if key.is_empty() || value.is_empty() {
            return Err(bad());
        }
        Ok(Condition { key, comparison: *comparison, value })
    }
}

impl Condition {
    /// Whether a value, folded by [`fold_value`], compares as is wanted. For [`Comparison::IsNot`] this tells the values
    /// that must not be there.
    pub fn matches(&self, value: &str) -> bool {
        let order = compare(value, &self.value);
        match self.comparison {
            Comparison::Is | Comparison::IsNot => order == Ordering::Equal,
            Comparison::AtLeast => order != Ordering::Less,
            Comparison::AtMost => order != Ordering::Greater,
            Comparison::Above => order == Ordering::Greater,
            Comparison::Below => order == Ordering::Less,
        }
    }
}

/// Numbers by size, dates as far as the bound is given (all of 2024 is `date=2024`), everything else as text.
fn compare(value: &str, bound: &str) -> Ordering {
    if is_date(bound) && is_date(value) {
        return value.get(..bound.len()).unwrap_or(value).cmp(bound);
    }
    match (value.parse::<f64>(), bound.parse::<f64>()) {
        (Ok(value), Ok(bound)) => value.total_cmp(&bound),
        _ => value.cmp(bound),
    }
}

/// Begins with four digits, then has groups of two: `2024`, `2024-05`, `2024-05-01t08:00`.
fn is_date(text: &str) -> bool {
    let mut groups = text.split(['-', 't', ' ', ':']);
    let is_group = |group: &str, len| group.len() == len && group.bytes().all(|byte| byte.is_ascii_digit());
    groups.next().is_some_and(|year| is_group(year, 4)) && groups.take(2).all(|group| is_group(group, 2))
}

/// Note-taking programs write `tags`, their users ask for a `tag`.
pub fn fold_key(key: &str) -> String {
    match text::fold(key.trim()) {
        key if key == "tags" => "tag".into(),
        key => key,
    }
}

/// As values are compared: width, case and script do not count, nor does the mark before a tag.
pub fn fold_value(value: &str) -> String {
    text::fold(value.trim().trim_start_matches('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, admitted: &[&str], refused: &[&str]) {
        let condition: Condition = condition.parse().unwrap();
        for value in admitted {
            assert!(condition.matches(&fold_value(value)), "{condition:?} {value}");
        }
        for value in refused {
            assert!(!condition.matches(&fold_value(value)), "{condition:?} {value}");
        }
    }

    #[test]
    fn text_is_compared_without_width_case_and_script() {
        check("tag=检索", &["检索", "檢索", "#检索"], &["检", "检索式"]);
        check("Status = Draft", &["draft", "ＤＲＡＦＴ"], &["done"]);
    }

    #[test]
    fn dates_are_compared_as_far_as_the_bound_is_given() {
        check("date>=2024-05-02", &["2024-05-02", "2024-05-02T08:00", "2025-01-01"], &["2024-05-01", "2024"]);
        check("date<=2024", &["2024-12-31", "2023"], &["2025-01-01"]);
        check("date>2024", &["2025-01-01"], &["2024-12-31"]);
        check("date=2024-05", &["2024-05-31"], &["2024-06-01"]);
    }

    #[test]
    fn numbers_are_compared_by_size() {
        check("version>9", &["10", "9.5"], &["9", "8.0"]);
        check("version=1.0", &["1", "1.0"], &["1.1"]);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["tag", "=x", "tag=", "tag!x", ""] {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
        assert_eq!(Filter::parse("tag=检索\n\n date>=2024 ").unwrap().0.len(), 2);
    }
}
