//! The library: every prompt there is, each a file with a name, a version and a hash, and the user's own in its place.

use super::AnswerProblem;
use super::estimate::estimate;
use super::shot::{self, Shot};
use super::template::{ANSWERING, CHECKING, JUDGING, REWRITING, Template, Variables};
use crate::error::{IoContext, Result};
use crate::files::{SETTINGS_BYTES_MAX, read_regular_text};
use crate::language::Lang;
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// Longer instructions do more than one job.
const TEMPLATE_TOKENS_MAX: usize = 800;

/// What a file of the library holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Template(&'static Variables),
    Shots,
}

/// One row of the table of prompts.
#[derive(Debug)]
pub struct Entry {
    /// `ask.zh`: what it does, and in which language.
    pub name: &'static str,
    text: &'static str,
    holds: Holds,
    /// What it is for, in English and Chinese.
    about: (&'static str, &'static str),
}

const fn template(
    name: &'static str,
    text: &'static str,
    variables: &'static Variables,
    about: (&'static str, &'static str),
) -> Entry {
    Entry { name, text, holds: Holds::Template(variables), about }
}

const fn shots(name: &'static str, text: &'static str) -> Entry {
    Entry {
        name,
        text,
        holds: Holds::Shots,
        about: ("shots for --shots: answers as they should be", "少样本示例,供 --shots"),
    }
}

/// A file more is a line more.
#[rustfmt::skip]
static ENTRIES: &[Entry] = &[
    template("ask.zh", include_str!("prompts/ask.zh.md"), &ANSWERING, ("answers a question from passages", "根据资料回答问题")),
    template("ask.en", include_str!("prompts/ask.en.md"), &ANSWERING, ("answers a question from passages", "根据资料回答问题")),
    template("ask-json.zh", include_str!("prompts/ask-json.zh.md"), &ANSWERING, ("the same as JSON, for chat.structured", "同上,以 JSON 作答,供 chat.structured")),
    template("ask-json.en", include_str!("prompts/ask-json.en.md"), &ANSWERING, ("the same as JSON, for chat.structured", "同上,以 JSON 作答,供 chat.structured")),
    template("ask-cot.zh", include_str!("prompts/ask-cot.zh.md"), &ANSWERING, ("the same with steps before the answer, for --cot", "同上,先写步骤再作答,供 --cot")),
    template("ask-cot.en", include_str!("prompts/ask-cot.en.md"), &ANSWERING, ("the same with steps before the answer, for --cot", "同上,先写步骤再作答,供 --cot")),
    template("rewrite.zh", include_str!("prompts/rewrite.zh.md"), &REWRITING, ("makes a follow-up a question of its own", "把追问改写成单独的问题")),
    template("rewrite.en", include_str!("prompts/rewrite.en.md"), &REWRITING, ("makes a follow-up a question of its own", "把追问改写成单独的问题")),
    template("question.zh", include_str!("prompts/question.zh.md"), &ANSWERING, ("drafts a question that a passage answers, for rag eval new", "为段落拟一个问题,供 rag eval new")),
    template("question.en", include_str!("prompts/question.en.md"), &ANSWERING, ("drafts a question that a passage answers, for rag eval new", "为段落拟一个问题,供 rag eval new")),
    template("check.zh", include_str!("prompts/check.zh.md"), &CHECKING, ("says whether a passage supports a sentence, for rag eval checks --by-model", "判断一段资料是否支持一句话,供 rag eval checks --by-model")),
    template("check.en", include_str!("prompts/check.en.md"), &CHECKING, ("says whether a passage supports a sentence, for rag eval checks --by-model", "判断一段资料是否支持一句话,供 rag eval checks --by-model")),
    template("judge.zh", include_str!("prompts/judge.zh.md"), &JUDGING, ("compares two answers, for rag eval judge", "比较两个回答,供 rag eval judge")),
    template("judge.en", include_str!("prompts/judge.en.md"), &JUDGING, ("compares two answers, for rag eval judge", "比较两个回答,供 rag eval judge")),
    shots("shots.zh", include_str!("prompts/shots.zh.jsonl")),
    shots("shots.en", include_str!("prompts/shots.en.jsonl")),
];

impl Entry {
    /// The name of the file that takes its place.
    fn file_name(&self) -> String {
        format!("{}.{}", self.name, if self.holds == Holds::Shots { "jsonl" } else { "md" })
    }
}

/// The built-in prompts and the folder of those that take their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    folder: Option<PathBuf>,
}

/// A prompt as it is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    /// None of a built-in one.
    pub path: Option<PathBuf>,
}

