//! The table of terminals: what the engine holds, commands, and where readiness comes in.

use std::collections::VecDeque;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::child::Child;
use super::echo_wait::{BulkWindow, EchoWait};
use super::event::LastEvent;
use super::figures::Totals;
use super::key::{Alarm, Source};
use super::options::{AdoptOptions, Delivery, ReaderOptions, SpawnOptions};
use super::outbox::Outbox;
use super::output::{Cleared, LogBudget, Reader};
use super::pty::Pty;
use super::reading::{Outcome, PtyReady};
use super::screen::{NoticeKinds, Patterns, Screen, ScreenOptions};
use super::series::Series;
use super::size::Size;
use super::spawn::Command;
use super::state::{TerminalFilter, TerminalState};
use super::viewers::ScreenBudget;
use super::{Terminal, child};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{IdTable, ReaderId, TerminalId};
use crate::limits::{LOG_BYTES_MIN, Limits};
use crate::observe::{HealthReason, Notes};
use crate::policy::Slice;
use crate::reactor::{Class, Reactor};

/// The terminals of an engine, their readers, and what they share: memory, the order of their events, and who is
/// read while somebody types.
///
/// What comes in are commands (`spawn`, `write`, `attach`, ...), readiness and timers (`on_pty`, `on_child`,
/// `on_alarm`, `read_ready`). What goes out are events: `take_event` takes the next one, and `resolve` gives it
/// with what it borrows, until the next call that changes a terminal. Queries take `&self`. They can be called in
/// any order; each call that changes a terminal ends in `after_change`. An id that is not in the table is an error
/// to a command, and nothing to readiness and timers, which may be late.
pub(crate) struct Terminals {
    pub(super) table: IdTable<TerminalId, Terminal>,
    /// The terminal of each reader.
    pub(super) readers: IdTable<ReaderId, TerminalId>,
    pub(super) outbox: Outbox,
    pub(super) logs: LogBudget,
    pub(super) screens: ScreenBudget,
    /// Bytes of all input queues.
    pub(super) input_bytes: usize,
    /// All memory of the engine is used up, and what cannot be refused has grown: no PTY is read.
    pub(super) is_memory_critical: bool,
    /// Where giving up memory goes on.
    pub(super) next_to_give: usize,
    pub(super) last_event: LastEvent,
    /// Terminals that something happened to since they were last asked for.
    pub(super) touched: Vec<TerminalId>,
    pub(super) starving: Starving,
    pub(super) last_input: Option<Instant>,
    /// The server listens: terminals show what is in their foreground.
    pub(super) looks_at_foregrounds: bool,
    /// The notices that clients want.
    pub(super) notice_kinds: NoticeKinds,
    /// Reads of floods wait for an echo.
    pub(super) echo_wait: EchoWait,
    /// Which floods are read while somebody types.
    pub(super) bulk_window: BulkWindow,
    /// What was searched for last.
    pub(super) patterns: Patterns,
    /// What changed of terminals, for their health and the flight recorder.
    pub(crate) notes: Notes,
    /// What the last attempt to make a terminal found lacking.
    pub(super) spawning_lacks: Option<HealthReason>,
    /// Terminals with something to report of the restarts of their programs.
    pub(super) restart_reports: VecDeque<TerminalId>,
    /// Terminals that were started in place of others, and that the engine was not asked about.
    pub(super) restarted: Vec<(TerminalId, TerminalId)>,
    pub(super) totals: Totals,
    pub(super) limits: Limits,
}

/// The terminals that are not read because the budget of all logs is used up.
#[derive(Default)]
pub(super) struct Starving {
    pub(super) ids: Vec<TerminalId>,
    /// Bytes that the most modest of them needs.
    pub(super) needs: usize,
}

/// What a new terminal is made of, spawned or adopted.
struct Parts {
    pty: Pty,
    child: Option<Child>,
    size: Size,
    log_bytes: usize,
    reader: Option<Delivery>,
    screen: Option<ScreenOptions>,
    tag: u64,
}

