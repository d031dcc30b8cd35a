//! The spellings of a date: which comes first, with marks or in words.

use super::cursor::Cursor;
use super::date::Fields;

impl Cursor<'_> {
    /// Takes a date, with the time that follows it.
    pub fn fields(&mut self) -> Option<Fields> {
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
}
