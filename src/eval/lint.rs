//! Linting a suite: what would make its numbers worth less.

use super::files::{id, ids, read_lines};
use super::suite::{QUERY_LINE, QueryLine};
use super::{Qrels, Suite};
use crate::document::Document;
use crate::error::{IoContext, Result};
use crate::files::{LIST_BYTES_MAX, SETTINGS_BYTES_MAX, read_regular, read_regular_text};
use crate::language::{Lang, is_han};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Of a query without shared words, the largest share of its pairs of characters that a gold document may have.
const OVERLAP_MAX: f64 = 0.1;
/// Topics of two splits that share more of their pairs of characters are one question asked twice.
const SAME_QUESTION: f64 = 0.6;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub topic: String,
    #[serde(rename = "message")]
    pub flaw: Flaw,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("its id is taken already")]
    DuplicateId,
    #[error("no document is judged for it")]
    Unjudged,
    #[error("{document} is judged, but is no document of the suite")]
    NoDocument { document: String },
    #[error("judged, but no topic")]
    NoTopic,
    #[error("{document} is required, but not relevant")]
    RequiredNotRelevant { document: String },
    #[error("its answer must hold {must:?}, which no required document does")]
    MustNotFound { must: String },
    #[error("shares {shared:?} with title or aliases of {document}")]
    SharesName { document: String, shared: String },
    #[error("{:.0} % of its pairs of characters stand in {document}", share * 100.0)]
    SharesBody { document: String, share: f64 },
    #[error("asks the same as {other} of another split")]
    SameQuestion { other: String },
    #[error("the file has changed since it was frozen")]
    Thawed,
}

impl Flaw {
    pub fn message(&self, lang: Lang) -> String {
        let zh = match self {
            Flaw::DuplicateId => "编号重复".into(),
            Flaw::Unjudged => "没有任何标注".into(),
            Flaw::NoDocument { document } => format!("标注了 {document},但评测集里没有这篇"),
            Flaw::NoTopic => "有标注,却没有这条查询".into(),
            Flaw::RequiredNotRelevant { document } => format!("要求 {document},它却不算相关"),
            Flaw::MustNotFound { must } => format!("答案须含 {must:?},所需文档里却没有"),
            Flaw::SharesName { document, shared } => format!("与 {document} 的标题或别名共有 {shared:?}"),
            Flaw::SharesBody { document, share } => format!("{:.0}% 的二元组见于 {document}", share * 100.0),
            Flaw::SameQuestion { other } => format!("与另一份里的 {other} 是同一个问题"),
            Flaw::Thawed => "文件在冻结之后改动过".into(),
        };
        lang.pick(zh, self.to_string())
    }
}

impl Serialize for Flaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(deserialize_with = "id")]
    qid: String,
    #[serde(default, deserialize_with = "ids")]
    required_docs: Vec<String>,
    #[serde(default)]
    must: Vec<Vec<String>>,
}

/// Looks at the suite of ours in `folder`. `documents` are those of the suite. `on` hears how many of how many topics were
/// compared with all others, which takes longest.
pub fn lint(folder: &Path, documents: &[Document], on: &mut dyn FnMut(usize, usize)) -> Result<Vec<Finding>> {
    let by_id: BTreeMap<&str, &Document> =
        documents.iter().map(|document| (document.id.0.as_str(), document)).collect();
    let file = Suite::file(folder)?;
    let lines = read_lines::<QueryLine>(&folder.join("topics.jsonl"), QUERY_LINE)?;
    let qrels = Qrels::read(&folder.join("qrels.tsv"))?;
    let rel = file.rel.unwrap_or(1);
    let mut findings = Vec::new();
    let mut ids = BTreeSet::new();
    for line in &lines {
        let mut found = |flaw| findings.push(Finding { topic: line._id.clone(), flaw });
        if !ids.insert(line._id.as_str()) {
            found(Flaw::DuplicateId);
        }
        let Some(grades) = qrels.grades(&line._id) else {
            found(Flaw::Unjudged);
            continue;
        };
        let unknown = grades.keys().filter(|document| !by_id.contains_key(document.as_str()));
        unknown.for_each(|document| found(Flaw::NoDocument { document: document.clone() }));
        if file.no_overlap.contains(&line.slice) && !file.known_overlap.contains(&line._id) {
            let gold = grades.iter().filter(|(_, grade)| **grade >= 3).filter_map(|(id, _)| by_id.get(id.as_str()));
            gold.filter_map(|document| overlap(&line.text, document)).for_each(found);
        }
    }
    let unasked = qrels.0.keys().filter(|topic| !ids.contains(topic.as_str()));
    findings.extend(unasked.map(|topic| Finding { topic: topic.clone(), flaw: Flaw::NoTopic }));
    findings.extend(answers(folder, &qrels, rel, &by_id)?);
    let asked: Vec<(&QueryLine, BTreeSet<String>)> = lines.iter().map(|line| (line, pairs(&line.text))).collect();
    for (index, (line, own)) in asked.iter().enumerate() {
        on(index, asked.len());
        let others = asked[index + 1..].iter().filter(|(other, _)| other.split != line.split);
        let same = others.filter(|(_, other)| jaccard(own, other) > SAME_QUESTION);
        findings.extend(same.map(|(other, _)| Finding {
            topic: line._id.clone(),
            flaw: Flaw::SameQuestion { other: other._id.clone() },
        }));
    }
    findings.extend(thawed(folder)?);
    Ok(findings)
}

