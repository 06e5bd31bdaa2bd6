//! Looking at rows: of the screen, from 0, and of the history, below 0.

use super::row::Row;
use super::{Cell, Grid, LinePlace, Screen, Tables, Text};
use crate::terminal::screen::history::{LineView, Piece, RowPlace};
use crate::terminal::screen::style::{Link, Style};

/// A row, wherever it is.
#[derive(Clone, Copy)]
pub(crate) enum RowView<'a> {
    Screen(&'a Row, &'a Tables),
    History(RowPlace<'a>),
}

/// A cell of a row, with both of its halves if it is wide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ViewCell<'a> {
    pub(crate) col: usize,
    /// Columns, 1 or 2.
    pub(crate) cols: usize,
    pub(crate) text: Text<'a>,
    pub(crate) style: Style,
    pub(crate) link: Option<&'a Link>,
    pub(crate) protected: bool,
    /// A column that stayed free because the wide character behind it did not fit: no part of the line.
    pub(crate) leading: bool,
}

impl<'a> RowView<'a> {
    /// The line goes on in the row below.
    pub(crate) fn is_wrapped(&self) -> bool {
        match self {
            RowView::Screen(row, _) => row.wrapped,
            RowView::History(place) => place.is_wrapped(),
        }
    }

    /// Its cells from the left. Blanks at the end in the default style may be left out.
    pub(crate) fn cells(&self) -> impl Iterator<Item = ViewCell<'a>> + use<'a> {
        let (screen, history) = match *self {
            RowView::Screen(row, tables) => (Some(screen_cells(row, tables)), None),
            RowView::History(place) => (None, Some(history_cells(place))),
        };
        screen.into_iter().flatten().chain(history.into_iter().flatten())
    }

    /// Whether the last column stayed free because a wide character did not fit.
    pub(crate) fn leaves_free(&self, cols: usize) -> bool {
        match self {
            RowView::Screen(row, _) => row.cell(cols - 1).is_leading(),
            RowView::History(_) => {
                self.cells().last().is_none_or(|cell| cell.col + cell.cols < cols)
            }
        }
    }

    /// The cells of a row of the screen with their texts; `None` for a row of the history.
    pub(crate) fn shown_cells(&self) -> Option<impl Iterator<Item = (Cell, Text<'a>)> + use<'a>> {
        let RowView::Screen(row, tables) = *self else { return None };
        let cells = (0..shown_len(row)).map(|col| row.cell(col));
        Some(cells.filter_map(|cell| Some((cell, tables.text(cell)?))))
    }

    /// How such a cell looks.
    pub(crate) fn look(&self, cell: Cell) -> (Style, Option<&'a Link>) {
        match *self {
            RowView::Screen(_, tables) => (tables.style(cell.style()), tables.link(cell.link())),
            RowView::History(_) => Default::default(),
        }
    }

    /// A row of the history in parts that look the same, each as if it were a cell, and whether it is one: of several
    /// characters. `None` for a row of the screen, and where wide characters have no place.
    pub(crate) fn parts(&self) -> Option<impl Iterator<Item = (ViewCell<'a>, bool)> + use<'a>> {
        let RowView::History(RowPlace { line, span, width, .. }) = *self else { return None };
        let parts = line.parts(span.start, span.end).map(move |(bytes, look, cluster)| {
            let text = Text::Cluster(line.slice(bytes.start, bytes.end));
            let (style, link, protected) = (line.style(look), line.link(look), look.protected);
            let cols = cluster.unwrap_or(1);
            let cell = ViewCell { col: 0, cols, text, style, link, protected, leading: false };
            (cell, cluster.is_some())
        });
        (width > 1).then_some(parts)
    }

    /// Adds its text without trailing blanks.
    pub(crate) fn push_text(&self, text: &mut String) {
        let start = text.len();
        self.cells().for_each(|cell| cell.text.push_to(text));
        text.truncate(start + text[start..].trim_end_matches(' ').len());
    }
}

fn screen_cells<'a>(
    row: &'a Row,
    tables: &'a Tables,
) -> impl Iterator<Item = ViewCell<'a>> + use<'a> {
    all_cells(row, tables, 0, shown_len(row))
}

/// The columns of a row up to its last one that shows something; all of one that goes on in the next row.
fn shown_len(row: &Row) -> usize {
    if row.wrapped { row.cells().len() } else { row.shown_len() }
}

/// The cells of a row of the screen between two columns, blanks included.
pub(super) fn all_cells<'a>(
    row: &'a Row,
    tables: &'a Tables,
    from: usize,
    to: usize,
) -> impl Iterator<Item = ViewCell<'a>> + use<'a> {
    (from..to).filter_map(move |col| {
        let cell = row.cell(col);
        Some(ViewCell {
            col,
            cols: if cell.is_wide() { 2 } else { 1 },
            text: tables.text(cell)?,
            style: tables.style(cell.style()),
            link: tables.link(cell.link()),
            protected: cell.is_protected(),
            leading: cell.is_leading(),
        })
    })
}

fn history_cells<'a>(place: RowPlace<'a>) -> impl Iterator<Item = ViewCell<'a>> + use<'a> {
    let line = place.line;
    let mut col = 0;
    let pieces = line.pieces(place.span.start).take_while(move |piece| piece.end <= place.span.end);
    pieces.map(move |piece| {
        let cell = cell_of(&line, piece, col);
        col += piece.cols;
        // A wide character has no place in a single column.
        let fits = cell.cols <= place.width;
        if fits { cell } else { ViewCell { cols: 1, text: Text::Char(' '), ..cell } }
    })
}

