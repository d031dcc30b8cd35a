//! Answering from passages: pack → prompt → model → check → [`Answer`].
//!
//! What a model writes is not believed: every sentence is compared with the passages it was given, and only
//! what stands there is cited. Refusal is decided on evidence first, on the model's word second.

mod check;
mod citation;
mod context;
mod cot;
mod draft;
mod echo;
mod entail;
mod escape;
mod estimate;
mod extract;
mod facts;
mod figures;
#[cfg(test)]
mod fixture;
mod format;
mod frame;
mod guard;
mod joined;
mod judge;
mod library;
mod lines;
mod link;
mod literal;
mod order;
mod outcome;
mod plan;
mod problem;
mod profile;
mod question;
mod read;
mod recall;
mod report;
mod rewrite;
mod sentence;
mod shot;
mod spelling;
mod stray;
mod structured;
mod support;
mod template;

pub use check::{Checked, Fault, Source};
pub use citation::Citation;
pub use context::{Context, Repeat, TokenShares};
pub use entail::entails;
pub use extract::extract;
pub use facts::facts;
pub use format::Format;
pub use frame::Order;
pub use guard::{language, may_quote_instead, refuse, speaks};
pub use judge::{Preference, Winner, judge};
pub use library::{Flaw as PromptFlaw, Library, Listed, Text as PromptText};
pub use outcome::{Abstention, Answer, Grounded};
pub use plan::{Kind, Plan};
pub use problem::AnswerProblem;
pub use question::question_for;
pub use report::{Asked, Nearest};
pub use rewrite::{joined, rewrite};
pub use sentence::{Sentence, UNSUPPORTED_MARK, Verdict};
pub use shot::{Shot, ShotPassage};
pub use stray::{stray_figures, without_markers};
pub use template::Template;

use crate::document::Passage;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest, Message, Piece};
use crate::models::openai::Lack;
use crate::text::Analyzer;
use cot::Thought;
use draft::{Draft, Terms};
use frame::Frame;
use profile::Profile;
use shot::{Shown, Written};
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
    /// Where templates and shots come from.
    pub library: Library,
    /// Instead of the library's template for the question's language.
    pub template: Option<Template>,
    /// The language to answer in; without, Chinese to a Chinese question, else that of the sources.
    pub lang: Option<Lang>,
    /// The model's name; `None` asks the endpoint. Tells what form of prompt it wants.
    pub model: Option<String>,
    /// `None` takes what the model's family wants.
    pub format: Option<Format>,
    pub order: Order,
    /// Whether to leave out title, section, source and date of the passages.
    pub without_metadata: bool,
    /// Examples of answers that are shown.
    pub shots: usize,
    /// Whether to have steps written before the answer. They are not shown.
    pub cot: bool,
    /// Whether sentences that no passage supports are left out instead of being marked.
    pub strict: bool,
    /// Whether to have the server's own grammar enforce a form. Where it has none, the answer is text.
    pub structured: bool,
}

impl Options {
    /// The prompt of the library that answers, `structured` telling whether the server enforces a schema.
    pub fn prompt(&self, structured: bool) -> &'static str {
        match (self.cot, structured) {
            (true, _) => "ask-cot",
            (false, true) => "ask-json",
            (false, false) => "ask",
        }
    }
}

/// What would be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub messages: Vec<Message>,
    pub context: Context,
    /// Name, version and hash of the template, and of the shots if there are any.
    pub template: String,
    pub format: Format,
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

