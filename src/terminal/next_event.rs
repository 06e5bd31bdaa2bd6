//! The next event of the next terminal that has one.
//!
//! A terminal does not queue events: it knows what is unreported (bytes that readers have not got, flags,
//! its end), and makes the next event when it is asked. So what is unreported is bounded by itself, and
//! events of one terminal always come in the right order: bytes, then the exit that follows the last of
//! them, then the end of the PTY, then `Closed`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Instant;

use super::child::ExitStatus;
use super::event::{LastEvent, PendingEvent};
use super::output::Next;
use super::screen::{MetadataEvent, ScreenEvent, Snapshot};
use super::table::Terminals;
use super::{Terminal, TerminalEvent};
use crate::id::TerminalId;
use crate::observe::Recorded;
use crate::reactor::Reactor;

impl LastEvent {
    /// Makes what an event borrows, and draws the consequences for the terminal. Whether there is an event
    /// to give.
    fn fill(
        &mut self,
        terminal: &mut Terminal,
        pending: PendingEvent,
        reactor: &mut Reactor,
    ) -> bool {
        match pending {
            PendingEvent::Output { .. } => terminal.update_flow(reactor),
            PendingEvent::Gap { from, to, .. } => {
                terminal.figures.reader_gaps.note(to - from);
                terminal.update_flow(reactor);
            }
            PendingEvent::Screen { reader } => {
                terminal.take_update(reader, reactor, &mut self.update)
            }
            PendingEvent::Snapshot { reader, history } => {
                let taken = terminal.take_snapshot(reader, history);
                terminal.update_flow(reactor);
                match taken {
                    Ok(snapshot) => self.snapshot = snapshot,
                    // The model failed: the reader gets a gap next.
                    Err(_) => return false,
                }
            }
            PendingEvent::DeliveryChanged { .. } => {
                terminal.update_flow(reactor);
                terminal.update_viewers(reactor, false);
            }
            PendingEvent::ScreenEvent => {
                self.screen_event = terminal.screen.as_mut().and_then(|screen| screen.take_event());
                if self.screen_event == Some(ScreenEvent::MetadataEvent(MetadataEvent::Cwd)) {
                    let cwd = terminal.screen.as_ref().and_then(|screen| screen.metadata().cwd());
                    self.cwd = cwd.unwrap_or_default().to_vec();
                }
            }
            PendingEvent::Cleared { .. }
            | PendingEvent::InputReady
            | PendingEvent::InputTruncated
            | PendingEvent::Exited { .. }
            | PendingEvent::Eof { .. }
            | PendingEvent::Closed
            | PendingEvent::Restart => {}
        }
        true
    }

    /// Lets go of what may be big.
    fn clear(&mut self) {
        if self.snapshot.bytes.capacity() > 0 {
            self.snapshot = Snapshot::default();
        }
        self.screen_event = None;
        self.restart = None;
    }
}

impl Terminals {
    /// Takes the next event. What it borrows is found by [`resolve`](Self::resolve). Nothing that goes
    /// wrong behind it may keep it back: it is taken already.
    pub(crate) fn take_event(
        &mut self,
        reactor: &mut Reactor,
    ) -> Option<(TerminalId, u64, PendingEvent)> {
        self.last_event.clear();
        let report = self.take_restart_report(reactor.now());
        if report.is_some() {
            return report;
        }
        while let Some(id) = self.outbox.next() {
            let Ok(terminal) = self.table.get_mut(id) else { continue };
            self.outbox.taken(&mut terminal.outbox_place);
            let pending = terminal.take_event(reactor.now());
            let tag = terminal.tag;
            let is_reported =
                pending.is_some_and(|pending| self.last_event.fill(terminal, pending, reactor));
            if let Some(PendingEvent::Gap { from, to, .. }) = pending {
                self.notes.record(Recorded::Gap { terminal: id, bytes: to - from });
            }
            match pending {
                Some(PendingEvent::Closed) => self.remove(id, reactor),
                Some(PendingEvent::Exited { status, .. }) => {
                    self.on_exit_reported(id, status, reactor);
                    self.after_change(id, false, reactor);
                }
                _ => self.after_change(id, false, reactor),
            }
            if let Some(pending) = pending.filter(|_| is_reported) {
                return Some((id, tag, pending));
            }
        }
        None
    }

