//! The history: lines that have left the screen, packed.
//!
//! A line is kept as it was printed, whatever the width: UTF-8 text, runs of styles and links, in blocks (see
//! `block`). Lines have numbers that count up and never change. Rows are a view: lines wrapped at the width at
//! which the history is looked at.
//!
//! - A line whose rest is still on the screen is *open*: the next row that leaves the screen continues it.
//! - The history is bounded in rows at the width at which it is looked at; the oldest row goes first, so the
//!   oldest line may lack its beginning. When the width becomes less, rows beyond the bound are not in the view,
//!   but they stay, and are there again when the width becomes more. The history is bounded in bytes as well.
//! - A line of more than [`LINE_BYTES_MAX`] bytes is kept as several lines; all but the last one say that they
//!   go on.
//! - Rows at a width are counted from the newest block to the oldest, in steps ([`History::count`]). Rows that
//!   are not counted yet are not in the view; a change of the width costs nothing here.

mod block;
mod line;
mod pack;
mod rows;
mod runs;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use self::block::{Block, Numbers};
pub(crate) use self::line::{LineView, Piece, Span};
pub(crate) use self::rows::RowPlace;
use super::cells::{Cell, Tables};

/// Bytes of text and runs of a line that are kept as one line.
const LINE_BYTES_MAX: usize = 16 << 10;

/// Bytes that the history may take: what 100,000 rows of 80 characters take, ten times.
const BYTES_MAX: usize = 128 << 20;

/// Bytes of an empty block that is kept for the next one.
const SPARE_BYTES_MAX: usize = 32 << 10;

/// What was cut from the beginning of the oldest line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cut {
    /// Bytes of its text that are still in the block, and their columns.
    bytes: usize,
    cols: usize,
    /// Columns that are in no block any more.
    gone: usize,
}

/// See the module's documentation.
pub(crate) struct History {
    blocks: VecDeque<Block>,
    /// The block that was dropped last, empty: a history that is full makes new ones of old ones.
    spare: Option<Block>,
    /// The oldest line that is kept, in the first block.
    front: usize,
    cut: Cut,
    lines: usize,
    first_line: u64,
    is_open: bool,
    /// The last row was pushed without its last column, which stayed free for a wide character.
    is_short: bool,
    rows_max: usize,
    bytes_max: usize,
    /// Bytes of all blocks but the last one.
    closed_bytes: usize,
    /// The width of the view, the blocks whose rows are not counted at it, and the rows of the others.
    width: usize,
    uncounted: usize,
    rows: usize,
    numbers: Numbers,
}

impl History {
    /// An empty history of at most so many rows, looked at in this width.
    pub(crate) fn new(rows_max: usize, width: usize) -> Self {
        History {
            blocks: VecDeque::new(),
            spare: None,
            front: 0,
            cut: Cut::default(),
            lines: 0,
            first_line: 0,
            is_open: false,
            is_short: false,
            rows_max,
            bytes_max: BYTES_MAX,
            closed_bytes: 0,
            width: width.max(1),
            uncounted: 0,
            rows: 0,
            numbers: Numbers::default(),
        }
    }

    /// Lines that are kept, an open one included.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    /// The number of the oldest line that is kept.
    pub(crate) fn first_line(&self) -> u64 {
        self.first_line
    }

    /// The number of the line that the screen begins with, and its columns that are here or gone.
    pub(crate) fn next_line(&self) -> (u64, usize) {
        if !self.is_open {
            return (self.first_line + self.lines as u64, 0);
        }
        let (last, base) = (self.last_line(), self.base(self.last_line()));
        (last, base + self.line(last).map_or(0, |line| line.cols()))
    }

    fn last_line(&self) -> u64 {
        self.first_line + (self.lines as u64).saturating_sub(1)
    }

