//! A packed line, and how it is read: cell by cell, or wrapped into rows of a width.

use std::ops::Range;

use super::block::{Block, Entry};
use super::runs::{Look, Runs};
use crate::terminal::screen::cells::width;
use crate::terminal::screen::style::{Link, Style};

/// A line of the history, without what was cut from its beginning.
#[derive(Clone, Copy)]
pub(crate) struct LineView<'a> {
    block: &'a Block,
    entry: Entry,
    text: &'a [u8],
    runs: &'a [u8],
    /// Bytes and columns that were cut from its beginning.
    cut_bytes: usize,
    cut_cols: usize,
    /// What follows it is its continuation.
    pub(crate) goes_on: bool,
}

/// A cell of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Bytes of the line's text.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Columns, 1 or 2.
    pub(crate) cols: usize,
    /// Its first character, and whether it has more of them.
    pub(crate) first: char,
    pub(crate) is_cluster: bool,
    pub(crate) look: Look,
}

/// What a wrapped line has in one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Bytes of the line's text.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Columns of the line before it, and in it.
    pub(crate) first_col: usize,
    pub(crate) cols: usize,
}

impl<'a> LineView<'a> {
    pub(super) fn new(block: &'a Block, index: usize, cut: (usize, usize), goes_on: bool) -> Self {
        let (entry, text, runs) = block.line(index);
        let cut_bytes = cut.0.min(text.len());
        LineView {
            block,
            entry,
            text: &text[cut_bytes..],
            runs,
            cut_bytes,
            cut_cols: cut.1,
            goes_on: goes_on || entry.is_joined(),
        }
    }

    pub(crate) fn text(&self) -> &'a str {
        super::as_text(self.text)
    }

    /// The text between two bytes, where cells begin.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a str {
        super::as_text(self.text.get(from..to).unwrap_or_default())
    }

    /// Bytes of its text.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn cols(&self) -> usize {
        self.entry.cols() - self.cut_cols.min(self.entry.cols())
    }

    /// Each byte is a character in one column.
    pub(crate) fn is_ascii(&self) -> bool {
        self.cols() == self.text.len()
    }

    pub(crate) fn style(&self, look: Look) -> Style {
        self.block.style(look.style)
    }

    pub(crate) fn link(&self, look: Look) -> Option<&'a Link> {
        self.block.link(look.link)
    }

    /// Bytes of the list of its runs.
    pub(super) fn run_bytes(&self) -> usize {
        self.runs.len()
    }

    /// The cells from a byte on, where one begins.
    pub(crate) fn pieces(&self, from: usize) -> Pieces<'a> {
        let mut runs = Runs::new(self.runs);
        runs.skip(self.cut_bytes + from);
        Pieces { text: self.text(), at: from, runs }
    }

    /// The text between two bytes, where cells begin, in parts that look the same: their bytes, and the columns of one that
    /// is a single cell of several characters.
    pub(crate) fn parts(
        &self,
        from: usize,
        to: usize,
    ) -> impl Iterator<Item = (Range<usize>, Look, Option<usize>)> + use<'a> {
        let mut runs = Runs::new(self.runs);
        runs.skip(self.cut_bytes + from);
        let mut at = from;
        std::iter::from_fn(move || {
            let (look, cluster) = runs.current();
            let len = runs.left().min(to - at);
            let part = at..at + len;
            at += len;
            runs.skip(len);
            (len > 0).then_some((part, look, cluster.map(|(_, cols)| cols)))
        })
    }

    /// Its rows at a width, at least one. Each is found in the time that its cells take.
    pub(crate) fn spans(&self, width: usize) -> Spans<'a> {
        let (len, cols) = (self.text.len(), self.cols());
        let whole = (cols <= width).then_some(Span { start: 0, end: len, first_col: 0, cols });
        let pieces = (whole.is_none() && !self.is_ascii()).then(|| self.pieces(0));
        Spans { width: width.max(1), len, whole, pieces, pending: None, next: Some((0, 0)) }
    }

    /// What it has in its first row at a width.
    pub(crate) fn first_span(&self, width: usize) -> Span {
        if self.is_ascii() || self.entry.has_clusters() {
            return self.spans(width).next().unwrap_or_default();
        }
        let mut span = Span::default();
        for c in beginning(self.text, 4 * width.max(1)).chars() {
            let cols = width_of(c);
            if span.cols + cols > width && span.cols > 0 {
                break;
            }
            (span.end, span.cols) = (span.end + c.len_utf8(), span.cols + cols);
        }
        span
    }

    /// Rows that it takes at a width.
    pub(crate) fn rows(&self, width: usize) -> usize {
        if self.is_ascii() {
            return self.text.len().div_ceil(width.max(1)).max(1);
        }
        if self.cols() <= width {
            return 1;
        }
        if self.entry.is_narrow() {
            return self.cols().div_ceil(width.max(1)).max(1);
        }
        if self.entry.has_clusters() {
            return self.spans(width).count();
        }
        rows_of_text(self.text(), width)
    }

    /// One of its rows.
    pub(crate) fn row(&self, width: usize, row: usize) -> Option<Span> {
        if self.is_ascii() {
            let start = row * width.max(1);
            let is_there = start < self.text.len() || row == 0;
            let end = (start + width.max(1)).min(self.text.len());
            return is_there.then(|| Span { start, end, first_col: start, cols: end - start });
        }
        self.spans(width).nth(row)
    }

    /// The row that a column is in, and the column there. A column behind the end of the line is behind the
    /// end of the last row.
    pub(crate) fn place(&self, width: usize, col: usize) -> (usize, usize) {
        let mut last = (0, 0);
        for (row, span) in self.spans(width).enumerate() {
            last = (row, col - span.first_col);
            if col < span.first_col + span.cols {
                break;
            }
        }
        last
    }

    /// The column of the cell that this byte belongs to.
    pub(crate) fn col_of(&self, byte: usize) -> usize {
        if self.is_ascii() {
            return byte;
        }
        let before = self.pieces(0).take_while(|piece| piece.end <= byte);
        before.map(|piece| piece.cols).sum()
    }

    /// The column behind the last cell that begins before this byte.
    pub(crate) fn col_after(&self, byte: usize) -> usize {
        if self.is_ascii() {
            return byte;
        }
        let before = self.pieces(0).take_while(|piece| piece.start < byte);
        before.map(|piece| piece.cols).sum()
    }

    /// The byte at which the first cell at or behind a column begins, looked for from a row on, and its column.
    pub(crate) fn byte_at(&self, from: Span, col: usize) -> (usize, usize) {
        if self.is_ascii() {
            let col = col.min(self.text.len());
            return (col, col);
        }
        let (mut byte, mut at) = (from.start, from.first_col);
        for piece in self.pieces(from.start) {
            if at >= col {
                break;
            }
            (byte, at) = (piece.end, at + piece.cols);
        }
        (byte, at)
    }
}

