//! Ignore rules: `.ragignore`, `.ignore`, `.gitignore`, git's own excludes, and the patterns of the source.

use crate::files::read_regular;
use crate::ingest::passed_over::{PassedOver, Why};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};
use std::path::Path;

/// From the strongest to the weakest; a deeper folder's beats one above.
const FILES: [&str; 3] = [".ragignore", ".ignore", ".gitignore"];

/// Larger lists are no lists.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// By a pattern of the source.
    Excluded,
    /// By a file that was found.
    Ignored,
    /// By a `!` pattern.
    Wanted,
}

/// What holds in the folder that is walked at the moment.
pub struct Rules {
    exclude: Gitignore,
    /// For each of [`FILES`], those of the folders above, the deepest last.
    found: [Vec<Gitignore>; 3],
    /// The repository's and the user's own, weaker than any file in the tree.
    of_git: Vec<Gitignore>,
}

impl Rules {
    /// Before `root` is entered. Inside a repository the files of the folders above count too, from its top on.
    pub fn above(root: &Path, exclude: &[String], passed_over: &mut PassedOver) -> Rules {
        let mut patterns = GitignoreBuilder::new(root);
        for pattern in exclude {
            // Checked where it was typed.
            let _ = patterns.add_line(None, pattern);
        }
        let exclude = patterns.build().unwrap_or_else(|_| Gitignore::empty());
        let mut rules = Rules { exclude, found: Default::default(), of_git: Vec::new() };
        let top = root.ancestors().find(|folder| folder.join(".git").exists());
        let of_user = gitconfig_excludes_path().and_then(|path| read(&path, root, passed_over));
        rules.of_git.extend(of_user);
        if let Some(top) = top {
            rules.of_git.extend(read(&top.join(".git/info/exclude"), top, passed_over));
            let mut above: Vec<&Path> = root.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).collect();
            above.reverse();
            for folder in above {
                rules.enter(folder, passed_over);
            }
        }
        rules
    }

    /// From now on the files in `folder` hold; what to tell [`Rules::leave`].
    pub fn enter(&mut self, folder: &Path, passed_over: &mut PassedOver) -> [usize; 3] {
        let level = [0, 1, 2].map(|at| self.found[at].len());
        for (name, found) in FILES.iter().zip(&mut self.found) {
            found.extend(read(&folder.join(name), folder, passed_over));
        }
        level
    }

    pub fn leave(&mut self, level: [usize; 3]) {
        for (found, length) in self.found.iter_mut().zip(level) {
            found.truncate(length);
        }
    }

    /// None where no rule says anything.
    pub fn verdict(&self, path: &Path, is_dir: bool) -> Option<Verdict> {
        if self.exclude.matched(path, is_dir).is_ignore() {
            return Some(Verdict::Excluded);
        }
        let found = self.found.iter().flat_map(|found| found.iter().rev()).chain(&self.of_git);
        found.map(|rules| rules.matched(path, is_dir)).find_map(|verdict| match verdict {
            Match::Ignore(_) => Some(Verdict::Ignored),
            Match::Whitelist(_) => Some(Verdict::Wanted),
            Match::None => None,
        })
    }
}

/// What is wrong with a pattern; none for one that can be used.
pub fn flaw(pattern: &str) -> Option<String> {
    let mut builder = GitignoreBuilder::new("/");
    builder.add_line(None, pattern).and_then(|builder| builder.build()).err().map(|error| error.to_string())
}

/// The rules in the file at `path`, for what lies below `folder`; none where there is no such file. One that cannot be
/// read is named: what it would have hidden is indexed.
fn read(path: &Path, folder: &Path, passed_over: &mut PassedOver) -> Option<Gitignore> {
    let bytes = match read_regular(path, BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        // A folder of that name, or a path through a file, is no list either.
        Err(_) if path.is_dir() => return None,
        Err(error) => {
            passed_over.add(Why::Unreadable, path, &error.to_string());
            return None;
        }
    };
    let mut builder = GitignoreBuilder::new(folder);
    for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
        // A line that is no pattern hides nothing, as with git.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}
