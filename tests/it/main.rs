//! Behaviour through real things: weights, files, servers, the binary.

mod embedder;
mod llama;
mod support;
