//! The text of a line, and where its characters are in the grid.
//!
//! A line is read in steps, and up to a bound: what is longer is looked at in pieces. The character
//! before a piece and the one after it are there too, so that boundaries of words and the ends of the line
//! are told right; they are not searched.

use alacritty_terminal::grid::Row as ModelRow;
use alacritty_terminal::index::Line as GridLine;
use alacritty_terminal::term::cell::Cell;

use crate::terminal::screen::model::Model;
use crate::terminal::screen::rows::{Shown, is_wrapped, marks, shown, shown_len};

/// Rows of one line that are looked at together.
pub(super) const LINE_ROWS_MAX: usize = 1000;

/// Bytes of text of one line that are looked at together.
pub(super) const LINE_BYTES_MAX: usize = 64 << 10;

/// Costs, estimated for a release build: a row that is begun, a cell of it whose end is looked for, a cell
/// that is read, a byte of it.
const ROW_COST: u64 = 60;
const END_COST: u64 = 1;
const CELL_COST: u64 = 8;
const BYTE_COST: u64 = 1;

/// A cell, its row counted from where the screen was when counting began: such a number stays with its row
/// when rows scroll away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) row: i64,
    pub(super) col: usize,
}

/// The text of one row, or of a part of it.
struct RowText {
    row: i64,
    first_col: usize,
    /// Where it begins in the text, and its first column in the list of cells.
    text_start: usize,
    first_cell: usize,
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct LineText {
    text: String,
    rows: Vec<RowText>,
    /// Of each column: where its cell begins in the text. Both columns of a wide character say the same.
    cells: Vec<u32>,
    start: usize,
    end: usize,
    next: Place,
    rows_read: usize,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// There is more of the line.
    More,
    /// This was the end of the line.
    Whole,
    /// The line goes on, but a bound is reached.
    Cut,
    /// The line goes on, but no more rows may be looked at.
    NoRows,
}

/// The grid with the numbers of its rows.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub(super) model: &'a Model,
    /// What a row's number is more than its place in the grid.
    pub(super) scrolled: i64,
}

impl<'a> Numbered<'a> {
    pub(super) fn top(&self) -> i64 {
        self.scrolled - self.model.history() as i64
    }

    /// The row after the last one.
    pub(super) fn end(&self) -> i64 {
        self.scrolled + self.model.rows() as i64
    }

    fn row(&self, number: i64) -> Option<&'a ModelRow<Cell>> {
        let is_there = number >= self.top() && number < self.end();
        is_there.then(|| &self.model.grid()[GridLine((number - self.scrolled) as i32)])
    }
}

impl LineText {
    /// Begins to read at a place, which may be inside a line.
    pub(super) fn begin(&mut self, grid: Numbered<'_>, at: Place) {
        self.text.clear();
        self.rows.clear();
        self.cells.clear();
        self.rows_read = 0;
        let is_covered = grid
            .row(at.row)
            .is_some_and(|row| at.col < row.len() && shown(row, at.col) == Shown::Covered);
        self.next = Place { col: at.col + usize::from(is_covered), ..at };
        if let Some((row, col)) = before(grid, self.next) {
            push_cell(row, col, &mut self.text);
        }
        self.start = self.text.len();
        self.end = self.start;
    }

    /// Reads on, looks at no more than `rows_left` rows, and at so much as costs about `cost_max`. Gives the
    /// cost as well.
    pub(super) fn read(
        &mut self,
        grid: Numbered<'_>,
        rows_left: usize,
        cost_max: u64,
    ) -> (Reading, u64) {
        let mut cost = 0;
        while cost < cost_max {
            let Some(row) = grid.row(self.next.row) else {
                // It has scrolled out of the history meanwhile.
                self.next = Place { row: self.next.row.max(grid.top()), col: 0 };
                return (Reading::Whole, cost);
            };
            let begins = self.next.col == 0 || self.rows.is_empty();
            if self.text.len() >= LINE_BYTES_MAX || (begins && self.rows_read >= LINE_ROWS_MAX) {
                self.push_after(row);
                return (Reading::Cut, cost);
            }
            if begins && self.rows_read >= rows_left {
                self.push_after(row);
                return (Reading::NoRows, cost);
            }
            self.rows_read += usize::from(begins);
            let wraps = is_wrapped(row) && self.next.row + 1 < grid.end();
            let len = if wraps { row.len() } else { shown_len(row) };
            cost += ROW_COST + row.len() as u64 * END_COST;
            cost += self.read_row(row, len, cost_max.saturating_sub(cost));
            if self.next.col < len {
                continue;
            }
            self.next = Place { row: self.next.row + 1, col: 0 };
            if !wraps {
                return (Reading::Whole, cost);
            }
        }
        (Reading::More, cost)
    }

