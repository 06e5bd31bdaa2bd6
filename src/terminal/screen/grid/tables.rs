//! The tables that the cells of a grid refer to, and what a cell shows by them.

use super::cell::Cell;
use super::table::{Table, Value};
use crate::terminal::screen::rows::Link;
use crate::terminal::screen::style::Style;

/// Styles in use at once besides the default one. More of them than fit into the cells' 16 bits are shown in
/// the default style.
const STYLES_MAX: usize = u16::MAX as usize;

/// Links on the screens at once. More of them are not kept.
const LINKS_MAX: usize = u16::MAX as usize;

/// Bytes of links, and of texts of several characters. What is beyond is shown without.
const LINK_BYTES_MAX: usize = 1 << 20;
const GRAPHEME_BYTES_MAX: usize = 1 << 20;

/// Texts of several characters at once.
const GRAPHEMES_MAX: usize = 1 << 17;

impl Value for Style {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Value for Box<str> {
    fn heap_bytes(&self) -> usize {
        self.len()
    }
}

impl Value for Link {
    fn heap_bytes(&self) -> usize {
        self.id.capacity() + self.uri.capacity()
    }
}

/// See the module's documentation.
pub(crate) struct Tables {
    pub(crate) styles: Table<Style>,
    pub(crate) graphemes: Table<Box<str>>,
    pub(crate) links: Table<Link>,
}

/// The text of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    /// One character; a blank for what was never written.
    Char(char),
    /// Several, the first of which others follow that take no columns of their own.
    Cluster(&'a str),
}

impl Text<'_> {
    pub(crate) fn push_to(self, out: &mut String) {
        match self {
            Text::Char(c) => out.push(c),
            Text::Cluster(text) => out.push_str(text),
        }
    }
}

impl Tables {
    pub(crate) fn new() -> Self {
        Tables {
            styles: Table::new(STYLES_MAX, usize::MAX),
            graphemes: Table::new(GRAPHEMES_MAX, GRAPHEME_BYTES_MAX),
            links: Table::new(LINKS_MAX, LINK_BYTES_MAX),
        }
    }

    pub(crate) fn style(&self, number: u16) -> Style {
        self.styles.get(number.into()).copied().unwrap_or_default()
    }

    pub(crate) fn link(&self, number: u16) -> Option<&Link> {
        self.links.get(number.into())
    }

    /// What a cell shows, the second half of a wide character nothing.
    pub(crate) fn text(&self, cell: Cell) -> Option<Text<'_>> {
        if cell.is_continuation() {
            return None;
        }
        Some(match cell.grapheme() {
            Some(number) => {
                self.graphemes.get(number).map_or(Text::Char(' '), |text| Text::Cluster(text))
            }
            None => Text::Char(cell.char().unwrap_or(' ')),
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.styles.bytes() + self.graphemes.bytes() + self.links.bytes()
    }
}
