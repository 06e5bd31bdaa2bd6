//! All memory of the engine: how much each subsystem uses, and who gives way when it is used up.
//!
//! The subsystems count their own bytes; nothing is walked to add them up. The decisions are in
//! `policy/budget.rs`. A turn looks before each slice of a stage, so that between two looks no more comes than one
//! slice brings; every call looks how much room is left.

use super::Engine;
use super::client_work::ReportJob;
use crate::error::{Error, Result};
use crate::limits::MEMORY_USED_UP;
use crate::policy::{MemoryUse, Yield};
use crate::state::Refusal;
use crate::terminal::{ScreenOptions, Size, cell_bytes};

/// Tombstones that one look drops at most, in bytes: they are small, and each is dropped by itself.
const TOMBSTONE_BYTES: usize = 256 << 10;

impl Engine {
    /// What memory is used for, how much is left, and how often some was given up. Costs nothing.
    ///
    /// Bytes are counted about as an allocator would, from what each subsystem holds. When
    /// [`Limits::memory_bytes_total`](crate::Limits::memory_bytes_total) is nearly used up, memory is given up in the
    /// order of [`GaveWay`](crate::GaveWay): history that every reader has passed, the oldest rows of scrollbacks,
    /// tombstones and caches, the client for which the most waits. Then new things are refused with
    /// [`LimitReached`](crate::ErrorKind::LimitReached) and PTYs are paused. What is unread is never dropped for it.
    pub fn memory(&self) -> MemoryUse {
        let terminals = self.terminals.memory();
        let (clients, resources) = self.server.memory();
        MemoryUse {
            logs: terminals.logs,
            screens: terminals.screens,
            input: terminals.input,
            state: self.state.memory(),
            tombstones: self.state.tombstone_bytes(),
            watches: self.watches.memory(),
            clients,
            requests: self.request_bytes(),
            peers: self.peers.memory(),
            resources,
            inbox: self.inbox.memory(),
            events: self.notices.bytes(),
            limit: self.memory.limit(),
            is_full: self.memory.is_full(),
            gave_way: self.memory.gave_way(),
        }
    }

    /// Bytes of what clients asked for and is not done yet.
    fn request_bytes(&self) -> usize {
        let report = self.report.as_ref().map_or(0, ReportJob::bytes);
        self.batches.bytes()
            + self.searches.bytes()
            + self.rows.bytes()
            + self.review_bytes
            + report
    }

    /// Refuses to make something new that takes so many bytes, if there is no memory for it.
    pub(super) fn admit(&mut self, bytes: usize) -> Result<()> {
        let used = self.memory().total();
        if self.memory.refuses(used, bytes) {
            return Err(Error::limit(MEMORY_USED_UP));
        }
        Ok(())
    }

    /// The same for a terminal with such a screen.
    pub(super) fn admit_terminal(
        &mut self,
        screen: Option<&ScreenOptions>,
        size: Size,
    ) -> Result<()> {
        self.admit(screen.map_or(0, |_| cell_bytes(size)))
    }

    /// Counts a change that the state has refused, if it was for want of memory.
    pub(super) fn note_refusal(&mut self, refusal: &Refusal) {
        if refusal.is_for_memory() {
            self.memory.note_refusal();
        }
    }

    /// Whether a turn would have something given up, by what was used at the end of the last call.
    pub(super) fn wants_relief(&self) -> bool {
        self.memory.wants_relief(self.memory_used)
    }

    /// A turn begins.
    pub(super) fn begin_memory_turn(&mut self) {
        let used = self.memory().total();
        self.memory.begin_turn(used);
        self.relieve_memory(used);
    }

    /// Has memory given up if too much is used, a part at a time, and notes how much is left.
    pub(super) fn look_at_memory(&mut self) {
        self.relieve_memory(self.memory().total());
    }

    fn relieve_memory(&mut self, mut used: usize) {
        if let Some(mut relief) = self.memory.look(used) {
            let mut freed = 0;
            while let Some((kind, bytes)) = relief.next(freed) {
                let by_this = self.give_up(kind, bytes);
                self.memory.note(kind, by_this);
                freed += by_this;
            }
            used = self.memory().total();
            self.memory.end_look(used, freed);
        }
        self.set_memory_used(used);
    }

    /// Notes how much is left for those that may be refused or paused.
    pub(super) fn note_memory_room(&mut self) {
        self.set_memory_used(self.memory().total());
    }

    fn set_memory_used(&mut self, used: usize) {
        self.memory_used = used;
        let room = self.memory.room(used);
        let is_full = self.memory.is_full();
        self.terminals.set_memory_room(room, &mut self.reactor);
        self.state.set_memory_room(room.bytes);
        self.server.set_memory_room(room.bytes);
        self.watches.set_memory_full(is_full, &mut self.reactor);
        self.peers.set_memory_full(is_full);
    }

    /// Gives up so many bytes of a kind; how many it were.
    fn give_up(&mut self, kind: Yield, bytes: usize) -> usize {
        match kind {
            Yield::LogHistory => self.terminals.give_up_log_history(bytes),
            Yield::Scrollback => self.terminals.give_up_scrollback(bytes),
            Yield::Tombstones => {
                let bytes = bytes.min(TOMBSTONE_BYTES);
                let of_state = self.state.forget_tombstones(bytes);
                let of_searches = self.searches.give_up_memory();
                let left = bytes.saturating_sub(of_state);
                of_state + of_searches + self.watches.give_up_tombstones(left)
            }
            Yield::Client => self.server.give_up_client(&mut self.reactor),
        }
    }
}
