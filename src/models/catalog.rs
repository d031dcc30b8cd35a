//! The models we know: one row each, with everything that decides their vectors.

/// How token vectors become one embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Mean over the attention mask, then length one.
    Mean,
    /// The graph pools, projects and normalizes by itself.
    Graph,
}

/// An embedder that runs in process on ONNX Runtime.
#[derive(Debug)]
pub struct EmbedderSpec {
    /// As typed by the user and stored in the manifest; also the folder's name.
    pub name: &'static str,
    /// File of the graph inside the model's folder.
    pub onnx: &'static str,
    /// Output tensor to read.
    pub output: &'static str,
    pub pooling: Pooling,
    pub dim: usize,
    /// Longest input in tokens, special tokens included.
    pub max_tokens: usize,
    pub pad_id: i64,
    pub query_prefix: &'static str,
    /// Put before a passage; `{title}` is replaced by the passage's title, or `none`.
    pub passage_prefix: &'static str,
}

pub static EMBEDDERS: &[EmbedderSpec] = &[
    EmbedderSpec {
        name: "multilingual-e5-small",
        onnx: "model_q4.onnx",
        output: "last_hidden_state",
        pooling: Pooling::Mean,
        dim: 384,
        max_tokens: 512,
        pad_id: 1,
        query_prefix: "query: ",
        passage_prefix: "passage: ",
    },
    EmbedderSpec {
        name: "embeddinggemma-300m",
        onnx: "model_q8.onnx",
        output: "sentence_embedding",
        pooling: Pooling::Graph,
        dim: 768,
        max_tokens: 2048,
        pad_id: 0,
        query_prefix: "task: search result | query: ",
        passage_prefix: "title: {title} | text: ",
    },
];

/// The row of that name (`embeddinggemma` is short for `embeddinggemma-300m`, `e5` for `multilingual-e5-small`).
pub fn embedder(name: &str) -> Option<&'static EmbedderSpec> {
    let name = match name {
        "e5" => "multilingual-e5-small",
        "embeddinggemma" => "embeddinggemma-300m",
        other => other,
    };
    EMBEDDERS.iter().find(|spec| spec.name == name)
}
