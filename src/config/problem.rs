//! What can be wrong with the configuration.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ConfigProblem {
    #[error("{path} is not valid TOML: {reason}")]
    Syntax { path: PathBuf, reason: String },
    #[error("{path} sets {name}, which is no setting")]
    UnknownKey { path: PathBuf, name: String, nearest: Option<&'static str> },
    #[error("{name} is {value:?} (from {origin}); expected {expected}")]
    BadValue { name: &'static str, value: String, origin: String, expected: &'static str },
    #[error("{path} may not set {name}: a project's file is not trusted with it")]
    Untrusted { path: PathBuf, name: &'static str },
    #[error("cannot tell where your home folder is")]
    NoHome,
}

impl Problem for ConfigProblem {
    fn fault(&self) -> Fault {
        match self {
            ConfigProblem::NoHome => Fault::Environment,
            _ => Fault::User,
        }
    }

    fn zh(&self) -> String {
        match self {
            ConfigProblem::Syntax { path, reason } => format!("{} 不是合法的 TOML:{reason}", path.display()),
            ConfigProblem::UnknownKey { path, name, .. } => format!("{} 里的 {name} 不是已知的设置", path.display()),
            ConfigProblem::BadValue { name, value, origin, expected } => {
                format!("{name} 的值 {value:?}(来自 {origin})不对,应为 {expected}")
            }
            ConfigProblem::Untrusted { path, name } => {
                format!("{} 不能设置 {name}:项目里的配置文件不被信任", path.display())
            }
            ConfigProblem::NoHome => "找不到用户主目录".into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        match self {
            ConfigProblem::UnknownKey { nearest: Some(nearest), .. } => {
                Some(lang.pick(format!("是不是想写 {nearest}?"), format!("did you mean {nearest}?")))
            }
            ConfigProblem::UnknownKey { .. } | ConfigProblem::BadValue { .. } => {
                Some(lang.pick("rag config 列出全部设置".into(), "rag config lists all settings".into()))
            }
            ConfigProblem::Untrusted { .. } => Some(lang.pick(
                "改用命令行参数、环境变量或用户级 rag.toml".into(),
                "use a flag, an environment variable or your own rag.toml".into(),
            )),
            ConfigProblem::NoHome => Some(lang.pick("设置 RAG_HOME".into(), "set RAG_HOME".into())),
            ConfigProblem::Syntax { .. } => None,
        }
    }
}
