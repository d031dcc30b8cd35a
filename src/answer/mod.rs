//! Answering from passages: pack → prompt → model → check → [`Answer`].
//!
//! What a model writes is not believed: every sentence is compared with the passages it was given, and only
//! what stands there is cited. Refusal is decided on evidence first, on the model's word second.

mod check;
mod citation;
mod context;
mod draft;
mod echo;
mod extract;
mod facts;
mod figures;
#[cfg(test)]
mod fixture;
mod guard;
mod judge;
mod order;
mod plan;
mod problem;
mod prompt;
mod question;
mod recall;
mod report;
mod rewrite;
mod sentence;
mod spelling;
mod stray;
mod structured;
mod support;

pub use check::{Checked, Fault, Source};
pub use citation::Citation;
pub use context::{Context, TokenShares};
pub use extract::extract;
pub use facts::facts;
pub use guard::{language, may_quote_instead, refuse, speaks};
pub use judge::{Preference, Winner, judge};
pub use plan::{Kind, Plan};
pub use problem::AnswerProblem;
pub use prompt::Template;
pub use question::question_for;
pub use report::{Asked, Nearest};
pub use rewrite::{joined, rewrite};
pub use sentence::{Sentence, UNSUPPORTED_MARK, Verdict};
pub use stray::{stray_figures, without_markers};

use crate::document::Passage;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest, Completion, Finish, Message};
use crate::models::openai::Lack;
use crate::text::Analyzer;
use draft::{Draft, Terms};
use structured::Reader;

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
    /// The language to answer in; without, Chinese to a Chinese question, else that of the sources.
    pub lang: Option<Lang>,
    /// Whether sentences that no passage supports are left out instead of being marked.
    pub strict: bool,
    /// Whether to have the server's own grammar enforce a form. Where it has none, the answer is text.
    pub structured: bool,
}

/// What would be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub messages: Vec<Message>,
    pub context: Context,
    /// Name and hash of the template.
    pub template: String,
    /// Whether the answer is to come as JSON.
    pub structured: bool,
    /// Hash of the messages as they would be for any spelling of the question in other width, case, script and blanks.
    pub basis: String,
    /// The language to answer in.
    pub lang: Lang,
}

impl Prepared {
    /// The first half of blake3 of the messages: two prompts with the same hash are the same, byte for byte.
    pub fn hash(&self) -> String {
        hash(&self.messages)
    }
}

