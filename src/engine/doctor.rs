//! What is wrong with this machine, if anything, and what to type.

use super::Engine;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::models::llama::Health;
use crate::models::weights::State;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Good,
    /// Something optional is missing.
    Fair,
    Bad,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub grade: Grade,
    pub message: String,
    pub hint: Option<String>,
}

impl Engine {
    /// Looks at everything a question needs, from the disk to the server. Fetches and starts nothing. `deep` has every file
    /// of every collection read.
    pub fn doctor(&self, deep: bool, lang: Lang) -> Vec<Finding> {
        let mut findings = vec![self.check_home(lang)];
        for name in ["onnxruntime", self.config.text("index.embedder")] {
            findings.push(self.check_weights(name, Grade::Bad, lang));
        }
        findings.push(self.check_index(lang));
        findings.push(self.check_chat(lang));
        if !self.has_own_server() {
            findings.push(self.check_weights("llama-server", Grade::Fair, lang));
        }
        let model = self.config.text("llama.model");
        if self.weights().artifact(model).is_ok() || !std::path::Path::new(model).is_file() {
            findings.push(self.check_weights(model, Grade::Fair, lang));
        }
        if deep {
            match self.collections() {
                Ok(names) => findings.extend(names.iter().flat_map(|name| self.check_files(name, lang))),
                Err(error) => findings.push(found("files", Err(error), Grade::Bad, lang)),
            }
        }
        findings
    }

    /// One finding for each damaged file of a collection, or one that there is none.
    fn check_files(&self, collection: &str, lang: Lang) -> Vec<Finding> {
        let examined = match self.store_of(collection) {
            Ok(store) => store.examine(),
            Err(error) => return vec![found("files", Err(error), Grade::Bad, lang)],
        };
        let (files, vectors) = (examined.files, examined.vectors);
        if examined.problems.is_empty() {
            let message = lang.pick(
                format!("{collection}:{files} 个文件、{vectors} 个向量与写入时一致"),
                format!("{collection}: {files} files and {vectors} vectors are as they were written"),
            );
            return vec![found("files", Ok(message), Grade::Bad, lang)];
        }
        examined.problems.into_iter().map(|problem| found("files", Err(problem), Grade::Bad, lang)).collect()
    }

    fn check_home(&self, lang: Lang) -> Finding {
        use crate::error::IoContext;
        let home = self.config.home();
        let writable = crate::private::create_dir_all(home)
            .at("create", home)
            .and_then(|()| tempfile::tempfile_in(home).at("write", home));
        found("home", writable.map(|_| home.display().to_string()), Grade::Bad, lang)
    }

    fn check_weights(&self, name: &str, if_missing: Grade, lang: Lang) -> Finding {
        let check = match name {
            "onnxruntime" => "onnxruntime",
            "llama-server" => "llama-server",
            _ => "weights",
        };
        match self.weights().state(name) {
            Ok(State::Present) => {
                found(check, Ok(format!("{name}: {}", lang.pick("已有", "present"))), if_missing, lang)
            }
            Ok(state) => {
                let partial = state == State::Partial;
                let message = if partial { lang.pick("不全", "partial") } else { lang.pick("没有", "missing") };
                let hint = Some(format!("rag models pull {name}"));
                Finding { check, grade: if_missing, message: format!("{name}: {message}"), hint }
            }
            Err(error) => found(check, Err(error), if_missing, lang),
        }
    }

    fn check_index(&self, lang: Lang) -> Finding {
        let index = self.about().and_then(|about| {
            let configured = self.embedder()?.id();
            if about.embedder != *configured {
                let (built, asked) = (about.embedder.name.clone(), configured.name.clone());
                return Err(crate::store::StoreProblem::OtherEmbedder { built, asked }.into());
            }
            Ok(lang.pick(
                format!("{} 篇文档,{} 块", about.documents, about.chunks),
                format!("{} documents, {} chunks", about.documents, about.chunks),
            ))
        });
        found("index", index, Grade::Bad, lang)
    }

    fn check_chat(&self, lang: Lang) -> Finding {
        let base_url = self.config.text("chat.base_url").to_string();
        let Ok(status) = self.llama_status() else {
            let message = lang
                .pick(format!("{base_url}(不在本机,未检查)"), format!("{base_url} (not on this machine, not checked)"));
            return Finding { check: "chat", grade: Grade::Good, message, hint: None };
        };
        let hint = Some("rag llama up".to_string());
        let (grade, state, hint) = match status.health {
            Health::Ready { model } => (
                Grade::Good,
                lang.pick("就绪", "ready").to_string() + &model.map_or(String::new(), |model| format!(", {model}")),
                None,
            ),
            Health::Loading => (Grade::Fair, lang.pick("正在加载模型", "loading its model").into(), None),
            Health::Absent => (Grade::Fair, lang.pick("没有服务", "nothing answers").into(), hint),
            Health::Foreign => (
                Grade::Fair,
                lang.pick("端口被别的程序占用", "the port is taken by something else").into(),
                Some("rag llama up --port 8090".into()),
            ),
        };
        Finding { check: "chat", grade, message: format!("{base_url}: {state}"), hint }
    }
}

pub(super) fn found(check: &'static str, outcome: Result<String, Error>, if_bad: Grade, lang: Lang) -> Finding {
    match outcome {
        Ok(message) => Finding { check, grade: Grade::Good, message, hint: None },
        Err(error) => Finding { check, grade: if_bad, message: error.message(lang), hint: error.hint(lang) },
    }
}
