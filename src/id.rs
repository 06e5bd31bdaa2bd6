//! Ids that never name another object.
//!
//! An id is `generation << 24 | kind << 20 | slot`. The slot finds the entry at once; the generation is
//! counted over the life of the table, so an id is never given out twice; the kind keeps ids of different
//! tables apart, so that the number of a reader never names a terminal. 24 bits below the generation and 36
//! for it leave the upper four bits of a mio token free for the kind of source, and an id stays below 2^53
//! (exact in JavaScript) until half a billion objects of its kind have been made.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use slab::Slab;

use crate::error::{Error, ErrorKind, Result};

const SLOT_BITS: u32 = 20;
const KIND_BITS: u32 = 4;
const GENERATION_SHIFT: u32 = SLOT_BITS + KIND_BITS;
const GENERATION_MAX: u64 = (1 << 36) - 1;

/// The kind of the ids of tokens, which have no slots.
pub(crate) const TOKEN_KIND: u64 = 6;
/// The kind of the ids of reviews, which have no slots.
pub(crate) const REVIEW_KIND: u64 = 7;

/// A typed id that can travel as an integer.
pub(crate) trait RawId: Copy {
    /// What the id names, for error messages.
    const WHAT: &'static str;
    /// A number that no other kind of id has, below 16.
    const KIND: u64;
    fn from_raw(raw: u64) -> Self;
    fn raw(self) -> u64;
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            /// The id as an integer, never 0. The same number is used in the C ABI.
            pub fn to_u64(self) -> u64 {
                self.0
            }

            /// An id from an integer that came from [`to_u64`](Self::to_u64). Any other number is
            /// a stale id to every call.
            pub const fn from_u64(raw: u64) -> Self {
                Self(raw)
            }
        }

        impl RawId for $name {
            const WHAT: &'static str = $what;
            const KIND: u64 = $kind;
            fn from_raw(raw: u64) -> Self {
                Self(raw)
            }
            fn raw(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}:{}", $what, self.0 & ((1 << SLOT_BITS) - 1), self.0 >> GENERATION_SHIFT)
            }
        }
    };
}

typed_id! {
    /// Names a terminal of one engine, from spawn or adoption until its
    /// [`Closed`](crate::TerminalEvent::Closed) event has been read.
    TerminalId, "terminal", 0
}
typed_id! {
    /// Names a reader of a terminal's output, from attach until it is detached or its terminal is
    /// gone.
    ReaderId, "reader", 1
}
typed_id! {
    /// Names a file watch of one engine, until it is removed.
    WatchId, "watch", 2
}

typed_id! {
    /// Names an address that the server listens on, until it is closed.
    ListenerId, "listener", 3
}
typed_id! {
    /// Names a connection to the server, until it is closed.
    ClientId, "client", 4
}
typed_id! {
    /// Names a connection to another engine, until it is removed.
    PeerId, "peer", 5
}

/// Objects by id: constant-time access, and an id that went stale is an error for ever.
pub(crate) struct IdTable<K, T> {
    slots: Slab<(u64, T)>,
    generation: u64,
    kind: PhantomData<K>,
}

impl<K: RawId, T> IdTable<K, T> {
    pub(crate) fn new() -> Self {
        IdTable { slots: Slab::new(), generation: 0, kind: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The id that the next [`insert`](Self::insert) will use, so that an object can know its own.
    pub(crate) fn next_id(&self) -> Result<K> {
        let slot = self.slots.vacant_key() as u64;
        if slot >> SLOT_BITS != 0 || self.generation >= GENERATION_MAX {
            return Err(Error::limit(format!("{} ids are used up", K::WHAT)));
        }
        Ok(K::from_raw(compose(self.generation + 1, K::KIND, slot)))
    }

    /// Adds an object under the id that [`next_id`](Self::next_id) gave.
    pub(crate) fn insert(&mut self, id: K, object: T) {
        self.generation += 1;
        let slot = self.slots.insert((id.raw(), object));
        invariant!(
            id.raw() == compose(self.generation, K::KIND, slot as u64),
            "the id announced before"
        );
    }

    pub(crate) fn get(&self, id: K) -> Result<&T> {
        match self.slots.get(slot_of(id)) {
            Some((raw, object)) if *raw == id.raw() => Ok(object),
            _ => Err(stale(id)),
        }
    }

    pub(crate) fn get_mut(&mut self, id: K) -> Result<&mut T> {
        match self.slots.get_mut(slot_of(id)) {
            Some((raw, object)) if *raw == id.raw() => Ok(object),
            _ => Err(stale(id)),
        }
    }

    pub(crate) fn remove(&mut self, id: K) -> Option<T> {
        self.get(id).ok()?;
        self.slots.try_remove(slot_of(id)).map(|(_, object)| object)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = K> + '_ {
        self.slots.iter().map(|(_, (raw, _))| K::from_raw(*raw))
    }

    /// The ids in some slots, so that a long table can be gone through in parts.
    pub(crate) fn ids_in(&self, slots: Range<usize>) -> impl Iterator<Item = K> + '_ {
        slots.filter_map(|slot| self.slots.get(slot)).map(|(raw, _)| K::from_raw(*raw))
    }

    /// How many slots there are, free ones included.
    pub(crate) fn slots(&self) -> usize {
        self.slots.capacity()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().map(|(_, (_, object))| object)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().map(|(_, (_, object))| object)
    }

    /// Empties the table, object by object.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.slots.drain().map(|(_, object)| object)
    }
}

