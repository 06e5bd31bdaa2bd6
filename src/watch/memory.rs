//! What a watch takes of all memory, and what it gives up when it is used up.

use super::Watch;
use super::dirty::Mark;
use super::event::PendingEvent;

/// What a dirty name takes beside its mark: the name, its place in a table, and its times in a queue.
const NAME_BYTES: usize = 120;
/// What a kernel watch takes, about: its place in an ordered table.
const DESCRIPTOR_BYTES: usize = 40;
/// What an assumption of a rename takes.
const MOVE_BYTES: usize = 200;

impl Watch {
    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        let names = self.dirty.len() * (size_of::<Mark>() + NAME_BYTES);
        let sealing = self.sealing.as_ref().map_or(0, |shortening| shortening.memory());
        let batches = self.open.memory() + sealing + self.unread_bytes();
        let rest = self.kernel.len() * DESCRIPTOR_BYTES + self.moves.len() * MOVE_BYTES;
        self.tree.bytes() + self.filter.bytes() + names + batches + rest
    }

    /// Bytes of events that the host has not read. They are few.
    fn unread_bytes(&self) -> usize {
        self.pending_events.iter().map(PendingEvent::memory).sum()
    }

    /// All memory of the engine is used up: nothing new is taken into the tree. Or there is some again, and
    /// what was left out is looked for.
    pub(crate) fn set_memory_full(&mut self, is_full: bool) {
        self.is_memory_full = is_full;
        if !is_full {
            self.scan.on_memory();
        }
    }

    /// Forgets the older half of the entries that were removed. How many bytes were freed.
    pub(crate) fn forget_tombstones(&mut self) -> usize {
        let before = self.tree.tombstone_bytes();
        self.tree.forget_tombstones();
        before - self.tree.tombstone_bytes()
    }
}
