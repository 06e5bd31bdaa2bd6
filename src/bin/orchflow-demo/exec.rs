//! The command of `watch --exec`: run after changes, never twice at a time.
//!
//! Changes that come while it runs are collected. When it has ended it runs once more for all of them; with
//! `--restart` it is ended for that. It is a process group of its own, so that what it has started ends with
//! it.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use orchflow::FileBatch;

use crate::complain;
use crate::failure::Failure;
use crate::host::{Timer, monotonic, unblock_signals};

/// Paths that a command is given at most, and bytes of them; the kernel has bounds for both.
const PATHS_MAX: usize = 1000;
const BYTES_MAX: usize = 64 << 10;
/// How long a command may go on after it was asked to end.
const GRACE: Duration = Duration::from_secs(2);
/// Changes so soon after a run may be its own.
const SOON: Duration = Duration::from_secs(2);
/// So many runs in a row that may have caused each other are remarked.
const LOOP_RUNS: u32 = 5;

/// The argument that stands for the changed paths.
const PLACEHOLDER: &str = "{}";

pub(crate) struct Exec {
    argv: Vec<OsString>,
    restarts: bool,
    /// What changed since the last run began.
    changes: Changes,
    running: Option<Child>,
    /// Fires when a command that was asked to end has to be killed.
    pub(crate) timer: Timer,
    /// No run begins any more.
    is_ending: bool,
    last_end: Option<Duration>,
    runs_in_a_row: u32,
    is_loop_remarked: bool,
}

impl Exec {
    pub(crate) fn new(argv: Vec<OsString>, restarts: bool) -> nix::Result<Self> {
        Ok(Exec {
            argv,
            restarts,
            changes: Changes::default(),
            running: None,
            timer: Timer::new()?,
            is_ending: false,
            last_end: None,
            runs_in_a_row: 0,
            is_loop_remarked: false,
        })
    }

    /// Something changed: the command runs, now or after the run that is under way.
    pub(crate) fn on_batch(&mut self, batch: &FileBatch) -> Result<(), Failure> {
        for event in batch.events() {
            self.changes.add(event.path);
        }
        for summary in batch.summaries() {
            self.changes.add(summary.dir);
        }
        if self.restarts && self.running.is_some() && !self.changes.is_empty() {
            self.ask_to_end()?;
        }
        self.start();
        Ok(())
    }

    /// A child has ended: another run begins if there were changes meanwhile.
    pub(crate) fn on_child(&mut self) -> Result<(), Failure> {
        let Some(child) = &mut self.running else { return Ok(()) };
        let Ok(Some(status)) = child.try_wait() else { return Ok(()) };
        self.running = None;
        self.timer.clear().map_err(|e| Failure::Host("timerfd", e))?;
        self.last_end = Some(monotonic());
        // One that we have ended ourselves has nothing to report.
        let is_ended_by_us = self.is_ending || (self.restarts && !self.changes.is_empty());
        if !status.success() && !is_ended_by_us {
            complain(&format!("{}: {status}", self.name()));
        }
        self.start();
        Ok(())
    }

    /// The timer has fired.
    pub(crate) fn on_timer(&mut self) -> Result<(), Failure> {
        if self.timer.has_fired().map_err(|e| Failure::Host("timerfd", e))? {
            self.signal(Signal::SIGKILL);
        }
        Ok(())
    }

    /// No further run; the one that is under way is asked to end.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        self.is_ending = true;
        self.ask_to_end()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    fn ask_to_end(&mut self) -> Result<(), Failure> {
        self.signal(Signal::SIGTERM);
        self.timer.set(GRACE).map_err(|e| Failure::Host("timerfd", e))
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.running {
            // It may have ended at this moment.
            let _ = killpg(Pid::from_raw(child.id() as i32), signal);
        }
    }

    fn start(&mut self) {
        if self.running.is_some() || self.is_ending || self.changes.is_empty() {
            return;
        }
        self.remark_loop();
        let changes = std::mem::take(&mut self.changes);
        let mut words = self.argv.iter().flat_map(|word| match word == PLACEHOLDER {
            true => changes.paths.iter().map(|path| path.as_os_str().to_owned()).collect(),
            false => vec![word.clone()],
        });
        let Some(program) = words.next() else { return };
        let mut command = Command::new(program);
        unblock_signals(&mut command);
        let child = command
            .args(words)
            .env("ORCHFLOW_CHANGED", changes.lines())
            .env("ORCHFLOW_CHANGED_MORE", changes.left_out.to_string())
            .stdin(Stdio::null())
            .process_group(0)
            .spawn();
        match child {
            Ok(child) => self.running = Some(child),
            Err(error) => complain(&format!("{}: {error}", self.name())),
        }
    }

    /// Says once that the command may be what it runs for.
    fn remark_loop(&mut self) {
        let is_soon = self.last_end.is_some_and(|end| monotonic().saturating_sub(end) < SOON);
        self.runs_in_a_row = if is_soon { self.runs_in_a_row + 1 } else { 0 };
        if self.runs_in_a_row == LOOP_RUNS && !std::mem::replace(&mut self.is_loop_remarked, true) {
            complain(
                "the command runs over and over: if it changes what is watched, --ignore that",
            );
        }
    }

    fn name(&self) -> String {
        self.argv.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Drop for Exec {
    /// A command that did not end in time does not outlive us.
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// Paths that changed, each once, bounded.
#[derive(Default)]
struct Changes {
    paths: Vec<PathBuf>,
    bytes: usize,
    left_out: usize,
}

impl Changes {
    fn add(&mut self, path: &Path) {
        let bytes = path.as_os_str().len() + 1;
        if self.paths.iter().any(|known| known == path) {
            return;
        }
        if self.paths.len() == PATHS_MAX || self.bytes + bytes > BYTES_MAX {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes;
        self.paths.push(path.to_owned());
    }

    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.left_out == 0
    }

    /// A path a line.
    fn lines(&self) -> OsString {
        let paths: Vec<&[u8]> = self.paths.iter().map(|path| path.as_os_str().as_bytes()).collect();
        OsString::from_vec(paths.join(&b'\n'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_bounded_and_each_counts_once() {
        let mut changes = Changes::default();
        assert!(changes.is_empty());
        for _ in 0..2 {
            changes.add(Path::new("/a"));
            changes.add(Path::new("/b"));
        }
        assert_eq!((changes.lines(), changes.left_out), (OsString::from("/a\n/b"), 0));
        for n in 0..PATHS_MAX {
            changes.add(Path::new(&format!("/{n}")));
        }
        assert_eq!((changes.paths.len(), changes.left_out), (PATHS_MAX, 2));
        let mut changes = Changes::default();
        for n in 0..20 {
            changes.add(Path::new(&format!("/{n}{}", "x".repeat(4000))));
        }
        assert!(changes.lines().len() < BYTES_MAX && changes.left_out == 4, "{}", changes.left_out);
    }
}
