//! What can be wrong with asking a model.

use crate::error::{Fault, Problem};
use crate::language::Lang;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    #[error("the prompt template does not work: {reason}")]
    Template { reason: String },
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
            AnswerProblem::Template { reason } => format!("提示模板有误:{reason}"),
            AnswerProblem::Window { window, taken, answer } => {
                format!("模型窗口只有 {window} 词元,放不下任何段落:问题和指令占 {taken},回答预留 {answer}")
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(match self {
            AnswerProblem::Template { .. } => lang.pick(
                "模板分 [system] 与 [user] 两部分,后者要用到 {{ passages }} 和 {{ question }}".into(),
                "a template has the parts [system] and [user]; the latter uses {{ passages }} and {{ question }}".into(),
            ),
            AnswerProblem::Window { .. } => lang.pick(
                "缩短问题,减小 chat.max_tokens,或用更大的窗口启动服务:rag llama down && rag llama up --context 4096".into(),
                "shorten the question, lower chat.max_tokens, or serve a larger window: rag llama down && rag llama up --context 4096".into(),
            ),
        })
    }
}
