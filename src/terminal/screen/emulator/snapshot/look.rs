//! How the next character will look, and the sequences that make it look so.

use super::super::sgr;
use super::Writer;
use crate::terminal::screen::grid::ViewCell;
use crate::terminal::screen::style::{Link, Style};

/// See the module's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Look<'a> {
    pub(super) style: Style,
    pub(super) link: Option<&'a Link>,
    pub(super) protected: bool,
}

impl<'a> Look<'a> {
    pub(super) fn of(cell: &ViewCell<'a>) -> Self {
        Look { style: cell.style, link: cell.link, protected: cell.protected }
    }
}

impl<'a> Writer<'a> {
    pub(super) fn set_look(&mut self, look: Look<'a>) {
        if look.link != self.look.link {
            match look.link {
                Some(link) => {
                    self.text(format_args!("\x1b]8;id={};{}\x1b\\", link.id, link.uri));
                }
                None => self.raw(b"\x1b]8;;\x1b\\"),
            }
        }
        if look.style != self.look.style {
            self.raw(b"\x1b[");
            sgr::describe(&look.style, self.out);
            self.raw(b"m");
        }
        if look.protected != self.look.protected {
            self.raw(if look.protected { b"\x1b[1\"q" } else { b"\x1b[0\"q" });
        }
        self.look = look;
    }
}
