//! Peers: reading the copy of another engine's state.

use super::guard::{Inner, on_engine, orch_engine};
use super::options::orch_bytes;
use super::sized;
use super::state_entry::*;
use super::state_loan::StateLoan;
use super::state_read::{budget_of, changes_of, get, orch_state_changes};
use super::status::*;
use crate::error::{Error, Result};
use crate::state::WalkCursor;
use crate::{FileKey, PeerId, StateKeyRef, StateView};

/// The version that the copy of a peer's state is at; ORCH_DONE, with nothing written, before the first one has
/// come, and while the state comes anew.
///
/// The copy changes within turns. Between two ORCH_PEER_STATE events it may be between two versions: a pane may
/// name a session that comes later. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_state_version(
    engine: *mut orch_engine,
    peer: u64,
    out_version: *mut orch_state_version,
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_version)?;
        let replica = inner.engine.peer_replica(PeerId::from_u64(peer))?;
        let Some(version) = replica.version() else { return Ok(ORCH_DONE) };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_version, version.into()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The hash of these collections of the copy, a sum of ORCH_COLLECTION_*; see `orch_state_get_hash`. The library
/// compares it with that of the other engine itself, and has a copy that differs sent anew.
///
/// Owner thread. In constant time. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_state_hash(
    engine: *mut orch_engine,
    peer: u64,
    collections: u32,
    out_hash: *mut u64,
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_hash)?;
        let collections = collections_from(collections)?;
        let hash = inner.engine.peer_replica(PeerId::from_u64(peer))?.hash(collections);
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_hash, hash) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The copy of a peer's state, and the loan of its entries.
fn of(peer: u64) -> impl FnOnce(&mut Inner) -> Result<(&mut StateLoan, &StateView)> {
    move |inner| Ok((&mut inner.lent_replica, inner.engine.peer_replica(PeerId::from_u64(peer))?))
}

/// A session in the copy of a peer's state. Set `out_session->size` before; it is left as it is.
///
/// Lent until the next call on this engine that lends something of such a copy and succeeds: this one and those
/// below, of any peer. Owner thread. Errors: ORCH_E_STALE_ID if there is no such peer or no such entry,
/// ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_get_session(
    engine: *mut orch_engine,
    peer: u64,
    id: orch_bytes,
    out_session: *mut orch_session,
) -> i32 {
    // SAFETY: the caller vouches for the bytes.
    let key = || Ok(StateKeyRef::Session(unsafe { text_from("id", id) }?));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, of(peer), key, out_session, |lent| &lent.sessions) }
}

/// A pane in the copy of a peer's state; otherwise as `orch_peer_get_session`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_get_pane(
    engine: *mut orch_engine,
    peer: u64,
    id: orch_bytes,
    out_pane: *mut orch_pane,
) -> i32 {
    // SAFETY: the caller vouches for the bytes.
    let key = || Ok(StateKeyRef::Pane(unsafe { text_from("id", id) }?));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, of(peer), key, out_pane, |lent| &lent.panes) }
}

/// What the copy of a peer's state knows of a terminal; otherwise as `orch_peer_get_session`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_get_terminal(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    out_facts: *mut orch_state_terminal,
) -> i32 {
    let key = || Ok(StateKeyRef::Terminal(terminal));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, of(peer), key, out_facts, |lent| &lent.terminals) }
}

/// What the copy of a peer's state knows of a file, by its watch and its id there; otherwise as
/// `orch_peer_get_session`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_get_file(
    engine: *mut orch_engine,
    peer: u64,
    watch: u64,
    id: u64,
    out_facts: *mut orch_state_file,
) -> i32 {
    let key = || Ok(StateKeyRef::File(FileKey { watch, id }));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, of(peer), key, out_facts, |lent| &lent.files) }
}

/// How far a host has walked through the entries of a peer. All 0: not at all. It may be copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_cursor {
    /// Where it goes on; the library's.
    pub words: [u64; 4],
}

/// Entries of these collections (a sum of ORCH_COLLECTION_*) in the copy of a peer's state, at most `max` (0:
/// 4,096) and about 1 MiB; the cursor moves behind them. With a cursor of zeroes a walk begins (`full` is 1);
/// call again while `more` is 1. Set `out_changes->size` before; it is left as it is.
///
/// There are no removed keys here: a walk does not tell what changed but what there is. Without a turn in between
/// it gives the copy as it is. Over several turns, entries that stay are told once, as they are when their turn
/// comes, and those that come or go may be told or not; a walk in which `version` stays the same gives that
/// version. When all of the state came anew meanwhile, the walk begins anew, with `full` 1 again. `version` is 0
/// where `orch_peer_state_version` has none. A cursor is for the peer and the collections that it was first used
/// with.
///
/// Lent as by `orch_peer_get_session`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID; the cursor is
/// untouched then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_entries(
    engine: *mut orch_engine,
    peer: u64,
    cursor: *mut orch_peer_cursor,
    collections: u32,
    max: usize,
    out_changes: *mut orch_state_changes,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_changes) }?;
        sized::check_pointer(cursor)?;
        // SAFETY: the pointer was checked; the caller vouches that it is readable.
        let [filling, place, 0, 0] = (unsafe { cursor.read_unaligned() }).words else {
            return Err(not_ours());
        };
        let mut at = WalkCursor::from_words([filling, place]).ok_or_else(not_ours)?;
        let collections = collections_from(collections)?;
        let replica = inner.engine.peer_replica(PeerId::from_u64(peer))?;
        let lent = &mut inner.lent_replica;
        lent.begin();
        let walked = replica.walk(&mut at, collections, budget_of(max), lent);
        lent.seal();
        let c = orch_state_changes {
            version: replica.version().unwrap_or_default().into(),
            full: walked.full.into(),
            more: walked.more.into(),
            ..changes_of(lent)
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_changes, &c) };
        let [filling, place] = at.words();
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(cursor, orch_peer_cursor { words: [filling, place, 0, 0] }) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

fn not_ours() -> Error {
    Error::invalid("cursor: not one that the library has written")
}
