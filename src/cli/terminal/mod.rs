//! The terminal: the one way out for all that is printed, on stdout and on stderr.
//!
//! Text comes from notes, names, models, servers and settings of strangers. On its way out known secrets are struck from it,
//! then what would act on a terminal is made visible ([`shown`]); only then the program's own styles become escape sequences
//! ([`Style`]). A pipe gets the same without styles: what is in a file today is on a terminal tomorrow.
//!
//! Text comes in pieces, as a model writes it. The end of a piece that may be the beginning of a secret waits for the next.

mod shown;
mod style;

pub use shown::line;
pub use style::Style;

use crate::secret::Secrets;
use std::io::{Result, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// As given, and ready to be struck out.
static SECRETS: Mutex<(Vec<String>, Secrets)> = Mutex::new((Vec::new(), Secrets::NONE));
static OUT: Mutex<Way> = Mutex::new(Way::NEW);
static ERR: Mutex<Way> = Mutex::new(Way::NEW);

/// What is written to it appears on stdout or stderr, safe to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    Out,
    Err,
}

pub fn stdout() -> Terminal {
    Terminal::Out
}

pub fn stderr() -> Terminal {
    Terminal::Err
}

/// From now on `values` are struck out of all that is printed, besides those given before.
pub fn strike(values: Vec<String>) {
    let (all, secrets) = &mut *lock(&SECRETS);
    all.extend(values);
    *secrets = Secrets::new(all.iter().cloned());
}

/// Prints what waits for a next piece: there is none.
pub fn finish() -> Result<()> {
    for terminal in [Terminal::Out, Terminal::Err] {
        terminal.put(&mut |way, secrets| way.rest(secrets))?;
        terminal.raw(b"")?;
    }
    Ok(())
}

/// What a panic says goes the same way; not through the streams, one of which may be what panicked.
pub fn show_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let said = format!("{panic}\n{}", std::backtrace::Backtrace::capture());
        let secrets = SECRETS.try_lock().map_or_else(|_| Secrets::NONE, |known| known.1.clone());
        let mut shown = String::new();
        shown::push(&mut shown, &secrets.strike(&said));
        // A stderr that is gone is nobody's.
        let _ = writeln!(anstream::stderr(), "{shown}");
    }));
}

/// `text` for a progress bar, which draws itself: on one line, and nothing in it acts.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    shown::push(&mut shown, &lock(&SECRETS).1.strike(&line(text)));
    shown
}

/// `text` as a pipe would get it.
#[cfg(test)]
pub fn plain(text: &str) -> String {
    let mut way = Way::NEW;
    let shown = way.pass(text.as_bytes(), &Secrets::NONE) + &way.rest(&Secrets::NONE);
    anstream::adapter::strip_str(&shown).to_string()
}

impl Terminal {
    /// What `step` lets out is written before another thread gets its turn.
    fn put(self, step: &mut dyn FnMut(&mut Way, &Secrets) -> String) -> Result<()> {
        let mut way = lock(if self == Terminal::Out { &OUT } else { &ERR });
        let out = step(&mut way, &lock(&SECRETS).1);
        if out.is_empty() { Ok(()) } else { self.raw(out.as_bytes()) }
    }

    /// Honours `NO_COLOR` and what the stream is; flushes where there is nothing to write.
    fn raw(self, bytes: &[u8]) -> Result<()> {
        let write = |out: &mut dyn Write| if bytes.is_empty() { out.flush() } else { out.write_all(bytes) };
        match self {
            Terminal::Out => write(&mut anstream::stdout().lock()),
            Terminal::Err => write(&mut anstream::stderr().lock()),
        }
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.put(&mut |way, secrets| way.pass(bytes, secrets))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.raw(b"")
    }
}

/// A thread that panicked while it printed leaves the others able to.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Text on its way to one stream.
#[derive(Debug)]
struct Way {
    /// The beginning of a character.
    bytes: Vec<u8>,
    /// What waits for the next piece.
    held: String,
}

impl Way {
    const NEW: Way = Way { bytes: Vec::new(), held: String::new() };

    /// What can be shown once `bytes` have come.
    fn pass(&mut self, bytes: &[u8], secrets: &Secrets) -> String {
        self.bytes.extend_from_slice(bytes);
        self.decode();
        self.let_out(secrets, false)
    }

    /// What still waits: nothing more comes.
    fn rest(&mut self, secrets: &Secrets) -> String {
        let rest = std::mem::take(&mut self.bytes);
        self.held.push_str(&String::from_utf8_lossy(&rest));
        self.let_out(secrets, true)
    }

