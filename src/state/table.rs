//! One collection: slots that never move, an index by key, a list by last change, tombstones, a hash.
//!
//! ```text
//! index:  key -> slot
//! slots:  [ e ][ e ][   ][ e ] ...      an entry stays in its slot for as long as it lives
//! list:   oldest <-> ... <-> newest     ordered by the version of the last change
//! tombs:  (n, key), (n, key), ...       ordered by n; numbered without end, the first ones forgotten
//! ```
//!
//! Invariants: versions do not fall along the list; an entry whose slot and version are known has not
//! changed since and is where it was in the list; a removal above `floor` has its tombstone. (A replica is
//! filled in any order and reads neither list nor tombstones.)

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, RandomState};

use hashbrown::HashTable;
use slab::Slab;

use super::entry::{Entry, FileKey, KeyRef, Pane, Session, StateFile, StateTerminal};

/// No slot.
pub(super) const NIL: u32 = u32::MAX;

/// What a table can hold.
pub(super) trait Value: PartialEq {
    type Key: Eq + Hash + Clone;
    fn entry<'a>(&'a self, key: &'a Self::Key, version: u64) -> Entry<'a>;
    fn key(key: &Self::Key) -> KeyRef<'_>;
}

macro_rules! value {
    ($type:ty, $key:ty, $variant:ident, $name:ident => $view:expr) => {
        impl Value for $type {
            type Key = $key;
            fn entry<'a>(&'a self, $name: &'a $key, version: u64) -> Entry<'a> {
                Entry::$variant($view, self, version)
            }
            fn key($name: &$key) -> KeyRef<'_> {
                KeyRef::$variant($view)
            }
        }
    };
}

value!(Session, String, Session, key => key);
value!(Pane, String, Pane, key => key);
value!(StateTerminal, u64, Terminal, key => *key);
value!(StateFile, FileKey, File, key => *key);

struct Slot<V: Value> {
    key: V::Key,
    value: V,
    version: u64,
    older: u32,
    newer: u32,
}

impl<V: Value> Slot<V> {
    fn entry(&self) -> Entry<'_> {
        self.value.entry(&self.key, self.version)
    }
}

pub(super) struct Table<V: Value> {
    slots: Slab<Slot<V>>,
    /// Every slot in use is below.
    end: u32,
    index: HashTable<u32>,
    hasher: RandomState,
    oldest: u32,
    newest: u32,
    tombstones: VecDeque<(u64, V::Key)>,
    tombstone_bytes: usize,
    tombstone_bytes_max: usize,
    /// How many tombstones were forgotten: the number of the first one that is left.
    forgotten: u64,
    /// The version of the last tombstone that was forgotten.
    floor: u64,
    /// The version of the last change, removals included.
    changed: u64,
    hash: u64,
    bytes: usize,
}

impl<V: Value> Table<V> {
    pub(super) fn new(tombstone_bytes_max: usize) -> Self {
        Table {
            slots: Slab::new(),
            end: 0,
            index: HashTable::new(),
            hasher: RandomState::new(),
            oldest: NIL,
            newest: NIL,
            tombstones: VecDeque::new(),
            tombstone_bytes: 0,
            tombstone_bytes_max,
            forgotten: 0,
            floor: 0,
            changed: 0,
            hash: 0,
            bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of all entries, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the table takes, about: of its entries, and of the room for more.
    pub(super) fn memory(&self) -> usize {
        let spare = self.slots.capacity() - self.slots.len();
        self.bytes + spare * size_of::<Slot<V>>()
    }

    /// The sum of all digests.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    fn slot(&self, slot: u32) -> Option<&Slot<V>> {
        self.slots.get(slot as usize)
    }

    fn find<Q>(&self, key: &Q) -> Option<u32>
    where
        V::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let same = |slot: &u32| self.slot(*slot).is_some_and(|slot| slot.key.borrow() == key);
        self.index.find(self.hasher.hash_one(key), same).copied()
    }

