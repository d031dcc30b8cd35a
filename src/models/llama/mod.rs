//! A `llama-server` on this machine: started if none answers, and stopped only if it was started here.
//!
//! For every port there is a state file with the process that we started there. It outlives us; a process
//! that merely got the same id later is told apart by its start time.

mod health;
mod problem;
mod process;
mod server;

pub use health::{Health, health};
pub use problem::LlamaProblem;
pub use process::Process;
pub use server::{Chosen, Server, llama_server_on_path};

use crate::error::{IoContext, Result};
use crate::private;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const POLL: Duration = Duration::from_millis(100);
/// Last lines of a log that an error shows.
const LINES_SHOWN: usize = 6;

/// What to start if nothing answers on `port`.
#[derive(Debug, Clone)]
pub struct Launch {
    pub server: Server,
    /// A GGUF file.
    pub model: PathBuf,
    pub port: u16,
    /// Context in tokens.
    pub ctx: u32,
    pub threads: usize,
    /// Longest wait for the model to be loaded.
    pub ready_within: Duration,
}

/// A server that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// `http://127.0.0.1:PORT`, without `/v1`.
    pub base_url: String,
    /// As the server names it.
    pub model: Option<String>,
    /// If it was started here, by this call or an earlier one.
    pub ours: Option<Started>,
    /// By this call.
    pub just_started: bool,
}

/// A server that we started; this is the state file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub process: Process,
    pub port: u16,
    pub model: PathBuf,
    pub log: PathBuf,
    /// Seconds since 1970.
    pub at_unix_s: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub base_url: String,
    pub health: Health,
    pub ours: Option<Started>,
}

/// What `up` tells while it waits.
#[derive(Debug)]
pub enum Event<'a> {
    Starting { server: &'a Chosen, log: &'a Path },
    Waiting { elapsed: Duration, ready_within: Duration },
}

/// The outcome of `down`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    Ended(Started),
    NothingRan,
}

/// Servers on this machine, by port.
#[derive(Debug)]
pub struct Llama {
    state_dir: PathBuf,
}

impl Llama {
    pub fn new(state_dir: PathBuf) -> Llama {
        Llama { state_dir }
    }

