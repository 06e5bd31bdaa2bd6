//! Movements of the cursor. They honour margins and origin mode as xterm does, and end a pending wrap.

use super::{CursorPos, Grid, Margins, Pen, Saved, SavedState};

impl Grid {
    pub(crate) fn cursor(&self) -> CursorPos {
        self.cursor
    }

    fn place(&mut self, row: usize, col: usize) {
        self.cursor = CursorPos { row, col, pending_wrap: false };
    }

    /// The first row and column and the last ones that positions may be in.
    pub(super) fn area(&self) -> Margins {
        if self.modes.origin { self.margins } else { self.whole() }
    }

    /// Margins at the edges of the screen.
    #[inline]
    pub(super) fn whole(&self) -> Margins {
        Margins { top: 0, bottom: self.rows - 1, left: 0, right: self.cols - 1 }
    }

    pub(super) fn is_row_in_margins(&self) -> bool {
        (self.margins.top..=self.margins.bottom).contains(&self.cursor.row)
    }

    pub(super) fn is_col_in_margins(&self) -> bool {
        (self.margins.left..=self.margins.right).contains(&self.cursor.col)
    }

    pub(super) fn has_cols_margin(&self) -> bool {
        self.margins.left > 0 || self.margins.right + 1 < self.cols
    }

    /// With origin mode the position counts from the margins.
    pub(crate) fn goto(&mut self, row: usize, col: usize) {
        let area = self.area();
        let row = row.saturating_add(area.top).min(area.bottom);
        let col = col.saturating_add(area.left).min(area.right);
        self.place(row, col);
    }

    pub(crate) fn goto_row(&mut self, row: usize) {
        let area = self.area();
        self.place(row.saturating_add(area.top).min(area.bottom), self.cursor.col);
    }

    pub(crate) fn goto_col(&mut self, col: usize) {
        let area = self.area();
        self.place(self.cursor.row, col.saturating_add(area.left).min(area.right));
    }

    /// Not past the top margin, from below it.
    pub(crate) fn move_up(&mut self, rows: usize) {
        let top = if self.cursor.row >= self.margins.top { self.margins.top } else { 0 };
        self.place(self.cursor.row.saturating_sub(rows).max(top), self.cursor.col);
    }

    /// Not past the bottom margin, from above it.
    pub(crate) fn move_down(&mut self, rows: usize) {
        let is_above = self.cursor.row <= self.margins.bottom;
        let bottom = if is_above { self.margins.bottom } else { self.rows - 1 };
        self.place(self.cursor.row.saturating_add(rows).min(bottom), self.cursor.col);
    }

    /// Not past the right margin, from the left of it.
    pub(crate) fn move_right(&mut self, cols: usize) {
        self.place(self.cursor.row, self.cursor.col.saturating_add(cols).min(self.right_limit()));
    }

    /// The last column that can be printed into from where the cursor is.
    #[inline]
    pub(super) fn right_limit(&self) -> usize {
        if self.cursor.col <= self.margins.right { self.margins.right } else { self.cols - 1 }
    }

    /// The first column that the cursor gets to from where it is.
    fn left_limit(&self) -> usize {
        if self.cursor.col >= self.margins.left { self.margins.left } else { 0 }
    }

    /// Not past the left margin, from the right of it; with reverse wrap on into the row above, and from the
    /// first one into the last one.
    pub(crate) fn move_left(&mut self, cols: usize) {
        if !(self.modes.reverse_wrap && self.modes.autowrap) {
            let col = self.cursor.col.saturating_sub(cols).max(self.left_limit());
            return self.place(self.cursor.row, col);
        }
        let mut left = self.steps_back(cols);
        if self.cursor.pending_wrap && left > 0 {
            left -= 1;
        }
        let (mut row, mut col) = (self.cursor.row, self.cursor.col);
        if (row, col) == (self.margins.top, self.margins.left) {
            // As in xterm the first cell leads to the last one, and no further at once.
            left = left.min(1);
        }
        while left > 0 {
            self.charge(1);
            let limit = if col >= self.margins.left { self.margins.left } else { 0 };
            let step = left.min(col - limit);
            (col, left) = (col - step, left - step);
            if left > 0 {
                row = if row == self.margins.top {
                    self.margins.bottom
                } else {
                    row.checked_sub(1).unwrap_or(self.rows - 1)
                };
                (col, left) = (self.margins.right, left - 1);
            }
        }
        self.place(row, col);
    }

    /// Fewer steps that lead to the same place: after twice the screen they go round and round in the margins.
    fn steps_back(&self, cols: usize) -> usize {
        let Margins { top, bottom, left, right } = self.margins;
        let (all, round) = (2 * self.rows * self.cols, (bottom - top + 1) * (right - left + 1));
        if cols > all { all + (cols - all) % round } else { cols }
    }

    /// To the first column of a row below.
    pub(crate) fn next_line(&mut self, rows: usize) {
        self.move_down(rows);
        self.carriage_return();
    }

    /// To the first column of a row above.
    pub(crate) fn previous_line(&mut self, rows: usize) {
        self.move_up(rows);
        self.carriage_return();
    }

    /// HPR: only with origin mode bounded by the margin.
    pub(crate) fn move_right_relative(&mut self, cols: usize) {
        let right = self.area().right.max(self.cursor.col);
        self.place(self.cursor.row, self.cursor.col.saturating_add(cols).min(right));
    }

    /// VPR: only with origin mode bounded by the margin.
    pub(crate) fn move_down_relative(&mut self, rows: usize) {
        let bottom = self.area().bottom.max(self.cursor.row);
        self.place(self.cursor.row.saturating_add(rows).min(bottom), self.cursor.col);
    }

