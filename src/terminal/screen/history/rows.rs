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
}

impl History {
    /// A line by its number.
    pub(crate) fn line(&self, number: u64) -> Option<LineView<'_>> {
        let (block, index) = self.block_of(number)?;
        Some(self.view(block, index, number))
    }

    /// The block of a line, and its place there.
    pub(super) fn block_of(&self, number: u64) -> Option<(&Block, usize)> {
        if number < self.first_line || number - self.first_line >= self.lines as u64 {
            return None;
        }
        let after = self.blocks.partition_point(|block| block.first <= number);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        Some((block, (number - block.first) as usize))
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
            if let Some(block) = self.blocks.get_mut(index) {
                block.rows = rows;
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

    /// A row of the view, counted back from the newest one, which is 1.
    pub(crate) fn row(&self, back: usize) -> Option<RowPlace<'_>> {
        if back == 0 || back > self.rows() {
            return None;
        }
        // The row is the first one behind which there are so many rows or more.
        let mut below = 0;
        let mut number = self.first_line + self.lines as u64;
        for (index, block) in self.blocks.iter().enumerate().rev() {
            let first = if index == 0 { self.front } else { 0 };
            if below + block.rows < back {
                below += block.rows;
                number -= (block.len() - first) as u64;
                continue;
            }
            for line in (first..block.len()).rev() {
                number -= 1;
                let rows = self.rows_of(block, line).0;
                if below + rows >= back {
                    let view = self.view(block, line, number);
                    let row = below + rows - back;
                    let span = view.row(self.width, row)?;
                    return Some(RowPlace { line: view, number, span, width: self.width });
                }
                below += rows;
            }
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

    /// Where a column of a line is in the view: how many rows back, and the column there. `None` for what is
    /// not here or not counted.
    pub(crate) fn place(&self, number: u64, col: usize) -> Option<(usize, usize)> {
        let line = self.line(number)?;
        let (row, col) = line.place(self.width, col.checked_sub(self.base(number))?);
        let mut below = line.rows(self.width) - row;
        let mut first = self.first_line + self.lines as u64;
        for (index, block) in self.blocks.iter().enumerate().rev() {
            let skipped = if index == 0 { self.front } else { 0 };
            first -= (block.len() - skipped) as u64;
            if number < first {
                below += block.rows;
                continue;
            }
            for other in number + 1..first + (block.len() - skipped) as u64 {
                below += self.rows_of(block, (other - first) as usize + skipped).0;
            }
            break;
        }
        (below <= self.rows()).then_some((below, col))
    }

    /// Columns of a line that were cut from its beginning.
    pub(crate) fn base(&self, number: u64) -> usize {
        if number == self.first_line { self.cut.cols + self.cut.gone } else { 0 }
    }
}