/// See [`LineView::pieces`].
pub(crate) struct Pieces<'a> {
    text: &'a str,
    at: usize,
    runs: Runs<'a>,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.at;
        let c = self.text.get(start..)?.chars().next()?;
        let (look, cluster) = self.runs.current();
        let (len, cols) = match cluster {
            Some((len, cols)) => (len, cols),
            None => (c.len_utf8(), width(c).max(1)),
        };
        self.at = (start + len).min(self.text.len());
        self.runs.skip(len);
        let is_cluster = self.at > start + c.len_utf8();
        Some(Piece { start, end: self.at, cols, first: c, is_cluster, look })
    }
}

/// See [`LineView::spans`].
pub(crate) struct Spans<'a> {
    width: usize,
    len: usize,
    /// The only row.
    whole: Option<Span>,
    /// `None` for text that needs no look at its cells.
    pieces: Option<Pieces<'a>>,
    /// A cell that did not fit into the row before.
    pending: Option<Piece>,
    /// Where the next row begins, its byte and column.
    next: Option<(usize, usize)>,
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let (start, first_col) = self.next?;
        if self.whole.is_some() {
            self.next = None;
            return self.whole;
        }
        let mut span = Span { start, end: start, first_col, cols: 0 };
        if let Some(pieces) = &mut self.pieces {
            while let Some(piece) = self.pending.take().or_else(|| pieces.next()) {
                if span.cols + piece.cols > self.width && span.cols > 0 {
                    self.pending = Some(piece);
                    break;
                }
                span.end = piece.end;
                span.cols += piece.cols;
            }
        } else {
            span.end = (start + self.width).min(self.len);
            span.cols = span.end - start;
        }
        self.next = (span.end < self.len).then_some((span.end, first_col + span.cols));
        Some(span)
    }
}

fn width_of(c: char) -> usize {
    width(c).max(1)
}

/// At most so many bytes of a text, and its whole first character.
fn beginning(text: &[u8], len_max: usize) -> &str {
    let is_boundary = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let len = (0..=len_max.min(text.len())).rev().find(is_boundary).unwrap_or(0);
    super::as_text(text.get(..len).unwrap_or(&[]))
}

/// Rows that a text takes whose characters are a cell each.
fn rows_of_text(text: &str, row_cols: usize) -> usize {
    let (mut rows, mut cols) = (1, 0);
    for c in text.chars() {
        let wanted = width(c).max(1);
        if cols + wanted > row_cols && cols > 0 {
            (rows, cols) = (rows + 1, 0);
        }
        cols += wanted;
    }
    rows
}
