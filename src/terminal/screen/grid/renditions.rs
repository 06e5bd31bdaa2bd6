//! What SGR made of the pen lately: programs set the same few styles again and again, and what a sequence does to a
//! style is always the same.

use super::super::cells::Cell;
use super::rendition_cache::{Renditions, Slot};
use super::{Grid, Looks};

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
