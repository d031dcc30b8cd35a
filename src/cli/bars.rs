//! Bars: what long work is doing, how far it is, and how long it will take.

use super::render;
use crate::engine::IndexProgress;
use crate::eval::Progress;
use crate::language::Lang;
use indicatif::ProgressBar;

/// One bar at a time, a new one for each kind of work; on stderr, and only on a terminal.
pub struct Bars {
    lang: Lang,
    shown: Option<(String, ProgressBar)>,
}

/// How far a kind of work is: of how many, where that is known.
type Extent = (u64, Option<u64>);

impl Bars {
    pub fn new(lang: Lang) -> Bars {
        Bars { lang, shown: None }
    }

    /// `row` tells what it is done for, where there are several; it may be empty.
    pub fn show(&mut self, row: &str, progress: Progress<'_>) {
        let (work, extent) = told(progress, self.lang);
        self.draw(format!("{row} {work}").trim(), extent);
    }

    /// As [`Bars::show`], of an indexing run by itself.
    pub fn index(&mut self, progress: IndexProgress<'_>) {
        self.show("", Progress::Indexing(progress));
    }

    /// As [`Bars::show`], of other work: `done` of `total`.
    pub fn count(&mut self, work: &str, done: usize, total: usize) {
        self.draw(work, (done as u64, Some(total as u64)));
    }

    fn draw(&mut self, message: &str, (done, total): Extent) {
        if self.shown.as_ref().is_none_or(|(shown, _)| shown != message) {
            self.clear();
            let bar = match total {
                Some(total) => render::bar(total, false),
                None => render::spinner(),
            };
            self.shown = Some((message.into(), bar.with_message(render::visible(message))));
        }
        if let Some((_, bar)) = &self.shown {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
    }

    pub fn clear(&mut self) {
        if let Some((_, bar)) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}

fn told(progress: Progress<'_>, lang: Lang) -> (&str, Extent) {
    let of = |done: usize, total: usize| (done as u64, Some(total as u64));
    match progress {
        Progress::Indexing(IndexProgress::Found { files }) => {
            (lang.pick("查找文件", "finding files"), (files as u64, None))
        }
        Progress::Indexing(IndexProgress::Read { files, total, .. }) => {
            (lang.pick("读取文件", "reading files"), of(files, total))
        }
        Progress::Indexing(IndexProgress::Embedded { done, total }) => {
            (lang.pick("向量化", "embedding"), of(done, total))
        }
        Progress::Indexing(IndexProgress::Publishing) => (lang.pick("写入索引", "writing the index"), (0, None)),
        Progress::Documents => (lang.pick("读取文档", "reading documents"), (0, None)),
        Progress::WarmingUp => (lang.pick("预热模型", "warming up the model"), (0, None)),
        Progress::Embedded { done, total } => (lang.pick("查询向量", "query vectors"), of(done, total)),
        Progress::Searched { system, done, total } => (system, of(done, total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_says_what_it_is_and_how_far_as_far_as_that_is_known() {
        let check = |progress: Progress<'_>, en: &str, expect: Extent| {
            assert_eq!(told(progress, Lang::En), (en, expect));
            assert!(!told(progress, Lang::Zh).0.is_empty());
        };
        let path = std::path::Path::new("a");
        check(Progress::Indexing(IndexProgress::Found { files: 3 }), "finding files", (3, None));
        check(Progress::Indexing(IndexProgress::Read { files: 3, total: 4, path }), "reading files", (3, Some(4)));
        check(Progress::Indexing(IndexProgress::Embedded { done: 1, total: 9 }), "embedding", (1, Some(9)));
        check(Progress::Indexing(IndexProgress::Publishing), "writing the index", (0, None));
        check(Progress::Searched { system: "hybrid", done: 0, total: 4 }, "hybrid", (0, Some(4)));
        check(Progress::Documents, "reading documents", (0, None));
    }
}
