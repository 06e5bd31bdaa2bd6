//! Printing: runs of ASCII go into cells at once, everything else character by character.

use super::super::cells::Cell;
use super::super::cells::{joins, width, width_of_text};
use super::Grid;
use super::scroll::Leaving;

/// Characters that one REP may print: more than a wide row has is of no use and lets a few bytes cost a lot of
/// time.
const REPEAT_MAX: usize = 2048;

/// What a character costs that is printed by itself.
const CHAR_COST: usize = 8;

/// Characters of a cell that take no columns of their own.
const COMBINING_MAX: usize = 16;

/// Bytes of the text of a cell.
const CLUSTER_BYTES_MAX: usize = 80;

impl Grid {
    /// Prints characters, none of them a control character; at least one, and all of them unless the bound of work
    /// is reached. Gives how many these are.
    pub(crate) fn print_chars(&mut self, chars: &[char]) -> usize {
        let mut rest = chars;
        while let Some((first, after)) = rest.split_first() {
            rest = match self.print_run(rest) {
                0 => {
                    self.print_char(*first);
                    after
                }
                printed => rest.get(printed..).unwrap_or(&[]),
            };
            if self.is_spent() {
                break;
            }
        }
        chars.len() - rest.len()
    }

    /// Prints characters that go to where the cursor is and right of it, in this row, and nothing else happens.
    /// Gives how many these are.
    fn print_run(&mut self, chars: &[char]) -> usize {
        if self.modes.insert || self.modes.graphemes || self.cursor.pending_wrap {
            return 0;
        }
        let (look, width_of_row, right) = (self.looks().printed, self.cols, self.right_limit());
        let start = self.cursor.col;
        let row = self.row_mut(self.cursor.row);
        row.split(start);
        let cells = &mut row.cells_mut(width_of_row)[..=right];
        let (mut col, mut printed) = (start, 0);
        for c in chars {
            let cols = width(*c);
            if cols == 0 || col + cols > cells.len() {
                break;
            }
            // The second half first: of a narrow character the only cell is written over at once.
            cells[col + cols - 1] = look.continuation();
            cells[col] = look.with_char(*c, cols);
            (col, printed) = (col + cols, printed + 1);
        }
        if let Some(last) = chars[..printed].last() {
            row.mend(col);
            self.advance(col, right);
            self.last_char = Some(*last);
        }
        printed
    }

