//! Behaviour through real things: weights, files, the binary. Scripted servers only to inject faults.

mod chat_faults;
mod chat_real;
mod embedder;
mod support;
