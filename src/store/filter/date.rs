//! A date as people write it: the span of time that it names, a year or a second.

use super::Comparison;
use super::cursor::Cursor;
use super::numeral::arabic;
use jiff::civil::{Date as Day, DateTime, Time};
use jiff::{SignedDuration, ToSpan};

/// What a text is as a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    Date(Date),
    /// Written like one, but the calendar has no such day: 2024-02-30.
    NoSuchDay,
    /// 01/05/2024 is in January or in May.
    Ambiguous,
    /// Not written like one.
    Other,
}

/// From the first moment to the one after the last, as written there: a zone counts only between two that have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date {
    pub from: DateTime,
    pub to: DateTime,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
    /// Whether it can be nothing else: 2024 is a number too.
    pub is_plain: bool,
}

impl Date {
    /// Whether this compares so with `bound`; none where it depends on which part of this is meant: 2024 may be before
    /// March 2024 or after it.
    pub fn compares(&self, comparison: Comparison, bound: &Date) -> Option<bool> {
        let shift = self.offset.zip(bound.offset).map_or(0, |(own, other)| i64::from(other - own));
        let moved = |moment: DateTime| moment.saturating_add(SignedDuration::from_secs(shift));
        let (from, to) = (moved(self.from), moved(self.to));
        let (is_so, is_not_so) = match comparison {
            Comparison::Is | Comparison::IsNot => {
                (from >= bound.from && to <= bound.to, to <= bound.from || from >= bound.to)
            }
            Comparison::AtLeast => (from >= bound.from, to <= bound.from),
            Comparison::Above => (from >= bound.to, to <= bound.to),
            Comparison::AtMost => (to <= bound.to, from >= bound.to),
            Comparison::Below => (to <= bound.from, from >= bound.from),
        };
        (is_so || is_not_so).then_some(is_so)
    }
}

impl Reading {
    /// Reads folded text.
    pub fn of(text: &str) -> Reading {
        let text = if text.contains(['年', '月']) { arabic(text) } else { text.to_string() };
        let mut cursor = Cursor { rest: text.trim() };
        cursor.weekday();
        let fields = cursor.fields();
        match fields {
            Some(fields) if cursor.rest.trim().is_empty() => fields.date(),
            _ => Reading::Other,
        }
    }
}

/// What was read, before anyone has asked the calendar.
#[derive(Debug, Default)]
pub struct Fields {
    pub year: i64,
    /// 0 where there is none, as with the day.
    pub month: i64,
    pub day: i64,
    /// Hour, minute, second, those that are there.
    pub time: Vec<i64>,
    pub offset: Option<i32>,
    pub is_plain: bool,
    pub is_ambiguous: bool,
}

impl Fields {
    pub fn of(year: i64, month: i64, day: i64) -> Fields {
        Fields { year, month, day, is_plain: true, ..Fields::default() }
    }

    fn date(self) -> Reading {
        if self.is_ambiguous {
            return Reading::Ambiguous;
        }
        self.span().map_or(Reading::NoSuchDay, |(from, to)| {
            Reading::Date(Date { from, to, offset: self.offset, is_plain: self.is_plain })
        })
    }

