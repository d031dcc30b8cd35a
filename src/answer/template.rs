//! A template: a prompt's file, filled with the values of one question.

use super::AnswerProblem;
use super::escape::escape;
use super::estimate::estimate;
use super::library::hash;
use crate::error::{IoContext, Result};
use crate::language::Lang;
use crate::models::chat::{Message, Role};
use minijinja::{Environment, UndefinedBehavior, Value, context};

const VERSION: &str = "[version]";
const SYSTEM: &str = "[system]";
const USER: &str = "[user]";

/// What the model is asked to write where the passages do not suffice.
pub fn refusal(lang: Lang) -> &'static str {
    lang.pick("资料中没有相关内容。", "The sources do not say.")
}

/// What a template of one kind is filled with.
#[derive(Debug, PartialEq, Eq)]
pub struct Variables {
    /// To be used in the user's part.
    pub must: &'static [&'static str],
    /// There, and free to be used or not.
    pub may: &'static [&'static str],
}

/// `examples` and `grouped` may be empty and false.
pub static ANSWERING: Variables =
    Variables { must: &["passages", "question"], may: &["refusal", "examples", "grouped"] };
pub static REWRITING: Variables = Variables { must: &["history", "question"], may: &[] };
pub static CHECKING: Variables = Variables { must: &["passage", "sentence"], may: &[] };
pub static JUDGING: Variables = Variables { must: &["question", "first", "second"], may: &[] };

/// Two parts, `[system]` and `[user]`, each on a line of its own before its text; before them a line `[version] 3`, if it
/// is to have one. The order of the parts is that of the file, the question best last: a server's prefix cache then
/// serves whatever comes before the first difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    name: &'static str,
    version: Option<u32>,
    variables: &'static Variables,
    text: String,
    system: String,
    user: String,
}

/// What a question is asked with.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// Of the answer.
    pub lang: Lang,
    pub question: &'a str,
    /// In their format already: nothing of them is escaped.
    pub passages: &'a str,
    /// Answers to take as examples, in their format already; may be empty.
    pub examples: &'a str,
    /// Whether the passages stand by document instead of the best first.
    pub is_grouped: bool,
}

impl Template {
    /// A user's own file for answering, given by its path.
    pub fn of_file(path: &str) -> Result<Template> {
        let text = std::fs::read_to_string(path).at("read", path)?;
        let template = Template::parse("custom", &text, &ANSWERING);
        Ok(template.map_err(|reason| AnswerProblem::Template { place: path.into(), reason })?)
    }

    /// Reads a template and tries it out. The error says what is wrong with the text.
    pub fn parse(name: &'static str, text: &str, variables: &'static Variables) -> Result<Template, String> {
        let (version, system, user) = split(text)?;
        let template = Template { name, version, variables, text: text.into(), system, user };
        let names = variables.must.iter().chain(variables.may);
        let values = names.map(|name| (*name, format!("{{{name}}}")));
        let [_, user] = template.fill(&Value::from_pairs(values))?;
        match variables.must.iter().find(|name| !user.content.contains(&format!("{{{name}}}"))) {
            Some(name) => Err(format!("the part {USER} does not use {{{{ {name} }}}}")),
            None => Ok(template),
        }
    }

    /// Name, version and hash: two answers with the same id had the same instructions.
    pub fn id(&self) -> String {
        let version = self.version.map_or(String::new(), |version| format!(" v{version}"));
        format!("{}{version} {}", self.name, hash(&self.text))
    }

    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// The version that `text` says it has.
    pub fn version_of(text: &str) -> Option<u32> {
        split(text).ok()?.0
    }

    /// What the instructions take with nothing filled in, estimated.
    pub fn tokens(&self) -> usize {
        let empty = Value::from_pairs(self.variables.must.iter().chain(self.variables.may).map(|name| (*name, "")));
        // One that breaks on empty values only is counted as it stands in its file.
        let messages = self.fill(&empty).map(|messages| messages.map(|message| message.content));
        messages.unwrap_or_else(|_| [self.system.clone(), self.user.clone()]).iter().map(|text| estimate(text)).sum()
    }

    /// Whether examples go into it.
    pub fn takes_examples(&self) -> bool {
        self.system.contains("examples") || self.user.contains("examples")
    }

    /// The messages that ask a question.
    pub fn render(&self, filling: Filling<'_>) -> Result<[Message; 2], AnswerProblem> {
        let Filling { lang, question, passages, examples, is_grouped: grouped } = filling;
        let (question, refusal) = (escape(question), refusal(lang));
        self.filled(context! { passages, question, refusal, examples, grouped })
    }

    /// The messages for rewriting `question`, which follows `history`.
    pub fn render_history(&self, question: &str, history: &str) -> Result<[Message; 2], AnswerProblem> {
        let (question, history) = (escape(question), escape(history));
        self.filled(context! { question, history })
    }

    /// The messages for comparing two answers to `question`.
    pub fn render_pair(&self, question: &str, first: &str, second: &str) -> Result<[Message; 2], AnswerProblem> {
        let (question, first, second) = (escape(question), escape(first), escape(second));
        self.filled(context! { question, first, second })
    }

    /// The messages for checking `sentence` beside `passage`.
    pub fn render_claim(&self, passage: &str, sentence: &str) -> Result<[Message; 2], AnswerProblem> {
        let (passage, sentence) = (escape(passage), escape(sentence));
        self.filled(context! { passage, sentence })
    }

    fn filled(&self, values: Value) -> Result<[Message; 2], AnswerProblem> {
        self.fill(&values).map_err(|reason| AnswerProblem::Template { place: self.name.into(), reason })
    }

    fn fill(&self, values: &Value) -> Result<[Message; 2], String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let render =
            |part: &str| environment.render_str(part, values).map_err(|error| format!("{error:#}").replace('\n', " "));
        Ok([
            Message { role: Role::System, content: render(&self.system)? },
            Message { role: Role::User, content: render(&self.user)? },
        ])
    }
}

fn split(text: &str) -> Result<(Option<u32>, String, String), String> {
    let (before, rest) = text.split_once(SYSTEM).ok_or_else(|| format!("no line {SYSTEM}"))?;
    let (system, user) = rest.split_once(USER).ok_or_else(|| format!("no line {USER}"))?;
    let version = match before.trim().strip_prefix(VERSION) {
        Some(number) => Some(number.trim().parse().map_err(|_| format!("the line {VERSION} has no whole number"))?),
        None if before.trim().is_empty() => None,
        None => return Err(format!("there is text before {SYSTEM}")),
    };
    Ok((version, system.trim().to_string(), user.trim().to_string()))
}

#[cfg(test)]
mod tests;
