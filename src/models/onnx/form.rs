//! The form in which an embedder was trained to see a query or a passage.

use crate::models::catalog::EmbedderSpec;
use crate::models::embedder::PassageInput;

const TITLE: &str = "{title}";

pub(super) fn query(spec: &EmbedderSpec, text: &str) -> String {
    format!("{}{text}", spec.query_prefix)
}

/// Where the prefix has a place for the title it goes there (`none` without one). Elsewhere it is the
/// passage's first line, as in the text it heads; XLM-R's tokenizer reads a line break as a space.
pub(super) fn passage(spec: &EmbedderSpec, passage: &PassageInput<'_>) -> String {
    let PassageInput { title, body } = passage;
    let title = title.trim();
    match spec.passage_prefix.split_once(TITLE) {
        Some((before, after)) => {
            let title = if title.is_empty() { "none" } else { title };
            format!("{before}{title}{after}{body}")
        }
        None if title.is_empty() => format!("{}{body}", spec.passage_prefix),
        None => format!("{}{title}\n{body}", spec.passage_prefix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::catalog::embedder;

    fn check(model: &str, title: &str, body: &str, expect: &str) {
        assert_eq!(passage(embedder(model).unwrap(), &PassageInput { title, body }), expect);
    }

    #[test]
    fn a_title_heads_the_passage_or_takes_its_place_in_the_prefix() {
        check("e5", "", "正文", "passage: 正文");
        check("e5", "指南 › 安装", "正文", "passage: 指南 › 安装\n正文");
        check("embeddinggemma", "", "正文", "title: none | text: 正文");
        check("embeddinggemma", "指南", "正文", "title: 指南 | text: 正文");
        check("embeddinggemma", "{title}", "{title}", "title: {title} | text: {title}");
    }

    #[test]
    fn a_query_gets_its_prefix() {
        assert_eq!(query(embedder("e5").unwrap(), "什么是RAG"), "query: 什么是RAG");
    }
}
