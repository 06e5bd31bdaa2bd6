//! The rows of the history: its lines, wrapped at the width at which it is looked at.

use super::History;
use super::block::Block;
use super::line::{LineView, Span};

/// Costs of counting rows, in about a nanosecond of a release build: a block, a line, a byte of a line whose
/// cells are looked at.
const BLOCK_COST: u64 = 20;
const LINE_COST: u64 = 4;
const BYTE_COST: u64 = 2;

/// Costs of printing, in the same: a line, a byte of text, a byte of the list of its runs, of which one for a change of
/// the style has two or more.
const PRINT_COST: u64 = 80;
const PRINT_BYTE_COST: u64 = 2;
const PRINT_RUN_COST: u64 = 30;

/// A row of the view.
#[derive(Clone, Copy)]
pub(crate) struct RowPlace<'a> {
    pub(crate) line: LineView<'a>,
    pub(crate) number: u64,
    pub(crate) span: Span,
    /// The width of the view.
    pub(crate) width: usize,
}

impl RowPlace<'_> {
    /// The line goes on in the next row.
    pub(crate) fn is_wrapped(&self) -> bool {
        self.span.end < self.line.len() || self.line.goes_on
    }

    /// What it costs to read it, in about nanoseconds: its runs are found from the beginning of its line on.
    pub(crate) fn cost(&self) -> u64 {
        let bytes = (self.span.end - self.span.start) as u64;
        let text = if self.line.is_ascii() { bytes / 4 } else { bytes * 2 * PRINT_BYTE_COST };
        PRINT_COST + text + self.line.run_bytes() as u64 * BYTE_COST
    }
}