/// A prompt in use, as `rag prompt list` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    pub name: &'static str,
    pub version: Option<u32>,
    /// The first half of blake3 of the text.
    pub hash: String,
    /// The user's own file; `null` where the built-in one is in use.
    pub path: Option<PathBuf>,
    /// Of a template without passages, or of all shots; estimated.
    pub tokens: usize,
    pub purpose_en: &'static str,
    pub purpose_zh: &'static str,
    pub flaws: Vec<Flaw>,
}

/// What is wrong with a prompt.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("does not work: {reason}")]
    Broken { reason: String },
    #[error(
        "takes {tokens} tokens without passages, more than {TEMPLATE_TOKENS_MAX}: split it, one prompt for one job"
    )]
    Long { tokens: usize },
    #[error("goes back to version {own}; the built-in one is at {built_in} by now")]
    Outdated { own: u32, built_in: u32 },
}

impl Flaw {
    pub fn message(&self, lang: Lang) -> String {
        let zh = match self {
            Flaw::Broken { reason } => format!("不能用:{reason}"),
            Flaw::Long { tokens } => {
                format!("不含段落就有 {tokens} 词元,超过 {TEMPLATE_TOKENS_MAX}:拆开,一个提示只做一件事")
            }
            Flaw::Outdated { own, built_in } => format!("出自版本 {own},内置的已是版本 {built_in}"),
        };
        lang.pick(zh, self.to_string())
    }
}

impl Serialize for Flaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Library {
    /// Files in `folder` take the place of the built-in ones of the same name.
    pub fn new(folder: Option<PathBuf>) -> Library {
        Library { folder }
    }

    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The prompt `kind` in `lang`: `ask` and Chinese are `ask.zh`.
    pub fn template(&self, kind: &str, lang: Lang) -> Result<Template> {
        let entry = named(&format!("{kind}.{}", lang.pick("zh", "en")))?;
        let Holds::Template(variables) = entry.holds else { return Err(unknown(entry.name).into()) };
        let Text { text, path } = self.read(entry)?;
        let place = path.map_or(entry.name.to_string(), |path| path.display().to_string());
        let template = Template::parse(entry.name, &text, variables);
        Ok(template.map_err(|reason| AnswerProblem::Template { place, reason })?)
    }

    /// The first `count` shots in `lang`, with their own id. An error where there are fewer.
    pub fn shots(&self, lang: Lang, count: usize) -> Result<(Vec<Shot>, String)> {
        let entry = named(lang.pick("shots.zh", "shots.en"))?;
        let Text { text, path } = self.read(entry)?;
        let place = path.map_or(entry.name.to_string(), |path| path.display().to_string());
        let mut shots = shot::read(&text).map_err(|reason| AnswerProblem::Shots { place: place.clone(), reason })?;
        if shots.len() < count {
            return Err(AnswerProblem::FewShots { place, wanted: count, there: shots.len() }.into());
        }
        shots.truncate(count);
        Ok((shots, format!("{count} {} {}", entry.name, hash(&text))))
    }

    /// All shots in `lang`.
    pub fn all_shots(&self, lang: Lang) -> Result<Vec<Shot>> {
        let Text { text, path } = self.read(named(lang.pick("shots.zh", "shots.en"))?)?;
        let place = path.map_or(lang.pick("shots.zh", "shots.en").into(), |path| path.display().to_string());
        Ok(shot::read(&text).map_err(|reason| AnswerProblem::Shots { place, reason })?)
    }

    /// The prompt of that name as it is in use.
    pub fn text(&self, name: &str) -> Result<Text> {
        self.read(named(name)?)
    }

    /// The built-in prompt of that name.
    pub fn built_in(name: &str) -> Result<&'static str> {
        Ok(named(name)?.text)
    }

    /// Where a file has to be to take the place of the built-in prompt of that name; none without a folder.
    pub fn path(&self, name: &str) -> Result<Option<PathBuf>> {
        let file_name = named(name)?.file_name();
        Ok(self.folder.as_ref().map(|folder| folder.join(file_name)))
    }

    /// Every prompt as it is in use, in the table's order. One that does not work is listed with what is wrong with it.
    pub fn list(&self) -> Result<Vec<Listed>> {
        ENTRIES.iter().map(|entry| Ok(listed(entry, self.read(entry)?))).collect()
    }

    /// Files in the folder that take the place of no prompt, by name: slips of the user's.
    pub fn strangers(&self) -> Result<Vec<PathBuf>> {
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.is_dir()) else { return Ok(Vec::new()) };
        let mut strangers = Vec::new();
        for file in std::fs::read_dir(folder).at("list", folder)? {
            let path = file.at("list", folder)?.path();
            let is_known = |name: &str| ENTRIES.iter().any(|entry| entry.file_name() == name);
            if !path.file_name().and_then(|name| name.to_str()).is_some_and(is_known) {
                strangers.push(path);
            }
        }
        strangers.sort();
        Ok(strangers)
    }

    fn read(&self, entry: &Entry) -> Result<Text> {
        let path = self.folder.as_ref().map(|folder| folder.join(entry.file_name()));
        match path.filter(|path| path.exists()) {
            Some(path) => {
                Ok(Text { text: read_regular_text(&path, SETTINGS_BYTES_MAX).at("read", &path)?, path: Some(path) })
            }
            None => Ok(Text { text: entry.text.into(), path: None }),
        }
    }
}

