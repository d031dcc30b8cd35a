//! The time of day that may follow a date, and its zone.

use super::cursor::Cursor;
use super::date::Fields;
use super::words;

impl Cursor<'_> {
    /// What may follow a day: its weekday, a time.
    pub fn clock(&mut self, fields: &mut Fields) -> Option<()> {
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
    pub fn time(&mut self, fields: &mut Fields) -> Option<()> {
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
    pub fn zone(&mut self, fields: &mut Fields) -> Option<()> {
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
