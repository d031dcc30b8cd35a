//! What an endpoint says when it refuses: its status and its words, sorted.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use serde_json::Value;
use std::time::Duration;

/// A server's own words are cut here.
const WORDS_CHARS_MAX: usize = 300;

/// An answer that says no. `words` is the server's own message, cleaned and cut; it may be empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusalProblem {
    #[error("{endpoint} refuses the {} ({status}){}", if *.key_sent { "API key" } else { "request: no API key was sent" }, after_colon(words))]
    Unauthorized { endpoint: String, status: u16, key_sent: bool, words: String },
    #[error("{endpoint} has no {path} ({status}){}", after_colon(words))]
    NoSuchPath { endpoint: String, status: u16, path: String, words: String },
    #[error("{endpoint} does not know the model {model}{}", listed(available, "; it has "))]
    UnknownModel { endpoint: String, model: String, available: Vec<String> },
    #[error("the messages are too long for the model's context{}", after_colon(words))]
    ContextTooLong { endpoint: String, words: String },
    #[error("{endpoint} limits the rate (429), still after {} s{}", waited.as_secs(), after_colon(words))]
    RateLimited { endpoint: String, waited: Duration, asked: Option<Duration>, words: String },
    #[error("{endpoint} is still loading its model (503), after {} s", waited.as_secs())]
    Loading { endpoint: String, waited: Duration },
    #[error("{endpoint} rejects the request ({status}){}", after_colon(words))]
    Rejected { endpoint: String, status: u16, words: String },
    #[error("{endpoint} failed ({status}){}", after_colon(words))]
    ServerFailed { endpoint: String, status: u16, words: String },
}

fn after_colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

fn listed(names: &[String], lead: &str) -> String {
    if names.is_empty() { String::new() } else { format!("{lead}{}", names.join(", ")) }
}

impl Problem for RefusalProblem {
    fn fault(&self) -> Fault {
        use RefusalProblem::*;
        match self {
            Unauthorized { .. } | NoSuchPath { .. } | UnknownModel { .. } | ContextTooLong { .. } => Fault::User,
            Rejected { .. } => Fault::User,
            RateLimited { .. } | Loading { .. } | ServerFailed { .. } => Fault::Environment,
        }
    }

    fn zh(&self) -> String {
        use RefusalProblem::*;
        match self {
            Unauthorized { endpoint, status, key_sent, words } => {
                let what = if *key_sent { "不接受这个 API key" } else { "要求 API key,而请求没有带" };
                format!("{endpoint} {what}({status}){}", after_colon(words))
            }
            NoSuchPath { endpoint, status, path, words } => {
                format!("{endpoint} 没有 {path}({status}){}", after_colon(words))
            }
            UnknownModel { endpoint, model, available } => {
                format!("{endpoint} 没有模型 {model}{}", listed(available, ";它有:"))
            }
            ContextTooLong { words, .. } => format!("消息超出模型的上下文长度{}", after_colon(words)),
            RateLimited { endpoint, waited, words, .. } => {
                format!("{endpoint} 限制请求频率(429),等了 {} 秒仍未放行{}", waited.as_secs(), after_colon(words))
            }
            Loading { endpoint, waited } => {
                format!("{endpoint} 仍在加载模型(503),已等 {} 秒", waited.as_secs())
            }
            Rejected { endpoint, status, words } => {
                format!("{endpoint} 不接受这个请求({status}){}", after_colon(words))
            }
            ServerFailed { endpoint, status, words } => format!("{endpoint} 出错({status}){}", after_colon(words)),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        use RefusalProblem::*;
        Some(match self {
            Unauthorized { .. } => lang.pick(
                "用 --api-key 或环境变量 OPENAI_API_KEY 给出有效的 key".into(),
                "give a valid key with --api-key or in OPENAI_API_KEY".into(),
            ),
            NoSuchPath { .. } => lang.pick(
                "检查 --base-url:它应指向兼容 OpenAI 的接口,通常以 /v1 结尾".into(),
                "check --base-url: it should point to an OpenAI-compatible API, usually ending in /v1".into(),
            ),
            UnknownModel { available, .. } => match available.first() {
                Some(name) => lang.pick(format!("例如 --model {name}"), format!("for example --model {name}")),
                None => lang.pick("检查 --model".into(), "check --model".into()),
            },
            ContextTooLong { .. } => lang.pick(
                "用 -n 减少段落数,或以更大的上下文(-c)启动服务".into(),
                "take fewer passages with -n, or start the server with a larger context (-c)".into(),
            ),
            RateLimited { asked: Some(pause), .. } => lang.pick(
                format!("服务要求等 {} 秒再试", pause.as_secs()),
                format!("the server asks to wait {} s before the next try", pause.as_secs()),
            ),
            RateLimited { .. } => {
                lang.pick("过一会儿再试,或检查配额".into(), "try again later, or check the quota".into())
            }
            Loading { .. } => {
                lang.pick("用 rag llama status 查看进度,稍后再试".into(), "see rag llama status, then try again".into())
            }
            Rejected { .. } => lang.pick(
                "检查 --model 是否是对话模型;服务不认识的参数用 chat.extra_body 改写(值为 null 即不发送)".into(),
                "check that --model is a chat model; a parameter that the server does not know is changed by chat.extra_body (null leaves it out)".into(),
            ),
            ServerFailed { .. } => lang.pick(
                "查看服务的日志(本地服务:rag llama status)".into(),
                "look into the server's log (a local one: rag llama status)".into(),
            ),
        })
    }
}

/// Status, words and error code of a refusal, before it is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// Machine-readable `code` and `type` of the error object.
    pub(super) code: String,
    pub(super) words: String,
    /// All that was said, for the names of parameters in it.
    pub(super) body: String,
}

