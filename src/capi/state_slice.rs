//! Slices of an application state in C's form: cursors, and the changes since one.

use std::mem::size_of;
use std::ptr;

use super::sized::{SizedStruct, size_through};
use super::state_entry::*;
use super::state_loan::StateLoan;
use crate::StateBudget;

/// Entries of a slice, unless the host names another number.
const SLICE_ENTRIES: usize = 4096;
/// Bytes of a slice, about.
const SLICE_BYTES: usize = 1 << 20;

/// How far a host has read a state with `orch_state_get_changes`. All zeroes: nothing, so that the next read begins
/// with everything. A cursor may be copied. For the engine's own state, a cursor with only `epoch` and `n` set
/// stands for a host that has that version.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_cursor {
    /// The epoch of the version that the host has.
    pub epoch: u64,
    /// The `n` of the version that the host has.
    pub n: u64,
    /// Where the read goes on. Only the library writes it.
    pub rest: [u64; 8],
}

/// The changes of a state since a cursor. To update a copy: empty it if `full` is 1, take out the removed keys, then
/// put each entry in place of the one with its key. While `more` is 1 the copy is between two versions: a pane may
/// name a session that comes later.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_changes {
    /// `sizeof(orch_state_changes)`, set by the host.
    pub size: usize,
    /// The version of the copy. With `more` 0 the copy is the state of this version.
    pub version: orch_state_version,
    /// 1: this begins with an empty copy, because the cursor was all zeroes, too old or of another epoch.
    pub full: u32,
    /// 1: there is more to read now.
    pub more: u32,
    /// Keys of entries that are gone. The host may never have had some of them. Elements lie
    /// `removed_stride` bytes apart (`orch_element_at`).
    pub removed: *const orch_state_key,
    /// Elements of `removed`.
    pub removed_count: usize,
    /// Bytes from one element to the next.
    pub removed_stride: usize,
    /// Sessions that are new or have changed (`orch_element_at`).
    pub sessions: *const orch_session,
    /// Elements of `sessions`.
    pub session_count: usize,
    /// Bytes from one element to the next.
    pub session_stride: usize,
    /// Panes that are new or have changed (`orch_element_at`).
    pub panes: *const orch_pane,
    /// Elements of `panes`.
    pub pane_count: usize,
    /// Bytes from one element to the next.
    pub pane_stride: usize,
    /// Terminals that are new or have changed (`orch_element_at`).
    pub terminals: *const orch_state_terminal,
    /// Elements of `terminals`.
    pub terminal_count: usize,
    /// Bytes from one element to the next.
    pub terminal_stride: usize,
    /// Files that are new or have changed (`orch_element_at`).
    pub files: *const orch_state_file,
    /// Elements of `files`.
    pub file_count: usize,
    /// Bytes from one element to the next.
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

/// The bounds of a slice when the host asks for `max` entries.
pub(super) fn budget_of(max: usize) -> StateBudget {
    StateBudget { entries: if max == 0 { SLICE_ENTRIES } else { max }, bytes: SLICE_BYTES }
}

/// What was lent, as C gets it; without a version.
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
