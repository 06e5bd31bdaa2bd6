//! An idle screen sleeps as its own snapshot: some hundred bytes instead of a grid of cells.
//!
//! The snapshot is exact (see `snapshot`), so nothing is different afterwards, with one exception: after
//! several changes of width `Term` has marks in blank cells that nothing shows, and a further change may
//! then wrap a line elsewhere. What a snapshot is known to lose decides which screens do not sleep. The
//! parser stays, which is in its ground state.

use std::panic::{AssertUnwindSafe, catch_unwind};

use alacritty_terminal::vte::ansi::Processor;

use super::model::{Model, NoHold};
use super::update::{Cursor, Modes};
use super::{Screen, ScreenOptions, Size, snapshot};

/// The least rows and columns of a screen whose snapshot is exact.
const SIDE_MIN: u16 = 3;

/// What is left of the model, and what may be asked without waking it.
pub(super) struct Asleep {
    snapshot: Vec<u8>,
    /// Links so far that had no id.
    links: u64,
    pub(super) cursor: Cursor,
    pub(super) modes: Modes,
    pub(super) history: usize,
}

impl Asleep {
    pub(super) fn bytes(&self) -> usize {
        self.snapshot.len()
    }
}

impl Screen {
    pub(crate) fn is_asleep(&self) -> bool {
        self.asleep.is_some()
    }

    /// Goes to sleep where that is exact and saves memory.
    pub(crate) fn sleep(&mut self) {
        let size = self.model.size;
        let is_exact = size.rows >= SIDE_MIN
            && size.cols >= SIDE_MIN
            && self.ground_offset() == self.offset()
            && !self.counts_scrolled
            && !self.is_broken;
        if !is_exact || self.is_asleep() {
            return;
        }
        let mut bytes = Vec::new();
        let (model, out) = (&mut self.model, &mut bytes);
        let written = catch_unwind(AssertUnwindSafe(|| snapshot::write(model, usize::MAX, out)));
        self.is_broken |= written.is_err();
        if self.is_broken || bytes.len() > self.model.bytes() / 2 {
            return;
        }
        bytes.shrink_to_fit();
        let asleep = Asleep {
            snapshot: bytes,
            links: self.model.links,
            cursor: self.cursor(),
            modes: self.modes(),
            history: self.history(),
        };
        let options = ScreenOptions { scrollback: 0, ..self.model.options.clone() };
        let mut model = Model::new(Size { cols: 2, rows: 1, ..size }, &options);
        model.size = size;
        model.options = self.model.options.clone();
        std::mem::swap(&mut model.record, &mut self.model.record);
        self.model = model;
        self.changes.release();
        self.asleep = Some(Box::new(asleep));
    }

    /// Builds the model from its snapshot, if it sleeps.
    pub(crate) fn wake(&mut self) {
        let Some(asleep) = self.asleep.take() else { return };
        let options = self.model.options.clone();
        let silent = ScreenOptions { answers: false, clipboard: false, ..options.clone() };
        let mut model = Model::new(self.model.size, &silent);
        let mut parser = Processor::<NoHold>::new();
        let fed = catch_unwind(AssertUnwindSafe(|| parser.advance(&mut model, &asleep.snapshot)));
        self.is_broken |= fed.is_err();
        model.deeds.clear();
        model.options = options;
        model.links = asleep.links;
        std::mem::swap(&mut model.record, &mut self.model.record);
        self.model = model;
    }
}
