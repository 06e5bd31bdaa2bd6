//! What changed since a version, in slices, for any number of readers.
//!
//! A read leads from `from`, the version that the reader's copy is at, to `target`, the version of the
//! store when the read began. It reports the tombstones above `from` first, then entries whose version is
//! above `from` and not above `target`, collection by collection, each in one of two ways:
//!
//! - a **walk** along the list by last change; costs what changed. It stands on the entry that it reported
//!   last; if that one has changed meanwhile, the collection is scanned;
//! - a **scan** over the slots, for a snapshot and for more changes than a walk should look for at once.
//!   Slots do not move, so an entry is met at most once and none is missed.
//!
//! What changes while a read is under way gets a version above `target`: it is left out of the rest and
//! belongs to the read that follows. What is removed leaves a tombstone above `target`; tombstones are read
//! on to the present at the beginning of every slice, so a long snapshot does not depend on how long
//! they are kept. A read that has come to its target goes on with the next one while the budget lasts.
//!
//! **A copy between slices** is the old version with some entries already new. It need not hold together: a
//! pane may name a session that comes later. It equals the store when `more` is false. A reader that was
//! interrupted may begin again at [`Progress::to`]: entries that it has already are reported again.

use super::entry::{Collection, Collections};
use super::sink::{ChangeSink, StateChanges};
use super::store::ApplicationState;
use super::table::{NIL, Rows};
use super::version::StateVersion;

/// How far somebody has read the changes of a store. [`StateCursor::default`] has read nothing, so what it
/// gets first is a snapshot. A cursor is for the collections that it was first used with; with others it
/// begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCursor {
    epoch: u64,
    /// The copy has all that was last changed up to here.
    from: u64,
    /// None yet, before the first use.
    collections: Collections,
    /// A read that is under way.
    reading: Option<Reading>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    target: u64,
    /// The number of the next tombstone of each collection.
    tombstones: [u64; 4],
    /// The place in [`Collection::EACH`].
    collection: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The beginning of a collection.
    Begin,
    /// A walk that reported this entry last.
    After { slot: u32, version: u64 },
    /// A scan that looks at this slot next.
    Scan { slot: u32 },
}

impl StateCursor {
    /// A reader whose copy is that of this version.
    pub fn at(version: StateVersion) -> Self {
        StateCursor { epoch: version.epoch, from: version.n, ..StateCursor::default() }
    }

    /// The version to come back with: what the copy has for certain. Entries in it may be newer while a
    /// read is under way.
    pub fn version(&self) -> StateVersion {
        StateVersion { epoch: self.epoch, n: self.from }
    }
}

/// For hosts that keep a cursor as plain numbers: epoch and version by themselves, the rest in words that are
/// all 0 when no read is under way and no collections have been chosen.
impl StateCursor {
    const IS_READING: u64 = 1 << 8;

    /// The rest.
    pub(crate) fn words(&self) -> [u64; 8] {
        let chosen = u64::from(self.collections.bits());
        let Some(reading) = self.reading else { return [chosen, 0, 0, 0, 0, 0, 0, 0] };
        let (kind, slot, version) = match reading.place {
            Place::Begin => (0, 0, 0),
            Place::After { slot, version } => (1, slot, version),
            Place::Scan { slot } => (2, slot, 0),
        };
        let [sessions, panes, terminals, files] = reading.tombstones;
        let collection = (reading.collection as u64) << 16;
        let first = chosen | Self::IS_READING | collection | kind << 24 | u64::from(slot) << 32;
        [first, reading.target, version, sessions, panes, terminals, files, 0]
    }

    /// The cursor with these numbers; `None` if [`words`](Self::words) never gives such ones. Others that it
    /// has not given here make a read that reports too little or too much, and do no harm.
    pub(crate) fn from_words(epoch: u64, n: u64, words: [u64; 8]) -> Option<Self> {
        let [first, target, version, sessions, panes, terminals, files, _] = words;
        let [chosen, flags, collection, kind, ..] = first.to_le_bytes();
        let slot = (first >> 32) as u32;
        let reading = Reading {
            target,
            tombstones: [sessions, panes, terminals, files],
            collection: collection.into(),
            place: match kind {
                0 => Place::Begin,
                1 => Place::After { slot, version },
                _ => Place::Scan { slot },
            },
        };
        let cursor = StateCursor {
            epoch,
            from: n,
            collections: Collections::from_bits(chosen)?,
            reading: (flags != 0).then_some(reading),
        };
        (usize::from(collection) < Collection::EACH.len() && cursor.words() == words)
            .then_some(cursor)
    }
}

