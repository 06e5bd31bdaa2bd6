//! A snapshot: control sequences that make a fresh terminal of the same size show the same, and go on
//! in the same way.
//!
//! Rows are printed one after the other, so that they scroll into the history and wrap as they did,
//! always in the model's default state; cursor, region and modes follow. Known to be lost: the character
//! that a repeat sequence (REP) without one before it would repeat, and on a screen of one or two rows,
//! or two columns, that its bottom row wraps; and that a row wraps in which a wrap is pending, when a scroll
//! region leaves no other row to print in.

use std::io::Write;

use alacritty_terminal::grid::{Cursor, Dimensions, Row};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell, Flags, Hyperlink};
use alacritty_terminal::vte::ansi::{
    CharsetIndex, Color, CursorShape, NamedColor, StandardCharset,
};

use super::model::{Model, Record};
use super::rows::{Shown, is_wrapped, marks, shown, shown_len};

/// Blank columns that are written as such; more of them are skipped with a sequence.
const BLANKS_MAX: usize = 6;

const CHARSETS: [(CharsetIndex, u8); 4] = [
    (CharsetIndex::G0, b'('),
    (CharsetIndex::G1, b')'),
    (CharsetIndex::G2, b'*'),
    (CharsetIndex::G3, b'+'),
];

/// Writes a snapshot with at most this many rows of scrollback.
pub(super) fn write(model: &mut Model, history: usize, out: &mut Vec<u8>) {
    let region = (0, model.rows());
    let mut writer = Writer { out, pen: Pen::default(), region, origin: false };
    writer.raw(b"\x1bc");
    writer.palette(model);
    writer.titles(&model.record);
    writer.tabs(model);
    if model.is_alternate() {
        let keyboard = model.record.other_keyboard.clone();
        model.with_primary(|primary| {
            writer.rows(primary, history);
            writer.goto(primary, &primary.grid().cursor);
            writer.cursor_state(&primary.grid().cursor);
        });
        writer.keyboard(&keyboard);
        writer.raw(b"\x1b[?1049h");
        writer.plain();
        writer.raw(b"\x1b[2J\x1b[H");
    }
    writer.rows(model, history);
    writer.cursors(model);
    writer.modes(model);
    writer.keyboard(&model.record.keyboard);
}

/// Where the cursor stands before a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// In its first column.
    Fresh,
    /// Behind the row before: the first character wraps.
    Wraps,
    /// In the last column of the row before, where the wide character that comes does not fit.
    WrapsWide,
}

/// How the next character will look.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pen {
    foreground: Color,
    background: Color,
    flags: Flags,
    underline_color: Option<Color>,
    link: Option<Hyperlink>,
}

impl Default for Pen {
    fn default() -> Self {
        Pen::of(&Cell::default())
    }
}

impl Pen {
    fn of(cell: &Cell) -> Pen {
        let shape = Flags::WRAPLINE
            | Flags::WIDE_CHAR
            | Flags::WIDE_CHAR_SPACER
            | Flags::LEADING_WIDE_CHAR_SPACER;
        Pen {
            foreground: cell.fg,
            background: cell.bg,
            flags: cell.flags - shape,
            underline_color: cell.underline_color(),
            link: cell.hyperlink(),
        }
    }
}

fn is_coloured(cell: &Cell) -> bool {
    cell.bg != Color::Named(NamedColor::Background)
}

/// Whether the last column of a row is free because the wide character that wraps into the next row
/// did not fit, and looks as that would make it look.
pub(super) fn leaves_column_free(row: &Row<Cell>, next: &Row<Cell>) -> bool {
    let (free, first) = (&row[Column(row.len() - 1)], &next[Column(0)]);
    free.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER)
        && matches!(shown(next, 0), Shown::Wide(_))
        && Pen::of(free) == Pen::of(first)
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    pen: Pen,
    /// The scroll region that has been set, the row after its last second.
    region: (usize, usize),
    /// Positions count from the region.
    origin: bool,
}