    /// Uses what answers on the port, else starts a server and waits until it has loaded its model.
    pub fn up(&self, launch: &Launch, on: &mut dyn FnMut(Event<'_>)) -> Result<Running> {
        let _lock = self.lock()?;
        match health(launch.port) {
            Health::Ready { model } => self.running(launch.port, model, false),
            Health::Loading => self.wait(launch, None, on),
            Health::Foreign => Err(LlamaProblem::PortTaken { port: launch.port }.into()),
            Health::Absent => {
                let (mut child, started) = self.start(launch, on)?;
                let outcome = self.wait(launch, Some((&mut child, &started)), on);
                if outcome.is_err() {
                    started.process.stop()?;
                    self.forget(launch.port)?;
                }
                outcome
            }
        }
    }

    /// Stops the server on the port, if it was started here.
    pub fn down(&self, port: u16) -> Result<Stopped> {
        let _lock = self.lock()?;
        let Some(started) = self.started(port)? else {
            return match health(port) {
                Health::Ready { .. } | Health::Loading => Err(LlamaProblem::NotOurs { port }.into()),
                Health::Absent | Health::Foreign => Ok(Stopped::NothingRan),
            };
        };
        if !started.process.stop()? {
            return Err(LlamaProblem::Stuck { pid: started.process.pid }.into());
        }
        self.forget(port)?;
        Ok(Stopped::Ended(started))
    }

    pub fn status(&self, port: u16) -> Result<Status> {
        Ok(Status { base_url: base_url(port), health: health(port), ours: self.started(port)? })
    }

    fn start(&self, launch: &Launch, on: &mut dyn FnMut(Event<'_>)) -> Result<(Child, Started)> {
        let server = launch.server.choose()?;
        if !launch.model.is_file() {
            return Err(LlamaProblem::NoModel { model: launch.model.clone() }.into());
        }
        let log = self.state_dir.join(format!("llama-{}.log", launch.port));
        let (out, err) = self.open_log(&log)?;
        on(Event::Starting { server: &server, log: &log });
        let mut command = server.command(launch, &self.state_dir)?;
        // A group of its own: Ctrl-C in our terminal is not for the server.
        command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
        let mut child = command.spawn().map_err(|source| LlamaProblem::Spawn { program: server.program(), source })?;
        let Some(process) = Process::of(child.id()) else {
            let status = child.wait().at("run", server.program())?;
            return Err(died(status, &log)?.into());
        };
        let at_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let started = Started { process, port: launch.port, model: launch.model.clone(), log, at_unix_s };
        if let Err(error) = self.remember(&started) {
            started.process.stop()?;
            return Err(error);
        }
        Ok((child, started))
    }

    /// Polls until the server on the port is ready; `own` is the one just started, if it was us.
    fn wait(
        &self,
        launch: &Launch,
        mut own: Option<(&mut Child, &Started)>,
        on: &mut dyn FnMut(Event<'_>),
    ) -> Result<Running> {
        let begun = Instant::now();
        loop {
            if let Some((child, started)) = &mut own
                && let Some(status) = child.try_wait().at("run", "the server")?
            {
                return Err(died(status, &started.log)?.into());
            }
            if let Health::Ready { model } = health(launch.port) {
                return self.running(launch.port, model, own.is_some());
            }
            let elapsed = begun.elapsed();
            if elapsed >= launch.ready_within {
                let log = own.map(|(_, started)| started.log.clone());
                return Err(LlamaProblem::NotReady { port: launch.port, after: elapsed, log }.into());
            }
            on(Event::Waiting { elapsed, ready_within: launch.ready_within });
            std::thread::sleep(POLL);
        }
    }

    fn running(&self, port: u16, model: Option<String>, just_started: bool) -> Result<Running> {
        Ok(Running { base_url: base_url(port), model, ours: self.started(port)?, just_started })
    }

    /// What we started on the port, if it still runs.
    fn started(&self, port: u16) -> Result<Option<Started>> {
        let path = self.state_file(port);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.at("read", &path)?,
        };
        // A state file that cannot be read proves nothing.
        Ok(serde_json::from_str(&text).ok().filter(|started: &Started| started.process.runs()))
    }

    fn remember(&self, started: &Started) -> Result<()> {
        let path = self.state_file(started.port);
        let file = tempfile::NamedTempFile::new_in(&self.state_dir).at("create", &self.state_dir)?;
        serde_json::to_writer(&file, started).map_err(std::io::Error::from).at("write", &path)?;
        file.persist(&path).map_err(|error| error.error).at("rename", &path)?;
        Ok(())
    }

    fn forget(&self, port: u16) -> Result<()> {
        let path = self.state_file(port);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", &path),
            _ => Ok(()),
        }
    }

    fn state_file(&self, port: u16) -> PathBuf {
        self.state_dir.join(format!("llama-{port}.json"))
    }

    /// A fresh log; the one before is kept beside it.
    fn open_log(&self, log: &Path) -> Result<(File, File)> {
        let before = log.with_extension("previous.log");
        match fs::rename(log, &before) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).at("rename", log),
            _ => {}
        }
        // What is asked may stand in it.
        let out = private::create(log).at("create", log)?;
        let err = out.try_clone().at("create", log)?;
        Ok((out, err))
    }

    /// One `up` or `down` at a time.
    fn lock(&self) -> Result<File> {
        private::create_dir_all(&self.state_dir).at("create", &self.state_dir)?;
        let path = self.state_dir.join("llama.lock");
        let file = File::create(&path).at("create", &path)?;
        file.lock().at("lock", &path)?;
        Ok(file)
    }
}

fn base_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn died(status: std::process::ExitStatus, log: &Path) -> Result<LlamaProblem> {
    let lines = process::last_lines(log, LINES_SHOWN)?;
    Ok(LlamaProblem::Died { status: status.to_string(), lines, log: log.to_path_buf() })
}
