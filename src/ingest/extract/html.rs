//! HTML as it stands in Markdown: text, tags and comments, told apart without a tree.

use std::ops::Range;

/// A part of the HTML, as bytes of it; together they are all of it, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Text(Range<usize>),
    Tag(Tag),
    /// A comment, a declaration or a processing instruction.
    Comment(Range<usize>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub range: Range<usize>,
    /// In lower case.
    pub name: String,
    pub is_end: bool,
    /// Names in lower case; values without their quotes, as bytes of the HTML.
    pub attributes: Vec<(String, Range<usize>)>,
}

impl Tag {
    pub fn attribute(&self, name: &str) -> Option<Range<usize>> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// What a tag does to the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    Line,
    Word,
    /// None by itself: half a word may be bold.
    None,
}

const LINE: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "title",
    "tr",
    "ul",
];
const NONE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "cite", "del", "em", "font", "i", "ins", "mark", "q", "rb", "ruby", "s", "small",
    "span", "strong", "sub", "sup", "u", "wbr",
];

pub fn break_of(name: &str) -> Break {
    if LINE.binary_search(&name).is_ok() {
        Break::Line
    } else if NONE.binary_search(&name).is_ok() {
        Break::None
    } else {
        Break::Word
    }
}

/// Elements whose content is no text.
pub fn is_opaque(name: &str) -> bool {
    matches!(name, "script" | "style")
}

/// The tokens of `html`. What is never closed (a comment, a tag, a script) is text behind its opening mark.
pub fn tokens(html: &str) -> Vec<Token> {
    let mut reader = Reader { html, tokens: Vec::new(), unclosed: Vec::new(), quotes: true };
    let mut at = 0;
    let mut text = 0;
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        at = start + 1;
        let before = reader.tokens.len();
        if let Some(end) = reader.read(start) {
            if text < start {
                reader.tokens.insert(before, Token::Text(text..start));
            }
            (at, text) = (end, end);
        }
    }
    if text < html.len() {
        reader.tokens.push(Token::Text(text..html.len()));
    }
    reader.tokens
}

struct Reader<'h> {
    html: &'h str,
    tokens: Vec<Token>,
    /// What was looked for and is nowhere below: not looked for again.
    unclosed: Vec<String>,
    /// Whether quoted values may hold `>`; not any more once a quote was never closed.
    quotes: bool,
}

impl Reader<'_> {
    /// Reads the markup at `start`, a `<`, and returns where it ends; none where it is text.
    fn read(&mut self, start: usize) -> Option<usize> {
        let rest = &self.html[start..];
        for (open, close) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
            if rest.starts_with(open) {
                let body = start + open.len();
                let Some(end) = self.find(body, close) else {
                    self.tokens.push(Token::Comment(start..body));
                    return Some(body);
                };
                self.comment(start, body, end, open == "<![CDATA[", close.len());
                return Some(end + close.len());
            }
        }
        if rest.starts_with("<!") {
            let end = self.find(start, ">")? + 1;
            self.tokens.push(Token::Comment(start..end));
            return Some(end);
        }
        let tag = self.tag(start)?;
        let (end, opaque) = (tag.range.end, is_opaque(&tag.name) && !tag.is_end);
        let name = tag.name.clone();
        self.tokens.push(Token::Tag(tag));
        if opaque && let Some(close) = self.find_end_tag(end, &name) {
            self.tokens.push(Token::Comment(end..close));
            return Some(close);
        }
        Some(end)
    }

    fn comment(&mut self, start: usize, body: usize, end: usize, is_text: bool, close: usize) {
        if is_text {
            self.tokens.push(Token::Comment(start..body));
            self.tokens.push(Token::Text(body..end));
            self.tokens.push(Token::Comment(end..end + close));
        } else {
            self.tokens.push(Token::Comment(start..end + close));
        }
    }

    fn find(&mut self, from: usize, what: &str) -> Option<usize> {
        if self.unclosed.iter().any(|known| known == what) {
            return None;
        }
        let found = self.html[from..].find(what);
        if found.is_none() {
            self.unclosed.push(what.into());
        }
        Some(from + found?)
    }

    fn find_end_tag(&mut self, from: usize, name: &str) -> Option<usize> {
        let what = format!("</{name}");
        if self.unclosed.contains(&what) {
            return None;
        }
        let is_it = |at: &usize| {
            let end = at + what.len();
            self.html.get(*at..end).is_some_and(|found| found.eq_ignore_ascii_case(&what))
        };
        let found = self.html[from..].match_indices("</").map(|(at, _)| from + at).find(is_it);
        if found.is_none() {
            self.unclosed.push(what);
        }
        found
    }

    fn tag(&mut self, start: usize) -> Option<Tag> {
        let bytes = self.html.as_bytes();
        let is_end = bytes.get(start + 1) == Some(&b'/');
        let named = start + 1 + usize::from(is_end);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_');
        if !bytes.get(named)?.is_ascii_alphabetic() {
            return None;
        }
        let name_end = named + bytes[named..].iter().take_while(|byte| is_name(byte)).count();
        // `<a@b.example>` is an address, `<T,U>` is code.
        if !bytes.get(name_end).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')) {
            return None;
        }
        let close = self.close(name_end)?;
        let name = self.html[named..name_end].to_ascii_lowercase();
        let attributes = attributes(self.html, name_end..close);
        Some(Tag { range: start..close + 1, name, is_end, attributes })
    }

    /// The end of the tag that ends at `end`: where a quote that was never closed has swallowed tags, the first of them.
    fn not_swallowed(&self, from: usize, end: usize) -> usize {
        self.html[from..end].find("><").map_or(end, |at| from + at)
    }

    /// The `>` that closes the tag whose name ends at `from`.
    fn close(&mut self, from: usize) -> Option<usize> {
        if self.quotes {
            let mut quote = None;
            for (at, byte) in self.html.bytes().enumerate().skip(from) {
                match (quote, byte) {
                    (None, b'>') => return Some(self.not_swallowed(from, at)),
                    (None, b'"' | b'\'') => quote = Some(byte),
                    (Some(open), _) if open == byte => quote = None,
                    _ => {}
                }
            }
            self.quotes = false;
        }
        self.find(from, ">")
    }
}

