//! The model hub: one file over HTTP, resumed where the last transfer stopped.

use super::problem::Why;
use super::pull::Refusal;
use crate::error::IoContext;
use reqwest::header::{AUTHORIZATION, CONTENT_RANGE, HeaderMap, RANGE};
use reqwest::{Client, Response, StatusCode, Url};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Transfers that are cut are resumed this often before the hub is left.
const RESUMES_MAX: u32 = 3;

/// A secret that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(token: impl Into<String>) -> Token {
        Token(token.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Once it could not be reached or stopped sending, it is not asked again.
#[derive(Debug)]
pub(super) struct Hub {
    base: String,
    token: Option<Token>,
    patience: Duration,
    down: AtomicBool,
}

/// A file wanted from the hub.
pub(super) struct Wanted<'a> {
    pub repo: &'a str,
    pub path: &'a str,
    pub bytes: u64,
    /// Where it grows.
    pub part: &'a Path,
}

impl Hub {
    pub fn new(base: &str, token: Option<Token>, patience: Duration) -> Hub {
        Hub { base: base.trim_end_matches('/').to_owned(), token, patience, down: AtomicBool::new(false) }
    }

    /// `on_bytes` gets the size of the part so far; `fetched` grows by what came over the network, also on failure.
    /// On success the part has the wanted size; its checksum is the caller's affair.
    pub fn download(
        &self,
        wanted: &Wanted<'_>,
        fetched: &mut u64,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<(), Refusal> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Why::GivenUp { host: self.host() }.into());
        }
        let url = format!("{}/{}/resolve/main/{}", self.base, wanted.repo, wanted.path);
        let url = Url::parse(&url).map_err(|error| self.unreachable(error.to_string()))?;
        let client = self.client().map_err(|error| self.unreachable(innermost(&error)))?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().at("run", "the network runtime")?;
        let outcome = runtime.block_on(self.transfer(&client, url, wanted, fetched, on_bytes));
        // A name look-up that hangs would hold back an ordinary shutdown.
        runtime.shutdown_background();
        outcome
    }

    fn client(&self) -> reqwest::Result<Client> {
        // An error says that another part of the program has chosen a provider: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(self.patience).build()
    }

    async fn transfer(
        &self,
        client: &Client,
        url: Url,
        wanted: &Wanted<'_>,
        fetched: &mut u64,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<(), Refusal> {
        let mut resumes = 0;
        loop {
            let have = length(wanted.part);
            if have == wanted.bytes {
                return Ok(());
            }
            if have > wanted.bytes {
                std::fs::remove_file(wanted.part).at("remove", wanted.part)?;
                continue;
            }
            let response = self.request(client, url.clone(), have).await?;
            let mut file = match response.status() {
                StatusCode::PARTIAL_CONTENT => self.resumed(&response, wanted, have)?,
                StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                    std::fs::remove_file(wanted.part).at("remove", wanted.part)?;
                    continue;
                }
                StatusCode::OK => restarted(&response, wanted)?,
                status => return Err(Why::Status { host: self.host(), status: status.as_u16() }.into()),
            };
            let Err(reason) = receive(response, &mut file, wanted, fetched, on_bytes).await? else { return Ok(()) };
            let now = length(wanted.part);
            if resumes == RESUMES_MAX || now <= have {
                self.down.store(true, Ordering::Relaxed);
                return Err(Why::Cut { host: self.host(), bytes: now, reason }.into());
            }
            resumes += 1;
        }
    }

    async fn request(&self, client: &Client, url: Url, have: u64) -> Result<Response, Refusal> {
        let mut request = client.get(url);
        if let Some(Token(token)) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        request.send().await.map_err(|error| self.unreachable(innermost(&error)).into())
    }

    /// The part, open for what the server sends from `have` on.
    fn resumed(&self, response: &Response, wanted: &Wanted<'_>, have: u64) -> Result<File, Refusal> {
        match content_range(response.headers()) {
            Some((start, total)) if start == have && total == wanted.bytes => {
                Ok(OpenOptions::new().append(true).open(wanted.part).at("write", wanted.part)?)
            }
            Some((_, total)) if total != wanted.bytes => Err(Why::Size { expected: wanted.bytes, found: total }.into()),
            _ => {
                let reason = "the range it sent is not the one asked for".to_owned();
                Err(Why::Cut { host: self.host(), bytes: have, reason }.into())
            }
        }
    }

    fn unreachable(&self, reason: String) -> Why {
        self.down.store(true, Ordering::Relaxed);
        Why::Unreachable { host: self.host(), reason }
    }

    /// Never the whole address: it may hold a password.
    fn host(&self) -> String {
        match Url::parse(&self.base) {
            Ok(url) if url.has_host() => url.host_str().unwrap_or_default().to_owned(),
            _ => "HF_ENDPOINT".to_owned(),
        }
    }
}

fn restarted(response: &Response, wanted: &Wanted<'_>) -> Result<File, Refusal> {
    match response.content_length() {
        Some(found) if found != wanted.bytes => Err(Why::Size { expected: wanted.bytes, found }.into()),
        _ => Ok(File::create(wanted.part).at("create", wanted.part)?),
    }
}

/// Writes the body behind what the part holds. The inner error is the reason for which a transfer stopped early.
async fn receive(
    mut response: Response,
    file: &mut File,
    wanted: &Wanted<'_>,
    fetched: &mut u64,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<Result<(), String>, Refusal> {
    let mut size = file.metadata().at("read", wanted.part)?.len();
    on_bytes(size);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                file.write_all(&chunk).at("write", wanted.part)?;
                *fetched += chunk.len() as u64;
                size += chunk.len() as u64;
                on_bytes(size);
                if size > wanted.bytes {
                    return Err(Why::Size { expected: wanted.bytes, found: size }.into());
                }
            }
            Ok(None) if size == wanted.bytes => return Ok(Ok(())),
            Ok(None) => return Ok(Err("the body ended early".to_owned())),
            Err(error) => return Ok(Err(innermost(&error))),
        }
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Start and total of `bytes START-END/TOTAL`.
fn content_range(headers: &HeaderMap) -> Option<(u64, u64)> {
    let (range, total) = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()?))
}

/// The plainest wording of a network error: the cause at the bottom, which names no address.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) => "the request failed".to_owned(),
        None => cause.to_string(),
    }
}