    /// Moves whole characters from `bytes` to `held`.
    fn decode(&mut self) {
        while let Err(error) = std::str::from_utf8(&self.bytes) {
            let Some(len) = error.error_len() else {
                let rest = self.bytes.split_off(error.valid_up_to());
                self.held.push_str(&String::from_utf8_lossy(&self.bytes));
                self.bytes = rest;
                return;
            };
            let whole: Vec<u8> = self.bytes.drain(..error.valid_up_to() + len).collect();
            self.held.push_str(&String::from_utf8_lossy(&whole));
        }
        let whole = std::mem::take(&mut self.bytes);
        self.held.push_str(&String::from_utf8_lossy(&whole));
    }

    fn let_out(&mut self, secrets: &Secrets, is_end: bool) -> String {
        let text = std::mem::take(&mut self.held);
        let (mut out, mut rest) = (String::with_capacity(text.len()), text.as_str());
        // `before` is text without a mark; one that is none of ours is part of it.
        let mut before = String::new();
        while let Some(at) = rest.find(style::START) {
            before.push_str(&rest[..at]);
            rest = &rest[at..];
            match style::read(rest) {
                style::Marked::Style { len, sequence } => {
                    shown::push(&mut out, &secrets.strike(&before));
                    before.clear();
                    out.push_str(&sequence);
                    rest = &rest[len..];
                }
                style::Marked::Unfinished if !is_end => {
                    shown::push(&mut out, &secrets.strike(&before));
                    self.held = rest.into();
                    return out;
                }
                _ => {
                    before.push(style::START);
                    rest = &rest[style::START.len_utf8()..];
                }
            }
        }
        before.push_str(rest);
        // Struck out first: the end of a whole secret may be the beginning of one.
        let struck = secrets.strike(&before);
        let open = if is_end { struck.len() } else { open_end(&struck, secrets) };
        shown::push(&mut out, &struck[..open]);
        self.held = struck[open..].into();
        out
    }
}

/// Where the part of `text` begins that says only with what follows how it is shown.
fn open_end(text: &str, secrets: &Secrets) -> usize {
    let open = secrets.open_end(text);
    if text.ends_with('\r') { open.min(text.len() - 1) } else { open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets() -> Secrets {
        Secrets::new(["MyOrgKeyAbc987654".into()])
    }

    fn pieces(pieces: &[&[u8]]) -> String {
        let mut way = Way::NEW;
        let out: String = pieces.iter().map(|piece| way.pass(piece, &secrets())).collect();
        out + &way.rest(&secrets())
    }

    #[test]
    fn styles_are_ours_alone() {
        let bold = format!("{}标题 \x1b[31m{:#}", Style::Bold, Style::Bold);
        assert_eq!(pieces(&[bold.as_bytes()]), "\x1b[1m标题 ␛[31m\x1b[0m");
        assert_eq!(pieces(&["\u{fdd0}0123456789abcdefB x".as_bytes()]), "\\ufdd00123456789abcdefB x");
        assert_eq!(plain(&bold), "标题 ␛[31m");
    }

    #[test]
    fn a_secret_in_pieces_is_struck_out_and_nothing_else_is_lost() {
        assert_eq!(pieces(&[b"key MyOrg", b"KeyAbc98", b"7654 and MyOrgan"]), "key [key] and MyOrgan");
        assert_eq!(pieces(&[b"ends in MYORGKEY"]), "ends in MYORGKEY");
        let mut twice = Way::NEW;
        let secrets = Secrets::new(["abcxyz12abc".into()]);
        assert_eq!(twice.pass(b"abcxyz12abc", &secrets) + &twice.pass(b"xyz!", &secrets), "[key]xyz!");
        let mut way = Way::NEW;
        assert_eq!(
            way.pass(b"an answer so far", &super::tests::secrets()),
            "an answer so far",
            "a reader does not wait"
        );
    }

    #[test]
    fn bytes_that_are_no_text_do_nothing() {
        assert_eq!(pieces(&[b"\xe7\x94", b"\xb2\x9b31m", b"\xff\xe7"]), "甲\u{fffd}31m\u{fffd}\u{fffd}");
        assert_eq!(pieces(&[b"a\r", b"\nb\r", b"c"]), "a\nb␍c");
    }

    fn acts(c: char) -> bool {
        c.is_control() && c != '\n' && c != '\t'
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    }

    proptest! {
        #[test]
        fn nothing_that_acts_gets_out_however_it_is_cut(
            text in "[a-z甲\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{fdd0}]{0,60}",
            cuts in prop::collection::vec(0usize..80, 0..6),
        ) {
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let out = pieces(&parts);
            prop_assert!(!out.chars().any(acts), "{out:?}");
            prop_assert_eq!(out, pieces(&[bytes]));
        }

        #[test]
        fn json_stays_json_of_the_same_meaning(text in "[a-z\"\\\\甲\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{fdd0}\r\n]{0,40}") {
            let json = serde_json::to_string(&text).unwrap();
            let out = pieces(&[json.as_bytes()]);
            prop_assert!(!out.chars().any(acts));
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
