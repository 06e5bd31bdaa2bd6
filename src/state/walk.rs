//! All entries of a copy, in slices.
//!
//! A replica remembers neither what is gone nor in which order its entries changed, so nobody can ask it what
//! changed. It is walked slot by slot instead. Slots do not move, so an entry that is there from the beginning
//! of a walk to its end is reported exactly once, as it is when its turn comes. One that comes or goes meanwhile
//! may be reported or not: two walks in which the version stays the same report the same. A copy that was emptied
//! meanwhile is walked from the beginning.

use super::changes::{Budget, Exhausted, RemainingBudget};
use super::entry::{Collection, Collections};
use super::replica::Replica;
use super::sink::ChangeSink;
use super::store::VISITS_MAX;

/// How far somebody has walked. [`WalkCursor::default`] is before the beginning. A cursor is for the
/// collections that it was first used with; with others it begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WalkCursor {
    /// Which filling of the replica; 0 before the beginning.
    filling: u64,
    collections: Collections,
    /// The place in [`Collection::EACH`], or behind all of them.
    collection: usize,
    /// The slot to look at next.
    slot: u32,
}

/// What one slice of a walk was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walked {
    /// It began with this slice.
    pub(crate) full: bool,
    /// There is more to read; this slice may have reported nothing.
    pub(crate) more: bool,
}

impl WalkCursor {
    /// The cursor as plain numbers, all 0 before the beginning.
    pub(crate) fn words(&self) -> [u64; 2] {
        let chosen = u64::from(self.collections.bits());
        let place = (self.collection as u64) << 8 | u64::from(self.slot) << 32;
        [self.filling, chosen | place]
    }

    /// The cursor with these numbers; `None` if [`words`](Self::words) never gives such ones.
    pub(crate) fn from_words(words: [u64; 2]) -> Option<Self> {
        let [filling, rest] = words;
        let [chosen, collection, ..] = rest.to_le_bytes();
        let cursor = WalkCursor {
            filling,
            collections: Collections::from_bits(chosen)?,
            collection: collection.into(),
            slot: (rest >> 32) as u32,
        };
        (cursor.collection <= Collection::EACH.len() && cursor.words() == words).then_some(cursor)
    }
}

impl Replica {
    /// Reports entries of these collections from the cursor on, as many as the budget allows, and moves the
    /// cursor behind them. At the end it stays there and reports nothing more.
    pub(crate) fn walk(
        &self,
        cursor: &mut WalkCursor,
        collections: Collections,
        budget: Budget,
        sink: &mut impl ChangeSink,
    ) -> Walked {
        let full = cursor.filling != self.filling || cursor.collections != collections;
        if full {
            *cursor = WalkCursor { filling: self.filling, collections, collection: 0, slot: 0 };
        }
        let mut remaining = RemainingBudget::new(budget, VISITS_MAX);
        let more = self.report(cursor, &mut remaining, sink).is_err();
        Walked { full, more }
    }

