//! What a run passed over: counted by reason, and named.

use super::walk::shown;
use crate::language::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Paths named of each reason; more are counted only.
const NAMED_MAX: usize = 500;

/// Why something under a source is not indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// By `--exclude`.
    Excluded,
    /// By `.ragignore`, `.ignore`, `.gitignore` or git's own excludes.
    Ignored,
    /// Its name begins with a dot.
    Hidden,
    /// A symbolic link.
    Link,
    /// Of a kind that is not read.
    OtherKind,
    /// A pipe, a socket, a device.
    NoRegularFile,
    TooLarge,
    /// Binary, or in an encoding that cannot be told.
    NotText,
    /// Holds nothing to read.
    Empty,
    /// Says of itself that it is not to be used: `status: unverified`.
    Unverified,
    Unreadable,
}

impl Why {
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Why::Excluded => lang.pick("被 --exclude 排除", "excluded by --exclude"),
            Why::Ignored => lang.pick("被忽略规则跳过", "ignored by .gitignore or .ragignore"),
            Why::Hidden => lang.pick("隐藏文件", "hidden"),
            Why::Link => lang.pick("符号链接", "symbolic links"),
            Why::OtherKind => lang.pick("其他类型", "of other kinds"),
            Why::NoRegularFile => lang.pick("不是普通文件", "no regular files"),
            Why::TooLarge => lang.pick("过大", "too large"),
            Why::NotText => lang.pick("不是文本", "not text"),
            Why::Empty => lang.pick("没有内容", "empty"),
            Why::Unverified => lang.pick("标为未核实", "marked unverified"),
            Why::Unreadable => lang.pick("无法读取", "unreadable"),
        }
    }
}

/// One reason: how many, and which.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Named {
    pub count: usize,
    /// The first of them as shown to the user, a folder with `/` at its end, with the system's words where there are any.
    pub paths: Vec<String>,
}

/// By reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PassedOver(pub BTreeMap<Why, Named>);

impl PassedOver {
    /// `more` stands behind the path: `/` for a folder, or what the system says.
    pub fn add(&mut self, why: Why, path: &Path, more: &str) {
        let named = self.0.entry(why).or_default();
        named.count += 1;
        if named.paths.len() < NAMED_MAX {
            let between = if more.is_empty() || more == "/" { "" } else { ": " };
            named.paths.push(format!("{}{between}{more}", shown(path)));
        }
    }

    pub fn extend(&mut self, other: PassedOver) {
        for (why, named) in other.0 {
            let own = self.0.entry(why).or_default();
            own.count += named.count;
            let room = NAMED_MAX.saturating_sub(own.paths.len());
            own.paths.extend(named.paths.into_iter().take(room));
        }
    }

    pub fn count(&self) -> usize {
        self.0.values().map(|named| named.count).sum()
    }

    pub fn of(&self, why: Why) -> usize {
        self.0.get(&why).map_or(0, |named| named.count)
    }

    /// `其他类型 12(png 8、pdf 4),被忽略规则跳过 3`; empty where nothing was passed over.
    pub fn summary(&self, lang: Lang) -> String {
        let parts = self.0.iter().map(|(why, named)| {
            let kinds = if *why == Why::OtherKind { kinds(&named.paths, lang) } else { String::new() };
            format!("{} {}{kinds}", why.label(lang), named.count)
        });
        parts.collect::<Vec<_>>().join(lang.pick("、", ", "))
    }
}

/// The commonest extensions of what is named.
fn kinds(paths: &[String], lang: Lang) -> String {
    const SHOWN: usize = 5;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in paths {
        let extension = Path::new(path).extension().map(|extension| extension.to_string_lossy().to_lowercase());
        *counts.entry(extension.unwrap_or_else(|| lang.pick("无扩展名", "no extension").into())).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let more = if counts.len() > SHOWN { "…" } else { "" };
    let shown: Vec<String> = counts.iter().take(SHOWN).map(|(kind, count)| format!("{kind} {count}")).collect();
    format!(" ({}{more})", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_is_counted_by_reason_and_named() {
        let mut over = PassedOver::default();
        for path in ["a/x.png", "a/y.png", "a/z.pdf"] {
            over.add(Why::OtherKind, Path::new(path), "");
        }
        over.add(Why::Ignored, Path::new("a/target"), "/");
        over.add(Why::Unreadable, Path::new("a/b"), "permission denied");
        assert_eq!(
            over.summary(Lang::En),
            "ignored by .gitignore or .ragignore 1, of other kinds 3 (png 2, pdf 1), unreadable 1"
        );
        assert_eq!(over.0[&Why::Ignored].paths, ["a/target/"]);
        assert_eq!(over.0[&Why::Unreadable].paths, ["a/b: permission denied"]);
        let mut twice = over.clone();
        twice.extend(over);
        assert_eq!((twice.count(), twice.of(Why::OtherKind)), (10, 6));
    }
}
