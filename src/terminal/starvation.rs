//! Memory of all logs: who gives it, who waits for it, and the one way from the one to the other.
//!
//! A terminal starves when the budget of all logs is used up and every byte in them is unread. Memory comes
//! free when a cursor passes a segment (an event, another delivery, a reader that leaves), when a log gives
//! a segment back, and when a terminal goes. Every change to a terminal ends in [`Terminals::after_change`], and
//! every removal in [`Terminals::retry_starved`], so every way wakes those that wait.
//!
//! While nobody starves this costs one comparison. Who gives way when all memory of the engine is used up is in
//! `memory.rs`.

use super::Terminal;
use super::table::Terminals;
use crate::id::TerminalId;
use crate::reactor::Reactor;

impl Terminals {
    /// The end of every change to a terminal: looks whether it has an event now, whether the host
    /// waits for its clients, and whether it has come to memory that another one waits for. `first`: its
    /// events go before those of the others.
    pub(super) fn after_change(&mut self, id: TerminalId, first: bool, reactor: &mut Reactor) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        let has_event = terminal.has_event();
        self.outbox.refresh(id, &mut terminal.outbox_place, has_event, first);
        let is_blocked = terminal.is_blocked_by_clients();
        let waits = !self.starving.ids.is_empty();
        let has_history = waits && !self.is_memory_critical && terminal.has_history();
        if is_blocked {
            self.touch(id);
        }
        self.note_changes(id);
        if waits && (has_history || self.may_feed_starving()) {
            self.retry_starved(reactor);
        }
    }

    /// A read of this terminal found no memory.
    pub(super) fn starve(&mut self, id: TerminalId) {
        let Ok(terminal) = self.table.get(id) else { return broken!("who was read is there") };
        let needs = terminal.log.next_segment_bytes();
        let is_first = self.starving.ids.is_empty();
        let others = if is_first { needs } else { self.starving.needs };
        self.starving.needs = needs.min(others);
        self.starving.ids.push(id);
        if is_first {
            self.note_memory();
            // Whoever sees to clients that keep memory has to look at them.
            let ids: Vec<_> = self.table.ids().collect();
            let keeps =
                |id: &TerminalId| self.table.get(*id).is_ok_and(Terminal::keeps_for_clients);
            for id in ids.into_iter().filter(keeps).collect::<Vec<_>>() {
                self.touch(id);
            }
        }
    }

    /// Whether a terminal waits for memory.
    pub(super) fn has_starving(&self) -> bool {
        !self.starving.ids.is_empty()
    }

    /// Makes room for a segment by dropping history that every reader has passed, a segment from
    /// each terminal in turn. Whether there was any.
    pub(super) fn free_history(&mut self) -> bool {
        let before = self.logs.used();
        for terminal in self.table.values_mut() {
            let keep_from = terminal.keep_from();
            terminal.log.release_oldest(keep_from, &mut self.logs);
        }
        self.logs.used() < before
    }

    /// Lets the terminals that wait for memory try again: there may be some.
    pub(super) fn retry_starved(&mut self, reactor: &mut Reactor) {
        let starving = std::mem::take(&mut self.starving.ids);
        if !starving.is_empty() {
            self.note_memory();
        }
        for id in starving {
            if let Ok(terminal) = self.table.get_mut(id) {
                terminal.flow.by_memory = false;
                terminal.start_reading(reactor);
            }
            self.note_changes(id);
        }
    }
}

impl Terminal {
    /// Whether the log could give a segment to another one.
    fn has_history(&self) -> bool {
        self.log.has_history(self.keep_from())
    }
}
