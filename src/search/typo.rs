//! Typos: what the query has that is nowhere in the collection, read as what is there.
//!
//! A Latin word is read as the most frequent word within one or two edits that begins alike; a Chinese character, none of
//! whose pairs is known, as a homophone or a look-alike with which it makes a word that is known. What is found nowhere
//! has no hits to lose, and a correction is said out loud.
//!
//! What stands in quotes is meant as it is, and so are identifiers: words with a mark beside them that no sentence has
//! there (`$HOME`, `--force`, `printf(`). Of words with capitals inside (`ENOENT`, `getUser`) two of the same letters are
//! often two names, so only letters that changed places make one a typo (`QLroA`).

use super::Scope;
use super::query::Query;
use crate::error::Result;
use crate::language::is_han;
use crate::text::{Kind, fold, similar};
use serde::Serialize;
use std::ops::Range;

/// Shorter words have too many neighbours.
const LETTERS_MIN: usize = 4;
/// Letters from which two edits are allowed.
const LETTERS_TWO_EDITS: usize = 8;
/// A query with more unknown characters is about something else.
const SUSPECTS_MAX: usize = 6;

/// Serialized as `rag search --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    pub typed: String,
    pub read_as: String,
}

/// The query's text as it was probably meant, and what is otherwise than typed; none where every word is known or
/// nothing near it is.
pub fn corrected(query: &Query<'_>, scope: Scope<'_>) -> Result<Option<(String, Vec<Correction>)>> {
    let mut found = latin(query, scope)?;
    found.extend(chinese(query, scope)?);
    if found.is_empty() {
        return Ok(None);
    }
    found.sort_by_key(|(range, _)| range.start);
    let mut text = String::new();
    let mut at = 0;
    let mut corrections = Vec::new();
    for (range, read_as) in found {
        text.push_str(&query.text[at..range.start]);
        text.push_str(&read_as);
        at = range.end;
        corrections.push(Correction { typed: query.text[range].into(), read_as });
    }
    text.push_str(&query.text[at..]);
    Ok(Some((text, corrections)))
}

type Found = Vec<(Range<usize>, String)>;

fn latin(query: &Query<'_>, scope: Scope<'_>) -> Result<Found> {
    let is_word = |text: &str| text.len() >= LETTERS_MIN && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let terms = scope.analyzer.terms(query.text).into_iter();
    let words = terms.filter(|term| term.kind == Kind::Word && is_word(&term.text));
    let words: Vec<_> = words.filter(|term| !is_literal(query, &term.range)).collect();
    let texts: Vec<String> = words.iter().map(|term| term.text.clone()).collect();
    let frequencies = scope.snapshot.document_frequencies(&texts)?;
    let mut found = Found::new();
    for (term, _) in words.into_iter().zip(frequencies).filter(|(_, frequency)| *frequency == 0) {
        let edits_max = if term.text.len() < LETTERS_TWO_EDITS { 1 } else { 2 };
        let known = scope.snapshot.vocabulary(&term.text[..1])?;
        let near =
            known.into_iter().filter(|(word, _)| is_word(word) && word.len().abs_diff(term.text.len()) <= edits_max);
        let is_name = query.text[term.range.clone()].chars().skip(1).any(char::is_uppercase);
        let near = near.filter(|(word, _)| !is_name || is_swap(word, &term.text));
        let near = near.map(|(word, frequency)| (strsim::osa_distance(&word, &term.text), frequency, word));
        // Fewest edits, then the most frequent, then the first.
        let best = near
            .filter(|(edits, ..)| *edits <= edits_max)
            .min_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)).then_with(|| a.2.cmp(&b.2)));
        found.extend(best.map(|(_, _, word)| (term.range, word)));
    }
    Ok(found)
}

/// Whether two neighbouring letters in other order are all that parts the words.
fn is_swap(a: &str, b: &str) -> bool {
    let apart: Vec<(u8, u8)> = a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).collect();
    a.len() == b.len() && strsim::osa_distance(a, b) == 1 && matches!(apart[..], [(p, q), (r, s)] if p == s && q == r)
}

/// Whether the word at `range` is quoted or an identifier.
fn is_literal(query: &Query<'_>, range: &Range<usize>) -> bool {
    let (before, after) = (&query.text[..range.start], &query.text[range.end..]);
    is_quoted(query, range)
        || before.ends_with(['$', '#', '@', '\\', '-', '_', '.', '/', '<', '`', '%', '&'])
        || after.starts_with(['(', '_', '=', '/', '\\', '`', '@', '>'])
}

fn is_quoted(query: &Query<'_>, range: &Range<usize>) -> bool {
    query.quoted.iter().any(|quoted| quoted.start < range.end && range.start < quoted.end)
}

/// A run of Chinese characters of the query, each with its place.
struct Run {
    /// Simplified.
    chars: Vec<char>,
    places: Vec<Range<usize>>,
}

