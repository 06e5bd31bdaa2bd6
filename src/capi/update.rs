//! What a screen shows, in C's form: rows of runs, the cursor, what changed.

use std::mem::size_of;
use std::ptr;

use super::lent::{Lendable, Lent, poison, poison_all};
use super::line::{NO_LINE, orch_line_position};
use super::sized::{SizedStruct, lend, size_through};
use super::types::{NO_BYTES, NO_SIZE, orch_bytes, orch_size};
use crate::{Color, Cursor, Rgb, Rows, ScreenUpdate, Size};

/// A colour.
pub type orch_color = u32;
/// The terminal's own foreground, background or, for an underline, the colour of the text.
pub const ORCH_COLOR_DEFAULT: orch_color = 0;
/// Colour, 0x01000000 plus a number: one of the palette's 256. 0 to 7 plain, 8 to 15 bright, 16 to 231 a
/// cube, 232 to 255 grey.
pub const ORCH_COLOR_INDEXED: orch_color = 16_777_216;
/// Colour, 0x02000000 plus 0xRRGGBB: a colour by its parts.
pub const ORCH_COLOR_RGB: orch_color = 33_554_432;

/// Kinds of underlines.
pub type orch_underline = u16;
/// None.
pub const ORCH_UNDERLINE_NONE: orch_underline = 0;
/// One line.
pub const ORCH_UNDERLINE_SINGLE: orch_underline = 1;
/// Two lines.
pub const ORCH_UNDERLINE_DOUBLE: orch_underline = 2;
/// A wave.
pub const ORCH_UNDERLINE_CURLY: orch_underline = 3;
/// Dots.
pub const ORCH_UNDERLINE_DOTTED: orch_underline = 4;
/// Dashes.
pub const ORCH_UNDERLINE_DASHED: orch_underline = 5;

/// Attributes of text.
pub type orch_attributes = u16;
/// Bold.
pub const ORCH_ATTRIBUTE_BOLD: orch_attributes = 1;
/// Faint.
pub const ORCH_ATTRIBUTE_DIM: orch_attributes = 2;
/// Italic.
pub const ORCH_ATTRIBUTE_ITALIC: orch_attributes = 4;
/// Foreground and background are exchanged.
pub const ORCH_ATTRIBUTE_INVERSE: orch_attributes = 8;
/// Not to be seen.
pub const ORCH_ATTRIBUTE_HIDDEN: orch_attributes = 16;
/// Struck through.
pub const ORCH_ATTRIBUTE_STRIKEOUT: orch_attributes = 32;
/// Blinking.
pub const ORCH_ATTRIBUTE_BLINK: orch_attributes = 64;

/// Flags of `orch_run`.
pub type orch_run_flags = u16;
/// Each character takes two columns; without the flag one. A run that contains combining characters is one cell.
pub const ORCH_RUN_WIDE: orch_run_flags = 1;

/// Flags of `orch_row`.
pub type orch_row_flags = u32;
/// The line goes on in the row below.
pub const ORCH_ROW_WRAPPED: orch_row_flags = 1;

/// Shapes of the cursor.
pub type orch_cursor_shape = u32;
/// A filled cell.
pub const ORCH_CURSOR_SHAPE_BLOCK: orch_cursor_shape = 0;
/// A line under the cell.
pub const ORCH_CURSOR_SHAPE_UNDERLINE: orch_cursor_shape = 1;
/// A line left of the cell.
pub const ORCH_CURSOR_SHAPE_BAR: orch_cursor_shape = 2;

/// Flags of `orch_screen_cursor`.
pub type orch_cursor_flags = u32;
/// It is shown.
pub const ORCH_CURSOR_VISIBLE: orch_cursor_flags = 1;
/// It blinks.
pub const ORCH_CURSOR_BLINKING: orch_cursor_flags = 2;

