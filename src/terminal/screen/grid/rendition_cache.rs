//! A cache of what SGR sequences make of a style. Pure.

use crate::terminal::screen::style::Style;

/// Remembered at a time.
pub(super) const SLOTS: usize = 16;

/// A sequence and what it does.
#[derive(Clone, Copy, Default)]
pub(super) struct Slot {
    /// Its parameters as they were written, and the style before and behind it, as numbers.
    pub(super) sgr: u128,
    pub(super) before: u128,
    pub(super) after: u128,
    pub(super) style: Style,
    /// The numbers of the style and of its background in the tables, once something was printed.
    pub(super) numbers: Option<(u16, u16)>,
}

/// See the module's documentation. Numbers are forgotten when tables are swept.
#[derive(Clone, Copy, Default)]
pub(super) struct Renditions {
    pub(super) slots: [Slot; SLOTS],
    /// Not found a moment ago: what the sequence does is to be noted.
    pub(super) missed: Option<(u128, u128)>,
    /// The slot that the pen's style is from.
    pub(super) current: Option<usize>,
}

impl Renditions {
    pub(super) fn slot(sgr: u128, before: u128) -> usize {
        let bits = sgr ^ before.rotate_left(56);
        let bits = (bits as u64 ^ (bits >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (bits >> 60) as usize % SLOTS
    }

    /// The pen has been set in another way.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.current = None;
    }

    /// The style of the pen has these numbers.
    pub(super) fn note_numbers(&mut self, style: u16, background: u16) {
        let slot = self.current.and_then(|current| self.slots.get_mut(current));
        // With full tables the default style stands for others: that may be another one the next time.
        let is_known = |slot: &&mut Slot| style > 0 || slot.after == 0;
        if let Some(slot) = slot.filter(is_known) {
            slot.numbers = Some((style, background));
        }
    }
}

impl Slot {
    /// An empty slot is for no sequence: SGR without parameters leads to the style that it has.
    pub(super) fn is_for(&self, sgr: u128, before: u128) -> bool {
        self.sgr == sgr && self.before == before
    }
}
