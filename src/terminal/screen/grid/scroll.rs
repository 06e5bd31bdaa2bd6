//! Scrolls: of the region, of lines inserted and deleted, of columns; and what leaves the screen at its top.

use super::super::cells::Cell;
use super::row::ROW_COST;
use super::{Grid, Margins};

/// Where rows go that leave a region at its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    ToHistory,
    /// The same, and the row at the bottom goes on in the one that comes in.
    Wrapping,
    Dropped,
}

/// What a row that goes to the history costs beside its cells.
const PUSH_COST: usize = 64;

impl Grid {
    /// One row down; at the bottom margin the region scrolls (LF, IND).
    pub(crate) fn line_feed(&mut self) {
        self.index(Leaving::ToHistory);
    }

    /// Whether the cursor is in another row than before, or its row has scrolled up.
    pub(super) fn index(&mut self, leaving: Leaving) -> bool {
        let row = self.cursor.row;
        self.cursor.pending_wrap = false;
        if row != self.margins.bottom {
            self.cursor.row = (row + 1).min(self.rows - 1);
            return self.cursor.row != row;
        }
        if self.is_col_in_margins() {
            if self.margins == self.whole() {
                self.scroll_screen(leaving);
            } else {
                self.scroll_region_up(self.margins, 1, leaving);
            }
            return true;
        }
        false
    }

    /// The whole screen scrolls by a row: what most output does, and what [`scroll_region_up`](Self::scroll_region_up)
    /// would do.
    fn scroll_screen(&mut self, leaving: Leaving) {
        let (blank, cols, bottom) = (self.looks().erased, self.cols, self.rows - 1);
        if leaving != Leaving::Wrapping {
            self.part_above(bottom + 1);
        }
        if self.is_alternate {
            self.drop_tag(0);
        } else {
            self.push_row(0);
            self.drop_marks();
        }
        self.charge(if blank == Cell::BLANK { 1 } else { cols });
        let generation = self.changes.clock();
        self.active.rows.rotate_left(1);
        if let Some(row) = self.active.rows.back_mut() {
            row.clear();
            if blank != Cell::BLANK {
                row.fill(cols, 0, cols, blank);
            }
            row.generation = generation;
        }
        self.note_scroll(self.margins, 1);
    }

    /// One row up; at the top margin the region scrolls down (RI).
    pub(crate) fn reverse_index(&mut self) {
        self.cursor.pending_wrap = false;
        if self.cursor.row != self.margins.top {
            self.cursor.row = self.cursor.row.saturating_sub(1);
        } else if self.is_col_in_margins() {
            self.scroll_region_down(self.margins, 1);
        }
    }

    /// Scrolls the region up (SU). The cursor stays.
    pub(crate) fn scroll_up(&mut self, rows: usize) {
        self.scroll_region_up(self.margins, rows, Leaving::ToHistory);
    }

    /// Scrolls the region down (SD). The cursor stays.
    pub(crate) fn scroll_down(&mut self, rows: usize) {
        self.scroll_region_down(self.margins, rows);
    }

    /// Inserts lines at the cursor's, inside the margins; the cursor goes to the left margin.
    pub(crate) fn insert_lines(&mut self, rows: usize) {
        if self.is_row_in_margins() && self.is_col_in_margins() {
            let area = Margins { top: self.cursor.row, ..self.margins };
            self.scroll_region_down(area, rows);
            self.cursor.col = self.margins.left;
            self.cursor.pending_wrap = false;
        }
    }

    /// Deletes lines from the cursor's on, inside the margins; the cursor goes to the left margin.
    pub(crate) fn delete_lines(&mut self, rows: usize) {
        if self.is_row_in_margins() && self.is_col_in_margins() {
            let area = Margins { top: self.cursor.row, ..self.margins };
            self.scroll_region_up(area, rows, Leaving::Dropped);
            self.cursor.col = self.margins.left;
            self.cursor.pending_wrap = false;
        }
    }

    fn is_full_width(&self, area: Margins) -> bool {
        area.left == 0 && area.right + 1 == self.cols
    }

