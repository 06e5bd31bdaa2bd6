//! The pen: how text that is printed and cells that are erased look, as numbers of the tables.

use super::super::cells::{Cell, key_of};
use super::{Grid, Looks, Pen};
use crate::terminal::screen::style::{Color, Style};

impl Grid {
    pub(crate) fn pen(&self) -> Pen {
        self.pen
    }

    pub(crate) fn set_pen(&mut self, pen: Pen) {
        let key = key_of(pen.style);
        let is_same =
            key == self.pen_key && (pen.link, pen.protected) == (self.pen.link, self.pen.protected);
        if !is_same {
            (self.pen, self.pen_key, self.looks) = (pen, key, None);
            self.renditions.leave();
        }
    }

    pub(super) fn looks(&mut self) -> Looks {
        self.looks.unwrap_or_else(|| self.make_looks())
    }

    fn make_looks(&mut self) -> Looks {
        let pen = self.pen.style;
        let mut style = self.number_of(self.pen_key);
        let mut background = 0;
        if pen.background != Color::Default {
            let sweeps = self.sweeps;
            let erased = Style { background: pen.background, ..Style::default() };
            background = self.style_number(erased);
            if self.sweeps != sweeps {
                // No cell had the first number.
                style = self.style_number(pen);
            }
        }
        self.renditions.note_numbers(style, background);
        let link = self.pen.link.map_or(0, |link| link.0);
        let looks = Looks {
            printed: Cell::new(style, link, self.pen.protected),
            erased: Cell::new(background, 0, false),
        };
        self.looks = Some(looks);
        looks
    }

    /// The number of a style; that of the default one when there are too many.
    pub(super) fn style_number(&mut self, style: Style) -> u16 {
        self.number_of(key_of(style))
    }

    /// The same, by the style's key.
    fn number_of(&mut self, key: u128) -> u16 {
        if key == 0 {
            return 0;
        }
        let number = self.tables.styles.find(&key).or_else(|| {
            self.tables.styles.insert(key).or_else(|| {
                self.tables.styles.is_sweep_due().then(|| self.sweep())?;
                self.tables.styles.insert(key)
            })
        });
        number.unwrap_or(0) as u16
    }
}