    /// The entry of a key with its version.
    pub(super) fn get<Q>(&self, key: &Q) -> Option<(&V, u64)>
    where
        V::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let slot = self.slot(self.find(key)?)?;
        Some((&slot.value, slot.version))
    }

    /// All entries, in the order of their slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&V::Key, &V, u64)> {
        self.slots.iter().map(|(_, slot)| (&slot.key, &slot.value, slot.version))
    }

    /// Puts an entry, unless it is there as it is; says whether something changed.
    pub(super) fn put(&mut self, key: V::Key, value: V, version: u64) -> bool {
        let changes = self.get(&key).is_none_or(|(old, _)| *old != value);
        if changes {
            self.set(key, value, version);
        }
        changes
    }

    /// Puts an entry with this version, whatever was there.
    pub(super) fn set(&mut self, key: V::Key, value: V, version: u64) {
        match self.find(&key) {
            Some(at) => self.replace(at, value, version),
            None => self.insert(key, value, version),
        }
        self.changed = self.changed.max(version);
    }

    fn replace(&mut self, at: u32, value: V, version: u64) {
        self.unlink(at);
        if let Some(slot) = self.slots.get_mut(at as usize) {
            let old = slot.entry();
            self.hash = self.hash.wrapping_sub(old.digest());
            self.bytes -= old.bytes();
            (slot.value, slot.version) = (value, version);
            let new = slot.entry();
            self.hash = self.hash.wrapping_add(new.digest());
            self.bytes += new.bytes();
        }
        self.link_newest(at);
    }

    fn insert(&mut self, key: V::Key, value: V, version: u64) {
        let hash = self.hasher.hash_one(&key);
        let slot = Slot { key, value, version, older: NIL, newer: NIL };
        let entry = slot.entry();
        self.hash = self.hash.wrapping_add(entry.digest());
        self.bytes += entry.bytes();
        if self.slots.len() == self.slots.capacity() {
            // Not twice as many, as it would be by itself: what is spare is memory, too.
            self.slots.reserve_exact((self.slots.len() / 8).max(16));
        }
        // As many as 2^32 entries do not fit in the largest `state_bytes`.
        let at = self.slots.insert(slot) as u32;
        self.end = self.end.max(at + 1);
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hash, at, |slot| {
            slots.get(*slot as usize).map_or(0, |slot| hasher.hash_one(&slot.key))
        });
        self.link_newest(at);
    }

    /// Takes an entry out and leaves a tombstone.
    pub(super) fn remove<Q>(&mut self, key: &Q, version: u64) -> Option<V>
    where
        V::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let at = self.find(key)?;
        if let Ok(found) = self.index.find_entry(self.hasher.hash_one(key), |slot| *slot == at) {
            found.remove();
        }
        self.unlink(at);
        let slot = self.slots.try_remove(at as usize)?;
        let entry = slot.entry();
        self.hash = self.hash.wrapping_sub(entry.digest());
        self.bytes -= entry.bytes();
        self.bury(slot.key, version);
        if self.slots.is_empty() {
            // Gives the memory back, and the next scan has nothing to pass over.
            (self.slots, self.index, self.end) = (Slab::new(), HashTable::new(), 0);
        }
        Some(slot.value)
    }

    fn bury(&mut self, key: V::Key, version: u64) {
        self.changed = self.changed.max(version);
        self.tombstone_bytes += V::key(&key).bytes();
        self.tombstones.push_back((version, key));
        self.keep_tombstones(self.tombstone_bytes_max);
    }

    /// Bytes of all tombstones, about.
    pub(super) fn tombstone_bytes(&self) -> usize {
        self.tombstone_bytes
    }

    /// Forgets the oldest tombstones until the others take no more than so many bytes.
    pub(super) fn keep_tombstones(&mut self, bytes_max: usize) {
        while self.tombstone_bytes > bytes_max
            && let Some((version, key)) = self.tombstones.pop_front()
        {
            self.tombstone_bytes -= V::key(&key).bytes();
            self.forgotten += 1;
            self.floor = self.floor.max(version);
        }
        if self.tombstones.len() < self.tombstones.capacity() / 4 {
            self.tombstones.shrink_to(self.tombstones.len() * 2);
        }
    }

    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.slot(at) else { return broken!("what is unlinked is there") };
        let (older, newer) = (slot.older, slot.newer);
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, at: u32) {
        let older = std::mem::replace(&mut self.newest, at);
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        if let Some(slot) = self.slots.get_mut(at as usize) {
            (slot.older, slot.newer) = (older, NIL);
        }
    }

    /// The first key that fits, of at most `max` slots from `from` on, and where to go on: behind it, or
    /// [`NIL`] at the end.
    pub(super) fn find_from(
        &self,
        from: u32,
        max: u32,
        fits: impl Fn(&V::Key) -> bool,
    ) -> (Option<V::Key>, u32) {
        let stop = from.saturating_add(max).min(self.end);
        for at in from..stop {
            if let Some(slot) = self.slot(at)
                && fits(&slot.key)
            {
                return (Some(slot.key.clone()), at + 1);
            }
        }
        (None, if stop == self.end { NIL } else { stop })
    }
}