/// The first half of blake3: two texts with the same hash are the same.
pub fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_string()
}

fn named(name: &str) -> Result<&'static Entry, AnswerProblem> {
    ENTRIES.iter().find(|entry| entry.name == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> AnswerProblem {
    AnswerProblem::NoPrompt { name: name.into(), known: ENTRIES.iter().map(|entry| entry.name).collect() }
}

fn listed(entry: &Entry, Text { text, path }: Text) -> Listed {
    let mut flaws = Vec::new();
    let (version, tokens) = match entry.holds {
        Holds::Shots => {
            flaws.extend(shot::read(&text).err().map(|reason| Flaw::Broken { reason }));
            (None, estimate(&text))
        }
        Holds::Template(variables) => match Template::parse(entry.name, &text, variables) {
            Ok(template) => (template.version(), template.tokens()),
            Err(reason) => {
                flaws.push(Flaw::Broken { reason });
                (None, estimate(&text))
            }
        },
    };
    if entry.holds != Holds::Shots && tokens > TEMPLATE_TOKENS_MAX {
        flaws.push(Flaw::Long { tokens });
    }
    let built_in = Template::version_of(entry.text);
    if let (Some(own), Some(built_in)) = (version, built_in)
        && own < built_in
    {
        flaws.push(Flaw::Outdated { own, built_in });
    }
    let (purpose_en, purpose_zh) = entry.about;
    Listed { name: entry.name, version, hash: hash(&text), path, tokens, purpose_en, purpose_zh, flaws }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_prompt_works_has_a_version_and_does_one_job() {
        for listed in Library::default().list().unwrap() {
            assert!(listed.flaws.is_empty(), "{listed:?}");
            assert_eq!(listed.version.is_some(), !listed.name.starts_with("shots"), "{listed:?}");
            assert!(listed.path.is_none() && listed.tokens > 20, "{listed:?}");
        }
        for entry in ENTRIES {
            assert!(entry.name.ends_with(".zh") || entry.name.ends_with(".en"), "{}", entry.name);
        }
    }

    #[test]
    fn a_file_of_the_same_name_takes_its_place_and_one_of_another_name_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::new(Some(dir.path().into()));
        let before = library.template("ask", Lang::Zh).unwrap().id();
        std::fs::write(dir.path().join("ask.zh.md"), "[system]\n短答。\n[user]\n{{ passages }}\n{{ question }}")
            .unwrap();
        std::fs::write(dir.path().join("aks.zh.md"), "").unwrap();
        let own = library.template("ask", Lang::Zh).unwrap();
        assert_ne!(own.id(), before);
        assert!(own.id().starts_with("ask.zh ") && before.starts_with("ask.zh v"), "{} {before}", own.id());
        assert_eq!(library.strangers().unwrap(), [dir.path().join("aks.zh.md")]);
        assert_eq!(Library::default().template("ask", Lang::Zh).unwrap().id(), before);
    }

    #[test]
    fn flaws_are_told_in_the_list_and_a_broken_file_is_named_by_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::new(Some(dir.path().into()));
        let write = |text: &str| std::fs::write(dir.path().join("ask.zh.md"), text).unwrap();
        let flaws = || library.list().unwrap().swap_remove(0).flaws;
        write("[version] 0\n[system]\n[user]\n{{ passages }}{{ question }}");
        assert!(matches!(flaws()[..], [Flaw::Outdated { own: 0, .. }]));
        write(&format!("[system]\n{}\n[user]\n{{{{ passages }}}}{{{{ question }}}}", "规则。".repeat(500)));
        assert!(matches!(flaws()[..], [Flaw::Long { tokens: 1000.. }]));
        write("[system]\n[user]\n{{ passages }}");
        assert!(matches!(&flaws()[..], [Flaw::Broken { reason }] if reason.contains("question")));
        let error = library.template("ask", Lang::Zh).unwrap_err();
        assert!(error.to_string().contains("ask.zh.md"), "{error}");
    }

    #[test]
    fn an_unknown_name_says_which_there_are() {
        let error = Library::default().text("aks.zh").unwrap_err();
        assert!(error.hint(Lang::En).unwrap().contains("ask.zh"), "{error}");
    }
}
