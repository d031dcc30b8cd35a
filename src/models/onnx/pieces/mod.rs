//! A tokenizer that starts in milliseconds: `tokenizer.json` of XLM-R holds 250,000 pieces and takes a second
//! of CPU to parse, more than the search it serves. Its compiled form is written once and mapped since.
//!
//! Only the Unigram model is ours. Added tokens, normalizer, pre-tokenizer, template and truncation are
//! `tokenizers`' own objects, so that the ids are the same by construction.

mod file;
mod unigram;

use super::problem::OnnxProblem;
use super::publish::publish;
use crate::error::{IoContext, Result};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use tokenizers::{
    DecoderWrapper, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer,
    TokenizerBuilder, TokenizerImpl, TruncationParams,
};
use unigram::MappedUnigram;

/// File of the compiled form, beside `tokenizer.json`.
const COMPILED: &str = "tokenizer.pieces";

type Mapped =
    TokenizerImpl<MappedUnigram, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// Text to ids, the same as `Tokenizer::encode(text, true)` gives.
pub struct Pieces(Kind);

enum Kind {
    Mapped(Box<Mapped>),
    Parsed(Box<Tokenizer>),
}

impl Pieces {
    /// From the compiled form, which is written if it is missing or not of this `tokenizer.json`, whose
    /// blake3 is `source`. A model other than Unigram (EmbeddingGemma's BPE) is parsed whole at every start,
    /// and so is any in a folder that cannot be written to.
    pub fn open(model: &'static str, dir: &Path, source: &str, max_tokens: usize) -> Result<Pieces> {
        let json_path = dir.join(super::TOKENIZER);
        let unusable = |error: tokenizers::Error| OnnxProblem::FileUnusable {
            model,
            path: json_path.clone(),
            reason: error.to_string(),
        };
        let truncation = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        let path = dir.join(COMPILED);
        let mapped = |compiled| {
            let mapped = assemble(compiled, truncation.clone()).map_err(unusable)?;
            Ok(Pieces(Kind::Mapped(Box::new(mapped))))
        };
        if let Some(compiled) = file::map(&path, source)? {
            return mapped(compiled);
        }
        let json = fs::read(&json_path).at("read", &json_path)?;
        let mut parsed = Tokenizer::from_bytes(&json).map_err(unusable)?;
        if let ModelWrapper::Unigram(unigram) = parsed.get_model()
            && let Some(bytes) = file::compile(unigram, &json, source)
        {
            match publish(&path, |file| file.write_all(&bytes)) {
                Ok(()) => {
                    if let Some(compiled) = file::map(&path, source)? {
                        return mapped(compiled);
                    }
                }
                Err(error) => tracing::debug!(%error, path = %path.display(), "cannot keep the compiled tokenizer"),
            }
        }
        parsed.with_padding(None).with_truncation(Some(truncation.clone())).map_err(unusable)?;
        Ok(Pieces(Kind::Parsed(Box::new(parsed))))
    }

    /// Whether the compiled form is in use.
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, Kind::Mapped(_))
    }

    /// Ids with the template's special tokens, cut to the model's window.
    pub fn encode(&self, text: &str) -> tokenizers::Result<Vec<u32>> {
        let encoding = match &self.0 {
            Kind::Mapped(mapped) => mapped.encode_fast(text, true)?,
            Kind::Parsed(parsed) => parsed.encode_fast(text, true)?,
        };
        Ok(encoding.get_ids().to_vec())
    }
}

/// Puts the parts together in the order in which `tokenizers` reads them from JSON.
fn assemble(mut compiled: file::Compiled, truncation: TruncationParams) -> tokenizers::Result<Mapped> {
    let pipeline = std::mem::take(&mut compiled.header.pipeline);
    let mut mapped: Mapped = TokenizerBuilder::new()
        .with_model(MappedUnigram::new(compiled))
        .with_normalizer(part(pipeline.normalizer)?)
        .with_pre_tokenizer(part(pipeline.pre_tokenizer)?)
        .with_post_processor(part(pipeline.post_processor)?)
        .with_decoder(None)
        .build()?;
    mapped.add_tokens(pipeline.added_tokens)?;
    mapped.with_truncation(Some(truncation))?;
    Ok(mapped)
}

