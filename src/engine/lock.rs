//! A lock: what answers depend on, written to `rag.lock` beside a project, so that a change of any of it is seen.

use super::{Engine, EngineProblem};
use crate::embedding::ModelId;
use crate::error::{IoContext, Result};
use crate::files::{self, SETTINGS_BYTES_MAX, read_regular_text};
use crate::models::weights::sha256_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub const LOCK_FILE: &str = "rag.lock";
const HEAD: &str = "# What answers depend on here. Written by `rag lock`, compared by every search and question.\n\n";
/// The section whose change makes vectors incomparable.
const EMBEDDER: &str = "embedder";

/// Section → name → value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lock(BTreeMap<String, BTreeMap<String, String>>);

/// What is no longer as it was locked; `None` where there is nothing of the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `embedder.weights`
    pub name: String,
    pub locked: Option<String>,
    pub now: Option<String>,
}

impl Lock {
    /// The `rag.lock` of `folder` or of the nearest folder above it that has one.
    pub fn find(folder: &Path) -> Result<Option<(PathBuf, Lock)>> {
        let Some(path) = folder.ancestors().map(|dir| dir.join(LOCK_FILE)).find(|path| path.is_file()) else {
            return Ok(None);
        };
        let text = read_regular_text(&path, SETTINGS_BYTES_MAX).at("read", &path)?;
        let lock = toml::from_str(&text)
            .map_err(|error| EngineProblem::BadLock { path: path.clone(), reason: error.message().to_string() })?;
        Ok(Some((path, lock)))
    }

    /// A link at `path` is replaced: a checked-out project does not say where else something is written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = toml::to_string(&self.0).expect("strings in tables of tables are TOML");
        files::replace(path, format!("{HEAD}{text}").as_bytes()).at("write", path)
    }

    /// Sections that the other does not know are passed over: not every command asks the chat server.
    pub fn differences(&self, now: &Lock) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (section, locked) in &self.0 {
            let Some(values) = now.0.get(section) else { continue };
            let names = locked.keys().chain(values.keys().filter(|name| !locked.contains_key(*name)));
            for name in names.filter(|name| locked.get(*name) != values.get(*name)) {
                differences.push(Difference {
                    name: format!("{section}.{name}"),
                    locked: locked.get(name).cloned(),
                    now: values.get(name).cloned(),
                });
            }
        }
        differences
    }

    fn put(&mut self, section: &str, values: impl IntoIterator<Item = (&'static str, String)>) {
        let values = values.into_iter().map(|(name, value)| (name.to_string(), value));
        self.0.entry(section.into()).or_default().extend(values);
    }
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What a search depends on: no server is asked.
    Search,
    /// The chat server, too, where it answers.
    Ask,
    /// And the checksum of the chat model's file: seconds.
    Full,
}

impl Engine {
    /// What answers depend on at this moment.
    pub fn lock(&self, depth: Depth) -> Result<Lock> {
        let mut lock = Lock::default();
        let about = self.about()?;
        lock.put(EMBEDDER, embedder(&about.embedder));
        let chunk = self.config().text("index.chunk").to_string();
        lock.put("index", [("analysis", about.analysis.clone()), ("chunk", chunk)]);
        for prompt in self.library().list()?.into_iter().filter(|prompt| prompt.name.starts_with("ask")) {
            lock.put("prompts", [(prompt.name, prompt.hash)]);
        }
        if depth == Depth::Search {
            return Ok(lock);
        }
        let model = self.chat_model()?;
        if let Ok(name) = model.name() {
            let server = model.server().ok().flatten().unwrap_or_default();
            lock.put("chat", [("model", name.unwrap_or_default().to_string()), ("server", server)]);
        }
        if depth == Depth::Full
            && let Ok(path) = self.gguf()
        {
            lock.put("gguf", [("sha256", sha256_of(&path, &mut |_| ())?)]);
        }
        Ok(lock)
    }

    /// What is no longer as `rag.lock` says, if there is one. Another embedder is an error: its vectors mean something else.
    pub fn check_lock(&self, depth: Depth) -> Result<Vec<Difference>> {
        let Some((path, locked)) = Lock::find(&std::env::current_dir().at("read", ".")?)? else {
            return Ok(Vec::new());
        };
        let differences = locked.differences(&self.lock(depth)?);
        refuse_other_embedder(&path, &differences)?;
        Ok(differences)
    }

    /// An error if `embedder` is not the one that is locked.
    pub(super) fn require_locked(&self, id: &ModelId) -> Result<()> {
        let Some((path, locked)) = Lock::find(&std::env::current_dir().at("read", ".")?)? else { return Ok(()) };
        let mut now = Lock::default();
        now.put(EMBEDDER, embedder(id));
        refuse_other_embedder(&path, &locked.differences(&now))
    }
}

fn refuse_other_embedder(path: &Path, differences: &[Difference]) -> Result<()> {
    match differences.iter().find(|difference| difference.name.starts_with(EMBEDDER)) {
        Some(Difference { name, locked, now }) => Err(EngineProblem::Locked {
            path: path.into(),
            name: name.clone(),
            locked: locked.clone().unwrap_or_default(),
            now: now.clone().unwrap_or_default(),
        }
        .into()),
        None => Ok(()),
    }
}

fn embedder(
    ModelId { name, weights, dim, pooling, query_prefix, passage_prefix }: &ModelId,
) -> [(&'static str, String); 6] {
    [
        ("name", name.clone()),
        ("weights", weights.clone()),
        ("dim", dim.to_string()),
        ("pooling", pooling.clone()),
        ("query_prefix", query_prefix.clone()),
        ("passage_prefix", passage_prefix.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(weights: &str, chunk: &str) -> Lock {
        let mut lock = Lock::default();
        lock.put(EMBEDDER, [("weights", weights.to_string())]);
        lock.put("index", [("chunk", chunk.to_string())]);
        lock
    }

    #[test]
    fn a_lock_is_read_back_from_a_folder_below_and_tells_what_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        assert!(Lock::find(&below).unwrap().is_none());
        lock("x", "600").write(&folder.path().join(LOCK_FILE)).unwrap();
        let (_, read) = Lock::find(&below).unwrap().unwrap();
        assert_eq!(read, lock("x", "600"));
        assert_eq!(read.differences(&read), []);
        let changed = Difference { name: "index.chunk".into(), locked: Some("600".into()), now: Some("300".into()) };
        assert_eq!(read.differences(&lock("x", "300")), [changed]);
        assert_eq!(read.differences(&Lock::default()), [], "what was not looked at is no difference");
    }

    #[test]
    fn another_embedder_is_refused_and_a_broken_file_named() {
        let differences = lock("x", "600").differences(&lock("y", "600"));
        let error = refuse_other_embedder(Path::new(LOCK_FILE), &differences).unwrap_err();
        assert!(error.to_string().contains("embedder.weights"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOCK_FILE), "= broken").unwrap();
        let error = Lock::find(folder.path()).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(EngineProblem::BadLock { .. })), "{error}");
    }
}