/// Modes of a screen: a sum, and two numbers in its upper bits.
pub type orch_screen_modes = u32;
/// The alternate screen is in use.
pub const ORCH_SCREEN_MODE_ALTERNATE: orch_screen_modes = 1;
/// Cursor keys send application sequences (DECCKM).
pub const ORCH_SCREEN_MODE_APPLICATION_CURSOR: orch_screen_modes = 2;
/// The keypad sends application sequences (DECKPAM).
pub const ORCH_SCREEN_MODE_APPLICATION_KEYPAD: orch_screen_modes = 4;
/// Pasted text is bracketed (2004).
pub const ORCH_SCREEN_MODE_BRACKETED_PASTE: orch_screen_modes = 8;
/// Clicks are reported (1000).
pub const ORCH_SCREEN_MODE_MOUSE_CLICKS: orch_screen_modes = 16;
/// Clicks and drags are reported (1002).
pub const ORCH_SCREEN_MODE_MOUSE_DRAGS: orch_screen_modes = 32;
/// All motion of the mouse is reported (1003).
pub const ORCH_SCREEN_MODE_MOUSE_MOTION: orch_screen_modes = 64;
/// The mouse is reported in SGR form (1006).
pub const ORCH_SCREEN_MODE_MOUSE_SGR: orch_screen_modes = 128;
/// The mouse is reported in UTF-8 form (1005).
pub const ORCH_SCREEN_MODE_MOUSE_UTF8: orch_screen_modes = 256;
/// Gain and loss of the focus are reported (1004).
pub const ORCH_SCREEN_MODE_FOCUS_REPORTS: orch_screen_modes = 512;
/// The wheel moves the cursor on the alternate screen (1007).
pub const ORCH_SCREEN_MODE_ALTERNATE_SCROLL: orch_screen_modes = 1_024;
/// Text wraps at the right edge (DECAWM).
pub const ORCH_SCREEN_MODE_AUTO_WRAP: orch_screen_modes = 2_048;
/// Positions count from the scroll region (DECOM).
pub const ORCH_SCREEN_MODE_ORIGIN: orch_screen_modes = 4_096;
/// Text is inserted (IRM).
pub const ORCH_SCREEN_MODE_INSERT: orch_screen_modes = 8_192;
/// A line feed also returns (LNM).
pub const ORCH_SCREEN_MODE_LINE_FEED_NEW_LINE: orch_screen_modes = 16_384;
/// The mouse is reported in urxvt's form (1015).
pub const ORCH_SCREEN_MODE_MOUSE_URXVT: orch_screen_modes = 32_768;
/// The mouse is reported in SGR form, in pixels (1016).
pub const ORCH_SCREEN_MODE_MOUSE_PIXELS: orch_screen_modes = 65_536;
/// Presses of buttons alone are reported, in the form of X10 (9).
pub const ORCH_SCREEN_MODE_MOUSE_PRESSES: orch_screen_modes = 131_072;
/// A change of the colour scheme is reported (2031).
pub const ORCH_SCREEN_MODE_COLOR_SCHEME_REPORTS: orch_screen_modes = 262_144;
/// The colours of text and background are exchanged on the whole screen (DECSCNM).
pub const ORCH_SCREEN_MODE_REVERSE_SCREEN: orch_screen_modes = 524_288;
/// Bits 24 to 28 of the screen modes: the flags of the kitty keyboard protocol.
pub const ORCH_SCREEN_MODES_KEYBOARD: orch_screen_modes = 520_093_696;
/// Bits 29 and 30 of the screen modes: the level of xterm's modifyOtherKeys, 0 to 2.
pub const ORCH_SCREEN_MODES_OTHER_KEYS: orch_screen_modes = 1_610_612_736;

/// Flags of `orch_screen_update`.
pub type orch_update_flags = u32;
/// Nothing that was known before counts any more; `rows` is all that is seen.
pub const ORCH_UPDATE_FULL: orch_update_flags = 1;