    /// Reads the cells of a row from the next column on. Gives the cost.
    fn read_row(&mut self, row: &ModelRow<Cell>, len: usize, cost_max: u64) -> u64 {
        let (Place { row: number, col: first_col }, text_start) = (self.next, self.text.len());
        self.rows.push(RowText {
            row: number,
            first_col,
            text_start,
            first_cell: self.cells.len(),
        });
        let mut col = first_col;
        let mut cost = 0;
        while col < len && self.text.len() < LINE_BYTES_MAX && cost <= cost_max {
            let at = self.text.len();
            if shown(row, col) == Shown::Covered {
                self.cells.push(self.cells.last().copied().unwrap_or(at as u32));
            } else {
                self.cells.push(at as u32);
                push_cell(row, col, &mut self.text);
            }
            cost += CELL_COST + (self.text.len() - at) as u64 * BYTE_COST;
            col += 1;
        }
        // The second half of a wide character stays with the first one.
        if col < len && col > first_col && shown(row, col) == Shown::Covered {
            self.cells.push(self.cells.last().copied().unwrap_or(text_start as u32));
            col += 1;
        }
        self.next.col = col;
        self.end = self.text.len();
        cost
    }

    /// Adds the character that comes next, which is not searched.
    fn push_after(&mut self, row: &ModelRow<Cell>) {
        if self.next.col < row.len() {
            push_cell(row, self.next.col, &mut self.text);
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where what is searched begins and ends.
    pub(super) fn range(&self) -> (usize, usize) {
        (self.start, self.end)
    }

    /// Where the text goes on behind what was read.
    pub(super) fn next(&self) -> Place {
        self.next
    }

    /// Rows that were looked at, parts of rows included.
    pub(super) fn rows_read(&self) -> usize {
        self.rows_read
    }

    /// The place of the character at this byte.
    pub(super) fn place(&self, byte: usize) -> Place {
        let Some((row, cells)) = self.row_of(byte) else { return self.next };
        let after = cells.partition_point(|at| *at as usize <= byte);
        let Some(at) = after.checked_sub(1).map(|last| cells[last]) else {
            return Place { row: row.row, col: row.first_col };
        };
        let col = cells.partition_point(|other| *other < at);
        Place { row: row.row, col: row.first_col + col }
    }

    /// The place after the character that ends before this byte, in the row of that character.
    pub(super) fn place_after(&self, byte: usize) -> Place {
        let Some(last) = byte.checked_sub(1) else { return self.next };
        let Some((row, cells)) = self.row_of(last) else { return self.next };
        let col = cells.partition_point(|at| *at as usize <= last);
        Place { row: row.row, col: row.first_col + col }
    }

    fn row_of(&self, byte: usize) -> Option<(&RowText, &[u32])> {
        let index = self.rows.partition_point(|row| row.text_start <= byte).checked_sub(1)?;
        let row = &self.rows[index];
        let end = self.rows.get(index + 1).map_or(self.cells.len(), |next| next.first_cell);
        Some((row, &self.cells[row.first_cell..end]))
    }
}

/// The cell before a place in the same line, the first half of a wide character.
fn before<'a>(grid: Numbered<'a>, at: Place) -> Option<(&'a ModelRow<Cell>, usize)> {
    let (row, end) = if at.col > 0 {
        let row = grid.row(at.row)?;
        (row, at.col.min(row.len()))
    } else {
        let row = grid.row(at.row - 1)?;
        (row, if is_wrapped(row) { row.len() } else { 0 })
    };
    (0..end).rev().take(2).find(|col| shown(row, *col) != Shown::Covered).map(|col| (row, col))
}

/// What a cell shows, with its combining characters.
fn push_cell(row: &ModelRow<Cell>, col: usize, text: &mut String) {
    if let Shown::Narrow(c) | Shown::Wide(c) = shown(row, col) {
        text.push(c);
        text.extend(marks(row, col));
    }
}
