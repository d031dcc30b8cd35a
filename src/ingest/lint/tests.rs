use super::*;
use crate::language::Lang;

fn check(files: &[(&str, &str)], queries: &[(&str, &str)], expect: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let queries: Vec<Query> =
        queries.iter().map(|(id, text)| Query { id: id.to_string(), text: text.to_string() }).collect();
    let options = Options { chunk_units: 600, index_code: false, file_bytes_max: 1 << 20 };
    let report = lint(&[dir.path().to_path_buf()], &queries, &options).unwrap();
    let said: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let name = finding.path.file_name().unwrap().to_string_lossy();
            let message = finding.flaw.message(Lang::En).replace(&dir.path().display().to_string(), "DIR");
            let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
            format!("{name}{line} {}: {message}", finding.check)
        })
        .collect();
    assert_eq!(said, expect);
}

#[test]
fn a_sound_folder_has_no_findings() {
    check(&[("a.md", "# 甲\n\n见 [乙](b.md#x) 与 <https://x.example>。\n"), ("b.md", "# 乙\n\n内容。\n")], &[], &[]);
}

#[test]
fn links_ids_aliases_and_encodings_are_checked_anywhere() {
    check(
        &[
            ("a.md", "---\nid: x\naliases: [甲]\n---\n见 [丙](c.md)。\n"),
            ("b.md", "---\nid: x\naliases: [甲]\n---\n锟斤拷\n"),
            ("c.txt", ""),
            ("d.md", "---\naliases: [甲]\n---\n好。\n"),
        ],
        &[],
        &[
            "a.md:5 broken-link: the link to c.md leads nowhere",
            "b.md duplicate-id: its id x is already taken by DIR/a.md",
            "b.md:5 mojibake: holds \"锟斤拷\", a trace of a wrong encoding",
            "c.txt unreadable: holds no text",
            "d.md shared-alias: the alias 甲 is also one of x",
        ],
    );
}

#[test]
fn what_front_matter_promises_is_checked() {
    let text = "---\nid: a\nstatus: verified\nconfusable: [b]\nsources:\n  - {cite: s}\nfacts:\n  - {id: F1, claim: \"占 12%\", must: [\"12%\", \"三成\"], src: 0}\n  - {id: F2, claim: \"x\", src: 7}\n---\n占 12%,共 34 篇。\n";
    check(
        &[("a.md", text)],
        &[],
        &[
            "a.md fact-not-in-text: fact F1 demands \"三成\", which does not stand in the text",
            "a.md fact-without-source: fact F2 names no source",
            "a.md source-without-url: fact F1 is verified by a source without an address",
            "a.md unknown-neighbour: confusable names b, which is no document here",
            "a.md unsourced-number: the number 34 stands in no fact",
        ],
    );
}

#[test]
fn questions_of_an_evaluation_must_not_stand_in_the_text() {
    let files = [("a.md", "有人问:怎样让模型没把握的时候不要硬编?\n")];
    check(
        &files,
        &[("q1", "让模型没把握的时候怎么办"), ("q2", "什么是检索")],
        &["a.md holds-query: holds \"让模型没把握的时\" of the question q1"],
    );
}
