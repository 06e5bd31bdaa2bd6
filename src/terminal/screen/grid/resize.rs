//! Another size. The primary screen is wrapped anew, the alternate one is cut or extended.
//!
//! The rows of the primary screen go to the end of the history as lines; as many rows as fit come back from
//! there, wrapped at the new width. So lines that began in the history, or go there now, need no care of their
//! own, and the cost depends on the screen alone.
//!
//! The cursor stays on its character. Blank rows below what is shown make room first; then rows go to the
//! history. When there is more room than before, rows come back from it.

use super::super::cells::Cell;
use super::row::Row;
use super::view::text_of;
use super::{CursorPos, Grid, Screen, Style, Text};
use crate::terminal::screen::history::{History, LineView, Span};

/// What counting rows of history may cost at a change of the width, in about nanoseconds; the rest is counted
/// by [`Grid::count_history`].
const COUNT_COST: u64 = 400_000;

/// A place in a line: its number and the columns before it.
type Place = (u64, usize);

/// What of the lines comes back to the screen.
struct Window {
    /// The first line, which of its rows is the first one, and where that begins.
    line: u64,
    byte: usize,
}

impl Grid {
    /// Another size; at least one row and one column. As in xterm, margins become the edges and origin mode ends.
    pub(crate) fn resize(&mut self, rows: usize, cols: usize) {
        let (rows, cols) = (rows.max(1), cols.max(1));
        if (rows, cols) == (self.rows, self.cols) {
            return;
        }
        if self.is_alternate {
            self.resize_both(rows, cols);
        } else {
            self.cursor = self.rewrap(rows, cols, self.cursor);
            if let Some(alternate) = &mut self.other {
                resize_rows(alternate, rows, cols, 0);
            }
        }
        (self.rows, self.cols) = (rows, cols);
        self.margins = self.whole();
        self.modes.origin = false;
        self.tabs.set_cols(cols);
        self.clamp_saved();
        self.history.count(COUNT_COST);
        self.drop_marks();
        self.changes.forget();
    }

    /// With the alternate screen active, whose cursor is in use.
    fn resize_both(&mut self, rows: usize, cols: usize) {
        let up = (self.cursor.row + 1).saturating_sub(rows);
        resize_rows(&mut self.active, rows, cols, up);
        let Some(primary) = self.other.take() else { return };
        let alternate = std::mem::replace(&mut self.active, primary);
        let saved = self.active.saved.map(|saved| saved.cursor).unwrap_or_default();
        let saved = self.rewrap(rows, cols, saved);
        if let Some(cursor) = self.active.saved.as_mut().map(|saved| &mut saved.cursor) {
            *cursor = saved;
        }
        self.other = Some(std::mem::replace(&mut self.active, alternate));
        self.cursor.row -= up;
        fit_cols(&mut self.cursor, cols);
    }

    fn clamp_saved(&mut self) {
        let (rows, cols) = (self.rows, self.cols);
        let screens = [Some(&mut self.active), self.other.as_mut()];
        for saved in screens.into_iter().flatten().filter_map(|screen| screen.saved.as_mut()) {
            saved.cursor.row = saved.cursor.row.min(rows - 1);
            fit_cols(&mut saved.cursor, cols);
        }
    }

    /// Wraps the primary screen, which is in `active`, anew. Gives where the cursor is then.
    fn rewrap(&mut self, rows: usize, cols: usize, cursor: CursorPos) -> CursorPos {
        let cursor = CursorPos { row: cursor.row.min(self.rows - 1), ..cursor };
        let shown = self.active.rows.iter().rposition(|row| !row.is_blank()).unwrap_or(0);
        let end = shown.max(cursor.row) + 1;
        let top = self.history.next_line();
        let mut place = (0, 0);
        for row in 0..end {
            let at = self.pack_row(row, row + 1 < end, (row == cursor.row).then_some(cursor));
            if row == cursor.row {
                place = (at.0, at.1 + cursor.col + usize::from(cursor.pending_wrap));
            }
        }
        self.history.close();
        self.history.set_width(cols);
        let kept = rows.saturating_sub(self.rows - end);
        let window = self.window(rows, kept, top, place);
        let saved = self.active.saved;
        self.active = Screen { saved, ..Screen::new(rows) };
        let cursor = self.unpack(&window, rows, cols, place);
        (self.rows, self.cols) = (rows, cols);
        self.attach_marks(window.line);
        cursor
    }

    /// Packs a row. Gives the place at which it begins. The cursor's row has blanks up to the cursor.
    fn pack_row(&mut self, index: usize, has_next: bool, cursor: Option<CursorPos>) -> Place {
        let Some(row) = self.active.rows.get(index) else { return self.history.next_line() };
        let wrapped = row.wrapped && has_next;
        let mut cells = row.cells().to_vec();
        let len = if wrapped { self.wrapped_len(index) } else { row.shown_len() };
        let until = cursor.map_or(0, |cursor| cursor.col + usize::from(cursor.pending_wrap));
        cells.resize(len.max(until.min(self.cols)), Cell::BLANK);
        self.history.prepare(&cells);
        let place = self.history.next_line();
        if row.tag != 0 {
            self.marks.anchor(row.tag, place);
        }
        self.history.add(&cells, Cell::union(&cells), wrapped, &self.tables);
        place
    }