/// The exact messages for a question over `passages`, best first. Without a model, tokens are estimated.
pub fn prepare(
    question: &str,
    passages: &[Passage],
    model: Option<&dyn ChatModel>,
    options: &Options,
) -> Result<Prepared> {
    let lang = options.lang.unwrap_or_else(|| guard::language(question, passages));
    // A template of the user's own says by itself what form it wants, and steps are no JSON.
    let is_free = options.template.is_some() || options.cot;
    let structured = options.structured && !is_free && model.is_some_and(honours_schema);
    let written = match (options.cot, structured) {
        (true, _) => Written::AfterSteps(cot::mark(lang)),
        (false, true) => Written::Json,
        (false, false) => Written::Plain,
    };
    let template = match &options.template {
        Some(template) => template.clone(),
        None => options.library.template(options.prompt(structured), lang)?,
    };
    let profile = profile(model, options);
    let format = options.format.unwrap_or(profile.format);
    let mut id = template.id();
    let shots = match options.shots {
        0 => Shown::default(),
        count => {
            let (shots, shots_id) = options.library.shots(lang, count)?;
            id.push_str(&format!(" + {shots_id}"));
            Shown::of(&shots, &template, lang, format, written)?
        }
    };
    let frame = Frame {
        template,
        lang,
        question,
        shots,
        format,
        order: options.order,
        metadata: !options.without_metadata,
        instructions: profile.instructions,
    };
    let (context, messages) = context::pack(passages, &frame, model, options)?;
    let asked = spelling::one_spelling(question);
    let basis = Frame { question: &asked, ..frame.clone() };
    let basis = hash(&basis.messages(&frame.context(&context.passages, &context.groups))?);
    Ok(Prepared { messages, context, template: id, format, structured, basis, lang })
}

fn profile(model: Option<&dyn ChatModel>, options: &Options) -> Profile {
    let asked = || model.and_then(|model| model.name().ok().flatten());
    options.model.clone().or_else(asked).map_or_else(Profile::default, |name| Profile::of(&name))
}

/// A server that cannot be asked will say so when it is to answer.
fn honours_schema(model: &dyn ChatModel) -> bool {
    model.honours_schema().unwrap_or(false)
}

/// Has the model answer what was prepared from at least one passage; [`refuse`] comes before. `on` gets the checked
/// text as it grows.
pub fn answer(
    question: &str,
    prepared: &Prepared,
    model: &dyn ChatModel,
    analyzer: &Analyzer,
    options: &Options,
    on: &mut dyn FnMut(Piece<'_>),
) -> Result<Answer> {
    let lang = prepared.lang;
    let first = attempt(question, prepared, &prepared.messages, model, analyzer, options, on)?;
    let messages = match &first {
        // What was lost on the way may come the second time, as long as nobody has read half of it.
        Answer::Missing { lack, partial: None, .. } if lack.is_passing() => prepared.messages.clone(),
        Answer::Abstained { completion: Some(completion), .. } if !guard::speaks(lang, &completion.text) => {
            guard::reminded(&prepared.messages, lang)
        }
        _ => return Ok(first),
    };
    attempt(question, prepared, &messages, model, analyzer, options, on)
}

fn attempt(
    question: &str,
    prepared: &Prepared,
    messages: &[Message],
    model: &dyn ChatModel,
    analyzer: &Analyzer,
    options: &Options,
    on: &mut dyn FnMut(Piece<'_>),
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
        refusal: template::refusal(lang),
        strict: options.strict,
        is_checkable: passages.iter().any(|passage| Lang::of_text(&passage.text) == lang),
    };
    let mut draft = Draft::new(passages, analyzer, terms, on);
    let (mut reader, mut thought) = (Reader::default(), Thought::default());
    let sent = model.chat(&request, &mut |piece| match piece {
        Piece::Text(text) => match (prepared.structured, options.cot) {
            (true, _) => draft.push(&reader.push(text)),
            (false, true) => draft.push(&thought.push(text)),
            (false, false) => draft.push(text),
        },
        Piece::Reasoning(text) => draft.think(text),
        Piece::Retracted => {
            (reader, thought) = Default::default();
            draft.retract();
        }
    });
    match sent {
        Ok(completion) if prepared.structured && reader.is_empty() => {
            // The grammar was not kept to: what was written still is an answer.
            draft.push(&completion.text);
            Ok(draft.finish(Some(completion)))
        }
        Ok(completion) => {
            draft.push(&thought.rest());
            Ok(draft.finish(Some(completion)))
        }
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
