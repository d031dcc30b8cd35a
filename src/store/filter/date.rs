//! A date as people write it: the span of time that it names, a year or a second.

use super::{Comparison, words};
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
struct Fields {
    year: i64,
    /// 0 where there is none, as with the day.
    month: i64,
    day: i64,
    /// Hour, minute, second, those that are there.
    time: Vec<i64>,
    offset: Option<i32>,
    is_plain: bool,
    is_ambiguous: bool,
}

impl Fields {
    fn of(year: i64, month: i64, day: i64) -> Fields {
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

    fn span(&self) -> Option<(DateTime, DateTime)> {
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

/// What is left to read.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// Takes the digits that stand here: their value, and how many they are.
    fn digits(&mut self) -> Option<(i64, usize)> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = self.rest[..count].parse().ok()?;
        self.rest = &self.rest[count..];
        Some((value, count))
    }

    /// Takes one or two digits.
    fn short(&mut self) -> Option<i64> {
        self.attempt(|cursor| cursor.digits().filter(|(_, count)| *count <= 2).map(|(value, _)| value))
    }

    fn year(&mut self) -> Option<i64> {
        self.attempt(|cursor| cursor.digits().filter(|(_, count)| *count == 4).map(|(value, _)| value))
    }

    /// Takes one of these characters.
    fn take(&mut self, of: &[char]) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| of.contains(c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes what stands between the parts of a date in words.
    fn gap(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',', '.', '-']);
    }