fn answers(folder: &Path, qrels: &Qrels, rel: i32, documents: &BTreeMap<&str, &Document>) -> Result<Vec<Finding>> {
    let path = folder.join("answers.jsonl");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    for answer in read_lines::<Answer>(&path, "{\"qid\":…,\"must\":…}")? {
        let mut found = |flaw| findings.push(Finding { topic: answer.qid.clone(), flaw });
        let grade = |id: &String| qrels.grades(&answer.qid).and_then(|grades| grades.get(id)).copied().unwrap_or(0);
        let low = answer.required_docs.iter().filter(|id| grade(id) < rel);
        low.for_each(|id| found(Flaw::RequiredNotRelevant { document: id.clone() }));
        let texts: Vec<&str> =
            answer.required_docs.iter().filter_map(|id| documents.get(id.as_str())).map(|d| d.text.as_str()).collect();
        let missing = answer.must.iter().filter(|group| {
            !texts.is_empty() && !group.iter().any(|must| texts.iter().any(|text| text.contains(must.as_str())))
        });
        missing.for_each(|group| found(Flaw::MustNotFound { must: group.join(" / ") }));
    }
    Ok(findings)
}

/// What a paraphrase must not share with the document that answers it.
fn overlap(query: &str, document: &Document) -> Option<Flaw> {
    let id = document.id.0.clone();
    let query = pairs(query);
    let names: String =
        std::iter::once(&document.title).chain(&document.aliases).map(|name| format!("{name}\n")).collect();
    if let Some(shared) = query.intersection(&pairs(&names)).next() {
        return Some(Flaw::SharesName { document: id, shared: shared.clone() });
    }
    let body = pairs(&document.text);
    let share = query.intersection(&body).count() as f64 / query.len().max(1) as f64;
    (share > OVERLAP_MAX).then_some(Flaw::SharesBody { document: id, share })
}

/// Neighbouring Han characters and Latin words, lower case.
fn pairs(text: &str) -> BTreeSet<String> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let han = text.windows(2).filter(|pair| pair.iter().all(|c| is_han(*c))).map(|pair| pair.iter().collect());
    let whole: String = text.iter().collect();
    let words = whole.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 1).map(String::from);
    han.chain(words).collect()
}

fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    let union = a.len() + b.len() - shared;
    if union == 0 { 0.0 } else { shared as f64 / union as f64 }
}

/// Files that no longer have the checksum in `SHA256` (as `sha256sum` writes it).
fn thawed(folder: &Path) -> Result<Vec<Finding>> {
    use sha2::{Digest, Sha256};
    let path = folder.join("SHA256");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let list = read_regular_text(&path, SETTINGS_BYTES_MAX).at("read", &path)?;
    let mut findings = Vec::new();
    for (sum, name) in list.lines().filter_map(|line| line.split_once("  ")) {
        let path = folder.join(name);
        let bytes = read_regular(&path, LIST_BYTES_MAX).at("read", &path)?;
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if found != sum {
            findings.push(Finding { topic: name.into(), flaw: Flaw::Thawed });
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{DocId, Place};

    fn check(query: &str, expect: Option<Flaw>) {
        let document = Document {
            id: DocId("d".into()),
            title: "混合检索".into(),
            aliases: vec!["Hybrid search".into()],
            path: String::new(),
            place: Place::default(),
            source: String::new(),
            properties: Vec::new(),
            text: "两路各取候选,再把名次合并起来。".into(),
        };
        assert_eq!(overlap(query, &document), expect);
    }

    #[test]
    fn a_paraphrase_shares_neither_name_nor_wording() {
        check("两份榜单怎么拼成一份", None);
        let shared = |shared: &str| Some(Flaw::SharesName { document: "d".into(), shared: shared.into() });
        check("怎样混合两份榜单", shared("混合"));
        check("is HYBRID better", shared("hybrid"));
        check("名次合并", Some(Flaw::SharesBody { document: "d".into(), share: 1.0 }));
    }
}
