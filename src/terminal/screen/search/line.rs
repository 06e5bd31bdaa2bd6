//! The text of a line, and where its characters are.
//!
//! A line is read in parts, and up to a bound: what is longer is looked at in pieces. The character before a
//! piece and the one after it are there too, so that boundaries of words and the ends of the line are found
//! right; they are not searched.

use crate::terminal::screen::grid::{Grid, LinePlace, Part};

/// Bytes of text of one line that are looked at together.
pub(super) const LINE_BYTES_MAX: usize = 64 << 10;

/// Rows of one line that are looked at together.
const LINE_ROWS_MAX: usize = 1000;

/// Costs, estimated for a release build: a part that is begun, a cell that is read, bytes that are copied
/// at the cost of one, a byte that is looked at to find the part.
const PART_COST: u64 = 150;
const WALK_COST: u64 = 2;
const CELL_COST: u64 = 20;
const BYTES_AT_ONCE: u64 = 16;

/// Text of a part of the line.
struct Segment {
    start: LinePlace,
    text_start: usize,
    /// Its first column in the list of cells; `None` if each byte is one column.
    first_cell: Option<usize>,
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct LineText {
    text: String,
    segments: Vec<Segment>,
    /// Of each column of the segments that need it: where its cell begins in the text. Both columns of a wide
    /// character have the same.
    cells: Vec<u32>,
    start: usize,
    end: usize,
    next: LinePlace,
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

impl LineText {
    /// Begins to read at a place, which may be inside a line.
    pub(super) fn begin(&mut self, grid: &Grid, at: LinePlace) {
        self.text.clear();
        self.segments.clear();
        self.cells.clear();
        self.rows_read = 0;
        self.next = at;
        if at.col > 0 || at > grid.first_place() {
            grid.push_before(at, &mut self.text);
        }
        self.start = self.text.len();
        self.end = self.start;
    }

    /// Reads on, looks at no more than `rows_left` rows, and at so much as costs about `cost_max`, at least a
    /// part. Gives the cost as well.
    pub(super) fn read(&mut self, grid: &Grid, rows_left: usize, cost_max: u64) -> (Reading, u64) {
        let mut cost = 0;
        while cost < cost_max {
            let rows = rows_left.min(LINE_ROWS_MAX).saturating_sub(self.rows_read);
            let part = grid.part(self.next, rows.max(1));
            let Some(part) =
                part.filter(|part| part.start.line == self.next.line || self.segments.is_empty())
            else {
                // The rest has gone meanwhile.
                return (Reading::Whole, cost);
            };
            let is_out_of_rows = rows == 0 && part.rows > 0;
            if self.text.len() >= LINE_BYTES_MAX || is_out_of_rows {
                self.push_after(&part);
                let is_cut = !is_out_of_rows || self.rows_read < rows_left;
                return (if is_cut { Reading::Cut } else { Reading::NoRows }, cost);
            }
            // The row that it begins in counts, too.
            self.rows_read += part.rows.max(usize::from(self.segments.is_empty()));
            cost += PART_COST + part.walked as u64 * WALK_COST + self.add(&part);
            self.next = part.next;
            if !part.goes_on {
                return (Reading::Whole, cost);
            }
        }
        (Reading::More, cost)
    }

    /// Adds the text of a part. Gives the cost.
    fn add(&mut self, part: &Part<'_>) -> u64 {
        let text_start = self.text.len();
        if let Some(text) = part.ascii() {
            self.segments.push(Segment { start: part.start, text_start, first_cell: None });
            self.text.push_str(text);
            self.end = self.text.len();
            return text.len() as u64 / BYTES_AT_ONCE;
        }
        let first_cell = self.cells.len();
        self.segments.push(Segment { start: part.start, text_start, first_cell: Some(first_cell) });
        let LineText { text, cells, .. } = self;
        part.cells(|cell| {
            cells.extend(std::iter::repeat_n(text.len() as u32, cell.cols));
            cell.text.push_to(text);
        });
        self.end = self.text.len();
        (self.cells.len() - first_cell) as u64 * CELL_COST
    }

    /// Adds the character that comes next, which is not searched.
    fn push_after(&mut self, part: &Part<'_>) {
        let mut is_first = true;
        part.cells(|cell| {
            if std::mem::take(&mut is_first) {
                cell.text.push_to(&mut self.text);
            }
        });
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where what is searched begins and ends.
    pub(super) fn range(&self) -> (usize, usize) {
        (self.start, self.end)
    }

    /// Where the text goes on behind what was read.
    pub(super) fn next(&self) -> LinePlace {
        self.next
    }

    /// Rows that were looked at, parts of rows included.
    pub(super) fn rows_read(&self) -> usize {
        self.rows_read
    }

    /// The place of the character at this byte.
    pub(super) fn place(&self, byte: usize) -> LinePlace {
        self.find(byte, |cells, byte| {
            let after = cells.partition_point(|at| *at as usize <= byte);
            let at = after.checked_sub(1).map(|last| cells[last]);
            at.map_or(0, |at| cells.partition_point(|other| *other < at))
        })
        .unwrap_or(self.next)
    }

    /// The place behind the character that ends before this byte.
    pub(super) fn place_after(&self, byte: usize) -> LinePlace {
        let last = byte.checked_sub(1);
        let place = last.and_then(|last| {
            let behind = |cells: &[u32], byte| cells.partition_point(|at| *at as usize <= byte);
            self.find(last, behind)
        });
        let is_plain =
            last.and_then(|last| self.segment(last)).is_some_and(|s| s.first_cell.is_none());
        place.map_or(self.next, |place| LinePlace {
            col: place.col + usize::from(is_plain),
            ..place
        })
    }

    fn segment(&self, byte: usize) -> Option<&Segment> {
        let index = self.segments.partition_point(|segment| segment.text_start <= byte);
        self.segments.get(index.checked_sub(1)?)
    }

    /// The place of a byte; `col` finds the column among the cells of its segment.
    fn find(&self, byte: usize, col: impl Fn(&[u32], usize) -> usize) -> Option<LinePlace> {
        let index = self.segments.partition_point(|segment| segment.text_start <= byte);
        let segment = self.segments.get(index.checked_sub(1)?)?;
        let Some(first) = segment.first_cell else {
            let col = segment.start.col + byte - segment.text_start;
            return Some(LinePlace { col, ..segment.start });
        };
        let later = self.segments.iter().skip(index).find_map(|next| next.first_cell);
        let cells = self.cells.get(first..later.unwrap_or(self.cells.len()))?;
        Some(LinePlace { col: segment.start.col + col(cells, byte), ..segment.start })
    }
}