fn chinese(query: &Query<'_>, scope: Scope<'_>) -> Result<Found> {
    let mut found = Found::new();
    for run in runs(query.text) {
        let suspects = suspects(&run, query, scope)?;
        if suspects.iter().map(Range::len).sum::<usize>() > SUSPECTS_MAX {
            continue;
        }
        for suspects in suspects {
            let mut best: Option<(Reading, usize)> = None;
            for at in suspects {
                let reading = best_reading(&run.chars, at, scope)?;
                if reading.is_some() && reading > best.as_ref().map(|(best, _)| best.clone()) {
                    best = reading.map(|reading| (reading, at));
                }
            }
            found.extend(best.map(|(reading, at)| (run.places[at].clone(), reading.c.to_string())));
        }
    }
    Ok(found)
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut is_open = false;
    for (at, c) in text.char_indices() {
        if !is_han(c) {
            is_open = false;
            continue;
        }
        if !is_open {
            runs.push(Run { chars: Vec::new(), places: Vec::new() });
            is_open = true;
        }
        let run = runs.last_mut().expect("one is open");
        run.chars.push(fold(&text[at..at + c.len_utf8()]).chars().next().unwrap_or(c));
        run.places.push(at..at + c.len_utf8());
    }
    runs.retain(|run| run.chars.len() > 1);
    runs
}

/// Neighbouring characters none of whose pairs is known, nor a word that they are in: aliases and the like have words alone.
fn suspects(run: &Run, query: &Query<'_>, scope: Scope<'_>) -> Result<Vec<Range<usize>>> {
    let chars = &run.chars;
    let pairs: Vec<String> = chars.windows(2).map(|pair| pair.iter().collect()).collect();
    let known: Vec<bool> =
        scope.snapshot.pair_frequencies(&pairs)?.into_iter().map(|frequency| frequency > 0).collect();
    let in_words = in_known_words(chars, scope)?;
    let is_known = |at: usize| {
        (at > 0 && known[at - 1])
            || known.get(at).copied().unwrap_or(false)
            || in_words[at]
            || is_quoted(query, &run.places[at])
    };
    let mut suspects: Vec<Range<usize>> = Vec::new();
    for at in (0..chars.len()).filter(|at| !is_known(*at)) {
        match suspects.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => suspects.push(at..at + 1),
        }
    }
    Ok(suspects)
}

/// Which of `chars` stand in a word of several characters that the collection has.
fn in_known_words(chars: &[char], scope: Scope<'_>) -> Result<Vec<bool>> {
    let text: String = chars.iter().collect();
    let mut words = scope.analyzer.terms(&text);
    words.retain(|word| word.text.chars().nth(1).is_some());
    let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
    let frequencies = scope.snapshot.document_frequencies(&texts)?;
    let mut is_known = vec![false; chars.len()];
    for (word, _) in words.iter().zip(frequencies).filter(|(_, frequency)| *frequency > 0) {
        let start = text[..word.range.start].chars().count();
        is_known[start..start + text[word.range.clone()].chars().count()].fill(true);
    }
    Ok(is_known)
}

/// A character in the place of another: the longer the known word it makes, the better, then the more frequent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    word_chars: usize,
    frequency: u64,
    c: char,
}

fn best_reading(chars: &[char], at: usize, scope: Scope<'_>) -> Result<Option<Reading>> {
    let candidates = similar(chars[at]);
    let beside = |c: char| {
        let before = at.checked_sub(1).map(|before| format!("{}{c}", chars[before]));
        before.into_iter().chain(chars.get(at + 1).map(|after| format!("{c}{after}")))
    };
    let pairs: Vec<(char, String)> = candidates.iter().flat_map(|c| beside(*c).map(|pair| (*c, pair))).collect();
    let texts: Vec<String> = pairs.iter().map(|(_, pair)| pair.clone()).collect();
    let mut known: Vec<char> = Vec::new();
    for ((c, _), frequency) in pairs.into_iter().zip(scope.snapshot.pair_frequencies(&texts)?) {
        if frequency > 0 && known.last() != Some(&c) {
            known.push(c);
        }
    }
    let mut best = None;
    for c in known {
        best = best.max(reading(chars, at, c, scope)?);
    }
    Ok(best)
}

/// None where no known word of several characters goes over the place.
fn reading(chars: &[char], at: usize, c: char, scope: Scope<'_>) -> Result<Option<Reading>> {
    let text: String = chars.iter().enumerate().map(|(index, typed)| if index == at { c } else { *typed }).collect();
    let place = chars[..at].iter().map(|c| c.len_utf8()).sum::<usize>();
    let terms = scope.analyzer.terms(&text).into_iter();
    let words: Vec<String> = terms
        .filter(|term| term.range.contains(&place) && term.text.chars().count() > 1)
        .map(|term| term.text)
        .collect();
    let each = words.iter().zip(scope.snapshot.document_frequencies(&words)?);
    let known = each.filter(|(_, frequency)| *frequency > 0);
    Ok(known.map(|(word, frequency)| Reading { word_chars: word.chars().count(), frequency, c }).max())
}
