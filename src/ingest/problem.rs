//! What can be wrong with what is to be indexed.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use serde::{Serialize, Serializer};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum IngestProblem {
    #[error("{path} does not exist")]
    NoSuchPath { path: PathBuf },
    #[error("nothing to index under {}{}", list(.roots), skipped_en(.skipped))]
    NothingToIndex { roots: Vec<PathBuf>, skipped: Vec<Skipped> },
    #[error("no folder to index was given and there is no ./corpus")]
    NoRoots,
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn skipped_en(skipped: &[Skipped]) -> String {
    skipped.first().map_or(String::new(), |first| format!(": {}", first.message(Lang::En)))
}

impl Problem for IngestProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        match self {
            IngestProblem::NoSuchPath { path } => format!("{} 不存在", path.display()),
            IngestProblem::NothingToIndex { roots, skipped } => {
                let first = skipped.first().map_or(String::new(), |first| format!(":{}", first.message(Lang::Zh)));
                format!("{} 下没有可索引的内容{first}", list(roots))
            }
            IngestProblem::NoRoots => "没有给出要索引的目录,当前目录下也没有 corpus".into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            IngestProblem::NoSuchPath { .. } => lang.pick("检查路径是否写对".into(), "check the path".into()),
            IngestProblem::NothingToIndex { skipped, .. } if !skipped.is_empty() => {
                return skipped[0].reason.hint(lang);
            }
            IngestProblem::NothingToIndex { .. } => lang.pick(
                "可索引 .md、.txt 和 .jsonl 文件;被 .gitignore 忽略的文件不算".into(),
                ".md, .txt and .jsonl files are indexed; files that .gitignore names are not".into(),
            ),
            IngestProblem::NoRoots => lang.pick("rag index 目录".into(), "rag index FOLDER".into()),
        })
    }
}

/// A file, or a line of one, that was left out, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Skipped {
    pub path: PathBuf,
    pub reason: SkipReason,
}

impl Skipped {
    pub fn message(&self, lang: Lang) -> String {
        format!("{}: {}", self.path.display(), lang.pick(self.reason.zh(), self.reason.to_string()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is {mib} MiB, more than the limit of {limit_mib} MiB")]
    TooLarge { mib: u64, limit_mib: u64 },
    #[error("is not UTF-8 (byte {at})")]
    NotUtf8 { at: usize },
    #[error("holds no text")]
    Empty,
    #[error("front matter is not valid YAML: {0}; the text is indexed without it")]
    FrontMatter(String),
    #[error("line {line} is not a JSON document with _id and text: {reason}")]
    BadLine { line: usize, reason: String },
    #[error("its id {id} is already taken by {first}")]
    DuplicateId { id: String, first: String },
}

impl SkipReason {
    /// Whether documents that were indexed before may still be in the file.
    pub fn hides_documents(&self) -> bool {
        use SkipReason::*;
        matches!(self, Unreadable(_) | TooLarge { .. } | NotUtf8 { .. } | BadLine { .. })
    }

    pub fn zh(&self) -> String {
        match self {
            SkipReason::Unreadable(reason) => format!("无法读取:{reason}"),
            SkipReason::TooLarge { mib, limit_mib } => format!("大小 {mib} MiB,超过上限 {limit_mib} MiB"),
            SkipReason::NotUtf8 { at } => format!("不是 UTF-8 编码(第 {at} 字节)"),
            SkipReason::Empty => "没有正文".into(),
            SkipReason::FrontMatter(reason) => format!("front matter 不是合法的 YAML:{reason};正文照常索引"),
            SkipReason::BadLine { line, reason } => format!("第 {line} 行不是带 _id 和 text 的 JSON 文档:{reason}"),
            SkipReason::DuplicateId { id, first } => format!("id {id} 已被 {first} 使用"),
        }
    }

    pub fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            SkipReason::Unreadable(_) => lang.pick("检查文件权限".into(), "check the file's permissions".into()),
            SkipReason::TooLarge { .. } => {
                lang.pick("拆分文件,或调大 RAG_FILE_MIB_MAX".into(), "split the file, or raise RAG_FILE_MIB_MAX".into())
            }
            SkipReason::NotUtf8 { .. } => lang.pick(
                "转成 UTF-8:iconv -f GB18030 -t UTF-8 原文件 > 新文件".into(),
                "convert it: iconv -f GB18030 -t UTF-8 OLD > NEW".into(),
            ),
            SkipReason::BadLine { .. } => lang.pick(
                "每行一个 {\"_id\":…,\"title\":…,\"text\":…}".into(),
                "one {\"_id\":…,\"title\":…,\"text\":…} a line".into(),
            ),
            SkipReason::DuplicateId { .. } => {
                lang.pick("给其中一篇换个 id".into(), "give one of them another id".into())
            }
            SkipReason::Empty | SkipReason::FrontMatter(_) => return None,
        })
    }
}

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
