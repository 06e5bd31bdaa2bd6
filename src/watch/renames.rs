//! Publishing renames.
//!
//! A belief of `moves.rs` becomes a rename if both names were looked at and the inode agrees: the number
//! of a freed inode is used again at once, so neither the events nor the inode alone would do. What does
//! not agree is left to be a deletion and a creation.
//!
//! Renames depend on each other: a name has to be left before somebody takes it, a directory has to leave
//! another one before that can move into it. So each first does what stands in its way; where that is a
//! circle (two names were exchanged), one of them is deleted and made again. It goes step by step, so that
//! it can be left for another turn: also when a directory that is in the way has to be emptied first.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Watch;
use super::stages::Look;
use super::stages::{Obstacle, Renames};
use super::tree::{FileId, Node, Stat, flag};

/// What one step costs, and each other rename that it is compared with.
const STEP_COST: u64 = 3_000;

const OTHER_COST: u64 = 100;

impl Watch {
    /// The renames that these looks confirm.
    pub(super) fn plan_renames(&mut self, looks: &VecDeque<Look>) -> Renames {
        let mut renames = Renames::default();
        if self.moves.is_empty() {
            return renames;
        }
        self.spent += looks.len() as u64 * OTHER_COST * 10;
        let by_name: HashMap<(FileId, &[u8]), &Look> =
            looks.iter().map(|look| ((look.dir, &*look.name), look)).collect();
        for (index, look) in looks.iter().enumerate() {
            let place = (look.dir, look.name.clone());
            let Some(entry) = self.moves.arrival(&place) else { continue };
            if self.is_confirmed(entry, look, &by_name) {
                renames.order.push_back(entry);
                renames.pending.insert(entry, index);
            } else {
                self.moves.forget(entry);
            }
        }
        renames
    }

    /// Whether the entry is at its new name, and not at the old one any more.
    fn is_confirmed(
        &self,
        entry: FileId,
        target: &Look,
        by_name: &HashMap<(FileId, &[u8]), &Look>,
    ) -> bool {
        let Some(node) = self.tree.get(entry) else { return false };
        let classified = self.classify(target.dir, &target.name, target.now.stat);
        let is_same = |stat: &Stat| stat.is_same_inode(&node.stat);
        let Some(stat) = classified.stat.filter(is_same) else { return false };
        // The old name was not looked at if its directory is gone.
        let source = by_name.get(&(node.parent, node.name)).and_then(|look| look.now.stat);
        let left = source.is_none_or(|source| {
            !source.is_same_inode(&node.stat)
                && (stat.is_dir() || self.is_taken_by_rename(&node, &source))
        });
        let as_deep = self.tree.depth(node.parent) == self.tree.depth(target.dir);
        let deep_enough = as_deep || self.options.max_depth >= super::options::DEPTH_MAX;
        let is = |flag: u16| node.has(flag);
        let as_open = !stat.is_dir()
            || (is(flag::OPAQUE), is(flag::KEPT)) == (classified.is_opaque, classified.is_kept);
        left && as_open && (deep_enough || !stat.is_dir())
    }

    /// Whether what is at the old name of a file now came there by a rename. If not, the file was replaced
    /// and what it was before was kept under another name: a backup. Who cares for the file has to hear
    /// that it was modified, and not to follow it to its backup.
    fn is_taken_by_rename(&self, node: &Node<'_>, now: &Stat) -> bool {
        let arrival = self.moves.arrival(&(node.parent, node.name.into()));
        let other = arrival.and_then(|other| self.tree.get(other));
        other.is_some_and(|other| other.stat.is_same_inode(now))
    }

    /// Carries out a rename, or finds what has to come before. False: all are done.
    pub(super) fn step_rename(&mut self, renames: &mut Renames, looks: &VecDeque<Look>) -> bool {
        let Renames { order, pending, stack, waiting } = renames;
        let Some(entry) = stack.last().copied() else {
            let Some(first) = order.pop_front() else { return false };
            *waiting = HashSet::from([first]);
            stack.push(first);
            return true;
        };
        self.spent += STEP_COST + pending.len() as u64 * OTHER_COST;
        let Some(look) = pending.get(&entry).and_then(|index| looks.get(*index)) else {
            stack.pop();
            return true;
        };
        match self.obstacle(entry, look, pending) {
            Obstacle::Rename(other) if waiting.insert(other) => {
                stack.push(other);
                return true;
            }
            // Files that were exchanged are each replaced by the other.
            Obstacle::Rename(other) if !self.is_dir(entry) => {
                while let Some(entry) = stack.pop() {
                    self.moves.forget(entry);
                    pending.remove(&entry);
                    if entry == other {
                        break;
                    }
                }
                return true;
            }
            // A circle, or a place inside itself.
            Obstacle::Rename(_) | Obstacle::Never => self.moves.forget(entry),
            Obstacle::Nothing if self.carry_out(entry, look) => {}
            // What is in its way is being emptied.
            Obstacle::Nothing => return true,
        }
        pending.remove(&entry);
        waiting.remove(&entry);
        stack.pop();
        true
    }

    fn obstacle(&self, entry: FileId, look: &Look, pending: &HashMap<FileId, usize>) -> Obstacle {
        if !self.tree.is_alive(entry) || !self.tree.is_alive(look.dir) {
            return Obstacle::Never;
        }
        if self.tree.is_in(look.dir, entry) {
            // Something between the two has to move out first.
            let mut at = look.dir;
            while let Some(node) = self.tree.get(at).filter(|_| at != entry) {
                if pending.contains_key(&at) {
                    return Obstacle::Rename(at);
                }
                at = node.parent;
            }
            return Obstacle::Never;
        }
        let Some(occupant) = self.tree.child(look.dir, &look.name) else {
            return Obstacle::Nothing;
        };
        let same = self.tree.get(occupant).zip(look.now.stat);
        if same.is_some_and(|(node, stat)| node.stat.is_same_inode(&stat)) {
            // A listing has found it here already.
            return Obstacle::Never;
        }
        if pending.contains_key(&occupant) {
            return Obstacle::Rename(occupant);
        }
        if self.tree.has_children(occupant) {
            let inside = pending.keys().find(|other| self.tree.is_in(**other, occupant));
            if let Some(other) = inside.filter(|other| **other != entry) {
                return Obstacle::Rename(*other);
            }
            if self.tree.is_in(entry, occupant) {
                return Obstacle::Never;
            }
        }
        Obstacle::Nothing
    }

    fn is_dir(&self, entry: FileId) -> bool {
        self.tree.get(entry).is_some_and(|node| node.stat.is_dir())
    }

    /// Renames an entry. False: what is in its place has to be emptied first.
    fn carry_out(&mut self, entry: FileId, look: &Look) -> bool {
        if let Some(occupant) = self.tree.child(look.dir, &look.name)
            && (self.is_dir(occupant) || self.is_dir(entry))
        {
            if self.empty(occupant) {
                return false;
            }
            self.delete_one(occupant, true);
        }
        self.relocate(entry, look.dir, &look.name, look.now, look.seen);
        true
    }
}
