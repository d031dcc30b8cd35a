//! An embedder behind any `/v1/embeddings` endpoint.

use super::RefusalProblem;
use super::endpoint::{Call, Endpoint};
use crate::embedding::{Embedding, ModelId};
use crate::error::{Error, Fault, Problem, Result};
use crate::language::Lang;
use crate::models::embedder::{Embedder, PassageInput};
use serde::Deserialize;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Texts in one request, where nothing else is set.
const BATCH: usize = 32;
/// What servers say of a text that is too long for them.
const TOO_LONG: [&str; 8] =
    ["too long", "too large", "too many tokens", "exceed", "maximum", "longer than", "context", "length"];
/// Any text does: only the length of its vector is looked at.
const PROBE: &str = "probe";

/// How a model at an endpoint wants its texts; empty prefixes where the endpoint adds them itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteForm {
    pub query_prefix: String,
    /// Put before a passage; `{title}` in it is replaced by the passage's title, or `none`.
    pub passage_prefix: String,
}

/// An endpoint whose vectors are checked: as many as texts, in their order, all of one length.
#[derive(Debug)]
pub struct RemoteEmbedder {
    endpoint: Endpoint,
    id: ModelId,
    /// Texts in one request; fewer once the endpoint has refused so many.
    batch: AtomicUsize,
}

/// An endpoint that answers, but not with the vectors asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingsProblem {
    #[error("{endpoint} returned {got} embeddings for {asked} texts")]
    Count { endpoint: String, asked: usize, got: usize },
    #[error("{endpoint} numbers its embeddings wrongly: no embedding has index {missing}")]
    Index { endpoint: String, missing: usize },
    #[error("{endpoint} returned an embedding of {got} dimensions, after {expected}")]
    Dim { endpoint: String, expected: usize, got: usize },
    #[error("{endpoint} returned an embedding without a direction: empty, zero or not finite")]
    NoDirection { endpoint: String },
    #[error("{endpoint} takes no text as long as one of {chars} characters: {words}")]
    TextTooLong { endpoint: String, chars: usize, words: String },
}

impl Problem for EmbeddingsProblem {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn zh(&self) -> String {
        match self {
            EmbeddingsProblem::Count { endpoint, asked, got } => {
                format!("{endpoint} 对 {asked} 段文本返回了 {got} 个向量")
            }
            EmbeddingsProblem::Index { endpoint, missing } => format!("{endpoint} 的向量编号有误:没有第 {missing} 号"),
            EmbeddingsProblem::Dim { endpoint, expected, got } => {
                format!("{endpoint} 返回的向量是 {got} 维,此前是 {expected} 维")
            }
            EmbeddingsProblem::NoDirection { endpoint } => format!("{endpoint} 返回了没有方向的向量:空、全零或含非数"),
            EmbeddingsProblem::TextTooLong { endpoint, chars, words } => {
                format!("{endpoint} 收不下 {chars} 个字符的文本:{words}")
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            EmbeddingsProblem::Dim { .. } => lang.pick(
                "服务换了模型:用 rag index --rebuild 重建索引".into(),
                "the endpoint changed its model: rag index --rebuild".into(),
            ),
            EmbeddingsProblem::TextTooLong { .. } => lang.pick(
                "把 index.chunk 调小(RAG_CHUNK=300)后重建:rag index --rebuild".into(),
                "make index.chunk smaller (RAG_CHUNK=300), then rag index --rebuild".into(),
            ),
            _ => lang.pick(
                "确认该服务的模型是向量模型(llama-server 需带 --embeddings)".into(),
                "make sure the endpoint serves an embedding model (llama-server needs --embeddings)".into(),
            ),
        })
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<f32>,
}

impl RemoteEmbedder {
    /// Asks the endpoint for one embedding, to learn the dimension that belongs to the model's identity.
    pub fn connect(endpoint: Endpoint, model: &str, form: RemoteForm) -> Result<RemoteEmbedder> {
        let id = ModelId {
            name: model.to_owned(),
            weights: model.to_owned(),
            dim: 0,
            pooling: "graph".into(),
            query_prefix: form.query_prefix,
            passage_prefix: form.passage_prefix,
        };
        let mut embedder = RemoteEmbedder { endpoint, id, batch: AtomicUsize::new(BATCH) };
        let probe = embedder.endpoint.wait(embedder.request(&[PROBE.to_owned()]))?.remove(0);
        embedder.id.dim = probe.dim();
        Ok(embedder)
    }

