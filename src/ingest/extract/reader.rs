//! A reader of Markdown on its way through a text: the open block, the open piece, the sections so far.

use super::address;
use super::inline;
use super::{Block, Content, Head, Kind, Piece, Visible, Weight};
use std::ops::Range;

/// Longer headings above a rule are paragraphs whose writer wanted a rule below them.
const SETEXT_CHARS_MAX: usize = 60;

/// A piece in the making.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    pub visible: Visible,
    /// Source of what was read so far.
    pub span: Option<Range<usize>>,
    /// Visible ranges that are code: nothing in them is markup of any kind.
    pub verbatim: Vec<Range<usize>>,
    /// Letters that are the text of a link.
    pub linked: usize,
    /// Whether the last thing read was an HTML tag that ends an element.
    pub after_end_tag: bool,
}

impl Leaf {
    pub fn cover(&mut self, range: &Range<usize>) {
        self.span = Some(match self.span.take() {
            None => range.clone(),
            Some(span) => span.start.min(range.start)..span.end.max(range.end),
        });
    }

    pub fn is_blank(&self) -> bool {
        self.visible.as_str().trim().is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Open {
    pub kind: Kind,
    pub span: Range<usize>,
    pub pieces: Vec<Piece>,
    pub head: Option<Head>,
    /// Of a heading.
    pub level: u8,
}

pub(super) struct Reader<'t> {
    pub text: &'t str,
    pub index_code: bool,
    pub content: Content,
    pub open: Option<Open>,
    pub leaf: Leaf,
    /// Where the next piece begins at the latest: at the mark of its item or quote.
    pub start: Option<usize>,
    /// Whether the next piece begins a unit.
    pub unit: bool,
    pub section: Option<usize>,
    /// Elements around what is read: Markdown's, and lists among them.
    pub depth: usize,
    pub lists: usize,
    /// Code is read; whether it is fenced.
    pub code: Option<bool>,
    /// Lines of HTML that are read together.
    pub html: Visible,
    /// Where in the leaf links and pictures began, and how far in the source what stands in them went.
    pub anchors: Vec<Anchor>,
    /// Whether what is read is a table's row in HTML.
    pub in_row: bool,
    /// The headings of level 1.
    pub tops: usize,
}

/// A link or a picture that is open.
#[derive(Debug)]
pub(super) struct Anchor {
    pub at: usize,
    pub address: String,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str, index_code: bool) -> Reader<'t> {
        Reader {
            text,
            index_code,
            content: Content::default(),
            open: None,
            leaf: Leaf::default(),
            start: None,
            unit: false,
            section: None,
            depth: 0,
            lists: 0,
            code: None,
            html: Visible::default(),
            anchors: Vec::new(),
            in_row: false,
            tops: 0,
        }
    }

    pub fn open(&mut self, kind: Kind, span: Range<usize>) {
        (self.start, self.unit) = (None, true);
        self.open = Some(Open { kind, span, pieces: Vec::new(), head: None, level: 0 });
    }

    /// Whether what is read is text of the outermost block, not of a list or quote in it.
    pub fn kind(&self) -> Kind {
        self.open.as_ref().map_or(Kind::Prose, |open| open.kind)
    }

    /// Appends visible text that stands for `range`.
    pub fn put(&mut self, visible: &str, range: Range<usize>) {
        let exact = self.text.get(range.clone()) == Some(visible);
        self.leaf.cover(&range);
        self.leaf.visible.push(visible, range, exact);
        self.leaf.after_end_tag = false;
    }

    /// Parts what was read from what comes, unless something parts it already.
    pub fn part(&mut self, mark: &str, range: Range<usize>) {
        if self.leaf.visible.as_str().chars().next_back().is_some_and(|c| !c.is_whitespace()) {
            self.leaf.visible.push(mark, range, false);
        }
    }

    pub fn aside(&mut self, at: usize, words: Option<String>) {
        self.content.asides.extend(words.map(|words| (at, words)));
    }

    /// The address of a link or a picture at `at`.
    pub fn address(&mut self, at: usize, address: &str) {
        self.aside(at, address::words(address));
    }

    /// Ends the open piece, if there is anything in it.
    pub fn flush(&mut self) {
        let leaf = std::mem::take(&mut self.leaf);
        self.anchors.clear();
        let Some(mut span) = leaf.span.clone() else { return };
        let kind = self.kind();
        if self.code.is_none() {
            let cleaned = inline::clean(&leaf, kind == Kind::Heading, self.text);
            cleaned.hidden.into_iter().for_each(|range| self.content.hidden.push(range, true));
            self.content.asides.extend(cleaned.asides.into_iter().map(|words| (span.start, words)));
            if cleaned.visible.as_str().trim().is_empty() {
                return;
            }
            if let Some(start) = self.start.take() {
                span.start = span.start.min(start);
            }
            self.piece(span, &cleaned.visible, 0..cleaned.visible.len(), leaf.linked);
        } else if !leaf.is_blank() {
            if let Some(start) = self.start.take() {
                span.start = span.start.min(start);
            }
            self.paragraphs(span, &leaf.visible);
        }
    }

    /// A piece for each run of lines without a blank one.
    fn paragraphs(&mut self, span: Range<usize>, visible: &Visible) {
        let text = visible.as_str();
        let (mut at, mut from) = (0, None);
        let mut runs: Vec<Range<usize>> = Vec::new();
        for line in text.split_inclusive('\n') {
            if line.trim().is_empty() {
                runs.extend(from.take().map(|from| from..at));
            } else {
                from.get_or_insert(at);
            }
            at += line.len();
        }
        runs.extend(from.map(|from| from..at));
        let count = runs.len();
        for (index, run) in runs.into_iter().enumerate() {
            let run = run.start..run.start + text[run].trim_end().len();
            let start = if index == 0 { span.start } else { visible.source_start(run.start) };
            let end = if index + 1 == count { span.end } else { visible.source_end(run.end) };
            self.unit |= index > 0;
            self.piece(start..end.max(start), visible, run, 0);
        }
    }

    /// Keeps the part `range` of `visible` as a piece.
    pub fn piece(&mut self, span: Range<usize>, visible: &Visible, range: Range<usize>, linked: usize) {
        let weight = if self.code == Some(true) && !self.index_code { Weight::None } else { Weight::Body };
        let weight = if self.kind() == Kind::Definitions { Weight::Aside } else { weight };
        let Some(open) = &mut self.open else { return };
        let all = &visible.as_str()[range.clone()];
        let start = range.start + (all.len() - all.trim_start().len());
        let end = range.start + all.trim_end().len();
        // Pieces are in order, whatever ranges a parser gives.
        let floor = open.pieces.last().map_or(0, |last| last.span.end);
        let trimmed = self.text[span.clone()].trim_end().len();
        let span = span.start.max(floor)..(span.start + trimmed).max(floor);
        let begin = self.content.visible.len();
        self.content.visible.push_part(visible, start..end.max(start));
        let kept = begin..self.content.visible.len();
        // So that the next piece is never read as one word with this.
        self.content.visible.push("\n", span.end..span.end, false);
        open.pieces.push(Piece { span, visible: kept, begins_unit: std::mem::take(&mut self.unit), weight, linked });
    }

    /// Ends the open block.
    pub fn close(&mut self) {
        self.flush();
        let Some(mut open) = self.open.take() else { return };
        let (Some(first), Some(last)) = (open.pieces.first(), open.pieces.last()) else { return };
        let span = first.span.start..last.span.end;
        if open.kind == Kind::Heading {
            let range = first.visible.start..last.visible.end;
            let heading = self.content.visible.as_str()[range].trim().to_string();
            let is_marked = self.text[open.span.clone()].trim_start().starts_with(['#', '<']);
            if is_marked || is_title(&heading) {
                self.section = Some(self.content.sections.begin(open.level, &heading));
                self.tops += usize::from(open.level == 1);
            } else {
                open.kind = Kind::Prose;
            }
        }
        let Open { kind, pieces, head, .. } = open;
        self.content.blocks.push(Block { kind, span, section: self.section, pieces, head });
    }
}

/// Whether a text above a line of dashes is a title, not a paragraph above a rule.
fn is_title(text: &str) -> bool {
    let is_short = text.chars().nth(SETEXT_CHARS_MAX).is_none();
    is_short && !text.contains('\n') && !text.ends_with(['。', '！', '？', '；', '：', '，'])
}
