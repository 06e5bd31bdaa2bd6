//! File watches: what their trees contain and how they are.

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct};
use super::status::*;
use super::watch_tree::*;
use crate::{FileCursor, WatchId, WatchState};

/// What changed in a watch's tree since `cursor`, at most `max` changes (0: 4,096); the cursor moves behind
/// them. A cursor of zeroes gets the whole tree; call again while `more` is 1, also over several turns.
/// Costs what changed. Skip a later ORCH_EVENT_WATCH_BATCH whose `version.n` is not above `out_changes->version.n`: what
/// it reports is already here. Set `out_changes->size` before; it is left as it is.
///
/// Lent until the next query of a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID,
/// ORCH_E_INVALID; the cursor is untouched then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_get_changes(
    engine: *mut orch_engine,
    watch: u64,
    cursor: *mut orch_file_cursor,
    max: usize,
    out_changes: *mut orch_file_changes,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_changes) }?;
        argument::output("cursor", cursor)?;
        // SAFETY: the pointer was checked; the caller vouches that it is readable.
        let c = unsafe { cursor.read_unaligned() };
        let mut at = FileCursor { epoch: c.epoch, base: c.base, position: c.position };
        let max = if max == 0 { 4096 } else { max };
        let files = &mut inner.files;
        let id = WatchId::from_u64(watch);
        inner.engine.watch_changes(id, &mut at, max, &mut files.changes)?;
        files.removed = files.changes.removed.iter().map(|id| id.to_u64()).collect();
        files.entries = files.changes.entries().map(orch_file_entry::from).collect();
        let c = orch_file_changes {
            version: files.changes.version.into(),
            full: files.changes.full.into(),
            more: files.changes.more.into(),
            removed: files.removed.as_ptr(),
            removed_count: files.removed.len(),
            entries: files.entries.as_ptr(),
            entry_count: files.entries.len(),
            ..orch_file_changes::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_changes, &c) };
        let at = orch_file_cursor { epoch: at.epoch, base: at.base, position: at.position };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(cursor, at) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

fn state_to_c(state: WatchState, files: &mut Files) -> orch_watch_state {
    let flags = [
        (state.ready, ORCH_WATCH_IS_READY),
        (state.complete, ORCH_WATCH_IS_COMPLETE),
        (state.healthy, ORCH_WATCH_IS_HEALTHY),
    ];
    files.roots = state.roots;
    files.root_bytes = files.roots.iter().map(|root| path_bytes(root)).collect();
    orch_watch_state {
        tag: state.tag,
        version: state.version.into(),
        roots: files.root_bytes.as_ptr(),
        root_count: files.root_bytes.len(),
        flags: flags.iter().filter(|(holds, _)| *holds).map(|(_, flag)| flag).sum(),
        problem: state.problem.map_or(ORCH_WATCH_PROBLEM_NONE, |problem| problem as u32),
        entries: state.entries,
        directories: state.directories,
        kernel_watches: state.kernel_watches,
        polled_directories: state.polled_directories,
        unreadable_directories: state.unreadable_directories,
        waiting_directories: state.waiting_directories,
        dirty_names: state.dirty_names,
        kernel_events: state.kernel_events,
        events: state.events,
        batches: state.batches,
        overflows: state.overflows,
        path_watches: state.path_watches,
        save_problem: state.save_problem.map_or(ORCH_SAVE_PROBLEM_NONE, |problem| problem as u32),
        ..orch_watch_state::defaults()
    }
}

/// Everything that is known about a watch now. Set `out_state->size` before; it is left as it is.
///
/// The roots are lent until the next question about a watch on this engine. Owner thread. Errors:
/// ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_get_state(
    engine: *mut orch_engine,
    watch: u64,
    out_state: *mut orch_watch_state,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let state = inner.engine.watch_state(WatchId::from_u64(watch))?;
        let c = state_to_c(state, &mut inner.files);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_state, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
