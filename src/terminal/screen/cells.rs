//! What `Term` does not look after in its cells: bounds of rows and regions, wide characters cut in
//! half, the number of combining characters.

use alacritty_terminal::grid::Row;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{CharsetIndex, ClearMode, Handler, StandardCharset};
use unicode_width::UnicodeWidthChar;

use super::model::Model;

/// Combining characters that a cell keeps.
const COMBINING_MAX: usize = 16;

/// Character sets by their number.
const CHARSETS: [CharsetIndex; 4] =
    [CharsetIndex::G0, CharsetIndex::G1, CharsetIndex::G2, CharsetIndex::G3];

impl Model {
    /// Puts a character of one column where `Term` would, in half the time, if nothing special is the
    /// case; whether it did.
    #[inline]
    pub(super) fn put_plain(&mut self, c: char) -> bool {
        #[cfg(test)]
        if super::tests::is_slow() {
            return false;
        }
        let charset = CHARSETS[usize::from(self.record.active_charset & 3)];
        let (cols, inserts) = (self.cols(), self.term.mode().contains(TermMode::INSERT));
        let grid = self.term.grid_mut();
        let cursor = &grid.cursor;
        let point = cursor.point;
        let is_plain = c != '\u{7F}'
            && !inserts
            && !cursor.input_needs_wrap
            && point.column.0 + 1 < cols
            && cursor.template.extra.is_none()
            && cursor.charsets[charset] == StandardCharset::Ascii;
        if !is_plain {
            return false;
        }
        let (fg, bg, flags) = (cursor.template.fg, cursor.template.bg, cursor.template.flags);
        let cell = &mut grid[point.line][point.column];
        let is_wide = cell.flags.intersects(Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER);
        if is_wide || cell.extra.is_some() {
            return false;
        }
        (cell.c, cell.fg, cell.bg, cell.flags) = (c, fg, bg, flags);
        grid.cursor.point.column += 1;
        true
    }

    /// Whether a character may go to the grid: `Term` does not bound how many combining characters a
    /// cell has.
    pub(super) fn fits(&self, c: char) -> bool {
        if c.width() != Some(0) {
            return true;
        }
        let grid = self.term.grid();
        let mut col = grid.cursor.point.column.0;
        if !grid.cursor.input_needs_wrap {
            col = col.saturating_sub(1);
        }
        let row = &grid[grid.cursor.point.line];
        if row[Column(col)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            col = col.saturating_sub(1);
        }
        row[Column(col)].zerowidth().is_none_or(|marks| marks.len() < COMBINING_MAX)
    }

    /// Drops the scrollback, and the rows above the cursor's, which becomes the first. While the alternate
    /// screen is in use, only the scrollback of the other one.
    pub(super) fn clear(&mut self) {
        if self.is_alternate() {
            return self.with_primary(|model| model.term.grid_mut().clear_history());
        }
        let ((top, bottom), above, rows) = (self.record.region, self.cursor_row(), self.rows());
        // With a plain cursor: the rows that come up are plain too.
        let mut cursor = std::mem::take(&mut self.term.grid_mut().cursor);
        self.term.set_scrolling_region(1, Some(rows));
        self.term.scroll_up(above);
        self.term.clear_screen(ClearMode::Saved);
        self.term.set_scrolling_region(top + 1, Some(bottom));
        cursor.point.line = Line(0);
        self.term.grid_mut().cursor = cursor;
    }

    pub(super) fn cursor_row(&self) -> usize {
        self.term.grid().cursor.point.line.0 as usize
    }

    pub(super) fn cursor_col(&self) -> usize {
        self.term.grid().cursor.point.column.0
    }

    /// The row so far above the cursor's; not past the top of a region that the cursor is in or below.
    pub(super) fn row_above(&self, rows: usize) -> usize {
        let (row, (top, _)) = (self.cursor_row(), self.record.region);
        row.saturating_sub(rows).max(if row >= top { top } else { 0 })
    }

    /// The row so far below the cursor's; not past the bottom of a region that the cursor is in or
    /// above.
    pub(super) fn row_below(&self, rows: usize) -> usize {
        let (row, (_, bottom)) = (self.cursor_row(), self.record.region);
        row.saturating_add(rows).min(if row < bottom { bottom } else { self.rows() } - 1)
    }

    /// Moves the cursor to a row of the screen.
    pub(super) fn move_to(&mut self, row: usize, col: usize) {
        let is_relative = self.term.mode().contains(TermMode::ORIGIN);
        let top = if is_relative { self.record.region.0 } else { 0 };
        self.term.goto(row as i32 - top as i32, col);
    }

    /// With origin mode on the cursor is never outside the region.
    pub(super) fn keep_in_region(&mut self) {
        let ((top, bottom), row) = (self.record.region, self.cursor_row());
        if self.term.mode().contains(TermMode::ORIGIN) && !(top..bottom).contains(&row) {
            self.move_to(row.clamp(top, bottom - 1), self.cursor_col());
        }
    }

    pub(super) fn mend_cursor_row(&mut self) {
        let line = self.term.grid().cursor.point.line;
        mend(&mut self.term.grid_mut()[line]);
    }
}

/// Makes blanks of halves of wide characters that lost their other half: `Term` leaves them, and
/// overwrites the wrong cell when it meets one.
pub(super) fn mend(row: &mut Row<Cell>) {
    let cols = row.len();
    for col in 0..cols {
        let flags = row[Column(col)].flags;
        if flags.contains(Flags::WIDE_CHAR) {
            let spacer =
                col + 1 < cols && row[Column(col + 1)].flags.contains(Flags::WIDE_CHAR_SPACER);
            if !spacer {
                row[Column(col)].clear_wide();
            }
        } else if flags.contains(Flags::WIDE_CHAR_SPACER) {
            let wide = col > 0 && row[Column(col - 1)].flags.contains(Flags::WIDE_CHAR);
            if !wide {
                row[Column(col)].flags.remove(Flags::WIDE_CHAR_SPACER);
            }
        } else if flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) && col + 1 < cols {
            // A column that was left free at the edge and is not there any more.
            row[Column(col)].flags.remove(Flags::LEADING_WIDE_CHAR_SPACER);
        }
    }
}
