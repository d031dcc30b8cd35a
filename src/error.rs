//! An error a user can act on: what failed, whose fault it is, what to type next.
//!
//! Every room defines its own typed error enum and implements [`Problem`] for it;
//! this file knows none of them.

use crate::files::Refused;
use crate::language::Lang;
use std::fmt;
use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault an error is. Decides the HTTP status later; all of them exit with 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request: a bad flag, a missing file, an empty query.
    User,
    /// The machine or the network: a full disk, a server that does not answer.
    Environment,
    /// Ours.
    Bug,
}

/// What a room's error enum says of itself. `Display` is the English sentence: lower case, no full stop.
pub trait Problem: std::error::Error + Send + Sync + 'static {
    fn fault(&self) -> Fault;
    /// The same sentence as `Display`, in Chinese.
    fn zh(&self) -> String;
    /// What to type or do next.
    fn hint(&self, lang: Lang) -> Option<String>;
}

/// Any room's problem. Boxed, so that `Result`s stay small.
pub struct Error(Box<dyn Problem>);

impl Error {
    pub fn fault(&self) -> Fault {
        self.0.fault()
    }

    /// What failed, in the user's language.
    pub fn message(&self, lang: Lang) -> String {
        lang.pick(self.0.zh(), self.0.to_string())
    }

    /// What to type or do next, in the user's language.
    pub fn hint(&self, lang: Lang) -> Option<String> {
        self.0.hint(lang)
    }

    /// The typed problem, where a caller handles one in particular.
    pub fn downcast_ref<P: Problem>(&self) -> Option<&P> {
        let problem: &(dyn std::error::Error + 'static) = &*self.0;
        problem.downcast_ref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl<P: Problem> From<P> for Error {
    fn from(problem: P) -> Error {
        Error(Box::new(problem))
    }
}

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}")]
pub struct Io {
    /// An English verb: `read`, `write`, `create`, `rename`, `lock`, `map`, `list`.
    pub action: &'static str,
    pub path: PathBuf,
    pub source: std::io::Error,
}

impl Problem for Io {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn zh(&self) -> String {
        let action = match self.action {
            "read" => "读取",
            "write" => "写入",
            "create" => "创建",
            "rename" => "改名",
            "lock" => "锁定",
            "map" => "映射",
            "list" => "列出",
            "remove" => "删除",
            "run" => "运行",
            other => other,
        };
        let source =
            Refused::of(&self.source).map_or_else(|| self.source.to_string(), |refused| refused.message(Lang::Zh));
        format!("无法{action} {}:{source}", self.path.display())
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        use std::io::ErrorKind::*;
        Some(match self.source.kind() {
            NotFound => lang.pick("检查路径是否写对".into(), "check the path".into()),
            PermissionDenied | ReadOnlyFilesystem => lang.pick(
                format!("检查 {} 的权限,或设置 RAG_HOME 指向可写的目录", self.path.display()),
                format!(
                    "check the permissions of {}, or point RAG_HOME at a folder you can write to",
                    self.path.display()
                ),
            ),
            StorageFull | QuotaExceeded => lang.pick(
                "磁盘已满:腾出空间,或设置 RAG_HOME 指向别的磁盘;之前的索引仍可用".into(),
                "the disk is full: free some space or point RAG_HOME at another disk; the previous index still serves"
                    .into(),
            ),
            _ => return None,
        })
    }
}

/// Attaches action and path to an `io::Error`.
pub trait IoContext<T> {
    fn at(self, action: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn at(self, action: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Io { action, path: path.as_ref().to_path_buf(), source }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_names_the_path_and_the_next_step_in_both_languages() {
        let error: Error = std::fs::read("/nonexistent/x").at("read", "/nonexistent/x").unwrap_err();
        assert_eq!(error.fault(), Fault::Environment);
        assert!(error.message(Lang::En).starts_with("cannot read /nonexistent/x: "));
        assert!(error.message(Lang::Zh).starts_with("无法读取 /nonexistent/x"));
        assert_eq!(error.hint(Lang::En).as_deref(), Some("check the path"));
        assert!(error.downcast_ref::<Io>().is_some());
    }
}
