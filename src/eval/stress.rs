//! The stress suite: small cases of what breaks in other engines, each with its own few documents or among those of a
//! folder.

use super::EvalProblem;
use super::bench::Progress;
use super::files::{read_lines, read_toml};
use crate::engine::{Engine, IndexRequest, Mode, System};
use crate::error::{Error, Io, IoContext, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Hits looked at for what must be absent: more than a case has documents.
const LIMIT: usize = 50;

/// A line of `cases.jsonl`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    pub class: String,
    pub query: String,
    /// Its own; none where it is asked `among` others.
    #[serde(default)]
    documents: Vec<CaseDocument>,
    /// A folder, as seen from the suite's, whose files are searched: what is rare is so among many only.
    among: Option<PathBuf>,
    /// Must be ranked first.
    first: String,
    /// A lexical search must not return these at all.
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default = "both")]
    modes: Vec<String>,
    /// What breaks here elsewhere.
    pub why: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseDocument {
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

fn both() -> Vec<String> {
    vec!["lexical".into(), "hybrid".into()]
}

/// What became of a case in one mode.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    pub id: String,
    pub class: String,
    pub mode: String,
    pub passed: bool,
    pub query: String,
    pub first: String,
    /// Documents in the order they were ranked.
    pub ranked: Vec<String>,
    pub why: String,
}

/// How many cases of a class passed, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub passed: usize,
    pub cases: usize,
}

/// Reads `cases.jsonl` in `folder`. An error where a case has no documents, or both kinds.
pub fn read_cases(folder: &Path) -> Result<Vec<Case>> {
    let path = folder.join("cases.jsonl");
    let mut cases: Vec<Case> = read_lines(&path, "a case")?;
    for case in &mut cases {
        if case.documents.is_empty() == case.among.is_none() {
            let reason = format!("{} has either `documents` or `among`", case.id);
            return Err(EvalProblem::BadSuite { path, reason }.into());
        }
        case.among = case.among.take().map(|among| folder.join(among));
    }
    Ok(cases)
}

/// Indexes the documents of every case by themselves, a folder once for all that are asked among its files, and asks the
/// case's query.
pub fn stress(cases: &[Case], engine: &Engine, on: &mut dyn FnMut(Progress<'_>)) -> Result<Vec<Verdict>> {
    let dir = tempfile::tempdir().at("create", std::env::temp_dir())?;
    let path = dir.path().join("case.jsonl");
    let base = engine.aside("stress");
    let queries: Vec<&str> = cases.iter().map(|case| case.query.as_str()).collect();
    base.embed_queries(&queries, &mut |done, total| on(Progress::Embedded { done, total }))?;
    let mut folders: BTreeMap<&Path, Engine> = BTreeMap::new();
    let mut verdicts = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let own;
        let engine = match &case.among {
            Some(folder) => match folders.entry(folder) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(over(folder, &base)?),
            },
            None => {
                write_documents(case, &path)?;
                own = base.aside("stress");
                let request = IndexRequest { rebuild: true, prune: true, ..of(&path) };
                own.index(request, &AtomicBool::new(false), &mut |_| ())?;
                &own
            }
        };
        for mode in &case.modes {
            verdicts.push(judge(case, mode, engine)?);
        }
        on(Progress::Searched { system: "stress", done: index + 1, total: cases.len() });
    }
    Ok(verdicts)
}

/// The engine over the files of `folder`, which are kept indexed for the next run.
fn over(folder: &Path, base: &Engine) -> Result<Engine> {
    let folder = folder.canonicalize().at("read", folder)?;
    // Settings that index otherwise have an index of their own.
    let key = blake3::hash(format!("{} {}", folder.display(), base.indexing_key()).as_bytes()).to_hex();
    let engine = base.aside(&format!("stress-{}", &key[..16]));
    engine.index(of(&folder), &AtomicBool::new(false), &mut |_| ())?;
    Ok(engine)
}

fn of(path: &Path) -> IndexRequest {
    IndexRequest { roots: vec![path.to_path_buf()], ..IndexRequest::default() }
}

fn write_documents(case: &Case, path: &Path) -> Result<()> {
    let broken = |source| -> Error { Io { action: "write", path: path.into(), source }.into() };
    let mut file = std::fs::File::create(path).at("create", path)?;
    for CaseDocument { id, title, text } in &case.documents {
        let line = serde_json::json!({ "_id": id, "title": title, "text": text });
        writeln!(file, "{line}").map_err(broken)?;
    }
    Ok(())
}

fn judge(case: &Case, mode: &str, engine: &Engine) -> Result<Verdict> {
    let searched: System = mode.parse()?;
    let ranking = engine.rank(&case.query, searched, LIMIT)?;
    let mut ranked: Vec<String> = Vec::new();
    for candidate in ranking.into_candidates() {
        if !ranked.contains(&candidate.chunk.doc.0) {
            ranked.push(candidate.chunk.doc.0);
        }
    }
    let is_clean = searched.mode != Mode::Lexical || case.absent.iter().all(|id| !ranked.contains(id));
    Ok(Verdict {
        id: case.id.clone(),
        class: case.class.clone(),
        mode: mode.into(),
        passed: ranked.first() == Some(&case.first) && is_clean,
        query: case.query.clone(),
        first: case.first.clone(),
        ranked,
        why: case.why.clone(),
    })
}

/// Passed cases by class, then mode.
pub fn tally(verdicts: &[Verdict]) -> BTreeMap<String, BTreeMap<String, Tally>> {
    let mut tallies: BTreeMap<String, BTreeMap<String, Tally>> = BTreeMap::new();
    for verdict in verdicts {
        let tally = tallies.entry(verdict.class.clone()).or_default().entry(verdict.mode.clone()).or_default();
        tally.cases += 1;
        tally.passed += usize::from(verdict.passed);
    }
    tallies
}

/// What `expected.toml` in `folder` says must pass: class → mode → cases. Empty where there is no such file.
pub fn expected(folder: &Path) -> Result<BTreeMap<String, BTreeMap<String, usize>>> {
    let path = folder.join("expected.toml");
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    read_toml(&path)
}