    /// None where the calendar has no such day, or the day no such time.
    pub fn span(&self) -> Option<(DateTime, DateTime)> {
        let first = Day::new(self.year.try_into().ok()?, self.month.max(1) as i8, self.day.max(1) as i8).ok()?;
        if self.time.is_empty() {
            let next = match (self.month, self.day) {
                (0, _) => first.saturating_add(1.year()),
                (_, 0) => first.saturating_add(1.month()),
                _ => first.saturating_add(1.day()),
            };
            return Some((first.to_datetime(Time::midnight()), next.to_datetime(Time::midnight())));
        }
        let at = |index: usize| self.time.get(index).copied().unwrap_or_default();
        let time = Time::new(at(0) as i8, at(1) as i8, at(2) as i8, 0).ok()?;
        let from = first.to_datetime(time);
        let long = match self.time.len() {
            1 => 1.hour(),
            2 => 1.minute(),
            _ => 1.second(),
        };
        Some((from, from.saturating_add(long)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spellings: &[&str], from: &str, to: &str) {
        for text in spellings {
            let Reading::Date(date) = Reading::of(&crate::text::fold(text)) else { panic!("{text} is no date") };
            assert_eq!((date.from.to_string(), date.to.to_string()), (from.into(), to.into()), "{text}");
        }
    }

    fn check_reading(texts: &[&str], expect: Reading) {
        for text in texts {
            assert_eq!(Reading::of(&crate::text::fold(text)), expect, "{text}");
        }
    }

    #[test]
    fn a_day_in_every_spelling() {
        let spellings = [
            "2024-03-05",
            "2024-3-5",
            "2024/03/05",
            "2024/3/5",
            "2024.03.05",
            "2024.3.5",
            "20240305",
            "2024年3月5日",
            "2024 年 3 月 5 日",
            "2024年03月05号",
            "24年3月5日",
            "二〇二四年三月五日",
            "２０２４年３月５日",
            "Mar 5, 2024",
            "March 5th, 2024",
            "5 March 2024",
            "5 Mar. 2024",
            "5th of March 2024",
            "5-Mar-2024",
            "2024-Mar-05",
            "Tue, 5 Mar 2024",
            "2024-03-05 (周二)",
            "2024-03-05 星期二",
        ];
        check(&spellings, "2024-03-05T00:00:00", "2024-03-06T00:00:00");
        check(
            &["25/12/2024", "12/25/2024", "25.12.2024", "二零二四年十二月二十五日"],
            "2024-12-25T00:00:00",
            "2024-12-26T00:00:00",
        );
        check(&["03/03/2024"], "2024-03-03T00:00:00", "2024-03-04T00:00:00");
    }

    #[test]
    fn a_month_and_a_year_alone() {
        let months =
            ["2024-03", "2024/3", "2024.03", "202403", "2024年3月", "24年3月", "Mar 2024", "March, 2024", "3/2024"];
        check(&months, "2024-03-01T00:00:00", "2024-04-01T00:00:00");
        check(&["2024", "2024年", "２０２４"], "2024-01-01T00:00:00", "2025-01-01T00:00:00");
    }

    #[test]
    fn times_as_far_as_they_are_given() {
        let minutes = [
            "2024-03-05 20:15",
            "2024-03-05T20:15",
            "2024/3/5 8:15 PM",
            "2024年3月5日 下午8点15分",
            "202403052015",
            "2024-03-05T20:15Z",
            "2024-03-05 20:15 +0800",
            "2024-03-05T20:15+08:00[Asia/Shanghai]",
            "Mar 5, 2024 at 8:15 pm",
        ];
        check(&minutes, "2024-03-05T20:15:00", "2024-03-05T20:16:00");
        let seconds = [
            "2024-03-05T20:15:30.123Z",
            "20240305T201530Z",
            "20240305201530",
            "Tue, 05 Mar 2024 20:15:30 GMT",
            "Tue Mar 5 20:15:30 2024 +0800",
            "2024-03-05 20:15:30 CST",
            "2024-03-05 20:15:30 UTC+8",
        ];
        check(&seconds, "2024-03-05T20:15:30", "2024-03-05T20:15:31");
    }

    #[test]
    fn the_calendar_has_the_last_word() {
        check_reading(
            &["2024-02-30", "2023-02-29", "2024-13-01", "2024年2月30日", "31/04/2024", "2024-0-5"],
            Reading::NoSuchDay,
        );
        check_reading(&["01/05/2024", "5-1-2024"], Reading::Ambiguous);
        let others = [
            "上周",
            "2024-03-05 左右",
            "24年",
            "3月5日",
            "9",
            "20241399",
            "2024.13",
            "2024-01-01 ~ 2024-02-01",
            "v1.2",
        ];
        check_reading(&others, Reading::Other);
        check(&["2024-02-29"], "2024-02-29T00:00:00", "2024-03-01T00:00:00");
    }

    #[test]
    fn what_depends_on_the_part_that_is_meant_is_left_open() {
        let date = |text| match Reading::of(text) {
            Reading::Date(date) => date,
            other => panic!("{text}: {other:?}"),
        };
        let compares = |value, comparison, bound| date(value).compares(comparison, &date(bound));
        assert_eq!(compares("2024", Comparison::AtLeast, "2024-03"), None);
        assert_eq!(compares("2024", Comparison::AtLeast, "2024-01-01"), Some(true));
        assert_eq!(compares("2023", Comparison::AtLeast, "2024-03"), Some(false));
        assert_eq!(compares("2024-03-05", Comparison::Is, "2024"), Some(true));
        assert_eq!(compares("2024", Comparison::Is, "2024-03"), None);
        assert_eq!(compares("2024-03-05 23:30 -05:00", Comparison::Above, "2024-03-06 01:00 +00:00"), Some(true));
    }
}
