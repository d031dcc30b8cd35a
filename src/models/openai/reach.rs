//! Why an endpoint could not be reached.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::error::Error as StdError;
use std::time::Duration;

/// Nothing was answered, because nothing arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachProblem {
    #[error("{given} is not a base URL: {reason}")]
    BadBaseUrl { given: String, reason: String },
    #[error("the API key holds characters that no HTTP header can carry")]
    BadKey,
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
    Redirected { endpoint: String, target: String },
}

impl Problem for ReachProblem {
    fn fault(&self) -> Fault {
        match self {
            ReachProblem::BadBaseUrl { .. } | ReachProblem::BadKey | ReachProblem::Redirected { .. } => Fault::User,
            _ => Fault::Environment,
        }
    }

    fn zh(&self) -> String {
        match self {
            ReachProblem::BadBaseUrl { given, reason } => format!("{given} 不是可用的服务地址:{reason}"),
            ReachProblem::BadKey => "API key 中有 HTTP 头不允许的字符".into(),
            ReachProblem::NoClient { detail } => format!("无法建立 HTTP 客户端:{detail}"),
            ReachProblem::Refused { endpoint } => format!("{endpoint} 没有服务在应答:连接被拒绝"),
            ReachProblem::Unresolved { endpoint } => format!("{endpoint} 中的主机名无法解析"),
            ReachProblem::Tls { endpoint, detail } => format!("与 {endpoint} 的安全连接失败:{detail}"),
            ReachProblem::ConnectTimedOut { endpoint, after } => {
                format!("{} 秒内没有连上 {endpoint}", after.as_secs_f32())
            }
            ReachProblem::Unreachable { endpoint, detail } => format!("无法连接 {endpoint}:{detail}"),
            ReachProblem::Redirected { endpoint, target } => format!("{endpoint} 重定向到 {target}"),
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
            ReachProblem::Redirected { target, .. } => lang.pick(
                format!("如果信任它,用 --base-url {target}"),
                format!("if you trust it, use --base-url {target}"),
            ),
        })
    }
}

/// Names what `reqwest` met on its way to the endpoint. The error's text holds no header, hence no key;
/// its URL is dropped, since it may hold credentials.
pub(super) fn diagnose(error: reqwest::Error, endpoint: &str, connect: Duration) -> ReachProblem {
    let endpoint = endpoint.to_owned();
    let error = error.without_url();
    if let Some(detail) = tls_detail(&error) {
        return ReachProblem::Tls { endpoint, detail };
    }
    if error.is_dns() {
        return ReachProblem::Unresolved { endpoint };
    }
    let refused = chain(&error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
    if refused {
        return ReachProblem::Refused { endpoint };
    }
    if error.is_connect() && error.is_timeout() {
        return ReachProblem::ConnectTimedOut { endpoint, after: connect };
    }
    let detail = chain(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
    ReachProblem::Unreachable { endpoint, detail }
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
