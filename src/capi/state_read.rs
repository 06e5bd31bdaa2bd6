//! The application state: versions, entries, and what changed since a version.

use std::mem::size_of;
use std::ptr;

use super::guard::{Inner, on_engine, orch_engine};
use super::options::{orch_bytes, unknown};
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::*;
use super::state_loan::StateLoan;
use super::status::*;
use crate::error::{Error, ErrorKind, Result};
use crate::{FileKey, StateBudget, StateCursor, StateKeyRef, StateSink, StateView, WatchId};

/// Entries of a slice, unless the host names another number.
const SLICE_ENTRIES: usize = 4096;
/// Bytes of a slice, about.
const SLICE_BYTES: usize = 1 << 20;

/// How far a host has read the changes of the state. All 0: nothing, so that it gets everything. With the
/// fields of a version and the rest 0: what was there at that version. It may be copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_cursor {
    /// The epoch that the rest belongs to.
    pub epoch: u64,
    /// The version that the host's copy has for certain.
    pub n: u64,
    /// Where a read that is under way goes on; the library's.
    pub rest: [u64; 8],
}

/// What changed in the state since a cursor. To bring a copy up to date: if `full`, empty it; take out the
/// removed keys; put in each entry under its key, in place of what it was. While `more` is 1 the copy is
/// between two versions: a pane may name a session that comes later.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_changes {
    /// `sizeof(orch_state_changes)`, set by the host.
    pub size: usize,
    /// The version to come back with. With `more` 0 the copy equals the state of this version.
    pub version: orch_state_version,
    /// 1: the cursor was too old or of another epoch; this begins with an empty copy.
    pub full: u32,
    /// 1: there is more to read at once.
    pub more: u32,
    /// Keys of entries that are gone; the host may never have known some of them. Elements lie
    /// `removed_stride` bytes apart (`orch_state_removed_at`).
    pub removed: *const orch_state_key,
    /// How many.
    pub removed_count: usize,
    /// Bytes from one to the next.
    pub removed_stride: usize,
    /// Sessions that are new or different (`orch_session_at`).
    pub sessions: *const orch_session,
    /// How many.
    pub session_count: usize,
    /// Bytes from one to the next.
    pub session_stride: usize,
    /// Panes that are new or different (`orch_pane_at`).
    pub panes: *const orch_pane,
    /// How many.
    pub pane_count: usize,
    /// Bytes from one to the next.
    pub pane_stride: usize,
    /// Terminals that are new or different (`orch_state_terminal_at`).
    pub terminals: *const orch_state_terminal,
    /// How many.
    pub terminal_count: usize,
    /// Bytes from one to the next.
    pub terminal_stride: usize,
    /// Files that are new or different (`orch_state_file_at`).
    pub files: *const orch_state_file,
    /// How many.
    pub file_count: usize,
    /// Bytes from one to the next.
    pub file_stride: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_state_changes {
    const FIRST_SIZE: usize = size_through!(orch_state_changes, file_stride, usize);
    fn defaults() -> Self {
        orch_state_changes {
            size: size_of::<Self>(),
            version: orch_state_version { epoch: 0, n: 0 },
            full: 0,
            more: 0,
            removed: ptr::null(),
            removed_count: 0,
            removed_stride: size_of::<orch_state_key>(),
            sessions: ptr::null(),
            session_count: 0,
            session_stride: size_of::<orch_session>(),
            panes: ptr::null(),
            pane_count: 0,
            pane_stride: size_of::<orch_pane>(),
            terminals: ptr::null(),
            terminal_count: 0,
            terminal_stride: size_of::<orch_state_terminal>(),
            files: ptr::null(),
            file_count: 0,
            file_stride: size_of::<orch_state_file>(),
        }
    }
}

/// The version that the application state is at.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_version(
    engine: *mut orch_engine,
    out_version: *mut orch_state_version,
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_version)?;
        let version = inner.engine.application_state()?.version();
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_version, version.into()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The hash of these collections, a sum of ORCH_COLLECTION_*: two copies with the same hash are the same, but
/// for one chance in 2^64. The protocol's documentation says how a copy computes it.
///
/// Owner thread. In constant time. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_hash(
    engine: *mut orch_engine,
    collections: u32,
    out_hash: *mut u64,
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_hash)?;
        let hash = inner.engine.application_state()?.hash(collections_from(collections)?);
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_hash, hash) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Lends the entry of a key; `list` says where in the loan it is then.
fn lend_entry<T: Copy>(
    lent: &mut StateLoan,
    view: &StateView,
    key: StateKeyRef<'_>,
    list: impl FnOnce(&StateLoan) -> &[T],
) -> Result<T> {
    let none = || Error::new(ErrorKind::StaleId, "no such entry");
    let entry = view.entry(key).ok_or_else(none)?;
    lent.begin();
    lent.set(entry);
    lent.seal();
    list(lent).first().copied().ok_or_else(none)
}

/// What a slice may tell when the host asks for `max` entries.
pub(super) fn budget_of(max: usize) -> StateBudget {
    StateBudget { entries: if max == 0 { SLICE_ENTRIES } else { max }, bytes: SLICE_BYTES }
}

