//! Behaviour through real things: weights, files, the binary.

mod embedder;
mod support;
