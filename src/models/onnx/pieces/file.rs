//! The compiled file: a Unigram tokenizer laid out so that it is mapped, not parsed.
//!
//! ```text
//! magic and version (8) · blake3 of all that follows (32) · length of the header (8) · header, JSON
//! trie: piece → id · score of each id, f64 · start of each piece's text, u32 · texts
//! ```
//! Numbers are little-endian. A new layout gets a new magic; an old file then is written anew.

use crate::error::{IoContext, Result};
use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;
use tokenizers::AddedToken;
use tokenizers::models::unigram::Unigram;
use yada::DoubleArray;
use yada::builder::DoubleArrayBuilder;

const MAGIC: &[u8; 8] = b"ragpiec1";
const START: usize = 48;

/// All of a tokenizer but its vocabulary.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    /// blake3 of the `tokenizer.json` it was compiled from.
    pub(super) source: String,
    pub(super) unknown: Option<u32>,
    pub(super) byte_fallback: bool,
    /// As bits: a decimal number could come back as its neighbour.
    pub(super) min_score: u64,
    pub(super) pieces: usize,
    trie_bytes: usize,
    text_bytes: usize,
    pub(super) pipeline: Pipeline,
}

/// What stands before and after the model, as `tokenizer.json` has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Pipeline {
    #[serde(default)]
    pub(super) added_tokens: Vec<AddedToken>,
    #[serde(default)]
    pub(super) normalizer: Value,
    #[serde(default)]
    pub(super) pre_tokenizer: Value,
    #[serde(default)]
    pub(super) post_processor: Value,
}

/// A part of the mapped file.
pub(super) struct Section {
    file: Arc<Mmap>,
    range: Range<usize>,
}

impl Deref for Section {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.file[self.range.clone()]
    }
}

pub(super) struct Compiled {
    pub(super) header: Header,
    pub(super) trie: DoubleArray<Section>,
    pub(super) scores: Section,
    pub(super) starts: Section,
    pub(super) texts: Section,
}

/// `tokenizer.json`'s model without the vocabulary: serde skips what is not named.
#[derive(Deserialize)]
struct Whole {
    model: ModelHead,
}

#[derive(Deserialize)]
struct ModelHead {
    unk_id: Option<u32>,
}

/// Lays out the model that `tokenizers` has parsed from `json`, so that ids and scores are its own.
/// `None` where the layout cannot hold a piece (an empty one, or one with a NUL).
pub(super) fn compile(model: &Unigram, json: &[u8], source: &str) -> Option<Vec<u8>> {
    let whole: Whole = serde_json::from_slice(json).ok()?;
    let pipeline: Pipeline = serde_json::from_slice(json).ok()?;
    let vocabulary: Vec<&(String, f64)> = model.iter().collect();
    let mut keys: Vec<(&str, u32)> = Vec::with_capacity(vocabulary.len());
    for (id, (text, _)) in vocabulary.iter().enumerate() {
        keys.push((text, u32::try_from(id).ok()?));
    }
    keys.sort_unstable();
    // Of pieces with the same text the last id counts, as in `tokenizers`.
    keys.reverse();
    keys.dedup_by_key(|(text, _)| *text);
    keys.reverse();
    let trie = DoubleArrayBuilder::build(&keys).ok()?;

    let mut scores = Vec::with_capacity(vocabulary.len() * 8);
    let mut starts = Vec::with_capacity(vocabulary.len() * 4 + 4);
    let mut texts = Vec::new();
    for (text, score) in &vocabulary {
        scores.extend_from_slice(&score.to_le_bytes());
        starts.extend_from_slice(&u32::try_from(texts.len()).ok()?.to_le_bytes());
        texts.extend_from_slice(text.as_bytes());
    }
    starts.extend_from_slice(&u32::try_from(texts.len()).ok()?.to_le_bytes());

    let header = Header {
        source: source.to_owned(),
        unknown: whole.model.unk_id,
        byte_fallback: model.byte_fallback(),
        min_score: model.min_score.to_bits(),
        pieces: vocabulary.len(),
        trie_bytes: trie.len(),
        text_bytes: texts.len(),
        pipeline,
    };
    let header = serde_json::to_vec(&header).ok()?;
    let mut body = (header.len() as u64).to_le_bytes().to_vec();
    for part in [&header, &trie, &scores, &starts, &texts] {
        body.extend_from_slice(part);
    }
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(blake3::hash(&body).as_bytes());
    file.extend_from_slice(&body);
    Some(file)
}

/// Maps a compiled file; `None` if it is not there, damaged, of another layout or of another `tokenizer.json`.
pub(super) fn map(path: &Path, source: &str) -> Result<Option<Compiled>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.at("read", path)?,
    };
    // SAFETY: the file is only ever replaced by rename, so what is mapped stays as it is.
    let file = Arc::new(unsafe { Mmap::map(&file) }.at("map", path)?);
    Ok(read(file).filter(|compiled| compiled.header.source == source))
}

fn read(file: Arc<Mmap>) -> Option<Compiled> {
    let body = file.strip_prefix(MAGIC)?;
    let (checksum, body) = body.split_at_checked(32)?;
    if blake3::hash(body).as_bytes() != checksum {
        return None;
    }
    let header_bytes = u64::from_le_bytes(body.get(..8)?.try_into().ok()?);
    let mut end = START.checked_add(usize::try_from(header_bytes).ok()?)?;
    let header: Header = serde_json::from_slice(file.get(START..end)?).ok()?;
    let mut section = |length: usize| {
        let range = end..end.checked_add(length)?;
        end = range.end;
        file.get(range.clone())?;
        Some(Section { file: Arc::clone(&file), range })
    };
    let trie = DoubleArray::new(section(header.trie_bytes)?).ok()?;
    let scores = section(header.pieces.checked_mul(8)?)?;
    let starts = section(header.pieces.checked_add(1)?.checked_mul(4)?)?;
    let texts = section(header.text_bytes)?;
    Some(Compiled { header, trie, scores, starts, texts })
}
