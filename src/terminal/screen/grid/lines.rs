//! Lines of the history and the screen, read in parts: for search.
//!
//! A place is a line's number and the columns of the line before it. It stays with its text when rows scroll
//! away and when the width changes. Lines of the alternate screen are numbered from 0 and have no history.

use super::geometry::LinePlace;
use super::{Grid, Screen, ViewCell};
use crate::terminal::screen::history::{History, LineView, RowPlace, Span};

/// A part of a line: several rows of the history, or one of the screen.
pub(crate) struct Part<'a> {
    grid: &'a Grid,
    source: Source<'a>,
    /// Where it begins.
    pub(crate) start: LinePlace,
    /// Where the line goes on, or the next one begins.
    pub(crate) next: LinePlace,
    /// The line goes on there.
    pub(crate) goes_on: bool,
    /// Rows that begin in it, at the present width.
    pub(crate) rows: usize,
    /// Bytes and cells that had to be looked at to find it.
    pub(crate) walked: usize,
}

/// Columns of a part, but for one that is a row of the history.
const PART_COLS: usize = 16 << 10;

enum Source<'a> {
    /// From and to which byte of the line.
    History(LineView<'a>, usize, usize),
    /// The row of the screen, its first column, and the columns that belong to the line.
    Screen(usize, usize, usize),
}

impl<'a> Part<'a> {
    /// Its text, if each byte is one column.
    pub(crate) fn ascii(&self) -> Option<&'a str> {
        match self.source {
            Source::History(line, from, to) if line.is_ascii() => Some(line.slice(from, to)),
            _ => None,
        }
    }

    /// Calls `each` with its cells. Blanks count as cells up to the last one that belongs to the line.
    pub(crate) fn cells(&self, mut each: impl FnMut(ViewCell<'a>)) {
        match self.source {
            Source::History(line, from, to) => {
                let pieces = line.pieces(from).take_while(|piece| piece.end <= to);
                pieces.for_each(|piece| each(super::view::cell_of(&line, piece, 0)));
            }
            Source::Screen(row, first, len) => {
                let row = &self.grid.active.rows[row];
                super::view::all_cells(row, &self.grid.tables, first, len).for_each(each);
            }
        }
    }
}

impl Grid {
    /// The line that the active screen begins with, and its columns before the screen.
    fn screen_start(&self) -> LinePlace {
        if self.is_alternate { LinePlace::default() } else { self.primary_start() }
    }

    /// The oldest place.
    pub(crate) fn first_place(&self) -> LinePlace {
        let line = self.history.first_line();
        match self.is_alternate {
            true => LinePlace::default(),
            false => LinePlace { line, col: self.history.base(line) },
        }
    }

    /// Numbers the lines of this grid, which is empty, so that none has the number of a line of the other one.
    pub(crate) fn number_lines_after(&mut self, other: &Grid) {
        let history = &other.history;
        let used = history.lines() as u64 + other.rows as u64;
        self.history.skip_to(history.first_line() + used);
    }

    /// Whether places stay: those of the primary screen and the history do.
    pub(crate) fn has_line_numbers(&self) -> bool {
        !self.is_alternate
    }

    /// What is equal: the same screen is active, and its lines have the same numbers.
    pub(crate) fn lines_epoch(&self) -> u64 {
        self.lines_epoch
    }

    /// The row of the active screen that a place is in, and the place at which the row begins; for a place
    /// behind the end of its line that line's last row.
    fn screen_row(&self, place: LinePlace) -> Option<(usize, LinePlace)> {
        self.row_in(&self.active, self.screen_start(), place)
    }

    /// The same for either screen, whose first row begins at a place.
    pub(super) fn row_in(
        &self,
        screen: &Screen,
        start: LinePlace,
        place: LinePlace,
    ) -> Option<(usize, LinePlace)> {
        self.places_in(screen, start).enumerate().find(|(row, at)| {
            let len = self.wrapped_len_of(screen, *row);
            let is_last = len == 0 || row + 1 == self.rows;
            at.line == place.line && (place.col < at.col + len || is_last)
        })
    }

