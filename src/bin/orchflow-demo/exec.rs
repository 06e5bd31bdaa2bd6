//! The command of `watch --exec`: run after changes, never twice at a time.
//!
//! Changes are collected until a run starts. `--on-busy` decides what they do during a run. A run
//! is a process group of its own, so that the processes it started end with it. A command that is
//! allowed to finish gets the terminal ([`Lent`]). A command that is restarted or signalled runs
//! for a long time, so it gets no input, and Ctrl-C goes to `watch`.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use orchflow::FileBatch;

use crate::args::{ExecOptions, OnBusy};
use crate::changes::Changes;
use crate::failure::Failure;
use crate::foreground::Lent;
use crate::host::{Timer, monotonic, unblock_signals};
use crate::paths::Names;
use crate::report;

/// Changes this soon after a run may be caused by the run.
const SOON: Duration = Duration::from_secs(2);
/// The number of such runs in a row that causes a warning.
const LOOP_RUNS: u32 = 5;
/// A run is delayed by continuous changes for at most this many times the debounce time.
const DEBOUNCES_MAX: u32 = 10;
/// The exit status of a program that handled the interrupt of a terminal, as shells report it.
const INTERRUPTED: i32 = 128 + Signal::SIGINT as i32;

/// The argument that is replaced by the changed paths.
const PLACEHOLDER: &str = "{}";

/// See the module documentation.
pub(crate) struct Exec {
    options: ExecOptions,
    names: Names,
    /// Changes since the last run started.
    changes: Changes,
    running: Option<Running>,
    /// Fires at the earlier of the two times below.
    pub(crate) timer: Timer,
    /// When the debounce time ends, and when the first of these changes was reported.
    run_at: Option<Duration>,
    changed_at: Option<Duration>,
    /// When SIGKILL is sent to a command that was asked to end.
    kill_at: Option<Duration>,
    /// No further run starts.
    is_ending: bool,
    last_end: Option<Duration>,
    runs_in_a_row: u32,
    is_loop_reported: bool,
}

/// A running command.
struct Running {
    child: Child,
    lent: Option<Lent>,
    /// It was asked to end.
    is_stopping: bool,
}

impl Exec {
    pub(crate) fn new(options: ExecOptions, names: Names) -> nix::Result<Self> {
        Ok(Exec {
            options,
            names,
            changes: Changes::default(),
            running: None,
            timer: Timer::new()?,
            run_at: None,
            changed_at: None,
            kill_at: None,
            is_ending: false,
            last_end: None,
            runs_in_a_row: 0,
            is_loop_reported: false,
        })
    }

    /// The tree has been read.
    pub(crate) fn on_ready(&mut self) {
        if self.options.run_first && self.running.is_none() && !self.is_ending {
            self.start();
        }
    }

    /// Something changed.
    pub(crate) fn on_batch(&mut self, batch: &FileBatch) -> Result<(), Failure> {
        if self.running.is_some() && self.options.on_busy == OnBusy::Ignore {
            return Ok(());
        }
        for event in batch.events() {
            self.changes.add(&self.names.show(event.path));
        }
        for summary in batch.summaries() {
            self.changes.add(&self.names.show(summary.dir));
        }
        if self.changes.is_empty() {
            return Ok(());
        }
        let debounce = self.options.debounce;
        if debounce.is_zero() {
            self.act();
        } else {
            let now = monotonic();
            let first = *self.changed_at.get_or_insert(now);
            self.run_at = Some((now + debounce).min(first + debounce * DEBOUNCES_MAX));
        }
        self.arm()
    }

    /// A child has ended or was stopped. Returns whether the command was interrupted from the
    /// terminal.
    pub(crate) fn on_child(&mut self) -> Result<bool, Failure> {
        let Some(running) = &mut self.running else { return Ok(false) };
        let group = Pid::from_raw(running.child.id() as i32);
        let Ok(Some(status)) = running.child.try_wait() else {
            if let Some(lent) = &running.lent {
                lent.follow_stop(group);
            }
            return Ok(false);
        };
        let (is_stopping, had_terminal) = (running.is_stopping, running.lent.is_some());
        if let Some(lent) = running.lent.take() {
            lent.end(Some(group));
        }
        (self.running, self.kill_at) = (None, None);
        self.last_end = Some(monotonic());
        if had_terminal && !is_stopping && is_interrupted(status) {
            return Ok(true);
        }
        // A run that was ended on purpose is not reported.
        if !status.success() && !is_stopping {
            report(&format!("{}: {status}", self.name()));
        }
        if self.run_at.is_none() {
            self.start_if_changed();
        }
        self.arm()?;
        Ok(false)
    }

