//! Answering from passages: pack → prompt → model → check → [`Answer`].
//!
//! What a model writes is not believed: every sentence is compared with the passages it was given, and only
//! what stands there is cited. Refusal is decided on evidence first, on the model's word second.

mod check;
mod citation;
mod context;
mod draft;
mod extract;
mod figures;
#[cfg(test)]
mod fixture;
mod guard;
mod problem;
mod prompt;
mod question;
mod report;
mod support;

pub use check::{Checked, Source};
pub use citation::Citation;
pub use context::{Context, TokenShares};
pub use extract::extract;
pub use guard::refuse;
pub use problem::AnswerProblem;
pub use prompt::Template;
pub use question::question_for;
pub use report::Asked;

use crate::document::Passage;
use crate::error::Result;
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest, Completion, Finish, Message};
use crate::text::Analyzer;
use draft::Draft;

/// How to ask.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Longest answer, tokens; less where the window is small.
    pub max_tokens: u32,
    pub temperature: f32,
    pub seed: u64,
    /// Context window in tokens; `None` asks the endpoint.
    pub window: Option<usize>,
    /// Instead of the built-in template of the question's language.
    pub template: Option<Template>,
}

/// What would be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub messages: Vec<Message>,
    pub context: Context,
    /// Name and hash of the template.
    pub template: String,
}

/// What came of a question.
#[derive(Debug, Clone)]
pub enum Answer {
    /// There is an answer. Whether anything in it could be traced to a source, [`Grounded::is_uncited`] tells.
    Grounded(Grounded),
    Abstained {
        reason: Abstention,
        /// What the model wrote, if it was asked.
        completion: Option<Completion>,
    },
}

/// An answer with its checked citations.
#[derive(Debug, Clone)]
pub struct Grounded {
    /// As it was streamed: every `[n]` in it is one of `citations`, at the end of a sentence.
    pub text: String,
    /// One a marker, ordered by marker: the quote that supports its sentence best.
    pub citations: Vec<Citation>,
    /// Numbers the model cited that are none of the passages it was given; removed from the text.
    pub invalid: Vec<u32>,
    /// Numbers of passages the model cited for a sentence that they do not support; removed there.
    pub unsupported: Vec<u32>,
    /// None where no model was asked: see [`extract`].
    pub completion: Option<Completion>,
}

impl Grounded {
    /// Whether no sentence could be traced to a passage.
    pub fn is_uncited(&self) -> bool {
        self.citations.is_empty()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abstention {
    /// Retrieval found no passage; the model was not asked.
    NothingFound,
    /// The passages have nothing to do with the question; the model was not asked.
    OffTopic,
    /// The model was asked, and said that the passages do not suffice.
    NotInSources,
}

impl Abstention {
    /// As in `rag ask --json`.
    pub fn name(self) -> &'static str {
        match self {
            Abstention::NothingFound => "nothing_found",
            Abstention::OffTopic => "off_topic",
            Abstention::NotInSources => "not_in_sources",
        }
    }

    pub fn message(self, lang: Lang) -> &'static str {
        match self {
            Abstention::NothingFound => {
                lang.pick("资料中没有:检索不到相关段落", "not in the sources: no passage was found")
            }
            Abstention::OffTopic => lang.pick(
                "资料中没有:找到的段落与问题无关",
                "not in the sources: what was found has nothing to do with the question",
            ),
            Abstention::NotInSources => lang.pick(
                "资料中没有:找到的段落不足以回答",
                "not in the sources: the passages found do not answer the question",
            ),
        }
    }
}

impl Answer {
    /// Whether the text was cut at [`Options::max_tokens`].
    pub fn is_cut(&self) -> bool {
        self.completion().is_some_and(|completion| completion.finish == Finish::Length)
    }

    pub fn completion(&self) -> Option<&Completion> {
        match self {
            Answer::Grounded(grounded) => grounded.completion.as_ref(),
            Answer::Abstained { completion, .. } => completion.as_ref(),
        }
    }
}

/// The exact messages for a question over `passages`, best first. Without a model, tokens are estimated.
pub fn prepare(
    question: &str,
    passages: &[Passage],
    model: Option<&dyn ChatModel>,
    options: &Options,
) -> Result<Prepared> {
    let template = match &options.template {
        Some(template) => template.clone(),
        None => Template::built_in(Lang::of_text(question)),
    };
    let frame = template.render(question, "")?;
    let context = context::pack(passages, &frame, model, options)?;
    let messages = template.render(question, &context.rendered())?;
    Ok(Prepared { messages: messages.into(), context, template: template.id() })
}

/// Has the model answer from `passages`, best first and at least one; [`refuse`] comes before. `on_text` gets the checked text as it grows.
pub fn answer(
    question: &str,
    passages: &[Passage],
    model: &dyn ChatModel,
    analyzer: &Analyzer,
    options: &Options,
    on_text: &mut dyn FnMut(&str),
) -> Result<Answer> {
    let Prepared { messages, context, .. } = prepare(question, passages, Some(model), options)?;
    let request = ChatRequest {
        messages,
        max_tokens: context.tokens.answer as u32,
        temperature: options.temperature,
        seed: options.seed,
        schema: None,
    };
    let refusal = prompt::refusal(Lang::of_text(question));
    let mut draft = Draft::new(&context.passages, analyzer, refusal, on_text);
    let completion = model.chat(&request, &mut |text| draft.push(text))?;
    Ok(draft.finish(completion))
}
