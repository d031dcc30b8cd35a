//! A reading: what a folded text can be taken for, a date, a number, a version or plain text.

use super::date::{self, Date};
use super::list::clean;
use super::number::Number;
use super::version::Version;
use super::{Comparison, words};
use std::cmp::Ordering;

/// As what values are compared, in the order of choice where nothing else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Date,
    Number,
    Version,
}

pub const KINDS: [Kind; 3] = [Kind::Date, Kind::Number, Kind::Version];

/// Everything that a text can be taken for.
#[derive(Debug, Clone)]
pub struct Reading {
    pub text: String,
    pub date: date::Reading,
    number: Option<Number>,
    version: Option<Version>,
    truth: Option<bool>,
}

impl Reading {
    /// Of a folded text, quotes and all.
    pub fn of(value: &str) -> Reading {
        let text = clean(value);
        let truth = words::is("true", &text).then_some(true).or(words::is("false", &text).then_some(false));
        Reading {
            date: date::Reading::of(&text),
            number: Number::read(&text),
            version: Version::read(&text),
            truth,
            text,
        }
    }

    /// Whether it can be taken for one of a kind.
    pub fn is(&self, kind: Kind) -> bool {
        match kind {
            Kind::Date => self.date().is_some(),
            Kind::Number => self.number.is_some(),
            Kind::Version => self.version.is_some(),
        }
    }

    /// Whether it can be taken for anything but text.
    pub fn is_typed(&self) -> bool {
        KINDS.into_iter().any(|kind| self.is(kind))
    }

    /// Whether it is a date, a number or a version to anyone who reads it alone.
    pub fn is_plainly_typed(&self) -> bool {
        let is_named = self.version.as_ref().is_some_and(|version| !version.is_unnamed());
        self.is_plain(Kind::Date) || self.is_plain(Kind::Number) || self.is_plain(Kind::Version) && !is_named
    }

    /// Whether nobody who writes this means something else: 2024 may be a number, 1.10 as well.
    pub fn is_plain(&self, kind: Kind) -> bool {
        match kind {
            Kind::Date => self.date().is_some_and(|date| date.is_plain),
            // 20240105 is a number to nobody.
            Kind::Number => self.number.is_some() && !self.is_plain(Kind::Date),
            Kind::Version => self.version.as_ref().is_some_and(|version| version.is_plain),
        }
    }

    fn date(&self) -> Option<&Date> {
        match &self.date {
            date::Reading::Date(date) => Some(date),
            _ => None,
        }
    }

    /// Whether both can be taken for that kind, and be compared: numbers have units, versions names.
    pub fn fits(&self, kind: Kind, bound: &Reading) -> bool {
        match kind {
            Kind::Date => self.date().and(bound.date()).is_some(),
            _ => self.order(kind, bound).is_some(),
        }
    }

    fn order(&self, kind: Kind, bound: &Reading) -> Option<Ordering> {
        match kind {
            Kind::Date => None,
            Kind::Number => self.number.as_ref()?.compare(bound.number.as_ref()?),
            Kind::Version => self.version.as_ref()?.compare(bound.version.as_ref()?),
        }
    }

    /// Whether this compares so with `bound`; none where that cannot be said.
    pub fn compares(&self, kind: Kind, comparison: Comparison, bound: &Reading) -> Option<bool> {
        if kind == Kind::Date {
            return self.date()?.compares(comparison, bound.date()?);
        }
        let order = self.order(kind, bound)?;
        Some(match comparison {
            Comparison::Is | Comparison::IsNot => order == Ordering::Equal && self.is_no_name(kind),
            Comparison::AtLeast => order != Ordering::Less,
            Comparison::AtMost => order != Ordering::Greater,
            Comparison::Above => order == Ordering::Greater,
            Comparison::Below => order == Ordering::Less,
        })
    }

    /// The part numbers a07 and a7 are two, as text.
    fn is_no_name(&self, kind: Kind) -> bool {
        kind != Kind::Version || self.version.as_ref().is_some_and(Version::is_unnamed)
    }

    /// Whether both say the same, be it in other words: `yes` and `是`.
    pub fn is_same(&self, other: &Reading) -> bool {
        self.text == other.text || self.truth.is_some() && self.truth == other.truth
    }
}