impl Terminals {
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        child::reap_orphans();
        Terminals {
            table: IdTable::new(),
            readers: IdTable::new(),
            outbox: Outbox::default(),
            logs: LogBudget::new(limits.log_bytes_total),
            screens: ScreenBudget::new(limits.screen_bytes_total),
            input_bytes: 0,
            is_memory_critical: false,
            next_to_give: 0,
            last_event: LastEvent::default(),
            touched: Vec::new(),
            starving: Starving::default(),
            last_input: None,
            looks_at_foregrounds: false,
            notice_kinds: NoticeKinds::NONE,
            echo_wait: EchoWait::new(now),
            bulk_window: BulkWindow::default(),
            patterns: Patterns::default(),
            notes: Notes::default(),
            spawning_lacks: None,
            restart_reports: VecDeque::new(),
            restarted: Vec::new(),
            totals: Totals::new(),
            limits,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether an event is unread.
    pub(crate) fn has_event(&self) -> bool {
        !self.outbox.is_empty() || !self.restart_reports.is_empty()
    }

    /// Bytes in all output logs.
    pub(crate) fn log_bytes(&self) -> usize {
        self.logs.used()
    }

    /// Whether a terminal got input a moment ago, so that an echo may be on its way.
    pub(crate) fn is_typing(&self, now: Instant) -> bool {
        let bulk_window = self.limits.typing_window;
        self.last_input.is_some_and(|at| now.saturating_duration_since(at) < bulk_window)
    }

    // Making terminals.

    pub(crate) fn spawn(
        &mut self,
        options: &SpawnOptions,
        reactor: &mut Reactor,
    ) -> Result<TerminalId> {
        let id = self.start(options, reactor)?;
        if let (Some(policy), Ok(terminal)) = (options.restart, self.table.get_mut(id)) {
            terminal.series = Some(Box::new(Series::new(policy, options)));
            self.note_changes(id);
        }
        Ok(id)
    }

    /// Starts a program in a new terminal, for the first time or again.
    pub(super) fn start(
        &mut self,
        options: &SpawnOptions,
        reactor: &mut Reactor,
    ) -> Result<TerminalId> {
        let started = self.try_to_start(options, reactor);
        self.note_made(&started);
        started
    }

    fn try_to_start(
        &mut self,
        options: &SpawnOptions,
        reactor: &mut Reactor,
    ) -> Result<TerminalId> {
        child::reap_orphans();
        options.size.validate()?;
        let log_bytes = self.check_limits(options.log_bytes)?;
        self.check_screen_options(options.screen.as_ref(), options.reader, options.size)?;
        let command = Command::prepare(options)?;
        let (pty, slave) = Pty::open(options.size)?;
        // Keeps a descriptor free for the pidfd, so that a started program is not left unwatched.
        let spare = pty.spare_descriptor()?;
        let pid = command.spawn(&slave)?;
        drop(spare);
        let child = Child::watch(pid).inspect_err(|_| child::discard(pid))?;
        let parts = Parts {
            pty,
            child: Some(child),
            size: options.size,
            log_bytes,
            reader: options.reader,
            screen: options.screen.clone(),
            tag: options.tag,
        };
        self.add(parts, reactor)
    }

    pub(crate) fn adopt(
        &mut self,
        master: OwnedFd,
        options: &AdoptOptions,
        reactor: &mut Reactor,
    ) -> Result<TerminalId> {
        let log_bytes = self.check_limits(options.log_bytes)?;
        if options.pid.is_some_and(|pid| pid <= 1) {
            return Err(Error::invalid("not the pid of a terminal's program"));
        }
        options.size.map_or(Ok(()), Size::validate)?;
        let pty = Pty::check(master)?;
        let size = options.size.map_or_else(|| pty.size(), Ok)?;
        self.check_screen_options(options.screen.as_ref(), options.reader, size)?;
        let child = options.pid.map(Child::watch).transpose()?;
        // Only now is the PTY changed, which the host may share.
        pty.take_over()?;
        options.size.map_or(Ok(()), |size| pty.set_size(size))?;
        let (reader, screen, tag) = (options.reader, options.screen.clone(), options.tag);
        let made = self.add(Parts { pty, child, size, log_bytes, reader, screen, tag }, reactor);
        self.note_adopted(&made);
        made
    }

    /// Checks the bounds for one more terminal; gives the size of its log.
    fn check_limits(&self, log_bytes: Option<usize>) -> Result<usize> {
        if self.table.len() >= self.limits.terminals {
            return Err(Error::limit(format!("{} terminals exist already", self.limits.terminals)));
        }
        let bytes = log_bytes.unwrap_or(self.limits.log_bytes);
        if !(LOG_BYTES_MIN..=self.limits.log_bytes_max).contains(&bytes) {
            let max = self.limits.log_bytes_max;
            return Err(Error::invalid(format!("log_bytes: {LOG_BYTES_MIN} to {max}")));
        }
        Ok(bytes)
    }

    fn add(&mut self, parts: Parts, reactor: &mut Reactor) -> Result<TerminalId> {
        let id = self.table.next_id()?;
        let reader =
            parts.reader.map(|delivery| Ok((self.readers.next_id()?, delivery))).transpose()?;
        let (limits, now) = (&self.limits, reactor.now());
        let mut terminal =
            Terminal::new(id, parts.tag, parts.pty, parts.size, parts.log_bytes, limits, now);
        terminal.input.set_full(self.screens.is_full());
        terminal.child = parts.child;
        if let Err(error) = register(&mut terminal, reactor) {
            terminal.teardown(reactor);
            return Err(error);
        }
        if let Some((reader, delivery)) = reader {
            self.readers.insert(reader, id);
            let options = ReaderOptions::new(delivery);
            terminal.readers.push(Reader::new(reader, &options, (0, Cleared::default()), now));
        }
        if let Some(options) = parts.screen {
            let mut screen = Screen::new(parts.size.for_screen(), &options, 0);
            screen.want_notices(self.notice_kinds);
            terminal.screen = Some(Box::new(screen));
            self.screens.count(&mut terminal);
        }
        if self.looks_at_foregrounds {
            terminal.expect_look(reactor);
        }
        self.table.insert(id, terminal);
        self.totals.started += 1;
        self.outbox.reserve(self.table.len());
        self.touch(id);
        Ok(id)
    }

    // Commands.

    /// Runs a command on a terminal and settles it afterwards.
    pub(crate) fn command<T>(
        &mut self,
        id: TerminalId,
        reactor: &mut Reactor,
        command: impl FnOnce(&mut Terminal, &mut Reactor) -> Result<T>,
    ) -> Result<T> {
        let outcome = command(self.table.get_mut(id)?, reactor);
        self.after_change(id, false, reactor);
        outcome
    }

    /// A command that types: the terminal counts as typed in if it has accepted something.
    fn type_in<T>(
        &mut self,
        id: TerminalId,
        reactor: &mut Reactor,
        command: impl FnOnce(&mut Terminal, &mut Reactor) -> Result<T>,
    ) -> Result<T> {
        let now = reactor.now();
        let outcome = self.command(id, reactor, command);
        if self.table.get(id).is_ok_and(|terminal| terminal.last_input == Some(now)) {
            self.note_input(id, reactor);
        }
        outcome
    }

    pub(crate) fn write(
        &mut self,
        id: TerminalId,
        bytes: &[u8],
        reactor: &mut Reactor,
    ) -> Result<usize> {
        self.type_in(id, reactor, |t, reactor| t.write(bytes, reactor))
    }

    /// As [`write`](Self::write), all of the bytes or none.
    pub(crate) fn write_whole(
        &mut self,
        id: TerminalId,
        bytes: &[u8],
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.type_in(id, reactor, |t, reactor| {
            t.accepts_commands()?;
            t.type_pending_eof(reactor)?;
            if t.input.free() < bytes.len() {
                t.input.refuse();
                return Err(Error::limit("the input queue has no room for all of these bytes"));
            }
            t.write(bytes, reactor).map(drop)
        })
    }

    pub(super) fn get(&self, id: TerminalId) -> Result<&Terminal> {
        self.table.get(id)
    }

    pub(crate) fn send_eof(&mut self, id: TerminalId, reactor: &mut Reactor) -> Result<()> {
        self.type_in(id, reactor, |t, reactor| t.send_eof(reactor))
    }

    pub(crate) fn set_paused(
        &mut self,
        id: TerminalId,
        paused: bool,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.command(id, reactor, |t, reactor| {
            t.accepts_commands()?;
            let was_stopped = t.flow.is_stopped();
            t.flow.by_host = paused;
            if was_stopped && !t.flow.is_stopped() {
                t.start_reading(reactor);
            } else {
                t.update_interest(reactor);
            }
            Ok(())
        })
    }

    pub(crate) fn close(
        &mut self,
        id: TerminalId,
        grace: std::time::Duration,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.touch(id);
        self.end_series(id, reactor);
        self.command(id, reactor, |t, reactor| {
            t.close(grace, reactor);
            Ok(())
        })
    }

    pub(crate) fn ids(&self, filter: TerminalFilter) -> impl Iterator<Item = TerminalId> + '_ {
        self.table.ids().filter(move |id| match filter {
            TerminalFilter::All => true,
            TerminalFilter::Active => self.table.get(*id).is_ok_and(Terminal::is_active),
        })
    }

