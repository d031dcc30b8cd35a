//! Models behind an OpenAI-compatible endpoint: llama-server, vLLM, Ollama, or a paid API.
//!
//! A call goes one way: [`OpenAi::chat`] → request → [`Endpoint`] (client, key, retries) → a reply, read by
//! `stream` as it comes → [`Completion`]. What can go wrong is sorted by how far the call got:
//! [`ReachProblem`] (nothing arrived), [`RefusalProblem`] (the server said no), [`BrokenAnswer`] (the answer
//! is not whole).
//!
//! Calls block, on a runtime of the endpoint's own: call them from plain threads, never from async code.

mod body;
mod broken;
mod busy;
mod chat_model;
mod embeddings;
mod endpoint;
mod extras;
mod key;
mod lack;
mod parameters;
mod proxy;
mod reach;
mod refusal;
mod rerank;
mod stream;

pub use broken::BrokenAnswer;
pub use embeddings::{EmbeddingsProblem, RemoteEmbedder, RemoteForm};
pub use endpoint::{Endpoint, Timeouts};
pub use key::ApiKey;
pub use lack::Lack;
pub use reach::ReachProblem;
pub use refusal::RefusalProblem;
pub use rerank::{RemoteReranker, RerankProblem};

use super::chat::{ChatModel, ChatRequest, Completion, Piece};
use crate::error::Result;
use endpoint::Call;
use extras::Extras;
use parameters::Refused;
use refusal::Refusal;
use serde_json::{Map, Value, json};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// What a server offers beside answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Context window in tokens; none where it does not say.
    pub window: Option<usize>,
    pub counts_tokens: bool,
    pub honours_schema: bool,
    /// Parameters that it has refused so far.
    pub refused: Vec<&'static str>,
}

/// A chat model at an endpoint.
#[derive(Debug)]
pub struct OpenAi {
    endpoint: Endpoint,
    /// As configured; `None` takes the first chat model that the endpoint lists.
    model: Option<String>,
    first_listed: OnceLock<Option<String>>,
    extras: OnceLock<Extras>,
    /// As configured: goes into each request over our own parameters.
    extra_body: Map<String, Value>,
    refused: Mutex<Refused>,
}

impl OpenAi {
    /// Sends nothing yet.
    pub fn new(endpoint: Endpoint, model: Option<String>) -> OpenAi {
        OpenAi {
            endpoint,
            model,
            first_listed: OnceLock::new(),
            extras: OnceLock::new(),
            extra_body: Map::new(),
            refused: Mutex::default(),
        }
    }

    /// With these parameters in each request; one that is null is not sent.
    pub fn with_extra_body(self, extra_body: Map<String, Value>) -> OpenAi {
        OpenAi { extra_body, ..self }
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The model that answers: as configured, else the first that the endpoint lists and whose name is one of a chat model.
    pub fn name(&self) -> Result<Option<&str>> {
        self.endpoint.wait(self.model())
    }

    /// The server's build; `None` where it does not say.
    pub fn server(&self) -> Result<Option<String>> {
        self.endpoint.wait(async { Ok(self.extras().await?.build().map(String::from)) })
    }

    /// What the server offers, as far as it is known by now.
    pub fn offer(&self) -> Result<Offer> {
        let counts_tokens = self.count_tokens(&["a"])?.is_some();
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).names();
        Ok(Offer { window: self.context_window()?, counts_tokens, honours_schema: self.honours_schema()?, refused })
    }

    async fn model(&self) -> Result<Option<&str>> {
        if self.model.is_some() {
            return Ok(self.model.as_deref());
        }
        if self.first_listed.get().is_none() {
            let listed = self.endpoint.models().await?;
            let _ = self.first_listed.set(chat_model::of(listed));
        }
        Ok(self.first_listed.get().and_then(Option::as_deref))
    }

    async fn extras(&self) -> Result<&Extras> {
        if let Some(extras) = self.extras.get() {
            return Ok(extras);
        }
        let extras = Extras::detect(&self.endpoint).await?;
        Ok(self.extras.get_or_init(|| extras))
    }

    async fn request_body(&self, request: &ChatRequest, model: Option<&str>) -> Result<Value> {
        let mut body = json!({
            "messages": request.messages,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        if let Some(model) = model {
            body["model"] = model.into();
        }
        if let Some(schema) = &request.schema
            && self.extras().await?.is_llama_cpp()
        {
            let named = json!({ "name": "answer", "strict": true, "schema": schema });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": named });
        }
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(self.fitted(&refused, body))
    }

    /// `body` as the endpoint takes it and the user wants it.
    fn fitted(&self, refused: &Refused, mut body: Value) -> Value {
        if let Some(fields) = body.as_object_mut() {
            refused.fit(fields);
            fields.extend(self.extra_body.clone());
            fields.retain(|_, value| !value.is_null());
        }
        body
    }

    /// Another request where `refusal` names a parameter that an answer can be had without; remembered for later ones.
    fn mended(&self, refusal: &Refusal, body: &Value) -> Option<Value> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.learn(refusal, body.as_object()?).then(|| self.fitted(&refused, body.clone()))
    }
}

impl ChatModel for OpenAi {
    fn chat(&self, request: &ChatRequest, on: &mut dyn FnMut(Piece<'_>)) -> Result<Completion> {
        self.endpoint.wait(async {
            let started = Instant::now();
            let model = self.model().await?;
            let body = self.request_body(request, model).await?;
            let call = Call {
                mend: Some(&|refusal, body| self.mended(refusal, body)),
                ..Call::post(self.endpoint.api("chat/completions"), body, model)
            };
            let reply = self.endpoint.send(&call).await?;
            let answer = stream::Answer::new(&self.endpoint, started, request.max_tokens, on);
            answer.read(reply, model.unwrap_or_default()).await
        })
    }

    fn count_tokens(&self, texts: &[&str]) -> Result<Option<Vec<usize>>> {
        self.endpoint.wait(async { self.extras().await?.count_tokens(&self.endpoint, texts).await })
    }

    fn name(&self) -> Result<Option<String>> {
        Ok(OpenAi::name(self)?.map(String::from))
    }

    fn context_window(&self) -> Result<Option<usize>> {
        self.endpoint.wait(async { Ok(self.extras().await?.context_window()) })
    }

    fn honours_schema(&self) -> Result<bool> {
        self.endpoint.wait(async { Ok(self.extras().await?.is_llama_cpp()) })
    }
}
