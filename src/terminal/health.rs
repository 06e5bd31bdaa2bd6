//! What the table of terminals notes for the health of its parts and for the flight recorder.
//!
//! Reasons are compared, and memory is counted, where every change to a terminal ends (`Terminals::after_change`), so nothing is looked for in
//! turns that change nothing.

use std::fmt::Write;
use std::time::Instant;

use super::child::ExitStatus;
use super::output::Flow;
use super::pty::Pty;
use super::size::Size;
use super::table::Terminals;
use super::{Child, Noted, Terminal};
use crate::error::{ErrorKind, Result};
use crate::id::TerminalId;
use crate::observe::{HealthPart, HealthReason, Reasons, Recorded, Seconds};

impl Terminals {
    /// Notes what has changed of a terminal.
    pub(super) fn note_changes(&mut self, id: TerminalId) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        Self::count_input(&mut self.input_bytes, terminal);
        let new = terminal.to_note();
        let old = std::mem::replace(&mut terminal.noted, new);
        if old == new {
            return;
        }
        let part = HealthPart::Terminal(id);
        if old.facts != new.facts {
            self.notes.facts(part, new.facts);
        }
        if old.screen_failures != new.screen_failures {
            self.notes.happened(part, HealthReason::ScreenRebuilt);
        }
        if !old.has_exited
            && let Some(status) = terminal.exit_status()
        {
            let (how, value) = match status {
                ExitStatus::Code(code) => ("code", code),
                ExitStatus::Signal { signal, .. } => ("signal", signal),
                ExitStatus::Unknown => ("unknown", 0),
            };
            self.notes.record(Recorded::Exited { terminal: id, how, value });
        }
    }

    /// Notes whether terminals wait for memory.
    pub(super) fn note_memory(&mut self) {
        let facts = Reasons::default().with(HealthReason::MemoryFull, self.has_starving());
        self.notes.facts(HealthPart::Memory, facts);
    }

    pub(super) fn note_gone(&mut self, id: TerminalId) {
        self.notes.gone(HealthPart::Terminal(id));
        self.notes.record(Recorded::Closed { terminal: id });
    }

    /// Notes what became of the adoption of a PTY. It says nothing of what the making of one takes.
    pub(super) fn note_adopted(&mut self, adopted: &Result<TerminalId>) {
        match adopted {
            Ok(id) => self.record_terminal(*id),
            Err(error) => self.notes.record(Recorded::Failed { what: "adopt", kind: error.kind() }),
        }
    }

    fn record_terminal(&mut self, id: TerminalId) {
        let child = self.table.get(id).ok().and_then(|made| made.child.as_ref());
        let pid = child.map(Child::pid);
        self.notes.record(Recorded::Spawned { terminal: id, pid });
    }

    /// Notes what became of an attempt to make a terminal with a PTY of its own. What fails before the system is asked
    /// for anything, such as a program that is not there, says nothing of the system.
    pub(super) fn note_made(&mut self, made: &Result<TerminalId>) {
        let error = match made {
            Ok(id) => {
                self.record_terminal(*id);
                return self.note_spawning(None);
            }
            Err(error) => error,
        };
        self.notes.record(Recorded::Failed { what: "spawn", kind: error.kind() });
        match error.kind() {
            ErrorKind::OutOfPtys => self.note_spawning(Some(HealthReason::OutOfPtys)),
            ErrorKind::OutOfDescriptors => {
                self.note_spawning(Some(HealthReason::OutOfDescriptors));
            }
            ErrorKind::System if matches!(error.errno(), Some(libc::EAGAIN | libc::ENOMEM)) => {
                self.notes.happened(HealthPart::Spawning, HealthReason::OutOfProcesses);
            }
            _ => {}
        }
    }

    fn note_spawning(&mut self, reason: Option<HealthReason>) {
        if std::mem::replace(&mut self.spawning_lacks, reason) != reason {
            self.notes.facts(HealthPart::Spawning, Reasons::of(reason));
        }
    }

    /// An error for a terminal that is not there.
    pub(crate) fn check(&self, id: TerminalId) -> Result<()> {
        self.table.get(id).map(drop)
    }

    /// Whether the last attempt to make a terminal found no PTY or no descriptor.
    pub(crate) fn lacks_for_spawning(&self) -> bool {
        self.spawning_lacks.is_some()
    }

    /// Looks whether there is now what making a terminal takes, without making one.
    pub(crate) fn probe_spawning(&mut self) {
        let probe = || {
            let (pty, _) = Pty::open(Size::default())?;
            // For the program's descriptor, and what starting it takes meanwhile.
            let spare = [pty.spare_descriptor()?, pty.spare_descriptor()?];
            drop(spare);
            Ok(())
        };
        let outcome: Result<()> = probe();
        match outcome.map_err(|error| error.kind()) {
            Err(ErrorKind::OutOfPtys) => self.note_spawning(Some(HealthReason::OutOfPtys)),
            Err(ErrorKind::OutOfDescriptors) => {
                self.note_spawning(Some(HealthReason::OutOfDescriptors));
            }
            // It says nothing new.
            Err(_) => {}
            Ok(()) => self.note_spawning(None),
        }
    }
}

