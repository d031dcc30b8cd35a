//! Characters that are typed for one another: by their reading, which input methods go by, or by their looks.

use pinyin::ToPinyinMulti;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// The block of characters in common use.
const UNIFIED: std::ops::RangeInclusive<char> = '\u{4e00}'..='\u{9fa5}';

/// Groups of characters that look alike, one a line.
const LOOKALIKE: &str = include_str!("lookalike.txt");

/// The characters of each reading, tones left out. Made in about a millisecond, when first asked for.
static OF_READING: LazyLock<HashMap<&'static str, Vec<char>>> = LazyLock::new(|| {
    let mut of_reading: HashMap<&'static str, Vec<char>> = HashMap::new();
    for c in UNIFIED {
        for reading in readings(c) {
            of_reading.entry(reading).or_default().push(c);
        }
    }
    of_reading
});

fn readings(c: char) -> BTreeSet<&'static str> {
    c.to_pinyin_multi().into_iter().flatten().map(pinyin::Pinyin::plain).collect()
}

/// What may have been meant by a simplified character, itself not included; in order.
pub fn similar(c: char) -> Vec<char> {
    let homophones = readings(c).into_iter().filter_map(|reading| OF_READING.get(reading)).flatten().copied();
    let group = |line: &&str| !line.starts_with('#') && line.contains(c);
    let lookalikes = LOOKALIKE.lines().filter(group).flat_map(str::chars);
    let mut similar: BTreeSet<char> = homophones.chain(lookalikes).collect();
    similar.remove(&c);
    similar.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homophones_in_any_reading_and_lookalikes_are_similar() {
        let is_similar = |a, b| similar(a).contains(&b);
        assert!(is_similar('锁', '索') && is_similar('索', '锁'));
        assert!(is_similar('行', '航') && is_similar('行', '型'), "two readings");
        assert!(is_similar('末', '未'));
        assert!(!is_similar('锁', '锁') && !is_similar('锁', '引'));
        assert!(similar('a').is_empty());
    }

    #[test]
    fn each_group_of_lookalikes_is_of_single_simplified_characters() {
        for line in LOOKALIKE.lines().filter(|line| !line.starts_with('#')) {
            let chars: BTreeSet<char> = line.chars().collect();
            assert!(chars.len() > 1 && chars.len() == line.chars().count(), "{line}");
            assert_eq!(crate::text::fold(line), line, "folded as queries are");
        }
    }
}
