use super::*;
use std::fs;

fn names(found: &Walk) -> Vec<&str> {
    found.files.iter().map(|file| file.relative.as_str()).collect()
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn walked(root: &Path) -> Walk {
    walk(root, &root.canonicalize().unwrap(), "s", &[])
}

#[test]
fn gitignored_and_hidden_files_are_left_out_and_others_counted() {
    let dir = tree(&[("b.md", "b"), ("a/c.txt", "c"), ("skip.md", "s"), (".gitignore", "skip.md\n"), ("x.png", "")]);
    let found = walked(dir.path());
    assert_eq!(names(&found), ["a/c.txt", "b.md"]);
    let counts = [Why::Ignored, Why::Hidden, Why::OtherKind].map(|why| found.passed_over.of(why));
    assert_eq!(counts, [1, 1, 1]);
}

#[test]
fn a_deeper_rule_beats_one_above_and_ours_beats_gits() {
    let dir = tree(&[
        (".gitignore", "*.txt\nout/\n"),
        ("a.txt", ""),
        ("notes/.gitignore", "!keep.txt\n"),
        ("notes/keep.txt", ""),
        ("notes/no.txt", ""),
        ("out/o.md", ""),
        ("mine/.ragignore", "!m.txt\n"),
        ("mine/m.txt", ""),
        (".wanted/w.md", ""),
        (".ragignore", "!.wanted\n"),
    ]);
    assert_eq!(names(&walked(dir.path())), [".wanted/w.md", "mine/m.txt", "notes/keep.txt"]);
}

#[test]
fn rules_above_the_root_count_inside_a_repository_only() {
    let dir = tree(&[(".gitignore", "*.txt\n"), ("sub/a.txt", ""), ("sub/b.md", "")]);
    assert_eq!(names(&walked(&dir.path().join("sub"))), ["a.txt", "b.md"]);
    fs::create_dir(dir.path().join(".git")).unwrap();
    assert_eq!(names(&walked(&dir.path().join("sub"))), ["b.md"]);
    // A folder that is asked for is read, whatever is said of it above.
    fs::write(dir.path().join(".gitignore"), "sub/\n").unwrap();
    assert_eq!(names(&walked(&dir.path().join("sub"))), ["a.txt", "b.md"]);
}

#[test]
fn of_a_beir_folder_only_the_corpus_is_read() {
    let dir = tree(&[("corpus.jsonl", ""), ("queries.jsonl", ""), ("answers.jsonl", ""), ("qrels/dev.tsv", "")]);
    assert_eq!(names(&walked(dir.path())), ["corpus.jsonl"]);
}

#[test]
fn a_root_may_be_a_file() {
    let dir = tree(&[("note.md", "x")]);
    let found = walked(&dir.path().join("note.md"));
    assert_eq!(names(&found), ["note.md"]);
    assert!(found.files[0].absolute.ends_with("/note.md"));
}
