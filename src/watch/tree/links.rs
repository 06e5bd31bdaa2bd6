//! The tables and lists of the tree: entries by name, by inode, in their directory, by last change.

use std::hash::BuildHasher;

use super::{FileId, NONE, Tree};

impl Tree {
    #[inline]
    pub(super) fn id_of(&self, slot: u32) -> FileId {
        let generation = self.nodes.get(slot).map_or(0, |node| node.generation);
        FileId(u64::from(generation) << 32 | u64::from(slot))
    }

    pub(super) fn hash_name(&self, dir: u32, name: &[u8]) -> u64 {
        self.hasher.hash_one((dir, name))
    }

    pub(super) fn hash_inode(&self, inode: (u64, u32)) -> u64 {
        self.hasher.hash_one(inode)
    }

    pub(super) fn link_name(&mut self, slot: u32) {
        let Some((node, name)) = self.nodes.named(slot) else { return broken!("a slot in use") };
        let (parent, hash) = (node.parent, self.hash_name(node.parent, name));
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        self.by_name.insert(hash, slot, |slot| {
            nodes.named(slot).map_or(0, |(node, name)| hasher.hash_one((node.parent, name)))
        });
        let first = self.nodes.get(parent).map_or(NONE, |node| node.first_child());
        if let Some(next) = self.nodes.get_mut(first) {
            next.prev = slot;
        }
        if let Some(node) = self.nodes.get_mut(slot) {
            (node.prev, node.next) = (NONE, first);
        }
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.set_first_child(slot);
        }
    }

    pub(super) fn unlink_name(&mut self, slot: u32) {
        let Some((node, name)) = self.nodes.named(slot) else { return broken!("a slot in use") };
        let (parent, prev, next) = (node.parent, node.prev, node.next);
        let hash = self.hash_name(parent, name);
        self.by_name.remove(hash, slot);
        if let Some(next) = self.nodes.get_mut(next) {
            next.prev = prev;
        }
        match self.nodes.get_mut(prev) {
            Some(prev) => prev.next = next,
            None => {
                if let Some(parent) = self.nodes.get_mut(parent) {
                    parent.set_first_child(next);
                }
            }
        }
    }

    /// Adds an entry to the names of its file. The table has one of them, and they are a ring.
    pub(super) fn link_inode(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot).filter(|node| !node.is_dir()) else { return };
        let (stat, hash) = (node.stat(), self.hash_inode(node.inode()));
        let nodes = &self.nodes;
        let is_name =
            |slot: &u32| nodes.get(*slot).is_some_and(|node| node.stat().is_same_inode(&stat));
        match self.by_inode.find(hash, is_name) {
            Some(known) => self.join_ring(slot, known),
            None => self.index_inode(hash, slot),
        }
    }

    fn index_inode(&mut self, hash: u64, slot: u32) {
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        self.by_inode.insert(hash, slot, |slot| {
            nodes.get(slot).map_or(0, |node| hasher.hash_one(node.inode()))
        });
    }

    fn join_ring(&mut self, slot: u32, known: u32) {
        // One that is alone is on both sides of itself.
        let (_, next) = self.links.get(&known).copied().unwrap_or((known, known));
        self.join_links(known, slot);
        self.join_links(slot, next);
    }

    /// Makes two entries neighbours in the ring of the names of a file.
    fn join_links(&mut self, prev: u32, next: u32) {
        self.links.entry(prev).or_insert((next, next)).1 = next;
        self.links.entry(next).or_insert((prev, prev)).0 = prev;
    }

    /// Takes an entry out of the names of its file.
    pub(super) fn unlink_inode(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot) else { return broken!("a slot in use") };
        if node.is_dir() {
            return;
        }
        let hash = self.hash_inode(node.inode());
        let was_known = self.by_inode.remove(hash, slot);
        let Some((prev, next)) = self.links.remove(&slot) else { return };
        if prev == next {
            self.links.remove(&next);
        } else {
            self.join_links(prev, next);
        }
        if was_known {
            self.index_inode(hash, next);
        }
    }

    /// Moves an entry to the new end of the order of changes.
    pub(super) fn touch(&mut self, slot: u32) {
        self.unlink_order(slot);
        self.seq += 1;
        let (seq, newest) = (self.seq, self.newest);
        if let Some(node) = self.nodes.get_mut(slot) {
            (node.seq, node.older, node.newer) = (seq, newest, NONE);
        }
        match self.nodes.get_mut(newest) {
            Some(older) => older.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    pub(super) fn unlink_order(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot).filter(|node| node.seq > 0) else { return };
        let (older, newer) = (node.older, node.newer);
        match self.nodes.get_mut(older) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
        match self.nodes.get_mut(newer) {
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
        if let Some(node) = self.nodes.get(stopped)
            && (stopped_seq, node.seq) == (seq, seq)
        {
            return node.newer;
        }
        let (mut slot, mut found) = (self.newest, NONE);
        while let Some(node) = self.nodes.get(slot).filter(|node| node.seq > seq) {
            (found, slot) = (slot, node.older);
        }
        found
    }
}
