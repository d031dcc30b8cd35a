//! Behaviour through real things: weights, files, servers, the binary. Scripted servers only to inject faults.

mod architecture;
mod ask_cli;
mod bad_input;
mod chat_faults;
mod chat_real;
mod crash;
mod embedder;
mod eval_answers;
mod eval_checks;
mod eval_cli;
mod eval_pairs;
mod filters;
mod flywheel;
mod gemma;
mod injection;
mod journal_cli;
mod kept_answers;
mod llama;
mod prompts;
mod rerank;
mod scripted_hub;
mod search_cli;
mod support;
mod tools_cli;
mod weights;
mod weights_hub;
