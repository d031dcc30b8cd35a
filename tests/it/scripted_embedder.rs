//! An embedding endpoint whose vectors are counted from the text: for faults and indexes whose vectors do not matter.

use rag::models::openai::{Endpoint, RemoteEmbedder, RemoteForm, Timeouts};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub const DIM: usize = 16;

pub struct ScriptedEmbedder {
    server: MockServer,
}

impl ScriptedEmbedder {
    pub fn start() -> ScriptedEmbedder {
        ScriptedEmbedder::refusing(|_| None)
    }

    /// Answers with what `refusal` makes of the texts, where it makes anything of them.
    pub fn refusing(
        refusal: impl Fn(&[String]) -> Option<ResponseTemplate> + Send + Sync + 'static,
    ) -> ScriptedEmbedder {
        let answer = move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            let texts: Vec<String> = serde_json::from_value(body["input"].clone()).unwrap();
            refusal(&texts).unwrap_or_else(|| {
                let items =
                    texts.iter().enumerate().map(|(at, text)| json!({ "index": at, "embedding": vector(text) }));
                ResponseTemplate::new(200).set_body_json(json!({ "data": items.collect::<Vec<_>>() }))
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            server.register(Mock::given(path("/v1/embeddings")).respond_with(answer)).await;
            server
        });
        ScriptedEmbedder { server }
    }

    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.uri())
    }

    pub fn connect(&self) -> RemoteEmbedder {
        let endpoint = Endpoint::new(&self.base_url(), None, Timeouts::default()).unwrap();
        RemoteEmbedder::connect(endpoint, "scripted", RemoteForm::default()).unwrap()
    }

    /// The number of texts in each request so far.
    pub fn asked(&self) -> Vec<usize> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let requests = runtime.block_on(self.server.received_requests()).unwrap();
        let texts = |request: &Request| request.body_json::<Value>().unwrap()["input"].as_array().unwrap().len();
        requests.iter().filter(|request| request.url.path() == "/v1/embeddings").map(texts).collect()
    }
}

/// How often each of some classes of characters occurs.
fn vector(text: &str) -> Vec<f32> {
    let mut counts = vec![0.25; DIM];
    for c in text.chars() {
        counts[c as usize * 7 % DIM] += 1.0;
    }
    counts
}