/// What was lent, as C gets it; of no version yet.
pub(super) fn changes_of(lent: &StateLoan) -> orch_state_changes {
    orch_state_changes {
        removed: lent.removed.as_ptr(),
        removed_count: lent.removed.len(),
        sessions: lent.sessions.as_ptr(),
        session_count: lent.sessions.len(),
        panes: lent.panes.as_ptr(),
        pane_count: lent.panes.len(),
        terminals: lent.terminals.as_ptr(),
        terminal_count: lent.terminals.len(),
        files: lent.files.as_ptr(),
        file_count: lent.files.len(),
        ..orch_state_changes::defaults()
    }
}

/// The engine's own state, and the loan of its entries.
fn own(inner: &mut Inner) -> Result<(&mut StateLoan, &StateView)> {
    Ok((&mut inner.lent_state, inner.engine.application_state()?))
}

/// Lends one entry of what `view` gives.
///
/// # Safety
/// As [`on_engine`]; `out` is NULL or a struct as the header describes it.
pub(super) unsafe fn get<'k, T: SizedStruct>(
    engine: *mut orch_engine,
    view: impl FnOnce(&mut Inner) -> Result<(&mut StateLoan, &StateView)>,
    key: impl FnOnce() -> Result<StateKeyRef<'k>>,
    out: *mut T,
    list: impl FnOnce(&StateLoan) -> &[T],
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: passed on from the caller.
        unsafe { sized::check_out(out) }?;
        let key = key()?;
        let (lent, view) = view(inner)?;
        let c = lend_entry(lent, view, key, list)?;
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: passed on from the caller.
    unsafe { on_engine(engine, query) }
}

/// A session. Set `out_session->size` before; it is left as it is.
///
/// Lent until the next `orch_state_get_*` on this engine that succeeds. Owner thread. Errors: ORCH_E_STALE_ID
/// if there is none with this id, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_session(
    engine: *mut orch_engine,
    id: orch_bytes,
    out_session: *mut orch_session,
) -> i32 {
    // SAFETY: the caller vouches for the bytes.
    let key = || Ok(StateKeyRef::Session(unsafe { text_from("id", id) }?));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, own, key, out_session, |lent| &lent.sessions) }
}

/// A pane; otherwise as `orch_state_get_session`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_pane(
    engine: *mut orch_engine,
    id: orch_bytes,
    out_pane: *mut orch_pane,
) -> i32 {
    // SAFETY: the caller vouches for the bytes.
    let key = || Ok(StateKeyRef::Pane(unsafe { text_from("id", id) }?));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, own, key, out_pane, |lent| &lent.panes) }
}

/// What the state knows of a terminal; otherwise as `orch_state_get_session`. `orch_terminal_get_state` asks
/// the system and knows more.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_terminal(
    engine: *mut orch_engine,
    terminal: u64,
    out_facts: *mut orch_state_terminal,
) -> i32 {
    let key = || Ok(StateKeyRef::Terminal(terminal));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, own, key, out_facts, |lent| &lent.terminals) }
}

/// What the state knows of a file, by its watch and its id there; otherwise as `orch_state_get_session`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_file(
    engine: *mut orch_engine,
    watch: u64,
    id: u64,
    out_facts: *mut orch_state_file,
) -> i32 {
    let key = || Ok(StateKeyRef::File(FileKey { watch, id }));
    // SAFETY: the caller vouches for the pointers.
    unsafe { get(engine, own, key, out_facts, |lent| &lent.files) }
}

/// What changed in these collections (a sum of ORCH_COLLECTION_*) since `cursor`, at most `max` changes (0:
/// 4,096) and about 1 MiB; the cursor moves behind them. A cursor of zeroes gets everything; call again while
/// `more` is 1, also over several turns. Costs what changed. A cursor is for the collections that it was first
/// used with; with others it begins anew. Set `out_changes->size` before; it is left as it is.
///
/// Lent until the next `orch_state_get_*` on this engine that succeeds. Owner thread. Errors: ORCH_E_INVALID;
/// the cursor is untouched then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_get_changes(
    engine: *mut orch_engine,
    cursor: *mut orch_state_cursor,
    collections: u32,
    max: usize,
    out_changes: *mut orch_state_changes,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_changes) }?;
        sized::check_pointer(cursor)?;
        // SAFETY: the pointer was checked; the caller vouches that it is readable.
        let c = unsafe { cursor.read_unaligned() };
        let mut at = StateCursor::from_words(c.epoch, c.n, c.rest)
            .ok_or_else(|| Error::invalid("cursor: not one that the library has written"))?;
        let collections = collections_from(collections)?;
        let lent = &mut inner.lent_state;
        let state = inner.engine.application_state()?;
        lent.begin();
        let progress = state.changes(&mut at, collections, budget_of(max), lent);
        lent.seal();
        let c = orch_state_changes {
            version: at.version().into(),
            full: progress.full.into(),
            more: progress.more.into(),
            ..changes_of(lent)
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_changes, &c) };
        let version = at.version();
        let at = orch_state_cursor { epoch: version.epoch, n: version.n, rest: at.words() };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(cursor, at) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Makes the files of a watch part of the state (`publish` 1), or takes them out again (0). It goes in slices:
/// the state is behind while a large tree is written down. Batches of the watch have to be read for the tree
/// to move on.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_set_published(
    engine: *mut orch_engine,
    watch: u64,
    publish: u32,
) -> i32 {
    let work = |inner: &mut Inner| {
        if publish > 1 {
            return Err(unknown("publish", publish));
        }
        inner.engine.publish_watch(WatchId::from_u64(watch), publish == 1)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, work) }
}
