//! A row of the screen. Until something is written into it, it has no cells and costs nothing.

use std::ops::Range;

use super::super::cells::Cell;

/// What an operation on a row costs beside its cells.
pub(super) const ROW_COST: usize = 16;

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Row {
    /// None, or as many as the screen has columns.
    cells: Vec<Cell>,
    /// From here on all cells are blank in the default style.
    used: usize,
    /// The union of its cells, or more, if only text was printed since it was blank; else all bits.
    union: u64,
    /// The line goes on in the row below.
    pub(crate) wrapped: bool,
    /// When it changed last.
    pub(crate) generation: u64,
    /// Names the row for its marks; 0 when it has none.
    pub(crate) tag: u32,
}

impl Row {
    /// The cells up to the last one that may show something.
    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells[..self.used]
    }

    pub(crate) fn cell(&self, col: usize) -> Cell {
        self.cells.get(col).copied().unwrap_or(Cell::BLANK)
    }

    /// Columns up to the last cell that shows something.
    pub(crate) fn shown_len(&self) -> usize {
        let blanks = self.cells().iter().rev().take_while(|cell| cell.shows_nothing()).count();
        self.used - blanks
    }

    /// Whether it shows nothing, not even a coloured blank.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells().iter().all(|cell| cell.shows_nothing())
    }

    /// All cells of a screen so wide, to be written up to `end`.
    #[inline]
    pub(crate) fn write(&mut self, cols: usize, end: usize) -> &mut [Cell] {
        if self.cells.len() != cols {
            self.cells.resize(cols, Cell::BLANK);
        }
        self.used = self.used.max(end.min(cols));
        self.union = u64::MAX;
        &mut self.cells
    }

    /// Prints ASCII in this look from a column on; there is room for it.
    #[inline]
    pub(crate) fn print_ascii(&mut self, cols: usize, from: usize, bytes: &[u8], look: Cell) {
        let (end, union) = (from + bytes.len(), self.union | Cell::union_of_ascii(look));
        self.split(from);
        self.split(end);
        look.write_ascii(bytes, &mut self.write(cols, end)[from..end]);
        self.union = union;
    }

    /// The union of its cells, or more bits.
    #[inline]
    pub(crate) fn union(&self) -> u64 {
        if self.union == u64::MAX { Cell::union(self.cells()) } else { self.union }
    }

    /// All cells of a screen so wide. Whoever writes into them calls [`mend`](Self::mend).
    #[inline]
    pub(crate) fn cells_mut(&mut self, cols: usize) -> &mut [Cell] {
        if self.cells.len() != cols {
            self.cells.resize(cols, Cell::BLANK);
        }
        self.union = u64::MAX;
        &mut self.cells
    }

    /// Cells up to `end` have been written into: the second half of a character whose first half was written
    /// over becomes a blank.
    #[inline]
    pub(crate) fn mend(&mut self, end: usize) {
        self.used = self.used.max(end);
        if let Some(cell) = self.cells.get_mut(end).filter(|cell| cell.is_continuation()) {
            *cell = cell.blank().with_ascii(b' ');
        }
    }

    pub(crate) fn set(&mut self, cols: usize, col: usize, cell: Cell) {
        if col < cols && (col < self.used || cell != Cell::BLANK) {
            self.write(cols, col + 1)[col] = cell;
        }
    }

    /// Fills columns, without a look at halves of wide characters.
    pub(crate) fn fill(&mut self, cols: usize, from: usize, to: usize, cell: Cell) {
        let to = if cell == Cell::BLANK { to.min(self.used) } else { to.min(cols) };
        if from < to {
            self.write(cols, to)[from..to].fill(cell);
        }
        if cell == Cell::BLANK && to == self.used {
            self.used = self.used.min(from);
        }
    }

    /// Makes blanks of the halves of a wide character that a cut before this column would part.
    #[inline]
    pub(crate) fn split(&mut self, col: usize) {
        if col > 0 && col < self.used && self.cells[col].is_continuation() {
            self.part(col);
        }
    }

    #[cold]
    fn part(&mut self, col: usize) {
        for half in [col - 1, col] {
            self.cells[half] = self.cells[half].blank().with_ascii(b' ');
        }
    }

    /// Takes cells over from another row, from its column `first` on. Both have been split at their ends.
    pub(crate) fn copy(&mut self, cols: usize, from: usize, to: usize, other: &Row, first: usize) {
        let cells = other.cells().get(first..).unwrap_or_default();
        let cells = cells.get(..to - from).unwrap_or(cells);
        let end = from + cells.len();
        if !cells.is_empty() {
            self.write(cols, end)[from..end].copy_from_slice(cells);
        }
        self.fill(cols, end, to, Cell::BLANK);
    }

    /// A copy of its cells in these columns. Halves of wide characters at the ends become blanks.
    pub(crate) fn part_of(&self, cols: Range<usize>) -> Row {
        let cells = self.cells().get(cols.start..).unwrap_or_default();
        let cells = cells.get(..cols.len()).unwrap_or(cells);
        let mut part =
            Row { cells: cells.to_vec(), used: cells.len(), union: u64::MAX, ..Row::default() };
        if let Some(first) = part.cells.first_mut().filter(|cell| cell.is_continuation()) {
            *first = first.blank().with_ascii(b' ');
        }
        if let Some(last) = part.cells.last_mut().filter(|cell| cell.is_wide()) {
            *last = last.blank().with_ascii(b' ');
        }
        part
    }

    /// Gives cells another style, from the first of these columns on as long as they have the style `from`. Gives
    /// the column behind them.
    pub(crate) fn restyle(
        &mut self,
        width: usize,
        cols: Range<usize>,
        from: u16,
        to: u16,
    ) -> usize {
        let end = if to == 0 { cols.end.min(self.used) } else { cols.end };
        if cols.start >= end {
            return cols.end;
        }
        let cells = &mut self.write(width, end)[cols.start..end];
        let same = cells.iter().take_while(|cell| cell.style() == from).count();
        for cell in &mut cells[..same] {
            *cell = cell.with_style(to);
        }
        cols.start + same
    }

    /// Moves cells inside the row; both ranges have been split at their ends.
    pub(crate) fn shift(&mut self, cols: usize, from: usize, to: usize, count: usize) {
        let count = count.min(cols.saturating_sub(from)).min(cols.saturating_sub(to));
        if count > 0 && from.min(to) < self.used {
            self.write(cols, to + count).copy_within(from..from + count, to);
        }
    }

    /// Blank again, its memory kept for what is written next.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.cells[..self.used].fill(Cell::BLANK);
        (self.used, self.union, self.wrapped, self.tag) = (0, 0, false, 0);
    }

    /// Another width: what does not fit is cut.
    pub(crate) fn set_cols(&mut self, cols: usize) {
        if self.cells.is_empty() {
            return;
        }
        if self.is_blank() && !self.cells().iter().any(|cell| cell.is_written()) {
            (self.cells, self.used) = (Vec::new(), 0);
            return;
        }
        self.split(cols);
        self.cells.resize(cols, Cell::BLANK);
        self.cells.shrink_to_fit();
        self.used = self.used.min(cols);
    }

    /// Gives back memory that nothing is in.
    pub(crate) fn release(&mut self) {
        if self.used == 0 {
            self.cells = Vec::new();
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }

    /// Looks at its invariants.
    #[cfg(test)]
    pub(super) fn check(&self, cols: usize) {
        assert!(self.cells.is_empty() || self.cells.len() == cols);
        assert!(self.used <= self.cells.len());
        assert_eq!(Cell::union(&self.cells) & !self.union, 0);
        assert!(self.cells[self.used..].iter().all(|cell| *cell == Cell::BLANK));
    }
}