    /// The same, with at most so many texts in one request.
    pub fn with_batch(self, texts: usize) -> RemoteEmbedder {
        self.batch.store(texts.max(1), Ordering::Relaxed);
        self
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>> {
        self.endpoint.wait(async {
            let mut embeddings = Vec::with_capacity(texts.len());
            let mut rest = texts;
            while !rest.is_empty() {
                let some = self.request_some(rest).await?;
                rest = &rest[some.len()..];
                embeddings.extend(some);
            }
            match embeddings.iter().find(|embedding| embedding.dim() != self.id.dim) {
                None => Ok(embeddings),
                Some(other) => Err(self.dim_problem(self.id.dim, other.dim())),
            }
        })
    }

    /// Of the first of `texts`, as many as the endpoint takes at once: half as many after each refusal. What it then takes
    /// is remembered.
    async fn request_some(&self, texts: &[String]) -> Result<Vec<Embedding>> {
        let asked = texts.len().min(self.batch.load(Ordering::Relaxed));
        let mut size = asked;
        loop {
            match self.request(&texts[..size]).await {
                Ok(embeddings) => {
                    if size < asked {
                        tracing::info!(size, "the endpoint takes fewer texts in one request");
                        self.batch.fetch_min(size, Ordering::Relaxed);
                    }
                    return Ok(embeddings);
                }
                Err(error) if size > 1 && may_take_fewer(&error) => size /= 2,
                Err(error) => return Err(self.told_of(&texts[..size], error)),
            }
        }
    }

    /// The refusal of a single text for its length, said as that.
    fn told_of(&self, texts: &[String], error: Error) -> Error {
        let words = match (texts, error.downcast_ref()) {
            ([_], Some(RefusalProblem::ContextTooLong { words, .. })) => words,
            ([_], Some(RefusalProblem::Rejected { words, .. } | RefusalProblem::ServerFailed { words, .. }))
                if TOO_LONG.iter().any(|part| words.to_lowercase().contains(part)) =>
            {
                words
            }
            _ => return error,
        };
        let chars = texts.iter().map(|text| text.chars().count()).sum();
        EmbeddingsProblem::TextTooLong { endpoint: self.endpoint.address(), chars, words: words.clone() }.into()
    }

    async fn request(&self, texts: &[String]) -> Result<Vec<Embedding>> {
        let body = json!({ "model": self.id.name, "input": texts, "encoding_format": "float" });
        let call = Call::post(self.endpoint.api("embeddings"), body, Some(&self.id.name));
        let answer: Answer = serde_json::from_value(self.endpoint.json(&call).await?)
            .map_err(|error| self.endpoint.malformed(&error.to_string(), ""))?;
        self.in_order(answer.data, texts.len())
    }

    /// The vectors in the order of the texts. Servers that number nothing are taken at their order.
    fn in_order(&self, mut items: Vec<Item>, asked: usize) -> Result<Vec<Embedding>> {
        let endpoint = self.endpoint.address();
        if items.len() != asked {
            return Err(EmbeddingsProblem::Count { endpoint, asked, got: items.len() }.into());
        }
        if items.iter().any(|item| item.index.is_some()) {
            items.sort_by_key(|item| item.index);
            if let Some(missing) = (0..asked).find(|index| items[*index].index != Some(*index)) {
                return Err(EmbeddingsProblem::Index { endpoint, missing }.into());
            }
        }
        let embeddings: Option<Vec<_>> = items.into_iter().map(|item| Embedding::new(item.embedding)).collect();
        embeddings.ok_or_else(|| EmbeddingsProblem::NoDirection { endpoint }.into())
    }

    fn dim_problem(&self, expected: usize, got: usize) -> Error {
        EmbeddingsProblem::Dim { endpoint: self.endpoint.address(), expected, got }.into()
    }

    fn passage_text(&self, passage: &PassageInput<'_>) -> String {
        let PassageInput { title, body } = *passage;
        let prefix = &self.id.passage_prefix;
        if prefix.contains("{title}") {
            format!("{}{body}", prefix.replace("{title}", if title.is_empty() { "none" } else { title }))
        } else if title.is_empty() {
            format!("{prefix}{body}")
        } else {
            format!("{prefix}{title}\n{body}")
        }
    }
}

/// Whether the same texts may be taken a few at a time: a refusal of the request as it is, in whatever words.
fn may_take_fewer(error: &Error) -> bool {
    match error.downcast_ref() {
        Some(RefusalProblem::Rejected { status, .. }) => matches!(status, 400 | 413 | 422),
        Some(RefusalProblem::ContextTooLong { .. }) => true,
        // llama-server's refusal of an input that exceeds its physical batch.
        Some(RefusalProblem::ServerFailed { words, .. }) => words.contains("too large"),
        _ => false,
    }
}

/// What exceeds the model's window is cut off by servers that do so, and refused by others:
/// a client cannot tell where the window ends.
impl Embedder for RemoteEmbedder {
    fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed)
    }

    fn id(&self) -> &ModelId {
        &self.id
    }

    fn embed_passages(&self, passages: &[PassageInput<'_>]) -> Result<Vec<Embedding>> {
        self.embed(&passages.iter().map(|passage| self.passage_text(passage)).collect::<Vec<_>>())
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Embedding>> {
        self.embed(&queries.iter().map(|query| format!("{}{query}", self.id.query_prefix)).collect::<Vec<_>>())
    }
}