impl History {
    /// A line by its number.
    pub(crate) fn line(&self, number: u64) -> Option<LineView<'_>> {
        let (block, index) = self.block_of(number)?;
        Some(self.view(block, index, number))
    }

    /// The block of a line, and its place there.
    pub(super) fn block_of(&self, number: u64) -> Option<(&Block, usize)> {
        let block = self.blocks.get(self.block_index(number)?)?;
        Some((block, (number - block.first) as usize))
    }

    fn block_index(&self, number: u64) -> Option<usize> {
        if number < self.first_line || number - self.first_line >= self.lines as u64 {
            return None;
        }
        self.blocks.partition_point(|block| block.first <= number).checked_sub(1)
    }

    pub(super) fn view<'a>(&self, block: &'a Block, index: usize, number: u64) -> LineView<'a> {
        let is_first = number == self.first_line;
        let cut = if is_first { (self.cut.bytes, self.cut.cols) } else { (0, 0) };
        let goes_on = self.is_open && number == self.last_line();
        LineView::new(block, index, cut, goes_on)
    }

    /// Rows of the view: at its width, as far as they are counted, at most as many as it is bounded to.
    pub(crate) fn rows(&self) -> usize {
        self.rows.min(self.rows_max)
    }

    /// The width of the view.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Looks at it in another width. Nothing is counted at that.
    pub(crate) fn set_width(&mut self, width: usize) {
        if width.max(1) != self.width {
            self.width = width.max(1);
            self.rows = 0;
            self.uncounted = self.blocks.len();
            // Rows are pushed into the last block.
            self.count(1);
        }
    }

    /// Whether all rows are counted at the width of the view.
    pub(crate) fn is_counted(&self) -> bool {
        self.uncounted == 0
    }

    /// Counts rows, from the newest block that is not counted on, until it costs about `cost_max`, at least a
    /// block. Gives the cost.
    pub(crate) fn count(&mut self, cost_max: u64) -> u64 {
        let mut cost = 0;
        while self.uncounted > 0 && cost < cost_max {
            let index = self.uncounted - 1;
            let (rows, block_cost) = self.rows_of_block(index);
            cost += block_cost;
            let end_row = self.blocks.get(self.uncounted).map_or(0, |next| next.first_row);
            if let Some(block) = self.blocks.get_mut(index) {
                (block.rows, block.first_row) = (rows, end_row - rows as i64);
            }
            self.rows += rows;
            self.uncounted = index;
        }
        cost
    }

    fn rows_of_block(&self, index: usize) -> (usize, u64) {
        let Some(block) = self.blocks.get(index) else { return (0, 0) };
        let first = if index == 0 { self.front } else { 0 };
        let (mut rows, mut cost) = (0, BLOCK_COST);
        for line in first..block.len() {
            let (line_rows, bytes) = self.rows_of(block, line);
            rows += line_rows;
            cost += LINE_COST + bytes as u64 * BYTE_COST;
        }
        (rows, cost)
    }

    /// Rows of a line of a block, and how many bytes of text had to be looked at.
    #[inline]
    pub(super) fn rows_of(&self, block: &Block, index: usize) -> (usize, usize) {
        let number = block.first + index as u64;
        match block.even_rows(index, self.width) {
            Some(rows) if number != self.first_line => (rows, 0),
            _ => {
                let view = self.view(block, index, number);
                (view.rows(self.width), view.len())
            }
        }
    }

    /// The row behind the newest one, as blocks count them.
    pub(super) fn end_row(&self) -> i64 {
        self.blocks.back().map_or(0, Block::end_row)
    }

    /// The block that a row is in whose rows are counted.
    fn block_of_row(&self, row: i64) -> Option<usize> {
        let (mut low, mut high) = (self.uncounted, self.blocks.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.blocks.get(middle)?.first_row <= row {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1).filter(|index| *index >= self.uncounted)
    }

    /// A row of the view, counted back from the newest one, which is 1.
    pub(crate) fn row(&self, back: usize) -> Option<RowPlace<'_>> {
        if back == 0 || back > self.rows() {
            return None;
        }
        let row = self.end_row() - back as i64;
        let index = self.block_of_row(row)?;
        let block = self.blocks.get(index)?;
        // The row is the first one behind which there are so many rows of the block or more.
        let back = (block.end_row() - row) as usize;
        let first = if index == 0 { self.front } else { 0 };
        let mut below = 0;
        for line in (first..block.len()).rev() {
            let rows = self.rows_of(block, line).0;
            if below + rows >= back {
                let number = block.first + line as u64;
                let view = self.view(block, line, number);
                let span = view.row(self.width, below + rows - back)?;
                return Some(RowPlace { line: view, number, span, width: self.width });
            }
            below += rows;
        }
        None
    }

    /// How many of the newest rows, of at most so many, can be printed for about `cost_max` nanoseconds.
    pub(crate) fn rows_within(&self, count: usize, cost_max: u64) -> usize {
        let count = count.min(self.rows());
        let (mut rows, mut cost) = (0, 0);
        for number in (self.first_line..self.first_line + self.lines as u64).rev() {
            let Some(line) = self.line(number).filter(|_| rows < count) else { break };
            cost += PRINT_COST
                + line.len() as u64 * PRINT_BYTE_COST
                + line.run_bytes() as u64 * PRINT_RUN_COST;
            if cost > cost_max {
                break;
            }
            rows += line.rows(self.width);
        }
        rows.min(count)
    }

    /// The newest rows of the view, so many, from the oldest of them on. Each is found in the time that its cells take.
    pub(crate) fn newest(&self, count: usize) -> impl Iterator<Item = RowPlace<'_>> {
        let first = self.row(count.min(self.rows()));
        let (number, start) = first.map_or((u64::MAX, 0), |row| (row.number, row.span.start));
        let end = self.first_line + self.lines as u64;
        let width = self.width;
        let rows = (number..end).filter_map(|number| Some((number, self.line(number)?)));
        let rows = rows.flat_map(move |(number, line)| {
            line.spans(width).map(move |span| RowPlace { line, number, span, width })
        });
        rows.skip_while(move |row| row.number == number && row.span.start < start)
    }

    /// The rows above one of the view, counted back from the newest one, which is 1, or above the screen, which is 0: from
    /// the lowest up. Each is found in the time that its cells take, but for those of the line that it begins in.
    pub(crate) fn above(&self, back: usize) -> impl Iterator<Item = RowPlace<'_>> {
        let (below, width) = (self.row(back), self.width);
        let end = self.first_line + self.lines as u64;
        let (number, start) = below.map_or((end, 0), |row| (row.number, row.span.start));
        let numbers = (self.first_line..=number).rev();
        let lines = numbers.filter_map(|number| Some((number, self.line(number)?)));
        let rows = lines.flat_map(move |(at, line)| {
            let is_above = move |span: &Span| at != number || span.start < start;
            let spans: Vec<_> = line.spans(width).take_while(is_above).collect();
            spans.into_iter().rev().map(move |span| RowPlace { line, number: at, span, width })
        });
        rows.take(self.rows().saturating_sub(back))
    }

    /// Where a column of a line is in the view: how many rows back, and the column there. `None` for what is
    /// not here or not counted.
    pub(crate) fn place(&self, number: u64, col: usize) -> Option<(usize, usize)> {
        let line = self.line(number)?;
        let (row, col) = line.place(self.width, col.checked_sub(self.base(number))?);
        let index = self.block_index(number).filter(|index| *index >= self.uncounted)?;
        let block = self.blocks.get(index)?;
        let after = (number - block.first) as usize + 1;
        let lines = (after..block.len()).map(|line| self.rows_of(block, line).0);
        let below = line.rows(self.width) - row + lines.sum::<usize>();
        let below = below + (self.end_row() - block.end_row()) as usize;
        (below <= self.rows()).then_some((below, col))
    }

    /// Columns of a line that were cut from its beginning.
    pub(crate) fn base(&self, number: u64) -> usize {
        if number == self.first_line { self.cut.cols + self.cut.gone } else { 0 }
    }
}
