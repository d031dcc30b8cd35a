//! What can be wrong with a search.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum SearchProblem {
    #[error("the query is empty")]
    EmptyQuery,
    #[error("there is no word in {text:?} to look for")]
    NoWords { text: String },
    #[error("the query has {chars} characters, more than {chars_max}")]
    LongQuery { chars: usize, chars_max: usize },
    #[error("{name:?} is no search mode")]
    UnknownMode { name: String },
    #[error("{name:?} is no fusion")]
    UnknownFusion { name: String },
    #[error("{name:?} is no reranking")]
    UnknownRerank { name: String },
    #[error("maxsim reranks what evidence has fused, and {embedder} has no calibration for it")]
    NoMaxSim { embedder: String },
    #[error("maxsim reranks what evidence has fused, not the results of --mode {mode} or --fusion rrf")]
    NothingFused { mode: String },
    #[error("no endpoint for reranking is configured")]
    NoRerankEndpoint,
    #[error("{path}: {reason}")]
    BadCalibration { path: PathBuf, reason: String },
    #[error("internal: a dense search without an embedder")]
    NoEmbedder,
    #[error("internal: reranking without a reranker")]
    NoReranker,
}

impl Problem for SearchProblem {
    fn fault(&self) -> Fault {
        match self {
            SearchProblem::NoEmbedder | SearchProblem::NoReranker => Fault::Bug,
            _ => Fault::User,
        }
    }

    fn zh(&self) -> String {
        match self {
            SearchProblem::EmptyQuery => "查询是空的".into(),
            SearchProblem::NoWords { text } => format!("{text:?} 里没有可查的词"),
            SearchProblem::LongQuery { chars, chars_max } => format!("查询有 {chars} 个字符,超过 {chars_max}"),
            SearchProblem::UnknownMode { name } => format!("没有 {name:?} 这种检索方式"),
            SearchProblem::UnknownFusion { name } => format!("没有 {name:?} 这种融合"),
            SearchProblem::UnknownRerank { name } => format!("没有 {name:?} 这种重排"),
            SearchProblem::NoMaxSim { embedder } => {
                format!("maxsim 在证据相加的结果上重排,而 {embedder} 还没有为它校准")
            }
            SearchProblem::NothingFused { mode } => {
                format!("maxsim 在证据相加的结果上重排,不用于 --mode {mode} 或 --fusion rrf")
            }
            SearchProblem::NoRerankEndpoint => "没有配置重排接口".into(),
            SearchProblem::BadCalibration { path, reason } => format!("{}:{reason}", path.display()),
            SearchProblem::NoEmbedder => "内部错误:稠密检索没有向量模型".into(),
            SearchProblem::NoReranker => "内部错误:重排没有模型".into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            SearchProblem::EmptyQuery | SearchProblem::NoWords { .. } => {
                lang.pick("例如:rag search \"什么是QLoRA\"".into(), "for example: rag search \"what is QLoRA\"".into())
            }
            SearchProblem::LongQuery { .. } => lang.pick("缩短查询".into(), "shorten it".into()),
            SearchProblem::UnknownMode { .. } => {
                lang.pick("可用:hybrid、lexical、dense".into(), "one of hybrid, lexical, dense".into())
            }
            SearchProblem::UnknownFusion { .. } => {
                lang.pick("可用:evidence、rrf".into(), "one of evidence, rrf".into())
            }
            SearchProblem::UnknownRerank { .. } => {
                lang.pick("可用:none、auto、maxsim、endpoint".into(), "one of none, auto, maxsim, endpoint".into())
            }
            SearchProblem::NoMaxSim { .. } | SearchProblem::NothingFused { .. } => {
                lang.pick("改用 --rerank none 或 --rerank auto".into(), "--rerank none or --rerank auto".into())
            }
            SearchProblem::NoRerankEndpoint => lang.pick(
                "设置 RAG_RERANK_BASE_URL,例如 http://127.0.0.1:8081/v1".into(),
                "set RAG_RERANK_BASE_URL, http://127.0.0.1:8081/v1 for example".into(),
            ),
            SearchProblem::BadCalibration { .. } => {
                lang.pick("rag eval tune 会写出可用的文件".into(), "rag eval tune writes one that can be read".into())
            }
            SearchProblem::NoEmbedder | SearchProblem::NoReranker => {
                lang.pick("请报告这个问题".into(), "please report this".into())
            }
        })
    }
}