/// A link on text, by OSC 8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_link {
    /// Text with the same id and address is one link, also in several places. UTF-8.
    pub id: orch_bytes,
    /// Where it leads, as the program wrote it: do not open it unasked. UTF-8.
    pub uri: orch_bytes,
}

/// Neighbouring characters of a row that look the same.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_run {
    /// The characters, UTF-8.
    pub text: orch_bytes,
    /// The link that they are part of; NULL for none.
    pub link: *const orch_link,
    /// Colour of the text: ORCH_COLOR_DEFAULT, or ORCH_COLOR_INDEXED or ORCH_COLOR_RGB plus which.
    pub foreground: orch_color,
    /// Colour behind the text.
    pub background: orch_color,
    /// Colour of the underline.
    pub underline_color: orch_color,
    /// One of ORCH_UNDERLINE_*.
    pub underline: orch_underline,
    /// Sum of ORCH_ATTRIBUTE_*.
    pub attributes: orch_attributes,
    /// Columns that the characters take together.
    pub cols: u16,
    /// Sum of ORCH_RUN_*.
    pub flags: orch_run_flags,
    /// Always 0.
    pub reserved: u32,
}

/// One row of a screen or its scrollback.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_row {
    /// Its place: 0 is the top row of the screen, -1 the newest row of the scrollback.
    pub index: i32,
    /// Sum of ORCH_ROW_*.
    pub flags: orch_row_flags,
    /// The runs from the left; what is right of the last one is blank, in the default style; elements
    /// lie `orch_rows.run_stride` bytes apart (`orch_element_at`).
    pub runs: *const orch_run,
    /// How many.
    pub run_count: usize,
    /// The place of its first column in its line, as it was when the row was asked for or sent; ORCH_LINE_NONE on the
    /// alternate screen, and in rows of another engine, for which see `orch_screen_update.line`.
    pub line: orch_line_position,
}

/// Rows, from the top. Elements may be larger than this header knows: go through them with
/// `orch_element_at` and the strides.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_rows {
    /// The first row.
    pub rows: *const orch_row,
    /// How many.
    pub row_count: usize,
    /// Bytes from one row to the next.
    pub row_stride: usize,
    /// Bytes from one run of a row to the next.
    pub run_stride: usize,
}

/// Rows that moved: each row of the region takes the place `rows` further up, or down if negative;
/// places that nothing moved into follow as rows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_scroll {
    /// First row of the region.
    pub top: u16,
    /// The row after its last.
    pub bottom: u16,
    /// How far, never 0 and less than the region's height.
    pub rows: i32,
}

/// The cursor.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_screen_cursor {
    /// Row, 0 at the top of the screen.
    pub row: u16,
    /// Column, 0 at the left.
    pub col: u16,
    /// One of ORCH_CURSOR_SHAPE_BLOCK, ORCH_CURSOR_SHAPE_UNDERLINE, ORCH_CURSOR_SHAPE_BAR.
    pub shape: orch_cursor_shape,
    /// Sum of ORCH_CURSOR_VISIBLE and ORCH_CURSOR_BLINKING.
    pub flags: orch_cursor_flags,
}

/// What has to be drawn to show a screen as it is now. Apply the scrolls in their order, then put in
/// the rows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_screen_update {
    /// `sizeof(orch_screen_update)`: set by the host for one that is to be filled, by the library in an
    /// event.
    pub size: usize,
    /// Names this state of the screen; see `orch_terminal_get_screen`. Counts up.
    pub generation: u64,
    /// Output up to this offset is in it.
    pub offset: u64,
    /// Sum of ORCH_UPDATE_*.
    pub flags: orch_update_flags,
    /// Sum of ORCH_SCREEN_MODE_*, and the numbers behind ORCH_SCREEN_MODES_*.
    pub modes: orch_screen_modes,
    /// Columns and rows of the screen.
    pub window: orch_size,
    /// Rows of scrollback above it.
    pub history: u32,
    /// How far the reader has scrolled back: what it sees begins that many rows above the screen.
    pub viewport: u32,
    /// The cursor.
    pub cursor: orch_screen_cursor,
    /// Always 0.
    pub reserved: u32,
    /// The title, UTF-8, when it changed or everything is sent; else `data` is NULL.
    pub title: orch_bytes,
    /// Rows that moved; elements lie `scroll_stride` bytes apart (`orch_element_at`).
    pub scrolls: *const orch_scroll,
    /// How many.
    pub scroll_count: usize,
    /// Bytes from one to the next.
    pub scroll_stride: usize,
    /// Rows that are different.
    pub rows: orch_rows,
    /// The place of the top row that is seen; ORCH_LINE_NONE on the alternate screen. A row below one that is wrapped goes
    /// on in its line, as many columns further on as the screen has, or one less where a character of two columns did not
    /// fit; other rows begin the next line.
    pub line: orch_line_position,
}

