//! What operations cost: a few bytes may ask for work on every cell of a large screen.
//!
//! Each operation that touches more than its bytes account for charges the cells that it touches, in about
//! nanoseconds, the same on every machine. When a bound is reached, printing stops between two characters, and
//! whoever feeds the grid stops between two sequences. One operation is never parted: it costs what the cells of the
//! screens cost, at most some nanoseconds each.

use super::{Grid, Screen};

/// What one REP may cost. The rest of it is dropped: it is of no use, and a few bytes must not cost a lot of time.
const REPEAT_WORK_MAX: u64 = 1_000_000;

impl Grid {
    /// Counts work on so many cells.
    #[inline]
    pub(super) fn charge(&mut self, cells: usize) {
        self.work.done = self.work.done.saturating_add(cells as u64);
    }

    /// Work so far, in about nanoseconds.
    pub(crate) fn work(&self) -> u64 {
        self.work.done
    }

    /// From here on printing stops when it has cost so much.
    pub(crate) fn bound_work(&mut self, cost: u64) {
        self.work.end = self.work.done.saturating_add(cost);
    }

    /// Whether the bound is reached.
    #[inline]
    pub(crate) fn is_spent(&self) -> bool {
        self.work.done >= self.work.end
    }

    /// Has a REP end early when it costs too much, wherever the output is cut. Gives the bound that it had.
    pub(super) fn begin_repeat(&mut self) -> u64 {
        let bound = self.work.done.saturating_add(REPEAT_WORK_MAX);
        std::mem::replace(&mut self.work.end, bound)
    }

    pub(super) fn end_repeat(&mut self, bound: u64) {
        self.work.end = bound;
    }
}

impl Screen {
    /// What it costs to let go of its cells, or to look at them all.
    pub(super) fn cost(&self) -> usize {
        self.bytes() / 8
    }
}