impl Writer<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn text(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a vector does not fail.
        let _ = self.out.write_fmt(text);
    }

    fn char(&mut self, c: char) {
        self.raw(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn palette(&mut self, model: &Model) {
        for index in 0..=NamedColor::Cursor as usize {
            let Some(rgb) = model.term.colors()[index] else { continue };
            match index {
                0..256 => self.text(format_args!("\x1b]4;{index}")),
                _ => self.text(format_args!("\x1b]{}", index - 256 + 10)),
            }
            let (r, g, b) = (rgb.r, rgb.g, rgb.b);
            self.text(format_args!(";rgb:{r:02x}/{g:02x}/{b:02x}\x1b\\"));
        }
    }

    fn titles(&mut self, record: &Record) {
        for title in &record.titles {
            self.text(format_args!("\x1b]2;{title}\x1b\\\x1b[22t"));
        }
        if !record.title.is_empty() || !record.titles.is_empty() {
            self.text(format_args!("\x1b]2;{}\x1b\\", record.title));
        }
    }

    fn tabs(&mut self, model: &Model) {
        let tabs = &model.record.tabs;
        if tabs.iter().enumerate().all(|(col, tab)| *tab == (col % 8 == 0)) {
            return;
        }
        self.raw(b"\x1b[3g");
        for (col, _) in tabs.iter().enumerate().filter(|(_, tab)| **tab) {
            self.text(format_args!("\x1b[{}G\x1bH", col + 1));
        }
        self.raw(b"\r");
    }

    /// Default pen and character sets.
    fn plain(&mut self) {
        self.set_pen(&Pen::default());
        self.raw(b"\x0f");
        for (_, introducer) in CHARSETS {
            self.raw(&[0x1b, introducer, b'B']);
        }
    }

    // Rows.

    /// Prints the history and the rows of the screen; ends on the bottom row.
    fn rows(&mut self, model: &Model, history: usize) {
        let grid = model.grid();
        let (first, end) = (-(grid.history_size().min(history) as i32), model.rows() as i32);
        let mut start = Start::Fresh;
        for line in first..end {
            let row = &grid[Line(line)];
            let next = (line + 1 < end && is_wrapped(row)).then(|| &grid[Line(line + 1)]);
            start = self.row(row, next, start);
            if start == Start::Fresh && line + 1 < end {
                self.set_pen(&Pen::default());
                self.raw(b"\r\n");
            }
        }
        self.wrap_bottom(&grid[Line(end - 1)], end);
        self.set_pen(&Pen::default());
    }

    /// Makes the bottom row one that wraps, though nothing follows it: below a scroll region a wrap
    /// moves nothing. A screen of one or two rows has no place for such a region.
    fn wrap_bottom(&mut self, bottom: &Row<Cell>, rows: i32) {
        if rows < 3 || !is_wrapped(bottom) {
            return;
        }
        let last = if shown(bottom, bottom.len() - 1) == Shown::Covered { 2 } else { 1 };
        let edge = bottom.len() - last;
        self.text(format_args!("\x1b[1;{}r\x1b[{rows};{}H", rows - 1, edge + 1));
        self.cell(bottom, edge);
        self.raw(b" \r");
        self.cell(bottom, 0);
        self.raw(b"\x1b[r");
        self.text(format_args!("\x1b[{rows};1H"));
    }

    /// Prints a row; returns how the next one starts. `next`: the row that it is to wrap into; then it
    /// is filled to the edge.
    fn row(&mut self, row: &Row<Cell>, next: Option<&Row<Cell>>, start: Start) -> Start {
        let cols = row.len();
        let after = match next {
            None => Start::Fresh,
            // A wide character that does not fit leaves the last column free by itself.
            Some(next) if leaves_column_free(row, next) => Start::WrapsWide,
            Some(_) => Start::Wraps,
        };
        let len = match after {
            Start::Fresh => shown_len(row),
            Start::Wraps => cols,
            Start::WrapsWide => cols - 1,
        };
        if start == Start::Wraps && shown_len(row) == 0 {
            self.set_pen(&Pen::default());
            self.raw(b" \r");
        }
        let mut blanks = 0;
        for col in 0..len {
            let is_edge = (start == Start::Wraps && col == 0) || col + 1 == cols;
            if !is_edge && self.is_skippable(row, col) {
                blanks += 1;
                continue;
            }
            self.blanks(&mut blanks);
            self.cell(row, col);
            if col == 0 && start != Start::Fresh && is_coloured(&row[Column(0)]) {
                // A row that comes up takes the background of what wraps into it.
                self.set_pen(&Pen::default());
                self.raw(b"\x1b[K");
            }
        }
        self.blanks(&mut blanks);
        after
    }

    fn is_skippable(&self, row: &Row<Cell>, col: usize) -> bool {
        shown(row, col) == Shown::Narrow(' ')
            && marks(row, col).is_empty()
            && Pen::of(&row[Column(col)]) == Pen::default()
    }

    fn blanks(&mut self, count: &mut usize) {
        if *count > BLANKS_MAX {
            self.text(format_args!("\x1b[{count}C"));
        } else if *count > 0 {
            self.set_pen(&Pen::default());
            self.raw(&b"      "[..*count]);
        }
        *count = 0;
    }

    fn cell(&mut self, row: &Row<Cell>, col: usize) {
        if let Shown::Narrow(c) | Shown::Wide(c) = shown(row, col) {
            self.set_pen(&Pen::of(&row[Column(col)]));
            self.char(c);
            for mark in marks(row, col) {
                self.char(*mark);
            }
        }
    }

    // The pen.

    fn set_pen(&mut self, pen: &Pen) {
        if *pen == self.pen {
            return;
        }
        if pen.link != self.pen.link {
            match &pen.link {
                Some(link) => {
                    self.text(format_args!("\x1b]8;id={};{}\x1b\\", link.id(), link.uri()))
                }
                None => self.raw(b"\x1b]8;;\x1b\\"),
            }
        }
        self.raw(b"\x1b[0");
        const ATTRIBUTES: [(Flags, &[u8]); 11] = [
            (Flags::BOLD, b";1"),
            (Flags::DIM, b";2"),
            (Flags::ITALIC, b";3"),
            (Flags::UNDERLINE, b";4"),
            (Flags::DOUBLE_UNDERLINE, b";4:2"),
            (Flags::UNDERCURL, b";4:3"),
            (Flags::DOTTED_UNDERLINE, b";4:4"),
            (Flags::DASHED_UNDERLINE, b";4:5"),
            (Flags::INVERSE, b";7"),
            (Flags::HIDDEN, b";8"),
            (Flags::STRIKEOUT, b";9"),
        ];
        for (flag, code) in ATTRIBUTES {
            if pen.flags.contains(flag) {
                self.raw(code);
            }
        }
        self.color(pen.foreground, 30);
        self.color(pen.background, 40);
        if let Some(color) = pen.underline_color {
            self.color(color, 50);
        }
        self.raw(b"m");
        self.pen = pen.clone();
    }

    /// `base`: 30 for the foreground, 40 for the background, 50 for the underline.
    fn color(&mut self, color: Color, base: usize) {
        match color {
            Color::Spec(rgb) => {
                let (r, g, b) = (rgb.r, rgb.g, rgb.b);
                self.text(format_args!(";{};2;{r};{g};{b}", base + 8));
            }
            Color::Indexed(index) => self.text(format_args!(";{};5;{index}", base + 8)),
            Color::Named(name) => match name as usize {
                index @ 0..8 => self.text(format_args!(";{}", base + index)),
                index @ 8..16 => self.text(format_args!(";{}", base + 60 + index - 8)),
                _ => {}
            },
        }
    }

    // Cursors.

    /// Puts the cursor where `cursor` is, with a wrap pending if it has one.
    fn goto(&mut self, model: &Model, cursor: &Cursor<Cell>) {
        let (row, col) = (cursor.point.line.0 as usize, cursor.point.column.0);
        let top = if self.origin { self.region.0 } else { 0 };
        if !cursor.input_needs_wrap || col + 1 != model.cols() {
            self.text(format_args!("\x1b[{};{}H", row - top + 1, col + 1));
            return;
        }
        // Only printing makes a wrap pending: what is in the last column, once more.
        let printed = self.row_to_print(model, row);
        let cells = &model.grid()[Line(printed as i32)];
        let edge = if shown(cells, col) == Shown::Covered { col - 1 } else { col };
        self.text(format_args!("\x1b[{};{}H", printed - top + 1, edge + 1));
        self.cell(cells, edge);
        for _ in row..printed {
            self.raw(b"\x1bM");
        }
        for _ in printed..row {
            self.raw(b"\n");
        }
    }

    /// The row in which to print for a pending wrap in `row`. Printing ends the wrapping of a row that
    /// wraps, so it is another one then, from which the cursor gets to `row` without a scroll.
    fn row_to_print(&self, model: &Model, row: usize) -> usize {
        let (top, bottom) = self.region;
        let rows = if self.origin { self.region } else { (0, model.rows()) };
        let below = (row + 1..rows.1).take_while(|row| *row != top);
        let above = (rows.0..row).rev().take_while(|row| row + 1 != bottom);
        let wraps = |row: &usize| is_wrapped(&model.grid()[Line(*row as i32)]);
        [row].into_iter().chain(below).chain(above).find(|row| !wraps(row)).unwrap_or(row)
    }

    /// Sets pen and character sets as the cursor has them.
    fn cursor_state(&mut self, cursor: &Cursor<Cell>) {
        self.set_pen(&Pen::of(&cursor.template));
        for (index, introducer) in CHARSETS {
            if cursor.charsets[index] == StandardCharset::SpecialCharacterAndLineDrawing {
                self.raw(&[0x1b, introducer, b'0']);
            }
        }
    }

    /// The saved cursor, the region, and the cursor in use.
    fn cursors(&mut self, model: &Model) {
        let grid = model.grid();
        let saved = &grid.saved_cursor;
        if *saved != Cursor::default() {
            self.goto(model, saved);
            self.cursor_state(saved);
            self.raw(b"\x1b7");
            self.plain();
        }
        let (top, bottom) = model.record.region;
        if (top, bottom) != (0, model.rows()) {
            self.text(format_args!("\x1b[{};{bottom}r", top + 1));
            self.region = (top, bottom);
        }
        let cursor = &grid.cursor;
        if model.term.mode().contains(TermMode::ORIGIN) {
            self.raw(b"\x1b[?6h");
            self.origin = true;
        }
        self.goto(model, cursor);
        self.cursor_state(cursor);
        if model.record.active_charset == 1 {
            self.raw(b"\x0e");
        }
    }

    // Modes.

    fn modes(&mut self, model: &Model) {
        let defaults = TermMode::default();
        const TABLE: [(TermMode, &[u8]); 15] = [
            (TermMode::APP_CURSOR, b"?1"),
            (TermMode::LINE_WRAP, b"?7"),
            (TermMode::SHOW_CURSOR, b"?25"),
            (TermMode::MOUSE_REPORT_CLICK, b"?1000"),
            (TermMode::MOUSE_DRAG, b"?1002"),
            (TermMode::MOUSE_MOTION, b"?1003"),
            (TermMode::FOCUS_IN_OUT, b"?1004"),
            (TermMode::UTF8_MOUSE, b"?1005"),
            (TermMode::SGR_MOUSE, b"?1006"),
            (TermMode::ALTERNATE_SCROLL, b"?1007"),
            (TermMode::URGENCY_HINTS, b"?1042"),
            (TermMode::BRACKETED_PASTE, b"?2004"),
            (TermMode::INSERT, b"4"),
            (TermMode::LINE_FEED_NEW_LINE, b"20"),
            (TermMode::APP_KEYPAD, b""),
        ];
        for (mode, code) in TABLE {
            let is_set = model.term.mode().contains(mode);
            if is_set == defaults.contains(mode) {
                continue;
            }
            if code.is_empty() {
                self.raw(b"\x1b=");
                continue;
            }
            self.raw(b"\x1b[");
            self.raw(code);
            self.raw(if is_set { b"h" } else { b"l" });
        }
        if model.record.cursor_styled {
            let style = model.term.cursor_style();
            let shape = match style.shape {
                CursorShape::Underline => 3,
                CursorShape::Beam => 5,
                CursorShape::Block | CursorShape::HollowBlock | CursorShape::Hidden => 1,
            };
            self.text(format_args!("\x1b[{} q", if style.blinking { shape } else { shape + 1 }));
        }
        if model.record.modify_other_keys != 0 {
            self.text(format_args!("\x1b[>4;{}m", model.record.modify_other_keys));
        }
        if model.record.synchronized {
            self.raw(b"\x1b[?2026h");
        }
    }

    fn keyboard(&mut self, modes: &[u8]) {
        for (depth, mode) in modes.iter().enumerate() {
            match (depth, mode) {
                (0, 0) => {}
                (0, mode) => self.text(format_args!("\x1b[={mode};1u")),
                (_, mode) => self.text(format_args!("\x1b[>{mode}u")),
            }
        }
    }
}
