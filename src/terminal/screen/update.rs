//! What a viewer is told: everything, or what changed since a generation.

use alacritty_terminal::term::TermMode;
use alacritty_terminal::vte::ansi::CursorShape as ModelShape;

use super::model::Model;
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

impl Cursor {
    pub(super) fn of(model: &Model) -> Cursor {
        let point = model.grid().cursor.point;
        let style = model.term.cursor_style();
        Cursor {
            row: point.line.0 as u16,
            col: point.column.0 as u16,
            shape: match style.shape {
                ModelShape::Underline => CursorShape::Underline,
                ModelShape::Beam => CursorShape::Bar,
                ModelShape::Block | ModelShape::HollowBlock | ModelShape::Hidden => {
                    CursorShape::Block
                }
            },
            blinking: style.blinking,
            visible: model.term.mode().contains(TermMode::SHOW_CURSOR),
        }
    }
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

    pub(super) fn of(model: &Model) -> Modes {
        const TABLE: [(TermMode, Modes); 15] = [
            (TermMode::ALT_SCREEN, Modes::ALTERNATE_SCREEN),
            (TermMode::APP_CURSOR, Modes::APPLICATION_CURSOR),
            (TermMode::APP_KEYPAD, Modes::APPLICATION_KEYPAD),
            (TermMode::BRACKETED_PASTE, Modes::BRACKETED_PASTE),
            (TermMode::MOUSE_REPORT_CLICK, Modes::MOUSE_CLICKS),
            (TermMode::MOUSE_DRAG, Modes::MOUSE_DRAGS),
            (TermMode::MOUSE_MOTION, Modes::MOUSE_MOTION),
            (TermMode::SGR_MOUSE, Modes::MOUSE_SGR),
            (TermMode::UTF8_MOUSE, Modes::MOUSE_UTF8),
            (TermMode::FOCUS_IN_OUT, Modes::FOCUS_REPORTS),
            (TermMode::ALTERNATE_SCROLL, Modes::ALTERNATE_SCROLL),
            (TermMode::LINE_WRAP, Modes::AUTO_WRAP),
            (TermMode::ORIGIN, Modes::ORIGIN),
            (TermMode::INSERT, Modes::INSERT),
            (TermMode::LINE_FEED_NEW_LINE, Modes::LINE_FEED_NEW_LINE),
        ];
        let set = TABLE.iter().filter(|(mode, _)| model.term.mode().contains(*mode));
        let modes = set.fold(0, |bits, (_, mode)| bits | mode.0);
        let keyboard = model.record.keyboard.last().copied().unwrap_or(0);
        let others = model.record.modify_other_keys;
        Modes(modes | u32::from(keyboard & 0x1F) << 24 | u32::from(others & 3) << 29)
    }
}

/// Rows that moved. Apply it before the rows of an update: each row of the region takes the place
/// `rows` further up, or down if negative; places that nothing moved into follow as rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scroll {
    /// First row of the region.
    pub top: u16,
    /// The row after its last.
    pub bottom: u16,
    /// How far, never 0 and less than the region's height.
    pub rows: i16,
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
    /// Where the cursor is and how it looks.
    pub cursor: Cursor,
    /// Modes of the terminal.
    pub modes: Modes,
    /// The title, when it changed or everything is told.
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
