//! Publishing renames.
//!
//! A belief of `moves.rs` becomes a rename if both names were looked at and the inode agrees: the number
//! of a freed inode is used again at once, so neither the events nor the inode alone would do. What does
//! not agree is left to be a deletion and a creation.
//!
//! Renames depend on each other: a name has to be left before somebody takes it, a directory has to leave
//! another one before that can move into it. So each first does what stands in its way; where that is a
//! circle (two names were exchanged), one of them is deleted and made again.

use std::collections::{HashMap, HashSet};

use super::Watch;
use super::settle::Look;
use super::tree::{FileId, Node, Stat};

/// What stands in the way of a rename.
enum Obstacle {
    Nothing,
    /// Another rename has to come first.
    Rename(FileId),
    /// It cannot be.
    Never,
}

impl Watch {
    /// Publishes the renames that these looks confirm.
    pub(super) fn settle_renames(&mut self, looks: &[Look]) {
        let by_name: HashMap<(FileId, &[u8]), &Look> =
            looks.iter().map(|look| ((look.dir, &*look.name), look)).collect();
        let mut pending: HashMap<FileId, &Look> = HashMap::new();
        let mut order = Vec::new();
        for look in looks {
            let place = (look.dir, look.name.clone());
            let Some(entry) = self.moves.arrival(&place) else { continue };
            if self.is_confirmed(entry, look, &by_name) {
                order.push(entry);
                pending.insert(entry, look);
            } else {
                self.moves.forget(entry);
            }
        }
        for entry in order {
            self.rename_in_order(entry, &mut pending);
        }
    }

    /// Whether the entry is at its new name, and not at the old one any more.
    fn is_confirmed(
        &self,
        entry: FileId,
        target: &Look,
        by_name: &HashMap<(FileId, &[u8]), &Look>,
    ) -> bool {
        let Some(node) = self.tree.get(entry) else { return false };
        let (stat, opaque) = self.judge(target.dir, &target.name, target.now.stat);
        let Some(stat) = stat.filter(|stat| stat.is_same_inode(&node.stat)) else { return false };
        // The old name was not looked at if its directory is gone.
        let source = by_name.get(&(node.parent, &*node.name)).and_then(|look| look.now.stat);
        let left = source.is_none_or(|source| {
            !source.is_same_inode(&node.stat)
                && (stat.is_dir() || self.is_taken_by_rename(node, &source))
        });
        let as_deep = self.tree.depth(node.parent) == self.tree.depth(target.dir);
        let deep_enough = as_deep || self.options.max_depth >= super::options::DEPTH_MAX;
        let as_open = !stat.is_dir() || node.has(super::tree::flag::OPAQUE) == opaque;
        left && as_open && (deep_enough || !stat.is_dir())
    }

    /// Whether what is at the old name of a file now came there by a rename. If not, the file was replaced
    /// and what it was before was kept under another name: a backup. Who cares for the file has to hear
    /// that it was modified, and not to follow it to its backup.
    fn is_taken_by_rename(&self, node: &Node, now: &Stat) -> bool {
        let arrival = self.moves.arrival(&(node.parent, node.name.clone()));
        let other = arrival.and_then(|other| self.tree.get(other));
        other.is_some_and(|other| other.stat.is_same_inode(now))
    }

    fn rename_in_order(&mut self, first: FileId, pending: &mut HashMap<FileId, &Look>) {
        let mut stack = vec![first];
        let mut waiting: HashSet<FileId> = HashSet::from([first]);
        while let Some(entry) = stack.last().copied() {
            let Some(look) = pending.get(&entry).copied() else {
                stack.pop();
                continue;
            };
            match self.obstacle(entry, look, pending) {
                Obstacle::Rename(other) if waiting.insert(other) => {
                    stack.push(other);
                    continue;
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
                    continue;
                }
                // A circle, or a place inside itself.
                Obstacle::Rename(_) | Obstacle::Never => self.moves.forget(entry),
                Obstacle::Nothing => self.carry_out(entry, look),
            }
            pending.remove(&entry);
            waiting.remove(&entry);
            stack.pop();
        }
    }

    fn obstacle(&self, entry: FileId, look: &Look, pending: &HashMap<FileId, &Look>) -> Obstacle {
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

    fn carry_out(&mut self, entry: FileId, look: &Look) {
        if let Some(occupant) = self.tree.child(look.dir, &look.name)
            && (self.is_dir(occupant) || self.is_dir(entry))
        {
            self.delete(occupant);
        }
        self.relocate(entry, look.dir, &look.name, look.now, look.seen);
    }
}
