//! What queries of a screen lend.

use std::ffi::c_void;

use super::lent::{Lent, poison_all};
use super::line::{NO_LINE, orch_line_position, orch_mark};
use super::matches::orch_match;
use super::sized::{SizedStruct, lend, size_through};
use super::types::{NO_BYTES, NO_SIZE, orch_bytes, orch_size};
use super::update::ShownLoan;
use crate::{Rows, ScreenUpdate};

/// What the last query of a screen has lent.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) update: ScreenUpdate,
    pub(super) rows: Rows,
    pub(super) loan: ShownLoan,
    bytes: Vec<u8>,
    pub(super) matches: Vec<orch_match>,
    pub(super) marks: Vec<orch_mark>,
}

impl Shown {
    /// Ends the loan and lets go of what may be big.
    pub(super) fn end(&mut self) {
        self.loan.end();
        if cfg!(debug_assertions) {
            self.bytes.fill(Lent::POISON);
            poison_all(&mut self.matches);
            poison_all(&mut self.marks);
        }
        self.bytes = Vec::new();
        self.matches = Vec::new();
        self.marks = Vec::new();
    }

    pub(super) fn lend_bytes(&mut self, bytes: Vec<u8>) -> orch_bytes {
        self.end();
        self.bytes = bytes;
        lend(&self.bytes)
    }
}

/// A snapshot of a screen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_snapshot {
    /// `sizeof(orch_snapshot)`, set by the host.
    pub size: usize,
    /// Go on with the output from this offset.
    pub offset: u64,
    /// Control sequences that reset a terminal and make it show the same.
    pub data: *const c_void,
    /// How many bytes.
    pub len: usize,
    /// Columns and rows of the screen, which the other terminal has to have as well.
    pub window: orch_size,
    /// The place of the first row that it shows, of the scrollback or the primary screen: lines of the other terminal can be
    /// named as here.
    pub line: orch_line_position,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_snapshot {
    const FIRST_SIZE: usize = size_through!(orch_snapshot, window, orch_size);
    fn defaults() -> Self {
        orch_snapshot {
            size: size_of::<Self>(),
            offset: 0,
            data: NO_BYTES.data,
            len: 0,
            window: NO_SIZE,
            line: NO_LINE,
        }
    }
}
