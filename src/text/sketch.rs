//! A sketch of a text: the smallest hashes of its shingles, by which near-duplicates are told.
//!
//! The share that two sketches have in common estimates Jaccard's index of the shingles (Broder, "On the resemblance and
//! containment of documents", 1997).

use std::collections::BTreeSet;

/// Characters of a shingle.
const SHINGLE: usize = 5;
const HASHES: usize = 256;

/// White space, punctuation and case do not count. A text of fewer than five letters has an empty sketch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch(Vec<u64>);

impl Sketch {
    pub fn of(text: &str) -> Sketch {
        Sketch::of_letters(&letters(text))
    }

    /// Of a text's [`letters`].
    pub fn of_letters(letters: &[char]) -> Sketch {
        let hash = |run: &[char]| {
            let run: String = run.iter().collect();
            let bytes = blake3::hash(run.as_bytes());
            u64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
        };
        let hashes: BTreeSet<u64> = letters.windows(SHINGLE).map(hash).collect();
        Sketch(hashes.into_iter().take(HASHES).collect())
    }

    /// Distinct, ascending.
    pub fn hashes(&self) -> &[u64] {
        &self.0
    }

    /// Of the smallest hashes of both together, the share that both have; 0 to 1.
    pub fn jaccard(&self, other: &Sketch) -> f64 {
        let both: BTreeSet<u64> = self.0.iter().chain(&other.0).copied().collect();
        let union: Vec<u64> = both.into_iter().take(HASHES.min(self.0.len().max(other.0.len()))).collect();
        let is_shared = |hash: &&u64| [self, other].iter().all(|sketch| sketch.0.binary_search(hash).is_ok());
        let shared = union.iter().filter(is_shared).count();
        if union.is_empty() { 0.0 } else { shared as f64 / union.len() as f64 }
    }
}

/// Lower case, without blanks and punctuation.
pub fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_shares_everything_and_another_nothing() {
        let long: String = (0..400).map(|n| format!("第{n}句讲的是第{}件事。", n * 7)).collect();
        let changed = long.replace("第13件事", "另一件事");
        let other: String = (0..400).map(|n| format!("{n}号仓库存放{}箱苹果;", n * 3)).collect();
        let share = |a: &str, b: &str| Sketch::of(a).jaccard(&Sketch::of(b));
        assert_eq!(share(&long, &long), 1.0);
        assert!(share(&long, &changed) > 0.9);
        assert!(share(&long, &other) < 0.1);
        assert_eq!(share("", ""), 0.0);
    }
}