/// How much one slice may report. One entry is reported in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Entries, removed ones included.
    pub entries: usize,
    /// Bytes of the entries as the store counts them, about.
    pub bytes: usize,
}

impl Budget {
    /// Everything in one slice, but for the bound on what one slice looks at.
    pub const UNBOUNDED: Budget = Budget { entries: usize::MAX, bytes: usize::MAX };
}

/// What one slice was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The reader's version was too old, from the future or of another epoch: empty the copy of these
    /// collections before taking this in.
    pub full: bool,
    /// There is more to read; this slice may have reported nothing.
    pub more: bool,
    /// The version that the copy was at.
    pub from: u64,
    /// The version to come back with after this slice. With `more` unset it is the store's, and the copy
    /// equals the store.
    pub to: u64,
}

/// What is left of a slice.
pub(super) struct RemainingBudget {
    entries: usize,
    bytes: usize,
    visits: u32,
    has_reported: bool,
}

impl RemainingBudget {
    pub(super) fn new(budget: Budget, visits: u32) -> Self {
        RemainingBudget {
            entries: budget.entries,
            bytes: budget.bytes,
            visits,
            has_reported: false,
        }
    }

    /// Whether one more slot may be looked at.
    pub(super) fn visit(&mut self) -> Result<(), Exhausted> {
        self.visits = self.visits.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }

    /// Whether one more may be reported; the first one in any case.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        if self.has_reported && (self.entries == 0 || self.bytes < bytes) {
            return false;
        }
        self.has_reported = true;
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        true
    }
}

/// The slice is used up.
pub(super) struct Exhausted;

impl ApplicationState {
    /// Reports the changes of these collections after the cursor, as much as the budget allows, and moves
    /// the cursor behind them. Metadata and files that are not committed yet are in no version and are left out:
    /// commit them first.
    pub fn changes(
        &self,
        cursor: &mut StateCursor,
        collections: Collections,
        budget: Budget,
        sink: &mut impl ChangeSink,
    ) -> Progress {
        let full = !self.can_follow(cursor, collections);
        if full {
            // For a snapshot, what was removed before is of no interest.
            let reading = self.begin(self.version().n);
            *cursor = StateCursor { from: 0, reading: Some(reading), ..*cursor };
        }
        (cursor.epoch, cursor.collections) = (self.version().epoch, collections);
        let from = cursor.from;
        let mut remaining = RemainingBudget::new(budget, self.visits_max);
        let more = self.slice(cursor, &mut remaining, sink).is_err();
        Progress { full, more, from, to: cursor.from }
    }

    /// [`changes`](Self::changes) as a value, in place of what was in `out`.
    pub fn read_changes(
        &self,
        cursor: &mut StateCursor,
        collections: Collections,
        budget: Budget,
        out: &mut StateChanges,
    ) {
        out.removed.clear();
        out.entries.clear();
        let progress = self.changes(cursor, collections, budget, out);
        (out.full, out.more) = (progress.full, progress.more);
        out.version = cursor.version();
    }

    /// Whether there is something to read for this cursor, in constant time. It may turn out to be
    /// nothing but a newer version.
    pub fn has_changes(&self, cursor: &StateCursor, collections: Collections) -> bool {
        let committed = self.version().n;
        let changed = |(_, rows): (usize, &dyn Rows)| rows.changed() > cursor.from;
        cursor.reading.is_some()
            || !self.can_follow(cursor, collections)
            || (cursor.from < committed && self.asked(collections).any(changed))
    }

    /// Whether the next read of this cursor begins with an empty copy, because what was removed since is
    /// not known any more, or because the cursor is of another epoch, from the future, or for other
    /// collections.
    pub fn is_behind_floor(&self, cursor: &StateCursor, collections: Collections) -> bool {
        !self.can_follow(cursor, collections)
    }

    fn can_follow(&self, cursor: &StateCursor, collections: Collections) -> bool {
        let version = self.version();
        let same = cursor.epoch == version.epoch
            && cursor.from <= version.n
            && (cursor.collections == collections || cursor.collections.is_empty());
        same && self.asked(collections).all(|(index, rows)| match &cursor.reading {
            None => rows.floor() <= cursor.from,
            Some(reading) => {
                reading.tombstones.get(index).is_some_and(|next| *next >= rows.first_tombstone())
            }
        })
    }

