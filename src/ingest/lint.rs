//! Linting a folder: what is wrong with its documents, before a reader or an evaluation finds out.
//!
//! Every document is looked at for damage, broken links and shared names; what its front matter promises (facts with
//! sources, confusable neighbours) is checked where there is any.

mod duplicate;
mod facts;
mod flaw;

pub use flaw::{Finding, Flaw};

use super::passed_over::Why;
use super::problem::SkipReason;
use super::{Options, extract};
use crate::document::Document;
use crate::error::Result;
use crate::language::is_han;
use crate::text::letters;
use extract::Source;
use pulldown_cmark::{Event, Parser, Tag};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A run of so many characters of a question is no chance.
const QUERY_RUN: usize = 8;
/// Of them, so many Han characters: names and numbers are shared rightly.
const QUERY_RUN_HAN: usize = 6;

/// A question of an evaluation, which the corpus must not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub id: String,
    pub text: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Debug)]
pub struct Report {
    pub documents: usize,
    /// By file, then line.
    pub findings: Vec<Finding>,
}

/// A document with its front matter as a linter reads it.
struct Linted {
    path: PathBuf,
    source: Source,
    matter: facts::Matter,
}

/// Looks at everything under `roots`; nothing is changed. Documents that are not indexed (`status: unverified`) count
/// as link targets, but are not looked at.
pub fn lint(roots: &[PathBuf], queries: &[Query], options: &Options) -> Result<Report> {
    let (files, passed_over) = super::files(roots)?;
    let unreadable = passed_over.0.get(&Why::Unreadable).map(|named| named.paths.as_slice()).unwrap_or_default();
    let unreadable = unreadable.iter().map(|path| {
        let (path, reason) = path.split_once(": ").unwrap_or((path, ""));
        Finding::new(Path::new(path), Flaw::Unreadable(SkipReason::Unreadable(reason.into())))
    });
    let mut findings: Vec<Finding> = unreadable.collect();
    let mut documents = Vec::new();
    for file in &files {
        match extract::parse(file, options) {
            Err(reason) => findings.push(Finding::new(&file.path, Flaw::Unreadable(reason))),
            Ok(parsed) => {
                let unreadable =
                    |skipped: super::Skipped| Finding::new(&skipped.path, Flaw::Unreadable(skipped.reason));
                findings.extend(parsed.skipped.into_iter().map(unreadable));
                let matter = facts::Matter::of(file);
                documents.extend(parsed.documents.into_iter().map(|source| Linted {
                    path: file.path.clone(),
                    source,
                    matter: matter.clone(),
                }));
            }
        }
    }
    findings.extend(names(&documents));
    let ids: BTreeSet<&str> = documents.iter().map(|document| document.source.document.id.0.as_str()).collect();
    let names: String = documents.iter().map(|document| names_of(document) + "\n").collect();
    for document in &documents {
        findings.extend(links(document));
        findings.extend(damage(document));
        findings.extend(facts::check(document, &ids));
        findings.extend(questions(document, queries, &names));
    }
    findings.extend(duplicate::near_duplicates(&documents));
    findings.sort_by(|a, b| (&a.path, a.line, &a.check).cmp(&(&b.path, b.line, &b.check)));
    Ok(Report { documents: documents.len(), findings })
}

/// Ids are one document's; so are names, unless each of the documents says that it may be confused with the other.
fn names(documents: &[Linted]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut owner: BTreeMap<&str, &Linted> = BTreeMap::new();
    let mut named: BTreeMap<String, &Linted> = BTreeMap::new();
    for document in documents {
        let id = document.source.document.id.0.as_str();
        if let Some(first) = owner.insert(id, document) {
            let first = first.path.display().to_string();
            findings.push(Finding::new(&document.path, Flaw::DuplicateId { id: id.into(), first }));
        }
        for alias in &document.source.document.aliases {
            let Some(other) = named.insert(alias.to_lowercase(), document) else { continue };
            let other_id = &other.source.document.id.0;
            if other_id != id && !document.matter.shared.contains(alias) {
                let flaw = Flaw::SharedAlias { alias: alias.clone(), other: other_id.clone() };
                findings.push(Finding::new(&document.path, flaw));
            }
        }
    }
    findings
}

/// Links to files beside the document must lead somewhere.
fn links(document: &Linted) -> Vec<Finding> {
    let dir = document.path.parent().unwrap_or(Path::new("."));
    let is_markdown = document.path.extension().is_some_and(|extension| extension == "md");
    let text = if is_markdown { document.source.document.text.as_str() } else { "" };
    let broken = Parser::new(text).into_offset_iter().filter_map(|(event, range)| match event {
        Event::Start(Tag::Link { dest_url, .. }) => {
            let target = dest_url.split(['#', '?']).next().unwrap_or("").to_string();
            let elsewhere = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            (!elsewhere && !dir.join(&target).exists()).then_some((target, range.start))
        }
        _ => None,
    });
    broken.map(|(target, at)| Finding::at(document, at, Flaw::BrokenLink { target })).collect()
}

/// Traces of a wrong encoding.
fn damage(document: &Linted) -> Option<Finding> {
    let text = &document.source.document.text;
    // What UTF-8 becomes that was read as GBK, as Latin-1, or as something that it is not.
    let signs = ["\u{FFFD}", "锟斤拷", "烫烫烫", "屯屯屯", "â€", "Ã©", "ï»¿", "ä¸", "çš„"];
    let (at, sign) = signs.iter().filter_map(|sign| Some((text.find(sign)?, *sign))).min()?;
    Some(Finding::at(document, at, Flaw::Mojibake { sample: sign.into() }))
}

/// A question that stands in a document finds it by that, and proves nothing. A name that both have is no sign of it.
fn questions(document: &Linted, queries: &[Query], names: &str) -> Vec<Finding> {
    let body: String = letters(&document.source.prose()).into_iter().collect();
    let mut findings = Vec::new();
    for query in queries {
        let text = letters(&query.text);
        let telling = |run: &&[char]| run.iter().filter(|c| is_han(**c)).count() >= QUERY_RUN_HAN;
        let mut runs = text.windows(QUERY_RUN).filter(telling).map(|run| run.iter().collect::<String>());
        if let Some(run) = runs.find(|run| body.contains(run.as_str()) && !names.contains(run.as_str())) {
            findings.push(Finding::new(&document.path, Flaw::HoldsQuery { query: query.id.clone(), run }));
        }
    }
    findings
}

/// Title and aliases, letters only, one a line.
fn names_of(document: &Linted) -> String {
    let Document { title, aliases, .. } = &document.source.document;
    let names = std::iter::once(title).chain(aliases).map(|name| letters(name).into_iter().collect::<String>());
    names.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