    fn scroll_region_up(&mut self, area: Margins, count: usize, leaving: Leaving) {
        let count = count.min(area.bottom - area.top + 1);
        if count == 0 {
            return;
        }
        if !self.is_full_width(area) {
            return self.move_cells_up(area, count);
        }
        let is_kept = leaving != Leaving::Dropped && area.top == 0 && !self.is_alternate;
        if !is_kept {
            self.part_above(area.top);
        }
        if leaving != Leaving::Wrapping {
            self.part_above(area.bottom + 1);
        }
        self.charge_scroll(area, count);
        for row in area.top..area.top + count {
            if is_kept {
                self.push_row(row);
            } else {
                self.drop_tag(row);
            }
        }
        let blank = self.looks().erased;
        let (cols, rows) = (self.cols, &mut self.active.rows);
        if count == 1 {
            if let Some(row) = rows.remove(area.top) {
                rows.insert(area.bottom, row);
            }
        } else {
            rows.make_contiguous()[area.top..=area.bottom].rotate_left(count);
        }
        let generation = self.changes.clock();
        for row in rows.range_mut(area.bottom + 1 - count..=area.bottom) {
            row.clear();
            row.fill(cols, 0, cols, blank);
            row.generation = generation;
        }
        self.note_scroll(area, count as isize);
        if is_kept {
            self.drop_marks();
        }
    }

    fn scroll_region_down(&mut self, area: Margins, count: usize) {
        let count = count.min(area.bottom - area.top + 1);
        if count == 0 {
            return;
        }
        if !self.is_full_width(area) {
            return self.move_cells_down(area, count);
        }
        self.part_above(area.top);
        self.part_above(area.bottom + 1 - count);
        self.part_above(area.bottom + 1);
        self.charge_scroll(area, count);
        for row in area.bottom + 1 - count..=area.bottom {
            self.drop_tag(row);
        }
        let blank = self.looks().erased;
        let (cols, rows) = (self.cols, &mut self.active.rows);
        if count == 1 {
            if let Some(row) = rows.remove(area.bottom) {
                rows.insert(area.top, row);
            }
        } else {
            rows.make_contiguous()[area.top..=area.bottom].rotate_right(count);
        }
        let generation = self.changes.clock();
        for row in rows.range_mut(area.top..area.top + count) {
            row.clear();
            row.fill(cols, 0, cols, blank);
            row.generation = generation;
        }
        self.note_scroll(area, -(count as isize));
    }

    /// Rows are moved as such: a single one past those at the nearer end, several with all others.
    fn charge_scroll(&mut self, area: Margins, count: usize) {
        let to_end = |row: usize| row.min(self.rows - 1 - row);
        let moved = if count == 1 { to_end(area.top) + to_end(area.bottom) } else { 2 * self.rows };
        let is_colored = self.looks().erased != Cell::BLANK;
        self.charge(2 * moved + if is_colored { count * self.cols } else { count });
    }

    fn note_scroll(&mut self, area: Margins, count: isize) {
        if !self.changes.note_scroll(area.top, area.bottom + 1, count) {
            let generation = self.changes.clock();
            let rows = self.active.rows.range_mut(area.top..=area.bottom);
            rows.for_each(|row| row.generation = generation);
        }
    }

    // Regions that are not as wide as the screen: their cells move, rows stay.

    fn move_cells_up(&mut self, area: Margins, count: usize) {
        self.part_area(area);
        for row in area.top..=area.bottom {
            let from = Some(row + count).filter(|from| *from <= area.bottom);
            self.copy_cells(from, row, area);
        }
    }

    fn move_cells_down(&mut self, area: Margins, count: usize) {
        self.part_area(area);
        for row in (area.top..=area.bottom).rev() {
            let from = row.checked_sub(count).filter(|from| *from >= area.top);
            self.copy_cells(from, row, area);
        }
    }

    /// Prepares rows for a move of cells across the columns of an area: no wide character is cut by its edges,
    /// and none of the rows goes on in another one.
    pub(super) fn part_area(&mut self, area: Margins) {
        self.part_above(area.top);
        for row in area.top..=area.bottom {
            let row = self.row_mut(row);
            row.split(area.left);
            row.split(area.right + 1);
            row.wrapped = false;
        }
    }

    /// Takes the cells of a row's columns over from another row, or erases them.
    fn copy_cells(&mut self, from: Option<usize>, to: usize, area: Margins) {
        let (blank, cols) = (self.looks().erased, self.cols);
        let (left, end) = (area.left, area.right + 1);
        self.charge(ROW_COST + end - left);
        let Some(from) = from else { return self.row_mut(to).fill(cols, left, end, blank) };
        let source = std::mem::take(&mut self.active.rows[from]);
        self.row_mut(to).copy(cols, left, end, &source, left);
        self.active.rows[from] = source;
    }

