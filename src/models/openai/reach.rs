//! Why an endpoint could not be reached.

use super::proxy;
use crate::error::{Fault, Problem};
use crate::language::Lang;
use reqwest::Url;
use std::error::Error as StdError;
use std::time::Duration;

/// Nothing was answered, because nothing arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachProblem {
    #[error("{given} is not a base URL: {reason}")]
    BadBaseUrl { given: String, reason: String },
    #[error("the API key holds characters that no HTTP header can carry")]
    BadKey,
    #[error("{name} in chat.headers cannot be sent: its name or its value is none that HTTP allows")]
    BadHeader { name: String },
    #[error("cannot set up the HTTP client: {detail}")]
    NoClient { detail: String },
    #[error("nothing answers at {endpoint}: connection refused")]
    Refused { endpoint: String },
    #[error("the host name in {endpoint} does not resolve")]
    Unresolved { endpoint: String },
    #[error("no secure connection to {endpoint}: {detail}")]
    Tls { endpoint: String, detail: String },
    #[error("no connection to {endpoint} within {} s", after.as_secs_f32())]
    ConnectTimedOut { endpoint: String, after: Duration },
    #[error("no connection to {endpoint}: {detail}")]
    Unreachable { endpoint: String, detail: String },
    #[error("{endpoint} redirects to {target}")]
    Redirected {
        endpoint: String,
        target: String,
        /// What would have to be the base for that.
        base: String,
    },
    #[error("what listens at {endpoint} does not speak HTTP: {detail}")]
    NotHttp { endpoint: String, https: String, detail: String },
    #[error("no connection to {endpoint} through the proxy {proxy} (set by {variable}): {detail}")]
    Proxy { endpoint: String, proxy: String, variable: &'static str, detail: String },
}

impl Problem for ReachProblem {
    fn fault(&self) -> Fault {
        match self {
            ReachProblem::BadBaseUrl { .. }
            | ReachProblem::BadKey
            | ReachProblem::BadHeader { .. }
            | ReachProblem::NotHttp { .. }
            | ReachProblem::Redirected { .. } => Fault::User,
            _ => Fault::Environment,
        }
    }

