//! A name: a part of the query that is meant literally or not at all, and that hardly any passage has.
//!
//! Whoever asks for `EDQUOT` means the passages that have it. The vector of a query says little of such a word, and BM25
//! cannot say enough: in a small collection the largest idf is worth less than a few ordinary words. So the passages that
//! have a name are given evidence of their own, see [`super::fuse`]:
//!
//! ```text
//! weight      = likeness · rarity · familiarity · brevity
//! likeness    = 1, or ½ where it may be an ordinary word, see [`Likeness`]
//! rarity      = 1 − ln df / ln ∛N              1 for what one of N chunks has, 0 from ∛N on
//! familiarity = ¼ + ¾ · min(1, 2 · share)      share of the query's other words that the collection knows
//! brevity     = min(1, 12 / other words)
//! ```
//!
//! A query in another language than the collection's has few words that it knows: there a passage may well have the name
//! in translation. And a long query tells by much else what it is about.

mod written;

use super::Scope;
use super::query::Query;
use crate::document::ChunkId;
use crate::error::Result;
use crate::store::{LexicalQuery, Snapshot};
use written::{Likeness, Written, written};

/// Names looked at, the weightiest first: a pasted log may have hundreds, each of which is looked up.
const NAMES_MAX: usize = 16;
/// Weight of a name among words that the collection does not know.
const UNFAMILIAR: f32 = 0.25;
/// Likeness of what may be an accident.
const DOUBTFUL: f32 = 0.5;
/// With more other words a query leaves less to its names.
const WORDS_BRIEF: f32 = 12.0;

/// A name of the query that the collection has.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// As an index may have it: `px-2087` and `px2087`; none for several words.
    pub spellings: Vec<String>,
    /// Of a Chinese one, which a text may be cut otherwise around: what has all of them has it.
    pub pairs: Vec<String>,
    /// 0 to 1.
    pub weight: f32,
}

/// The names of `query` that the collection has, weightiest first, each of a weight above 0.
pub fn names(query: &Query<'_>, scope: Scope<'_>) -> Result<Vec<Name>> {
    let Scope { snapshot, analyzer, .. } = scope;
    // As typed: what was corrected is a guess.
    let (found, others) = written(query.text, analyzer);
    let trust = Trust::of(&others, snapshot)?;
    let mut names: Vec<Name> = Vec::new();
    for Written { likeness, spellings, pairs, .. } in found {
        let frequency = frequency(&spellings, &pairs, snapshot)?;
        let weight = trust.weight(likeness) * rarity(frequency, snapshot.about().chunks);
        let is_known = || names.iter().any(|name| (&name.spellings, &name.pairs) == (&spellings, &pairs));
        if weight > 0.0 && !is_known() {
            names.push(Name { spellings, pairs, weight });
        }
    }
    names.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    names.truncate(NAMES_MAX);
    Ok(names)
}

/// The share of the names' weight that each chunk has, in the order asked; in a query of weak names less than 1 has them
/// all.
pub fn shares(names: &[Name], ids: &[ChunkId], snapshot: &dyn Snapshot) -> Result<Vec<f32>> {
    let mut shares = vec![0.0; ids.len()];
    let all: f32 = names.iter().map(|name| name.weight).sum();
    for name in names {
        for (share, has) in shares.iter_mut().zip(has(name, ids, snapshot)?) {
            *share += if has { name.weight / all.max(1.0) } else { 0.0 };
        }
    }
    Ok(shares)
}

/// What finds the passages that have one of `names`.
pub fn lookup(names: &[Name]) -> LexicalQuery {
    let weighted = |texts: fn(&Name) -> &[String]| {
        names.iter().flat_map(|name| texts(name).iter().map(|text| (text.clone(), name.weight))).collect()
    };
    LexicalQuery { words: weighted(|name| &name.spellings), pairs: weighted(|name| &name.pairs) }
}

