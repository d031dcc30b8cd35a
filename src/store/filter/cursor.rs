//! A cursor: what is left to read of a folded date.

use super::words;

/// What is left to read.
pub struct Cursor<'t> {
    pub rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// Takes the digits that stand here: their value, and how many they are.
    pub fn digits(&mut self) -> Option<(i64, usize)> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = self.rest[..count].parse().ok()?;
        self.rest = &self.rest[count..];
        Some((value, count))
    }

    /// Takes one or two digits.
    pub fn short(&mut self) -> Option<i64> {
        self.attempt(|cursor| cursor.digits().filter(|(_, count)| *count <= 2).map(|(value, _)| value))
    }

    /// Takes four digits.
    pub fn year(&mut self) -> Option<i64> {
        self.attempt(|cursor| cursor.digits().filter(|(_, count)| *count == 4).map(|(value, _)| value))
    }

    /// Takes one of these characters.
    pub fn take(&mut self, of: &[char]) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| of.contains(c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Takes blanks, if there are any.
    pub fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes what stands between the parts of a date in words.
    pub fn gap(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',', '.', '-']);
    }

    /// Takes the letters that stand here if they are a word that is wanted.
    pub fn word<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let found = wanted(&self.rest[..end])?;
        self.rest = &self.rest[end..];
        Some(found)
    }

    /// Takes the name of a month: its number, from 1.
    pub fn month_name(&mut self) -> Option<i64> {
        self.word(|word| words::rank("month", word).map(|month| month as i64))
    }

    /// Takes a day of the week, which is not checked.
    pub fn weekday(&mut self) {
        let named = self.attempt(|cursor| cursor.word(|word| words::is("weekday", word).then_some(())));
        if named.is_some() {
            self.gap();
        }
    }

    /// Goes back to where it was where nothing comes of it.
    pub fn attempt<T>(&mut self, read: impl FnOnce(&mut Cursor<'t>) -> Option<T>) -> Option<T> {
        let begin = self.rest;
        let found = read(self);
        if found.is_none() {
            self.rest = begin;
        }
        found
    }
}
