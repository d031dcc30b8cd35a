//! What can be wrong with asking a model.

use crate::error::{Fault, Problem};
use crate::language::Lang;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    #[error("the prompt template {place} does not work: {reason}")]
    Template { place: String, reason: String },
    #[error("the shots {place} cannot be read: {reason}")]
    Shots { place: String, reason: String },
    #[error("{place} has {there} shots, not {wanted}")]
    FewShots { place: String, wanted: usize, there: usize },
    #[error("there is no prompt {name:?}")]
    NoPrompt { name: String, known: Vec<&'static str> },
    #[error("{what} is {name:?}; expected one of {known}")]
    Unknown { what: &'static str, name: String, known: &'static str },
    #[error(
        "the model's window of {window} tokens has no room for a passage: the question and the instructions take {taken}, the answer {answer}"
    )]
    Window { window: usize, taken: usize, answer: usize },
}

impl Problem for AnswerProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        match self {
            AnswerProblem::Template { place, reason } => format!("提示模板 {place} 有误:{reason}"),
            AnswerProblem::Shots { place, reason } => format!("示例 {place} 读不了:{reason}"),
            AnswerProblem::FewShots { place, wanted, there } => format!("{place} 只有 {there} 个示例,不足 {wanted} 个"),
            AnswerProblem::NoPrompt { name, .. } => format!("没有名为 {name:?} 的提示"),
            AnswerProblem::Unknown { what, name, known } => format!("{what} 为 {name:?},应为 {known} 之一"),
            AnswerProblem::Window { window, taken, answer } => {
                format!("模型窗口只有 {window} 词元,放不下任何段落:问题和指令占 {taken},回答预留 {answer}")
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            AnswerProblem::Template { .. } => lang.pick(
                "模板分 [system] 与 [user] 两部分,后者要用到 {{ passages }} 和 {{ question }};内置的模板见 rag prompt show ask.zh --built-in".into(),
                "a template has the parts [system] and [user]; the latter uses {{ passages }} and {{ question }}; for one that works: rag prompt show ask.en --built-in".into(),
            ),
            AnswerProblem::Shots { .. } | AnswerProblem::FewShots { .. } => lang.pick(
                "一行一个 JSON:{\"question\":…,\"passages\":[{\"title\":…,\"text\":…}],\"answer\":…};内置的示例见 rag prompt show shots.zh --built-in".into(),
                "one JSON a line: {\"question\":…,\"passages\":[{\"title\":…,\"text\":…}],\"answer\":…}; for some that work: rag prompt show shots.en --built-in".into(),
            ),
            AnswerProblem::NoPrompt { known, .. } => {
                let known = known.join(", ");
                lang.pick(format!("有这些:{known}"), format!("there are {known}"))
            }
            AnswerProblem::Unknown { what, .. } => {
                lang.pick(format!("见 rag config 里的 {what}"), format!("see {what} in rag config"))
            }
            AnswerProblem::Window { .. } => lang.pick(
                "缩短问题,减小 chat.max_tokens 或 chat.shots,或用更大的窗口启动服务:rag llama down && rag llama up --context 4096".into(),
                "shorten the question, lower chat.max_tokens or chat.shots, or serve a larger window: rag llama down && rag llama up --context 4096".into(),
            ),
        })
    }
}
