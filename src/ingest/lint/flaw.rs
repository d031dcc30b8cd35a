//! A flaw: one thing that is wrong with a document.

use super::super::problem::SkipReason;
use super::Linted;
use crate::language::Lang;
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// A flaw with its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub path: PathBuf,
    /// Counted from 1; `null` where the whole file is meant.
    pub line: Option<u32>,
    /// The kind of flaw, in one word.
    pub check: &'static str,
    #[serde(rename = "message")]
    pub flaw: Flaw,
}

impl Finding {
    pub(super) fn new(path: &Path, flaw: Flaw) -> Finding {
        Finding { path: path.into(), line: None, check: flaw.check(), flaw }
    }

    /// `at` is a byte of the document's text.
    pub(super) fn at(document: &Linted, at: usize, flaw: Flaw) -> Finding {
        let source = &document.source;
        let below = if source.one_line { 0 } else { source.document.text[..at].matches('\n').count() as u32 };
        Finding { line: Some(source.first_line + below), ..Finding::new(&document.path, flaw) }
    }
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("{0}")]
    Unreadable(SkipReason),
    #[error("its id {id} is already taken by {first}")]
    DuplicateId { id: String, first: String },
    #[error("the alias {alias} is also one of {other}")]
    SharedAlias { alias: String, other: String },
    #[error("the link to {target} leads nowhere")]
    BrokenLink { target: String },
    #[error("confusable names {id}, which is no document here")]
    UnknownNeighbour { id: String },
    #[error("holds {sample:?}, a trace of a wrong encoding")]
    Mojibake { sample: String },
    #[error("the number {number} stands in no fact")]
    UnsourcedNumber { number: String },
    #[error("fact {fact} names no source")]
    FactWithoutSource { fact: String },
    #[error("fact {fact} is verified by a source without an address")]
    SourceWithoutUrl { fact: String },
    #[error("fact {fact} demands {must:?}, which does not stand in the text")]
    FactNotInText { fact: String, must: String },
    #[error("is nearly the same as {other} ({:.0} % of its five-character runs)", share * 100.0)]
    NearDuplicate { other: String, share: f64 },
    #[error("holds {run:?} of the question {query}")]
    HoldsQuery { query: String, run: String },
}

impl Flaw {
    fn check(&self) -> &'static str {
        match self {
            Flaw::Unreadable(_) => "unreadable",
            Flaw::DuplicateId { .. } => "duplicate-id",
            Flaw::SharedAlias { .. } => "shared-alias",
            Flaw::BrokenLink { .. } => "broken-link",
            Flaw::UnknownNeighbour { .. } => "unknown-neighbour",
            Flaw::Mojibake { .. } => "mojibake",
            Flaw::UnsourcedNumber { .. } => "unsourced-number",
            Flaw::FactWithoutSource { .. } => "fact-without-source",
            Flaw::SourceWithoutUrl { .. } => "source-without-url",
            Flaw::FactNotInText { .. } => "fact-not-in-text",
            Flaw::NearDuplicate { .. } => "near-duplicate",
            Flaw::HoldsQuery { .. } => "holds-query",
        }
    }

    pub fn message(&self, lang: Lang) -> String {
        lang.pick(self.zh(), self.to_string())
    }

    fn zh(&self) -> String {
        match self {
            Flaw::Unreadable(reason) => reason.zh(),
            Flaw::DuplicateId { id, first } => format!("id {id} 已被 {first} 使用"),
            Flaw::SharedAlias { alias, other } => format!("别名 {alias} 与 {other} 重复"),
            Flaw::BrokenLink { target } => format!("链接 {target} 没有对应的文件"),
            Flaw::UnknownNeighbour { id } => format!("confusable 里的 {id} 不是这里的文档"),
            Flaw::Mojibake { sample } => format!("有乱码 {sample:?},像是编码弄错了"),
            Flaw::UnsourcedNumber { number } => format!("数字 {number} 不在任何 fact 里"),
            Flaw::FactWithoutSource { fact } => format!("fact {fact} 没有来源"),
            Flaw::SourceWithoutUrl { fact } => format!("fact {fact} 标为已核实,来源却没有网址"),
            Flaw::FactNotInText { fact, must } => format!("fact {fact} 要求的 {must:?} 不在正文里"),
            Flaw::NearDuplicate { other, share } => format!("与 {other} 几乎相同(五字串重合 {:.0}%)", share * 100.0),
            Flaw::HoldsQuery { query, run } => format!("含有评测查询 {query} 的原文 {run:?}"),
        }
    }
}

impl Serialize for Flaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
