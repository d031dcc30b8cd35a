//! What can go wrong between a text and its vector.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum OnnxProblem {
    #[error("ONNX Runtime is not at {path}")]
    LibraryMissing { path: PathBuf },
    #[error("cannot load ONNX Runtime from {path}: {reason}")]
    LibraryUnusable { path: PathBuf, reason: String },
    #[error("the embedder {model} has no file {path}")]
    FileMissing { model: &'static str, path: PathBuf },
    #[error("cannot use {path} of the embedder {model}: {reason}")]
    FileUnusable { model: &'static str, path: PathBuf, reason: String },
    #[error("the embedder {model} failed on a text: {reason}")]
    Inference { model: &'static str, reason: String },
    #[error("the embedder {model} gave no vector of {dim} finite numbers for a text")]
    NoVector { model: &'static str, dim: usize },
    #[error("the embedder {model} gives no vectors of single tokens, which maxsim compares")]
    NoTokenVectors { model: &'static str },
}

use OnnxProblem::*;

impl Problem for OnnxProblem {
    fn fault(&self) -> Fault {
        match self {
            LibraryMissing { .. } | LibraryUnusable { .. } | FileMissing { .. } | FileUnusable { .. } => {
                Fault::Environment
            }
            NoTokenVectors { .. } => Fault::User,
            Inference { .. } | NoVector { .. } => Fault::Bug,
        }
    }

    fn zh(&self) -> String {
        match self {
            LibraryMissing { path } => format!("{} 处没有 ONNX Runtime", path.display()),
            LibraryUnusable { path, reason } => format!("无法从 {} 加载 ONNX Runtime:{reason}", path.display()),
            FileMissing { model, path } => format!("向量模型 {model} 缺少文件 {}", path.display()),
            FileUnusable { model, path, reason } => {
                format!("向量模型 {model} 的 {} 无法使用:{reason}", path.display())
            }
            Inference { model, reason } => format!("向量模型 {model} 处理文本失败:{reason}"),
            NoTokenVectors { model } => format!("向量模型 {model} 不给出单个词元的向量,maxsim 要比较的正是它们"),
            NoVector { model, dim } => format!("向量模型 {model} 未能为一段文本给出 {dim} 维有限数值的向量"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        let pull =
            |name: &str| lang.pick(format!("运行 `rag models pull {name}`"), format!("run `rag models pull {name}`"));
        Some(match self {
            LibraryMissing { .. } | LibraryUnusable { .. } => pull("onnxruntime"),
            FileMissing { model, .. } => pull(model),
            NoTokenVectors { .. } => lang.pick(
                "改用 --rerank none,或用 rag index --rebuild 换成 multilingual-e5-small".into(),
                "--rerank none, or index with multilingual-e5-small".into(),
            ),
            FileUnusable { model, .. } | Inference { model, .. } | NoVector { model, .. } => lang.pick(
                format!("运行 `rag models verify` 检查模型文件;若有损坏,再运行 `rag models pull {model}`"),
                format!(
                    "run `rag models verify` to check the model's files; if one is damaged, `rag models pull {model}`"
                ),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_says_what_to_type_in_both_languages() {
        let path = PathBuf::from("/m/x");
        let model = "multilingual-e5-small";
        let cases = [
            (LibraryMissing { path: path.clone() }, "rag models pull onnxruntime"),
            (LibraryUnusable { path: path.clone(), reason: "r".into() }, "rag models pull onnxruntime"),
            (FileMissing { model, path: path.clone() }, "rag models pull multilingual-e5-small"),
            (FileUnusable { model, path, reason: "r".into() }, "rag models verify"),
            (Inference { model, reason: "r".into() }, "rag models verify"),
            (NoVector { model, dim: 384 }, "rag models verify"),
            (NoTokenVectors { model }, "--rerank none"),
        ];
        for (problem, command) in cases {
            for lang in [Lang::Zh, Lang::En] {
                assert!(problem.hint(lang).unwrap().contains(command), "{problem}");
            }
            assert!(!problem.to_string().ends_with('.') && !problem.zh().is_empty());
        }
    }
}
