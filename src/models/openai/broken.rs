//! An answer that came, but not whole or not as promised.

use super::body::BodyFault;
use super::endpoint::Endpoint;
use super::refusal::clean;
use crate::error::{Error, Fault, Problem};
use crate::language::Lang;
use crate::models::chat::Finish;
use std::time::Duration;

/// The endpoint agreed to answer; this is what went wrong then.
/// `partial` is the text that had arrived; it was passed on already and may be empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenAnswer {
    #[error("{endpoint} sent nothing for {} s", after.as_secs_f32())]
    NoFirstByte { endpoint: String, after: Duration },
    #[error("{endpoint} fell silent for {} s in the middle of its answer", after.as_secs_f32())]
    Silent { endpoint: String, after: Duration, partial: String },
    #[error("the answer of {endpoint} was not ended after {} s", after.as_secs_f32())]
    Overdue { endpoint: String, after: Duration, partial: String },
    #[error("the answer of {endpoint} breaks off: the connection ended before the answer did")]
    CutStream { endpoint: String, partial: String },
    #[error("{endpoint} answered without any text{}", if *.reasoned { ", after reasoning" } else { "" })]
    Empty { endpoint: String, finish: Finish, reasoned: bool },
    #[error("{endpoint} sent something that is not the agreed form: {detail}")]
    Malformed { endpoint: String, detail: String, partial: String },
    #[error("{endpoint} answered with {content_type} instead of JSON: {excerpt}")]
    NotJson { endpoint: String, content_type: String, excerpt: String },
    #[error("{endpoint} broke off with an error: {words}")]
    Failed { endpoint: String, words: String, partial: String },
}

impl Problem for BrokenAnswer {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn zh(&self) -> String {
        match self {
            BrokenAnswer::NoFirstByte { endpoint, after } => {
                format!("{endpoint} 在 {} 秒内没有任何回应", after.as_secs_f32())
            }
            BrokenAnswer::Silent { endpoint, after, .. } => {
                format!("{endpoint} 答到一半,{} 秒没有新内容", after.as_secs_f32())
            }
            BrokenAnswer::Overdue { endpoint, after, .. } => {
                format!("{endpoint} 的回答 {} 秒还没有结束", after.as_secs_f32())
            }
            BrokenAnswer::CutStream { endpoint, .. } => format!("{endpoint} 的回答中断:连接在答完之前结束"),
            BrokenAnswer::Empty { endpoint, reasoned, .. } => {
                format!("{endpoint} 的回答没有文字{}", if *reasoned { ",只有思考过程" } else { "" })
            }
            BrokenAnswer::Malformed { endpoint, detail, .. } => format!("{endpoint} 的回答不合约定的格式:{detail}"),
            BrokenAnswer::NotJson { endpoint, content_type, excerpt } => {
                format!("{endpoint} 返回的不是 JSON 而是 {content_type}:{excerpt}")
            }
            BrokenAnswer::Failed { endpoint, words, .. } => format!("{endpoint} 中途出错:{words}"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            BrokenAnswer::NoFirstByte { .. } => lang.pick(
                "模型可能还在读提示:调大首字节超时、用 -n 减少段落,或换小一点的模型".into(),
                "the model may still be reading the prompt: allow more time, take fewer passages with -n, or a smaller model"
                    .into(),
            ),
            BrokenAnswer::Silent { .. } | BrokenAnswer::CutStream { .. } | BrokenAnswer::Failed { .. } => lang.pick(
                "再试一次;若仍如此,查看服务的日志(本地服务:rag llama status)".into(),
                "try again; if it stays, look into the server's log (a local one: rag llama status)".into(),
            ),
            BrokenAnswer::Overdue { .. } => lang.pick(
                "调大 chat.answer_timeout_s,或调小 chat.max_tokens".into(),
                "allow more time by chat.answer_timeout_s, or fewer tokens by chat.max_tokens".into(),
            ),
            BrokenAnswer::Empty { reasoned: true, .. } => lang.pick(
                "调大回答的最大词元数,或关闭模型的思考模式".into(),
                "allow more answer tokens, or switch the model's reasoning off".into(),
            ),
            BrokenAnswer::Empty { .. } => {
                lang.pick("再试一次,或换一个 --model".into(), "try again, or another --model".into())
            }
            BrokenAnswer::Malformed { .. } | BrokenAnswer::NotJson { .. } => lang.pick(
                "检查 --base-url:它应指向兼容 OpenAI 的接口,通常以 /v1 结尾".into(),
                "check --base-url: it should point to an OpenAI-compatible API, usually ending in /v1".into(),
            ),
        })
    }
}

impl Endpoint {
    /// The problem that a body's untimely end amounts to.
    pub(super) fn fault(&self, fault: BodyFault, partial: &str) -> Error {
        let (endpoint, partial) = (self.address(), self.scrub(partial));
        match fault {
            BodyFault::Silent { after, first: true } => BrokenAnswer::NoFirstByte { endpoint, after },
            BodyFault::Silent { after, first: false } => BrokenAnswer::Silent { endpoint, after, partial },
            BodyFault::Overdue { after } => BrokenAnswer::Overdue { endpoint, after, partial },
            BodyFault::Lost => BrokenAnswer::CutStream { endpoint, partial },
            BodyFault::TooLong => BrokenAnswer::Malformed { endpoint, detail: fault.to_string(), partial },
        }
        .into()
    }

    pub(super) fn not_json(&self, content_type: &str, body: &[u8]) -> Error {
        let excerpt = self.excerpt(&String::from_utf8_lossy(body));
        let content_type = if content_type.is_empty() { "an untyped body" } else { content_type };
        BrokenAnswer::NotJson { endpoint: self.address(), content_type: clean(content_type), excerpt }.into()
    }

    pub(super) fn malformed(&self, detail: &str, partial: &str) -> Error {
        let detail = self.excerpt(detail);
        BrokenAnswer::Malformed { endpoint: self.address(), detail, partial: self.scrub(partial) }.into()
    }

    /// One clean line of what a server sent, without the key.
    fn excerpt(&self, text: &str) -> String {
        clean(&self.scrub(text))
    }
}
