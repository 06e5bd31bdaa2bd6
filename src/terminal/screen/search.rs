//! Search in the screen and its scrollback, by literal text or regular expression.
//!
//! Rows that wrap into each other are one line. A search is bounded in the rows that it looks at, so
//! that a host can search a long scrollback in slices; the expression engine is linear in the text.

use alacritty_terminal::index::Line;
use regex::RegexBuilder;

use super::model::Model;
use super::rows::{Shown, is_wrapped, marks, shown, shown_len};
use crate::error::{Error, Result};

/// Bytes of a pattern.
const PATTERN_BYTES_MAX: usize = 16 << 10;

/// Memory that a compiled pattern may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Rows of one line that are looked at together; the rest of it counts as a line of its own.
const LINE_ROWS_MAX: usize = 1000;

/// What to search and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Text, or an expression in the syntax of the `regex` crate. At most 16 KiB.
    pub pattern: String,
    /// The pattern is a regular expression.
    pub regex: bool,
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// The first row to look at, or `None` for the oldest one: 0 is the top of the screen, -1 the
    /// newest row of the scrollback.
    pub from: Option<i32>,
    /// Rows to look at, at least 1. Default 10,000.
    pub rows_max: usize,
    /// Matches to find, at least 1. Default 1,000.
    pub matches_max: usize,
}

impl Search {
    /// Searches literal text, everywhere.
    pub fn literal(text: impl Into<String>) -> Self {
        Search {
            pattern: text.into(),
            regex: false,
            ignore_case: false,
            from: None,
            rows_max: 10_000,
            matches_max: 1_000,
        }
    }

    /// Searches a regular expression, everywhere.
    pub fn regex(expression: impl Into<String>) -> Self {
        Search { regex: true, ..Search::literal(expression) }
    }
}

/// A place in the screen or its scrollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Row, as in [`Search::from`].
    pub row: i32,
    /// Column.
    pub col: u16,
}

/// A match: from the first character's column up to, not including, the column after the last one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where it begins.
    pub start: Position,
    /// Where it ends; a match in a wrapped line may end in another row.
    pub end: Position,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// In the order of the text.
    pub matches: Vec<Match>,
    /// Where to go on, when the search was ended by one of its bounds.
    pub next: Option<i32>,
}

pub(super) fn search(model: &Model, search: &Search) -> Result<Matches> {
    if search.pattern.is_empty() || search.pattern.len() > PATTERN_BYTES_MAX {
        return Err(Error::invalid("a search pattern has 1 to 16,384 bytes"));
    }
    let pattern = if search.regex { &search.pattern } else { &regex::escape(&search.pattern) };
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(search.ignore_case)
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| Error::invalid(format!("search pattern: {error}")))?;
    let (top, end) = (-(model.history() as i32), model.rows() as i32);
    let mut row = search.from.unwrap_or(top).clamp(top, end);
    // From the beginning of a line that wraps.
    while row > top && row < end && is_wrapped(&model.grid()[Line(row - 1)]) {
        row -= 1;
    }
    let mut found = Matches::default();
    let mut line = LineText::default();
    let mut looked_at = 0;
    while row < end {
        if looked_at >= search.rows_max.max(1) || found.matches.len() >= search.matches_max.max(1) {
            found.next = Some(row);
            break;
        }
        let next = line.read(model, row, end);
        let matches = regex.find_iter(&line.text).filter(|found| !found.is_empty());
        found.matches.extend(matches.map(|found| line.place(found.start(), found.end())));
        looked_at += (next - row) as usize;
        row = next;
    }
    Ok(found)
}

/// The text of a line, and where its characters are.
#[derive(Default)]
struct LineText {
    text: String,
    /// Of each cell: where its characters begin in the text, its place, its columns.
    cells: Vec<(usize, Position, u16)>,
}

impl LineText {
    /// Reads the line that begins in this row; returns the row after it.
    fn read(&mut self, model: &Model, first: i32, end: i32) -> i32 {
        self.text.clear();
        self.cells.clear();
        let mut line = first;
        loop {
            let row = &model.grid()[Line(line)];
            let wraps = is_wrapped(row) && line + 1 < end && line - first < LINE_ROWS_MAX as i32;
            let len = if wraps { row.len() } else { shown_len(row) };
            for col in 0..len {
                let (c, cols) = match shown(row, col) {
                    Shown::Narrow(c) => (c, 1),
                    Shown::Wide(c) => (c, 2),
                    Shown::Covered => continue,
                };
                let place = Position { row: line, col: col as u16 };
                self.cells.push((self.text.len(), place, cols));
                self.text.push(c);
                self.text.extend(marks(row, col));
            }
            line += 1;
            if !wraps {
                return line;
            }
        }
    }

    /// The places of the cells that hold these bytes.
    fn place(&self, start: usize, end: usize) -> Match {
        let cell_of = |byte: usize| {
            let index = self.cells.partition_point(|(at, ..)| *at <= byte);
            self.cells[index.saturating_sub(1)]
        };
        let (_, last, cols) = cell_of(end - 1);
        Match { start: cell_of(start).1, end: Position { row: last.row, col: last.col + cols } }
    }
}
