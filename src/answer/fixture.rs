//! A passage for tests.

use crate::document::{ChunkId, DocId, Passage};

/// The whole of `{title}.md`, which holds `text` from its first line on.
pub fn passage(title: &str, text: &str) -> Passage {
    Passage {
        id: ChunkId { doc: DocId(title.into()), ordinal: 0 },
        title: title.into(),
        headings: Vec::new(),
        path: format!("{title}.md"),
        source: String::new(),
        lines: (1, 1 + text.trim_end().matches('\n').count() as u32),
        text: text.into(),
    }
}
