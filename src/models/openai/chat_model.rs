//! Which of the models that an endpoint lists answers questions: their names are all that a list tells.

use std::sync::LazyLock;

/// Parts of names of models that do something else.
static OTHERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    include_str!("other_models.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
});

/// The first of `listed` that is not known for something else than chat; where all are, the first.
pub(super) fn of(listed: Vec<String>) -> Option<String> {
    let chat = listed.iter().find(|name| !is_other(name)).cloned();
    chat.or_else(|| listed.into_iter().next())
}

fn is_other(name: &str) -> bool {
    let name = name.to_lowercase();
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    // A word of its own or its beginning: `bge-m3`, `nomic-embed-text`, but not `gte` in `integer`.
    OTHERS.iter().any(|other| parts.iter().any(|part| part == other || other.len() > 3 && part.starts_with(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedders_and_rerankers_are_passed_over() {
        let check = |listed: &[&str], expect: Option<&str>| {
            assert_eq!(of(listed.iter().map(|name| name.to_string()).collect()).as_deref(), expect, "{listed:?}");
        };
        check(&["text-embedding-nomic", "qwen3:8b"], Some("qwen3:8b"));
        check(&["BAAI/bge-m3", "bge-reranker-v2-m3", "deepseek-chat"], Some("deepseek-chat"));
        check(&["intfloat/multilingual-e5-small", "whisper-1", "gpt-4o-mini"], Some("gpt-4o-mini"));
        check(&["jina-clip-v2", "gte-large", "llama3.2"], Some("llama3.2"));
        check(&["integer-chat"], Some("integer-chat"));
        check(&["nomic-embed-text"], Some("nomic-embed-text"));
        check(&[], None);
    }
}
