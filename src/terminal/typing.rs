//! What the table does while somebody types: floods wait for the echo, and few of them are read at a time.
//!
//! What decides is in [`echo_wait`](super::echo_wait); here it is joined to the ready queue.

use std::time::Instant;

use super::table::Terminals;
use crate::id::TerminalId;
use crate::reactor::{Class, Reactor};

impl Terminals {
    /// Input was accepted: an echo is on its way, and floods wait for it.
    pub(super) fn note_input(&mut self, id: TerminalId, reactor: &mut Reactor) {
        let now = reactor.now();
        self.last_input = Some(now);
        self.echo_wait.on_input(id, now);
        if self.looks_at_foregrounds
            && let Ok(terminal) = self.table.get_mut(id)
        {
            terminal.expect_look(reactor);
        }
        self.held_until(reactor);
    }

    /// A terminal was read from the queue: `class` is where it stood there.
    pub(super) fn note_read(
        &mut self,
        id: TerminalId,
        class: Class,
        bytes: usize,
        reactor: &mut Reactor,
    ) {
        let now = reactor.now();
        if bytes > 0 {
            self.echo_wait.on_output(id, now);
        }
        if class != Class::Typing && self.is_typing(now) {
            let is_open = class == Class::Open || self.bulk_window.enter(id, now);
            let is_open = is_open && self.bulk_window.on_read(id, bytes, now);
            if let Ok(terminal) = self.table.get_mut(id) {
                terminal.is_open = is_open;
            }
        }
        self.held_until(reactor);
    }

    /// When reads of floods go on that are held back now, and what of the ready queue is.
    pub(crate) fn held_until(&mut self, reactor: &mut Reactor) -> Option<Instant> {
        let now = reactor.now();
        let is_typing = self.is_typing(now);
        for id in self.bulk_window.expire(now, !is_typing) {
            if let Ok(terminal) = self.table.get_mut(id) {
                terminal.is_open = false;
            }
        }
        let echo = self.echo_wait.until(now);
        let place = self.bulk_window.free_at();
        reactor.ready.hold(echo.is_some(), place.is_some());
        echo.or(place)
    }
}
