//! Models: what turns text into vectors or answers, and where their weights come from.

pub mod catalog;
pub mod chat;
pub mod embedder;
pub mod llama;
pub mod onnx;
pub mod openai;
pub mod query_cache;
pub mod reranker;
pub mod weights;
