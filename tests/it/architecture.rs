//! The arrows of `lib.rs`: which room may use which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Open to every room; they use none.
const NOUNS: [&str; 8] = ["document", "embedding", "ranking", "language", "error", "files", "private", "secret"];

fn arrows() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("main", vec!["cli"]),
        ("cli", vec!["eval", "engine", "config"]),
        ("eval", vec!["engine"]),
        ("engine", vec!["ingest", "search", "answer", "journal", "store", "models", "config", "text"]),
        ("answer", vec!["search", "models", "text"]),
        ("search", vec!["store", "models", "text"]),
        ("ingest", vec!["store", "models", "text"]),
        ("store", vec!["text"]),
        ("models", vec![]),
        ("text", vec![]),
        ("journal", vec![]),
        ("config", vec![]),
        ("lib", vec![]),
    ])
}

/// The rooms named in `crate::…` and `rag::…` paths of a source text, `{…}` groups included.
fn rooms_used(source: &str) -> BTreeSet<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for start in ["crate::", "rag::"] {
        for (at, _) in code.match_indices(start) {
            let rest = &code[at + start.len()..];
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let first =
                |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
            match rest.strip_prefix('{') {
                None => {
                    rooms.insert(first(rest));
                }
                Some(group) => rooms.extend(top_level_parts(group).iter().map(|part| first(part))),
            }
        }
    }
    rooms
}

/// The parts of `a::{b, c}, d}…` at the outer level.
fn top_level_parts(group: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    parts
}

fn sources(dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_arrow_is_in_the_picture() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 40, "the scan found only {} files", files.len());
    let arrows = arrows();
    let known: BTreeSet<&str> = arrows.keys().copied().chain(NOUNS).collect();
    let mut wrong = Vec::new();
    for (path, source) in &files {
        let below = Path::new(path).strip_prefix(&src).unwrap();
        let room = below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_string();
        assert!(known.contains(room.as_str()), "{path} is in no room of the picture");
        for used in rooms_used(source) {
            let is_noun = NOUNS.contains(&used.as_str());
            let allowed = arrows.get(room.as_str()).is_some_and(|to| to.contains(&used.as_str()));
            let noun_uses_room = NOUNS.contains(&room.as_str()) && !is_noun;
            if known.contains(used.as_str()) && used != room && (noun_uses_room || !is_noun && !allowed) {
                wrong.push(format!("{path}: {room} → {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Ways to print that go past the sanitiser of `cli/terminal`.
const PAST_THE_TERMINAL: [&str; 8] =
    ["print!(", "println!(", "dbg!(", "anstream::", "io::stdout", "io::stderr", "with_message(", "set_message("];

#[test]
fn all_that_is_printed_goes_through_the_terminal() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for (path, source) in files.iter().filter(|(path, _)| !path.contains("/cli/terminal/")) {
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|line| !line.contains("with_message(render::visible(") && !line.contains("lang.pick("))
        {
            assert!(!PAST_THE_TERMINAL.iter().any(|way| line.contains(way)), "{path}: {line}");
        }
    }
}

#[test]
fn the_scan_sees_paths_groups_and_nothing_in_comments() {
    let source = "// crate::cli\nuse crate::{store::{A, B}, text};\nfn f() { crate::search::g(); rag::engine::h(); other_crate::x(); }";
    let seen: Vec<String> = rooms_used(source).into_iter().collect();
    assert_eq!(seen, ["engine", "search", "store", "text"]);
}

#[test]
fn lib_rs_draws_the_same_arrows() {
    let lib = include_str!("../../src/lib.rs");
    let drawn: String = lib.lines().filter_map(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join("\n");
    for (room, to) in arrows().into_iter().filter(|(room, to)| !to.is_empty() && *room != "main") {
        let line = format!("{room} → {{ {} }}", to.join(", "));
        assert!(drawn.contains(&line), "lib.rs does not draw: {line}");
    }
}
