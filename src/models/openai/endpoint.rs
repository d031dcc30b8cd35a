//! An OpenAI-compatible endpoint: where it is, and how it is spoken to.

use super::body::{Body, BodyFault};
use super::busy;
use super::key::ApiKey;
use super::reach::{self, ReachProblem};
use super::refusal::{Kind, Refusal, RefusalProblem};
use crate::error::{Error, Result};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};
use serde_json::{Map, Value};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// First pause before a busy server is asked again; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Requests to a server that limits their rate.
const TRIES_MAX: usize = 8;
/// What users paste along with the base.
const PATHS: [&str; 6] = ["/chat/completions", "/completions", "/embeddings", "/responses", "/rerank", "/models"];
/// Names listed when a model is unknown.
const MODELS_LISTED_MAX: usize = 8;

/// How long each kind of waiting may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// From the request to the first byte of the answer: the server reads the prompt meanwhile.
    pub first_byte: Duration,
    /// Between two arrivals of bytes; in a stream, of words.
    pub between_bytes: Duration,
    /// From the request to the end of a streamed answer.
    pub answer: Duration,
    /// In all, for a server that is loading (503) or limits the rate (429).
    pub busy: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(120),
            between_bytes: Duration::from_secs(60),
            answer: Duration::from_secs(600),
            busy: Duration::from_secs(60),
        }
    }
}

/// Nothing is sent, and no TLS is set up, before the first call.
#[derive(Debug)]
pub struct Endpoint {
    /// Up to and with the version, without a slash at the end: `http://127.0.0.1:8080/v1`.
    api: Url,
    key: Option<ApiKey>,
    /// Sent with each request beside the key.
    headers: HeaderMap,
    timeouts: Timeouts,
    line: OnceLock<Line>,
}

/// What is expensive to set up.
#[derive(Debug)]
struct Line {
    runtime: Runtime,
    client: Client,
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Value>,
    pub(super) model: Option<&'a str>,
    /// Another body to send after a refusal; it must come to an end.
    pub(super) mend: Option<&'a Mend<'a>>,
}

/// Makes another body of a refused one, or none.
pub(super) type Mend<'a> = dyn Fn(&Refusal, &Value) -> Option<Value> + Sync + 'a;

/// An answer that says yes, its body still to be read.
pub(super) struct Reply {
    pub(super) content_type: String,
    pub(super) body: Body,
}

impl Endpoint {
    /// `base_url` with or without `/v1`; a path that holds another version (`/api/paas/v4`) is taken as it is.
    pub fn new(base_url: &str, key: Option<ApiKey>, timeouts: Timeouts) -> Result<Endpoint> {
        Ok(Endpoint { api: api_url(base_url)?, key, headers: HeaderMap::new(), timeouts, line: OnceLock::new() })
    }

    /// With these headers in each request. A value that is no text is sent as JSON.
    pub fn with_headers(mut self, headers: Map<String, Value>) -> Result<Endpoint> {
        for (name, value) in headers {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(&value).ok());
            let (name, mut value) = header.ok_or(ReachProblem::BadHeader { name })?;
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        Ok(self)
    }

    pub(super) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// The address as shown to a user, without credentials.
    pub fn address(&self) -> String {
        let mut shown = self.api.clone();
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.into()
    }

    /// `path` below the API: `chat/completions`.
    pub(super) fn api(&self, path: &str) -> Url {
        below(&self.api, path)
    }

    /// `path` beside `/v1`, where llama.cpp keeps its own; `None` where the API ends otherwise.
    pub(super) fn beside(&self, path: &str) -> Option<Url> {
        let mut root = self.api.clone();
        root.set_path(self.api.path().strip_suffix("/v1")?);
        Some(below(&root, path))
    }

