//! The words that filters know: names of months, of keys that hold lists, what stands before a version.

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("words.txt");

static WORDS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut words: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut line = line.split_whitespace();
        words.entry(line.next().unwrap_or_default()).or_default().extend(line);
    }
    words
});

/// The words of a kind, in the order of the table.
pub fn words(kind: &str) -> &'static [&'static str] {
    WORDS.get(kind).map_or(&[], Vec::as_slice)
}

/// Whether `word`, folded, is one of a kind.
pub fn is(kind: &str, word: &str) -> bool {
    words(kind).contains(&word)
}

/// Which of the kinds `kind-1`, `kind-2` and so on `word` is of: months are, and stages of a version.
pub fn rank(kind: &str, word: &str) -> Option<usize> {
    let all = (1..).map(|rank| (rank, words(&format!("{kind}-{rank}"))));
    all.take_while(|(_, words)| !words.is_empty()).find(|(_, words)| words.contains(&word)).map(|(rank, _)| rank)
}

/// Whether `text` ends with a word of a kind.
pub fn ends(kind: &str, text: &str) -> bool {
    words(kind).iter().any(|word| text.ends_with(word))
}

/// The longest word of a kind that `text` begins with.
pub fn beginning(kind: &str, text: &str) -> Option<&'static str> {
    words(kind).iter().filter(|word| text.starts_with(**word)).max_by_key(|word| word.len()).copied()
}
