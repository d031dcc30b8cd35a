//! A failure: on stderr as `error:` and `hint:`, and with `--json` as one object on stdout, whenever it comes.

use super::{our_error, render};
use crate::config::Withheld;
use crate::error::Fault;
use crate::language::Lang;
use serde::Serialize;
use std::ffi::OsString;
use std::io::Write;

/// What a script reads where it expected a result.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
    hint: Option<&'a str>,
    /// Whose fault it is: `user`, `environment` or `bug`.
    fault: &'static str,
}

/// Whether `--json` is among what was typed: known before anything can fail.
pub fn is_json_wanted(typed: &[OsString]) -> bool {
    let typed: Vec<_> = typed.iter().skip(1).take_while(|arg| *arg != "--").collect();
    let Some(at) = typed.iter().position(|arg| *arg == "--json" || *arg == "--json=-") else { return false };
    // There it names a file.
    let is_file = typed.iter().any(|arg| *arg == "retrieval") && typed.iter().any(|arg| *arg == "eval");
    !is_file || *typed[at] == "--json=-" || typed.get(at + 1).is_some_and(|next| *next == "-")
}

pub fn tell(error: &anyhow::Error, as_json: bool, lang: Lang) {
    render::error(error, lang);
    if !as_json {
        return;
    }
    // In English, as all that scripts read.
    let (message, hint, fault) = match our_error(error) {
        Some(ours) => (ours.message(Lang::En), ours.hint(Lang::En), ours.fault()),
        None => (format!("{error:#}"), None, Fault::Environment),
    };
    let fault = match fault {
        Fault::User => "user",
        Fault::Environment => "environment",
        Fault::Bug => "bug",
    };
    print(&Failure { error: &message, hint: hint.as_deref(), fault });
}

/// As [`tell`], for arguments that no command can be made of: `error: …`, then tips and the usage.
pub fn tell_usage(error: &clap::Error, as_json: bool) {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    // A stderr that is gone is nobody's.
    let _ = writeln!(render::stderr(), "{ERROR}error{ERROR:#}: {text}", ERROR = render::ERROR);
    if as_json {
        let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
        let hint = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        print(&Failure { error: message, hint: Some(hint.as_str()).filter(|hint| !hint.is_empty()), fault: "user" });
    }
}

/// Why a key was not sent, which may be why the server refused.
pub fn explain_withheld(Withheld { key, from, host }: &Withheld, lang: Lang) {
    render::warning(&lang.pick(
        format!("{key}(来自 {from})属于 {host},没有发给别的主机;要发,在同一处写明地址,或用 --api-key"),
        format!("{key} (from {from}) is for {host} and was sent to no other host; to send it, name the address in the same place, or use --api-key"),
    ));
}

/// A stdout that is gone is nobody's.
fn print(failure: &Failure<'_>) {
    let _ = render::json(failure);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_wanted_by_an_option_and_not_by_a_query_or_a_file() {
        for (typed, expect) in [
            ("rag search 端口 --json", true),
            ("rag search 端口", false),
            ("rag search -- --json", false),
            ("rag eval retrieval suite --json out.json", false),
            ("rag eval retrieval suite --json -", true),
            ("rag eval retrieval suite --json=-", true),
            ("rag eval answers suite --json", true),
        ] {
            let args: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            assert_eq!(is_json_wanted(&args), expect, "{typed}");
        }
    }
}