    /// Takes the letters that stand here if they are a word that is wanted.
    fn word<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let found = wanted(&self.rest[..end])?;
        self.rest = &self.rest[end..];
        Some(found)
    }

    fn month_name(&mut self) -> Option<i64> {
        self.word(|word| words::rank("month", word).map(|month| month as i64))
    }

    /// Takes a day of the week, which is not checked.
    fn weekday(&mut self) {
        let named = self.attempt(|cursor| cursor.word(|word| words::is("weekday", word).then_some(())));
        if named.is_some() {
            self.gap();
        }
    }

    /// Goes back to where it was where nothing comes of it.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Cursor<'t>) -> Option<T>) -> Option<T> {
        let begin = self.rest;
        let found = read(self);
        if found.is_none() {
            self.rest = begin;
        }
        found
    }

    fn fields(&mut self) -> Option<Fields> {
        let mut fields = None;
        for form in [Cursor::compact, Cursor::year_first, Cursor::chinese, Cursor::named, Cursor::day_first] {
            fields = fields.or_else(|| self.attempt(form));
        }
        let mut fields = fields?;
        if fields.day > 0 && fields.time.is_empty() {
            self.attempt(|cursor| cursor.clock(&mut fields));
        }
        Some(fields)
    }

    /// `20240105`, `20240105t083000z`, `202401050830`, `202401`.
    fn compact(&mut self) -> Option<Fields> {
        let begin = self.rest;
        let (_, count) = self.digits()?;
        let digits = &begin[..count];
        let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i64>().ok());
        if !matches!(count, 6 | 8 | 12 | 14) || self.rest.starts_with(['.', ',', '%']) {
            return None;
        }
        let mut fields = Fields::of(part(0, 4)?, part(4, 6)?, part(6, 8).unwrap_or_default());
        fields.time = (8..count).step_by(2).filter_map(|from| part(from, from + 2)).collect();
        fields.is_plain = count > 6;
        // A number that is no date is nothing but a number.
        let exists = (1000..3000).contains(&fields.year) && fields.span().is_some();
        exists.then_some(fields)
    }

    /// `2024`, `2024-3`, `2024/03/05`, `2024.3.5`, `2024-mar-05`, `2024 mar 5`.
    fn year_first(&mut self) -> Option<Fields> {
        let year = self.year()?;
        if self.rest.starts_with('年') {
            return None;
        }
        let month = self.attempt(|cursor| {
            let mark = cursor.take(&['-', '/', '.', ' '])?;
            let named = cursor.month_name();
            let month = if mark == ' ' { named } else { named.or_else(|| cursor.short()) }?;
            Some((mark, month, named.is_some()))
        });
        let Some((mark, month, is_named)) = month else {
            // A bare number of four digits.
            let is_year = (1000..3000).contains(&year) && self.rest.trim().is_empty();
            return is_year.then(|| Fields { is_plain: false, ..Fields::of(year, 0, 0) });
        };
        let day = self.attempt(|cursor| {
            cursor.take(&[mark])?;
            cursor.short()
        });
        let mut fields = Fields::of(year, month, day.unwrap_or_default());
        if mark == '.' && day.is_none() {
            fields.is_plain = is_named;
            // 2024.13 is a number.
            fields.span()?;
        }
        // A month or a day 0 is none.
        let is_null = month == 0 || day == Some(0);
        Some(if is_null { Fields { month: 13, ..fields } } else { fields })
    }

    /// `2024年`, `2024年3月`, `2024年3月5日`, `24年3月5号`.
    fn chinese(&mut self) -> Option<Fields> {
        let (year, count) = self.digits()?;
        self.blanks();
        self.take(&['年'])?;
        self.blanks();
        let month = self.attempt(|cursor| {
            let month = cursor.short()?;
            cursor.blanks();
            cursor.take(&['月']).or_else(|| cursor.rest.is_empty().then_some('月'))?;
            cursor.blanks();
            Some(month)
        });
        let day = self.attempt(|cursor| {
            let day = month.and_then(|_| cursor.short())?;
            cursor.blanks();
            cursor.take(&['日', '号']).or_else(|| cursor.rest.is_empty().then_some('日'))?;
            Some(day)
        });
        let year = match (count, month) {
            (4, _) => year,
            // 24年 may be how long something takes; 24年3月 is a month.
            (2, Some(_)) => year + if year < 70 { 2000 } else { 1900 },
            _ => return None,
        };
        let is_null = month == Some(0) || day == Some(0);
        Some(Fields::of(year, if is_null { 13 } else { month.unwrap_or_default() }, day.unwrap_or_default()))
    }

    /// `mar 5, 2024`, `march 2024`, `mar 5 08:00:00 2024 +0800`.
    fn named(&mut self) -> Option<Fields> {
        let month = self.month_name()?;
        self.gap();
        if let Some(year) = self.year() {
            return Some(Fields::of(year, month, 0));
        }
        let day = self.short()?;
        self.ordinal();
        self.gap();
        let mut time = Fields::default();
        if let Some(year) = self.year() {
            return Some(Fields::of(year, month, day));
        }
        self.time(&mut time)?;
        self.gap();
        let fields = Fields::of(self.year()?, month, day);
        self.attempt(|cursor| cursor.zone(&mut time));
        Some(Fields { time: time.time, offset: time.offset, ..fields })
    }

    /// `5 march 2024`, `5th of march, 2024`, `5-mar-2024`, `25/12/2024`, `3/2024`.
    fn day_first(&mut self) -> Option<Fields> {
        let first = self.short()?;
        let named = self.attempt(|cursor| {
            cursor.ordinal();
            cursor.gap();
            cursor.word(|word| (word == "of").then_some(()));
            cursor.gap();
            let month = cursor.month_name()?;
            cursor.gap();
            Some(Fields::of(cursor.year()?, month, first))
        });
        if named.is_some() {
            return named;
        }
        let mark = self.take(&['/', '-', '.'])?;
        if let Some(year) = self.year() {
            return (mark != '.').then(|| Fields::of(year, first, 0));
        }
        let second = self.short()?;
        self.take(&[mark])?;
        let year = self.year()?;
        let (day, month) = if second > 12 { (second, first) } else { (first, second) };
        let is_ambiguous = first <= 12 && second <= 12 && first != second;
        Some(Fields { is_ambiguous, ..Fields::of(year, month, day) })
    }

    /// `st`, `nd`, `rd`, `th` after a day.
    fn ordinal(&mut self) {
        self.word(|word| matches!(word, "st" | "nd" | "rd" | "th").then_some(()));
    }

    /// What may follow a day: its weekday, a time.
    fn clock(&mut self, fields: &mut Fields) -> Option<()> {
        let is_parted = self.rest.starts_with([' ', 't', ',', '_', '(']);
        self.rest = self.rest.trim_start_matches([' ', ',', '_', '(']);
        self.weekday();
        self.rest = self.rest.trim_start_matches([')', ' ']);
        if self.rest.is_empty() {
            return Some(());
        }
        if is_parted {
            self.take(&['t']);
        }
        self.word(|word| (word == "at").then_some(()));
        self.blanks();
        self.time(fields)
    }

    /// `08:00`, `8:00:30.5 pm`, `上午8点30分`, `083000`, with a zone or without.
    fn time(&mut self, fields: &mut Fields) -> Option<()> {
        let half = |cursor: &mut Cursor<'_>| {
            let known = ["forenoon", "afternoon"]
                .into_iter()
                .find_map(|kind| Some((kind, words::beginning(kind, cursor.rest)?)));
            known.map(|(kind, word)| {
                cursor.rest = cursor.rest[word.len()..].trim_start();
                kind
            })
        };
        let before = half(self);
        let begin = self.rest;
        let (hour, count) = self.digits()?;
        let mut time = match count {
            1 | 2 => vec![hour],
            4 | 6 => (0..count).step_by(2).filter_map(|at| begin[at..at + 2].parse().ok()).collect(),
            _ => return None,
        };
        let mut is_marked = count > 2;
        while time.len() < 3 && self.take(&[':', '时', '点', '分']).is_some() {
            is_marked = true;
            time.extend(self.short());
        }
        self.take(&['分', '秒']);
        self.attempt(|cursor| {
            cursor.take(&['.', ','])?;
            cursor.digits()
        });
        self.blanks();
        let after = half(self);
        if !(is_marked || before.or(after).is_some()) {
            return None;
        }
        match before.or(after) {
            Some("afternoon") if time[0] < 12 => time[0] += 12,
            Some("forenoon") if time[0] == 12 => time[0] = 0,
            _ => {}
        }
        fields.time = time;
        self.attempt(|cursor| cursor.zone(fields));
        Some(())
    }

    /// `z`, `+08:00`, `utc+8`, `gmt`, `cst`, `[asia/shanghai]`.
    fn zone(&mut self, fields: &mut Fields) -> Option<()> {
        self.blanks();
        let is_utc = self.word(|word| matches!(word, "z" | "utc" | "gmt").then_some(())).is_some();
        // The names of other zones mean several.
        let is_named = !is_utc && self.word(|word| (2..=5).contains(&word.len()).then_some(())).is_some();
        self.blanks();
        let sign = self.take(&['+', '-']);
        if let Some(sign) = sign {
            let (value, count) = self.digits()?;
            let (hours, minutes) = match count {
                1 | 2 => (value, self.take(&[':']).map_or(Some(0), |_| self.short())?),
                4 => (value / 100, value % 100),
                _ => return None,
            };
            let east = (hours * 3600 + minutes * 60) as i32;
            fields.offset = Some(if sign == '-' { -east } else { east });
        } else if is_utc {
            fields.offset = Some(0);
        } else if !is_named && !self.rest.starts_with(['[', '(']) {
            return None;
        }
        self.blanks();
        if self.rest.starts_with(['[', '(']) && self.rest.ends_with([']', ')']) {
            self.rest = "";
        }
        Some(())
    }
}

/// 二〇二四年三月五日 in Arabic numerals.
fn arabic(text: &str) -> String {
    const NUMERALS: &str = "〇一二三四五六七八九";
    let numeral = |c: char| match c {
        '零' => Some(0),
        '十' => Some(10),
        c => NUMERALS.chars().position(|numeral| numeral == c),
    };
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(value) = numeral(c) else {
            out.push(c);
            continue;
        };
        let mut run = vec![value];
        while let Some(value) = chars.peek().copied().and_then(numeral) {
            run.push(value);
            chars.next();
        }
        match run.iter().position(|value| *value == 10) {
            // 十二, 二十, 二十三: digits around a ten.
            Some(at) if run.len() <= 3 && at <= 1 => {
                let tens = if at == 0 { 1 } else { run[0] };
                out += &(tens * 10 + run.get(at + 1).copied().unwrap_or_default()).to_string();
            }
            _ => out.extend(run.iter().map(ToString::to_string)),
        }
    }
    out
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