fn hash(messages: &[Message]) -> String {
    let mut hasher = blake3::Hasher::new();
    for message in messages {
        // The length tells where one ends and the next begins.
        hasher.update(&(message.content.len() as u64).to_le_bytes());
        hasher.update(message.content.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_string()
}

/// What came of a question.
#[derive(Debug)]
pub enum Answer {
    /// There is an answer. Whether anything in it could be traced to a source, [`Grounded::is_uncited`] tells.
    Grounded(Grounded),
    Abstained {
        reason: Abstention,
        /// What the model wrote, if it was asked, with what the check says of it; none of it was shown.
        sentences: Vec<Sentence>,
        completion: Option<Completion>,
    },
    /// The model was asked, and no whole answer came.
    Missing {
        lack: Lack,
        error: Error,
        /// What had come before, if any of it was shown.
        partial: Option<Grounded>,
    },
}

/// An answer with its checked citations.
#[derive(Debug, Clone)]
pub struct Grounded {
    /// As it was shown: every `[n]` in it is one of `citations`, at the end of a sentence; what no passage supports ends
    /// with [`UNSUPPORTED_MARK`].
    pub text: String,
    /// Whether it is made of the sources' own sentences ([`extract`]).
    pub is_extract: bool,
    /// In order, those left out under [`Options::strict`] included.
    pub sentences: Vec<Sentence>,
    /// One a marker, ordered by marker: the quote that supports its sentence best.
    pub citations: Vec<Citation>,
    /// Numbers the model cited that are none of the passages it was given; removed from the text.
    pub invalid: Vec<u32>,
    /// Numbers of passages the model cited for a sentence that they do not support; removed there.
    pub unsupported: Vec<u32>,
    /// None where no model was asked, or it was cut off.
    pub completion: Option<Completion>,
}

impl Grounded {
    /// Whether no sentence could be traced to a passage.
    pub fn is_uncited(&self) -> bool {
        self.citations.is_empty()
    }

    /// Sentences that no passage supports.
    pub fn doubted(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|sentence| sentence.verdict == Verdict::Unsupported)
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
    /// Nothing of what the model wrote stands in the passages.
    Unsupported,
    /// The model wrote nothing but the question, or nothing that could be looked for.
    Unanswered,
}

impl Abstention {
    /// As in `rag ask --json`.
    pub fn name(self) -> &'static str {
        match self {
            Abstention::NothingFound => "nothing_found",
            Abstention::OffTopic => "off_topic",
            Abstention::NotInSources => "not_in_sources",
            Abstention::Unsupported => "unsupported",
            Abstention::Unanswered => "unanswered",
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
            Abstention::Unsupported => lang.pick(
                "资料中没有:模型写的内容在找到的段落里没有依据,未予显示",
                "not in the sources: nothing of what the model wrote stands in the passages found, so it is not shown",
            ),
            Abstention::Unanswered => lang.pick(
                "没有答案:模型没有从找到的段落里答出什么",
                "no answer: the model made nothing of the passages found",
            ),
        }
    }
}

impl Answer {
    /// Whether the text was cut at [`Options::max_tokens`].
    pub fn is_cut(&self) -> bool {
        self.completion().is_some_and(|completion| completion.finish == Finish::Length)
    }

    /// The same question answered by `extract`, after a model that made nothing of it.
    pub fn quoting(self, extract: Grounded) -> Answer {
        match self {
            Answer::Abstained { completion, .. } => Answer::Grounded(Grounded { completion, ..extract }),
            answer => answer,
        }
    }

    pub fn completion(&self) -> Option<&Completion> {
        match self {
            Answer::Grounded(grounded) => grounded.completion.as_ref(),
            Answer::Abstained { completion, .. } => completion.as_ref(),
            Answer::Missing { .. } => None,
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
    let lang = options.lang.unwrap_or_else(|| guard::language(question, passages));
    // A template of the user's own says by itself what form it wants.
    let structured = options.structured && options.template.is_none() && model.is_some_and(honours_schema);
    let template = match &options.template {
        Some(template) => template.clone(),
        None if structured => Template::for_json(lang),
        None => Template::built_in(lang),
    };
    let frame = template.render(lang, question, "")?;
    let context = context::pack(passages, &frame, model, options)?;
    let messages = template.render(lang, question, &context.rendered())?;
    let basis = hash(&template.render(lang, &spelling::one_spelling(question), &context.rendered())?);
    Ok(Prepared { messages: messages.into(), context, template: template.id(), structured, basis, lang })
}

/// A server that cannot be asked will say so when it is to answer.
fn honours_schema(model: &dyn ChatModel) -> bool {
    model.honours_schema().unwrap_or(false)
}

/// Has the model answer what was prepared from at least one passage; [`refuse`] comes before. `on_text` gets the checked
/// text as it grows.
pub fn answer(
    question: &str,
    prepared: &Prepared,
    model: &dyn ChatModel,
    analyzer: &Analyzer,
    options: &Options,
    on_text: &mut dyn FnMut(&str),
) -> Result<Answer> {
    let lang = prepared.lang;
    let first = attempt(question, prepared, &prepared.messages, model, analyzer, options, on_text)?;
    let messages = match &first {
        // What was lost on the way may come the second time, as long as nobody has read half of it.
        Answer::Missing { lack, partial: None, .. } if lack.is_passing() => prepared.messages.clone(),
        Answer::Abstained { completion: Some(completion), .. } if !guard::speaks(lang, &completion.text) => {
            guard::reminded(&prepared.messages, lang)
        }
        _ => return Ok(first),
    };
    attempt(question, prepared, &messages, model, analyzer, options, on_text)
}

fn attempt(
    question: &str,
    prepared: &Prepared,
    messages: &[Message],
    model: &dyn ChatModel,
    analyzer: &Analyzer,
    options: &Options,
    on_text: &mut dyn FnMut(&str),
) -> Result<Answer> {
    let passages = &prepared.context.passages;
    let lang = prepared.lang;
    let request = ChatRequest {
        messages: messages.to_vec(),
        max_tokens: prepared.context.tokens.answer as u32,
        temperature: options.temperature,
        seed: options.seed,
        schema: prepared.structured.then(|| structured::schema(passages.len())),
    };
    let terms = Terms {
        question,
        refusal: prompt::refusal(lang),
        strict: options.strict,
        is_checkable: passages.iter().any(|passage| Lang::of_text(&passage.text) == lang),
    };
    let mut draft = Draft::new(passages, analyzer, terms, on_text);
    let mut reader = Reader::default();
    let sent = model.chat(&request, &mut |piece| match prepared.structured {
        true => draft.push(&reader.push(piece)),
        false => draft.push(piece),
    });
    match sent {
        Ok(completion) if prepared.structured && reader.is_empty() => {
            // The grammar was not kept to: what was written still is an answer.
            draft.push(&completion.text);
            Ok(draft.finish(Some(completion)))
        }
        Ok(completion) => Ok(draft.finish(Some(completion))),
        Err(error) => {
            let partial = match draft.finish(None) {
                Answer::Grounded(grounded) => Some(grounded),
                _ => None,
            };
            missing(error, partial)
        }
    }
}

/// The outcome that an error amounts to; one that is no lack of an answer stays an error.
pub fn missing(error: Error, partial: Option<Grounded>) -> Result<Answer> {
    match Lack::of(&error) {
        Some(lack) => Ok(Answer::Missing { lack, error, partial }),
        None => Err(error),
    }
}