    /// Waits for `future` on this endpoint's own runtime. Must not be called from inside another one.
    pub(super) fn wait<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.line()?.runtime.block_on(future)
    }

    /// Sends, and asks again as long as the server is merely busy and patience lasts.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Reply> {
        let started = Instant::now();
        let mut pause = PAUSE_FIRST;
        let mut tries = 0;
        let mut mended: Option<Value> = None;
        loop {
            let sent = Instant::now();
            let body = mended.as_ref().or(call.body.as_ref());
            let response = self.attempt(call, body).await?;
            if response.status().is_success() {
                return Ok(self.reply(response, sent));
            }
            let asked = busy::retry_after(&response);
            let refusal = self.refusal(response, sent).await?;
            tries += 1;
            if let Some(other) = call.mend.and_then(|mend| mend(&refusal, body?)) {
                tracing::debug!(status = refusal.status, words = refusal.words, "asking again without what it refuses");
                mended = Some(other);
                continue;
            }
            // A server that asks to come back at once is given time all the same.
            let wait = asked.map_or(pause, |asked| asked.max(pause));
            let waited = started.elapsed();
            let again = match refusal.kind() {
                Kind::Loading => true,
                Kind::RateLimited => tries < TRIES_MAX,
                // A hiccup passes, a fault stays.
                Kind::ServerFailed => tries < 2,
                _ => false,
            };
            if !again || waited.saturating_add(wait) > self.timeouts.busy {
                return Err(self.refused(refusal, call, waited, asked).await);
            }
            tracing::debug!(status = refusal.status, wait_ms = wait.as_millis(), "server is busy, asking again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The whole body of an answer, which must be JSON.
    pub(super) async fn json(&self, call: &Call<'_>) -> Result<Value> {
        let reply = self.send(call).await?;
        let bytes = reply.body.whole().await.map_err(|fault| self.fault(fault, ""))?;
        serde_json::from_slice(&bytes).map_err(|_| self.not_json(&reply.content_type, &bytes))
    }

    /// Names of the models the endpoint offers; empty where it does not say.
    pub(super) async fn models(&self) -> Result<Vec<String>> {
        let response = self.attempt(&Call::get(self.api("models")), None).await?;
        if !response.status().is_success() {
            return Ok(Vec::new());
        }
        let bytes = self.reply(response, Instant::now()).body.whole().await.map_err(|fault| self.fault(fault, ""))?;
        let list: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let models = list.as_array().or(list["data"].as_array()).or(list["models"].as_array()).into_iter().flatten();
        let name =
            |model: &Value| ["id", "name", "model"].iter().find_map(|key| model[*key].as_str().map(str::to_owned));
        Ok(models.filter_map(|model| model.as_str().map(str::to_owned).or_else(|| name(model))).collect())
    }

    /// `text` without the key, nor any of the headers.
    pub(super) fn scrub(&self, text: &str) -> String {
        let headers = self.headers.values().filter_map(|value| value.to_str().ok()).filter_map(ApiKey::new);
        self.key.iter().cloned().chain(headers).fold(text.to_owned(), |text, secret| secret.scrub(&text))
    }

    async fn attempt(&self, call: &Call<'_>, body: Option<&Value>) -> Result<Response> {
        let mut request = self.line()?.client.request(call.method.clone(), call.url.clone());
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, key.header().ok_or(ReachProblem::BadKey)?);
        }
        request = request.headers(self.headers.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        let first_byte = self.timeouts.first_byte;
        let response = match tokio::time::timeout(first_byte, request.send()).await {
            Err(_) => return Err(self.fault(BodyFault::Silent { after: first_byte, first: true }, "")),
            Ok(Err(error)) => match reach::diagnose(error, &self.api, &self.address(), self.timeouts.connect) {
                Some(problem) => return Err(problem.into()),
                None => return Err(self.fault(BodyFault::Lost, "")),
            },
            Ok(Ok(response)) => response,
        };
        match response.headers().get(header::LOCATION) {
            Some(target) if response.status().is_redirection() => {
                let target = self.scrub(&String::from_utf8_lossy(target.as_bytes()));
                let below = call.url.path().strip_prefix(self.api.path()).unwrap_or_default();
                let base = target.strip_suffix(below).unwrap_or(&target).to_owned();
                Err(ReachProblem::Redirected { endpoint: self.address(), target, base }.into())
            }
            _ => Ok(response),
        }
    }

    fn reply(&self, response: Response, sent: Instant) -> Reply {
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        Reply { content_type, body: Body::new(response, sent, self.timeouts) }
    }

    async fn refusal(&self, response: Response, sent: Instant) -> Result<Refusal> {
        let status = response.status().as_u16();
        // A refusal whose words are cut off is still that refusal.
        let bytes = Body::new(response, sent, self.timeouts).whole().await.unwrap_or_default();
        Ok(Refusal::read(status, &self.scrub(&String::from_utf8_lossy(&bytes))))
    }

    /// The problem a refusal amounts to.
    pub(super) async fn refused(
        &self,
        refusal: Refusal,
        call: &Call<'_>,
        waited: Duration,
        asked: Option<Duration>,
    ) -> Error {
        let (kind, endpoint, Refusal { status, words, .. }) = (refusal.kind(), self.address(), refusal);
        match (kind, call.model) {
            (Kind::Unauthorized, _) => {
                RefusalProblem::Unauthorized { endpoint, status, key_sent: self.key.is_some(), words }
            }
            (Kind::UnknownModel, Some(model)) => {
                // The listing only helps the message; where it fails, the message stands without it.
                let mut available = self.models().await.unwrap_or_default();
                available.truncate(MODELS_LISTED_MAX);
                RefusalProblem::UnknownModel { endpoint, model: self.scrub(model), available }
            }
            (Kind::NoSuchPath, _) => {
                RefusalProblem::NoSuchPath { endpoint, status, path: call.url.path().to_owned(), words }
            }
            (Kind::ContextTooLong, _) => RefusalProblem::ContextTooLong { endpoint, words },
            (Kind::RateLimited | Kind::QuotaSpent, _) => RefusalProblem::RateLimited { endpoint, waited, asked, words },
            (Kind::Loading, _) => RefusalProblem::Loading { endpoint, waited },
            (Kind::ServerFailed, _) => RefusalProblem::ServerFailed { endpoint, status, words },
            (Kind::Rejected | Kind::UnknownModel, _) => RefusalProblem::Rejected { endpoint, status, words },
        }
        .into()
    }

    fn line(&self) -> Result<&Line> {
        if let Some(line) = self.line.get() {
            return Ok(line);
        }
        let line = self.connect_line().map_err(|detail| ReachProblem::NoClient { detail })?;
        Ok(self.line.get_or_init(|| line))
    }

    fn connect_line(&self) -> Result<Line, String> {
        // Fails only if the process already chose a provider, which then serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .connect_timeout(self.timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("rag/", env!("CARGO_PKG_VERSION")))
            // What is packed comes late; a server that packs all the same is understood.
            .default_headers([(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))].into_iter().collect());
        if is_loopback(&self.api) {
            client = client.no_proxy(); // a proxy for the world cannot reach this machine's own ports
        }
        let client = client.build().map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Line { runtime: runtime.map_err(|error| error.to_string())?, client })
    }
}

