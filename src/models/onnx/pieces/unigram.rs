//! The Unigram model over mapped pieces: what `tokenizers` computes, without its parsed vocabulary.

use super::file::Compiled;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tokenizers::models::unigram::{UnigramError, UnigramTrainer};
use tokenizers::{Model, Result, Token};

/// How much less likely an unknown character is than the least likely piece.
const UNKNOWN_PENALTY: f64 = 10.0;

pub(super) struct MappedUnigram {
    pieces: Compiled,
}

/// The best way to reach a byte of the text.
#[derive(Clone, Copy)]
struct Step {
    id: u32,
    score: f64,
    /// Where its last piece starts; `None` while no piece ends here.
    from: Option<usize>,
}

impl Step {
    /// Ties stay with the first found, which is what makes ids repeatable.
    fn yields_to(&self, score: f64) -> bool {
        self.from.is_none() || score > self.score
    }
}

impl MappedUnigram {
    pub(super) fn new(pieces: Compiled) -> MappedUnigram {
        MappedUnigram { pieces }
    }

    fn score(&self, id: u32) -> Option<f64> {
        let start = (id as usize).checked_mul(8)?;
        let bytes = self.pieces.scores.get(start..start + 8)?;
        Some(f64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn text(&self, id: u32) -> Option<&str> {
        let at = |index: usize| {
            let bytes = self.pieces.starts.get(index * 4..index * 4 + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
        };
        let range = at(id as usize)?..at(id as usize + 1)?;
        std::str::from_utf8(self.pieces.texts.get(range)?).ok()
    }

    /// Viterbi over the text's bytes (Kudo 2018, Subword Regularization): the segmentation of highest total
    /// score. Sums and comparisons come in the order of `Unigram::encode_optimized`; doubles do not associate.
    fn best_steps(&self, text: &str) -> Result<Vec<Step>> {
        let unknown_score = f64::from_bits(self.pieces.header.min_score) - UNKNOWN_PENALTY;
        let mut steps = vec![Step { id: 0, score: 0.0, from: None }; text.len() + 1];
        for (start, c) in text.char_indices() {
            let score_here = steps[start].score;
            let mut single = false;
            let rest = &text.as_bytes()[start..];
            // The trie marks the end of a piece with NUL, so it must never see one.
            let rest = &rest[..rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len())];
            for (id, length) in self.pieces.trie.common_prefix_search(rest) {
                let Some(score) = self.score(id) else { continue };
                let step = Step { id, score: score + score_here, from: Some(start) };
                if steps[start + length].yields_to(step.score) {
                    steps[start + length] = step;
                }
                single |= length == c.len_utf8();
            }
            let (end, score) = (start + c.len_utf8(), unknown_score + score_here);
            if !single && steps[end].yields_to(score) {
                let id = self.pieces.header.unknown.ok_or(UnigramError::MissingUnkId)?;
                steps[end] = Step { id, score, from: Some(start) };
            }
        }
        Ok(steps)
    }

    /// The best path's pieces; neighbouring unknown ones are one.
    fn segments<'t>(&self, text: &'t str) -> Result<Vec<&'t str>> {
        let steps = self.best_steps(text)?;
        let mut segments = Vec::new();
        let mut end = text.len();
        let mut unknown_end = None;
        while end > 0 {
            let Step { id, from, .. } = steps[end];
            let start = from.ok_or("no piece ends here")?;
            if Some(id) == self.pieces.header.unknown {
                unknown_end.get_or_insert(end);
            } else {
                if let Some(unknown_end) = unknown_end.take() {
                    segments.push(&text[end..unknown_end]);
                }
                segments.push(&text[start..end]);
            }
            end = start;
        }
        if let Some(unknown_end) = unknown_end {
            segments.push(&text[..unknown_end]);
        }
        segments.reverse();
        Ok(segments)
    }

    /// The ids of the bytes of an unknown segment, if the vocabulary spells bytes.
    fn byte_tokens(&self, segment: &str, offsets: (usize, usize)) -> Option<Vec<Token>> {
        if !self.pieces.header.byte_fallback {
            return None;
        }
        let token = |byte| {
            let name = format!("<0x{byte:02X}>");
            Some(Token::new(self.token_to_id(&name)?, name, offsets))
        };
        segment.bytes().map(token).collect()
    }
}

impl Model for MappedUnigram {
    type Trainer = UnigramTrainer;

    fn tokenize(&self, text: &str) -> Result<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut end = 0;
        for segment in self.segments(text)? {
            let offsets = (end, end + segment.len());
            end = offsets.1;
            if let Some(id) = self.token_to_id(segment) {
                tokens.push(Token::new(id, segment.to_owned(), offsets));
            } else if let Some(bytes) = self.byte_tokens(segment, offsets) {
                tokens.extend(bytes);
            } else {
                let unknown = self.pieces.header.unknown.ok_or(UnigramError::MissingUnkId)?;
                tokens.push(Token::new(unknown, segment.to_owned(), offsets));
            }
        }
        Ok(tokens)
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        if token.contains('\0') {
            return None;
        }
        self.pieces.trie.exact_match_search(token)
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        self.text(id).map(str::to_owned)
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        (0..self.pieces.header.pieces as u32).filter_map(|id| Some((self.id_to_token(id)?, id))).collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.pieces.header.pieces
    }

    fn save(&self, _folder: &Path, _prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        Err("the mapped form is written from tokenizer.json only".into())
    }

    fn get_trainer(&self) -> UnigramTrainer {
        UnigramTrainer::default()
    }
}
