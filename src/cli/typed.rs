//! The arguments as they were typed: which of them are words of a query though they begin with a minus sign.
//!
//! clap takes whatever begins with `-` for an option, or, told otherwise, for text, known options too. So the words of a
//! query are told from options here, by clap's own table of them, and put behind `--`.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use clap::{Arg, Command};
use std::ffi::OsString;

/// Arguments that are free text.
const FREE_TEXT: [&str; 3] = ["query", "question", "what"];
/// What flags that take a number call it.
const NUMBER: &str = "N";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypedProblem {
    #[error("{typed} is no option")]
    OneMinusSign { typed: String, option: String },
}

impl Problem for TypedProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        let TypedProblem::OneMinusSign { typed, .. } = self;
        format!("没有 {typed} 这个选项")
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        let TypedProblem::OneMinusSign { typed, option } = self;
        Some(lang.pick(
            format!("是不是想写 {option}?若要查这个词,写在 -- 之后:-- {typed}"),
            format!("did you mean {option}? To look for it, write it after --: -- {typed}"),
        ))
    }
}

/// `args` with the words of a query behind `--`, where the command has a query; the name of the program is the first.
pub fn in_order(args: Vec<OsString>, mut command: Command) -> Result<Vec<OsString>, TypedProblem> {
    command.build();
    let mut left = args.into_iter().peekable();
    let mut ordered: Vec<OsString> = left.next().into_iter().collect();
    let mut command = &command;
    while command.has_subcommands() {
        let options = Options(command);
        let Some(next) = left.next() else { return Ok(ordered) };
        let text = next.to_string_lossy().into_owned();
        ordered.push(next);
        match options.read(&text)? {
            Read::Option { takes_next: true } => ordered.extend(left.next()),
            Read::Option { takes_next: false } => {}
            Read::Word => match command.find_subcommand(&text) {
                Some(inner) => command = inner,
                None => break,
            },
        }
    }
    if !has_free_text(command) {
        ordered.extend(left);
        return Ok(ordered);
    }
    let options = Options(command);
    let mut words = Vec::new();
    while let Some(next) = left.next() {
        let text = next.to_string_lossy().into_owned();
        if text == "--" {
            words.extend(left);
            break;
        }
        match options.read(&text)? {
            Read::Word => words.push(next),
            Read::Option { takes_next } => {
                ordered.push(next);
                let is_value = |next: &OsString| !options.is_option(&next.to_string_lossy());
                ordered.extend(left.next_if(|next| takes_next && is_value(next)));
            }
        }
    }
    if !words.is_empty() {
        ordered.push("--".into());
        ordered.extend(words);
    }
    Ok(ordered)
}

fn has_free_text(command: &Command) -> bool {
    let mut positionals = command.get_positionals();
    let first = positionals.next();
    first.is_some_and(|arg| FREE_TEXT.contains(&arg.get_id().as_str())) && positionals.next().is_none()
}

/// The options of a command.
struct Options<'c>(&'c Command);

/// What an argument is taken for.
enum Read {
    /// Known to clap, or for it to complain about.
    Option {
        takes_next: bool,
    },
    Word,
}

impl Options<'_> {
    fn read(&self, text: &str) -> Result<Read, TypedProblem> {
        if let Some(long) = text.strip_prefix("--") {
            return Ok(self.long(long));
        }
        match text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            None => Ok(Read::Word),
            Some(letters) => self.short(letters),
        }
    }

    fn is_option(&self, text: &str) -> bool {
        text == "--" || matches!(self.read(text), Ok(Read::Option { .. }))
    }

    /// A name that is not known is a slip to be told of, not a query.
    fn long(&self, text: &str) -> Read {
        let (name, has_value) = text.split_once('=').map_or((text, false), |(name, _)| (name, true));
        match self.0.get_arguments().find(|arg| arg.get_long() == Some(name)) {
            Some(arg) => Read::Option { takes_next: takes_value(arg) && !has_value },
            None if text.starts_with(|c: char| c.is_ascii_alphabetic()) => Read::Option { takes_next: false },
            None => Read::Word,
        }
    }

    /// `-n`, `-n5`, `-vv`; anything else is a word, unless it is a long option with a sign too few.
    fn short(&self, letters: &str) -> Result<Read, TypedProblem> {
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            match self.0.get_arguments().find(|arg| arg.get_short() == Some(letter)) {
                Some(arg) if takes_value(arg) && fits(arg, rest) => {
                    return Ok(Read::Option { takes_next: rest.is_empty() });
                }
                Some(arg) if !takes_value(arg) => {}
                _ => return self.word(letters),
            }
        }
        Ok(Read::Option { takes_next: false })
    }

    fn word(&self, text: &str) -> Result<Read, TypedProblem> {
        let name = text.split('=').next().unwrap_or(text);
        match self.0.get_arguments().find_map(|arg| arg.get_long().filter(|long| *long == name)) {
            Some(long) => Err(TypedProblem::OneMinusSign { typed: format!("-{text}"), option: format!("--{long}") }),
            None => Ok(Read::Word),
        }
    }
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values() && !arg.is_positional()
}

/// Whether what is written right behind the letter of an option can be its value: `-n5`, but not `-nightly`.
fn fits(arg: &Arg, value: &str) -> bool {
    let is_number = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.as_str() == NUMBER));
    value.is_empty() || !is_number || value.trim_start_matches('=').parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use clap::CommandFactory;

    fn ordered(typed: &str) -> Result<String, TypedProblem> {
        let args = std::iter::once("rag").chain(typed.split(' ')).map(OsString::from).collect();
        let args = in_order(args, Cli::command())?;
        Ok(args[1..].iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" "))
    }

    #[track_caller]
    fn check(typed: &str, expect: &str) {
        assert_eq!(ordered(typed).unwrap(), expect, "{typed}");
    }

    #[test]
    fn a_query_may_begin_with_a_minus_sign_and_have_several_words() {
        check("search -18℃", "search -- -18℃");
        check("ask -18℃ 是什么 --extractive", "ask --extractive -- -18℃ 是什么");
        check("search 青竹 端口 -c c --mode lexical", "search -c c --mode lexical -- 青竹 端口");
        check("search -c c 青竹 -n 5 -端口", "search -c c -n 5 -- 青竹 -端口");
        check("search -5 --json -", "search --json -- -5 -");
        check("search rust -nightly", "search -- rust -nightly");
        check("inspect -v2.0", "inspect -- -v2.0");
        check("-c c search -- --json -n", "-c c search -- --json -n");
        check("eval add -18℃ --doc a.md", "eval add --doc a.md -- -18℃");
    }

    #[test]
    fn known_options_stay_options_wherever_they_stand() {
        check("search a -n5 -vv", "search -n5 -vv -- a");
        check("search a -n -1", "search -n -1 -- a");
        check("search a --limit=3 -h", "search --limit=3 -h -- a");
        check("search a -n --json", "search -n --json -- a");
        check("-v --collection=c search a", "-v --collection=c search -- a");
        check("search a --where -x", "search --where -x -- a");
    }

    #[test]
    fn what_is_no_option_and_no_query_is_left_to_be_told_of() {
        check("search a --limt 5", "search --limt -- a 5");
        check("sarch -18℃", "sarch -18℃");
        check("search", "search");
        check("index -x .", "index -x .");
        check("log -n 3", "log -n 3");
        let expect = TypedProblem::OneMinusSign { typed: "-json".into(), option: "--json".into() };
        assert_eq!(ordered("search a -json"), Err(expect));
    }
}
