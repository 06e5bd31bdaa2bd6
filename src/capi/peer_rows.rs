//! Rows of a terminal of another engine, as a reply carries them.

use std::mem::size_of;

use super::lent::{Lendable, poison};
use super::line::{NO_LINE, orch_line_position};
use super::update::{NO_ROWS, ShownLoan, orch_rows};
use crate::RemoteRows;

/// Rows of the screen and the scrollback of a terminal of another engine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_rows {
    /// Size of this struct as the library has it.
    pub size: usize,
    /// Neighbours, from the top. The place of the first or the last one is where to read on.
    pub rows: orch_rows,
    /// The place of the oldest row that is kept.
    pub kept_start: orch_line_position,
    /// The place of the top row of the primary screen, where the scrollback ends.
    pub kept_end: orch_line_position,
    /// Rows of scrollback, also while the alternate screen is in use.
    pub history: u32,
    /// Columns for which the rows are wrapped.
    pub cols: u32,
}

const NOTHING: orch_peer_rows = orch_peer_rows {
    size: size_of::<orch_peer_rows>(),
    rows: NO_ROWS,
    kept_start: NO_LINE,
    kept_end: NO_LINE,
    history: 0,
    cols: 0,
};

// SAFETY: integers and raw pointers only.
unsafe impl Lendable for orch_peer_rows {}

/// Rows in C's form, lent until the next event.
pub(super) struct PeerRowsLoan {
    lent: orch_peer_rows,
    rows: ShownLoan,
}

impl Default for PeerRowsLoan {
    fn default() -> Self {
        PeerRowsLoan { lent: NOTHING, rows: ShownLoan::default() }
    }
}

impl PeerRowsLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            poison(&mut self.lent);
            self.rows.end();
        }
    }

    pub(super) fn lend(&mut self, read: &RemoteRows) -> &orch_peer_rows {
        self.lent = orch_peer_rows {
            rows: self.rows.lend_rows(&read.rows),
            kept_start: read.kept_from.into(),
            kept_end: read.kept_to.into(),
            history: read.history,
            cols: read.cols.into(),
            ..NOTHING
        };
        &self.lent
    }
}
