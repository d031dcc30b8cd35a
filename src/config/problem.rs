//! What can be wrong with the configuration.

use super::range::Range;
use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ConfigProblem {
    #[error("{path} is not valid TOML: {reason}")]
    Syntax { path: PathBuf, reason: String },
    #[error("{path} sets {name}, which is no setting")]
    UnknownKey { path: PathBuf, name: String, nearest: Option<&'static str> },
    #[error("{name} is {value:?} (from {origin}); expected {}", .range.words(Lang::En))]
    BadValue { name: &'static str, value: String, origin: String, range: Range },
    #[error(
        "{path} may not set {name}{}: a project's file says what to search and how to show it, no more",
        if *.is_value { " to that" } else { "" }
    )]
    Untrusted {
        path: PathBuf,
        name: &'static str,
        /// Whether it is the value that it may not have.
        is_value: bool,
        /// Where the user may set it.
        user_file: Option<PathBuf>,
        env: Option<&'static str>,
    },
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
            ConfigProblem::BadValue { name, value, origin, range } => {
                format!("{name} 的值 {value:?}(来自 {origin})不对,应为 {}", range.words(Lang::Zh))
            }
            ConfigProblem::Untrusted { path, name, is_value, .. } => {
                let to_that = if *is_value { "为这个值" } else { "" };
                format!("{} 不能设置 {name}{to_that}:项目里的配置只管查什么、怎么显示", path.display())
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
            ConfigProblem::Untrusted { path, name, user_file, env, .. } => {
                let place = user_file.as_ref().map_or("rag.toml".into(), |file| file.display().to_string());
                let or_env =
                    env.map_or(String::new(), |env| lang.pick(format!(",或用 ${env}"), format!(", or set ${env}")));
                Some(lang.pick(
                    format!("从 {} 里删去它;要设置,写进你自己的 {place}{or_env}", path.display()),
                    format!("take {name} out of {}; it belongs in your own {place}{or_env}", path.display()),
                ))
            }
            ConfigProblem::NoHome => Some(lang.pick("设置 RAG_HOME".into(), "set RAG_HOME".into())),
            ConfigProblem::Syntax { .. } => None,
        }
    }
}
