//! Behaviour through real things: weights, files, servers, the binary. Scripted servers only to inject faults.

mod architecture;
mod chat_faults;
mod chat_real;
mod embedder;
mod llama;
mod support;