/// A tombstone, looked at.
pub(super) struct Tombstone<'a> {
    pub(super) version: u64,
    pub(super) key: KeyRef<'a>,
    /// Its key has an entry again.
    pub(super) outlived: bool,
}

/// What reading changes needs of a table, whatever it holds.
pub(super) trait Rows {
    /// The version of the last change.
    fn changed(&self) -> u64;
    /// Removals at and below this version may be forgotten.
    fn floor(&self) -> u64;
    /// The number of the first tombstone that is left.
    fn first_tombstone(&self) -> u64;
    /// The number of the first tombstone above a version.
    fn tombstone_after(&self, version: u64) -> u64;
    fn tombstone(&self, number: u64) -> Option<Tombstone<'_>>;
    fn entry(&self, slot: u32) -> Option<Entry<'_>>;
    /// Every slot in use is below.
    fn end(&self) -> u32;
    /// The slot of the entry that changed next after this slot's.
    fn newer(&self, slot: u32) -> u32;
    /// The slot of the first change above a version ([`NIL`]: there is none), found from the newest;
    /// `None` if there are more than `max`.
    fn first_after(&self, version: u64, max: usize) -> Option<u32>;
    /// The first slot from `from` on, of at most `max`, whose entry's version is above `above` and not
    /// above `last`; otherwise where to go on, or [`NIL`] at the end.
    fn scan(&self, from: u32, max: u32, above: u64, last: u64) -> (Option<Entry<'_>>, u32);
}

impl<V: Value> Rows for Table<V> {
    fn changed(&self) -> u64 {
        self.changed
    }

    fn floor(&self) -> u64 {
        self.floor
    }

    fn first_tombstone(&self) -> u64 {
        self.forgotten
    }

    fn tombstone_after(&self, version: u64) -> u64 {
        self.forgotten + self.tombstones.partition_point(|(n, _)| *n <= version) as u64
    }

    fn tombstone(&self, number: u64) -> Option<Tombstone<'_>> {
        let index = number.checked_sub(self.forgotten)?;
        let (version, key) = self.tombstones.get(usize::try_from(index).ok()?)?;
        let outlived = self.find(key).is_some();
        Some(Tombstone { version: *version, key: V::key(key), outlived })
    }

    fn entry(&self, slot: u32) -> Option<Entry<'_>> {
        self.slot(slot).map(Slot::entry)
    }

    fn end(&self) -> u32 {
        self.end
    }

    fn newer(&self, slot: u32) -> u32 {
        self.slot(slot).map_or(NIL, |slot| slot.newer)
    }

    fn first_after(&self, version: u64, max: usize) -> Option<u32> {
        let (mut first, mut at) = (NIL, self.newest);
        for _ in 0..=max {
            match self.slot(at) {
                Some(slot) if slot.version > version => (first, at) = (at, slot.older),
                _ => return Some(first),
            }
        }
        None
    }

    fn scan(&self, from: u32, max: u32, above: u64, last: u64) -> (Option<Entry<'_>>, u32) {
        let stop = from.saturating_add(max).min(self.end);
        for at in from..stop {
            if let Some(slot) = self.slot(at)
                && slot.version > above
                && slot.version <= last
            {
                return (Some(slot.entry()), at);
            }
        }
        (None, if stop == self.end { NIL } else { stop })
    }
}

#[cfg(test)]
impl<V: Value> Table<V> {
    /// Counts everything that is kept up to date anew.
    pub(super) fn check(&self) {
        let (mut at, mut older, mut linked, mut version) = (self.oldest, NIL, 0, 0);
        while let Some(slot) = self.slot(at) {
            assert_eq!(slot.older, older);
            assert!(slot.version >= version, "versions fall along the list");
            assert_eq!(self.find(&slot.key), Some(at));
            version = slot.version;
            (older, at) = (at, slot.newer);
            linked += 1;
        }
        assert_eq!((self.newest, linked), (older, self.len()));
        assert_eq!(self.index.len(), self.len());
        assert!(self.changed >= version);
        let entries = || self.slots.iter().map(|(_, slot)| slot.entry());
        assert_eq!(self.bytes, entries().map(Entry::bytes).sum::<usize>());
        let hash = entries().fold(0u64, |sum, entry| sum.wrapping_add(entry.digest()));
        assert_eq!(self.hash, hash);
        let buried: usize = self.tombstones.iter().map(|(_, key)| V::key(key).bytes()).sum();
        assert_eq!(self.tombstone_bytes, buried);
        assert!(buried <= self.tombstone_bytes_max);
        assert!(self.tombstones.iter().is_sorted_by_key(|(version, _)| version));
    }
}