    /// The timer has fired.
    pub(crate) fn on_timer(&mut self) -> Result<(), Failure> {
        if !self.timer.has_fired().map_err(timer_failure)? {
            return Ok(());
        }
        let now = monotonic();
        if self.kill_at.take_if(|at| *at <= now).is_some() {
            self.signal(Signal::SIGKILL);
        }
        if self.run_at.is_some_and(|at| at <= now) {
            self.act();
        }
        self.arm()
    }

    /// Starts no further run and asks the current one to end.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        self.is_ending = true;
        self.ask_to_end();
        self.arm()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts, restarts or signals the command for the collected changes.
    fn act(&mut self) {
        (self.run_at, self.changed_at) = (None, None);
        match self.options.on_busy {
            _ if self.running.is_none() => self.start_if_changed(),
            OnBusy::Restart => self.ask_to_end(),
            OnBusy::Signal => {
                self.changes = Changes::default();
                if let Some(signal) = self.options.signal {
                    self.signal(signal);
                }
            }
            OnBusy::Queue | OnBusy::Ignore => {}
        }
    }

    /// Once per run: continuous changes must not delay its SIGKILL.
    fn ask_to_end(&mut self) {
        let Some(running) = self.running.as_mut().filter(|running| !running.is_stopping) else {
            return;
        };
        running.is_stopping = true;
        let signal = self.options.signal.filter(|_| self.options.on_busy != OnBusy::Signal);
        self.signal(signal.unwrap_or(Signal::SIGTERM));
        // A stopped process does not handle signals.
        self.signal(Signal::SIGCONT);
        self.kill_at = Some(monotonic() + self.options.grace);
    }

    fn signal(&self, signal: Signal) {
        if let Some(running) = &self.running {
            // It may have ended in the meantime.
            let _ = killpg(Pid::from_raw(running.child.id() as i32), signal);
        }
    }

    /// Sets the timer to the next deadline.
    fn arm(&mut self) -> Result<(), Failure> {
        let next = [self.run_at, self.kill_at].into_iter().flatten().min();
        match next {
            Some(at) => self.timer.set(at.saturating_sub(monotonic())),
            None => self.timer.clear(),
        }
        .map_err(timer_failure)
    }

    fn start_if_changed(&mut self) {
        if self.running.is_none() && !self.is_ending && !self.changes.is_empty() {
            self.start();
        }
    }

    fn start(&mut self) {
        self.warn_of_loop();
        let changes = std::mem::take(&mut self.changes);
        let mut words = self.options.argv.iter().flat_map(|word| match word == PLACEHOLDER {
            true => changes.paths().iter().map(|path| path.as_os_str().to_owned()).collect(),
            false => vec![word.clone()],
        });
        let Some(program) = words.next() else { return };
        let mut command = Command::new(program);
        command
            .args(words)
            .env("ORCHFLOW_CHANGED", changes.lines())
            .env("ORCHFLOW_CHANGED_MORE", changes.left_out().to_string())
            .stdin(Stdio::null())
            .process_group(0);
        let runs_to_its_end = matches!(self.options.on_busy, OnBusy::Queue | OnBusy::Ignore);
        let lent = runs_to_its_end.then(|| Lent::to(&mut command)).flatten();
        unblock_signals(&mut command);
        match command.spawn() {
            Ok(child) => self.running = Some(Running { child, lent, is_stopping: false }),
            Err(error) => {
                if let Some(lent) = lent {
                    lent.end(None);
                }
                report(&format!("{}: {error}", self.name()));
            }
        }
    }

    /// Warns once that the command may cause its own runs.
    fn warn_of_loop(&mut self) {
        let is_soon = self.last_end.is_some_and(|end| monotonic().saturating_sub(end) < SOON);
        self.runs_in_a_row = if is_soon { self.runs_in_a_row + 1 } else { 0 };
        if self.runs_in_a_row == LOOP_RUNS && !std::mem::replace(&mut self.is_loop_reported, true) {
            report("the command runs over and over; if it changes watched files, use --ignore");
        }
    }

    fn name(&self) -> String {
        let first = self.options.argv.first();
        first.map(|word| word.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Drop for Exec {
    /// A command that did not end in time is killed and loses the terminal.
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        if let Some(Running { child, lent: Some(lent), .. }) = self.running.take() {
            lent.end(Some(Pid::from_raw(child.id() as i32)));
        }
    }
}

fn is_interrupted(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::SIGINT as i32) || status.code() == Some(INTERRUPTED)
}

fn timer_failure(errno: nix::errno::Errno) -> Failure {
    Failure::Host("timerfd", errno)
}