    /// Prints characters of 0x20 to 0x7E; all of them or a part, as [`print_chars`](Self::print_chars).
    pub(crate) fn print_ascii(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.cursor.pending_wrap && self.modes.autowrap {
                self.wrap();
            }
            let room = self.right_limit() + 1 - self.cursor.col;
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            if self.modes.insert {
                self.make_room(now.len());
            }
            self.put_ascii(now);
            // Without autowrap all that follows is printed over the last column.
            let is_stuck = self.cursor.pending_wrap && !self.modes.autowrap;
            rest = if is_stuck { &later[later.len().saturating_sub(1)..] } else { later };
            if self.is_spent() {
                break;
            }
        }
        let printed = bytes.len() - rest.len();
        if let Some(last) = bytes[..printed].last() {
            self.last_char = Some(char::from(*last));
        }
        printed
    }

    /// Puts characters into the row of the cursor, from there on; there is room for them.
    #[inline]
    fn put_ascii(&mut self, bytes: &[u8]) {
        let (look, cols, right) = (self.looks().printed, self.cols, self.right_limit());
        let (col, end) = (self.cursor.col, self.cursor.col + bytes.len());
        self.row_mut(self.cursor.row).print_ascii(cols, col, bytes, look);
        self.advance(end, right);
    }

    /// The cursor goes behind what was printed, up to the column `end`.
    #[inline]
    fn advance(&mut self, end: usize, right: usize) {
        if end > right {
            self.cursor.col = right;
            self.cursor.pending_wrap = true;
            if right + 1 == self.cols {
                self.active.rows[self.cursor.row].wrapped = false;
            }
        } else {
            self.cursor.col = end;
        }
    }

    /// The pending wrap happens.
    fn wrap(&mut self) {
        let row = self.cursor.row;
        if self.has_cols_margin() {
            self.index(Leaving::ToHistory);
        } else {
            self.row_mut(row).wrapped = true;
            if !self.index(Leaving::Wrapping) {
                self.row_mut(row).wrapped = false;
            }
        }
        self.cursor.col = self.left_of_wrap();
    }

    fn left_of_wrap(&self) -> usize {
        if self.cursor.col >= self.margins.left { self.margins.left } else { 0 }
    }

    /// In insert mode: what is at the cursor and right of it moves to the right. As in xterm nothing moves where
    /// the cursor is outside of the margins.
    fn make_room(&mut self, cols: usize) {
        if !self.is_col_in_margins() {
            return;
        }
        let (row, col, right) = (self.cursor.row, self.cursor.col, self.right_limit());
        let was_wrapped = self.active.rows[row].wrapped;
        if col + cols <= right {
            self.shift_cells(row, col, right, cols, false);
            self.row_mut(row).wrapped = was_wrapped && right + 1 < self.cols;
        }
    }

    fn print_char(&mut self, c: char) {
        let cols = width(c);
        if cols == 0 {
            return self.combine(c);
        }
        if self.modes.graphemes && self.join(c) {
            return;
        }
        let cell = |look: Cell| look.with_char(c, cols);
        self.put(cell, cols);
        self.last_char = Some(c);
    }

    /// Puts a cell of one or two columns where the cursor is.
    fn put(&mut self, cell: impl Fn(Cell) -> Cell, cols: usize) {
        if self.cursor.pending_wrap && self.modes.autowrap {
            self.wrap();
        }
        let mut right = self.right_limit();
        if self.cursor.col + cols > right + 1 {
            if !self.modes.autowrap || cols > self.widest() {
                self.cursor.pending_wrap = self.modes.autowrap && cols <= self.widest();
                return;
            }
            self.leave_free(right);
            self.wrap();
            right = self.right_limit();
        }
        if self.modes.insert {
            self.make_room(cols);
        }
        let (look, width) = (self.looks().printed, self.cols);
        let (col, end) = (self.cursor.col, self.cursor.col + cols);
        let row = self.row_mut(self.cursor.row);
        row.split(col);
        row.split(end);
        let cells = row.write(width, end);
        cells[col] = cell(look);
        if cols == 2 {
            cells[col + 1] = look.continuation();
        }
        self.advance(end, right);
    }

    /// Columns of the narrowest place that a character may wrap into.
    fn widest(&self) -> usize {
        let left = self.left_of_wrap();
        let right = if left <= self.margins.right { self.margins.right } else { self.cols - 1 };
        right + 1 - left
    }

    /// The last column stays free because a wide character does not fit.
    fn leave_free(&mut self, col: usize) {
        let (blank, cols) = (self.looks().erased, self.cols);
        let row = self.row_mut(self.cursor.row);
        row.split(col);
        row.split(col + 1);
        let is_edge = col + 1 == cols;
        row.set(cols, col, if is_edge { blank.leading() } else { blank });
    }

    // Several characters in one cell.

    /// The column of the character before the cursor, its first one.
    fn col_before(&self) -> usize {
        let col = self.cursor.col - usize::from(!self.cursor.pending_wrap && self.cursor.col > 0);
        col - usize::from(self.active.rows[self.cursor.row].cell(col).is_continuation())
    }

    /// Puts the text of the cell before the cursor into the scratch string. Gives its column.
    fn text_before(&mut self) -> usize {
        let col = self.col_before();
        let cell = self.active.rows[self.cursor.row].cell(col);
        self.scratch.clear();
        if let Some(text) = self.tables.text(cell) {
            text.push_to(&mut self.scratch);
        }
        col
    }

    /// A character without columns of its own joins the cell before the cursor.
    fn combine(&mut self, c: char) {
        let col = self.text_before();
        self.add_to_cell(col, c);
    }

    /// Whether a character with columns belongs to the cell before the cursor; then it is there now.
    fn join(&mut self, c: char) -> bool {
        if self.cursor.col == 0 && !self.cursor.pending_wrap {
            return false;
        }
        let col = self.text_before();
        let joins = joins(&self.scratch, c);
        if joins {
            self.add_to_cell(col, c);
        }
        joins
    }

    /// Adds a character to the text of the cell in this column, which is in the scratch string.
    fn add_to_cell(&mut self, col: usize, c: char) {
        let is_full = self.scratch.len() + c.len_utf8() > CLUSTER_BYTES_MAX
            || self.scratch.chars().count() > COMBINING_MAX;
        if is_full || c.is_control() {
            return;
        }
        self.scratch.push(c);
        let Some(number) = self.grapheme_number() else { return };
        let cell = self.active.rows[self.cursor.row].cell(col);
        let was = if cell.is_wide() { 2 } else { 1 };
        let wanted = if self.modes.graphemes { width_of_text(&self.scratch) } else { was };
        let right = self.right_limit();
        let is_wider = wanted > was && col < right && !self.cursor.pending_wrap;
        let (width, row) = (self.cols, self.cursor.row);
        let row = self.row_mut(row);
        if is_wider {
            row.split(col + 2);
            row.set(width, col + 1, cell.continuation());
        }
        row.set(width, col, cell.with_grapheme(number, if is_wider { 2 } else { was }));
        if is_wider {
            self.advance(col + 2, right);
        }
        std::mem::swap(&mut self.last, &mut self.scratch);
        self.last_char = None;
    }

    /// The number of the text in the scratch string; `None` when there are too many.
    pub(super) fn grapheme_number(&mut self) -> Option<u32> {
        let text = self.scratch.as_str();
        if let Some(number) = self.tables.graphemes.find(text) {
            return Some(number);
        }
        let number = self.tables.graphemes.insert(text.into());
        number.or_else(|| {
            self.tables.graphemes.is_sweep_due().then(|| self.sweep())?;
            self.tables.graphemes.insert(self.scratch.as_str().into())
        })
    }

    /// Prints once more what was printed last (REP).
    pub(crate) fn repeat(&mut self, count: usize) {
        let (bound, text) = (self.begin_repeat(), std::mem::take(&mut self.last));
        let last_char = self.last_char;
        let is_none = last_char.is_none() && text.is_empty();
        let mut left = if is_none { 0 } else { count.min(REPEAT_MAX) };
        while left > 0 && !self.is_spent() {
            match last_char {
                Some(c) => self.print_char(c),
                None => self.put_cluster(&text),
            }
            self.charge(CHAR_COST);
            left -= 1;
        }
        self.end_repeat(bound);
        (self.last, self.last_char) = (text, last_char);
    }

    /// Prints the text of a cell that has several characters.
    fn put_cluster(&mut self, text: &str) {
        // Before there is a number that no cell has, which a sweep would give away.
        self.looks();
        let first = text.chars().next().map_or(1, width).max(1);
        let cols = if self.modes.graphemes { width_of_text(text) } else { first };
        self.scratch.clear();
        self.scratch.push_str(text);
        if let Some(number) = self.grapheme_number() {
            self.put(|look| look.with_grapheme(number, cols), cols);
        }
    }

    /// Prints text as the parser gives it: runs of ASCII, and other characters.
    #[cfg(test)]
    pub(crate) fn print(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(first) = chars.next() {
            let mut run = String::from(first);
            while let Some(c) = chars.next_if(|c| c.is_ascii() == first.is_ascii()) {
                run.push(c);
            }
            if first.is_ascii() {
                self.print_ascii(run.as_bytes());
            } else {
                self.print_chars(&run.chars().collect::<Vec<_>>());
            }
        }
    }

    /// The text of a cell of the screen.
    #[cfg(test)]
    pub(super) fn text_at(&self, row: usize, col: usize) -> Option<super::Text<'_>> {
        self.tables.text(self.active.rows[row].cell(col))
    }
}
