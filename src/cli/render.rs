//! What the terminal shows: errors, progress, sizes, times, styles.

use super::our_error;
pub use super::terminal::{Style, line, stderr, stdout, visible};
use crate::language::Lang;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::time::Duration;

pub const BOLD: Style = Style::Bold;
pub const DIM: Style = Style::Dim;
pub const MARK: Style = Style::Mark;
pub const ERROR: Style = Style::Error;
pub const WARNING: Style = Style::Warning;
pub const HINT: Style = Style::Hint;
pub const GOOD: Style = Style::Good;

/// `error:` says what failed, `hint:` what to type. Messages go to stderr; a stderr that is gone is nobody's.
pub fn error(error: &anyhow::Error, lang: Lang) {
    let mut err = stderr();
    let (message, hint) = match our_error(error) {
        Some(ours) => (ours.message(lang), ours.hint(lang)),
        None => (format!("{error:#}"), None),
    };
    let _ = writeln!(err, "{ERROR}error{ERROR:#}: {}", within(&message));
    if let Some(hint) = hint {
        self::hint(&hint);
    }
}

pub fn hint(hint: &str) {
    let _ = writeln!(stderr(), "{HINT}hint{HINT:#}: {}", within(hint));
}

pub fn warning(message: &str) {
    let _ = writeln!(stderr(), "{WARNING}warning{WARNING:#}: {}", within(message));
}

/// A line of news on stderr.
pub fn note(message: &str) {
    let _ = writeln!(stderr(), "{}", within(message));
}

/// Lines behind the first are set in: what a server or a file says in a message cannot look like one of ours.
fn within(message: &str) -> String {
    message.trim_end().replace('\n', "\n  ")
}

/// Words beside the answer, dimmed, on stderr: as they come, without a line's end.
pub fn aside(words: &str) -> std::io::Result<()> {
    write!(stderr(), "{DIM}{words}{DIM:#}")
}

/// A bar on stderr, drawn only on a terminal. `bytes` shows sizes and speed, else counts.
pub fn bar(total: u64, bytes: bool) -> ProgressBar {
    let template = if bytes {
        "{spinner} {msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}"
    } else {
        "{spinner} {msg} {bar:30} {pos}/{len} {per_sec} {eta}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    moving(ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style))
}

/// As [`bar`], for work whose end is not known.
pub fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} {pos} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    moving(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style))
}

/// Drawn anew even while one step takes long, so that nobody takes it for stuck.
fn moving(bar: ProgressBar) -> ProgressBar {
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

pub fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

pub fn seconds(duration: Duration) -> String {
    match duration.as_secs_f64() {
        short if short < 0.1 => format!("{:.0} ms", short * 1e3),
        short if short < 10.0 => format!("{short:.1} s"),
        long if long < 120.0 => format!("{long:.0} s"),
        long => format!("{:.0} min {:.0} s", (long / 60.0).floor(), long % 60.0),
    }
}

/// JSON on one line of stdout.
pub fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = stdout();
    // As the error of the writer that it is, so that a pipe that was closed is known for one.
    serde_json::to_writer(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// `path:12-20`, or `path:12`.
pub fn place(path: &str, lines: (u32, u32)) -> String {
    match lines {
        (first, last) if first == last => format!("{}:{first}", line(path)),
        (first, last) => format!("{}:{first}-{last}", line(path)),
    }
}

/// `text` filled with blanks to `width` columns; Han characters take two.
pub fn padded(text: &str, width: usize) -> String {
    let fill = width.saturating_sub(unicode_width::UnicodeWidthStr::width(text));
    format!("{text}{}", " ".repeat(fill))
}

/// As [`padded`], with the blanks before it.
pub fn flush_right(text: &str, width: usize) -> String {
    let fill = width.saturating_sub(unicode_width::UnicodeWidthStr::width(text));
    format!("{}{text}", " ".repeat(fill))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_han_characters_twice() {
        assert_eq!(padded("索引", 6), "索引  ");
        assert_eq!(padded("longer", 3), "longer");
        assert_eq!(flush_right("索引", 6), "  索引");
    }

    #[test]
    fn durations_read_naturally() {
        let said: Vec<String> =
            [0.012, 1.26, 42.4, 150.0].iter().map(|s| seconds(Duration::from_secs_f64(*s))).collect();
        assert_eq!(said, ["12 ms", "1.3 s", "42 s", "2 min 30 s"]);
    }
}
