//! A process that outlives us, told apart from any later one with the same id.

use crate::error::{Error, Io, IoContext, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

const TERM_PATIENCE: Duration = Duration::from_secs(10);
const KILL_PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    /// When it was started, in the words of the operating system.
    birth: String,
}

impl Process {
    /// `None` if no such process runs.
    pub fn of(pid: u32) -> Option<Process> {
        Some(Process { pid, birth: birth(pid)? })
    }

    pub fn runs(&self) -> bool {
        birth(self.pid).is_some_and(|birth| birth == self.birth)
    }

    /// Asks it to end, then makes it. `false` if it still runs.
    pub fn stop(&self) -> Result<bool> {
        for (signal, patience) in [(Signal::TERM, TERM_PATIENCE), (Signal::KILL, KILL_PATIENCE)] {
            if !self.runs() {
                return Ok(true);
            }
            self.send(signal)?;
            let deadline = Instant::now() + patience;
            while self.runs() && Instant::now() < deadline {
                std::thread::sleep(POLL);
            }
        }
        Ok(!self.runs())
    }

    fn send(&self, signal: Signal) -> Result<()> {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
        match kill_process(pid, signal) {
            Err(error) if error != rustix::io::Errno::SRCH => {
                let path = format!("process {}", self.pid).into();
                Err(Error::from(Io { action: "stop", path, source: error.into() }))
            }
            _ => Ok(()),
        }
    }
}

/// Start time in ticks since boot, and which boot that was. A process that has ended and is not yet reaped has none;
/// one whose first thread has ended before the others still holds its port.
#[cfg(target_os = "linux")]
fn birth(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name in brackets, may itself hold spaces and brackets.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let started = fields.nth(18)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let ended = matches!(state, "Z" | "X") && threads(pid) <= 1;
    (!ended).then(|| format!("{started}@{}", boot.trim()))
}

#[cfg(target_os = "linux")]
fn threads(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

#[cfg(not(target_os = "linux"))]
fn birth(pid: u32) -> Option<String> {
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    let (state, started) = line.trim().split_once(' ')?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// The last lines of a log that say something.
pub fn last_lines(log: &Path, count: usize) -> Result<Vec<String>> {
    let bytes = std::fs::read(log).at("read", log)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
    lines.drain(..lines.len().saturating_sub(count));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_is_stopped_and_seen_to_have_ended() {
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert!(process.runs());
        assert!(process.stop().unwrap());
        // Not yet reaped, and still not running.
        assert!(!process.runs());
        child.wait().unwrap();
        assert_eq!(Process::of(process.pid), None);
    }

    #[test]
    fn one_that_ignores_sigterm_is_killed() {
        let mut child = Command::new("sh").args(["-c", "trap '' TERM; echo; sleep 60 & wait; wait"]).spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        assert!(process.stop().unwrap());
        child.wait().unwrap();
    }

    #[test]
    fn another_process_with_the_same_id_is_not_it() {
        let mut process = Process::of(std::process::id()).unwrap();
        assert!(process.runs());
        process.birth.push('0');
        assert!(!process.runs());
        assert!(process.stop().unwrap());
    }
}
