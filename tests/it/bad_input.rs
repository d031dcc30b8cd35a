//! Bad input: what a user reads when something is wrong, word for word.

use crate::scripted_embedder::ScriptedEmbedder;
use crate::support::{home, outcome, rag};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// Runs, expects failure, and returns stderr with the folder's path replaced.
fn complaint(home: &Path, dir: &Path, args: &[&str]) -> String {
    let (code, _, err) = outcome(rag(home).args(args));
    assert_eq!(code, 2, "{err}");
    err.replace(&dir.display().to_string(), "DIR").replace(&home.display().to_string(), "HOME")
}

#[test]
fn no_corpus() {
    let home = home();
    let said = complaint(home.path(), home.path(), &["index"]);
    assert_eq!(said, "error: no folder to index was given and there is no ./corpus\nhint: rag index FOLDER\n");
    let said = complaint(home.path(), home.path(), &["search", "x"]);
    assert_eq!(said, "error: collection default has no index yet\nhint: rag index FOLDER\n");
}

#[test]
fn chinese_questions_get_chinese_errors() {
    let home = home();
    let said = complaint(home.path(), home.path(), &["search", "什么是QLoRA"]);
    assert_eq!(said, "error: 资料库 default 还没有索引\nhint: 先运行 rag index 目录\n");
}

#[test]
fn a_path_that_is_not_there_and_a_folder_with_nothing_to_index() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let root = dir.path().to_str().unwrap();
    let said = complaint(home.path(), dir.path(), &["index", &format!("{root}/none")]);
    assert_eq!(said, "error: DIR/none does not exist\nhint: check the path\n");
    let said = complaint(home.path(), dir.path(), &["index", root]);
    assert_eq!(
        said,
        "error: nothing to index under DIR\nhint: .md, .txt and .jsonl files are indexed; those that .gitignore or .ragignore name are not\n"
    );
}

#[test]
fn files_that_cannot_be_read_are_named_and_the_rest_is_indexed() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("good.md"), "好的。\n").unwrap();
    fs::write(dir.path().join("gbk.txt"), [0xd6, 0xd0, 0xce, 0xc4]).unwrap();
    fs::write(dir.path().join("binary.txt"), [0, 1, 2, 3, 0, 0, 0, 0]).unwrap();
    fs::File::create(dir.path().join("huge.txt")).unwrap().set_len(200 << 20).unwrap();
    fs::write(dir.path().join("bad.jsonl"), "{}\n").unwrap();
    let (code, out, err) = outcome(rag(home.path()).arg("index").arg(dir.path()));
    let err = err.replace(&dir.path().display().to_string(), "DIR");
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("generation 1: 2 added"), "{out}");
    assert!(out.contains("left out: too large 1, not text 1 (rag status -v names them)"), "{out}");
    assert_eq!(
        err,
        "read as GB18030: 1 (DIR/gbk.txt)\n\
         warning: DIR/bad.jsonl: line 1 is not a JSON document with _id and text: it has neither _id nor id that is a text or a number\n\
         warning: DIR/binary.txt: is binary data, not text\n\
         warning: DIR/huge.txt: is 200 MiB, more than the limit of 64 MiB\n\
         hint: one {\"_id\":…,\"title\":…,\"text\":…} a line\n\
         hint: split the file, or raise RAG_FILE_MIB_MAX\n"
    );
}

#[test]
fn a_file_that_becomes_unreadable_keeps_its_place_in_the_index() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let index = || outcome(rag(home.path()).current_dir(dir.path()).args(["index", "notes"]));
    let notes = dir.path().join("notes");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("a.md"), "---\nid: an-id-unlike-its-path\n---\n苹果。\n").unwrap();
    fs::write(notes.join("b.jsonl"), "{\"_id\":\"1\",\"text\":\"香蕉\"}\n{\"_id\":\"2\",\"text\":\"樱桃\"}\n").unwrap();
    assert_eq!(index().0, 0);
    fs::write(notes.join("a.md"), [0, 159, 146, 0, 0, 1, 2]).unwrap();
    fs::write(notes.join("b.jsonl"), "{\"_id\":\"1\",\"text\":\"香蕉\"}\n{\"_id\":\"2\",\"te\n").unwrap();
    assert_eq!(index().0, 0);
    for word in ["苹果", "樱桃"] {
        assert_eq!(outcome(rag(home.path()).args(["search", word, "--mode", "lexical"])).0, 0, "{word}");
    }
}

#[test]
fn an_empty_query_an_unknown_mode_and_a_bad_name() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.md"), "苹果。\n").unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(dir.path())).0, 0);
    let said = complaint(home.path(), dir.path(), &["search", "  "]);
    assert_eq!(said, "error: the query is empty\nhint: for example: rag search \"what is QLoRA\"\n");
    let said = complaint(home.path(), dir.path(), &["search", "x", "--mode", "magic"]);
    assert_eq!(said, "error: \"magic\" is no search mode\nhint: one of hybrid, lexical, dense\n");
    let said = complaint(home.path(), dir.path(), &["search", "x", "-c", "../etc"]);
    assert_eq!(said, "error: \"../etc\" cannot be a collection's name\nhint: use letters, digits, - and _\n");
}

