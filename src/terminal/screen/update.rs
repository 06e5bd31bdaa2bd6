//! What a viewer gets: everything, or what changed since a generation.

use super::position::{LinePosition, Scroll};
use super::rows::Rows;

/// The shape of the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum CursorShape {
    /// A filled cell.
    #[default]
    Block = 0,
    /// A line under the cell.
    Underline = 1,
    /// A line left of the cell.
    Bar = 2,
}

/// The cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Row, 0 at the top of the screen.
    pub row: u16,
    /// Column, 0 at the left.
    pub col: u16,
    /// Its shape.
    pub shape: CursorShape,
    /// It blinks.
    pub blinking: bool,
    /// It is shown.
    pub visible: bool,
}

/// Modes that a program has set and that matter to whoever draws the screen or encodes input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes(u32);

impl Modes {
    /// The alternate screen is in use.
    pub const ALTERNATE_SCREEN: Modes = Modes(1);
    /// Cursor keys send application sequences (DECCKM).
    pub const APPLICATION_CURSOR: Modes = Modes(1 << 1);
    /// The keypad sends application sequences (DECKPAM).
    pub const APPLICATION_KEYPAD: Modes = Modes(1 << 2);
    /// Pasted text is bracketed (2004).
    pub const BRACKETED_PASTE: Modes = Modes(1 << 3);
    /// Clicks are reported (1000).
    pub const MOUSE_CLICKS: Modes = Modes(1 << 4);
    /// Clicks and drags are reported (1002).
    pub const MOUSE_DRAGS: Modes = Modes(1 << 5);
    /// All motion of the mouse is reported (1003).
    pub const MOUSE_MOTION: Modes = Modes(1 << 6);
    /// The mouse is reported in SGR form (1006).
    pub const MOUSE_SGR: Modes = Modes(1 << 7);
    /// The mouse is reported in UTF-8 form (1005).
    pub const MOUSE_UTF8: Modes = Modes(1 << 8);
    /// Gain and loss of the focus are reported (1004).
    pub const FOCUS_REPORTS: Modes = Modes(1 << 9);
    /// The wheel moves the cursor on the alternate screen (1007).
    pub const ALTERNATE_SCROLL: Modes = Modes(1 << 10);
    /// Text wraps at the right edge (DECAWM).
    pub const AUTO_WRAP: Modes = Modes(1 << 11);
    /// Positions count from the scroll region (DECOM).
    pub const ORIGIN: Modes = Modes(1 << 12);
    /// Text is inserted (IRM).
    pub const INSERT: Modes = Modes(1 << 13);
    /// A line feed also returns (LNM).
    pub const LINE_FEED_NEW_LINE: Modes = Modes(1 << 14);

    /// The mouse is reported in urxvt's form (1015).
    pub const MOUSE_URXVT: Modes = Modes(1 << 15);
    /// The mouse is reported in SGR form, in pixels (1016).
    pub const MOUSE_PIXELS: Modes = Modes(1 << 16);
    /// Presses of buttons alone are reported, in the form of X10 (9).
    pub const MOUSE_PRESSES: Modes = Modes(1 << 17);
    /// A change of the colour scheme is reported (2031).
    pub const COLOR_SCHEME_REPORTS: Modes = Modes(1 << 18);
    /// The colours of text and background are exchanged on the whole screen (DECSCNM).
    pub const REVERSE_SCREEN: Modes = Modes(1 << 19);

    /// The set as a number, bits as listed above from 1 on; bits 24 to 28 are the flags of the kitty
    /// keyboard protocol, bits 29 and 30 the level of modifyOtherKeys.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Modes) -> bool {
        self.0 & other.0 == other.0
    }

    /// Flags of the kitty keyboard protocol.
    pub const fn keyboard(self) -> u8 {
        (self.0 >> 24) as u8 & 0x1F
    }

    /// Level of xterm's modifyOtherKeys, 0 to 2.
    pub const fn modify_other_keys(self) -> u8 {
        (self.0 >> 29) as u8 & 3
    }

    /// The set with these [`bits`](Self::bits), for what another engine has sent.
    pub(crate) const fn from_bits(bits: u32) -> Modes {
        Modes(bits)
    }
}

/// What a viewer needs to show the screen as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenUpdate {
    /// Names this state of the screen; ask for what changed since by it. Counts up.
    pub generation: u64,
    /// Output up to this offset is in it.
    pub offset: u64,
    /// Nothing that the viewer knew counts any more: `rows` is all of the screen.
    pub full: bool,
    /// Columns of the screen.
    pub cols: u16,
    /// Rows of the screen.
    pub height: u16,
    /// Rows of scrollback above it.
    pub history: u32,
    /// How far a viewer has scrolled back: the rows begin that many above the screen's top.
    pub viewport: u32,
    /// The place of the top row that is seen; `None` on the alternate screen. A row below one that is wrapped goes on in
    /// its line, as many columns further on as the screen has, or one less where a character of two columns did not fit;
    /// other rows begin the next line.
    pub line: Option<LinePosition>,
    /// Where the cursor is and how it looks.
    pub cursor: Cursor,
    /// Modes of the terminal.
    pub modes: Modes,
    /// The title, when it changed, and in a full update.
    pub title: Option<String>,
    /// Rows that moved, in this order, before `rows`.
    pub scrolls: Vec<Scroll>,
    /// Rows that are different.
    pub rows: Rows,
}

impl ScreenUpdate {
    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let title = self.title.as_ref().map_or(0, String::len);
        size_of::<Self>() + title + self.scrolls.len() * size_of::<Scroll>() + self.rows.bytes()
    }
}
