//! Framing: bytes as they arrive → messages, whatever they come wrapped in.
//!
//! Server-sent events as the [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)
//! has them, and what servers make of them: one line break between events instead of two, a JSON object a line without
//! `data:`, or one object for the whole answer. What it is shows in its bytes; what a header calls it says little.

/// Of what is no message, so much is kept to be shown.
const OTHER_BYTES_MAX: usize = 1024;

/// What one event carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The event's name; empty where it has none.
    pub event: String,
    pub data: String,
}

/// Reads bytes in pieces of any size, each once.
#[derive(Debug, Default)]
pub struct Framing {
    line: Vec<u8>,
    /// The last byte was a `\r`: a `\n` after it belongs to it.
    after_cr: bool,
    /// Whether a line has been read.
    is_begun: bool,
    event: String,
    data: String,
    nesting: Nesting,
    /// The beginning of what was neither an event nor JSON: a page, a plain sentence.
    other: String,
}

impl Framing {
    /// Hands each message that `bytes` complete to `on`.
    pub fn push(&mut self, bytes: &[u8], on: &mut dyn FnMut(Message)) {
        for &byte in bytes {
            let is_second = std::mem::take(&mut self.after_cr) && byte == b'\n';
            match byte {
                _ if is_second => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    self.end_line(on);
                }
                _ => self.line.push(byte),
            }
        }
    }

    /// What stands unfinished at the end.
    pub fn finish(&mut self, on: &mut dyn FnMut(Message)) {
        if !self.line.is_empty() {
            self.end_line(on);
        }
        self.emit(on);
    }

    pub fn other(&self) -> &str {
        &self.other
    }

    fn end_line(&mut self, on: &mut dyn FnMut(Message)) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let text =
            if std::mem::replace(&mut self.is_begun, true) { &text } else { text.trim_start_matches('\u{feff}') };
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            _ if text.trim().is_empty() => {
                if !self.nesting.is_open() || self.nesting.is_of_fields {
                    self.emit(on);
                }
            }
            "data" => self.take(value, true, on),
            _ if self.nesting.is_open() && !self.nesting.is_of_fields => self.take(text, false, on),
            // A comment has no field.
            "" | "id" | "retry" => {}
            "event" => self.event = value.trim().to_owned(),
            _ if text.trim_start().starts_with(['{', '[']) => self.take(text, false, on),
            _ => self.note(text),
        }
    }

    /// A line of data; `is_field` where it was marked as such. A JSON value that closes is a message, without waiting for
    /// the blank line that servers leave out.
    fn take(&mut self, line: &str, is_field: bool, on: &mut dyn FnMut(Message)) {
        if !self.data.is_empty() {
            if self.nesting.is_open() {
                self.data.push('\n');
            } else {
                // The line before was no JSON, so it was whole.
                self.emit_data(on);
            }
        }
        let mut rest = line;
        while let Some(end) = self.nesting.closes(rest) {
            self.data.push_str(&rest[..end]);
            self.emit_data(on);
            rest = &rest[end..];
            if rest.trim().is_empty() {
                return;
            }
        }
        self.nesting.is_of_fields = is_field;
        self.data.push_str(rest);
    }

    fn emit_data(&mut self, on: &mut dyn FnMut(Message)) {
        self.nesting = Nesting::default();
        let data = std::mem::take(&mut self.data);
        if !data.trim().is_empty() {
            on(Message { event: self.event.clone(), data });
        }
    }

    fn emit(&mut self, on: &mut dyn FnMut(Message)) {
        self.emit_data(on);
        self.event.clear();
    }

    fn note(&mut self, line: &str) {
        if self.other.len() < OTHER_BYTES_MAX {
            self.other.extend(line.chars().take(OTHER_BYTES_MAX).chain(['\n']));
        }
    }
}

/// How deep in brackets a JSON value is so far.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    /// Whether its lines came as fields of an event.
    is_of_fields: bool,
}

impl Nesting {
    fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// Where in `text`, which goes on with the value, its last bracket closes.
    fn closes(&mut self, text: &str) -> Option<usize> {
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if std::mem::take(&mut self.is_escaped) => {}
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' if self.is_open() => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.is_open() => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                // A word before the first bracket: no JSON.
                _ if !self.is_open() && !byte.is_ascii_whitespace() => return None,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut framing = Framing::default();
        let mut seen = Vec::new();
        let mut on = |message: Message| seen.push((message.event, message.data));
        for piece in pieces {
            framing.push(piece, &mut on);
        }
        framing.finish(&mut on);
        seen
    }

    fn check(text: &str, expect: &[(&str, &str)]) {
        let expect: Vec<_> = expect.iter().map(|(event, data)| (event.to_string(), data.to_string())).collect();
        assert_eq!(read(&[text.as_bytes()]), expect, "{text:?}");
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes), expect, "{text:?}, a byte at a time");
    }

    #[test]
    fn events_end_by_one_line_break_or_two_of_any_kind() {
        for ends in ["\n\n", "\n", "\r\n\r\n", "\r\r", "\r\n"] {
            check(
                &format!(
                    "\u{feff}data: {{\"a\":\"}}\\\"\"}}{ends}: ping{ends}data:{{\"b\":[1]}}{ends}data: [DONE]{ends}"
                ),
                &[("", r#"{"a":"}\""}"#), ("", r#"{"b":[1]}"#), ("", "[DONE]")],
            );
        }
    }

    #[test]
    fn an_object_over_several_lines_is_one_message_with_fields_and_without() {
        check("data: {\"a\":\ndata: \"b\"}\n\n", &[("", "{\"a\":\n\"b\"}")]);
        check("{\n  \"a\": 1,\n\n  \"data: x\": 2\n}\n", &[("", "{\n  \"a\": 1,\n  \"data: x\": 2\n}")]);
        check("{\"a\":1}\n{\"a\":2}{\"a\":3}\n", &[("", "{\"a\":1}"), ("", "{\"a\":2}"), ("", "{\"a\":3}")]);
    }

    #[test]
    fn events_have_names_and_what_is_unfinished_comes_at_the_end() {
        check(
            "event: ping\ndata: ping\n\nevent: empty\n\nid: 1\nretry: 3\nevent: error\ndata: worker 7 [\n\ndata: {\"a\"",
            &[("ping", "ping"), ("error", "worker 7 ["), ("", "{\"a\"")],
        );
    }

    #[test]
    fn what_is_no_message_is_kept_to_be_shown() {
        let mut framing = Framing::default();
        framing.push(b"<!doctype html>\nlogin\n", &mut |message| panic!("{message:?}"));
        framing.finish(&mut |message| panic!("{message:?}"));
        assert_eq!(framing.other(), "<!doctype html>\nlogin\n");
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_changes_nothing(
            text in "(data: |event: |: |\\{|\\}|\\[|\\]|\"|\\\\|a|字|\n|\r){0,60}",
            size in 1usize..9,
        ) {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(read(&pieces), read(&[text.as_bytes()]));
        }
    }
}
