//! How cells look: colours, attributes and links, in the engine's own types.

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

impl Underline {
    /// The underline with this number, and none for others.
    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            1 => Underline::Single,
            2 => Underline::Double,
            3 => Underline::Curly,
            4 => Underline::Dotted,
            5 => Underline::Dashed,
            _ => Underline::None,
        }
    }
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

/// A link on text, by OSC 8.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Text with the same id and address is one link, also in several places.
    pub id: String,
    /// Where it leads, as the program wrote it: do not open it unasked.
    pub uri: String,
}
