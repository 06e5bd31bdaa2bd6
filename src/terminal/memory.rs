//! What terminals take of all memory, and what they give up when it is used up.

use super::Terminal;
use super::table::Terminals;
use crate::id::{IdTable, TerminalId};
use crate::policy::MemoryRoom;
use crate::reactor::Reactor;

/// Bytes of terminals, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TerminalMemory {
    pub(crate) logs: usize,
    pub(crate) screens: usize,
    pub(crate) input: usize,
}

impl Terminals {
    /// What is used now.
    pub(crate) fn memory(&self) -> TerminalMemory {
        TerminalMemory {
            logs: self.logs.used(),
            screens: self.screens.reserved(),
            input: self.input_bytes,
        }
    }

    /// What is left of all memory of the engine. Terminals that waited for some are read on.
    pub(crate) fn set_memory_room(&mut self, room: MemoryRoom, reactor: &mut Reactor) {
        self.logs.set_room(room.bytes);
        self.is_memory_critical = room.is_critical;
        let is_full = room.bytes == 0;
        if self.screens.is_full() != is_full {
            self.screens.set_full(is_full);
            self.set_input_full(is_full, reactor);
        }
        if self.has_starving() && self.may_feed_starving() {
            self.retry_starved(reactor);
        }
    }

    /// Whether there was no memory for anything new when it was last looked at.
    pub(super) fn is_out_of_memory(&self) -> bool {
        self.screens.is_full()
    }

    /// Whether a terminal that waits for memory would find some.
    pub(super) fn may_feed_starving(&self) -> bool {
        !self.is_memory_critical && self.logs.has_room(self.starving.needs)
    }

    /// Input queues take only what a person types, or again as much as they may.
    fn set_input_full(&mut self, is_full: bool, reactor: &mut Reactor) {
        for terminal in self.table.values_mut() {
            terminal.input.set_full(is_full);
            terminal.input_ready |= !terminal.ending.closing && terminal.input.take_ready();
        }
        if !is_full {
            // Those whose writes were refused have room now.
            let ids: Vec<TerminalId> = self.table.ids().collect();
            ids.into_iter().for_each(|id| self.after_change(id, false, reactor));
        }
    }

    /// Drops history of logs that every reader has passed, a segment from each terminal in turn, until so many bytes
    /// are free or there is none. How many were freed.
    pub(crate) fn give_up_log_history(&mut self, bytes: usize) -> usize {
        let before = self.logs.used();
        let Terminals { table, logs, .. } = self;
        give_up(table, &mut self.next_to_give, bytes, |terminal| {
            let keep_from = terminal.keep_from();
            terminal.log.release_oldest(keep_from, logs);
            before - logs.used()
        })
    }

    /// Drops the oldest rows of scrollbacks, about 16 KiB from each terminal in turn, until so many bytes are free or
    /// there are none. How many were freed.
    pub(crate) fn give_up_scrollback(&mut self, bytes: usize) -> usize {
        let before = self.screens.reserved();
        let Terminals { table, screens, .. } = self;
        give_up(table, &mut self.next_to_give, bytes, |terminal| {
            if terminal.screen.as_mut().is_some_and(|screen| screen.drop_oldest_history()) {
                screens.count(terminal);
            }
            before.saturating_sub(screens.reserved())
        })
    }

    /// Counts anew how much input waits for a terminal's program, and what the program is started with again.
    pub(super) fn count_input(total: &mut usize, terminal: &mut Terminal) {
        let series = terminal.series.as_ref().map_or(0, |series| series.bytes());
        let bytes = terminal.input.bytes() + series;
        *total = *total + bytes - std::mem::replace(&mut terminal.input_bytes, bytes);
    }
}

/// Has one terminal after the other give something up, beginning where it stopped the last time, until so many bytes
/// are free or a round frees nothing. `part` does it for one of them and gives how many bytes are free so far.
fn give_up(
    table: &mut IdTable<TerminalId, Terminal>,
    next: &mut usize,
    bytes: usize,
    mut part: impl FnMut(&mut Terminal) -> usize,
) -> usize {
    let (mut freed, count) = (0, table.len());
    loop {
        let freed_before = freed;
        let first = next.checked_rem(count).unwrap_or(0);
        for (skip, take) in [(first, count - first), (0, first)] {
            for terminal in table.values_mut().skip(skip).take(take) {
                if freed >= bytes {
                    return freed;
                }
                freed = part(terminal);
                *next = next.wrapping_add(1);
            }
        }
        if freed == freed_before {
            return freed;
        }
    }
}