impl Terminals {
    /// How many terminals wait for memory.
    pub(crate) fn starving_count(&self) -> usize {
        self.starving.ids.len()
    }

    /// Writes the line of a terminal for `Engine::dump`. No system call is made.
    pub(crate) fn describe(&self, id: TerminalId, now: Instant, out: &mut String) {
        let Ok(terminal) = self.table.get(id) else { return };
        let pid = terminal.child.as_ref().map_or(0, Child::pid);
        let paused = match terminal.flow {
            Flow { by_host: true, .. } => "host",
            Flow { by_memory: true, .. } => "memory",
            Flow { by_reader: true, .. } => "reader",
            _ => "-",
        };
        let since = |at: Option<Instant>| {
            at.map_or("-".to_string(), |at| Seconds(now.saturating_duration_since(at)).to_string())
        };
        let size = terminal.resizer.target();
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "terminal {} tag={} pid={pid} {} size={}x{} paused={paused} log={}..{} unread={} input_waiting={} \
             readers={} clients={} screen={} last_input={} last_output={}",
            id.to_u64(),
            terminal.tag,
            terminal.phase(),
            size.cols,
            size.rows,
            terminal.log.start(),
            terminal.log.end(),
            terminal.unread(),
            terminal.input.len(),
            terminal.readers.len(),
            u8::from(terminal.subscription.is_some()),
            terminal.screen.as_ref().map_or(0, |screen| screen.bytes()),
            since(terminal.last_input),
            since(terminal.last_output),
        );
    }
}

impl Terminal {
    /// How far it has come: `running`, `ending` (its program has ended, not all of its output has been read), `ended`,
    /// `closing`.
    fn phase(&self) -> &'static str {
        match () {
            () if self.ending.closing => "closing",
            () if self.is_running() => "running",
            () if self.pty.is_some() => "ending",
            () => "ended",
        }
    }

    fn to_note(&self) -> Noted {
        // Without a PTY, no program stands still.
        let (flow, is_open) = (self.flow, self.pty.is_some());
        Noted {
            facts: Reasons::default()
                .with(HealthReason::OutputPaused, flow.by_reader && is_open)
                .with(HealthReason::OutputStarved, flow.by_memory && is_open)
                .and(self.series.as_ref().and_then(|series| series.problem())),
            has_exited: self.exit_status().is_some(),
            screen_failures: self.screen.as_ref().map_or(0, |screen| screen.failures()),
        }
    }

    fn exit_status(&self) -> Option<ExitStatus> {
        self.child.as_ref().and_then(Child::status)
    }
}