/// Names and values between the name of a tag and its end.
fn attributes(html: &str, range: Range<usize>) -> Vec<(String, Range<usize>)> {
    let mut attributes = Vec::new();
    let mut at = range.start;
    let blank = |c: char| c.is_ascii_whitespace() || c == '/';
    loop {
        at += html[at..range.end].len() - html[at..range.end].trim_start_matches(blank).len();
        let rest = &html[at..range.end];
        let name = rest.split(|c: char| c.is_ascii_whitespace() || c == '=').next().unwrap_or_default();
        if rest.is_empty() {
            return attributes;
        }
        // A sign that names nothing, such as a second `=`, is passed over.
        at += name.len().max(usize::from(name.is_empty()));
        let behind = html[at..range.end].trim_start();
        let Some(value) = behind.strip_prefix('=').filter(|_| !name.is_empty()).map(str::trim_start) else { continue };
        let start = range.end - value.len();
        let (from, to) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let end = value[1..].find(quote).map_or(range.end, |end| start + 1 + end);
                (start + 1, end)
            }
            _ => (start, start + value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        attributes.push((name.to_ascii_lowercase(), from..to));
        at = (to + usize::from(from > start)).min(range.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(html: &str) -> String {
        let text = |token: Token| match token {
            Token::Text(range) => Some(html[range].to_string()),
            _ => None,
        };
        tokens(html).into_iter().filter_map(text).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn text_is_told_from_markup() {
        assert_eq!(text("<p class='a>b'>甲</p><!-- 乙 -->丙<br/>丁"), "甲|丙|丁");
        assert_eq!(text("<script>if (a < b) {}</SCRIPT>甲"), "甲");
        assert_eq!(text("1 < 2 <a@b.example> <T,U>"), "1 < 2 <a@b.example> <T,U>");
        assert_eq!(text("<![CDATA[甲]]>"), "甲");
    }

    #[test]
    fn what_is_never_closed_is_text() {
        assert_eq!(text("甲<!-- 乙"), "甲| 乙");
        assert_eq!(text("<style>乙"), "乙");
        assert_eq!(text("甲<a href=\"x 乙"), "甲<a href=\"x 乙");
        assert_eq!(text("甲<a href=\"x>乙"), "甲|乙");
        assert_eq!(text("<ul style=\"a><li>甲</li><a href=\"x\">乙"), "甲|乙");
    }

    #[test]
    fn attributes_have_values_with_and_without_quotes() {
        let html = "<img src=a.png ALT=\"一 图\" title='乙' hidden = >";
        let Token::Tag(tag) = &tokens(html)[0] else { panic!() };
        let value = |name| tag.attribute(name).map(|range| &html[range]);
        assert_eq!((value("src"), value("alt"), value("title")), (Some("a.png"), Some("一 图"), Some("乙")));
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(LINE.is_sorted() && NONE.is_sorted());
    }

    proptest! {
        #[test]
        fn tokens_are_all_of_it_in_order(html in "[<>/!\\-\"'= a-c甲?\\[\\]]{0,60}") {
            let mut at = 0;
            for token in tokens(&html) {
                let range = match token { Token::Text(range) | Token::Comment(range) => range, Token::Tag(tag) => tag.range };
                prop_assert_eq!(range.start, at);
                at = range.end;
            }
            prop_assert_eq!(at, html.len());
        }
    }
}
