//! Telling the host: the next event of the next terminal that has one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::event::Picked;
use super::screen::{Fact, News, ScreenUpdate, Snapshot};
use super::table::Terminals;
use super::{Terminal, TerminalEvent};
use crate::reactor::{Reactor, TerminalId};

/// What the event that was told last borrows, apart from bytes of a log.
#[derive(Default)]
pub(crate) struct Told {
    pub(super) update: ScreenUpdate,
    snapshot: Snapshot,
    news: Option<News>,
    cwd: Vec<u8>,
}

impl Told {
    /// Makes what an event borrows, and draws the consequences for the terminal. Whether there is an event
    /// to give.
    fn fill(&mut self, terminal: &mut Terminal, picked: Picked, reactor: &mut Reactor) -> bool {
        match picked {
            Picked::Output { .. } | Picked::Gap { .. } => terminal.update_flow(reactor),
            Picked::Screen { reader } => terminal.take_update(reader, reactor, &mut self.update),
            Picked::Snapshot { reader, history } => {
                let taken = terminal.take_snapshot(reader, history);
                terminal.update_flow(reactor);
                match taken {
                    Ok(snapshot) => self.snapshot = snapshot,
                    // The model failed: the reader is told a gap next.
                    Err(_) => return false,
                }
            }
            Picked::DeliveryChanged { .. } => {
                terminal.update_flow(reactor);
                terminal.tell_viewers(reactor, false);
            }
            Picked::News => {
                self.news = terminal.screen.as_mut().and_then(|screen| screen.take_news());
                if self.news == Some(News::Fact(Fact::Cwd)) {
                    let cwd = terminal.screen.as_ref().and_then(|screen| screen.facts().cwd());
                    self.cwd = cwd.unwrap_or_default().to_vec();
                }
            }
            Picked::Cleared { .. }
            | Picked::InputReady
            | Picked::InputTruncated
            | Picked::Exited { .. }
            | Picked::Eof { .. }
            | Picked::Closed => {}
        }
        true
    }

    /// Lets go of what may be big.
    fn clear(&mut self) {
        if self.snapshot.bytes.capacity() > 0 {
            self.snapshot = Snapshot::default();
        }
        self.news = None;
    }
}

impl Terminals {
    /// Takes the next event. What it borrows is found by [`resolve`](Self::resolve). Nothing that goes
    /// wrong behind it may keep it back: it is taken already.
    pub(crate) fn pick_event(
        &mut self,
        reactor: &mut Reactor,
    ) -> Option<(TerminalId, u64, Picked)> {
        self.told.clear();
        while let Some(id) = self.outbox.next() {
            let Ok(terminal) = self.table.get_mut(id) else { continue };
            self.outbox.taken(terminal);
            let picked = terminal.pick_event(reactor.now());
            let tag = terminal.tag;
            let is_told = picked.is_some_and(|picked| self.told.fill(terminal, picked, reactor));
            match picked {
                Some(Picked::Closed) => self.remove(id, reactor),
                _ => self.settle(id, false, reactor),
            }
            if let Some(picked) = picked.filter(|_| is_told) {
                return Some((id, tag, picked));
            }
        }
        None
    }

    /// The event with what it borrows. Bytes stay where they are until the next read.
    pub(crate) fn resolve(&self, id: TerminalId, picked: Picked) -> TerminalEvent<'_> {
        match picked {
            Picked::Output { reader, offset, len } => {
                let bytes = self.table.get(id).map_or(&[][..], |t| t.log.slice(offset, len));
                TerminalEvent::Output { reader, offset, bytes }
            }
            Picked::Gap { reader, from, to } => TerminalEvent::Gap { reader, from, to },
            Picked::Screen { reader } => {
                TerminalEvent::Screen { reader, update: &self.told.update }
            }
            Picked::Snapshot { reader, .. } => {
                TerminalEvent::Snapshot { reader, snapshot: &self.told.snapshot }
            }
            Picked::Cleared { reader, offset } => TerminalEvent::Cleared { reader, offset },
            Picked::DeliveryChanged { reader, delivery } => {
                TerminalEvent::DeliveryChanged { reader, delivery }
            }
            Picked::News => self.resolve_news(id),
            Picked::InputReady => TerminalEvent::InputReady,
            Picked::InputTruncated => TerminalEvent::InputTruncated,
            Picked::Exited { status, final_offset } => {
                TerminalEvent::Exited { status, final_offset }
            }
            Picked::Eof { final_offset } => TerminalEvent::Eof { final_offset },
            Picked::Closed => TerminalEvent::Closed,
        }
    }

    fn resolve_news(&self, id: TerminalId) -> TerminalEvent<'_> {
        match &self.told.news {
            // A title is what it is now; of several changes the last one counts.
            None | Some(News::Title) => {
                let screen = self.table.get(id).ok().and_then(|t| t.screen.as_ref());
                TerminalEvent::Title { title: screen.map_or("", |screen| screen.title()) }
            }
            Some(News::Bell(count)) => TerminalEvent::Bell { count: *count },
            Some(News::Clipboard { selection, text }) => {
                TerminalEvent::Clipboard { selection: *selection, text }
            }
            Some(News::Progress(progress)) => TerminalEvent::Progress { progress: *progress },
            Some(News::Fact(Fact::Cwd)) => {
                TerminalEvent::Cwd { path: Path::new(OsStr::from_bytes(&self.told.cwd)) }
            }
            Some(News::Fact(Fact::Notification { title, body })) => {
                TerminalEvent::Notification { title, body }
            }
            Some(News::Fact(Fact::CommandStarted { command })) => {
                TerminalEvent::CommandStarted { command }
            }
            Some(News::Fact(Fact::CommandFinished { exit_code, duration })) => {
                TerminalEvent::CommandFinished { exit_code: *exit_code, duration: *duration }
            }
        }
    }
}