    fn asked(&self, collections: Collections) -> impl Iterator<Item = (usize, &dyn Rows)> {
        let each = Collection::EACH.into_iter().zip(self.rows()).enumerate();
        each.filter(move |(_, (collection, _))| collections.contains(*collection))
            .map(|(index, (_, rows))| (index, rows))
    }

    /// A read to the present, with the tombstones above a version.
    fn begin(&self, tombstones_after: u64) -> Reading {
        Reading {
            target: self.version().n,
            tombstones: self.rows().map(|rows| rows.tombstone_after(tombstones_after)),
            collection: 0,
            place: Place::Begin,
        }
    }

    fn slice(
        &self,
        cursor: &mut StateCursor,
        remaining: &mut RemainingBudget,
        sink: &mut impl ChangeSink,
    ) -> Result<(), Exhausted> {
        let committed = self.version().n;
        if cursor.reading.is_none() && cursor.from < committed {
            cursor.reading = Some(self.begin(cursor.from));
        }
        while let Some(mut reading) = cursor.reading {
            let done = self
                .report_removed(&mut reading, cursor.collections, remaining, sink)
                .and_then(|()| self.report_entries(&mut reading, cursor, remaining, sink));
            cursor.reading = Some(reading);
            done?;
            cursor.from = reading.target;
            // What changed since is the next read, whose tombstones have been reported in part.
            let next = Reading { target: committed, collection: 0, place: Place::Begin, ..reading };
            cursor.reading = (reading.target < committed).then_some(next);
        }
        Ok(())
    }

    /// Reports tombstones up to the present.
    fn report_removed(
        &self,
        reading: &mut Reading,
        collections: Collections,
        remaining: &mut RemainingBudget,
        sink: &mut impl ChangeSink,
    ) -> Result<(), Exhausted> {
        let committed = self.version().n;
        for (index, rows) in self.asked(collections) {
            let Some(next) = reading.tombstones.get_mut(index) else {
                broken!("a place for each collection");
                continue;
            };
            while let Some(tombstone) = rows.tombstone(*next)
                && tombstone.version <= committed
            {
                remaining.visit()?;
                // A key that has an entry again is reported as that entry, now or in the next read.
                if !tombstone.outlived {
                    if !remaining.take(tombstone.key.bytes()) {
                        return Err(Exhausted);
                    }
                    sink.removed(tombstone.key);
                }
                *next += 1;
            }
        }
        Ok(())
    }

    fn report_entries(
        &self,
        reading: &mut Reading,
        cursor: &StateCursor,
        remaining: &mut RemainingBudget,
        sink: &mut impl ChangeSink,
    ) -> Result<(), Exhausted> {
        let begun = reading.collection;
        for (index, rows) in self.asked(cursor.collections).skip_while(|(at, _)| *at < begun) {
            if index != reading.collection {
                (reading.collection, reading.place) = (index, Place::Begin);
            }
            match walk_from(rows, reading.place, cursor.from, self.walk_max) {
                Some(slot) => walk(rows, slot, reading, remaining, sink)?,
                None => scan(rows, cursor.from, reading, remaining, sink)?,
            }
        }
        Ok(())
    }
}

/// Where a walk goes on; `None` if it has to be a scan.
fn walk_from(rows: &dyn Rows, place: Place, from: u64, max: usize) -> Option<u32> {
    match place {
        Place::Scan { .. } => None,
        Place::Begin => rows.first_after(from, max),
        Place::After { slot, version } => {
            let stands = rows.entry(slot).is_some_and(|entry| entry.version() == version);
            stands.then(|| rows.newer(slot))
        }
    }
}

fn walk(
    rows: &dyn Rows,
    mut slot: u32,
    reading: &mut Reading,
    remaining: &mut RemainingBudget,
    sink: &mut impl ChangeSink,
) -> Result<(), Exhausted> {
    while let Some(entry) = rows.entry(slot)
        && entry.version() <= reading.target
    {
        if !remaining.take(entry.bytes()) {
            return Err(Exhausted);
        }
        sink.set(entry);
        reading.place = Place::After { slot, version: entry.version() };
        slot = rows.newer(slot);
    }
    Ok(())
}