    /// The places at which the rows of the active screen begin.
    pub(crate) fn places(&self) -> impl Iterator<Item = LinePlace> {
        self.places_in(&self.active, self.screen_start())
    }

    /// The places at which the rows of the primary screen begin.
    pub(crate) fn primary_places(&self) -> impl Iterator<Item = LinePlace> {
        self.places_in(self.primary(), self.primary_start())
    }

    /// The line that the primary screen begins with, and its columns before the screen.
    pub(super) fn primary_start(&self) -> LinePlace {
        let (line, col) = self.history.next_line();
        LinePlace { line, col }
    }

    /// The place at which a row of the history begins.
    pub(crate) fn place_of_row(&self, row: &RowPlace<'_>) -> LinePlace {
        let base = self.history.base(row.number);
        LinePlace { line: row.number, col: base + row.span.first_col }
    }

    fn places_in<'a>(
        &'a self,
        screen: &'a Screen,
        start: LinePlace,
    ) -> impl Iterator<Item = LinePlace> + use<'a> {
        (0..self.rows).scan(start, |at, row| {
            let place = *at;
            *at = match self.wrapped_len_of(screen, row) {
                0 => LinePlace { line: at.line + 1, col: 0 },
                len => LinePlace { col: at.col + len, ..place },
            };
            Some(place)
        })
    }

    /// The place of a column of a row, as rows are numbered for [`row`](Self::row).
    pub(crate) fn place_of(&self, row: i64, col: usize) -> Option<LinePlace> {
        if row < 0 {
            let (line, first) = self.line_of_row(row).filter(|_| !self.is_alternate)?;
            return Some(LinePlace { line, col: first + col });
        }
        let row = usize::try_from(row).ok().filter(|row| *row < self.rows)?;
        let at = self.places().nth(row)?;
        Some(LinePlace { col: at.col + col, ..at })
    }

    /// The row and the column there of a place; `None` for what is gone, or not counted at this width.
    pub(crate) fn position_of(&self, place: LinePlace) -> Option<(i64, usize)> {
        if place >= self.screen_start() {
            let (row, at) = self.screen_row(place)?;
            return Some((row as i64, place.col - at.col));
        }
        let (back, col) = self.history.place(place.line, place.col)?;
        Some((-(back as i64), col))
    }

    /// Whether there is no line at a place or behind it.
    pub(crate) fn is_behind(&self, place: LinePlace) -> bool {
        if place >= self.screen_start() {
            return self.screen_row(place).is_none();
        }
        self.history.line(place.line).is_none()
    }

    /// The part of a line from a place on, of at most so many rows; `None` behind the last line. In the middle
    /// of a wide character it begins behind that.
    pub(crate) fn part(&self, place: LinePlace, rows_max: usize) -> Option<Part<'_>> {
        if place >= self.screen_start() {
            return self.screen_part(place);
        }
        let line = self.history.line(place.line)?;
        let base = self.history.base(place.line);
        let width = self.history.width();
        let whole = Span { start: 0, end: line.len(), first_col: 0, cols: line.cols() };
        let rows_max = rows_max.min(PART_COLS / width).max(1);
        let is_row = line.cols() <= width;
        let (first, mut span, mut rows) = match is_row {
            true => (whole, whole, 1),
            false => find_spans(&line, width, place.col.saturating_sub(base), rows_max),
        };
        let skip = place.col.saturating_sub(base).max(first.first_col);
        let (from, first_col) = line.byte_at(first, skip);
        rows -= usize::from(first_col > first.first_col);
        if span.first_col + span.cols - first_col > PART_COLS {
            let at = Span { start: from, first_col, ..span };
            let (end, end_col) = line.byte_at(at, first_col + PART_COLS);
            span = Span { end, cols: end_col - span.first_col, ..span };
        }
        let is_easy = line.is_ascii() || (is_row && from == 0);
        let walked = if is_easy { rows } else { line.len() };
        let is_cut = span.end < line.len();
        let next = if is_cut {
            LinePlace { line: place.line, col: base + span.first_col + span.cols }
        } else if self.is_open_end(place.line) {
            self.screen_start()
        } else {
            LinePlace { line: place.line + 1, col: 0 }
        };
        Some(Part {
            grid: self,
            source: Source::History(line, from, span.end.max(from)),
            start: LinePlace { line: place.line, col: base + first_col },
            next,
            goes_on: is_cut || line.goes_on,
            rows,
            walked,
        })
    }

    fn is_open_end(&self, line: u64) -> bool {
        let history: &History = &self.history;
        history.is_open() && history.next_line().0 == line
    }

    fn screen_part(&self, place: LinePlace) -> Option<Part<'_>> {
        let (row, at) = self.screen_row(place)?;
        let cells = &self.active.rows[row];
        let wrapped = self.wrapped_len_of(&self.active, row);
        let is_last = row + 1 == self.rows;
        let len = if wrapped > 0 { wrapped } else { cells.shown_len() };
        let mut first = (place.col - at.col).min(len);
        first += usize::from(cells.cell(first).is_continuation());
        let mut end = len.min(first + PART_COLS);
        end += usize::from(end < len && cells.cell(end).is_continuation());
        let goes_on = end < len || (wrapped > 0 && !is_last);
        let next = if goes_on {
            LinePlace { col: at.col + end, ..at }
        } else {
            LinePlace { line: at.line + 1, col: 0 }
        };
        Some(Part {
            grid: self,
            source: Source::Screen(row, first, end),
            start: LinePlace { col: at.col + first, ..at },
            next,
            goes_on,
            rows: usize::from(first == 0),
            walked: self.rows,
        })
    }

    /// Adds the character before a place in its line to a text, with those that combine with it.
    pub(crate) fn push_before(&self, place: LinePlace, text: &mut String) {
        let screen = self.screen_start();
        if place >= screen && !(place == screen && place.col > 0) {
            let Some((row, at)) = place
                .col
                .checked_sub(1)
                .and_then(|col| self.screen_row(LinePlace { col, ..place }))
            else {
                return;
            };
            let row = &self.active.rows[row];
            let mut col = (place.col - 1 - at.col).min(self.cols - 1);
            col -= usize::from(row.cell(col).is_continuation());
            if let Some(shown) = self.tables.text(row.cell(col)) {
                shown.push_to(text);
            }
            return;
        }
        let mut number = place.line;
        let mut col = place.col.saturating_sub(self.history.base(number));
        let is_joined = |line: u64| self.history.line(line).is_some_and(|line| line.goes_on);
        if col == 0 && number > 0 && is_joined(number - 1) {
            (number, col) = (number - 1, usize::MAX);
        }
        let Some(line) = self.history.line(number) else { return };
        let mut before = 0;
        let pieces = line.pieces(0).take_while(|piece| {
            before += piece.cols;
            before <= col
        });
        if let Some(last) = pieces.last() {
            super::view::text_of(&line, last).push_to(text);
        }
    }

    /// Lines of history that can be searched at once.
    pub(crate) fn packed(&self) -> Option<&History> {
        (!self.is_alternate).then_some(&self.history)
    }

    /// See [`Grid::wrapped_len`], for either screen.
    pub(super) fn wrapped_len_of(&self, screen: &Screen, row: usize) -> usize {
        let rows = &screen.rows;
        let Some(wrapped) = rows.get(row).filter(|row| row.wrapped) else { return 0 };
        // Below the last row there is what is about to come in.
        let is_wide = rows.get(row + 1).is_none_or(|next| next.cell(0).is_wide());
        self.cols - usize::from(is_wide && wrapped.cell(self.cols - 1).is_leading())
    }
}

/// The row of a line that a column is in, or the last one, and the last of so many rows from there on; and how
/// many these are.
fn find_spans(
    line: &LineView<'_>,
    width: usize,
    col: usize,
    rows_max: usize,
) -> (Span, Span, usize) {
    let mut spans = line.spans(width).peekable();
    let mut first = Span::default();
    while let Some(span) = spans.next() {
        first = span;
        if span.first_col + span.cols > col || spans.peek().is_none() {
            break;
        }
    }
    let (mut last, mut rows) = (first, 1);
    for span in spans.take(rows_max.max(1) - 1) {
        (last, rows) = (span, rows + 1);
    }
    (first, last, rows)
}
