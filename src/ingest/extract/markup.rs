//! HTML in Markdown, and what each tag does to the reader: words are parted, alternative texts kept, tags hidden.

use super::address;
use super::html::{Break, Tag, Token, break_of, tokens};
use super::reader::{Anchor, Reader};
use super::{Head, Kind, Visible};
use std::ops::Range;

impl Reader<'_> {
    /// A tag or a comment within a line of Markdown.
    pub fn inline_html(&mut self, range: Range<usize>) {
        let html = Visible::part_of(self.text, range);
        for token in tokens(html.as_str()) {
            self.token(token, &html, false);
        }
    }

    /// Lines of HTML, of which each line-breaking element is a piece.
    pub fn html_block(&mut self, html: &Visible) {
        for token in tokens(html.as_str()) {
            self.token(token, html, true);
        }
        self.in_row = false;
    }

    fn token(&mut self, token: Token, html: &Visible, is_block: bool) {
        let source = |range: &Range<usize>| html.source_start(range.start)..html.source_end(range.end);
        match token {
            Token::Text(range) => self.html_text(html, range),
            Token::Comment(range) => {
                let source = source(&range);
                self.part(" ", source.clone());
                self.content.hidden.push(source, true);
            }
            Token::Tag(tag) => {
                let at = source(&tag.range);
                if !tag.is_end && self.leaf.span.is_none() {
                    // What is found by the tag's addresses is shown from the tag on: a picture's own words come after them.
                    self.start.get_or_insert(at.start);
                }
                match tag.name.as_str() {
                    "img" => self.picture(&tag, html),
                    _ => {
                        let parts = break_of(&tag.name) != Break::None;
                        self.content.hidden.push(at.clone(), parts);
                        self.links(&tag, html, at.start);
                    }
                }
                if !is_block {
                    self.leaf.cover(&at);
                }
                self.separate(&tag, at, is_block);
            }
        }
    }

    /// Text between tags, its entities decoded. In a table's row it goes on over the ends of lines.
    fn html_text(&mut self, html: &Visible, range: Range<usize>) {
        let text = &html.as_str()[range.clone()];
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let (visible, length) = match rest.as_bytes()[0] {
                b'&' => entity(rest),
                b'\n' | b'\r' if self.in_row => (" ".to_string(), 1),
                _ => {
                    let stop = |c: char| c == '&' || (self.in_row && matches!(c, '\n' | '\r'));
                    let length = rest.find(stop).unwrap_or(rest.len());
                    (rest[..length].to_string(), length)
                }
            };
            let begin = range.start + at;
            let source = html.source_start(begin)..html.source_end(begin + length);
            let is_gap = visible.trim().is_empty();
            match is_gap {
                // Blanks between tags begin nothing.
                true if self.leaf.span.is_none() => {}
                true if visible.contains('\n') => self.part("\n", source),
                true => self.part(" ", source),
                false => self.put(&visible, source),
            }
            at += length;
        }
    }

    fn separate(&mut self, tag: &Tag, at: Range<usize>, is_block: bool) {
        match break_of(&tag.name) {
            Break::Line if is_block && !self.in_row && tag.name != "br" => self.flush(),
            Break::Line if self.in_row => self.part(" ", at.clone()),
            Break::Line => self.part("\n", at.clone()),
            Break::Word => self.part(" ", at.clone()),
            Break::None => {
                // `</span><span>`: two things side by side; `<b>R</b>ust` is one.
                let is_latin = self.leaf.visible.as_str().ends_with(|c: char| c.is_ascii_alphanumeric());
                if self.leaf.after_end_tag && !tag.is_end && is_latin {
                    self.part(" ", at.clone());
                }
                self.leaf.after_end_tag = tag.is_end;
            }
        }
        if is_block {
            self.structure(tag, at);
        }
    }

    /// Headings and the rows of tables.
    fn structure(&mut self, tag: &Tag, at: Range<usize>) {
        let level =
            tag.name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok()).filter(|l| (1..=6).contains(l));
        if let Some(level) = level.filter(|_| self.depth == 1) {
            let kind = if tag.is_end { Kind::Html } else { Kind::Heading };
            self.close();
            self.open(kind, at.start..self.text.len());
            if let Some(open) = &mut self.open {
                open.level = level;
            }
        }
        if tag.name == "tr" || tag.name == "table" {
            self.flush();
            self.in_row = tag.name == "tr" && !tag.is_end;
            self.unit = true;
        }
        if tag.name == "tr" && tag.is_end && self.kind() == Kind::Html {
            self.head();
        }
    }

    /// The first row of a table in HTML is its head where its cells say so.
    fn head(&mut self) {
        let text = self.text;
        let Some(open) = &mut self.open else { return };
        let [row] = open.pieces.as_slice() else { return };
        let before = text[open.span.start..row.span.start].to_ascii_lowercase();
        if open.head.is_none() && before.trim_end().ends_with('>') && before.contains("<th") {
            open.head = Some(Head { span: row.span.clone(), visible: row.visible.clone() });
            open.kind = Kind::Table;
        }
    }

    fn links(&mut self, tag: &Tag, html: &Visible, at: usize) {
        if tag.name == "a" && tag.is_end {
            if let Some(anchor) = self.anchors.pop() {
                let text = &self.leaf.visible.as_str()[anchor.at.min(self.leaf.visible.len())..];
                self.leaf.linked += text.chars().filter(|c| !c.is_whitespace()).count();
            }
            return;
        }
        let address = tag.attribute("href").or_else(|| tag.attribute("src"));
        let address = address.map(|range| htmlize::unescape_attribute(&html.as_str()[range]).into_owned());
        if let Some(address) = &address {
            self.address(at, address);
        }
        if tag.name == "a" && address.is_some() {
            self.anchors.push(Anchor { at: self.leaf.visible.len(), address: String::new() });
        }
    }

    /// Of a picture its texts are shown, and it is found by its file's name.
    fn picture(&mut self, tag: &Tag, html: &Visible) {
        let source = |range: &Range<usize>| html.source_start(range.start)..html.source_end(range.end);
        let whole = source(&tag.range);
        if let Some(address) = tag.attribute("src") {
            self.address(whole.start, &html.as_str()[address]);
        }
        let mut texts: Vec<Range<usize>> =
            ["alt", "title"].into_iter().filter_map(|name| tag.attribute(name)).collect();
        texts.retain(|range| !html.as_str()[range.clone()].trim().is_empty());
        texts.sort_by_key(|range| range.start);
        let mut at = whole.start;
        for range in texts {
            let text = &html.as_str()[range.clone()];
            let place = source(&range);
            if address::is_image_name(text) || address::is_data(text) {
                self.aside(place.start, address::words(text));
                continue;
            }
            self.part(" ", at..place.start);
            self.html_text(html, range);
            self.content.hidden.push(at..place.start, true);
            at = place.end;
        }
        self.content.hidden.push(at..whole.end, true);
        self.part(" ", at..whole.end);
    }
}

/// The character that an entity at the beginning of `text` stands for, and its length; the `&` itself where there is none.
fn entity(text: &str) -> (String, usize) {
    const BYTES_MAX: usize = 40;
    let end = text.bytes().take(BYTES_MAX).position(|byte| byte == b';').map(|end| end + 1);
    let decoded = end.map(|end| (htmlize::unescape(&text[..end]).into_owned(), end));
    decoded.filter(|(decoded, end)| *decoded != text[..*end]).unwrap_or_else(|| ("&".into(), 1))
}