impl<'a> Call<'a> {
    pub(super) fn get(url: Url) -> Call<'a> {
        Call { method: Method::GET, url, body: None, model: None, mend: None }
    }

    pub(super) fn post(url: Url, body: Value, model: Option<&'a str>) -> Call<'a> {
        Call { method: Method::POST, url, body: Some(body), model, mend: None }
    }
}

fn api_url(given: &str) -> Result<Url, ReachProblem> {
    let bad = |reason: &str| {
        // What stands before an `@` or after a `?` may be a secret.
        let given = given.rsplit('@').next().unwrap_or_default();
        let given = given.split(['?', '#']).next().unwrap_or_default().to_owned();
        ReachProblem::BadBaseUrl { given, reason: reason.to_owned() }
    };
    let mut url = Url::parse(given.trim()).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it must start with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must have neither ? nor #"));
    }
    let path = url.path().trim_end_matches('/');
    let path = PATHS.iter().find_map(|below| path.strip_suffix(below)).unwrap_or(path).to_owned();
    let versioned = path.split('/').any(|part| {
        part.strip_prefix('v').is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
    });
    url.set_path(&if versioned { path } else { format!("{path}/v1") });
    Ok(url)
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expect: &str) {
        let endpoint = Endpoint::new(given, None, Timeouts::default());
        assert_eq!(endpoint.map_or_else(|error| error.to_string(), |endpoint| endpoint.address()), expect);
    }

    #[test]
    fn a_base_url_is_taken_with_or_without_its_version() {
        check("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1");
        check(" http://127.0.0.1:8080/v1/ ", "http://127.0.0.1:8080/v1");
        check("https://host/compatible-mode", "https://host/compatible-mode/v1");
        check("https://host/api/paas/v4/", "https://host/api/paas/v4");
        check("https://host/v1beta/openai", "https://host/v1beta/openai");
        check("http://host:1/v1/chat/completions/", "http://host:1/v1");
        check("https://host/api/paas/v4/chat/completions", "https://host/api/paas/v4");
    }

    #[test]
    fn what_is_no_base_url_is_said_without_its_password() {
        check("localhost:8080", "localhost:8080 is not a base URL: it must start with http:// or https://");
        check("ftp://me:pass@host", "host is not a base URL: it must start with http:// or https://");
        check("http://host/v1?key=1", "http://host/v1 is not a base URL: it must have neither ? nor #");
        check("http://me:pass@host", "http://host/v1");
    }

    #[test]
    fn llama_cpp_keeps_its_own_paths_beside_v1() {
        let beside = |given| Endpoint::new(given, None, Timeouts::default()).unwrap().beside("props").map(String::from);
        assert_eq!(beside("http://h:1"), Some("http://h:1/props".into()));
        assert_eq!(beside("http://h:1/llama/v1"), Some("http://h:1/llama/props".into()));
        assert_eq!(beside("http://h:1/api/v4"), None);
    }

    #[test]
    fn only_this_machine_is_reached_past_a_proxy() {
        let loopback = |given| is_loopback(&Url::parse(given).unwrap());
        assert!(loopback("http://localhost:1") && loopback("http://127.0.0.1") && loopback("http://[::1]:8"));
        assert!(!loopback("http://10.0.0.1") && !loopback("https://localhost.example"));
    }
}