    fn report(
        &self,
        cursor: &mut WalkCursor,
        remaining: &mut RemainingBudget,
        sink: &mut impl ChangeSink,
    ) -> Result<(), Exhausted> {
        let tables = Collection::EACH.into_iter().zip(self.rows());
        for (collection, rows) in tables.skip(cursor.collection) {
            while cursor.collections.contains(collection) && cursor.slot < rows.end() {
                remaining.visit()?;
                if let Some(entry) = rows.entry(cursor.slot) {
                    if !remaining.take(entry.bytes()) {
                        return Err(Exhausted);
                    }
                    sink.set(entry);
                }
                cursor.slot += 1;
            }
            (cursor.collection, cursor.slot) = (cursor.collection + 1, 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::state::tests::{contents, file, file_key, session, terminal};
    use crate::state::{Key, KeyRef, OwnedEntry, StateChanges, StateVersion};

    fn replica(terminals: u64) -> Replica {
        let mut replica = Replica::new(1 << 20);
        for id in 1..=terminals {
            replica.set(OwnedEntry::Terminal(id, terminal("x"), 0)).unwrap();
        }
        replica.set(OwnedEntry::Session("s".into(), session("s", &[]), 9)).unwrap();
        replica.set(OwnedEntry::File(file_key(1, 2), file("f", 3), 4)).unwrap();
        replica.finish(StateVersion { epoch: 1, n: 9 });
        replica
    }

    fn slice(
        replica: &Replica,
        cursor: &mut WalkCursor,
        entries: usize,
        reported: &mut BTreeMap<Key, OwnedEntry>,
    ) -> Walked {
        let mut changes = StateChanges::default();
        let budget = Budget { entries, bytes: usize::MAX };
        let walked = replica.walk(cursor, Collections::ALL, budget, &mut changes);
        if walked.full {
            reported.clear();
        }
        assert!(changes.removed.is_empty() && changes.entries.len() <= entries.max(1));
        for entry in changes.entries {
            assert!(
                reported.insert(entry.as_entry().key().to_key(), entry).is_none(),
                "reported twice"
            );
        }
        *cursor = WalkCursor::from_words(cursor.words()).expect("numbers of its own");
        walked
    }

    #[test]
    fn a_walk_reports_each_entry_once_in_slices_of_any_size() {
        let replica = replica(7);
        for entries in [0, 1, 2, 3, 100] {
            let (mut cursor, mut reported) = (WalkCursor::default(), BTreeMap::new());
            assert!(slice(&replica, &mut cursor, entries, &mut reported).full);
            while slice(&replica, &mut cursor, entries, &mut reported).more {}
            assert_eq!(reported, contents(&replica, Collections::ALL));
            let at_the_end = Walked { full: false, more: false };
            assert_eq!(slice(&replica, &mut cursor, entries, &mut reported), at_the_end);
        }
    }

    #[test]
    fn a_walk_reports_what_it_was_asked_for_and_in_bounded_slices() {
        let replica = replica(5);
        for bits in 1..=Collections::ALL.bits() {
            let collections = Collections::from_bits(bits).unwrap();
            let (mut cursor, mut changes) = (WalkCursor::default(), StateChanges::default());
            let budget = Budget { entries: usize::MAX, bytes: 0 };
            let mut slices = 1;
            while replica.walk(&mut cursor, collections, budget, &mut changes).more {
                slices += 1;
            }
            let wanted = contents(&replica, collections).len();
            assert_eq!((changes.entries.len(), slices), (wanted, wanted.max(1)));
        }
    }

    #[test]
    fn a_copy_that_is_emptied_is_walked_anew_and_one_of_other_collections_too() {
        let mut replica = replica(5);
        let (mut cursor, mut reported) = (WalkCursor::default(), BTreeMap::new());
        slice(&replica, &mut cursor, 3, &mut reported);
        let layout = Collections::LAYOUT;
        let mut sink = StateChanges::default();
        let walked = replica.walk(&mut cursor.clone(), layout, Budget::UNBOUNDED, &mut sink);
        assert_eq!((walked, sink.entries.len()), (Walked { full: true, more: false }, 1));
        replica.begin(true);
        replica.set(OwnedEntry::Terminal(1, terminal("y"), 1)).unwrap();
        assert!(slice(&replica, &mut cursor, 9, &mut reported).full);
        assert_eq!(reported, contents(&replica, Collections::ALL));
    }

    #[test]
    fn numbers_of_nobody_are_no_cursor() {
        for words in [[1, 16], [1, 5 << 8], [0, 1 << 16], [0, 1 << 24], [1, u64::MAX]] {
            assert_eq!(WalkCursor::from_words(words), None, "{words:?}");
        }
        assert_eq!(WalkCursor::from_words([0, 0]), Some(WalkCursor::default()));
    }

    proptest! {
        /// Whatever comes and goes between two slices, and wherever a host puts its cursor: what stays is
        /// reported exactly once, and a walk comes to its end.
        #[test]
        fn what_stays_is_reported(
            steps in prop::collection::vec((0u64..12, any::<bool>(), 0usize..4), 0..40),
            wild in any::<[u64; 2]>(),
        ) {
            let mut replica = replica(12);
            let mut stayed = contents(&replica, Collections::ALL);
            let (mut cursor, mut reported) = (WalkCursor::default(), BTreeMap::new());
            let mut seen = BTreeMap::new();
            for (id, removes, entries) in steps {
                if removes {
                    replica.removed(KeyRef::Terminal(id));
                } else {
                    replica.set(OwnedEntry::Terminal(id, terminal("new"), 10)).unwrap();
                }
                stayed.remove(&Key::Terminal(id));
                reported.clear();
                slice(&replica, &mut cursor, entries, &mut reported);
                for (key, entry) in &reported {
                    let first = seen.insert(key.clone(), entry.clone()).is_none();
                    prop_assert!(first || !stayed.contains_key(key), "reported twice");
                }
            }
            reported.clear();
            while slice(&replica, &mut cursor, 5, &mut reported).more {}
            seen.append(&mut reported);
            for (key, entry) in stayed {
                prop_assert_eq!(seen.get(&key), Some(&entry));
            }
            let mut sink = StateChanges::default();
            if let Some(mut cursor) = WalkCursor::from_words(wild) {
                while replica.walk(&mut cursor, Collections::ALL, Budget::UNBOUNDED, &mut sink).more {}
            }
        }
    }
}
