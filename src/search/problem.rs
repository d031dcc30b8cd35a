//! What can be wrong with a search.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum SearchProblem {
    #[error("the query is empty")]
    EmptyQuery,
    #[error("the query has {chars} characters, more than {chars_max}")]
    LongQuery { chars: usize, chars_max: usize },
    #[error("{name:?} is no search mode")]
    UnknownMode { name: String },
    #[error("{name:?} is no fusion")]
    UnknownFusion { name: String },
    #[error("{path}: {reason}")]
    BadCalibration { path: PathBuf, reason: String },
    #[error("internal: a dense search without an embedder")]
    NoEmbedder,
}

impl Problem for SearchProblem {
    fn fault(&self) -> Fault {
        match self {
            SearchProblem::NoEmbedder => Fault::Bug,
            _ => Fault::User,
        }
    }

    fn zh(&self) -> String {
        match self {
            SearchProblem::EmptyQuery => "查询是空的".into(),
            SearchProblem::LongQuery { chars, chars_max } => format!("查询有 {chars} 个字符,超过 {chars_max}"),
            SearchProblem::UnknownMode { name } => format!("没有 {name:?} 这种检索方式"),
            SearchProblem::UnknownFusion { name } => format!("没有 {name:?} 这种融合"),
            SearchProblem::BadCalibration { path, reason } => format!("{}:{reason}", path.display()),
            SearchProblem::NoEmbedder => "内部错误:稠密检索没有向量模型".into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            SearchProblem::EmptyQuery => {
                lang.pick("例如:rag search \"什么是QLoRA\"".into(), "for example: rag search \"what is QLoRA\"".into())
            }
            SearchProblem::LongQuery { .. } => lang.pick("缩短查询".into(), "shorten it".into()),
            SearchProblem::UnknownMode { .. } => {
                lang.pick("可用:hybrid、lexical、dense".into(), "one of hybrid, lexical, dense".into())
            }
            SearchProblem::UnknownFusion { .. } => {
                lang.pick("可用:evidence、rrf".into(), "one of evidence, rrf".into())
            }
            SearchProblem::BadCalibration { .. } => {
                lang.pick("rag eval tune 会写出可用的文件".into(), "rag eval tune writes one that can be read".into())
            }
            SearchProblem::NoEmbedder => lang.pick("请报告这个问题".into(), "please report this".into()),
        })
    }
}