    /// The line at its end goes on in the first row of the screen.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>()
            + self.closed_bytes
            + self.spare.as_ref().map_or(0, Block::bytes)
            + self.blocks.back().map_or(0, Block::bytes)
            + self.numbers.bytes()
    }

    // Adding.

    /// Adds a row. `wrapped`: it goes on in the row that comes next. The cells are all that the row shows, and
    /// all of its columns if it is wrapped, but for one that stayed free for a wide character. `union`:
    /// all their bits, see [`Cell::union`].
    pub(crate) fn push(&mut self, cells: &[Cell], union: u64, wrapped: bool, tables: &Tables) {
        if self.rows_max == 0 && self.lines == 0 {
            return self.pass(cells.len(), wrapped);
        }
        self.add(cells, union, wrapped, tables);
        self.enforce();
    }

    /// Counts a row that is not kept.
    fn pass(&mut self, cols: usize, wrapped: bool) {
        self.is_open = wrapped;
        self.cut.gone = if wrapped { self.cut.gone + cols } else { 0 };
        self.first_line += u64::from(!wrapped);
    }

    /// Adds a row and drops nothing.
    pub(crate) fn add(&mut self, cells: &[Cell], union: u64, wrapped: bool, tables: &Tables) {
        self.prepare(cells);
        // A row that continues a line is a row of the view, too, when it is blank.
        let cells = if self.is_open && cells.is_empty() { &[Cell::BLANK] } else { cells };
        if !self.is_open || self.lines == 0 {
            self.begin_line();
        }
        self.is_open = true;
        if let Some(block) = self.blocks.back_mut() {
            block.add(cells, union, tables, &mut self.numbers);
            block.rows += 1;
        }
        self.rows += 1;
        self.is_short = wrapped && cells.len() < self.width;
        if !wrapped {
            self.end_line(false);
        }
    }

    /// Ends the open line if these cells would make it too long. What [`next_line`](Self::next_line) says
    /// then is where they come.
    pub(crate) fn prepare(&mut self, cells: &[Cell]) {
        let is_long = |block: &Block| block.last_line_bytes() + 2 * cells.len() > LINE_BYTES_MAX;
        if !self.is_open || self.lines == 0 {
            return;
        }
        if self.blocks.back().is_some_and(is_long) {
            self.end_line(true);
        } else if self.is_short && !cells.first().is_some_and(|cell| cell.is_wide()) {
            // The wide character, for which a column stayed free, is not there any more.
            self.is_short = false;
            if let Some(block) = self.blocks.back_mut() {
                block.pad(1);
            }
        }
    }

    fn begin_line(&mut self) {
        if self.blocks.back().is_none_or(Block::is_full) {
            if let Some(last) = self.blocks.back_mut() {
                last.finish();
                self.closed_bytes += last.bytes();
            }
            self.numbers.clear();
            let first = self.first_line + self.lines as u64;
            let mut block = self.spare.take().unwrap_or_default();
            block.first = first;
            block.first_row = self.end_row();
            self.blocks.push_back(block);
        }
        if let Some(block) = self.blocks.back_mut() {
            block.begin();
            self.lines += 1;
        }
    }

    fn end_line(&mut self, joined: bool) {
        if let Some(block) = self.blocks.back_mut().filter(|_| self.lines > 0) {
            block.end(joined);
        } else {
            // All of it is gone.
            self.first_line += 1;
            self.cut = Cut::default();
        }
        (self.is_open, self.is_short) = (false, false);
    }

    /// The row above the screen no longer goes on in the screen.
    pub(crate) fn close(&mut self) {
        if self.is_open {
            self.end_line(false);
        }
    }

    /// The numbers of styles and links in the grid mean something else from now on.
    pub(crate) fn forget_numbers(&mut self) {
        self.numbers.clear();
    }

    // Dropping.

    /// Another bound in rows, from now on.
    pub(crate) fn set_rows_max(&mut self, rows_max: usize) {
        let is_less = rows_max < self.rows_max;
        self.rows_max = rows_max;
        while is_less && self.rows > rows_max && self.lines > 0 {
            if self.uncounted > 0 { self.drop_line() } else { self.drop_row() }
        }
    }

    /// Drops the oldest block of lines, and what is kept for the next one. Whether there was any.
    pub(crate) fn drop_oldest_block(&mut self) -> bool {
        let had_spare = self.spare.take().is_some();
        let (blocks, had_lines) = (self.blocks.len(), self.lines > 0);
        while self.lines > 0 && self.blocks.len() == blocks {
            self.drop_line();
        }
        self.spare = None;
        had_spare || had_lines
    }

    /// Drops a row for one that was added, if there are too many, and lines that take too much memory.
    fn enforce(&mut self) {
        if self.rows > self.rows_max && self.lines > 0 {
            if self.uncounted > 0 { self.drop_line() } else { self.drop_row() }
        }
        while self.lines > 0 && self.bytes() > self.bytes_max {
            self.drop_line();
        }
    }

    /// Drops everything. What goes on in the screen is another line there.
    pub(crate) fn clear(&mut self) {
        let next = self.next_line().0 + u64::from(self.is_open);
        let (rows_max, bytes_max) = (self.rows_max, self.bytes_max);
        *self = History { first_line: next, bytes_max, ..History::new(rows_max, self.width) };
    }

    /// The numbers before this one belong to lines that are gone. Call it while nothing is kept.
    pub(crate) fn skip_to(&mut self, number: u64) {
        if self.lines == 0 {
            self.first_line = self.first_line.max(number);
        }
    }

    /// Drops the oldest row of the view; all rows are counted.
    fn drop_row(&mut self) {
        if self.drop_last_row() {
            return;
        }
        let Some(line) = self.oldest() else { return };
        if line.cols() <= self.width {
            return self.drop_line();
        }
        let span = line.first_span(self.width);
        let has_more = span.end < line.len();
        let Some(block) = self.blocks.front_mut().filter(|_| has_more) else {
            return self.drop_line();
        };
        self.cut.bytes += span.end;
        self.cut.cols += span.cols;
        block.drop_rows(1);
        self.rows -= 1;
    }

    /// The oldest line.
    fn oldest(&self) -> Option<LineView<'_>> {
        let block = self.blocks.front().filter(|_| self.lines > 0)?;
        Some(self.view(block, self.front, self.first_line))
    }

    /// Drops the oldest row if its line ends with it, and another one follows: the usual case.
    fn drop_last_row(&mut self) -> bool {
        let Some(block) = self.blocks.front_mut().filter(|_| self.lines > 1) else { return false };
        if block.cols(self.front) - self.cut.cols > self.width {
            return false;
        }
        self.cut = Cut::default();
        block.drop_rows(1);
        (self.rows, self.lines) = (self.rows - 1, self.lines - 1);
        (self.front, self.first_line) = (self.front + 1, self.first_line + 1);
        if self.front == block.len() {
            self.drop_block();
        }
        true
    }

    fn drop_line(&mut self) {
        let Some(line) = self.oldest() else { return };
        let (rows, cols) = (line.rows(self.width), line.cols() + self.base(self.first_line));
        let is_counted = self.uncounted == 0;
        let Some(block) = self.blocks.front_mut() else { return };
        if is_counted {
            block.drop_rows(rows);
            self.rows -= rows;
        }
        self.front += 1;
        self.lines -= 1;
        let is_rest_open = self.is_open && self.lines == 0;
        self.first_line += u64::from(!is_rest_open);
        self.cut = Cut { gone: if is_rest_open { cols } else { 0 }, ..Cut::default() };
        if self.front == block.len() {
            self.drop_block();
        }
    }

    fn drop_block(&mut self) {
        let Some(mut block) = self.blocks.pop_front() else { return };
        self.front = 0;
        if self.blocks.is_empty() {
            self.numbers.clear();
        } else {
            self.closed_bytes -= block.bytes();
            block.clear();
            self.spare = Some(block).filter(|block| block.bytes() <= SPARE_BYTES_MAX);
        }
        self.uncounted = self.uncounted.saturating_sub(1);
    }

    // Taking back, for a change of size.

    /// Takes lines away from the end, so that line `number` is the last one, and ends before this byte of it;
    /// with 0 it goes as well. What is left of it is open.
    pub(crate) fn truncate(&mut self, number: u64, byte: usize) {
        while self.lines > 0
            && (self.last_line() > number || (byte == 0 && self.last_line() == number))
        {
            self.pop_line();
        }
        (self.is_open, self.is_short) = (false, false);
        if byte == 0 || self.lines == 0 || self.last_line() != number {
            return;
        }
        let width = self.width;
        let Some(line) = self.line(number) else { return };
        let (before, cols) = (line.rows(width), line.col_of(byte));
        let cut = if self.lines == 1 { self.cut } else { Cut::default() };
        let spans = || line.spans(width).take_while(|span| span.start < byte);
        let (after, is_short) =
            (spans().count(), spans().last().is_some_and(|span| span.cols < width));
        let Some(block) = self.blocks.back_mut() else { return };
        block.reopen();
        block.truncate(cut.bytes + byte, cut.cols + cols);
        block.rows = block.rows - before + after;
        self.rows = self.rows - before + after;
        (self.is_open, self.is_short) = (true, is_short);
    }

    fn pop_line(&mut self) {
        let Some(line) = self.line(self.last_line()) else { return };
        let rows = line.rows(self.width);
        let is_counted = self.blocks.len() > self.uncounted;
        let Some(block) = self.blocks.back_mut() else { return };
        block.pop();
        if is_counted {
            block.rows -= rows;
            self.rows -= rows;
        }
        self.lines -= 1;
        let is_empty = block.len() == 0 || self.lines == 0;
        if is_empty {
            self.blocks.pop_back();
            self.closed_bytes -= self.blocks.back().map_or(0, Block::bytes);
            self.uncounted = self.uncounted.min(self.blocks.len());
            self.numbers.clear();
            if self.uncounted == self.blocks.len() {
                // Rows are pushed into the last block.
                self.count(1);
            }
        }
        if self.lines == 0 {
            (self.front, self.cut) = (0, Cut::default());
        }
    }
}

/// Text that was written as such.
fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_else(|_| broken!("lines are text", ""))
}
