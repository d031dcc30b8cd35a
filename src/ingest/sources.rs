//! The sources of a run: which folders and files are read, and what becomes of the list that the collection keeps.

use super::passed_over::PassedOver;
use super::problem::IngestProblem;
use super::walk::{SourceFile, flaw, path_of, shown, walk};
use crate::error::{IoContext, Result};
use crate::store::{DocumentRecord, Source, is_within};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Documents looked at to tell whether a folder is one that has moved.
const SAMPLE: usize = 32;

/// What a run is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Folders and files, as the user wrote them; none for all sources of the collection.
    pub roots: Vec<PathBuf>,
    /// Lines of a `.gitignore`, for these sources from now on; none leaves those that they have.
    pub exclude: Vec<String>,
    /// Forget the sources that are no longer there, with their documents.
    pub prune: bool,
    /// Begin with nothing; vectors of the same embedder are still reused.
    pub rebuild: bool,
}

/// A source that is not where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub name: String,
    pub root: String,
    /// How many documents of it the collection holds.
    pub documents: usize,
}

/// A source that was found elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub name: String,
    pub from: String,
    pub to: String,
}

/// A source to be read.
#[derive(Debug)]
pub struct Reading {
    pub source: Source,
    /// The root as the user wrote it.
    pub typed: PathBuf,
    /// Set where the collection did not have it.
    pub is_new: bool,
}

/// What a run does.
#[derive(Debug, Default)]
pub struct Plan {
    /// The sources that the collection has from now on, in the order they came.
    pub sources: Vec<Source>,
    pub readings: Vec<Reading>,
    /// Sources that are not there: their documents stay.
    pub missing: Vec<Source>,
    pub moved: Vec<Moved>,
}

/// `known` are the collection's sources. With `everything` all of them are read, whatever is asked for.
pub fn plan(known: &[Source], request: &Request, everything: bool) -> Result<Plan> {
    if let Some((pattern, reason)) = request.exclude.iter().find_map(|pattern| Some((pattern, flaw(pattern)?))) {
        return Err(IngestProblem::BadPattern { pattern: pattern.clone(), reason }.into());
    }
    let is_there = |source: &Source| path_of(&source.root).exists();
    let kept = known.iter().filter(|source| !request.prune || is_there(source)).cloned();
    let mut plan = Plan { sources: kept.collect(), ..Plan::default() };
    let mut asked: Vec<(String, PathBuf)> = Vec::new();
    for root in &request.roots {
        let root_there = absolute(root, known)?;
        if !plan.sources.iter().any(|source| source.root == root_there) && path_of(&root_there).exists() {
            plan.sources.push(Source::at(&root_there, &plan.sources));
        }
        asked.push((root_there, root.clone()));
    }
    let all = everything || asked.is_empty();
    for source in &mut plan.sources {
        let typed = asked.iter().find(|(root, _)| *root == source.root).map(|(_, typed)| typed.clone());
        let is_asked = asked.is_empty() || typed.is_some();
        if is_asked && !request.exclude.is_empty() {
            source.exclude.clone_from(&request.exclude);
        }
        // What lies inside of a folder that is read is brought up to date with it.
        let is_inside = asked.iter().any(|(root, _)| is_within(root, &source.root));
        if !all && !is_inside {
            continue;
        }
        match is_there(source) {
            true => plan.readings.push(Reading {
                typed: typed.unwrap_or_else(|| path_of(&source.root)),
                is_new: !known.iter().any(|known| known.root == source.root),
                source: source.clone(),
            }),
            false => plan.missing.push(source.clone()),
        }
    }
    Ok(plan)
}

/// However it is written, a root is the same root; and the folder we are run in has no links in it either. Of one that
/// is gone, the path alone tells which it was.
fn absolute(root: &Path, known: &[Source]) -> Result<String> {
    let no_such_path = || IngestProblem::NoSuchPath { path: root.to_path_buf() };
    let Ok(meta) = std::fs::metadata(root) else {
        let written = shown(&std::path::absolute(root).at("read", root)?);
        let written = written.trim_end_matches('/');
        return Ok(known.iter().find(|source| source.root == written).ok_or_else(no_such_path)?.root.clone());
    };
    if !meta.is_dir() && !meta.is_file() {
        return Err(IngestProblem::NoRegularFile { path: root.to_path_buf() }.into());
    }
    Ok(shown(&root.canonicalize().at("read", root)?))
}

/// What lies under the roots of a plan.
#[derive(Debug, Default)]
pub struct Walked {
    /// Each once: of a file that lies in two sources, that of the first.
    pub files: Vec<SourceFile>,
    /// By the source's name.
    pub passed_over: BTreeMap<String, PassedOver>,
    /// Absolute paths of folders that could not be read.
    pub unread: Vec<String>,
}

impl Plan {
    /// Looks through every source that is to be read; `on` hears how many files there are so far.
    pub fn walk(&self, on: &mut dyn FnMut(usize)) -> Walked {
        let (mut walked, mut seen) = (Walked::default(), HashSet::new());
        for Reading { source, typed, .. } in &self.readings {
            let walk = walk(typed, &path_of(&source.root), &source.name, &source.exclude);
            walked.passed_over.insert(source.name.clone(), walk.passed_over);
            walked.unread.extend(walk.unread);
            walked.files.extend(walk.files.into_iter().filter(|file| seen.insert(file.absolute.clone())));
            on(walked.files.len());
        }
        walked
    }

    /// Takes new folders for sources that have moved there, whose documents then keep their ids: where at least half of
    /// those looked at are there, unchanged. `hashes` reads the documents of a file, given its path and its path within
    /// the source.
    pub fn recognise(&mut self, documents: &[&DocumentRecord], hashes: &dyn Fn(&Path, &str) -> Vec<String>) {
        for at in 0..self.readings.len() {
            if !self.readings[at].is_new {
                continue;
            }
            let root = self.readings[at].source.root.clone();
            let mut gone = self.sources.iter().filter(|source| !path_of(&source.root).exists());
            let Some(gone) = gone.find(|gone| is_moved(gone, &root, documents, hashes)).cloned() else { continue };
            self.missing.retain(|missing| missing.name != gone.name);
            let exclude = self.readings[at].source.exclude.clone();
            let source = Source { root: root.clone(), exclude: [gone.exclude, exclude].concat(), name: gone.name };
            self.sources.retain(|other| other.root != root);
            for other in self.sources.iter_mut().filter(|other| other.name == source.name) {
                *other = source.clone();
            }
            self.moved.push(Moved { name: source.name.clone(), from: gone.root, to: root });
            self.readings[at].source = source;
        }
    }
}

fn is_moved(
    gone: &Source,
    root: &str,
    documents: &[&DocumentRecord],
    hashes: &dyn Fn(&Path, &str) -> Vec<String>,
) -> bool {
    let own: Vec<&&DocumentRecord> = documents.iter().filter(|record| record.source == gone.name).collect();
    let looked_at: Vec<_> = own.iter().step_by(own.len().div_ceil(SAMPLE).max(1)).collect();
    let moved = Source { root: root.into(), ..gone.clone() };
    let is_there = |record: &DocumentRecord| {
        let path = path_of(&moved.path_of(&record.path));
        path.is_file() && hashes(&path, &record.path).contains(&record.hash)
    };
    let there = looked_at.iter().filter(|record| is_there(record)).count();
    there > 0 && there * 2 >= looked_at.len()
}
