//! Taking subtrees out of the tree, in slices.
//!
//! A directory that is gone, or closed, loses its entries one after the other, what is in a directory
//! before the directory: so events can be applied in their order, and at each moment the tree is one. While
//! that goes on, nothing else in the tree changes. What was seen on the disk waits in the round of names it
//! belongs to, or is parked, and is applied when the directory is empty: then its name is free.
//!
//! The cursor is the tree itself: the next entry to go is the first one below that has nothing in it.

use super::Watch;
use super::tree::FileId;
use crate::policy::Slice;

/// What taking one entry out costs, and one step down in the tree.
const REMOVAL_COST: u64 = 3_000;

const STEP_COST: u64 = 30;

impl Watch {
    /// Has everything taken out that is below an entry. False: there is nothing.
    pub(super) fn empty(&mut self, entry: FileId) -> bool {
        let busy = self.tree.has_children(entry);
        if busy {
            self.removal.dirs.push(entry);
            self.removal.at = None;
        }
        busy
    }

    /// Takes entries out, as far as the slice goes.
    pub(super) fn continue_removal(&mut self, slice: &mut Slice) {
        while let Some(dir) = self.removal.dirs.last().copied() {
            let mut at = self.removal.at.take().filter(|at| self.tree.is_alive(*at)).unwrap_or(dir);
            while let Some(child) = self.tree.first_child(at) {
                at = child;
                self.spent += STEP_COST;
            }
            let parent = self.tree.get(at).map(|node| node.parent);
            let Some(parent) = parent.filter(|_| at != dir) else {
                self.removal.dirs.pop();
                continue;
            };
            self.delete_one(at, true);
            self.removal.at = Some(parent);
            self.spent += REMOVAL_COST;
            if (self.spent >= super::PORTION && self.pay(slice)) || self.is_blocked() {
                return;
            }
        }
    }
}
