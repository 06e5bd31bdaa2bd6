//! Erasing, and inserting and deleting characters.

use super::super::cells::Cell;
use super::Grid;
use super::row::{ROW_COST, Row};

impl Grid {
    /// A row to be written.
    #[inline]
    pub(super) fn row_mut(&mut self, row: usize) -> &mut Row {
        let generation = self.changes.touch();
        let row = &mut self.active.rows[row];
        row.generation = generation;
        row
    }

    /// The row above no longer goes on in this one. For the top row that is the history's last line.
    pub(super) fn part_above(&mut self, row: usize) {
        if row == 0 {
            if !self.is_alternate {
                self.history.close();
            }
        } else if self.active.rows.get(row - 1).is_some_and(|above| above.wrapped) {
            self.row_mut(row - 1).wrapped = false;
        }
    }

    /// Erases columns of a row, up to, not including, `to`.
    pub(super) fn erase_cells(&mut self, row: usize, from: usize, to: usize, selective: bool) {
        let to = to.min(self.cols);
        if from >= to {
            return;
        }
        let blank = self.looks().erased;
        let cols = self.cols;
        let is_plain = blank == Cell::BLANK;
        let end = if is_plain { to.min(self.active.rows[row].cells().len()) } else { to };
        self.charge(ROW_COST + end.saturating_sub(from));
        if from == 0 {
            self.part_above(row);
        }
        if selective {
            return self.erase_unprotected(row, from, to, blank);
        }
        if from == 0 && to == cols {
            self.drop_tag(row);
        }
        let row = self.row_mut(row);
        row.split(from);
        row.split(to);
        row.fill(cols, from, to, blank);
        if to == cols {
            row.wrapped = false;
        }
    }

    fn erase_unprotected(&mut self, row: usize, from: usize, to: usize, blank: Cell) {
        let cols = self.cols;
        let row = self.row_mut(row);
        if to == cols {
            row.wrapped = false;
        }
        // Both halves of a wide character are protected, or none: a run of cells that are not is erased at once.
        let mut col = from;
        while col < to {
            let is_protected = row.cell(col).is_protected();
            let rest = row.cells().get(col..to.min(row.cells().len())).unwrap_or_default();
            let same = rest.iter().take_while(|cell| cell.is_protected() == is_protected).count();
            let end = if same == rest.len() && !is_protected { to } else { col + same.max(1) };
            if !is_protected {
                row.split(col);
                row.split(end);
                row.fill(cols, col, end, blank);
            }
            col = end;
        }
    }

    /// From the cursor to the end of the screen (ED 0).
    pub(crate) fn erase_below(&mut self, selective: bool) {
        self.erase_to_end(selective);
        for row in self.cursor.row + 1..self.rows {
            self.erase_cells(row, 0, self.cols, selective);
        }
    }

    /// From the beginning of the screen to the cursor (ED 1).
    pub(crate) fn erase_above(&mut self, selective: bool) {
        self.cursor.pending_wrap = false;
        for row in 0..self.cursor.row {
            self.erase_cells(row, 0, self.cols, selective);
        }
        self.erase_to_start(selective);
    }

    /// All of the screen (ED 2). What the primary one showed goes to the history first, unless the erasing is
    /// selective.
    pub(crate) fn erase_all(&mut self, selective: bool) {
        self.cursor.pending_wrap = false;
        if !self.is_alternate && !selective {
            let shown = self.active.rows.iter().rposition(|row| !row.is_blank());
            for row in 0..shown.map_or(0, |last| last + 1) {
                self.push_row(row);
                self.active.rows[row].tag = 0;
            }
            self.history.close();
        }
        for row in 0..self.rows {
            self.erase_cells(row, 0, self.cols, selective);
        }
        self.drop_marks();
    }

    /// From the cursor to the end of its line (EL 0). A pending wrap ends.
    pub(crate) fn erase_to_end(&mut self, selective: bool) {
        self.cursor.pending_wrap = false;
        self.erase_cells(self.cursor.row, self.cursor.col, self.cols, selective);
    }

    /// From the beginning of the line to the cursor (EL 1).
    pub(crate) fn erase_to_start(&mut self, selective: bool) {
        self.cursor.pending_wrap = false;
        self.erase_cells(self.cursor.row, 0, self.cursor.col + 1, selective);
    }

    /// All of the cursor's line (EL 2).
    pub(crate) fn erase_line(&mut self, selective: bool) {
        self.cursor.pending_wrap = false;
        self.erase_cells(self.cursor.row, 0, self.cols, selective);
    }

    /// Drops the history (ED 3).
    pub(crate) fn erase_scrollback(&mut self) {
        self.history.clear();
        self.drop_marks();
        self.changes.touch();
    }

    /// Drops the history, and the rows of the primary screen above the cursor's, which becomes the first. While
    /// the alternate screen is active, only the history.
    pub(crate) fn clear(&mut self) {
        let mut first_line = self.history.next_line().0;
        if !self.is_alternate {
            let at = self.primary_places().nth(self.cursor.row);
            // The rest of a line whose beginning goes is another one.
            first_line = at.map_or(first_line, |at| at.line + u64::from(at.col > 0));
            let (above, generation) = (self.cursor.row, self.changes.touch());
            self.part_above(above);
            self.active.rows.rotate_left(above);
            for (index, row) in self.active.rows.iter_mut().enumerate() {
                if index + above >= self.rows {
                    row.clear();
                }
                row.generation = generation;
            }
            self.cursor.row = 0;
            if self.modes.origin {
                // The cursor is inside of the region then.
                (self.margins.top, self.margins.bottom) = (0, self.rows - 1);
            }
        }
        self.history.close();
        self.erase_scrollback();
        self.history.skip_to(first_line);
    }

    /// So many characters from the cursor on become blanks (ECH). A pending wrap ends.
    pub(crate) fn erase_chars(&mut self, count: usize, selective: bool) {
        self.cursor.pending_wrap = false;
        let col = self.cursor.col;
        self.erase_cells(self.cursor.row, col, col.saturating_add(count), selective);
    }

    /// Blanks come in at the cursor, up to the right margin (ICH). A pending wrap ends.
    pub(crate) fn insert_chars(&mut self, count: usize) {
        self.shift_at_cursor(count, false);
    }

    /// Characters are deleted from the cursor on, blanks come in at the right margin (DCH). A pending wrap
    /// ends.
    pub(crate) fn delete_chars(&mut self, count: usize) {
        self.shift_at_cursor(count, true);
    }

    fn shift_at_cursor(&mut self, count: usize, to_left: bool) {
        self.cursor.pending_wrap = false;
        if self.is_col_in_margins() && count > 0 {
            let (row, col) = (self.cursor.row, self.cursor.col);
            self.shift_cells(row, col, self.margins.right, count, to_left);
        }
    }
}