    // Columns.

    /// One column to the left; at the left margin the region scrolls right (DECBI).
    pub(crate) fn back_index(&mut self) {
        if self.cursor.col == self.margins.left && self.is_row_in_margins() {
            self.shift_columns(self.margins.left, 1, false);
        } else if self.cursor.col != self.margins.left {
            self.cursor.col = self.cursor.col.saturating_sub(1);
        }
        self.cursor.pending_wrap = false;
    }

    /// One column to the right; at the right margin the region scrolls left, and a pending wrap stays pending
    /// (DECFI).
    pub(crate) fn forward_index(&mut self) {
        if self.cursor.col == self.margins.right && self.is_row_in_margins() {
            self.shift_columns(self.margins.left, 1, true);
        } else if self.cursor.col != self.margins.right {
            self.cursor.col = (self.cursor.col + 1).min(self.cols - 1);
            self.cursor.pending_wrap = false;
        }
    }

    /// Scrolls the region left (SL), if the cursor is in it.
    pub(crate) fn scroll_left(&mut self, cols: usize) {
        self.shift_columns(self.margins.left, cols, true);
    }

    /// Scrolls the region right (SR), if the cursor is in it.
    pub(crate) fn scroll_right(&mut self, cols: usize) {
        self.shift_columns(self.margins.left, cols, false);
    }

    /// Inserts columns at the cursor's, in the rows of the region (DECIC).
    pub(crate) fn insert_columns(&mut self, cols: usize) {
        self.shift_columns(self.cursor.col, cols, false);
    }

    /// Deletes columns from the cursor's on, in the rows of the region (DECDC).
    pub(crate) fn delete_columns(&mut self, cols: usize) {
        self.shift_columns(self.cursor.col, cols, true);
    }

    /// The cursor stays, and so does a pending wrap.
    fn shift_columns(&mut self, from: usize, count: usize, to_left: bool) {
        if count == 0 || !self.is_row_in_margins() || !self.is_col_in_margins() {
            return;
        }
        let right = self.margins.right;
        if from == 0 {
            self.part_above(self.margins.top);
        }
        for row in self.margins.top..=self.margins.bottom {
            self.shift_cells(row, from, right, count, to_left);
        }
    }

    /// Moves the cells of a row between two columns to the left or right; blanks come in, and what is moved
    /// out is gone. The row no longer goes on in the next one.
    pub(super) fn shift_cells(
        &mut self,
        row: usize,
        from: usize,
        last: usize,
        count: usize,
        to_left: bool,
    ) {
        let blank = self.looks().erased;
        let cols = self.cols;
        let width = last + 1 - from;
        let count = count.min(width);
        let kept = width - count;
        self.charge(ROW_COST + width);
        let row = self.row_mut(row);
        row.wrapped = false;
        row.split(from);
        row.split(last + 1);
        if to_left {
            row.split(from + count);
            row.shift(cols, from + count, from, kept);
            row.fill(cols, from + kept, last + 1, blank);
        } else {
            row.split(from + kept);
            row.shift(cols, from, from + count, kept);
            row.fill(cols, from, from + count, blank);
        }
    }

    // Leaving.

    /// Puts a copy of a row of the primary screen, which is active, into the history. Its marks go along.
    pub(super) fn push_row(&mut self, row: usize) {
        let len = self.wrapped_len(row);
        self.charge(PUSH_COST + self.active.rows.get(row).map_or(0, |row| row.cells().len()));
        let Some(leaving) = self.active.rows.get(row) else { return };
        if leaving.tag != 0 {
            let at = self.history.next_line();
            self.marks.anchor(leaving.tag, at);
        }
        let union = leaving.union();
        if len == 0 {
            let cells = &leaving.cells()[..leaving.shown_len()];
            return self.history.push(cells, union, false, &self.tables);
        }
        if let Some(cells) = leaving.cells().get(..len) {
            self.history.push(cells, union, true, &self.tables);
        } else {
            let mut cells = leaving.cells().to_vec();
            cells.resize(len, Cell::BLANK);
            self.history.push(&cells, union, true, &self.tables);
        }
    }
}
