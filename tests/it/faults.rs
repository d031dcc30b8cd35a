//! Two hundred random corruptions of a small index: each is told, or changes nothing; a rebuild heals it.

use crate::scripted_embedder::ScriptedEmbedder;
use crate::support::{outcome, rag};
use rag::embedding::Embedding;
use rag::error::{Error, Result};
use rag::ingest::{self, Options, Request};
use rag::language::Lang;
use rag::models::embedder::Embedder;
use rag::store::embedded::EmbeddedStore;
use rag::store::{Filter, LexicalQuery, Snapshot, Store, StoreProblem};
use rag::text::Analyzer;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

/// Another one can be given in `FAULTS_SEED`.
const SEED: u64 = 20_250_607;
const FAULTS: usize = 200;
/// Of these, one in so many is also searched and rebuilt by the real binary.
const CLI_EVERY: usize = 20;
const NOTES: usize = 14;
const NAME: &str = "c";

static ANALYZER: LazyLock<Arc<Analyzer>> = LazyLock::new(|| Arc::new(Analyzer::new(None).unwrap()));

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Truncated,
    Flipped,
    Deleted,
    Swapped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Error,
    NoEffect,
}

fn write_notes(dir: &Path, round: usize) {
    for n in 0..NOTES {
        let round = if n % 5 == 0 { round } else { 0 };
        let text = format!("# 条目{n}\n\n第 {n} 条,alpha{n} beta{} 讲向量检索与量化,轮次 {round}。\n", n % 3);
        fs::write(dir.join(format!("{n:02}.md")), text).unwrap();
    }
    if round > 0 {
        fs::remove_file(dir.join("03.md")).unwrap();
    }
}

/// The library at work on one home.
struct Bench<'e> {
    home: PathBuf,
    embedder: &'e dyn Embedder,
    query: Embedding,
}

/// What a search shows: ids, scores to the bit, texts.
type Shown = Vec<(String, u32, String)>;

impl Bench<'_> {
    fn store(&self) -> EmbeddedStore {
        EmbeddedStore::new(&self.home.join("collections"), NAME, ANALYZER.clone(), usize::MAX).unwrap()
    }

    fn index(&self, roots: Vec<PathBuf>, rebuild: bool) -> Result<()> {
        let options = Options { chunk_units: 600, index_code: true, file_bytes_max: 1 << 20 };
        let request = Request { roots, rebuild, ..Request::default() };
        ingest::index(&request, &self.store(), self.embedder, &options, &AtomicBool::new(false), &mut |_| ())?;
        Ok(())
    }

    fn search(&self) -> Result<Shown> {
        let snapshot = self.store().snapshot()?;
        let (filter, mut shown) = (Filter::default(), Shown::new());
        let words = ["alpha1", "beta2", "向量", "量化"].map(|word| (word.to_string(), 1.0)).to_vec();
        let query = LexicalQuery { words, pairs: vec![("检索".into(), 1.0)] };
        for ranking in [snapshot.lexical(&query, &filter, 20)?, snapshot.dense(&self.query, &filter, 20)?] {
            shown.extend(texts(snapshot.as_ref(), ranking.iter().map(|found| (found.chunk.clone(), found.score)))?);
        }
        Ok(shown)
    }
}

