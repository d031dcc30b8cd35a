//! Stop words: function words and the frames of questions, which say nothing of what is asked about.

use std::collections::HashSet;
use std::sync::LazyLock;

/// As they come out of the analysis: folded, English ones stemmed.
static STOP_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("stopwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect()
});

/// Whether a query is better off without `term`, as long as others are left.
pub(super) fn is_stop_word(term: &str) -> bool {
    STOP_WORDS.contains(term)
}
