//! The versioned tree: what has been published of the files below the roots of a watch.
//!
//! Entries lie in a slab of pages (`node.rs`, `pages.rs`). Each knows its parent and its neighbours, and is found by
//! its parent and name through one hash table that holds slots only, so a name is stored once. A second table finds files
//! by inode, since a change of a file with several links concerns all of them: it has one name of each, and
//! the names of a file are a ring. The entry in slot 0 is
//! [`FileId::ROOT_PARENT`]: the roots are its children, and their names are whole paths.
//!
//! Every change takes the next number of one counter. Entries hang in a list ordered by the number of
//! their last change, removed ones leave a tombstone; so what changed since a number costs what changed,
//! and is coalesced by itself (`history.rs`). The tables and lists are kept in `links.rs`.
//!
//! Pure: nothing here looks at the disk.

mod entry;
mod history;
mod links;
mod node;
mod pages;

use std::collections::{BTreeMap, VecDeque};

use hashbrown::DefaultHashBuilder;

use super::index::Index;
use entry::NONE;
use node::Packed;
use pages::Pages;

pub(crate) use entry::Stat;
pub use entry::{FileId, FileType};
pub(crate) use history::Change;
pub use history::{FileChanges, FileCursor, FileEntry, FileVersion};
pub(crate) use node::{Node, Removed};

/// Marks of an entry.
pub(crate) mod flag {
    /// A directory that is one entry: what is in it is not looked at.
    pub(crate) const OPAQUE: u16 = 1;
    /// It waits to be listed.
    pub(crate) const QUEUED: u16 = 2;
    /// All below it is to be listed too.
    pub(crate) const DEEP: u16 = 4;
    /// It could not be listed where it was expected: list it when it is found.
    pub(crate) const WANTED: u16 = 8;
    /// A directory that is ignored: of what is in it only that is shown which is tracked.
    pub(crate) const KEPT: u16 = 16;
    /// A directory without a watch: it is polled.
    pub(crate) const POLLED: u16 = 32;
    /// It must not be read.
    pub(crate) const UNREADABLE: u16 = 64;
    /// Entries of it were left out for want of room.
    pub(crate) const INCOMPLETE: u16 = 128;
    /// It is a directory that is watched under another name (a bind mount).
    pub(crate) const ALIAS: u16 = 256;
    /// A write right after the last look may not show in its time stamps.
    pub(crate) const FRESH: u16 = 512;
    /// Something in it could not be looked at for want of permission.
    pub(crate) const INACCESSIBLE: u16 = 2048;
    /// The system had nothing left to open it with; see [`POLLED`].
    pub(crate) const REFUSED: u16 = 1024;
}

/// What an entry of the ordered tables takes, about.
const LINK_BYTES: usize = 24;

/// What it costs to free an entry, and a part of the tables.
const FREE_COST: u64 = 200;
const SHARD_COST: u64 = 5_000;
/// Of the small tables so much is freed in one step.
const FREED_AT_ONCE: usize = 256;

/// See the module's documentation.
pub(crate) struct Tree {
    nodes: Pages,
    by_name: Index,
    by_inode: Index,
    /// The neighbours of each name of a file that has several, in the ring of its names.
    links: BTreeMap<u32, (u32, u32)>,
    /// The watch descriptors of roots that are files.
    file_watches: BTreeMap<u32, i32>,
    hasher: DefaultHashBuilder,
    generation: u32,
    seq: u64,
    oldest: u32,
    newest: u32,
    tombstones: VecDeque<(u64, FileId)>,
    tombstones_max: usize,
    /// The number of the newest change whose removals are not all remembered.
    floor: u64,
    directories: usize,
    /// Where the last reader of changes stopped: a number and the entry that has it.
    stopped: (u64, u32),
}

