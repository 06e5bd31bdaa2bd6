//! The next event of the next terminal that has one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::event::PendingEvent;
use super::screen::{MetadataEvent, ScreenEvent, ScreenUpdate, Snapshot};
use super::table::Terminals;
use super::{Terminal, TerminalEvent};
use crate::reactor::{Reactor, TerminalId};

/// What the event that was reported last borrows, apart from bytes of a log.
#[derive(Default)]
pub(crate) struct LastEvent {
    pub(super) update: ScreenUpdate,
    snapshot: Snapshot,
    screen_event: Option<ScreenEvent>,
    cwd: Vec<u8>,
}

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
            PendingEvent::Output { .. } | PendingEvent::Gap { .. } => terminal.update_flow(reactor),
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
            | PendingEvent::Closed => {}
        }
        true
    }

    /// Lets go of what may be big.
    fn clear(&mut self) {
        if self.snapshot.bytes.capacity() > 0 {
            self.snapshot = Snapshot::default();
        }
        self.screen_event = None;
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
        while let Some(id) = self.outbox.next() {
            let Ok(terminal) = self.table.get_mut(id) else { continue };
            self.outbox.taken(terminal);
            let pending = terminal.take_event(reactor.now());
            let tag = terminal.tag;
            let is_reported =
                pending.is_some_and(|pending| self.last_event.fill(terminal, pending, reactor));
            match pending {
                Some(PendingEvent::Closed) => self.remove(id, reactor),
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