    /// The ids in some slots of the table.
    pub(crate) fn ids_in(&self, slots: Range<usize>) -> impl Iterator<Item = TerminalId> + '_ {
        self.table.ids_in(slots)
    }

    pub(crate) fn slots(&self) -> usize {
        self.table.slots()
    }

    pub(crate) fn state(&self, id: TerminalId, reactor: &Reactor) -> Result<TerminalState> {
        Ok(self.table.get(id)?.state(reactor))
    }

    // Readers.

    pub(crate) fn attach(
        &mut self,
        id: TerminalId,
        options: &ReaderOptions,
        reactor: &mut Reactor,
    ) -> Result<ReaderId> {
        let reader = self.readers.next_id()?;
        let readers_max = self.limits.readers_per_terminal;
        self.command(id, reactor, |t, reactor| {
            if t.readers.len() >= readers_max {
                return Err(Error::limit(format!(
                    "the terminal has {readers_max} readers already"
                )));
            }
            t.add_reader(reader, options, reactor)
        })?;
        self.readers.insert(reader, id);
        Ok(reader)
    }

    pub(crate) fn detach(&mut self, reader: ReaderId, reactor: &mut Reactor) -> Result<()> {
        let id = *self.readers.get(reader)?;
        self.readers.remove(reader);
        self.command(id, reactor, |t, reactor| {
            t.readers.retain(|r| r.id != reader);
            t.update_flow(reactor);
            Ok(())
        })
    }

    pub(crate) fn set_reader_paused(
        &mut self,
        reader: ReaderId,
        paused: bool,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let id = *self.readers.get(reader)?;
        self.command(id, reactor, |t, reactor| {
            if paused && t.ending.closing {
                return Err(Error::new(ErrorKind::Closing, "the terminal is being closed"));
            }
            t.reader_mut(reader)?.paused = paused;
            t.update_viewers(reactor, false);
            Ok(())
        })
    }

    // Readiness.

    pub(crate) fn on_pty(
        &mut self,
        id: TerminalId,
        seen: PtyReady,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let Ok(terminal) = self.table.get_mut(id) else { return Ok(()) };
        if seen.readable {
            terminal.expect_exit(reactor);
            terminal.ending.hangup_reported |= seen.hung_up;
            let class = terminal.class(reactor, &self.limits);
            reactor.ready.push(&mut terminal.queued, id.to_u64(), class);
        }
        if seen.writable {
            self.command(id, reactor, |t, reactor| {
                t.flush_input(reactor);
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(crate) fn on_child(&mut self, id: TerminalId, reactor: &mut Reactor) {
        if let Ok(terminal) = self.table.get_mut(id) {
            terminal.on_child_ready(reactor);
        }
        self.after_change(id, false, reactor);
        self.touch(id);
    }

    pub(crate) fn on_alarm(&mut self, alarm: Alarm, reactor: &mut Reactor) -> Result<()> {
        match alarm {
            Alarm::Resize(id) => {
                self.touch(id);
                self.command(id, reactor, |t, reactor| t.on_resize_alarm(reactor))?;
                self.table.get_mut(id).map(|terminal| self.screens.count(terminal))
            }
            Alarm::Eof(id) => self.type_in(id, reactor, |t, reactor| {
                t.on_eof_alarm(reactor);
                Ok(())
            }),
            Alarm::Kill(id) => self.command(id, reactor, |t, reactor| {
                t.on_kill_alarm(reactor);
                Ok(())
            }),
            Alarm::Exit(id) => {
                self.on_exit_alarm(id, reactor);
                Ok(())
            }
            Alarm::Screen(id) => self.command(id, reactor, |t, reactor| {
                t.on_screen_alarm(reactor);
                Ok(())
            }),
            Alarm::Foreground(id) => {
                self.on_foreground_alarm(id, reactor);
                Ok(())
            }
            Alarm::Notices(id) => {
                self.on_notices_alarm(id);
                Ok(())
            }
            Alarm::Restart(id) => {
                self.on_restart_alarm(id, reactor);
                Ok(())
            }
        }
    }

    /// Reads from the next terminal in the ready queue, if it is still meant. `class` is that of its
    /// entry there; `bytes` is what this turn may still read.
    pub(crate) fn read_ready(
        &mut self,
        id: TerminalId,
        class: Class,
        slice: &mut Slice,
        bytes: &mut usize,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let Ok(terminal) = self.table.get_mut(id) else { return Ok(()) };
        if !reactor.ready.claim(&mut terminal.queued, class) {
            return Ok(());
        }
        let may = self.limits.turn_bytes_per_terminal.min(*bytes);
        let mut share = may;
        let mut outcome = if self.is_memory_critical {
            terminal.flow.by_memory = true;
            Outcome::Starved
        } else {
            terminal.read(slice, &mut share, &mut self.logs, reactor)
        };
        *bytes -= may - share;
        if share < may {
            self.totals.on_output(&mut terminal.figures, reactor.tick());
        }
        self.note_read(id, class, may - share, reactor);
        if outcome == Outcome::Starved {
            if !self.is_memory_critical && self.free_history() {
                outcome = Outcome::More;
            } else {
                self.starve(id);
            }
        }
        let terminal = self.table.get_mut(id)?;
        if outcome == Outcome::More {
            terminal.flow.by_memory = false;
        }
        let class = terminal.class(reactor, &self.limits);
        let outcome = terminal.after_read(outcome, class, reactor);
        terminal.after_output(reactor);
        if self.looks_at_foregrounds {
            terminal.expect_look(reactor);
        }
        self.screens.count(terminal);
        self.after_change(id, class == Class::Typing, reactor);
        self.touch(id);
        outcome
    }

    // The end.

    pub(super) fn remove(&mut self, id: TerminalId, reactor: &mut Reactor) {
        self.touch(id);
        let Some(mut terminal) = self.table.remove(id) else { return broken!("it goes once") };
        self.note_gone(id);
        self.echo_wait.on_output(id, reactor.now());
        self.outbox.forget(&terminal.outbox_place);
        self.totals.output_bytes += terminal.log.end();
        self.totals.input_bytes += terminal.input.written();
        self.totals.reader_gaps.add(terminal.figures.reader_gaps);
        terminal.teardown(reactor);
        terminal.log.release_all(&mut self.logs);
        self.screens.forget(&terminal);
        self.input_bytes -= terminal.input_bytes;
        for reader in &terminal.readers {
            self.readers.remove(reader.id);
        }
        self.retry_starved(reactor);
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn leak_after_fork(&mut self) {
        self.table.drain().for_each(drop);
    }

    /// Kills what runs and lets go of everything, without waiting; for an engine that is dropped.
    /// [`reap_programs`](super::reap_programs) is to follow, as late as possible.
    pub(crate) fn teardown(&mut self, reactor: &mut Reactor) {
        for mut terminal in self.table.drain() {
            terminal.teardown(reactor);
        }
    }
}

fn register(terminal: &mut Terminal, reactor: &mut Reactor) -> Result<()> {
    terminal.register_interest(reactor)?;
    if let Some(child) = &mut terminal.child {
        child.register(reactor, Source::Child(terminal.id))?;
        if child.status().is_some() {
            terminal.after_exit(reactor);
        }
    }
    terminal.expect_exit(reactor);
    Ok(())
}
