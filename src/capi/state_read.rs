//! The application state and the copies of those of peers: versions, hashes, entries, changes.

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::sized;
use super::state_entry::*;
use super::state_loan::StateLoan;
use super::state_slice::*;
use super::status::*;
use crate::error::{Error, ErrorKind, Result};
use crate::state::WalkCursor;
use crate::{Collections, PeerId, StateCursor, StateView, WatchId};

/// A state and the loan of its entries: the engine's own with `peer` 0, else the copy of that peer's.
fn view(inner: &mut Inner, peer: u64) -> Result<(&mut StateLoan, &StateView)> {
    if peer == 0 {
        return Ok((&mut inner.lent_state, inner.engine.application_state()?));
    }
    Ok((&mut inner.lent_replica, inner.engine.peer_replica(PeerId::from_u64(peer))?))
}

/// The version of a state: of the engine's own with `peer` 0, else of the copy that the engine keeps of that peer's
/// state. ORCH_DONE, and nothing is written, while a copy has no version: before the state has come for the first
/// time, and while it comes anew.
///
/// A copy changes in turns. Between two ORCH_EVENT_PEER_STATE events it may be between two versions: a pane may name a
/// session that comes later.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_version(
    engine: *mut orch_engine,
    peer: u64,
    out_version: *mut orch_state_version,
) -> orch_status {
    let query = |inner: &mut Inner| {
        argument::output("out_version", out_version)?;
        let version = match peer {
            0 => Some(inner.engine.application_state()?.version()),
            peer => inner.engine.peer_replica(PeerId::from_u64(peer))?.version(),
        };
        let Some(version) = version else { return Ok(ORCH_DONE) };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_version, version.into()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The hash of some collections (a sum of ORCH_COLLECTION_*) of a state; `peer` is as in `orch_state_get_version`.
/// Two states with the same hash have the same entries, but for one chance in 2^64. docs/PROTOCOL.md says how a
/// client computes it. The engine compares the hash of a copy with the peer's by itself, and asks for the state anew
/// if they differ.
///
/// Owner thread. Takes constant time. Errors: ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_hash(
    engine: *mut orch_engine,
    peer: u64,
    collections: orch_collections,
    out_hash: *mut u64,
) -> orch_status {
    let query = |inner: &mut Inner| {
        argument::output("out_hash", out_hash)?;
        let collections = collections_from("collections", collections)?;
        let (_, view) = view(inner, peer)?;
        let hash = view.hash(collections);
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_hash, hash) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The entry with this key in a state; `peer` is as in `orch_state_get_version`. Set `out_entry->size` first.
///
/// The entry is lent: it stays as it is until the next `orch_state_get_entry` or `orch_state_get_changes` on this
/// engine that succeeds. The loans of the own state and of all copies together are apart: a call about one does not
/// end the loan of the other.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID if there is no such entry or no such peer, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_entry(
    engine: *mut orch_engine,
    peer: u64,
    key: *const orch_state_key,
    out_entry: *mut orch_state_entry,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_entry) }?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let key = unsafe { key_from(key) }?;
        let (lent, view) = view(inner, peer)?;
        let none = || Error::new(ErrorKind::StaleId, "the state has no such entry");
        let c = lent.lend_entry(view.entry(key).ok_or_else(none)?);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_entry, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The changes of some collections (a sum of ORCH_COLLECTION_*) of a state since `cursor`; `peer` is as in
