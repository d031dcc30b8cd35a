//! What an indexing run is doing, and what it did.

use super::passed_over::PassedOver;
use super::problem::Skipped;
use super::sources::{Missing, Moved};
use crate::store::Generation;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What an indexing run is doing, for a progress bar.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// Folders are looked through; files found so far.
    Found {
        files: usize,
    },
    /// A file was read; how many of how many.
    Read {
        files: usize,
        total: usize,
        path: &'a Path,
    },
    /// Passages embedded of those that were not known yet; kept for good up to here.
    Embedded {
        done: usize,
        total: usize,
    },
    Publishing,
}

/// What a run did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The generation that now serves; the old one if nothing had changed.
    pub generation: Generation,
    pub published: bool,
    /// Names of the sources that were read.
    pub sources: Vec<String>,
    pub files: usize,
    /// Files of kinds that are not indexed.
    pub other_files: usize,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub deleted: usize,
    pub chunks: usize,
    /// Passages whose vector had to be computed.
    pub embedded: usize,
    /// Documents that say `status: unverified`.
    pub unverified: usize,
    /// Sources that are not there; their documents are still found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// Sources that were recognised in another place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
    /// Sources that were forgotten because they are no longer there, by `--prune`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<String>,
    /// Roots of sources in which nothing was found to index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub barren: Vec<String>,
    /// Files that are not UTF-8: how many were read as what, with the first of each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub decoded: BTreeMap<String, Decoded>,
    /// What was found and left out.
    pub passed_over: PassedOver,
    /// What is wrong with files, and with lines of them.
    pub skipped: Vec<Skipped>,
}

/// Files of one encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Decoded {
    pub files: usize,
    pub first: String,
    /// Characters that could not be told, in all of them.
    #[serde(skip_serializing_if = "is_zero")]
    pub replaced: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}
