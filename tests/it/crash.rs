//! A killed indexing run: what served before goes on serving, and the next run finishes the work.

use crate::support::{home, outcome, rag};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const KILLS: u64 = 20;

fn write_documents(dir: &Path, round: u64) {
    for n in 0..12 {
        fs::write(dir.join(format!("{n}.md")), format!("# 文档{n}\n\n第 {round} 轮的第 {n} 篇,讲苹果与香蕉。\n"))
            .unwrap();
    }
}

fn start_indexing(home: &Path, dir: &Path) -> std::process::Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("rag"));
    command.arg("index").arg(dir).env("RAG_HOME", home).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// `kill -9` at twenty moments spread over a whole run; after each, a search serves the old or the new
/// generation.
#[test]
fn killed_at_any_moment_the_index_serves() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    write_documents(dir.path(), 0);
    let begin = Instant::now();
    assert!(start_indexing(home.path(), dir.path()).wait().unwrap().success());
    let whole_run = begin.elapsed().max(Duration::from_millis(200));
    let mut state = 7u64;
    let mut last = 1;
    for round in 1..=KILLS {
        write_documents(dir.path(), round);
        let mut run = start_indexing(home.path(), dir.path());
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let share = (state >> 33) as f64 / (1u64 << 31) as f64;
        std::thread::sleep(whole_run.mul_f64(share * 1.1));
        let _ = run.kill();
        run.wait().unwrap();
        let (code, out, err) = outcome(rag(home.path()).args(["search", "苹果", "--mode", "lexical", "--json"]));
        assert_eq!(code, 0, "after kill {round}: {err}");
        let found: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(found["hits"].as_array().unwrap().len(), 10);
        let generation = found["generation"].as_u64().unwrap();
        assert!(generation == last || generation == last + 1, "{last} → {generation}");
        // All of one generation: no document of another round stands among the hits.
        let round_of = |hit: &serde_json::Value| {
            hit["text"].as_str().unwrap().split("第 ").nth(1).unwrap().split(' ').next().unwrap().to_string()
        };
        let rounds: std::collections::BTreeSet<String> =
            found["hits"].as_array().unwrap().iter().map(round_of).collect();
        assert_eq!(rounds.len(), 1, "{rounds:?}");
        last = generation;
    }
    let (code, _, err) = outcome(rag(home.path()).arg("index").arg(dir.path()));
    assert_eq!(code, 0, "{err}");
    let (_, out, _) = outcome(rag(home.path()).args(["search", "苹果", "--json"]));
    assert!(out.contains(&format!("第 {KILLS} 轮")), "{out}");
    // Nothing of the killed runs is left but the current generation and the one before.
    let generations = fs::read_dir(home.path().join("collections/default/generations")).unwrap().count();
    assert!(generations <= 2, "{generations}");
}
