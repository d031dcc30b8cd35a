//! Behaviour through real things: weights, files, the binary.

mod llama;
mod support;
