//! A snapshot: control sequences that make a fresh terminal of the same size show the same, and go on in the
//! same way.
//!
//! What DECSC saved is saved anew first, on a screen that is still blank. Then rows are printed one after the
//! other, so that they scroll into the history and wrap as they did; margins, cursor and modes follow. Known
//! to be lost: what REP would repeat; marks of commands; modes that XTSAVE keeps; that a row goes on in the next one
//! when a wrap is pending in it all the same, which only a restored cursor can have.

mod look;
mod rows;

use std::io::Write;

use self::look::Look;
use self::rows::Which;
use super::super::grid::{CursorPos, Grid, LinePlace, Pen, SavedState};
use super::charset::Charsets;
use super::colors::setter;
use super::mode_set::flag;
use super::title_stack::Titles;
use super::{Emulator, LEVEL, Progress, Protection, Terminal};
use crate::terminal::screen::update::CursorShape;

impl Emulator {
    /// The place of the first row of such a snapshot.
    pub(crate) fn snapshot_place(&self, history: usize) -> LinePlace {
        let grid = &self.terminal.grid;
        let first = -(grid.primary_history_rows().min(history) as i64);
        let place = grid.line_of_row(first).map(|(line, col)| LinePlace { line, col });
        place.unwrap_or_default()
    }

    /// Writes a snapshot with at most this many rows of history.
    pub(crate) fn write_snapshot(&self, history: usize, out: &mut Vec<u8>) {
        let terminal = &self.terminal;
        let grid = &terminal.grid;
        let mut writer = Writer {
            out,
            grid,
            look: Look::default(),
            graphemes: false,
            charsets: Charsets::new(),
        };
        writer.raw(b"\x1bc");
        if terminal.level != LEVEL {
            writer.text(format_args!("\x1b[{}\"p", 60 + terminal.level));
        }
        writer.palette(terminal);
        writer.titles(&terminal.titles);
        writer.tabs();
        writer.screens(terminal, history);
        writer.cursor();
        writer.cursor_state(grid.pen(), &terminal.charsets);
        writer.modes(terminal);
        writer.cursor_look(terminal);
        writer.keyboard(terminal.keyboard.stack());
        writer.rest(terminal);
        if let Some(single) = terminal.charsets.single() {
            writer.raw(if single == 2 { b"\x1bN" } else { b"\x1bO" });
        }
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    grid: &'a Grid,
    /// How the next character will look.
    look: Look<'a>,
    /// Mode 2027 is on.
    graphemes: bool,
    charsets: Charsets,
}

/// What DECSC saved.
type Saved = (CursorPos, Pen, bool, SavedState);

impl<'a> Writer<'a> {
    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn text(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a vector does not fail.
        let _ = self.out.write_fmt(text);
    }

    fn palette(&mut self, terminal: &Terminal) {
        for (place, color) in terminal.palette.iter() {
            match setter(place) {
                (command, Some(index)) => self.text(format_args!("\x1b]{command};{index}")),
                (command, None) => self.text(format_args!("\x1b]{command}")),
            }
            let (r, g, b) = (color.r, color.g, color.b);
            self.text(format_args!(";rgb:{r:02x}/{g:02x}/{b:02x}\x1b\\"));
        }
    }

    fn titles(&mut self, titles: &Titles) {
        for pushed in titles.stack() {
            let (icon, window) = (&pushed.icon, &pushed.window);
            self.text(format_args!("\x1b]1;{icon}\x1b\\\x1b]2;{window}\x1b\\\x1b[22;0t"));
        }
        for (number, title) in [(1, &titles.icon), (2, &titles.window)] {
            if !title.is_empty() || !titles.stack().is_empty() {
                self.text(format_args!("\x1b]{number};{title}\x1b\\"));
            }
        }
        for (number, is_hex) in [(0, titles.sets_hex), (1, titles.reports_hex)] {
            if is_hex {
                self.text(format_args!("\x1b[>{number}t"));
            }
        }
    }