    /// What comes back: so many rows of the end as are wanted, more of them if the old top or the cursor would
    /// go to the history though there is room.
    fn window(&self, rows: usize, kept: usize, top: Place, cursor: Place) -> Window {
        let back = |(line, col)| rows_from(&self.history, line, col);
        let (from_top, from_cursor) = (back(top), back(cursor));
        let wanted = if kept >= from_top { kept } else { from_top.min(rows) };
        let wanted = wanted.max(from_cursor).max(1);
        let mut below = 0;
        let first = self.history.first_line();
        let mut number = first + self.history.lines() as u64;
        let width = self.history.width();
        while number > first {
            number -= 1;
            let Some(line) = self.history.line(number) else { break };
            let lines_rows = line.rows(width);
            if below + lines_rows >= wanted {
                let span = line.row(width, below + lines_rows - wanted).unwrap_or_default();
                return Window { line: number, byte: span.start };
            }
            below += lines_rows;
        }
        Window { line: first, byte: 0 }
    }

    /// Brings lines back to the screen, which is blank, and takes them from the history. Gives where the cursor
    /// is.
    fn unpack(&mut self, window: &Window, rows: usize, cols: usize, place: Place) -> CursorPos {
        let mut history = std::mem::replace(&mut self.history, History::new(0, cols));
        let end = history.first_line() + history.lines() as u64;
        let mut cursor = CursorPos::default();
        let mut at = 0;
        for number in window.line..end {
            let Some(line) = history.line(number) else { break };
            let byte = if number == window.line { window.byte } else { 0 };
            let mut spans = line.spans(cols).skip_while(|span| span.start < byte).peekable();
            while let Some(span) = spans.next() {
                let is_last = spans.peek().is_none();
                let col = place.1.wrapping_sub(history.base(number) + span.first_col);
                if number == place.0 && (col < span.cols || (is_last && col <= cols)) {
                    let pending_wrap = col == cols;
                    cursor =
                        CursorPos { row: at, col: col - usize::from(pending_wrap), pending_wrap };
                }
                if at < rows {
                    self.unpack_row(at, cols, &line, span, !is_last && at + 1 < rows);
                }
                at += 1;
            }
        }
        history.truncate(window.line, window.byte);
        history.forget_numbers();
        self.history = history;
        cursor.row = cursor.row.min(rows - 1);
        cursor
    }

    fn unpack_row(
        &mut self,
        row: usize,
        cols: usize,
        line: &LineView<'_>,
        span: Span,
        wrapped: bool,
    ) {
        let mut col = 0;
        let mut known = None;
        for piece in line.pieces(span.start).take_while(|piece| piece.end <= span.end) {
            let look = match known {
                Some((look, cell)) if look == piece.look => cell,
                _ => {
                    let style = self.style_number(line.style(piece.look));
                    let link = line.link(piece.look).map_or(0, |link| self.link_number(link));
                    Cell::new(style, link, piece.look.protected)
                }
            };
            known = Some((piece.look, look));
            let cell = match text_of(line, piece) {
                Text::Char(' ') => look,
                Text::Char(c) => look.with_char(c, piece.cols),
                Text::Cluster(text) => self.cluster(look, text, piece.cols),
            };
            if col + piece.cols > cols {
                break;
            }
            let row = &mut self.active.rows[row];
            row.set(cols, col, cell);
            if piece.cols == 2 {
                row.set(cols, col + 1, look.continuation());
            }
            col += piece.cols;
        }
        // A column that stays free looks as printing the wide character would have left it.
        let free = (wrapped && col + 1 == cols).then(|| {
            let next = line.pieces(span.end).next().map(|piece| line.style(piece.look));
            let background = next.unwrap_or_default().background;
            self.style_number(Style { background, ..Style::default() })
        });
        let row = &mut self.active.rows[row];
        row.wrapped = wrapped;
        if let Some(style) = free {
            row.set(cols, col, Cell::new(style, 0, false).leading());
        }
    }

    fn link_number(&mut self, link: &super::Link) -> u16 {
        let number =
            self.tables.links.find(link).or_else(|| self.tables.links.insert(link.clone()));
        number.unwrap_or(0) as u16
    }

    fn cluster(&mut self, look: Cell, text: &str, cols: usize) -> Cell {
        self.scratch.clear();
        self.scratch.push_str(text);
        match (self.grapheme_number(), text.chars().next()) {
            (Some(number), _) => look.with_grapheme(number, cols),
            (None, Some(c)) => look.with_char(c, cols),
            (None, None) => look,
        }
    }
}

/// Rows from the one that has this place up to the end of the history.
fn rows_from(history: &History, line: u64, col: usize) -> usize {
    let (width, base) = (history.width(), history.base(line));
    let first = history
        .line(line)
        .map_or(0, |view| view.rows(width) - view.place(width, col.saturating_sub(base)).0);
    let end = history.first_line() + history.lines() as u64;
    let after = (line + 1..end).filter_map(|number| history.line(number));
    first + after.map(|view| view.rows(width)).sum::<usize>()
}

/// Puts a cursor into a row of so many columns. Where there is room behind a pending wrap the cursor goes there;
/// where columns are cut it stays pending.
fn fit_cols(cursor: &mut CursorPos, cols: usize) {
    if cursor.pending_wrap && cursor.col + 1 < cols {
        cursor.pending_wrap = false;
        cursor.col += 1;
    }
    cursor.col = cursor.col.min(cols - 1);
}

/// Cuts or extends rows. `up`: so many go away at the top.
fn resize_rows(screen: &mut Screen, rows: usize, cols: usize, up: usize) {
    screen.rows.drain(..up.min(screen.rows.len()));
    screen.rows.resize_with(rows, Row::default);
    screen.rows.shrink_to_fit();
    for row in &mut screen.rows {
        row.set_cols(cols);
        row.wrapped = false;
    }
}
