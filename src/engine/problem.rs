//! What can be wrong with what the engine is asked to put together.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use crate::models::catalog;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum EngineProblem {
    #[error("no embedder is called {name}")]
    UnknownEmbedder { name: String },
    #[error("no indexed document has the id or the path {id}")]
    NoDocument { id: String },
    #[error("{path} holds {} documents", ids.len())]
    ManyDocuments { path: String, ids: Vec<String> },
    #[error("the collection has no source {named}")]
    NoSource { named: String, known: Vec<String> },
    #[error("there is no chunk {id}: its document has {chunks}, numbered from 0")]
    NoChunk { id: String, chunks: usize },
    #[error("{base_url} is not on this machine, so no server is started for it")]
    NotLocal { base_url: String },
    #[error("{} is no lock file: {reason}", path.display())]
    BadLock { path: PathBuf, reason: String },
    #[error("{name} is {now:?}, and {} has {locked:?}: vectors of two embedders cannot be compared", path.display())]
    Locked { path: PathBuf, name: String, locked: String, now: String },
}

impl Problem for EngineProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        match self {
            EngineProblem::UnknownEmbedder { name } => format!("没有叫 {name} 的向量模型"),
            EngineProblem::NoDocument { id } => format!("索引里没有 id 或路径为 {id} 的文档"),
            EngineProblem::ManyDocuments { path, ids } => format!("{path} 里有 {} 篇文档", ids.len()),
            EngineProblem::NoSource { named, .. } => format!("资料库里没有来源 {named}"),
            EngineProblem::NoChunk { id, chunks } => format!("没有文本块 {id}:那篇文档有 {chunks} 块,从 0 数起"),
            EngineProblem::NotLocal { base_url } => format!("{base_url} 不在本机,不会为它启动服务"),
            EngineProblem::BadLock { path, reason } => format!("{} 不是锁定文件:{reason}", path.display()),
            EngineProblem::Locked { path, name, locked, now } => {
                format!("{name} 是 {now:?},而 {} 锁定的是 {locked:?}:两种向量模型的向量不能相比", path.display())
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            EngineProblem::UnknownEmbedder { .. } => {
                let known: Vec<&str> = catalog::EMBEDDERS.iter().map(|spec| spec.name).collect();
                let known = known.join(", ");
                lang.pick(format!("可用:{known}"), format!("one of {known}"))
            }
            EngineProblem::NoDocument { .. } => {
                lang.pick("rag search --json 的 doc 就是 id".into(), "rag search --json names it as doc".into())
            }
            EngineProblem::ManyDocuments { ids, .. } => {
                let some = ids.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
                lang.pick(format!("写出其中一篇的 id:{some}"), format!("name one by its id: {some}"))
            }
            EngineProblem::NoSource { known, .. } => {
                let known = known.join(", ");
                lang.pick(
                    format!("有:{known};rag source list 列出路径"),
                    format!("there are: {known}; see rag source list"),
                )
            }
            EngineProblem::NoChunk { id, .. } => {
                let doc = id.rsplit_once('#').map_or(id.as_str(), |(doc, _)| doc);
                format!("rag inspect {doc}")
            }
            EngineProblem::BadLock { .. } => lang.pick("rag lock 重新写一份".into(), "rag lock writes it anew".into()),
            EngineProblem::Locked { .. } => lang.pick(
                "改回原来的向量模型,或删去 rag.lock、重建索引后再 rag lock".into(),
                "go back to that embedder; or remove rag.lock, rebuild the index, and run rag lock again".into(),
            ),
            EngineProblem::NotLocal { .. } => {
                lang.pick("rag llama up --port 8080".into(), "rag llama up --port 8080".into())
            }
        })
    }
}
