//! Reading changes: what a cursor gets, case by case.

use super::*;
use crate::state::{Budget, Collection, StateChanges, StateCursor, StateVersion};

const ONE: Budget = Budget { entries: 1, bytes: usize::MAX };

fn read(state: &ApplicationState, cursor: &mut StateCursor, budget: Budget) -> StateChanges {
    let mut changes = StateChanges::default();
    state.read_changes(cursor, Collections::ALL, budget, &mut changes);
    changes
}

fn keys(changes: &StateChanges) -> Vec<Key> {
    changes.entries.iter().map(|entry| entry.as_entry().key().to_key()).collect()
}

fn with_files(count: u64, tombstones: usize) -> ApplicationState {
    let mut state = ApplicationState::new(5, &small_limits(tombstones));
    for id in 1..=count {
        assert!(state.put_file(file_key(1, id), file("name", 0)));
    }
    state.commit_metadata();
    state
}

#[test]
fn nothing_is_a_snapshot_too() {
    let state = ApplicationState::new(5, &Limits::default());
    let mut cursor = StateCursor::default();
    assert!(state.has_changes(&cursor, Collections::ALL));
    let changes = read(&state, &mut cursor, ONE);
    assert!(changes.full && !changes.more && changes.is_empty());
    assert_eq!(changes.version, state.version());
    assert!(!state.has_changes(&cursor, Collections::ALL));
    assert!(!read(&state, &mut cursor, ONE).full);
}

#[test]
fn a_difference_is_what_changed() {
    let mut state = with_files(100, 1 << 20);
    let mut cursor = StateCursor::at(state.version());
    assert!(!state.has_changes(&cursor, Collections::ALL));
    state.remove_file(file_key(1, 3));
    assert!(state.put_file(file_key(1, 4), file("name", 1)));
    state.put_terminal(1, terminal("x"));
    assert!(!state.has_changes(&cursor, Collections::ALL), "metadata are not committed yet");
    assert!(read(&state, &mut cursor, Budget::UNBOUNDED).is_empty());
    state.commit_metadata();
    assert!(state.has_changes(&cursor, Collections::ALL));
    let changes = read(&state, &mut cursor, Budget::UNBOUNDED);
    assert!(!changes.full && !changes.more);
    assert_eq!(changes.removed, [Key::File(file_key(1, 3))]);
    assert_eq!(keys(&changes), [Key::Terminal(1), Key::File(file_key(1, 4))]);
}

#[test]
fn what_comes_back_is_not_reported_as_gone() {
    let mut state = with_files(3, 1 << 20);
    let mut cursor = StateCursor::at(state.version());
    state.remove_file(file_key(1, 2));
    state.commit_metadata();
    assert!(state.put_file(file_key(1, 2), file("name", 0)));
    state.commit_metadata();
    let changes = read(&state, &mut cursor, Budget::UNBOUNDED);
    assert!(changes.removed.is_empty());
    assert_eq!(keys(&changes), [Key::File(file_key(1, 2))]);
}

#[test]
fn versions_that_lead_nowhere_get_everything() {
    let mut state = with_files(8, 4 * (8 + 16));
    let old = state.version();
    for id in 1..=5 {
        state.remove_file(file_key(1, id));
        state.commit_metadata();
    }
    let at = |epoch, n| StateCursor::at(StateVersion { epoch, n });
    // Five are removed, four tombstones are kept: version 2 is the first that is known.
    let cases = [
        (StateCursor::default(), true),
        (at(5, old.n), true),
        (at(5, old.n + 1), false),
        (at(5, state.version().n), false),
        (at(5, state.version().n + 1), true),
        (at(6, state.version().n), true),
    ];
    for (cursor, full) in cases {
        assert_eq!(state.is_behind_floor(&cursor, Collections::ALL), full, "{cursor:?}");
        let layout_full = full && (cursor.version().epoch != 5 || cursor.version().n > 6);
        assert_eq!(state.is_behind_floor(&cursor, Collections::LAYOUT), layout_full, "{cursor:?}");
        let mut reading = cursor;
        let changes = read(&state, &mut reading, Budget::UNBOUNDED);
        assert_eq!(changes.full, full, "{cursor:?}");
        assert_eq!(changes.version, state.version());
        assert_eq!(changes.entries.len(), if full { 3 } else { 0 }, "{cursor:?}");
    }
}