    /// The event with what it borrows. Bytes stay where they are until the next read.
    pub(crate) fn resolve(&self, id: TerminalId, pending: PendingEvent) -> TerminalEvent<'_> {
        match pending {
            PendingEvent::Output { reader, offset, len } => {
                let bytes = self.table.get(id).map_or(&[][..], |t| t.log.slice(offset, len));
                TerminalEvent::Output { reader, offset, bytes }
            }
            PendingEvent::Gap { reader, from, to } => TerminalEvent::Gap { reader, from, to },
            PendingEvent::Screen { reader } => {
                TerminalEvent::Screen { reader, update: &self.last_event.update }
            }
            PendingEvent::Snapshot { reader, .. } => {
                TerminalEvent::Snapshot { reader, snapshot: &self.last_event.snapshot }
            }
            PendingEvent::Cleared { reader, offset } => TerminalEvent::Cleared { reader, offset },
            PendingEvent::DeliveryChanged { reader, delivery } => {
                TerminalEvent::DeliveryChanged { reader, delivery }
            }
            PendingEvent::ScreenEvent => self.resolve_screen_event(id),
            PendingEvent::InputReady => TerminalEvent::InputReady,
            PendingEvent::InputTruncated => TerminalEvent::InputTruncated,
            PendingEvent::Exited { status, final_offset } => {
                TerminalEvent::Exited { status, final_offset }
            }
            PendingEvent::Eof { final_offset } => TerminalEvent::Eof { final_offset },
            PendingEvent::Closed => TerminalEvent::Closed,
            PendingEvent::Restart => match &self.last_event.restart {
                Some(reported) => TerminalEvent::Restart(reported.event()),
                None => broken!("it was taken with the event", TerminalEvent::Closed),
            },
        }
    }

    fn resolve_screen_event(&self, id: TerminalId) -> TerminalEvent<'_> {
        match &self.last_event.screen_event {
            // A title is what it is now; of several changes the last one counts.
            None | Some(ScreenEvent::Title) => {
                let screen = self.table.get(id).ok().and_then(|t| t.screen.as_ref());
                TerminalEvent::Title { title: screen.map_or("", |screen| screen.title()) }
            }
            Some(ScreenEvent::Bell(count)) => TerminalEvent::Bell { count: *count },
            Some(ScreenEvent::Clipboard { selection, text }) => {
                TerminalEvent::Clipboard { selection: *selection, text }
            }
            Some(ScreenEvent::Progress(progress)) => {
                TerminalEvent::Progress { progress: *progress }
            }
            Some(ScreenEvent::MetadataEvent(MetadataEvent::Cwd)) => {
                TerminalEvent::Cwd { path: Path::new(OsStr::from_bytes(&self.last_event.cwd)) }
            }
            Some(ScreenEvent::MetadataEvent(MetadataEvent::Notification { title, body })) => {
                TerminalEvent::Notification { title, body }
            }
            Some(ScreenEvent::MetadataEvent(MetadataEvent::CommandStarted { command })) => {
                TerminalEvent::CommandStarted { command }
            }
            Some(ScreenEvent::MetadataEvent(MetadataEvent::CommandFinished {
                exit_code,
                duration,
            })) => TerminalEvent::CommandFinished { exit_code: *exit_code, duration: *duration },
        }
    }
}

impl Terminal {
    /// Whether [`take_event`](Self::take_event) has something to give.
    pub(crate) fn has_event(&self) -> bool {
        self.has_output()
            || self.screen.as_ref().is_some_and(|screen| screen.has_event())
            || self.input_truncated
            || self.input_ready
            || self.unreported_exit().is_some()
            || self.unreported_eof().is_some()
            || self.is_closed()
    }

    /// Takes the next event. Readers take turns.
    pub(crate) fn take_event(&mut self, now: Instant) -> Option<PendingEvent> {
        if let Some(pending) = self.take_output(now) {
            return Some(pending);
        }
        if self.screen.as_ref().is_some_and(|screen| screen.has_event()) {
            return Some(PendingEvent::ScreenEvent);
        }
        if std::mem::take(&mut self.input_truncated) {
            return Some(PendingEvent::InputTruncated);
        }
        if std::mem::take(&mut self.input_ready) {
            return Some(PendingEvent::InputReady);
        }
        if let Some((status, final_offset)) = self.unreported_exit() {
            self.ending.exit_reported = true;
            return Some(PendingEvent::Exited { status, final_offset });
        }
        if let Some(final_offset) = self.unreported_eof() {
            self.ending.eof_reported = true;
            return Some(PendingEvent::Eof { final_offset });
        }
        self.is_closed().then_some(PendingEvent::Closed)
    }

    fn take_output(&mut self, now: Instant) -> Option<PendingEvent> {
        let last = self.next_reader;
        let (output, readers) = self.consumers();
        for count in 1..=readers.len() {
            let index = (last + count) % readers.len();
            let reader = &mut readers[index];
            let id = reader.id;
            let pending = if reader.take_handed_over() {
                PendingEvent::DeliveryChanged { reader: id, delivery: reader.consumer.delivery() }
            } else {
                match reader.take(&output, now) {
                    Some(Next::Bytes { offset, len }) => {
                        PendingEvent::Output { reader: id, offset, len }
                    }
                    Some(Next::Gap { from, to }) => PendingEvent::Gap { reader: id, from, to },
                    Some(Next::Cleared { offset }) => PendingEvent::Cleared { reader: id, offset },
                    Some(Next::Snapshot { history }) => {
                        PendingEvent::Snapshot { reader: id, history }
                    }
                    Some(Next::Update) => PendingEvent::Screen { reader: id },
                    Some(Next::Skip { .. }) | None => continue,
                }
            };
            self.next_reader = index;
            return Some(pending);
        }
        None
    }

    fn has_output(&self) -> bool {
        let output = self.output();
        self.readers.iter().any(|reader| reader.has_next(&output))
    }

    fn unreported_exit(&self) -> Option<(ExitStatus, u64)> {
        let status = self.child.as_ref()?.status()?;
        let final_offset = self.ending.final_offset?;
        let due = !self.ending.exit_reported && self.all_readers_at(final_offset);
        due.then_some((status, final_offset))
    }

    fn unreported_eof(&self) -> Option<u64> {
        let due = self.ending.hung_up
            && !self.ending.eof_reported
            && (self.child.is_none() || self.ending.exit_reported)
            && self.all_readers_at(self.log.end());
        due.then_some(self.log.end())
    }

    /// Whether every event but `Closed` was reported.
    fn is_closed(&self) -> bool {
        self.ending.closing
            && self.pty.is_none()
            && self.subscription.is_none()
            && (self.child.is_none() || self.ending.exit_reported)
            && self.all_readers_at(self.log.end())
    }

    fn all_readers_at(&self, offset: u64) -> bool {
        self.readers.iter().all(|reader| reader.is_at(offset))
    }
}
