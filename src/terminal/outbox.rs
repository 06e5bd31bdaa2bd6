//! Which terminals have events, in the order in which they are asked for them. Pure.
//!
//! A terminal is queued once, however many events it has; each keeps its own [`OutboxPlace`].

use std::collections::VecDeque;

use crate::id::TerminalId;

/// The terminals that have events, in the order in which they are asked.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: VecDeque<TerminalId>,
    /// Terminals with an event, exactly; the queue may also hold ones whose reason went away.
    waiting: usize,
}

/// Where a terminal stands in the outbox; kept by the terminal.
#[derive(Debug, Default)]
pub(crate) struct OutboxPlace {
    queued: bool,
    waiting: bool,
}

impl Outbox {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Reserves memory for so many terminals, so that reporting their events allocates nothing.
    pub(crate) fn reserve(&mut self, terminals: usize) {
        self.queue.reserve(terminals.saturating_sub(self.queue.len()));
    }

    /// Notes whether a terminal has an event now. Call after every change to it.
    /// `first`: a terminal that is typed in is asked before the others.
    pub(crate) fn refresh(
        &mut self,
        id: TerminalId,
        place: &mut OutboxPlace,
        waiting: bool,
        first: bool,
    ) {
        if waiting != place.waiting {
            place.waiting = waiting;
            if waiting { self.waiting += 1 } else { self.waiting -= 1 }
        }
        if waiting && !place.queued {
            place.queued = true;
            if first {
                self.queue.push_front(id);
            } else {
                self.queue.push_back(id);
            }
        }
    }

    pub(crate) fn next(&mut self) -> Option<TerminalId> {
        self.queue.pop_front()
    }

    /// The terminal has come up: it is in the queue no longer.
    pub(crate) fn taken(&self, place: &mut OutboxPlace) {
        place.queued = false;
    }

    /// The terminal goes away.
    pub(crate) fn forget(&mut self, place: &OutboxPlace) {
        if place.waiting {
            self.waiting -= 1;
        }
    }
}