fn has(name: &Name, ids: &[ChunkId], snapshot: &dyn Snapshot) -> Result<Vec<bool>> {
    let mut has: Vec<bool> =
        snapshot.matched(&name.spellings, ids)?.iter().map(|matched| matched.contains(&true)).collect();
    let mut has_pairs = vec![!name.pairs.is_empty(); ids.len()];
    for pair in &name.pairs {
        let pair = LexicalQuery { words: Vec::new(), pairs: vec![(pair.clone(), 1.0)] };
        for (has_pairs, score) in has_pairs.iter_mut().zip(snapshot.lexical_scores(&pair, ids)?) {
            *has_pairs &= score > 0.0;
        }
    }
    has.iter_mut().zip(has_pairs).for_each(|(has, has_pairs)| *has |= has_pairs);
    Ok(has)
}

/// In how many chunks a name is: those of its most frequent spelling, or of its rarest pair.
fn frequency(spellings: &[String], pairs: &[String], snapshot: &dyn Snapshot) -> Result<u64> {
    let spelt = snapshot.document_frequencies(spellings)?.into_iter().max().unwrap_or(0);
    let paired = snapshot.pair_frequencies(pairs)?.into_iter().min().unwrap_or(0);
    Ok(spelt.max(paired))
}

/// See the head of the file. 0 for what no chunk has.
fn rarity(frequency: u64, chunks: usize) -> f32 {
    match frequency {
        0 => 0.0,
        1 => 1.0,
        _ => (1.0 - (frequency as f32).ln() / (chunks.max(2) as f32).cbrt().ln()).max(0.0),
    }
}

/// What of a name's weight is due to the rest of the query.
struct Trust {
    /// Share of the other words that the collection knows; 1 where the query has nothing but names.
    known: f32,
    brevity: f32,
}

impl Trust {
    fn of(others: &[String], snapshot: &dyn Snapshot) -> Result<Trust> {
        if others.is_empty() {
            return Ok(Trust { known: 1.0, brevity: 1.0 });
        }
        let known = snapshot.document_frequencies(others)?.into_iter().filter(|frequency| *frequency > 0).count();
        let others = others.len() as f32;
        Ok(Trust { known: known as f32 / others, brevity: (WORDS_BRIEF / others).min(1.0) })
    }

    /// Likeness, familiarity and brevity, see the head of the file.
    fn weight(&self, likeness: Likeness) -> f32 {
        let familiarity = UNFAMILIAR + (1.0 - UNFAMILIAR) * (2.0 * self.known).min(1.0);
        self.brevity
            * match likeness {
                Likeness::Certain => familiarity,
                Likeness::Guessed => DOUBTFUL * familiarity,
                // Where the collection does not know most of an English query, it has a word of it by accident.
                Likeness::Ordinary => DOUBTFUL * (2.0 * self.known - 1.0).max(0.0),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewer_have_it_the_rarer() {
        let near = |value: f32, expected: f32| assert!((value - expected).abs() < 1e-3, "{value} {expected}");
        near(rarity(1, 1000), 1.0);
        near(rarity(3, 1000), 0.523); // 1 − ln 3 / ln 10
        near(rarity(10, 1000), 0.0);
        near(rarity(500, 1000), 0.0);
        near(rarity(0, 1000), 0.0);
        near(rarity(1, 1), 1.0);
    }

    #[test]
    fn a_query_that_the_collection_hardly_knows_or_that_is_long_leaves_less_to_names() {
        let weight = |known, brevity, likeness| Trust { known, brevity }.weight(likeness);
        assert_eq!(weight(1.0, 1.0, Likeness::Certain), 1.0);
        assert_eq!(weight(0.5, 1.0, Likeness::Certain), 1.0);
        assert_eq!(weight(0.0, 1.0, Likeness::Certain), 0.25);
        assert_eq!(weight(1.0, 0.5, Likeness::Guessed), 0.25);
        assert_eq!(weight(1.0, 1.0, Likeness::Ordinary), 0.5);
        assert_eq!(weight(0.5, 1.0, Likeness::Ordinary), 0.0);
    }
}