fn part<T: serde::de::DeserializeOwned>(part: Value) -> tokenizers::Result<Option<T>> {
    Ok(serde_json::from_value(part)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::LazyLock;

    /// Ties, a piece twice, bytes by name, pieces inside pieces, added tokens of every kind.
    fn tokenizer_json(byte_fallback: bool) -> String {
        let pieces = [
            ("<s>", 0.0),
            ("</s>", 0.0),
            ("<unk>", 0.0),
            ("▁", -2.0),
            ("a", -1.5),
            ("b", -1.5),
            ("ab", -3.0),
            ("ba", -3.0),
            ("aba", -4.5),
            ("▁a", -2.5),
            ("▁ab", -3.25),
            ("中", -4.0),
            ("中文", -5.0),
            ("文", -4.1),
            ("文本", -5.5),
            ("本", -6.0),
            ("ab", -2.75),
            ("é", -7.0),
            ("e\u{301}", -7.5),
            ("<0x21>", -9.0),
            ("<0xF0>", -9.0),
            ("<0x9F>", -9.0),
            ("<0x98>", -9.0),
            ("<0x80>", -9.0),
            ("cc", -1.0),
            ("zz", -40.0),
        ];
        let added = |id: u32, content: &str, special: bool, normalized: bool, lstrip: bool| {
            json!({ "id": id, "content": content, "single_word": false, "lstrip": lstrip, "rstrip": false,
                "normalized": normalized, "special": special })
        };
        json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": [
                added(0, "<s>", true, false, false), added(1, "</s>", true, false, false),
                added(2, "<unk>", true, false, true), added(26, "[new]", false, true, false),
            ],
            "normalizer": { "type": "NFKC" },
            "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "add_prefix_space": true },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [
                    { "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } },
                    { "SpecialToken": { "id": "</s>", "type_id": 0 } }
                ],
                "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } }],
                "special_tokens": {
                    "<s>": { "id": "<s>", "ids": [0], "tokens": ["<s>"] },
                    "</s>": { "id": "</s>", "ids": [1], "tokens": ["</s>"] }
                }
            },
            "decoder": null,
            "model": { "type": "Unigram", "unk_id": 2, "byte_fallback": byte_fallback, "vocab": pieces },
        })
        .to_string()
    }

    /// The mapped form and the reference, of the same JSON.
    fn both(json: &str, max_tokens: usize) -> (Pieces, Tokenizer) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), json).unwrap();
        for _ in ["written", "mapped"] {
            assert!(Pieces::open("m", dir.path(), "source", max_tokens).unwrap().is_mapped());
        }
        let pieces = Pieces::open("m", dir.path(), "source", max_tokens).unwrap();
        let mut reference: Tokenizer = json.parse().unwrap();
        let truncation = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        reference.with_truncation(Some(truncation)).unwrap();
        (pieces, reference)
    }

    fn check(both: &(Pieces, Tokenizer), text: &str) {
        let expect = both.1.encode(text, true).unwrap();
        assert_eq!(both.0.encode(text).unwrap(), expect.get_ids(), "{text:?}");
    }

    static PLAIN: LazyLock<(Pieces, Tokenizer)> = LazyLock::new(|| both(&tokenizer_json(false), 12));
    static BYTES: LazyLock<(Pieces, Tokenizer)> = LazyLock::new(|| both(&tokenizer_json(true), 12));

    #[test]
    fn ids_are_those_of_tokenizers() {
        for text in
            ["", " ", "abab", "ab ab", "中文本", "😀!", "x<unk>y", "  <s>ab</s>", "<unk>", "a\0b", "zz", "xyxy [new]"]
        {
            check(&PLAIN, text);
            check(&BYTES, text);
        }
    }

    proptest! {
        #[test]
        fn ids_are_those_of_tokenizers_for_any_text(text in "\\PC*|[ab▁ 中文本é!<>/sunk😀c\\x00-\\x1f]{0,30}|(<s>|</s>|<unk>|ab|\\[new\\]| |　|中文|zz|😀|<s>){0,12}") {
            check(&PLAIN, &text);
            check(&BYTES, &text);
        }
    }

    #[test]
    fn a_damaged_or_foreign_compiled_file_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), tokenizer_json(false)).unwrap();
        let open = |source: &str| Pieces::open("m", dir.path(), source, 12).unwrap();
        let path = dir.path().join(COMPILED);
        open("one");
        let good = fs::read(&path).unwrap();
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for bad in [&good[..good.len() - 1], &good[..20], &[], &flipped] {
            fs::write(&path, bad).unwrap();
            assert!(open("one").is_mapped());
            assert_eq!(fs::read(&path).unwrap(), good);
        }
        open("two");
        assert_ne!(fs::read(&path).unwrap(), good, "another tokenizer.json");
    }

    #[test]
    fn what_cannot_be_compiled_is_parsed() {
        let dir = tempfile::tempdir().unwrap();
        let with_nul = tokenizer_json(false).replace("\"zz\"", "\"z\\u0000z\"");
        fs::write(dir.path().join("tokenizer.json"), &with_nul).unwrap();
        let pieces = Pieces::open("m", dir.path(), "source", 12).unwrap();
        assert!(!pieces.is_mapped());
        check(&(pieces, with_nul.parse().unwrap()), "ab z\0z 中文");
    }

    #[test]
    fn no_tokenizer_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), "{}").unwrap();
        let error = Pieces::open("m", dir.path(), "source", 12).err().unwrap();
        assert!(matches!(error.downcast_ref(), Some(OnnxProblem::FileUnusable { .. })));
    }
}