#[test]
fn a_cursor_is_for_its_collections() {
    let mut state = with_files(3, 1 << 20);
    let mut cursor = StateCursor::default();
    let mut changes = StateChanges::default();
    state.read_changes(&mut cursor, Collections::LAYOUT, Budget::UNBOUNDED, &mut changes);
    assert!(changes.full && changes.is_empty());
    assert!(state.put_file(file_key(1, 1), file("name", 9)));
    state.commit_metadata();
    assert!(!state.has_changes(&cursor, Collections::LAYOUT));
    state.read_changes(&mut cursor, Collections::LAYOUT, Budget::UNBOUNDED, &mut changes);
    assert!(!changes.full && changes.is_empty());
    assert_eq!(changes.version, state.version());
    let files = Collections::LAYOUT.with(Collection::Files);
    assert!(state.has_changes(&cursor, files));
    state.read_changes(&mut cursor, files, Budget::UNBOUNDED, &mut changes);
    assert!(changes.full && changes.entries.len() == 3);
}

#[test]
fn a_slice_keeps_to_its_budget_and_reports_one_in_any_case() {
    let state = with_files(10, 1 << 20);
    let one = state.file(file_key(1, 1)).map(|_| state.bytes() / 10).unwrap();
    let cases = [
        (Budget { entries: 0, bytes: 0 }, 1),
        (Budget { entries: 3, bytes: usize::MAX }, 3),
        (Budget { entries: 100, bytes: 4 * one }, 4),
        (Budget { entries: 100, bytes: 5 * one - 1 }, 4),
        (Budget::UNBOUNDED, 10),
    ];
    for (budget, reported) in cases {
        for cursor in [StateCursor::default(), StateCursor::at(StateVersion { epoch: 5, n: 0 })] {
            let mut cursor = cursor;
            let changes = read(&state, &mut cursor, budget);
            assert_eq!(changes.entries.len(), reported, "{budget:?}");
            assert_eq!(changes.more, reported < 10);
            assert_eq!(changes.version.n, if reported < 10 { 0 } else { 1 });
        }
    }
}

#[test]
fn an_entry_that_changes_all_the_time_holds_nobody_up() {
    for walk_max in [1, 1000] {
        let mut state = with_files(50, 1 << 20);
        state.walk_max = walk_max;
        let mut cursor = StateCursor::at(StateVersion { epoch: 5, n: 0 });
        let mut known = BTreeMap::new();
        for size in 0.. {
            let changes = read(&state, &mut cursor, ONE);
            for entry in changes.entries {
                // The one that was reported last is the one that changes next.
                let key = entry.as_entry().key().to_key();
                known.insert(key.clone(), entry);
                let Key::File(key) = key else { unreachable!() };
                if changes.more {
                    assert!(state.put_file(key, file("name", size)));
                    state.commit_metadata();
                }
            }
            assert!(size < 500);
            if known.len() == 50 && size > 200 {
                break;
            }
        }
        while {
            let changes = read(&state, &mut cursor, ONE);
            known.extend(changes.entries.into_iter().map(|e| (e.as_entry().key().to_key(), e)));
            changes.more
        } {}
        assert_eq!(known, contents(&state, Collections::ALL));
    }
}

#[test]
fn a_long_snapshot_outlives_the_tombstones_as_long_as_it_is_read() {
    let mut state = with_files(20, 2 * 24);
    let mut cursor = StateCursor::default();
    assert!(read(&state, &mut cursor, ONE).full);
    for id in 1..=15 {
        state.remove_file(file_key(1, id));
        state.commit_metadata();
        let budget = Budget { entries: 2, bytes: usize::MAX };
        assert!(!read(&state, &mut cursor, budget).full, "{id}");
    }
    for id in 16..=18 {
        state.remove_file(file_key(1, id));
        state.commit_metadata();
    }
    assert!(state.is_behind_floor(&cursor, Collections::ALL));
    let changes = read(&state, &mut cursor, Budget::UNBOUNDED);
    assert!(changes.full && !changes.more);
    assert_eq!(changes.entries.len(), 2);
}