    fn zh(&self) -> String {
        match self {
            ReachProblem::BadBaseUrl { given, reason } => format!("{given} 不是可用的服务地址:{reason}"),
            ReachProblem::BadKey => "API key 中有 HTTP 头不允许的字符".into(),
            ReachProblem::BadHeader { name } => format!("chat.headers 里的 {name} 无法发送:名称或值不是 HTTP 允许的"),
            ReachProblem::NoClient { detail } => format!("无法建立 HTTP 客户端:{detail}"),
            ReachProblem::Refused { endpoint } => format!("{endpoint} 没有服务在应答:连接被拒绝"),
            ReachProblem::Unresolved { endpoint } => format!("{endpoint} 中的主机名无法解析"),
            ReachProblem::Tls { endpoint, detail } => format!("与 {endpoint} 的安全连接失败:{detail}"),
            ReachProblem::ConnectTimedOut { endpoint, after } => {
                format!("{} 秒内没有连上 {endpoint}", after.as_secs_f32())
            }
            ReachProblem::Unreachable { endpoint, detail } => format!("无法连接 {endpoint}:{detail}"),
            ReachProblem::NotHttp { endpoint, detail, .. } => format!("{endpoint} 上的服务说的不是 HTTP:{detail}"),
            ReachProblem::Proxy { endpoint, proxy, variable, detail } => {
                format!("经代理 {proxy}(由 {variable} 设定)连不上 {endpoint}:{detail}")
            }
            ReachProblem::Redirected { endpoint, target, .. } => format!("{endpoint} 重定向到 {target}"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            ReachProblem::BadBaseUrl { .. } => lang.pick(
                "写成 --base-url http://127.0.0.1:8080/v1 这样".into(),
                "write it like --base-url http://127.0.0.1:8080/v1".into(),
            ),
            ReachProblem::BadKey => lang.pick(
                "检查 --api-key 或 OPENAI_API_KEY,常见原因是混入了换行或全角字符".into(),
                "check --api-key or OPENAI_API_KEY: line breaks and full-width characters slip in easily".into(),
            ),
            ReachProblem::BadHeader { .. } => lang.pick(
                "写成 chat.headers = '{\"X-Name\": \"value\"}' 这样".into(),
                "write it like chat.headers = '{\"X-Name\": \"value\"}'".into(),
            ),
            ReachProblem::NoClient { .. } => return None,
            ReachProblem::Refused { .. } => lang.pick(
                "运行 rag llama up 启动本地服务,或检查 --base-url".into(),
                "run rag llama up to start a local server, or check --base-url".into(),
            ),
            ReachProblem::Unresolved { .. } => lang
                .pick("检查 --base-url 的主机名和网络".into(), "check the host in --base-url and the network".into()),
            ReachProblem::Tls { .. } => lang.pick(
                "检查证书与系统时间;本地服务通常是 http:// 而不是 https://".into(),
                "check the certificate and the clock; a local server usually speaks http://, not https://".into(),
            ),
            ReachProblem::ConnectTimedOut { .. } | ReachProblem::Unreachable { .. } => lang.pick(
                "检查 --base-url、网络与代理设置(HTTPS_PROXY、NO_PROXY)".into(),
                "check --base-url, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)".into(),
            ),
            ReachProblem::Redirected { base, .. } => {
                lang.pick(format!("如果信任它,用 --base-url {base}"), format!("if you trust it, use --base-url {base}"))
            }
            ReachProblem::NotHttp { https, .. } => lang.pick(
                format!("它可能只接受 TLS:试试 --base-url {https}"),
                format!("it may speak TLS only: try --base-url {https}"),
            ),
            ReachProblem::Proxy { variable, .. } => lang.pick(
                format!("检查环境变量 {variable};不经代理的主机写进 NO_PROXY"),
                format!("check {variable}, or name the host in NO_PROXY to reach it without a proxy"),
            ),
        })
    }
}

/// Names what `reqwest` met on its way to the endpoint at `api`, shown as `endpoint`; none where the connection was made
/// and then lost. The error's text holds no header, hence no key; its URL is dropped, since it may hold credentials.
pub(super) fn diagnose(error: reqwest::Error, api: &Url, endpoint: &str, connect: Duration) -> Option<ReachProblem> {
    let endpoint = endpoint.to_owned();
    let error = error.without_url();
    let detail = chain(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
    if !error.is_connect() {
        // A TLS server answers plain HTTP with an alert or a page of its own; hyper has no public name for it.
        let is_no_http =
            api.scheme() == "http" && chain(&error).any(|cause| cause.to_string().contains("invalid HTTP"));
        let https = endpoint.replacen("http://", "https://", 1);
        return is_no_http.then_some(ReachProblem::NotHttp { endpoint, https, detail });
    }
    if let Some((variable, proxy)) = proxy::of(api) {
        return Some(ReachProblem::Proxy { endpoint, proxy, variable, detail });
    }
    if let Some(detail) = tls_detail(&error) {
        return Some(ReachProblem::Tls { endpoint, detail });
    }
    if error.is_dns() {
        return Some(ReachProblem::Unresolved { endpoint });
    }
    let refused = chain(&error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
    if refused {
        return Some(ReachProblem::Refused { endpoint });
    }
    if error.is_timeout() {
        return Some(ReachProblem::ConnectTimedOut { endpoint, after: connect });
    }
    Some(ReachProblem::Unreachable { endpoint, detail })
}

/// An error, its causes, and theirs. An `io::Error` hides its payload from `source`, and TLS errors arrive
/// as the payload of a payload.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| match cause.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|payload| payload as &(dyn StdError + 'static)),
        None => cause.source(),
    })
}

fn tls_detail(error: &reqwest::Error) -> Option<String> {
    chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()).map(ToString::to_string)
}
