//! How cells look: colours and attributes, in the engine's own types.

use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{Color as ModelColor, NamedColor};

/// A colour by its parts, 0 to 255 each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rgb {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

/// A colour as the program named it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Color {
    /// The terminal's own foreground, background or, for an underline, the colour of the text.
    #[default]
    Default,
    /// One of the palette's 256: 0 to 7 plain, 8 to 15 bright, 16 to 231 a cube, 232 to 255 grey.
    Indexed(u8),
    /// A colour by its parts.
    Rgb(Rgb),
}

/// The line under the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Underline {
    /// None.
    #[default]
    None = 0,
    /// One line.
    Single = 1,
    /// Two lines.
    Double = 2,
    /// A wave.
    Curly = 3,
    /// Dots.
    Dotted = 4,
    /// Dashes.
    Dashed = 5,
}

/// A set of attributes of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(u16);

impl Attributes {
    /// Bold.
    pub const BOLD: Attributes = Attributes(1);
    /// Faint.
    pub const DIM: Attributes = Attributes(2);
    /// Italic.
    pub const ITALIC: Attributes = Attributes(4);
    /// Foreground and background are exchanged.
    pub const INVERSE: Attributes = Attributes(8);
    /// Not to be seen.
    pub const HIDDEN: Attributes = Attributes(16);
    /// Struck through.
    pub const STRIKEOUT: Attributes = Attributes(32);
    /// Blinking.
    pub const BLINK: Attributes = Attributes(64);

    /// The set as a number: 1 bold, 2 dim, 4 italic, 8 inverse, 16 hidden, 32 strikeout, 64 blink.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with these [`bits`](Self::bits), for what another engine has sent.
    pub(crate) const fn from_bits(bits: u16) -> Attributes {
        Attributes(bits)
    }

    /// Whether all of `other` are in this set.
    pub const fn contains(self, other: Attributes) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How a run of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// Colour of the text.
    pub foreground: Color,
    /// Colour behind the text.
    pub background: Color,
    /// Colour of the underline.
    pub underline_color: Color,
    /// The underline.
    pub underline: Underline,
    /// Everything else.
    pub attributes: Attributes,
}

/// The attributes of the model, in the order of our bits.
const ATTRIBUTES: [Flags; 6] =
    [Flags::BOLD, Flags::DIM, Flags::ITALIC, Flags::INVERSE, Flags::HIDDEN, Flags::STRIKEOUT];

const UNDERLINES: [(Flags, Underline); 5] = [
    (Flags::UNDERLINE, Underline::Single),
    (Flags::DOUBLE_UNDERLINE, Underline::Double),
    (Flags::UNDERCURL, Underline::Curly),
    (Flags::DOTTED_UNDERLINE, Underline::Dotted),
    (Flags::DASHED_UNDERLINE, Underline::Dashed),
];

impl Style {
    pub(super) fn of(cell: &Cell) -> Style {
        let mut attributes = 0;
        let mut underline = Underline::None;
        if !cell.flags.is_empty() {
            for (bit, flag) in ATTRIBUTES.iter().enumerate() {
                attributes |= u16::from(cell.flags.contains(*flag)) << bit;
            }
            let line = UNDERLINES.iter().find(|(flag, _)| cell.flags.contains(*flag));
            underline = line.map_or(Underline::None, |(_, underline)| *underline);
        }
        Style {
            foreground: color(cell.fg),
            background: color(cell.bg),
            underline_color: cell.underline_color().map_or(Color::Default, color),
            underline,
            attributes: Attributes(attributes),
        }
    }
}

fn color(color: ModelColor) -> Color {
    match color {
        ModelColor::Spec(rgb) => Color::Rgb(Rgb { r: rgb.r, g: rgb.g, b: rgb.b }),
        ModelColor::Indexed(index) => Color::Indexed(index),
        // The first sixteen names are the palette's first sixteen; the rest stand for the defaults.
        ModelColor::Named(name) if name <= NamedColor::BrightWhite => Color::Indexed(name as u8),
        ModelColor::Named(_) => Color::Default,
    }
}