/// The id of the object number `generation` of a kind.
pub(crate) fn compose(generation: u64, kind: u64, slot: u64) -> u64 {
    generation << GENERATION_SHIFT | kind << SLOT_BITS | slot
}

fn slot_of<K: RawId>(id: K) -> usize {
    (id.raw() & ((1 << SLOT_BITS) - 1)) as usize
}

fn stale<K: RawId>(id: K) -> Error {
    let raw = id.raw();
    Error::new(
        ErrorKind::StaleId,
        format!("no {} with the id {raw}: it is gone or never was", K::WHAT),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_slot_has_another_id() {
        let mut table: IdTable<TerminalId, &str> = IdTable::new();
        let first = table.next_id().unwrap();
        table.insert(first, "first");
        assert_eq!(table.remove(first), Some("first"));
        let second = table.next_id().unwrap();
        table.insert(second, "second");
        assert_eq!(slot_of(first), slot_of(second));
        assert_ne!(first, second);
        assert!(table.get(first).unwrap_err().is_stale_id());
        assert_eq!(table.remove(first), None);
        assert_eq!(table.get(second), Ok(&"second"));
    }

    /// Parts of any length give each id once, whatever was removed.
    #[test]
    fn a_table_in_parts_is_the_whole_table() {
        let mut table: IdTable<TerminalId, u32> = IdTable::new();
        for number in 0..100 {
            let id = table.next_id().unwrap();
            table.insert(id, number);
        }
        let removed: Vec<_> = table.ids().filter(|id| id.to_u64() % 7 < 3).collect();
        removed.into_iter().for_each(|id| assert!(table.remove(id).is_some()));
        let all: Vec<_> = table.ids().collect();
        assert!(all.len() < 100 && table.slots() >= 100);
        for count in [1, 3, 64, 1000] {
            let starts = (0..table.slots()).step_by(count);
            let parts = starts.flat_map(|at| table.ids_in(at..at + count));
            assert_eq!(parts.collect::<Vec<_>>(), all);
        }
    }

    #[test]
    fn ids_of_different_kinds_are_different() {
        let ids = [
            IdTable::<TerminalId, ()>::new().next_id().unwrap().to_u64(),
            IdTable::<ReaderId, ()>::new().next_id().unwrap().to_u64(),
            IdTable::<WatchId, ()>::new().next_id().unwrap().to_u64(),
            IdTable::<ListenerId, ()>::new().next_id().unwrap().to_u64(),
            IdTable::<ClientId, ()>::new().next_id().unwrap().to_u64(),
            IdTable::<PeerId, ()>::new().next_id().unwrap().to_u64(),
            compose(1, TOKEN_KIND, 0),
            compose(1, REVIEW_KIND, 0),
        ];
        let different: std::collections::BTreeSet<u64> = ids.into_iter().collect();
        assert_eq!(different.len(), ids.len());
    }

    #[test]
    fn zero_and_nonsense_are_stale() {
        let table: IdTable<TerminalId, ()> = IdTable::new();
        for raw in [0, 1, u64::MAX] {
            assert!(table.get(TerminalId::from_u64(raw)).unwrap_err().is_stale_id());
        }
    }

    #[test]
    fn ids_end_instead_of_wrapping() {
        let mut table: IdTable<TerminalId, ()> = IdTable::new();
        table.generation = GENERATION_MAX;
        assert!(table.next_id().unwrap_err().is_limit_reached());
    }
}