pub(super) const NO_ROWS: orch_rows = orch_rows {
    rows: ptr::null(),
    row_count: 0,
    row_stride: size_of::<orch_row>(),
    run_stride: size_of::<orch_run>(),
};

pub(super) const NO_CURSOR: orch_screen_cursor =
    orch_screen_cursor { row: 0, col: 0, shape: ORCH_CURSOR_SHAPE_BLOCK, flags: 0 };

const NO_UPDATE: orch_screen_update = orch_screen_update {
    size: size_of::<orch_screen_update>(),
    generation: 0,
    offset: 0,
    flags: 0,
    modes: 0,
    window: NO_SIZE,
    history: 0,
    viewport: 0,
    cursor: NO_CURSOR,
    reserved: 0,
    title: NO_BYTES,
    scrolls: ptr::null(),
    scroll_count: 0,
    scroll_stride: size_of::<orch_scroll>(),
    rows: NO_ROWS,
    line: NO_LINE,
};

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_screen_update {
    const FIRST_SIZE: usize = size_through!(orch_screen_update, rows, orch_rows);
    fn defaults() -> Self {
        NO_UPDATE
    }
}

impl From<Cursor> for orch_screen_cursor {
    fn from(cursor: Cursor) -> Self {
        let visible = if cursor.visible { ORCH_CURSOR_VISIBLE } else { 0 };
        let blinking = if cursor.blinking { ORCH_CURSOR_BLINKING } else { 0 };
        orch_screen_cursor {
            row: cursor.row,
            col: cursor.col,
            shape: cursor.shape as u32,
            flags: visible | blinking,
        }
    }
}

/// A colour by its parts as 0xRRGGBB.
pub(super) fn rgb_number(rgb: Rgb) -> u32 {
    u32::from_be_bytes([0, rgb.r, rgb.g, rgb.b])
}

fn color_number(color: Color) -> u32 {
    match color {
        Color::Default => ORCH_COLOR_DEFAULT,
        Color::Indexed(index) => ORCH_COLOR_INDEXED | u32::from(index),
        Color::Rgb(rgb) => ORCH_COLOR_RGB | rgb_number(rgb),
    }
}

/// An update or rows in C's form, lent until the next one. The texts stay where the engine has them;
/// a debug build lends copies and overwrites everything when the loan ends (see [`Lent`]).
pub(super) struct ShownLoan {
    update: orch_screen_update,
    scrolls: Vec<orch_scroll>,
    rows: Vec<orch_row>,
    runs: Vec<orch_run>,
    links: Vec<orch_link>,
    texts: Vec<u8>,
}

impl Default for ShownLoan {
    fn default() -> Self {
        ShownLoan {
            update: NO_UPDATE,
            scrolls: Vec::new(),
            rows: Vec::new(),
            runs: Vec::new(),
            links: Vec::new(),
            texts: Vec::new(),
        }
    }
}