    fn tabs(&mut self) {
        let usual = (0..self.grid.cols()).step_by(8);
        if self.grid.tab_stops().eq(usual) {
            return;
        }
        self.raw(b"\x1b[3g");
        for col in self.grid.tab_stops() {
            self.text(format_args!("\x1b[{}G\x1bH", col + 1));
        }
        self.raw(b"\r");
    }

    // Screens.

    fn screens(&mut self, terminal: &Terminal, history: usize) {
        if self.grid.has_hidden() {
            self.raw(b"\x1b[?47h");
            if let Some(saved) = self.grid.hidden_saved_cursor() {
                self.saved_cursor(saved);
            }
            self.rows(Which::Hidden, 0);
            // What does not know this mode has printed it here.
            self.raw(b"\x1b[?47l\x1b[H\x1b[J\x1b[3J");
        }
        let saved = self.grid.primary_saved_cursor();
        if let Some(saved) = saved {
            self.saved_cursor(saved);
        }
        self.rows(Which::Primary, history);
        if !self.grid.is_alternate() {
            return;
        }
        self.keyboard(terminal.keyboard.main());
        match saved {
            // Known to more terminals than 47, and saves the same once more.
            Some(saved) if !saved.0.pending_wrap => {
                self.begin_saved(saved);
                self.raw(b"\x1b[?1049h");
                self.end_saved(saved);
            }
            _ => self.raw(b"\x1b[?47h"),
        }
        self.raw(b"\x1b[2J\x1b[H");
        if let Some(saved) = self.grid.saved_cursor() {
            self.saved_cursor(saved);
        }
        self.rows(Which::Alternate, 0);
    }

    /// Saves a cursor, and leaves the screen blank.
    fn saved_cursor(&mut self, saved: Saved) {
        self.begin_saved(saved);
        self.raw(b"\x1b7");
        self.end_saved(saved);
        self.raw(b"\x1b[H\x1b[J");
    }

    /// Everything as it was when this was saved.
    fn begin_saved(&mut self, (at, pen, origin, state): Saved) {
        if origin {
            self.raw(b"\x1b[?6h");
        }
        self.text(format_args!("\x1b[{};{}H", at.row + 1, at.col + 1));
        if at.pending_wrap {
            // Only printing makes a wrap pending.
            self.raw(b" ");
        }
        self.cursor_state(pen, &Charsets::restored(state));
    }

    fn end_saved(&mut self, (_, _, origin, _): Saved) {
        if origin {
            self.raw(b"\x1b[?6l");
        }
        self.cursor_state(Pen::default(), &Charsets::new());
    }

    // The cursor.

    /// Margins, origin mode, and the cursor's place with a wrap pending if it has one.
    fn cursor(&mut self) {
        let (grid, at) = (self.grid, self.grid.cursor());
        let (margins, origin) = (grid.margins(), grid.origin());
        if (margins.top, margins.bottom + 1) != (0, grid.rows()) {
            self.text(format_args!("\x1b[{};{}r", margins.top + 1, margins.bottom + 1));
        }
        if grid.cols_margin_enabled() {
            self.text(format_args!("\x1b[?69h\x1b[{};{}s", margins.left + 1, margins.right + 1));
        }
        if origin {
            self.raw(b"\x1b[?6h");
        }
        let (top, left) = if origin { (margins.top, margins.left) } else { (0, 0) };
        let row = at.row.saturating_sub(top) + 1;
        let last = grid.row(at.row as i64).filter(|_| at.pending_wrap);
        // Only printing makes a wrap pending: what is there is printed once more.
        let last = last.and_then(|row| {
            row.cells().find(|cell| (cell.col..cell.col + cell.cols).contains(&at.col))
        });
        let col = last.map_or(at.col, |cell| cell.col).saturating_sub(left) + 1;
        self.text(format_args!("\x1b[{row};{col}H"));
        match last {
            Some(cell) => self.cell(&cell),
            None if at.pending_wrap => self.raw(b" "),
            None => {}
        }
    }

