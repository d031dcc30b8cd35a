//! What can be wrong with what is to be indexed.

use super::decode::Undecodable;
use super::passed_over::PassedOver;
use crate::error::{Fault, Problem};
use crate::language::Lang;
use serde::{Serialize, Serializer};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum IngestProblem {
    #[error("{path} does not exist")]
    NoSuchPath { path: PathBuf },
    #[error("{path} is neither a folder nor a regular file")]
    NoRegularFile { path: PathBuf },
    #[error("nothing to index under {}{}", list(.roots), left_out(.skipped, .passed_over, Lang::En))]
    NothingToIndex { roots: Vec<PathBuf>, skipped: Vec<Skipped>, passed_over: PassedOver },
    #[error("no folder to index was given and there is no ./corpus")]
    NoRoots,
    #[error("{pattern:?} is no pattern: {reason}")]
    BadPattern { pattern: String, reason: String },
    #[error("the source {name} is not there, and to begin anew without it would lose its {documents} documents")]
    WouldLose { name: String, documents: usize },
    #[error("internal: {what}")]
    Broken { what: String },
    #[error("stopped; of {total} vectors to compute {kept} are kept, and the index is as it was before")]
    Interrupted { kept: usize, total: usize },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The first file that is wrong, or what was passed over.
fn left_out(skipped: &[Skipped], passed_over: &PassedOver, lang: Lang) -> String {
    let colon = lang.pick(":", ": ");
    match skipped.first() {
        Some(first) => format!("{colon}{}", first.message(lang)),
        None if passed_over.count() > 0 => format!("{colon}{}", passed_over.summary(lang)),
        None => String::new(),
    }
}

impl Problem for IngestProblem {
    fn fault(&self) -> Fault {
        match self {
            IngestProblem::Interrupted { .. } => Fault::Environment,
            IngestProblem::Broken { .. } => Fault::Bug,
            _ => Fault::User,
        }
    }

    fn zh(&self) -> String {
        match self {
            IngestProblem::NoSuchPath { path } => format!("{} 不存在", path.display()),
            IngestProblem::NoRegularFile { path } => format!("{} 既不是目录也不是普通文件", path.display()),
            IngestProblem::NothingToIndex { roots, skipped, passed_over } => {
                format!("{} 下没有可索引的内容{}", list(roots), left_out(skipped, passed_over, Lang::Zh))
            }
            IngestProblem::NoRoots => "没有给出要索引的目录,当前目录下也没有 corpus".into(),
            IngestProblem::BadPattern { pattern, reason } => format!("{pattern:?} 不是可用的模式:{reason}"),
            IngestProblem::WouldLose { name, documents } => {
                format!("来源 {name} 不在了,撇下它重建会丢掉其中的 {documents} 篇")
            }
            IngestProblem::Broken { what } => format!("内部错误:{what}"),
            IngestProblem::Interrupted { kept, total } => {
                format!("已停下;要算的 {total} 个向量里 {kept} 个已保存,索引仍是原来的样子")
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            IngestProblem::NoSuchPath { .. } => lang.pick("检查路径是否写对".into(), "check the path".into()),
            IngestProblem::NothingToIndex { skipped, .. } if !skipped.is_empty() => {
                return skipped[0].reason.hint(lang);
            }
            IngestProblem::NothingToIndex { .. } => lang.pick(
                "可索引 .md、.txt 和 .jsonl 文件;被 .gitignore、.ragignore 忽略的不算".into(),
                ".md, .txt and .jsonl files are indexed; those that .gitignore or .ragignore name are not".into(),
            ),
            IngestProblem::NoRoots => lang.pick("rag index 目录".into(), "rag index FOLDER".into()),
            IngestProblem::NoRegularFile { .. } => {
                lang.pick("给出目录或普通文件".into(), "give a folder or a regular file".into())
            }
            IngestProblem::BadPattern { .. } => lang.pick(
                "写法同 .gitignore 的一行,例如 --exclude 'drafts/'".into(),
                "patterns are lines of a .gitignore: --exclude 'drafts/'".into(),
            ),
            IngestProblem::WouldLose { name, .. } => lang.pick(
                format!("把它放回原处;或 rag source rm {name}、rag index --prune 放弃它的文档"),
                format!("put it back; or give its documents up: rag source rm {name}, rag index --prune"),
            ),
            IngestProblem::Broken { .. } => lang.pick("请报告这个问题".into(), "please report this".into()),
            IngestProblem::Interrupted { .. } => {
                lang.pick("再运行一次 rag index 就从这里接着算".into(), "rag index goes on from here".into())
            }
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
    #[error("{0}")]
    Undecodable(Undecodable),
    #[error("holds no text")]
    Empty,
    #[error("front matter is not valid YAML: {0}; the text is indexed without it")]
    FrontMatter(String),
    #[error("line {line} is not a JSON document with _id and text: {reason}")]
    BadLine { line: usize, reason: String },
    #[error("{first} gives itself the id {id}, too; this one is known as {known_as}, and both are found")]
    SharedId { id: String, first: String, known_as: String },
    #[error("line {line}: front matter {key} cannot be read: {reason}; the rest is indexed without it")]
    FrontMatterKey { key: String, line: usize, reason: String },
}

impl SkipReason {
    /// Whether documents that were indexed before may still be in the file.
    pub fn hides_documents(&self) -> bool {
        use SkipReason::*;
        matches!(self, Unreadable(_) | TooLarge { .. } | Undecodable(_) | BadLine { .. })
    }

    pub fn zh(&self) -> String {
        match self {
            SkipReason::Unreadable(reason) => format!("无法读取:{reason}"),
            SkipReason::TooLarge { mib, limit_mib } => format!("大小 {mib} MiB,超过上限 {limit_mib} MiB"),
            SkipReason::Undecodable(undecodable) => undecodable.zh(),
            SkipReason::Empty => "没有正文".into(),
            SkipReason::FrontMatter(reason) => format!("front matter 不是合法的 YAML:{reason};正文照常索引"),
            SkipReason::BadLine { line, reason } => format!("第 {line} 行不是带 _id 和 text 的 JSON 文档:{reason}"),
            SkipReason::SharedId { id, first, known_as } => {
                format!("{first} 也自称 id {id};这一篇记作 {known_as},两篇都能查到")
            }
            SkipReason::FrontMatterKey { key, line, reason } => {
                format!("第 {line} 行:front matter 的 {key} 读不出来:{reason};其余照常索引")
            }
        }
    }

    pub fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            SkipReason::Unreadable(_) => lang.pick("检查文件权限".into(), "check the file's permissions".into()),
            SkipReason::TooLarge { .. } => {
                lang.pick("拆分文件,或调大 RAG_FILE_MIB_MAX".into(), "split the file, or raise RAG_FILE_MIB_MAX".into())
            }
            SkipReason::Undecodable(undecodable) => return undecodable.hint(lang),
            SkipReason::BadLine { .. } => lang.pick(
                "每行一个 {\"_id\":…,\"title\":…,\"text\":…}".into(),
                "one {\"_id\":…,\"title\":…,\"text\":…} a line".into(),
            ),
            SkipReason::SharedId { .. } => lang.pick("给其中一篇换个 id".into(), "give one of them another id".into()),
            SkipReason::Empty | SkipReason::FrontMatter(_) | SkipReason::FrontMatterKey { .. } => return None,
        })
    }
}

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