fn scan(
    rows: &dyn Rows,
    from: u64,
    reading: &mut Reading,
    remaining: &mut RemainingBudget,
    sink: &mut impl ChangeSink,
) -> Result<(), Exhausted> {
    let mut at = match reading.place {
        Place::Scan { slot } => slot,
        // What the walk has reported already is reported again.
        _ => 0,
    };
    loop {
        let (found, next) = rows.scan(at, remaining.visits, from, reading.target);
        reading.place = Place::Scan { slot: next };
        let Some(entry) = found else {
            return if next == NIL { Ok(()) } else { Err(Exhausted) };
        };
        remaining.visits = remaining.visits.saturating_sub(next - at + 1);
        if !remaining.take(entry.bytes()) {
            return Err(Exhausted);
        }
        sink.set(entry);
        at = next + 1;
        reading.place = Place::Scan { slot: at };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::state::StateTerminal;

    /// A read that is taken through words after each slice, and what it reported.
    fn read(state: &ApplicationState, cursor: &mut StateCursor, found: &mut StateChanges) -> bool {
        let budget = Budget { entries: 3, ..Budget::UNBOUNDED };
        state.read_changes(cursor, Collections::ALL, budget, found);
        let (version, words) = (cursor.version(), cursor.words());
        assert_eq!(StateCursor::from_words(version.epoch, version.n, words), Some(*cursor));
        found.more
    }

    #[test]
    fn a_cursor_survives_as_words() {
        let mut state = ApplicationState::new(7, &Limits::default());
        let (mut cursor, mut found) = (StateCursor::default(), StateChanges::default());
        assert_eq!(StateCursor::from_words(0, 0, [0; 8]), Some(cursor));
        let at = StateCursor::at(StateVersion { epoch: 7, n: 3 });
        assert_eq!(StateCursor::from_words(7, 3, [0; 8]), Some(at));
        let mut slices = 0;
        for round in 0..20 {
            for id in 0..10 {
                state.put_terminal(
                    round * 7 + id,
                    StateTerminal { pid: Some(9), ..Default::default() },
                );
            }
            state.remove_terminal(round * 7);
            state.commit_metadata();
            while read(&state, &mut cursor, &mut found) {
                slices += 1;
            }
            assert_eq!(cursor.version(), state.version());
        }
        assert!(slices > 20);
    }

    #[test]
    fn words_that_mean_nothing_are_refused() {
        let reading = 1 << 8;
        let bad = [
            [16, 0, 0, 0, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 0, 0, 0],
            [1, 0, 0, 0, 0, 0, 0, 1],
            [2 << 8, 0, 0, 0, 0, 0, 0, 0],
            [reading | 4 << 16, 0, 0, 0, 0, 0, 0, 0],
            [reading | 3 << 24, 0, 0, 0, 0, 0, 0, 0],
            [reading | 1 << 32, 0, 0, 0, 0, 0, 0, 0],
            [reading | 2 << 24, 0, 1, 0, 0, 0, 0, 0],
            [u64::MAX; 8],
        ];
        for words in bad {
            assert_eq!(StateCursor::from_words(1, 1, words), None, "{words:?}");
        }
    }

    #[test]
    fn words_from_elsewhere_do_no_harm() {
        let mut state = ApplicationState::new(7, &Limits::default());
        for id in 0..10 {
            state.put_terminal(id, StateTerminal::default());
        }
        state.remove_terminal(3);
        state.commit_metadata();
        let reading = 15 | 1 << 8;
        let numbers = [0, 1, 5, u64::from(u32::MAX), u64::MAX];
        for (kind, collection) in [(0, 0), (1, 0), (1, 2), (2, 0), (2, 2), (2, 3)] {
            for slot in [0, 4, 9, 10, u64::from(u32::MAX)] {
                for number in numbers {
                    let first = reading | collection << 16 | kind << 24 | slot << 32;
                    let version = if kind == 1 { number } else { 0 };
                    let words = [first, number, version, number, number, number, number, 0];
                    let Some(mut cursor) = StateCursor::from_words(7, 1, words) else { continue };
                    let mut found = StateChanges::default();
                    for _ in 0..50 {
                        state.read_changes(
                            &mut cursor,
                            Collections::ALL,
                            Budget::UNBOUNDED,
                            &mut found,
                        );
                    }
                }
            }
        }
    }
}
