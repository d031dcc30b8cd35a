//! A passage, a frame and a completion for tests.

use super::format::Format;
use super::frame::{Frame, Order};
use super::library::Library;
use super::profile::Instructions;
use super::shot::Shown;
use crate::document::{ChunkId, DocId, Passage};
use crate::language::Lang;
use crate::models::chat::{Completion, Finish};
use std::time::Duration;

/// The whole of `{title}.md`, which holds `text` from its first line on.
pub fn passage(title: &str, text: &str) -> Passage {
    Passage {
        id: ChunkId { doc: DocId(title.into()), ordinal: 0 },
        title: title.into(),
        headings: Vec::new(),
        path: format!("{title}.md"),
        source: String::new(),
        date: String::new(),
        lines: (1, 1 + text.trim_end().matches('\n').count() as u32),
        text: text.into(),
        lead: String::new(),
        sections: Vec::new(),
        plain: None,
    }
}

/// What a Chinese question is asked with by default.
pub fn frame(question: &str) -> Frame<'_> {
    Frame {
        template: Library::default().template("ask", Lang::Zh).unwrap(),
        lang: Lang::Zh,
        question,
        shots: Shown::default(),
        format: Format::Xml,
        order: Order::Ranked,
        metadata: true,
        instructions: Instructions::System,
    }
}

/// A whole answer of `model`'s, with nothing in it.
pub fn completion(model: &str) -> Completion {
    Completion {
        text: "…".into(),
        finish: Finish::Stop,
        model: model.into(),
        prompt_tokens: None,
        completion_tokens: None,
        first_token: Duration::ZERO,
        total: Duration::ZERO,
    }
}