    pub(crate) fn backspace(&mut self) {
        self.move_left(1);
    }

    /// To the left margin; from the left of it to the first column, unless origin mode is on.
    pub(crate) fn carriage_return(&mut self) {
        let col = if self.modes.origin { self.margins.left } else { self.left_limit() };
        self.place(self.cursor.row, col);
    }

    // Tab stops.

    /// To a tab stop on the right. A pending wrap stays pending.
    pub(crate) fn tab(&mut self, count: usize) {
        let limit = self.right_limit();
        let (start, mut stops_left) = (self.cursor.col, count);
        while stops_left > 0 && self.cursor.col < limit {
            self.cursor.col = self.tabs.next(self.cursor.col, limit);
            stops_left -= 1;
        }
        self.charge(self.cursor.col - start);
    }

    /// To a tab stop on the left; with origin mode not past the left margin.
    pub(crate) fn back_tab(&mut self, count: usize) {
        let left = self.area().left;
        let mut col = self.cursor.col;
        self.charge(col);
        let mut stops_left = count;
        while stops_left > 0 && col > 0 {
            col = self.tabs.previous(col).unwrap_or(0);
            stops_left -= 1;
        }
        let col = col.max(left.min(self.cursor.col));
        // As with a tab, a pending wrap stays pending.
        self.cursor.col = col;
        self.finish_wrap();
    }

    pub(crate) fn set_tab(&mut self) {
        self.tabs.set(self.cursor.col, true, self.cols);
    }

    pub(crate) fn set_tab_at(&mut self, col: usize) {
        self.tabs.set(col, true, self.cols);
    }

    pub(crate) fn clear_tab(&mut self) {
        self.tabs.set(self.cursor.col, false, self.cols);
    }

    pub(crate) fn clear_tabs(&mut self) {
        self.charge(self.cols);
        self.tabs.every(0, self.cols);
    }

    pub(crate) fn set_tabs_every(&mut self, cols: usize) {
        self.charge(self.cols);
        self.tabs.every(cols.max(1), self.cols);
    }

    /// The columns that have a stop.
    pub(crate) fn tab_stops(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.cols).filter(|col| self.tabs.is_stop(*col))
    }

    // Saving.

    /// Saves position, pen and origin mode for this screen, and what the emulator adds.
    pub(crate) fn save_cursor(&mut self, state: SavedState) {
        let (cursor, pen, origin) = (self.cursor, self.pen, self.modes.origin);
        self.active.saved = Some(Saved { cursor, pen, origin, state });
    }

    /// Restores what was saved for this screen. When nothing was: home, with a plain pen, origin mode off.
    pub(crate) fn restore_cursor(&mut self) -> Option<SavedState> {
        let Some(saved) = self.active.saved else {
            self.set_pen(Pen::default());
            self.set_origin(false);
            return None;
        };
        self.set_pen(saved.pen);
        self.modes.origin = saved.origin;
        let area = self.area();
        let row = saved.cursor.row.clamp(area.top, area.bottom);
        let col = saved.cursor.col.clamp(area.left, area.right);
        self.place(row, col);
        self.cursor.pending_wrap = saved.cursor.pending_wrap;
        self.finish_wrap();
        Some(saved.state)
    }

    /// What is saved for this screen: position, pen, origin mode, and what the emulator added.
    pub(crate) fn saved_cursor(&self) -> Option<(CursorPos, Pen, bool, SavedState)> {
        self.active.saved.map(|saved| (saved.cursor, saved.pen, saved.origin, saved.state))
    }

    /// The same for the primary screen, also while the alternate one is in use.
    pub(crate) fn primary_saved_cursor(&self) -> Option<(CursorPos, Pen, bool, SavedState)> {
        let saved = self.primary().saved;
        saved.map(|saved| (saved.cursor, saved.pen, saved.origin, saved.state))
    }

    /// The same for the alternate screen while the primary one is in use.
    pub(crate) fn hidden_saved_cursor(&self) -> Option<(CursorPos, Pen, bool, SavedState)> {
        let saved =
            self.other.as_ref().filter(|_| !self.is_alternate()).and_then(|other| other.saved);
        saved.map(|saved| (saved.cursor, saved.pen, saved.origin, saved.state))
    }

    // Margins.

    /// Rows that scroll, inclusive. Fewer than two are ignored. The cursor stays.
    pub(crate) fn set_rows_margin(&mut self, top: usize, bottom: usize) {
        let bottom = bottom.min(self.rows - 1);
        if top < bottom {
            (self.margins.top, self.margins.bottom) = (top, bottom);
        }
    }

    /// Columns that scroll, inclusive, if such margins are enabled. Fewer than two are ignored. The cursor
    /// stays.
    pub(crate) fn set_cols_margin(&mut self, left: usize, right: usize) {
        let right = right.min(self.cols - 1);
        if self.modes.cols_margin && left < right {
            (self.margins.left, self.margins.right) = (left, right);
            self.finish_wrap();
        }
    }

    /// A wrap is pending only in the last column that can be printed into.
    pub(super) fn finish_wrap(&mut self) {
        self.cursor.pending_wrap &= self.cursor.col == self.right_limit();
    }

    /// Left and right margins can be set (DECLRMM); without it they are the edges.
    pub(crate) fn enable_cols_margin(&mut self, on: bool) {
        self.modes.cols_margin = on;
        if !on {
            (self.margins.left, self.margins.right) = (0, self.cols - 1);
            self.finish_wrap();
        }
    }
}
