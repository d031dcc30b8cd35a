//! Events of the Markdown parser, and what each does to the reader.

use super::address;
use super::reader::{Anchor, Open, Reader};
use super::{Head, Kind, definitions, fence};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

fn extensions() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
}

impl Reader<'_> {
    /// Reads from `from` on, to the end or, where a fence is never closed and prose follows, to where that begins.
    pub fn read(&mut self, from: usize, may_stop: bool) -> Option<usize> {
        let mut covered = from;
        let text = self.text;
        let events = Parser::new_ext(&text[from..], extensions()).into_offset_iter();
        let mut defined: Vec<Range<usize>> = events
            .reference_definitions()
            .iter()
            .map(|(_, definition)| definition.span.start + from..definition.span.end + from)
            .collect();
        defined.sort_by_key(|range| std::cmp::Reverse(range.start));
        for (event, range) in events {
            let range = range.start + from..range.end + from;
            if self.depth == 0 && range.start >= covered {
                definitions::read(self, covered..range.start);
                while defined.pop_if(|definition| definition.start < range.start).is_some() {}
                if let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &event
                    && may_stop
                    && let Some(stop) = fence::open_until(text, &range)
                {
                    self.open_fence(info, range.start..stop);
                    return Some(stop);
                }
                covered = covered.max(range.end);
            }
            let end = range.end;
            self.event(event, range);
            // A list's range may go on over definitions below it.
            while self.depth == 0
                && let Some(definition) = defined.pop_if(|definition| definition.start < end)
            {
                definitions::within(self, definition);
            }
        }
        self.close();
        definitions::read(self, covered..text.len());
        None
    }

    /// The code below a fence that is never closed.
    fn open_fence(&mut self, info: &str, range: Range<usize>) {
        self.open(Kind::Code, range.clone());
        self.aside(range.start, Some(info.to_string()));
        self.code = Some(true);
        let begin = self.text[range.clone()].find('\n').map_or(range.end, |end| range.start + end + 1);
        self.put(&self.text[begin..range.end], begin..range.end);
        self.start = Some(range.start);
        self.close();
        self.code = None;
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.begin(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => self.put(&text, range),
            Event::Code(text) => self.code_span(&text, range),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.math(&text, range),
            Event::Html(_) if self.kind() == Kind::Html || self.depth > 0 => {
                self.html.push(&self.text[range.clone()], range, true);
            }
            Event::Html(_) | Event::InlineHtml(_) => self.inline_html(range),
            Event::SoftBreak | Event::HardBreak => {
                let end = range.end.min(range.start + 1);
                self.put("\n", range.start..end);
            }
            Event::FootnoteReference(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn code_span(&mut self, text: &str, range: Range<usize>) {
        let inner = self.text[range.clone()].find(text).map(|at| range.start + at..range.start + at + text.len());
        let begin = self.leaf.visible.len();
        self.leaf.cover(&range);
        self.put(text, inner.unwrap_or(range));
        self.leaf.verbatim.push(begin..self.leaf.visible.len());
    }

    /// Formulas are kept as they are written.
    fn math(&mut self, text: &str, range: Range<usize>) {
        let begin = self.leaf.visible.len();
        let written = &self.text[range.clone()];
        self.put(if written.contains('\n') { text } else { written }, range);
        self.leaf.verbatim.push(begin..self.leaf.visible.len());
    }

    fn begin(&mut self, tag: Tag<'_>, range: Range<usize>) {
        if self.depth == 0 {
            self.open(kind_of(&tag), range.clone());
        }
        self.depth += 1;
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                if self.depth == 1
                    && let Some(open) = &mut self.open
                {
                    open.level = level as u8;
                }
                self.start.get_or_insert(range.start);
            }
            Tag::List(_) => {
                self.flush();
                self.lists += 1;
            }
            Tag::Item => {
                self.flush();
                self.start.get_or_insert(range.start);
                self.unit |= self.lists == 1;
            }
            Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) | Tag::TableHead | Tag::TableRow => {
                self.flush();
                self.start.get_or_insert(range.start);
                self.unit |= self.lists == 0;
            }
            Tag::Paragraph => {
                self.flush();
                self.unit |= self.lists == 0;
            }
            Tag::TableCell => self.part(" ", range.start..range.start),
            Tag::CodeBlock(kind) => self.begin_code(kind, range),
            Tag::HtmlBlock => {
                self.flush();
                self.html = Default::default();
            }
            Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. } => {
                self.begin_link(&dest_url, &title, range)
            }
            _ => self.leaf.cover(&(range.start..range.start)),
        }
    }

    fn begin_code(&mut self, kind: CodeBlockKind<'_>, range: Range<usize>) {
        self.flush();
        self.start.get_or_insert(range.start);
        self.unit |= self.lists == 0;
        self.code = Some(matches!(kind, CodeBlockKind::Fenced(_)));
        if let CodeBlockKind::Fenced(info) = kind {
            self.aside(range.start, Some(info.to_string()).filter(|info| !info.is_empty()));
        }
    }

    fn begin_link(&mut self, address: &str, title: &str, range: Range<usize>) {
        self.leaf.cover(&(range.start..range.start));
        self.address(range.start, address);
        self.aside(range.start, Some(title.to_string()).filter(|title| !title.is_empty()));
        self.anchors.push(Anchor { at: self.leaf.visible.len(), address: address.to_string() });
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Link => self.end_link(range),
            TagEnd::Image => self.end_image(range),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.leaf.cover(&range),
            TagEnd::TableCell => {}
            TagEnd::TableHead | TagEnd::TableRow => self.end_row(tag == TagEnd::TableHead, range),
            TagEnd::CodeBlock => {
                if self.leaf.span.is_some() {
                    self.leaf.cover(&range);
                }
                self.flush();
                self.code = None;
            }
            TagEnd::HtmlBlock => {
                let html = std::mem::take(&mut self.html);
                self.html_block(&html);
                self.flush();
            }
            TagEnd::Paragraph | TagEnd::Heading(_) => {
                if self.leaf.span.is_some() {
                    self.leaf.cover(&range);
                }
                self.flush();
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists -= 1;
            }
            _ => self.flush(),
        }
        self.depth -= 1;
        if self.depth == 0 {
            self.close();
        }
    }

    fn end_link(&mut self, range: Range<usize>) {
        let Some(anchor) = self.anchors.pop() else { return };
        let text = &self.leaf.visible.as_str()[anchor.at.min(self.leaf.visible.len())..];
        self.leaf.linked += text.chars().filter(|c| !c.is_whitespace()).count();
        self.hide_address(&anchor, &range);
        self.leaf.cover(&range);
    }

    fn end_image(&mut self, range: Range<usize>) {
        let Some(anchor) = self.anchors.pop() else { return };
        let at = anchor.at.min(self.leaf.visible.len());
        let alt = self.leaf.visible.as_str()[at..].to_string();
        if address::is_image_name(&alt) {
            self.leaf.visible.truncate(at);
            self.aside(range.start, Some(alt));
        }
        self.hide_address(&anchor, &range);
        self.leaf.cover(&range);
    }

    /// Hides the address of a link where it is data.
    fn hide_address(&mut self, anchor: &Anchor, range: &Range<usize>) {
        if !address::is_data(&anchor.address) {
            return;
        }
        let written = &self.text[range.clone()];
        let begins: String = anchor.address.chars().take(16).collect();
        if let Some(at) = written.rfind(&begins) {
            let end = written.trim_end_matches([')', '>', ']']).len().max(at);
            self.content.hidden.push(range.start + at..range.start + end, false);
        }
    }

    /// A row may have more cells than the head of its table has: they are text all the same.
    fn end_row(&mut self, is_head: bool, range: Range<usize>) {
        if let Some(read) = self.leaf.span.clone().map(|span| span.end).filter(|end| *end < range.end) {
            let rest = &self.text[read..range.end];
            for (at, cell) in rest.match_indices('|').map(|(at, _)| at + 1).filter_map(|at| Some((at, rest.get(at..)?)))
            {
                let cell = cell.split('|').next().unwrap_or_default();
                let begin = read + at + (cell.len() - cell.trim_start().len());
                if !cell.trim().is_empty() {
                    self.part(" ", begin..begin);
                    self.put(cell.trim(), begin..begin + cell.trim().len());
                }
            }
        }
        self.leaf.cover(&range);
        self.flush();
        if is_head && let Some(Open { pieces, head, span, kind: Kind::Table, .. }) = &mut self.open {
            *head = pieces.first().map(|row| {
                let below = &self.text[row.span.end..span.end];
                let rule = below.match_indices('\n').nth(1).map_or(below.len(), |(at, _)| at);
                Head {
                    span: row.span.start..row.span.end + below[..rule].trim_end().len(),
                    visible: row.visible.clone(),
                }
            });
        }
    }
}

fn kind_of(tag: &Tag<'_>) -> Kind {
    match tag {
        Tag::Heading { .. } => Kind::Heading,
        Tag::List(_) => Kind::List,
        Tag::Table(_) => Kind::Table,
        Tag::CodeBlock(CodeBlockKind::Fenced(_)) => Kind::Code,
        Tag::BlockQuote(_) => Kind::Quote,
        Tag::HtmlBlock => Kind::Html,
        // By the letter of Markdown what is indented is code; to who wrote it, it is text.
        _ => Kind::Prose,
    }
}
