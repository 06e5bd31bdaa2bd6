//! The rows of a screen and its history, printed: those of the history from the packed lines, text of one style at a
//! time.

use memchr::memmem;

use super::Writer;
use super::look::Look;
use crate::terminal::screen::cells::{Text, width};
use crate::terminal::screen::grid::{RowView, ViewCell};

/// Blank columns that are written as such; more of them are skipped with a sequence.
const BLANKS_MAX: usize = 6;
const BLANKS: [u8; BLANKS_MAX + 1] = [b' '; BLANKS_MAX + 1];

/// A screen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Primary,
    /// The alternate screen while it is in use, and while it is not.
    Alternate,
    Hidden,
}

impl<'a> Writer<'a> {
    /// Prints the rows of a screen, and so many of its history above it; ends in the last row.
    pub(super) fn rows(&mut self, which: Which, history: usize) {
        let grid = self.grid;
        let row = |index| match which {
            Which::Primary => grid.primary_row(index),
            Which::Alternate => grid.row(index),
            Which::Hidden => grid.hidden_row(index),
        };
        let above = if which == Which::Primary { history } else { 0 };
        let shown = (0..grid.rows() as i64).filter_map(row);
        let mut rows = grid.newest_rows(above).map(RowView::History).chain(shown).peekable();
        let mut joined = false;
        while let Some(view) = rows.next() {
            let next = rows.peek().filter(|_| view.is_wrapped());
            self.row(&view, next, joined);
            joined = next.is_some();
            if !joined && rows.peek().is_some() {
                self.set_look(Look::default());
                self.raw(b"\r\n");
            }
        }
        self.set_look(Look::default());
    }

    /// Prints a row. `next`: the row that it goes on in; then it is filled to the edge. `joined`: the row
    /// before goes on in this one, and its wrap is pending.
    fn row(&mut self, row: &RowView<'a>, next: Option<&RowView<'a>>, joined: bool) {
        let cols = self.grid.cols();
        let starts_wide = |row: &RowView<'_>| row.cells().next().is_some_and(|cell| is_wide(&cell));
        // A wide character that does not fit leaves the last column free by itself.
        let leaves_free = next.is_some_and(|next| starts_wide(next) && row.leaves_free(cols));
        let end = if leaves_free { cols - 1 } else { cols };
        let mut printed = match self.packed_row(row, joined, next.is_some()) {
            Some(cols) => cols,
            None => self.cells(row, end, joined, next.is_some()),
        };
        if printed == 0 && joined {
            // It has to come up, at least.
            self.set_look(Look::default());
            self.raw(b" ");
            printed = 1;
        }
        if next.is_some() && printed < end {
            self.skip(end - printed - 1);
            self.set_look(Look::default());
            self.raw(b" ");
        }
    }

    /// Prints a row of the history, text of one look at a time. Gives its columns; `None` for a row that has to be printed
    /// cell by cell.
    fn packed_row(&mut self, row: &RowView<'a>, joined: bool, is_wrapped: bool) -> Option<usize> {
        let RowView::History(place) = row else { return None };
        let has_background =
            |(cell, _): (ViewCell<'_>, bool)| cell.style.background != Default::default();
        if joined && row.parts()?.next().is_some_and(has_background) {
            return None;
        }
        for (cell, is_cell) in row.parts()? {
            let Text::Cluster(text) = cell.text else { continue };
            if is_cell {
                self.cell(&cell);
            } else if Look::of(&cell) == Look::default() && !joined {
                self.plain(text, is_wrapped);
            } else {
                self.set_look(Look::of(&cell));
                self.raw(text.as_bytes());
            }
        }
        Some(place.span.cols)
    }

    /// Prints text in the default look. `is_whole`: also blanks at its end.
    fn plain(&mut self, mut text: &'a str, is_whole: bool) {
        self.set_look(Look::default());
        while let Some(at) = memmem::find(text.as_bytes(), &BLANKS) {
            let (before, blanks) = text.split_at(at);
            let rest = blanks.trim_start_matches(' ');
            self.raw(before.as_bytes());
            if rest.is_empty() && is_whole {
                self.raw(blanks.as_bytes());
            } else {
                self.text(format_args!("\x1b[{}C", blanks.len() - rest.len()));
            }
            text = rest;
        }
        self.raw(text.as_bytes());
    }

    /// Prints the cells of a row before a column. Gives the columns that were printed.
    fn cells(&mut self, row: &RowView<'a>, end: usize, joined: bool, is_wrapped: bool) -> usize {
        let cols = self.grid.cols();
        let mut printed = 0;
        for cell in row.cells().take_while(|cell| cell.col < end) {
            let is_first = joined && cell.col == 0;
            let is_last = is_wrapped && cell.col + cell.cols == end;
            if !(is_first || is_last) && is_blank(&cell) {
                continue;
            }
            self.skip(cell.col - printed);
            self.cell(&cell);
            printed = cell.col + cell.cols;
            if is_first && cell.style.background != Default::default() && printed < cols {
                // A row that comes up takes the background of what wraps into it. At the edge nothing is left of
                // it, and erasing would take what was printed last.
                self.set_look(Look::default());
                self.raw(b"\x1b[K");
            }
        }
        printed
    }

    /// Leaves columns blank.
    fn skip(&mut self, cols: usize) {
        if cols > BLANKS_MAX {
            self.text(format_args!("\x1b[{cols}C"));
        } else if cols > 0 {
            self.set_look(Look::default());
            self.raw(b"      ".get(..cols).unwrap_or(b""));
        }
    }

    pub(super) fn cell(&mut self, cell: &ViewCell<'a>) {
        self.set_look(Look::of(cell));
        match cell.text {
            Text::Char(c) => self.char(c),
            Text::Cluster(text) => {
                let mut chars = text.chars();
                let first_cols = chars.next().map_or(0, width);
                // More than marks on a character: it is one cell by mode 2027 alone.
                let joins = cell.cols != first_cols || chars.any(|c| width(c) > 0);
                if joins {
                    self.set_graphemes(true);
                }
                self.raw(text.as_bytes());
                self.set_graphemes(false);
            }
        }
    }

    fn char(&mut self, c: char) {
        self.raw(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    pub(super) fn set_graphemes(&mut self, on: bool) {
        if self.graphemes != on {
            self.raw(if on { b"\x1b[?2027h" } else { b"\x1b[?2027l" });
            self.graphemes = on;
        }
    }
}

/// Whether a cell is wide by its first character, and not by what is joined to it.
fn is_wide(cell: &ViewCell<'_>) -> bool {
    let first = match cell.text {
        Text::Char(c) => Some(c),
        Text::Cluster(text) => text.chars().next(),
    };
    first.is_some_and(|c| width(c) == 2)
}

fn is_blank(cell: &ViewCell<'_>) -> bool {
    cell.text == Text::Char(' ') && Look::of(cell) == Look::default()
}