    /// Pen and character sets.
    fn cursor_state(&mut self, pen: Pen, charsets: &Charsets) {
        let link = pen.link.and_then(|link| self.grid.link_of(link));
        self.set_look(Look { style: pen.style, link, protected: pen.protected });
        self.set_charsets(charsets);
    }

    fn set_charsets(&mut self, charsets: &Charsets) {
        let has_national = charsets.sets().any(|set| set.is_national());
        if has_national {
            self.raw(b"\x1b[?42h");
        }
        let before = self.charsets;
        for (index, (set, before)) in charsets.sets().zip(before.sets()).enumerate() {
            if set != before {
                self.raw(&[0x1b, set.intermediate(index as u8)]);
                self.raw(set.designator());
            }
        }
        if has_national {
            self.raw(b"\x1b[?42l");
        }
        if charsets.left() != before.left() {
            let shifts: [&[u8]; 4] = [b"\x0f", b"\x0e", b"\x1bn", b"\x1bo"];
            self.raw(shifts.get(usize::from(charsets.left())).unwrap_or(&shifts[0]));
        }
        if charsets.right() != before.right() {
            let shifts: [&[u8]; 4] = [b"", b"\x1b~", b"\x1b}", b"\x1b|"];
            self.raw(shifts.get(usize::from(charsets.right())).unwrap_or(&shifts[2]));
        }
        self.charsets = *charsets;
    }

    // Modes.

    fn modes(&mut self, terminal: &Terminal) {
        self.set_graphemes(self.grid.graphemes());
        let grid = self.grid;
        let grid_modes: [(bool, &[u8]); 3] = [
            (!grid.autowrap(), b"\x1b[?7l"),
            (grid.reverse_wrap(), b"\x1b[?45h"),
            (grid.insert(), b"\x1b[4h"),
        ];
        for (differs, sequence) in grid_modes {
            if differs {
                self.raw(sequence);
            }
        }
        for (number, is_set) in terminal.modes.private_changes() {
            self.text(format_args!("\x1b[?{number}{}", if is_set { 'h' } else { 'l' }));
        }
        for (number, is_set) in terminal.modes.ansi_changes() {
            self.text(format_args!("\x1b[{number}{}", if is_set { 'h' } else { 'l' }));
        }
        if terminal.modes.has(flag::APPLICATION_KEYPAD) {
            self.raw(b"\x1b=");
        }
        for number in [terminal.modes.mouse, terminal.modes.mouse_form] {
            if number != 0 {
                self.text(format_args!("\x1b[?{number}h"));
            }
        }
    }

    fn cursor_look(&mut self, terminal: &Terminal) {
        let cursor = &terminal.cursor;
        if cursor.is_styled {
            let blinking = match cursor.shape {
                CursorShape::Block => 1,
                CursorShape::Underline => 3,
                CursorShape::Bar => 5,
            };
            let number = if cursor.blinking { blinking } else { blinking + 1 };
            self.text(format_args!("\x1b[{number} q"));
        }
    }

    fn keyboard(&mut self, stack: &[u8]) {
        for (depth, flags) in stack.iter().enumerate() {
            match (depth, flags) {
                (0, 0) => {}
                (0, flags) => self.text(format_args!("\x1b[={flags};1u")),
                (_, flags) => self.text(format_args!("\x1b[>{flags}u")),
            }
        }
    }

    fn rest(&mut self, terminal: &Terminal) {
        if terminal.keyboard.modify_other_keys != 0 {
            self.text(format_args!("\x1b[>4;{}m", terminal.keyboard.modify_other_keys));
        }
        if terminal.protection == Protection::Iso {
            self.raw(if self.look.protected { b"\x1bV" } else { b"\x1bV\x1bW" });
        }
        if terminal.change_extent != 0 {
            self.text(format_args!("\x1b[{}*x", terminal.change_extent));
        }
        if terminal.modes.has(flag::SYNCHRONIZED) {
            self.raw(b"\x1b[?2026h");
        }
        if let Some(Progress { state, percent }) = terminal.progress {
            self.text(format_args!("\x1b]9;4;{};{percent}\x1b\\", state as u8));
        }
    }
}
