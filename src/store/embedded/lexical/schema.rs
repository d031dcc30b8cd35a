//! The fields of the inverted index, and the analysis that makes their terms.

use crate::document::Document;
use crate::text::Analyzer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tantivy::Index;
use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

const WORDS: &str = "words";
const PAIRS: &str = "pairs";

/// What the score of an alias is multiplied by. Title and headings have no fields of their own: they stand in the body
/// of each chunk below them, which counts them once more where a passage repeats them. As fields they made whatever
/// has the question's subject in its title beat the passage that answers.
const ALIAS_BOOST: f32 = 0.5;
/// The same of an aside: enough to be found by it where nothing else has the word.
const ASIDE_BOOST: f32 = 0.2;

#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// The chunk's id: looked up by `fetch`, read back per candidate.
    pub(super) chunk: Field,
    /// The document's id: for deletion.
    pub(super) doc: Field,
    pub(super) aliases: Field,
    /// What a chunk is also found by: see [`crate::document::Chunk::asides`].
    pub(super) asides: Field,
    /// Title, headings, lead and text.
    pub(super) body: Field,
    /// The text of `body` in pairs of characters.
    pub(super) pairs: Field,
    /// The document's properties, each a term: see [`properties`].
    pub(super) properties: Field,
    /// The passage as JSON, for `fetch`.
    pub(super) passage: Field,
}

impl Fields {
    /// Where a word is looked up, and what its score there is multiplied by.
    pub(super) fn of_words(&self) -> [(Field, f32); 3] {
        [(self.aliases, ALIAS_BOOST), (self.asides, ASIDE_BOOST), (self.body, 1.0)]
    }
}

pub(super) fn schema() -> (Schema, Fields) {
    let analyzed_by = |name| {
        let indexing = TextFieldIndexing::default().set_tokenizer(name).set_index_option(IndexRecordOption::WithFreqs);
        TextOptions::default().set_indexing_options(indexing)
    };
    let analyzed = analyzed_by(WORDS);
    let mut builder = Schema::builder();
    let fields = Fields {
        chunk: builder.add_text_field("chunk", STRING | FAST),
        doc: builder.add_text_field("doc", STRING),
        aliases: builder.add_text_field("aliases", analyzed.clone()),
        asides: builder.add_text_field("asides", analyzed.clone()),
        body: builder.add_text_field("body", analyzed),
        pairs: builder.add_text_field("pairs", analyzed_by(PAIRS)),
        properties: builder.add_text_field("properties", STRING),
        passage: builder.add_text_field("passage", STORED),
    };
    (builder.build(), fields)
}

/// Between a property's key, which cannot have it, and its value.
pub(super) const UNDER: char = '\u{1f}';

/// The terms of a document's properties; a key's values stand side by side in the dictionary.
pub(super) fn properties(document: &Document) -> Vec<String> {
    crate::store::properties(document).into_iter().map(|(key, value)| format!("{key}{UNDER}{value}")).collect()
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredPassage {
    pub(super) title: String,
    pub(super) headings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sections: Vec<(u32, Vec<String>)>,
    pub(super) path: String,
    pub(super) source: String,
    /// Missing in generations from before it was kept.
    #[serde(default)]
    pub(super) date: String,
    pub(super) lines: (u32, u32),
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) lead: String,
    /// Only where it is not `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) plain: Option<String>,
}

pub(super) fn register(index: &Index, analyzer: &Arc<Analyzer>) {
    let by = |terms| TermTokenizer { analyzer: analyzer.clone(), terms };
    index.tokenizers().register(WORDS, by(Analyzer::terms));
    index.tokenizers().register(PAIRS, by(Analyzer::pairs));
}

/// Our analysis in tantivy's clothes.
#[derive(Clone)]
struct TermTokenizer {
    analyzer: Arc<Analyzer>,
    terms: fn(&Analyzer, &str) -> Vec<crate::text::Term>,
}

struct TermStream {
    terms: std::vec::IntoIter<crate::text::Term>,
    token: Token,
}

impl Tokenizer for TermTokenizer {
    type TokenStream<'a> = TermStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermStream {
        TermStream { terms: (self.terms)(&self.analyzer, text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for TermStream {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.next() else { return false };
        self.token = Token {
            offset_from: term.range.start,
            offset_to: term.range.end,
            position: term.position as usize,
            text: term.text,
            position_length: 1,
        };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