/// `orch_state_get_version`. Gives at most `max` changes (0: 4,096) and about 1 MiB, and moves the cursor behind
/// them. With a cursor of zeroes it begins with everything. Call again while `more` is 1; turns may come in between.
/// A cursor is for one state and one set of collections; with others it begins anew. Set `out_changes->size` first.
///
/// For the engine's own state this costs as much as has changed.
///
/// For the copy of a peer's state it is a walk through all entries. It gives no removed keys and no differences, and
/// ends when each entry has come. Entries that stay come once, as they are at that moment; entries that come or go
/// during the walk may come or not. If `version` is the same in all slices, they are that version. If the state came
/// anew during the walk, the walk begins anew too, with `full` 1 again. `version` is 0 while the copy has none.
///
/// The changes are lent as the entry of `orch_state_get_entry` is. Owner thread. Does not block. Errors:
/// ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID. After an error the cursor is as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_changes(
    engine: *mut orch_engine,
    peer: u64,
    cursor: *mut orch_state_cursor,
    collections: orch_collections,
    max: usize,
    out_changes: *mut orch_state_changes,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_changes) }?;
        argument::output("cursor", cursor)?;
        let collections = collections_from("collections", collections)?;
        // SAFETY: the pointer was checked; the caller vouches that it is readable.
        let mut at = unsafe { cursor.read_unaligned() };
        let c = match peer {
            0 => read_changes(inner, &mut at, collections, max)?,
            peer => walk(inner, peer, &mut at, collections, max)?,
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_changes, &c) };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(cursor, at) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Lends the next changes of the engine's own state.
fn read_changes(
    inner: &mut Inner,
    cursor: &mut orch_state_cursor,
    collections: Collections,
    max: usize,
) -> Result<orch_state_changes> {
    let mut at =
        StateCursor::from_words(cursor.epoch, cursor.n, cursor.rest).ok_or_else(foreign_cursor)?;
    let (state, lent) = (inner.engine.application_state()?, &mut inner.lent_state);
    lent.begin();
    let progress = state.changes(&mut at, collections, budget_of(max), lent);
    lent.seal();
    let version = at.version();
    *cursor = orch_state_cursor { epoch: version.epoch, n: version.n, rest: at.words() };
    Ok(orch_state_changes {
        version: version.into(),
        full: progress.full.into(),
        more: progress.more.into(),
        ..changes_of(lent)
    })
}

/// Lends the next entries of the copy of a peer's state. The last word of the cursor is the peer.
fn walk(
    inner: &mut Inner,
    peer: u64,
    cursor: &mut orch_state_cursor,
    collections: Collections,
    max: usize,
) -> Result<orch_state_changes> {
    let mut at = match cursor.rest {
        [0, 0, 0, 0, 0, 0, 0, 0] => WalkCursor::default(),
        [filling, place, 0, 0, 0, 0, 0, of] if of != 0 => {
            let at = WalkCursor::from_words([filling, place]).ok_or_else(foreign_cursor)?;
            if of == peer { at } else { WalkCursor::default() }
        }
        _ => return Err(foreign_cursor()),
    };
    let replica = inner.engine.peer_replica(PeerId::from_u64(peer))?;
    let lent = &mut inner.lent_replica;
    lent.begin();
    let walked = replica.walk(&mut at, collections, budget_of(max), lent);
    lent.seal();
    let version = replica.version().unwrap_or_default();
    let [filling, place] = at.words();
    let rest = [filling, place, 0, 0, 0, 0, 0, peer];
    *cursor = orch_state_cursor { epoch: version.epoch, n: version.n, rest };
    Ok(orch_state_changes {
        version: version.into(),
        full: walked.full.into(),
        more: walked.more.into(),
        ..changes_of(lent)
    })
}

fn foreign_cursor() -> Error {
    Error::invalid("cursor: neither zeroes nor written by the library for this state")
}

/// Makes the files of a watch part of the state (`publish` 1) or takes them out again (0). A large tree takes several
/// turns; until then the state has a part of it. The state follows the tree as the host reads the watch's batches.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_set_published(
    engine: *mut orch_engine,
    watch: u64,
    publish: u32,
) -> orch_status {
    let work = |inner: &mut Inner| {
        let publish = argument::flag_from("publish", publish)?;
        inner.engine.set_watch_published(WatchId::from_u64(watch), publish)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, work) }
}
