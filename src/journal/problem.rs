//! What can be wrong with the journal.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum JournalProblem {
    #[error("cannot {action} the journal: {reason}")]
    Broken { action: &'static str, reason: String },
    #[error("{path} was written by a newer version of rag (form {version})")]
    Newer { path: PathBuf, version: i64 },
    #[error("{}", match id { Some(id) => format!("the journal has no entry {id}"), None => "the journal is empty".into() })]
    NoEntry { id: Option<i64> },
    #[error("{given:?} is no entry: a number or last is")]
    BadId { given: String },
}

impl JournalProblem {
    pub(super) fn new(action: &'static str, path: &Path, error: rusqlite::Error) -> JournalProblem {
        JournalProblem::Broken { action, reason: format!("{}: {error}", path.display()) }
    }

    pub(super) fn of(action: &'static str) -> impl Fn(rusqlite::Error) -> JournalProblem {
        move |error| JournalProblem::Broken { action, reason: error.to_string() }
    }

    pub(super) fn form(action: &'static str, error: serde_json::Error) -> JournalProblem {
        JournalProblem::Broken { action, reason: error.to_string() }
    }
}

impl Problem for JournalProblem {
    fn fault(&self) -> Fault {
        match self {
            JournalProblem::NoEntry { .. } | JournalProblem::BadId { .. } => Fault::User,
            _ => Fault::Environment,
        }
    }

    fn zh(&self) -> String {
        match self {
            JournalProblem::Broken { action, reason } => {
                let action = match *action {
                    "open" => "打开",
                    "read" => "读取",
                    _ => "写入",
                };
                format!("无法{action}日志:{reason}")
            }
            JournalProblem::Newer { path, version } => {
                format!("{} 由更新版本的 rag 写成(格式 {version})", path.display())
            }
            JournalProblem::NoEntry { id: Some(id) } => format!("日志里没有第 {id} 条"),
            JournalProblem::NoEntry { id: None } => "日志是空的".into(),
            JournalProblem::BadId { given } => format!("{given:?} 不是日志条目:应为编号或 last"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            JournalProblem::Broken { .. } | JournalProblem::Newer { .. } => lang.pick(
                "检查 RAG_HOME 下 journal.db 的权限,或用 RAG_JOURNAL=false 关闭日志".into(),
                "check journal.db in RAG_HOME, or switch the journal off with RAG_JOURNAL=false".into(),
            ),
            JournalProblem::NoEntry { .. } | JournalProblem::BadId { .. } => {
                lang.pick("rag log 列出最近的提问".into(), "rag log lists the last questions".into())
            }
        })
    }
}
