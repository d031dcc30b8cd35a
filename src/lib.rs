//! `rag` finds the right passage and answers from it, with citations that are checked.
//!
//! # Rooms
//!
//! | room | owns | does not know |
//! |---|---|---|
//! | [`document`], [`embedding`], [`ranking`], [`language`], [`error`], [`files`], [`private`], [`secret`] | the shared nouns | any room |
//! | [`config`] | flags > env > file > default, resolved once into plain values | clap, stores |
//! | [`text`] | one analysis for index and query: NFKC, case, 繁→简, segmentation | tantivy |
//! | [`models`] | embedders, rerankers and chat models; fetching weights; a local `llama-server` | stores, prompts, retrieval |
//! | [`store`] | generations of an index: postings, vectors, the rename that publishes | what queries mean |
//! | [`ingest`] | sources → what changed → text → chunks → vectors → commit | queries, the command line |
//! | [`search`] | query → legs → fusion → reranking → hits | prompts, HTTP, storage formats |
//! | [`answer`] | packing, prompt, citations, abstention | how retrieval works |
//! | [`journal`] | questions and what came of them, feedback, answers kept (SQLite) | retrieval, prompts |
//! | [`eval`] | topics and judgements → runs, metrics, comparisons, reports | private search paths |
//! | [`engine`] | the façade; the only place that chooses concrete types | clap |
//! | [`cli`] | one file a command, rendering | stores, models |
//!
//! # Arrows
//!
//! Each room may use only what is named; the shared nouns are open to all and use no room.
//! `tests/it/architecture.rs` enforces this picture.
//!
//! ```text
//! main → cli → { eval, engine, config }
//! eval → { engine }
//! engine → { ingest, search, answer, journal, store, models, config, text }
//! answer → { search, models, text }    search → { store, models, text }
//! ingest → { store, models, text }     store → { text }
//! models, text, journal, config → nothing
//! ```
//!
//! # Invariants
//!
//! * A chunk's text is a slice of its document's, without what is never shown (tags, comments, the bytes of pictures) but
//!   with its line breaks: a citation can always be checked against the file.
//! * Index and query go through the same analysis; its version is in the manifest.
//! * Vectors of two embedders are never compared: a mismatch is an error, not a fallback.
//! * A reader holds one generation; a writer publishes a new one with one rename.
//! * Nothing outside `cli` prints, and nothing at all exits the process but `main`.

pub mod answer;
pub mod cli;
pub mod config;
pub mod document;
pub mod embedding;
pub mod engine;
pub mod error;
pub mod eval;
pub mod files;
pub mod ingest;
pub mod journal;
pub mod language;
pub mod models;
pub mod private;
pub mod ranking;
pub mod search;
pub mod secret;
pub mod store;
pub mod text;