impl ShownLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            poison(&mut self.update);
            poison_all(&mut self.scrolls);
            poison_all(&mut self.rows);
            poison_all(&mut self.runs);
            poison_all(&mut self.links);
            self.texts.fill(Lent::POISON);
        }
    }

    /// Lends an update; what it points to stays until [`end`](Self::end) or the next loan.
    pub(super) fn lend(&mut self, update: &ScreenUpdate) -> &orch_screen_update {
        self.end();
        let title = update.title.as_deref();
        self.make_room(&update.rows, title.map_or(0, str::len));
        let title = title.map_or(NO_BYTES, |title| self.text(title));
        self.scrolls.clear();
        self.scrolls.extend(update.scrolls.iter().map(|scroll| orch_scroll {
            top: scroll.top,
            bottom: scroll.bottom,
            rows: scroll.rows.into(),
        }));
        self.update = orch_screen_update {
            generation: update.generation,
            offset: update.offset,
            flags: if update.full { ORCH_UPDATE_FULL } else { 0 },
            modes: update.modes.bits(),
            window: Size::cells(update.cols, update.height).into(),
            history: update.history,
            viewport: update.viewport,
            cursor: update.cursor.into(),
            title,
            scrolls: self.scrolls.as_ptr(),
            scroll_count: self.scrolls.len(),
            rows: self.fill_rows(&update.rows),
            line: update.line.into(),
            ..NO_UPDATE
        };
        &self.update
    }

    /// Lends rows; otherwise as [`lend`](Self::lend).
    pub(super) fn lend_rows(&mut self, rows: &Rows) -> orch_rows {
        self.end();
        self.make_room(rows, 0);
        self.fill_rows(rows)
    }

    /// Makes room for all copies of texts, so that none of them moves.
    fn make_room(&mut self, rows: &Rows, more: usize) {
        self.texts.clear();
        if cfg!(debug_assertions) {
            let links = rows.links.iter().map(|link| link.id.len() + link.uri.len());
            self.texts.reserve(rows.text.len() + links.sum::<usize>() + more);
        }
    }

    fn text(&mut self, text: &str) -> orch_bytes {
        if !cfg!(debug_assertions) {
            return lend(text.as_bytes());
        }
        let start = self.texts.len();
        self.texts.extend_from_slice(text.as_bytes());
        lend(&self.texts[start..])
    }

    fn fill_rows(&mut self, rows: &Rows) -> orch_rows {
        self.links.clear();
        for link in &rows.links {
            let link = orch_link { id: self.text(&link.id), uri: self.text(&link.uri) };
            self.links.push(link);
        }
        self.runs.clear();
        for run in &rows.runs {
            let text = self.text(&rows.text[run.text_start..run.text_end]);
            self.runs.push(orch_run {
                text,
                link: run.link.map_or(ptr::null(), |link| &raw const self.links[link]),
                foreground: color_number(run.style.foreground),
                background: color_number(run.style.background),
                underline_color: color_number(run.style.underline_color),
                underline: run.style.underline as u16,
                attributes: run.style.attributes.bits(),
                cols: run.cols,
                flags: if run.wide { ORCH_RUN_WIDE } else { 0 },
                reserved: 0,
            });
        }
        self.rows.clear();
        self.rows.extend(rows.rows.iter().map(|row| orch_row {
            index: row.index,
            flags: if row.wrapped { ORCH_ROW_WRAPPED } else { 0 },
            runs: self.runs[row.first_run..row.end_run].as_ptr(),
            run_count: row.end_run - row.first_run,
            line: row.line.into(),
        }));
        orch_rows { rows: self.rows.as_ptr(), row_count: self.rows.len(), ..NO_ROWS }
    }
}

// SAFETY: integers and raw pointers only, in all of them.
unsafe impl Lendable for orch_screen_update {}
// SAFETY: as above.
unsafe impl Lendable for orch_scroll {}
// SAFETY: as above.
unsafe impl Lendable for orch_row {}
// SAFETY: as above.
unsafe impl Lendable for orch_run {}
// SAFETY: as above.
unsafe impl Lendable for orch_link {}
