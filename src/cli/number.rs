//! A number given by a flag: in a range, or an error that names flag, range and what was typed.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use clap::builder::TypedValueParser;
use std::ffi::OsStr;
use std::fmt::Display;
use std::str::FromStr;

/// The largest number of hits, passages or entries that is asked for at once.
const COUNT_MAX: usize = 10_000;
/// The largest number of questions, which evaluations work through one by one.
const QUESTIONS_MAX: usize = 1_000_000;

/// A century.
const DAYS_MAX: u64 = 36_500;

/// Parses the numbers from `min` to `max`, both included.
#[derive(Debug, Clone, Copy)]
pub struct Within<T> {
    min: T,
    max: T,
    is_whole: bool,
}

/// How many hits, passages or entries.
pub fn count() -> Within<usize> {
    Within { min: 1, max: COUNT_MAX, is_whole: true }
}

/// How many questions.
pub fn questions() -> Within<usize> {
    Within { max: QUESTIONS_MAX, ..count() }
}

/// How many days back.
pub fn days() -> Within<u64> {
    Within { min: 0, max: DAYS_MAX, is_whole: true }
}

/// How many tokens a window has.
pub fn tokens() -> Within<u32> {
    Within { min: 256, max: 10_000_000, is_whole: true }
}

/// A port to serve on.
pub fn port() -> Within<u16> {
    Within { min: 1, max: u16::MAX, is_whole: true }
}

/// How many examples of answers; the setting says which few are too few.
pub fn shots() -> Within<usize> {
    Within { min: 0, max: 100, is_whole: true }
}

/// How many times.
pub fn times() -> Within<u32> {
    Within { min: 1, max: 1_000, is_whole: true }
}

/// A share of one.
pub fn share() -> Within<f32> {
    Within { min: 0.0, max: 1.0, is_whole: false }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    #[error("{flag} is {value:?}; expected {} from {min} to {max}", kind(.is_whole))]
    OutOfRange { flag: String, value: String, min: String, max: String, is_whole: bool },
}

fn kind(is_whole: &bool) -> &'static str {
    if *is_whole { "a whole number" } else { "a number" }
}

impl Problem for NumberProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        let NumberProblem::OutOfRange { flag, value, min, max, is_whole } = self;
        let kind = if *is_whole { "整数" } else { "数" };
        format!("{flag} 的值 {value:?} 不对,应为 {min} 到 {max} 的{kind}")
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        let NumberProblem::OutOfRange { flag, max, is_whole, .. } = self;
        let short = flag.split(' ').next().unwrap_or(flag);
        let example = if *is_whole { "10" } else { "0.5" };
        Some(lang.pick(
            format!("例如 {short} {example};最大 {max}"),
            format!("{short} {example} for example; {max} at most"),
        ))
    }
}

impl<T> TypedValueParser for Within<T>
where
    T: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &clap::Command, arg: Option<&clap::Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let text = value.to_string_lossy();
        if let Ok(number) = text.trim().parse::<T>()
            && self.min <= number
            && number <= self.max
        {
            return Ok(number);
        }
        let problem = NumberProblem::OutOfRange {
            flag: arg.map(flag).unwrap_or_default(),
            value: text.into_owned(),
            min: self.min.to_string(),
            max: self.max.to_string(),
            is_whole: self.is_whole,
        };
        // As an error of clap's, which keeps the problem as its source.
        let refuse = move |_: &str| Err::<T, NumberProblem>(problem.clone());
        refuse.parse_ref(command, arg, OsStr::new(""))
    }
}

/// `-n (--limit)`, or the one that there is.
fn flag(arg: &clap::Arg) -> String {
    match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short} (--{long})"),
        (Some(short), None) => format!("-{short}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => arg.get_id().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};
    use std::error::Error;

    #[track_caller]
    fn check<T>(range: Within<T>, value: &str, expect: Result<T, &str>)
    where
        T: FromStr + PartialOrd + Display + Copy + Send + Sync + std::fmt::Debug + 'static,
    {
        let arg = Arg::new("n").short('n').long("limit").value_parser(range).allow_negative_numbers(true);
        let got = Command::new("rag").arg(arg).try_get_matches_from(["rag", "-n", value]);
        let got = got.map(|matches| *matches.get_one::<T>("n").expect("it was given"));
        let got = got.map_err(|error| error.source().map(ToString::to_string).unwrap_or_default());
        match (got, expect) {
            (Ok(got), Ok(expect)) => assert!(got == expect, "{got:?}"),
            (got, expect) => assert_eq!(got.map(|_| ()), expect.map(|_| ()).map_err(String::from), "{value}"),
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused_by_the_flags_name() {
        check(count(), "5", Ok(5));
        check(count(), "10000", Ok(10_000));
        for value in ["0", "-1", "10001", "1000000000000", "9223372036854775808", "abc", "1.5"] {
            let expect = format!("-n (--limit) is {value:?}; expected a whole number from 1 to 10000");
            check(count(), value, Err(&expect));
        }
        check(share(), "0.5", Ok(0.5));
        for value in ["-0.1", "1.1", "nan", "inf"] {
            check(share(), value, Err(&format!("-n (--limit) is {value:?}; expected a number from 0 to 1")));
        }
    }
}