fn texts(snapshot: &dyn Snapshot, found: impl Iterator<Item = (rag::document::ChunkId, f32)>) -> Result<Shown> {
    let (ids, scores): (Vec<_>, Vec<f32>) = found.unzip();
    let passages = snapshot.fetch(&ids)?;
    Ok(ids.iter().zip(scores).zip(passages).map(|((id, score), p)| (id.to_string(), score.to_bits(), p.text)).collect())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

/// Does one thing to one file, or to two; says what.
fn corrupt(home: &Path, random: &mut fastrand::Rng) -> (Kind, String) {
    let mut all = Vec::new();
    files(&home.join("collections"), &mut all);
    let path = all[random.usize(..all.len())].clone();
    let short = |path: &Path| path.strip_prefix(home).unwrap().display().to_string();
    let mut bytes = fs::read(&path).unwrap();
    match random.u8(..8) {
        0..2 if !bytes.is_empty() => {
            bytes.truncate(random.usize(..bytes.len()));
            fs::write(&path, &bytes).unwrap();
            (Kind::Truncated, format!("{} to {}", short(&path), bytes.len()))
        }
        2..5 if !bytes.is_empty() => {
            let (at, bit) = (random.usize(..bytes.len()), 1 << random.u8(..8));
            bytes[at] ^= bit;
            fs::write(&path, bytes).unwrap();
            (Kind::Flipped, format!("{} at {at} by {bit}", short(&path)))
        }
        5..7 => {
            fs::remove_file(&path).unwrap();
            (Kind::Deleted, short(&path))
        }
        _ => {
            let other = all[random.usize(..all.len())].clone();
            let (one, two) = (fs::read(&path).unwrap(), fs::read(&other).unwrap());
            fs::write(&path, two).unwrap();
            fs::write(&other, one).unwrap();
            (Kind::Swapped, format!("{} with {}", short(&path), short(&other)))
        }
    }
}

/// Damage that is told as damage, with what to type.
fn require_told(error: &Error, what: &str) {
    let problem = error.downcast_ref::<StoreProblem>().unwrap_or_else(|| panic!("{what}: {error:?}"));
    assert!(problem.is_damage(), "{what}: {error:?}");
    for lang in [Lang::En, Lang::Zh] {
        assert_eq!(error.hint(lang).as_deref(), Some("rag index --rebuild -c c"), "{what}");
    }
}

#[test]
fn two_hundred_corruptions_are_told_or_change_nothing_and_a_rebuild_heals_each() {
    let server = ScriptedEmbedder::start();
    let embedder = server.connect();
    let (golden, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let query = embedder.embed_query("向量检索 beta1").unwrap();
    let bench = |home: &Path| Bench { home: home.into(), embedder: &embedder, query: query.clone() };
    for round in 0..2 {
        write_notes(notes.path(), round);
        bench(golden.path()).index(vec![notes.path().into()], false).unwrap();
    }
    let expect = bench(golden.path()).search().unwrap();
    assert!(expect.len() > NOTES);
    let cli = Cli { url: server.base_url() };
    let cli_expect = cli.search(golden.path());
    let seed = std::env::var("FAULTS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut counts: BTreeMap<(Kind, Told), usize> = BTreeMap::new();
    let mut by_cli: BTreeMap<Told, usize> = BTreeMap::new();
    for number in 0..FAULTS {
        let home = tempfile::tempdir().unwrap();
        copy(golden.path(), home.path());
        let (kind, what) = corrupt(home.path(), &mut random);
        let what = format!("{number}: {kind:?} {what}");
        if number % CLI_EVERY == 0 {
            *by_cli.entry(cli.check(home.path(), &cli_expect, &what)).or_default() += 1;
            continue;
        }
        let bench = bench(home.path());
        let told = catch_unwind(AssertUnwindSafe(|| check(&bench, &expect, &what)));
        *counts.entry((kind, told.unwrap_or_else(|_| panic!("{what}: a panic")))).or_default() += 1;
    }
    println!("library: {counts:?}; command line: {by_cli:?}");
    assert!(counts.values().sum::<usize>() + by_cli.values().sum::<usize>() == FAULTS);
}

fn check(bench: &Bench<'_>, expect: &Shown, what: &str) -> Told {
    let told = match bench.search() {
        Ok(shown) => {
            assert_eq!(shown, *expect, "{what}: another result in silence");
            Told::NoEffect
        }
        Err(error) => {
            require_told(&error, what);
            assert!(!bench.store().examine().problems.is_empty(), "{what}: not found by a deep look");
            Told::Error
        }
    };
    // An ordinary run neither hides the damage nor spreads it.
    if let Err(error) = bench.index(Vec::new(), false) {
        require_told(&error, what);
    }
    match bench.search() {
        Ok(shown) => assert_eq!(shown, *expect, "{what}: another result after rag index"),
        Err(error) => require_told(&error, what),
    }
    bench.index(Vec::new(), true).unwrap_or_else(|error| panic!("{what}: not rebuilt: {error:?}"));
    assert_eq!(bench.search().unwrap(), *expect, "{what}: not healed");
    let left = bench.store().examine().problems;
    assert!(left.is_empty(), "{what}: {left:?}");
    told
}

/// The real binary at work on one home.
struct Cli {
    url: String,
}

impl Cli {
    fn run(&self, home: &Path, args: &[&str]) -> (i32, String, String) {
        let mut command = rag(home);
        command.env("RAG_EMBED_BASE_URL", &self.url).env("RAG_EMBED_MODEL", "scripted").env("RAG_JOURNAL", "false");
        outcome(command.args(args).args(["-c", NAME]))
    }

    /// By each mode: exit code, hits, and what is said.
    fn search(&self, home: &Path) -> Vec<(i32, serde_json::Value, String)> {
        let modes = ["lexical", "dense", "hybrid"].into_iter();
        let run = |mode| self.run(home, &["search", "量化 beta1", "--mode", mode, "--json"]);
        let hits = |out: &str| {
            serde_json::from_str(out).map_or(serde_json::Value::Null, |v: serde_json::Value| v["hits"].clone())
        };
        modes.map(run).map(|(code, out, err)| (code, hits(&out), err)).collect()
    }

    fn check(&self, home: &Path, expect: &[(i32, serde_json::Value, String)], what: &str) -> Told {
        let found = self.search(home);
        let mut told = Told::NoEffect;
        for ((code, hits, err), (_, expected, _)) in found.iter().zip(expect) {
            if *code == 2 {
                assert!(err.contains("error: ") && err.contains("hint: rag index --rebuild -c c"), "{what}: {err}");
                told = Told::Error;
            } else {
                assert_eq!((*code, hits), (0, expected), "{what}: {err}");
            }
        }
        let (code, out, err) = self.run(home, &["doctor", "--deep"]);
        assert!(code == 1 && (told == Told::NoEffect || out.contains("!! files")), "{what}: {out}{err}");
        let (code, _, err) = self.run(home, &["index", "--rebuild"]);
        assert_eq!(code, 0, "{what}: {err}");
        for ((code, hits, err), (_, expected, _)) in self.search(home).iter().zip(expect) {
            assert_eq!((*code, hits), (0, expected), "{what}: not healed: {err}");
        }
        told
    }
}
