//! What SGR made of the pen lately: programs set the same few styles again and again, and what a sequence does to a
//! style is always the same.

use super::super::cells::Cell;
use super::{Grid, Looks};
use crate::terminal::screen::style::Style;

/// Remembered at a time.
const SLOTS: usize = 16;

/// A sequence and what it does.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// Its parameters as they were written, and the style before and behind it, as numbers.
    sgr: u128,
    before: u128,
    after: u128,
    style: Style,
    /// The numbers of the style and of its background in the tables, once something was printed.
    numbers: Option<(u16, u16)>,
}

/// See the module's documentation. Numbers are forgotten when tables are swept.
#[derive(Clone, Copy, Default)]
pub(super) struct Renditions {
    slots: [Slot; SLOTS],
    /// Not found a moment ago: what the sequence does is to be noted.
    missed: Option<(u128, u128)>,
    /// The slot that the pen's style is from.
    current: Option<usize>,
}

impl Renditions {
    fn slot(sgr: u128, before: u128) -> usize {
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

impl Grid {
    /// Sets the pen's style as SGR with these parameters did before; `false` if that is not remembered.
    #[inline]
    pub(crate) fn render(&mut self, sgr: u128) -> bool {
        let is_reset = sgr == 0 || sgr == u128::from(b'0');
        let before = if is_reset { 0 } else { self.pen_key };
        let index = Renditions::slot(sgr, before);
        let known = self.renditions.slots.get(index).filter(|slot| slot.is_for(sgr, before));
        let Some(known) = known else {
            self.renditions.missed = Some((sgr, before));
            return false;
        };
        (self.pen.style, self.pen_key) = (known.style, known.after);
        let link = self.pen.link.map_or(0, |link| link.0);
        self.looks = known.numbers.map(|(style, background)| Looks {
            printed: Cell::new(style, link, self.pen.protected),
            erased: Cell::new(background, 0, false),
        });
        self.renditions.current = Some(index);
        true
    }

    /// The pen has been set by the SGR that was not remembered a moment ago.
    pub(crate) fn note_rendition(&mut self) {
        let Some((sgr, before)) = self.renditions.missed.take() else { return };
        let index = Renditions::slot(sgr, before);
        if let Some(slot) = self.renditions.slots.get_mut(index) {
            let (after, style) = (self.pen_key, self.pen.style);
            *slot = Slot { sgr, before, after, style, numbers: None };
            self.renditions.current = Some(index);
        }
    }
}

impl Slot {
    /// An empty slot is for no sequence: SGR without parameters leads to the style that it has.
    fn is_for(&self, sgr: u128, before: u128) -> bool {
        self.sgr == sgr && self.before == before
    }
}
