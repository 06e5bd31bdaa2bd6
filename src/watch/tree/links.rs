//! The tables and lists of the tree: entries by name, by inode, in their directory, by last change.

use std::hash::BuildHasher;

use super::{FileId, NONE, Tree};

impl Tree {
    pub(super) fn id_of(&self, slot: u32) -> FileId {
        let generation = self.nodes.get(slot as usize).map_or(0, |node| node.generation);
        FileId(u64::from(generation) << 32 | u64::from(slot))
    }

    pub(super) fn hash_name(&self, dir: FileId, name: &[u8]) -> u64 {
        self.hasher.hash_one((dir.0, name))
    }

    pub(super) fn hash_inode(&self, ino: u64, dev: u32) -> u64 {
        self.hasher.hash_one((ino, dev))
    }

    pub(super) fn link_name(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot as usize) else { return broken!("a slot in use") };
        let (parent, hash) = (node.parent, self.hash_name(node.parent, &node.name));
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        self.by_name.insert(hash, slot, |slot| {
            nodes.get(slot as usize).map_or(0, |node| hasher.hash_one((node.parent.0, &*node.name)))
        });
        let first = self.get(parent).map_or(NONE, |node| node.first_child);
        if let Some(next) = self.nodes.get_mut(first as usize) {
            next.prev = slot;
        }
        if let Some(node) = self.nodes.get_mut(slot as usize) {
            (node.prev, node.next) = (NONE, first);
        }
        if let Some(parent) = self.nodes.get_mut(parent.slot()) {
            parent.first_child = slot;
        }
    }

    pub(super) fn unlink_name(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot as usize) else { return broken!("a slot in use") };
        let (parent, prev, next) = (node.parent, node.prev, node.next);
        let hash = self.hash_name(parent, &node.name);
        self.by_name.remove(hash, slot);
        if let Some(next) = self.nodes.get_mut(next as usize) {
            next.prev = prev;
        }
        match self.nodes.get_mut(prev as usize) {
            Some(prev) => prev.next = next,
            None => {
                if let Some(parent) = self.nodes.get_mut(parent.slot()) {
                    parent.first_child = next;
                }
            }
        }
    }

    /// Adds an entry to the names of its file. The table has one of them, and they are a ring.
    pub(super) fn link_inode(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot as usize).filter(|node| !node.stat.is_dir()) else {
            return;
        };
        let (stat, hash) = (node.stat, self.hash_inode(node.stat.ino, node.stat.dev));
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        let is_name = |slot: &u32| {
            nodes.get(*slot as usize).is_some_and(|node| node.stat.is_same_inode(&stat))
        };
        match self.by_inode.find(hash, is_name) {
            Some(known) => self.join_ring(slot, known),
            None => self.by_inode.insert(hash, slot, |slot| {
                let stat = nodes.get(slot as usize).map(|node| &node.stat);
                stat.map_or(0, |stat| hasher.hash_one((stat.ino, stat.dev)))
            }),
        }
    }

    fn join_ring(&mut self, slot: u32, known: u32) {
        let next = match self.nodes.get(known as usize).map_or(NONE, |node| node.next_link) {
            NONE => known,
            next => next,
        };
        self.set_links(known, None, Some(slot));
        self.set_links(slot, Some(known), Some(next));
        self.set_links(next, Some(slot), None);
        // Of two, each is on both sides of the other.
        if next == known {
            self.set_links(known, Some(slot), Some(slot));
        }
    }

    fn set_links(&mut self, slot: u32, prev: Option<u32>, next: Option<u32>) {
        if let Some(node) = self.nodes.get_mut(slot as usize) {
            node.prev_link = prev.unwrap_or(node.prev_link);
            node.next_link = next.unwrap_or(node.next_link);
        }
    }

    /// Takes an entry out of the names of its file.
    pub(super) fn unlink_inode(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot as usize) else { return broken!("a slot in use") };
        if node.stat.is_dir() {
            return;
        }
        let (hash, prev, next) =
            (self.hash_inode(node.stat.ino, node.stat.dev), node.prev_link, node.next_link);
        let was_known = self.by_inode.remove(hash, slot);
        if next == NONE {
            return;
        }
        self.set_links(slot, Some(NONE), Some(NONE));
        if prev == next {
            self.set_links(next, Some(NONE), Some(NONE));
        } else {
            self.set_links(prev, None, Some(next));
            self.set_links(next, Some(prev), None);
        }
        if was_known {
            let (nodes, hasher) = (&self.nodes, &self.hasher);
            self.by_inode.insert(hash, next, |slot| {
                let stat = nodes.get(slot as usize).map(|node| &node.stat);
                stat.map_or(0, |stat| hasher.hash_one((stat.ino, stat.dev)))
            });
        }
    }

    /// Moves an entry to the new end of the order of changes.
    pub(super) fn touch(&mut self, slot: u32) {
        self.unlink_order(slot);
        self.seq += 1;
        let (seq, newest) = (self.seq, self.newest);
        if let Some(node) = self.nodes.get_mut(slot as usize) {
            (node.seq, node.older, node.newer) = (seq, newest, NONE);
        }
        match self.nodes.get_mut(newest as usize) {
            Some(older) => older.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    pub(super) fn unlink_order(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot as usize).filter(|node| node.seq > 0) else { return };
        let (older, newer) = (node.older, node.newer);
        match self.nodes.get_mut(older as usize) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
        match self.nodes.get_mut(newer as usize) {
            Some(node) => node.older = older,
            None => self.newest = older,
        }
    }

    /// The entry whose last change is the first one after `seq`.
    pub(super) fn first_after(&self, seq: u64) -> u32 {
        if seq == 0 {
            return self.oldest;
        }
        // Who reads on need not walk back to where it stopped.
        let (stopped_seq, stopped) = self.stopped;
        if let Some(node) = self.nodes.get(stopped as usize)
            && (stopped_seq, node.seq) == (seq, seq)
        {
            return node.newer;
        }
        let (mut slot, mut found) = (self.newest, NONE);
        while let Some(node) = self.nodes.get(slot as usize).filter(|node| node.seq > seq) {
            (found, slot) = (slot, node.older);
        }
        found
    }
}
