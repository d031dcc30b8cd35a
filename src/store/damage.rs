//! Damage: what is wrong with a file of an index, whose content its writer knew.

use crate::language::Lang;
use std::path::{Path, PathBuf};

/// Folders of the data folder that hold collections: the user's, and those that evaluations make.
pub const KINDS: [&str; 2] = ["collections", "evals"];
/// The collection that commands take where none is named.
const DEFAULT: &str = "default";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("it is missing")]
    Missing,
    #[error("it has {bytes} bytes instead of {expected}")]
    Length { bytes: u64, expected: u64 },
    #[error("its content does not match its checksum")]
    Checksum,
    #[error("{damaged} of its {all} records do not match their checksums")]
    Records { damaged: usize, all: usize },
    #[error("it names no generation")]
    NoGeneration,
    #[error("it is no row table")]
    NoRowTable,
    #[error("its entry {entry} leads nowhere")]
    Entry { entry: usize },
    #[error("it cannot be read: {reason}")]
    Unreadable { reason: String },
}

impl Damage {
    pub fn zh(&self) -> String {
        match self {
            Damage::Missing => "文件不见了".into(),
            Damage::Length { bytes, expected } => format!("有 {bytes} 字节,应为 {expected}"),
            Damage::Checksum => "内容与校验和不符".into(),
            Damage::Records { damaged, all } => format!("{all} 条记录中有 {damaged} 条与校验和不符"),
            Damage::NoGeneration => "没有写明是第几代".into(),
            Damage::NoRowTable => "不是行表".into(),
            Damage::Entry { entry } => format!("第 {entry} 项没有指向任何内容"),
            Damage::Unreadable { reason } => format!("无法读出:{reason}"),
        }
    }
}

/// What stands in the folder of a collection.
const PARTS: [&str; 6] = ["CURRENT", "generations", "vectors", "sources.json", "passed-over.json", "lock"];

/// The collection that a file belongs to.
struct Owner<'p> {
    kind: &'p str,
    name: &'p str,
    folder: PathBuf,
}

fn owner(path: &Path) -> Option<Owner<'_>> {
    let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap_or_default()).collect();
    let at = parts.windows(3).rposition(|three| KINDS.contains(&three[0]) && PARTS.contains(&three[2]))?;
    Some(Owner { kind: parts[at], name: parts[at + 1], folder: path.iter().take(at + 2).collect() })
}

/// What mends the collection that the file at `path` belongs to.
pub fn remedy(path: &Path, lang: Lang) -> String {
    match owner(path) {
        Some(Owner { kind: "evals", folder, .. }) => lang.pick(
            format!("删去目录 {},评测会重新建立", folder.display()),
            format!("remove the folder {}: the evaluation makes it anew", folder.display()),
        ),
        _ => command(path, "rag index --rebuild"),
    }
}

/// `command`, for the collection that the file at `path` belongs to.
pub fn command(path: &Path, command: &str) -> String {
    match owner(path) {
        Some(Owner { name, .. }) if name != DEFAULT => format!("{command} -c {name}"),
        _ => command.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: &str) {
        assert_eq!(remedy(Path::new(path), Lang::En), expect, "{path}");
    }

    #[test]
    fn what_mends_a_file_names_its_collection() {
        check("/home/collections/default/CURRENT", "rag index --rebuild");
        check("/home/collections/笔记/vectors/x.f32", "rag index --rebuild -c 笔记");
        check("/collections/x/rag/collections/a/generations/3/lexical/b.idx", "rag index --rebuild -c a");
        check("/home/collections/evals/CURRENT", "rag index --rebuild -c evals");
        check("/home/collections/vectors/vectors/x.i8", "rag index --rebuild -c vectors");
        check("/home/evals/s/CURRENT", "remove the folder /home/evals/s: the evaluation makes it anew");
        check("CURRENT", "rag index --rebuild");
    }
}