impl Tree {
    pub(crate) fn new(tombstones_max: usize) -> Self {
        let mut tree = Tree {
            nodes: Pages::new(),
            by_name: Index::new(),
            by_inode: Index::new(),
            links: BTreeMap::new(),
            file_watches: BTreeMap::new(),
            hasher: DefaultHashBuilder::default(),
            generation: 0,
            seq: 0,
            oldest: NONE,
            newest: NONE,
            tombstones: VecDeque::new(),
            tombstones_max,
            floor: 0,
            directories: 0,
            stopped: (0, NONE),
        };
        let kind = FileType::Directory;
        let stat =
            Stat { ino: 0, size: 0, mtime: 0, ctime: 0, dev: 0, mode: 0, kind, linked: false };
        tree.nodes.insert(Packed::new(&stat, 0, 0), b"");
        tree
    }

    /// Entries.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let tables = self.by_name.bytes() + self.by_inode.bytes();
        let few = self.links.len() * LINK_BYTES + self.file_watches.len() * LINK_BYTES;
        self.nodes.bytes() + tables + few + self.tombstone_bytes()
    }

    /// Bytes of what is remembered of removed entries.
    pub(crate) fn tombstone_bytes(&self) -> usize {
        self.tombstones.capacity() * size_of::<(u64, FileId)>()
    }

    /// Forgets the oldest half of the removed entries: who reads changes since before begins anew.
    pub(crate) fn forget_tombstones(&mut self) {
        self.keep_tombstones(self.tombstones.len() / 2);
        self.tombstones.shrink_to_fit();
    }

    /// Directories among them.
    pub(crate) fn directories(&self) -> usize {
        self.directories
    }

    /// Changes so far.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    #[inline]
    pub(crate) fn get(&self, id: FileId) -> Option<Node<'_>> {
        let (packed, name) = self.nodes.named(id.slot())?;
        is_of(packed, id).then(|| self.seen(packed, name))
    }

    /// An entry as it is seen.
    #[inline]
    fn seen<'t>(&self, packed: &Packed, name: &'t [u8]) -> Node<'t> {
        Node {
            name,
            stat: packed.stat(),
            parent: self.id_of(packed.parent),
            looked: packed.looked,
            listed: packed.listed,
            flags: packed.flags,
        }
    }

    fn packed(&self, id: FileId) -> Option<&Packed> {
        self.nodes.get(id.slot()).filter(|packed| is_of(packed, id))
    }

    fn packed_mut(&mut self, id: FileId) -> Option<&mut Packed> {
        self.nodes.get_mut(id.slot()).filter(|packed| is_of(packed, id))
    }

    /// Whether the id is an entry, or who the roots are children of.
    pub(crate) fn is_alive(&self, id: FileId) -> bool {
        self.packed(id).is_some()
    }

    pub(crate) fn has(&self, id: FileId, flags: u16) -> bool {
        self.packed(id).is_some_and(|node| node.flags & flags != 0)
    }

    pub(crate) fn set_flags(&mut self, id: FileId, flags: u16) {
        if let Some(node) = self.packed_mut(id) {
            node.flags |= flags;
        }
    }

    pub(crate) fn clear_flags(&mut self, id: FileId, flags: u16) {
        if let Some(node) = self.packed_mut(id) {
            node.flags &= !flags;
        }
    }

    /// Notes a look at an entry; `looked` as in [`Node`].
    pub(crate) fn note_look(&mut self, id: FileId, looked: u32) {
        if let Some(node) = self.packed_mut(id) {
            node.looked = looked;
        }
    }

    /// Notes that a listing had an entry.
    pub(crate) fn note_listed(&mut self, id: FileId, listing: u32) {
        if let Some(node) = self.packed_mut(id) {
            node.listed = listing;
        }
    }

    /// The watch descriptor of an entry, 0 for none.
    pub(crate) fn wd(&self, id: FileId) -> i32 {
        match self.packed(id) {
            Some(node) if node.is_dir() => node.wd(),
            Some(_) => self.file_watches.get(&id.slot()).copied().unwrap_or(0),
            None => 0,
        }
    }

    /// Sets the watch descriptor of a directory, or of a root that is a file.
    pub(crate) fn set_wd(&mut self, id: FileId, wd: i32) {
        match self.packed_mut(id) {
            Some(node) if node.is_dir() => node.set_wd(wd),
            Some(_) if wd != 0 => drop(self.file_watches.insert(id.slot(), wd)),
            Some(_) => drop(self.file_watches.remove(&id.slot())),
            None => {}
        }
    }

    /// Takes the watch descriptor of an entry away.
    pub(crate) fn take_wd(&mut self, id: FileId) -> i32 {
        let wd = self.wd(id);
        if wd != 0 {
            self.set_wd(id, 0);
        }
        wd
    }

    pub(crate) fn child(&self, dir: FileId, name: &[u8]) -> Option<FileId> {
        let slot = self.by_name.find(self.hash_name(dir.slot(), name), |slot| {
            let other = self.nodes.named(*slot);
            other.is_some_and(|(node, other)| node.parent == dir.slot() && other == name)
        })?;
        // Else its slot is another directory's now.
        self.is_alive(dir).then(|| self.id_of(slot))
    }

    /// The entries of a directory, in no particular order.
    pub(crate) fn children(&self, dir: FileId) -> impl Iterator<Item = FileId> + '_ {
        std::iter::successors(self.first_child(dir), |id| self.next_sibling(*id))
    }

    /// The first entry of a directory: a new one comes first.
    pub(crate) fn first_child(&self, dir: FileId) -> Option<FileId> {
        let slot = self.packed(dir)?.first_child();
        (slot != NONE).then(|| self.id_of(slot))
    }

    /// The entry of the same directory that follows.
    pub(crate) fn next_sibling(&self, id: FileId) -> Option<FileId> {
        let slot = self.packed(id)?.next;
        (slot != NONE).then(|| self.id_of(slot))
    }

    pub(crate) fn has_children(&self, dir: FileId) -> bool {
        self.packed(dir).is_some_and(|node| node.first_child() != NONE)
    }

    /// Another entry that is a name of the same file. From one to the next, all of them come in a ring.
    pub(crate) fn next_link(&self, id: FileId) -> Option<FileId> {
        self.packed(id)?;
        let (_, next) = self.links.get(&id.slot())?;
        Some(self.id_of(*next))
    }

    /// One of the entries that are names of a file.
    pub(crate) fn name_of_inode(&self, ino: u64, dev: u32) -> Option<FileId> {
        let slot = self.by_inode.find(self.hash_inode((ino, dev)), |slot| {
            self.nodes.get(*slot).is_some_and(|node| node.inode() == (ino, dev))
        })?;
        Some(self.id_of(slot))
    }

    /// Whether `id` is `above` or lies below it.
    pub(crate) fn is_in(&self, id: FileId, above: FileId) -> bool {
        if !self.is_alive(id) || !self.is_alive(above) {
            return id == above;
        }
        let mut slot = id.slot();
        while slot != above.slot() {
            let Some(node) = self.nodes.get(slot).filter(|_| slot != 0) else { return false };
            slot = node.parent;
        }
        true
    }

    /// How many directories are above an entry: 0 for a root.
    pub(crate) fn depth(&self, id: FileId) -> usize {
        let mut depth = 0;
        let mut at = self.packed(id);
        while let Some(node) = at.filter(|node| node.parent != 0) {
            at = self.nodes.get(node.parent);
            depth += 1;
        }
        depth
    }

    /// Appends the path of an entry.
    pub(crate) fn path_into(&self, id: FileId, path: &mut Vec<u8>) {
        // From the end: how deep a tree is, is not ours to say.
        let start = path.len();
        let mut slot = if self.is_alive(id) { id.slot() } else { 0 };
        while let Some((node, name)) = self.nodes.named(slot).filter(|_| slot != 0) {
            // The root of the file system ends with its slash.
            let slash = path.len() > start && name.last() != Some(&b'/');
            path.extend(slash.then_some(b'/'));
            path.extend(name.iter().rev());
            slot = node.parent;
        }
        if let Some(written) = path.get_mut(start..) {
            written.reverse();
        }
    }

    pub(crate) fn path(&self, id: FileId) -> Vec<u8> {
        let mut path = Vec::new();
        self.path_into(id, &mut path);
        path
    }

    // Changes.

    /// Adds an entry; `dir` is alive and has none of this name.
    pub(crate) fn insert(&mut self, dir: FileId, name: &[u8], stat: Stat) -> FileId {
        debug_assert!(self.is_alive(dir) && self.child(dir, name).is_none());
        // Generation 0 is never used; after 2^32 entries ids come again, so late that none is held any more.
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        let slot = self.nodes.insert(Packed::new(&stat, dir.slot(), self.generation), name);
        self.directories += usize::from(stat.is_dir());
        self.link_name(slot);
        self.link_inode(slot);
        self.touch(slot);
        self.id_of(slot)
    }

    /// Takes an entry without children away.
    pub(crate) fn remove(&mut self, id: FileId) -> Option<Removed> {
        let Node { name, stat, parent, flags, .. } =
            self.get(id).filter(|_| id != FileId::ROOT_PARENT)?;
        invariant!(!self.has_children(id), "what is in a directory goes before it");
        let removed = Removed { name: name.into(), stat, parent, wd: self.wd(id), flags };
        let slot = id.slot();
        self.unlink_name(slot);
        self.unlink_inode(slot);
        self.unlink_order(slot);
        self.set_wd(id, 0);
        self.nodes.try_remove(slot)?;
        self.directories -= usize::from(stat.is_dir());
        self.seq += 1;
        self.tombstones.push_back((self.seq, id));
        self.keep_tombstones(self.tombstones_max);
        Some(removed)
    }

    fn keep_tombstones(&mut self, max: usize) {
        while self.tombstones.len() > max {
            if let Some((seq, _)) = self.tombstones.pop_front() {
                self.floor = seq;
            }
        }
    }

    /// Gives an entry another place; `dir` is alive, not below it, and has none of this name.
    pub(crate) fn relocate(&mut self, id: FileId, dir: FileId, name: &[u8]) {
        debug_assert!(self.is_alive(id) && !self.is_in(dir, id) && self.child(dir, name).is_none());
        let slot = id.slot();
        self.unlink_name(slot);
        if let Some(node) = self.nodes.get_mut(slot) {
            node.parent = dir.slot();
        }
        self.nodes.rename(slot, name);
        self.link_name(slot);
        self.touch(slot);
    }

    /// Replaces what is known of an entry; it counts as changed.
    pub(crate) fn update(&mut self, id: FileId, stat: Stat) {
        self.correct(id, stat);
        if self.is_alive(id) {
            self.touch(id.slot());
        }
    }

    /// Replaces what is known of an entry without a change that is reported.
    pub(crate) fn correct(&mut self, id: FileId, stat: Stat) {
        let Some(node) = self.packed(id) else { return };
        let (slot, is_same) = (id.slot(), node.stat().is_same_inode(&stat));
        if !is_same {
            self.unlink_inode(slot);
        }
        if let Some(node) = self.nodes.get_mut(slot) {
            node.set_stat(&stat);
        }
        if !is_same {
            self.link_inode(slot);
        }
    }

    /// Frees a part of a tree that nobody uses any more; what that cost, 0 when nothing is left.
    pub(crate) fn shed(&mut self) -> u64 {
        if let Some(count) = self.nodes.drop_page() {
            return 1 + count as u64 * FREE_COST;
        }
        let shards = [self.by_name.pop_shard(), self.by_inode.pop_shard()];
        let few = (0..FREED_AT_ONCE)
            .map_while(|_| {
                self.links.pop_first().map(drop).or(self.file_watches.pop_first().map(drop))
            })
            .count();
        let shard = if shards.iter().any(Option::is_some) { SHARD_COST } else { 0 };
        shard + few as u64 * FREE_COST
    }

    /// Counts an entry as changed.
    pub(crate) fn mark_changed(&mut self, id: FileId) {
        if self.is_alive(id) {
            self.touch(id.slot());
        }
    }
}

/// Whether a slot still holds this entry.
#[inline]
fn is_of(packed: &Packed, id: FileId) -> bool {
    id.0 >> 32 == u64::from(packed.generation)
}

#[cfg(test)]
mod tests;
