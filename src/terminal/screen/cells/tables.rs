//! The tables that the cells of a grid refer to, and what a cell shows by them.

use super::cell::Cell;
use super::table::{Table, Value};
use crate::terminal::screen::style::Link;
use crate::terminal::screen::style::{Attributes, Color, Rgb, Style, Underline};

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

/// A style as [`key_of`] gives it.
impl Value for u128 {
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

/// A style as a number, that of the default one 0.
pub(crate) fn key_of(style: Style) -> u128 {
    let color = |color| match color {
        Color::Default => 0,
        Color::Indexed(index) => 1 << 24 | u128::from(index),
        Color::Rgb(Rgb { r, g, b }) => {
            2 << 24 | u128::from(r) << 16 | u128::from(g) << 8 | u128::from(b)
        }
    };
    color(style.foreground)
        | color(style.background) << 26
        | color(style.underline_color) << 52
        | (style.underline as u128) << 78
        | u128::from(style.attributes.bits()) << 86
}

/// The style of such a number.
fn style_of(key: u128) -> Style {
    let color = |shift: u32| {
        let bits = (key >> shift) as u32;
        let [b, g, r, kind] = bits.to_le_bytes();
        match kind & 3 {
            0 => Color::Default,
            1 => Color::Indexed(b),
            _ => Color::Rgb(Rgb { r, g, b }),
        }
    };
    Style {
        foreground: color(0),
        background: color(26),
        underline_color: color(52),
        underline: Underline::from_number((key >> 78) as u8),
        attributes: Attributes::from_bits((key >> 86) as u16),
    }
}

/// See the module's documentation.
pub(crate) struct Tables {
    pub(crate) styles: Table<u128>,
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
        self.styles.get(number.into()).map_or_else(Style::default, |key| style_of(*key))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_styles() {
        let colors = [
            Color::Default,
            Color::Indexed(0),
            Color::Indexed(255),
            Color::Rgb(Rgb { r: 0, g: 0, b: 0 }),
            Color::Rgb(Rgb { r: 255, g: 254, b: 253 }),
        ];
        let underlines = [
            Underline::None,
            Underline::Single,
            Underline::Double,
            Underline::Curly,
            Underline::Dotted,
            Underline::Dashed,
        ];
        let all = colors.iter().flat_map(|a| colors.map(|b| colors.map(|c| (*a, b, c)))).flatten();
        for (foreground, background, underline_color) in all {
            for underline in underlines {
                for bits in [0, 1, 64, 127] {
                    let attributes = Attributes::from_bits(bits);
                    let style =
                        Style { foreground, background, underline_color, underline, attributes };
                    assert_eq!(style_of(key_of(style)), style);
                }
            }
        }
        assert_eq!(key_of(Style::default()), 0);
    }
}