#[test]
fn another_embedder_is_refused_not_mixed_in() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.md"), "苹果。\n").unwrap();
    let other = ScriptedEmbedder::start();
    let mut index = rag(home.path());
    index.env("RAG_EMBED_BASE_URL", other.base_url()).env("RAG_EMBED_MODEL", "some-other-model");
    assert_eq!(outcome(index.arg("index").arg(dir.path())).0, 0);
    let expected = "error: this index was built with some-other-model, but multilingual-e5-small is configured\n\
                    hint: rag index --rebuild, or set index.embedder back\n";
    assert_eq!(complaint(home.path(), dir.path(), &["search", "x"]), expected);
    assert_eq!(complaint(home.path(), dir.path(), &["index", dir.path().to_str().unwrap()]), expected);
    // The lexical leg has nothing to do with vectors.
    assert_eq!(outcome(rag(home.path()).args(["search", "苹果", "--mode", "lexical"])).0, 0);
    let said =
        complaint(home.path(), dir.path(), &["index", "--embedder", "no-such-model", dir.path().to_str().unwrap()]);
    assert_eq!(
        said,
        "error: no embedder is called no-such-model\nhint: one of multilingual-e5-small, embeddinggemma-300m\n"
    );
}

#[test]
fn weights_that_are_not_there_are_named_with_the_command_that_fetches_them() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.md"), "苹果。\n").unwrap();
    let said = complaint(home.path(), dir.path(), &["index", dir.path().to_str().unwrap()]);
    assert!(said.starts_with("error: ") && said.contains("hint: rag models pull multilingual-e5-small"), "{said}");
}

#[test]
fn a_home_that_cannot_be_written() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.md"), "苹果。\n").unwrap();
    // A file where a folder must be fails for every user; root ignores permissions.
    fs::write(home.path().join("collections"), "").unwrap();
    let said = complaint(home.path(), dir.path(), &["index", dir.path().to_str().unwrap()]);
    assert!(said.starts_with("error: cannot create HOME/collections/default/generations: "), "{said}");
    fs::remove_file(home.path().join("collections")).unwrap();
    fs::create_dir(home.path().join("collections")).unwrap();
    fs::set_permissions(home.path().join("collections"), fs::Permissions::from_mode(0o500)).unwrap();
    let (code, _, err) = outcome(rag(home.path()).arg("index").arg(dir.path()));
    let is_root = code == 0;
    assert!(is_root || err.contains("check the permissions of"), "{err}");
}

#[test]
fn a_second_writer_is_told_to_wait() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.md"), "苹果。\n").unwrap();
    assert_eq!(outcome(rag(home.path()).arg("index").arg(dir.path())).0, 0);
    let lock = fs::File::options().write(true).open(home.path().join("collections/default/lock")).unwrap();
    lock.lock().unwrap();
    fs::write(dir.path().join("b.md"), "香蕉。\n").unwrap();
    let said = complaint(home.path(), dir.path(), &["index", dir.path().to_str().unwrap()]);
    assert_eq!(
        said,
        "error: another process is indexing collection default\nhint: wait for it to finish; searching goes on meanwhile\n"
    );
    assert_eq!(outcome(rag(home.path()).args(["search", "苹果"])).0, 0);
}

/// A project that was checked out may name any file as its own.
#[test]
fn a_project_that_names_a_device_a_pipe_or_a_strangers_file_learns_nothing() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let search = |dictionary: &str| {
        fs::write(dir.path().join("rag.toml"), format!("[text]\ndictionary = \"{dictionary}\"\n")).unwrap();
        let mut command = rag(home.path());
        let (code, _, err) =
            outcome(command.current_dir(dir.path()).timeout(Duration::from_secs(20)).args(["search", "x"]));
        assert_eq!(code, 2, "{err}");
        err
    };
    assert!(search("/dev/zero").contains("may not set text.dictionary"));
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(search("pipe").contains("pipe: a named pipe, not a regular file"));
    let words = "zqxword wvutfreq mlkj\n词zqxword 3\n";
    fs::write(home.path().join("words.txt"), words).unwrap();
    let err = search(home.path().join("words.txt").to_str().unwrap());
    assert!(err.contains("may not set text.dictionary") && !err.contains("zqxword"), "{err}");
    fs::write(dir.path().join("words.txt"), words).unwrap();
    let err = search("words.txt");
    assert!(err.contains("line 1") && !["zqxword", "wvutfreq", "mlkj"].iter().any(|word| err.contains(word)), "{err}");
}