/// What the caller should do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unauthorized,
    NoSuchPath,
    UnknownModel,
    ContextTooLong,
    RateLimited,
    QuotaSpent,
    Loading,
    Rejected,
    ServerFailed,
}

impl Refusal {
    /// Reads `{"error": {"message", "code", "type"}}` and its usual variations; an HTML page has no words.
    pub(super) fn read(status: u16, body: &str) -> Refusal {
        let Ok(json) = serde_json::from_str::<Value>(body) else {
            let words = if body.trim_start().starts_with('<') { String::new() } else { clean(body) };
            return Refusal { status, code: String::new(), words, body: body.to_owned() };
        };
        Refusal::of_json(status, &json)
    }

    pub(super) fn of_json(status: u16, json: &Value) -> Refusal {
        let error = json.get("error").or_else(|| json[0].get("error")).filter(|error| !error.is_null()).unwrap_or(json);
        let words = words_of(error).map_or_else(String::new, |words| clean(&words));
        let code = ["code", "type"].iter().filter_map(|name| error.get(name)?.as_str()).collect::<Vec<_>>().join(" ");
        Refusal { status, code, words, body: json.to_string() }
    }

    pub(super) fn kind(&self) -> Kind {
        let words = self.words.to_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part) || self.code.contains(part));
        let too_long = says(&["exceed_context_size", "context_length_exceeded", "maximum context length"])
            || (words.contains("context") && says(&["exceed", "too long", "too large"]));
        let no_model = says(&["model_not_found"])
            || (words.contains("model") && says(&["not found", "not exist", "unknown", "invalid model", "no such"]));
        match self.status {
            401 | 403 => Kind::Unauthorized,
            400 | 413 | 422 | 500 if too_long => Kind::ContextTooLong,
            400 | 404 | 422 if no_model => Kind::UnknownModel,
            404 | 405 => Kind::NoSuchPath,
            429 if self.code.contains("insufficient_quota") => Kind::QuotaSpent,
            429 => Kind::RateLimited,
            503 if words.contains("loading") => Kind::Loading,
            500.. => Kind::ServerFailed,
            _ => Kind::Rejected,
        }
    }
}

/// The words of an error object, however deep it keeps them: a string, its `message`, or the details of a list.
fn words_of(error: &Value) -> Option<String> {
    match error {
        Value::String(words) => Some(words.clone()).filter(|words| !words.trim().is_empty()),
        Value::Array(items) => {
            let each: Vec<String> = items.iter().filter_map(words_of).collect();
            (!each.is_empty()).then(|| each.join("; "))
        }
        Value::Object(fields) => {
            let named = ["message", "detail", "msg", "error_msg", "error", "errors"];
            let words = named.iter().find_map(|name| words_of(fields.get(*name)?))?;
            // What a validator says is about a field.
            let place = fields.get("loc").and_then(Value::as_array).into_iter().flatten();
            let place: Vec<&str> = place.filter_map(Value::as_str).collect();
            Some(if place.is_empty() { words } else { format!("{}: {words}", place.join(".")) })
        }
        _ => None,
    }
}

/// One line without control characters (a server's words go to a terminal), cut to a length that reads.
pub(super) fn clean(words: &str) -> String {
    let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS_CHARS_MAX) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_real_servers_are_sorted() {
        let cases = [
            (
                400,
                r#"{"error":{"code":400,"message":"request (12029 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error"}}"#,
                Kind::ContextTooLong,
            ),
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
                Kind::ContextTooLong,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"Expected 'messages' to be an array","type":"invalid_request_error"}}"#,
                Kind::Rejected,
            ),
            (404, r#"{"error":{"message":"File Not Found","type":"not_found_error","code":404}}"#, Kind::NoSuchPath),
            (404, r#"{"error":{"message":"model \"x\" not found, try pulling it first"}}"#, Kind::UnknownModel),
            (
                404,
                r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#,
                Kind::UnknownModel,
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#,
                Kind::QuotaSpent,
            ),
            (503, r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#, Kind::Loading),
            (503, "upstream connect error", Kind::ServerFailed),
            (502, "<html>Bad Gateway</html>", Kind::ServerFailed),
        ];
        for (status, body, kind) in cases {
            assert_eq!(Refusal::read(status, body).kind(), kind, "{body}");
        }
    }

    #[test]
    fn words_are_one_clean_line() {
        assert_eq!(Refusal::read(400, r#"{"detail":"a\u001b[31m\nb"}"#).words, "a [31m b");
        assert_eq!(Refusal::read(502, "<html>x</html>").words, "");
        assert_eq!(clean(&"字".repeat(500)).chars().count(), WORDS_CHARS_MAX + 1);
    }
}