/// A piece as a cell in this column.
pub(super) fn cell_of<'a>(line: &LineView<'a>, piece: Piece, col: usize) -> ViewCell<'a> {
    ViewCell {
        col,
        cols: piece.cols,
        text: text_of(line, piece),
        style: line.style(piece.look),
        link: line.link(piece.look),
        protected: piece.look.protected,
        leading: false,
    }
}

/// The text of a piece.
pub(super) fn text_of<'a>(line: &LineView<'a>, piece: Piece) -> Text<'a> {
    if piece.is_cluster {
        return Text::Cluster(line.slice(piece.start, piece.end));
    }
    Text::Char(piece.first)
}

impl Grid {
    pub(super) fn primary(&self) -> &Screen {
        self.other.as_ref().filter(|_| self.is_alternate).unwrap_or(&self.active)
    }

    /// Rows of history above the screen, at its width, as far as they are counted (see
    /// [`count_history`](Self::count_history)); none above the alternate screen.
    pub(crate) fn history_rows(&self) -> usize {
        if self.is_alternate { 0 } else { self.history.rows() }
    }

    /// The number of the oldest line that is kept.
    #[cfg(test)]
    pub(crate) fn first_line(&self) -> u64 {
        self.history.first_line()
    }

    /// Counts rows of history after a change of the width, for about `cost_max` nanoseconds. Gives what it
    /// cost; 0 when all are counted. Rows that are not counted are not in the view.
    pub(crate) fn count_history(&mut self, cost_max: u64) -> u64 {
        self.history.count(cost_max)
    }

    /// How many of the newest rows of the history, of at most so many, can be printed for about `cost_max` nanoseconds.
    pub(crate) fn rows_within(&self, count: usize, cost_max: u64) -> usize {
        self.history.rows_within(count, cost_max)
    }

    /// The newest rows of the history, so many, from the oldest of them on; also while the alternate screen is in use.
    pub(crate) fn newest_rows(&self, count: usize) -> impl Iterator<Item = RowPlace<'_>> {
        self.history.newest(count)
    }

    /// The rows of the history above a row of it, -1 is the newest, or above the screen, 0: from the lowest up; also while
    /// the alternate screen is in use.
    pub(crate) fn history_above(&self, row: i64) -> impl Iterator<Item = RowPlace<'_>> {
        self.history.above(usize::try_from(-row).unwrap_or(0))
    }

    /// The places of the oldest row that is kept and counted, and of the top row of the primary screen.
    pub(crate) fn kept(&self) -> (LinePlace, LinePlace) {
        let oldest = self.history.row(self.history.rows());
        let end = self.primary_start();
        (oldest.map_or(end, |row| self.place_of_row(&row)), end)
    }

    /// Whether all rows of history are counted.
    pub(crate) fn is_history_counted(&self) -> bool {
        self.history.is_counted()
    }

    /// A row of the screen, from 0, or of the history: -1 is the newest.
    pub(crate) fn row(&self, index: i64) -> Option<RowView<'_>> {
        if index >= 0 {
            let row = self.active.rows.get(usize::try_from(index).ok()?)?;
            return Some(RowView::Screen(row, &self.tables));
        }
        let back = usize::try_from(-index).ok().filter(|_| !self.is_alternate)?;
        self.history.row(back).map(RowView::History)
    }

    /// The same of the primary screen, also while the alternate one is in use.
    pub(crate) fn primary_row(&self, index: i64) -> Option<RowView<'_>> {
        if index >= 0 {
            let row = self.primary().rows.get(usize::try_from(index).ok()?)?;
            return Some(RowView::Screen(row, &self.tables));
        }
        self.history.row(usize::try_from(-index).ok()?).map(RowView::History)
    }

    /// A row of the alternate screen while the primary one is in use; `None` when it was not used so far.
    pub(crate) fn hidden_row(&self, index: i64) -> Option<RowView<'_>> {
        let hidden = self.other.as_ref().filter(|_| !self.is_alternate)?;
        let row = hidden.rows.get(usize::try_from(index).ok()?)?;
        Some(RowView::Screen(row, &self.tables))
    }

    /// Whether the alternate screen, while it is not in use, holds anything.
    pub(crate) fn has_hidden(&self) -> bool {
        let hidden = self.other.as_ref().filter(|_| !self.is_alternate);
        hidden.is_some_and(|hidden| {
            hidden.saved.is_some() || hidden.rows.iter().any(|row| !row.is_blank())
        })
    }

    /// Rows of history above the primary screen, also while the alternate one is in use.
    pub(crate) fn primary_history_rows(&self) -> usize {
        self.history.rows()
    }

    /// The number of the line that a row of the primary screen or the history belongs to, and the columns of that line
    /// before the row.
    pub(crate) fn line_of_row(&self, index: i64) -> Option<(u64, usize)> {
        if index >= 0 {
            let at = self.primary_places().nth(usize::try_from(index).ok()?)?;
            return Some((at.line, at.col));
        }
        match self.primary_row(index)? {
            RowView::History(row) => {
                let at = self.place_of_row(&row);
                Some((at.line, at.col))
            }
            RowView::Screen(..) => None,
        }
    }

    /// Columns of a row of the primary screen that goes on in the next one, without one that stayed free for a
    /// wide character; 0 if it does not go on.
    pub(super) fn wrapped_len(&self, row: usize) -> usize {
        self.wrapped_len_of(self.primary(), row)
    }

    /// The row and the column in it of a column of a line; `None` for a line that is gone or does not exist.
    pub(crate) fn row_of_line(&self, line: u64, col: usize) -> Option<(i64, usize)> {
        let (place, start) = (LinePlace { line, col }, self.primary_start());
        if place < start {
            let (back, col) = self.history.place(line, col)?;
            return Some((-(back as i64), col));
        }
        let (row, at) = self.row_in(self.primary(), start, place)?;
        Some((row as i64, col - at.col))
    }
}
