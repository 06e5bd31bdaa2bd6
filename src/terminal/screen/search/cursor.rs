//! A search under way in the lines of a screen.
//!
//! Between two steps the screen may change. Lines are searched as they are when the search reads them. Places
//! are lines and columns, which stay when rows scroll away and when the width changes; what has left the
//! history is not searched and not reported. When the other screen becomes active, the search begins anew, a
//! few times.
//!
//! Plain text is looked for in all lines of a block of the history at once; everything else, and what goes on
//! from one line into another, line by line.

use std::rc::Rc;

use memchr::memmem;

use super::finder::{Finder, Haystack, Step};
use super::line::{LineText, Reading};
use super::pattern::{Kind, Pattern};
use super::{Match, Matches, Position, Search};
use crate::terminal::screen::Screen;
use crate::terminal::screen::grid::{Grid, LinePlace};
use crate::terminal::screen::position::LinePosition;

/// About what a step may cost, in nanoseconds.
const STEP_COST: u64 = 200_000;

/// What a step costs at least, so that no number of empty lines is free.
const STEP_COST_MIN: u64 = 100;

/// Costs of looking through a block: bytes at the cost of one, a row, a match.
const BYTES_AT_ONCE: u64 = 8;
const ROW_COST: u64 = 4;
const MATCH_COST: u64 = 60;

/// Bytes of a line that is not of ASCII, above which a match in it is looked for line by line.
const LINE_BYTES: usize = 512;

/// Times that a search begins anew.
const RESTARTS_MAX: u32 = 3;

/// The memory that a search needs while it is inside a line.
#[derive(Default)]
pub(crate) struct Scratch {
    line: LineText,
    finder: Finder,
}

/// Where a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between two lines.
    Between,
    /// A line is being read.
    Reading,
    /// Matches are being found in what was read. More rows may be looked at, or not.
    Finding { is_last: bool },
    /// There is nothing more to find, or a bound is reached.
    Done { is_complete: bool },
}

/// See the module's documentation.
pub(crate) struct SearchCursor {
    pattern: Rc<Pattern>,
    from: Option<(i32, u16)>,
    from_line: Option<LinePosition>,
    rows_left: usize,
    matches_max: usize,
    phase: Phase,
    /// Where it goes on.
    at: LinePlace,
    /// No line was looked at so far.
    is_first: bool,
    found: Vec<(LinePlace, LinePlace)>,
    /// Which lines there were when it began; `None` before.
    epoch: Option<u64>,
    restarts: u32,
}

impl SearchCursor {
    pub(crate) fn new(search: &Search, pattern: Rc<Pattern>) -> Self {
        SearchCursor {
            pattern,
            from: search.from.map(|row| (row, search.from_col)),
            from_line: search.from_line,
            rows_left: search.rows_max.max(1),
            matches_max: search.matches_max.max(1),
            phase: Phase::Between,
            at: LinePlace::default(),
            is_first: true,
            found: Vec::new(),
            epoch: None,
            restarts: 0,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done { .. })
    }

    /// Whether it is inside a line, and needs its scratch again as it left it.
    pub(crate) fn keeps_scratch(&self) -> bool {
        matches!(self.phase, Phase::Reading | Phase::Finding { .. })
    }

    /// Whether something was looked at that need not be looked at again.
    pub(crate) fn has_advanced(&self) -> bool {
        !self.is_first
    }

    /// Searches on. Gives the cost, about [`STEP_COST`] at most.
    pub(crate) fn step(&mut self, screen: &Screen, scratch: &mut Scratch) -> u64 {
        self.step_in(screen.grid(), scratch)
    }

    /// The same in a grid.
    pub(crate) fn step_in(&mut self, grid: &Grid, scratch: &mut Scratch) -> u64 {
        self.notice_changes(grid);
        let mut cost = STEP_COST_MIN;
        while cost < STEP_COST && !self.is_done() {
            if cost > STEP_COST / 2 && self.phase == Phase::Between {
                // A good place to make room for another search.
                break;
            }
            let left = STEP_COST - cost;
            cost += match self.phase {
                Phase::Between => self.begin_line(grid, scratch),
                Phase::Reading => self.read(grid, scratch, left),
                Phase::Finding { is_last } => self.find(grid, scratch, left, is_last),
                Phase::Done { .. } => 0,
            };
        }
        cost
    }

    /// Begins, or begins anew when there are other lines.
    fn notice_changes(&mut self, grid: &Grid) {
        let epoch = grid.lines_epoch();
        if self.epoch == Some(epoch) || self.is_done() {
            return;
        }
        if self.epoch.replace(epoch).is_some() {
            self.restarts += 1;
        }
        let first = grid.first_place();
        let from_line = self.from_line.filter(|_| grid.has_line_numbers()).map(LinePlace::from);
        let at = self.from.and_then(|(row, col)| grid.place_of(row.into(), usize::from(col)));
        let is_behind = match from_line {
            Some(place) => grid.is_behind(place.max(first)),
            None => self.from.is_some_and(|(row, _)| row >= grid.rows() as i32),
        };
        self.at = from_line.or(at).map_or(first, |at| at.max(first));
        self.found.clear();
        self.is_first = true;
        self.phase = match self.restarts > RESTARTS_MAX {
            true => Phase::Done { is_complete: false },
            false if is_behind => Phase::Done { is_complete: true },
            false => Phase::Between,
        };
    }

    fn begin_line(&mut self, grid: &Grid, scratch: &mut Scratch) -> u64 {
        self.at = self.at.max(grid.first_place());
        if grid.is_behind(self.at) {
            self.phase = Phase::Done { is_complete: true };
        } else if self.rows_left == 0 || self.found.len() >= self.matches_max {
            self.phase = Phase::Done { is_complete: false };
        } else if let Some(cost) = self.scan(grid) {
            return cost;
        } else {
            scratch.line.begin(grid, self.at);
            self.phase = Phase::Reading;
        }
        0
    }

    /// Looks for plain text in all lines of a block from here on. Gives the cost; `None` if that cannot be done
    /// here.
    fn scan(&mut self, grid: &Grid) -> Option<u64> {
        let pattern = Rc::clone(&self.pattern);
        let Kind::Text(finder) = &pattern.kind else { return None };
        let history = grid.packed().filter(|_| !finder.needle().contains(&b'\n'))?;
        if self.at.col != history.base(self.at.line) {
            return None;
        }
        let stretch = history.stretch(self.at.line, self.rows_left)?;
        let mut cost = stretch.rows as u64 * ROW_COST;
        let mut from = 0;
        while let Some(at) = find_from(finder, stretch.text, from) {
            let (line, view, byte) = stretch.line_at(at);
            if !view.is_ascii() && view.len() > LINE_BYTES {
                if line == self.at.line {
                    return None;
                }
                return Some(self.stop_scan(grid, line, 0, cost));
            }
            let base = history.base(line);
            let end = byte + finder.needle().len();
            let place = |col: usize| LinePlace { line, col: base + col };
            self.found.push((place(view.col_of(byte)), place(view.col_after(end))));
            let is_full = self.found.len() >= self.matches_max;
            cost += MATCH_COST;
            if is_full || cost >= STEP_COST {
                return Some(self.stop_scan(grid, line, view.col_after(end), cost));
            }
            from = at + finder.needle().len();
        }
        cost += stretch.text.len() as u64 / BYTES_AT_ONCE;
        self.rows_left -= stretch.rows;
        self.at = LinePlace { line: stretch.next, col: 0 };
        self.is_first = false;
        Some(cost)
    }

    /// Goes on from this place; what is before it has been searched.
    fn stop_scan(&mut self, grid: &Grid, line: u64, col: usize, cost: u64) -> u64 {
        let Some(history) = grid.packed() else { return cost };
        let rows = (self.at.line..line).filter_map(|line| history.line(line));
        let rows: usize = rows.map(|line| line.rows(history.width())).sum();
        self.rows_left = self.rows_left.saturating_sub(rows);
        self.at = LinePlace { line, col: history.base(line) + col };
        self.is_first = false;
        cost
    }

    fn read(&mut self, grid: &Grid, scratch: &mut Scratch, cost_max: u64) -> u64 {
        let line = &mut scratch.line;
        let (reading, cost) = line.read(grid, self.rows_left, cost_max);
        match reading {
            Reading::More => return cost,
            // It is left for the next search, which looks at all of it.
            Reading::NoRows if !self.is_first => self.phase = Phase::Done { is_complete: false },
            Reading::Whole | Reading::Cut | Reading::NoRows => {
                self.phase = Phase::Finding { is_last: reading == Reading::NoRows };
                scratch.finder.begin(&self.pattern, line.range().0);
            }
        }
        cost
    }

    fn find(&mut self, grid: &Grid, scratch: &mut Scratch, cost_max: u64, is_last: bool) -> u64 {
        let Scratch { line, finder } = scratch;
        let haystack = Haystack { text: line.text(), end: line.range().1 };
        let (step, cost) = finder.step(&self.pattern, haystack, cost_max);
        match step {
            Step::More => self.note_place(line, finder.from()),
            Step::None => self.end_line(line, is_last),
            Step::Match(start, end) if start == end => {
                let next =
                    (start + 1..=haystack.end).find(|at| haystack.text.is_char_boundary(*at));
                match next {
                    Some(next) => finder.begin(&self.pattern, next),
                    None => self.end_line(line, is_last),
                }
            }
            Step::Match(start, end) => {
                self.found.push((line.place(start), line.place_after(end)));
                finder.begin(&self.pattern, end);
                self.note_place(line, end);
                if self.found.len() >= self.matches_max {
                    if end == haystack.end {
                        self.end_line(line, is_last);
                    }
                    let is_complete = grid.is_behind(self.at);
                    self.phase = Phase::Done { is_complete };
                }
            }
        }
        cost
    }

    /// What is before this byte of the line need not be looked at again.
    fn note_place(&mut self, line: &LineText, byte: usize) {
        let (start, end) = line.range();
        if byte > start && byte < end {
            self.at = line.place(byte);
            self.is_first = false;
        }
    }

    fn end_line(&mut self, line: &LineText, is_last: bool) {
        self.at = line.next();
        self.is_first = false;
        self.rows_left = self.rows_left.saturating_sub(line.rows_read());
        self.phase = if is_last { Phase::Done { is_complete: false } } else { Phase::Between };
    }

    /// Gives up its scratch inside a line. What is not searched so far is read again.
    pub(crate) fn leave_line(&mut self) {
        if self.keeps_scratch() {
            self.phase = Phase::Between;
        }
    }

    /// Ends the search before it is through.
    pub(crate) fn stop(&mut self) {
        if !self.is_done() {
            self.phase = Phase::Done { is_complete: false };
        }
    }

    /// The matches as lines and columns, which stay.
    #[cfg(test)]
    pub(super) fn places(&self) -> &[(LinePlace, LinePlace)] {
        &self.found
    }

    /// What it found, in the numbers that rows have now.
    pub(crate) fn result(&self, screen: &Screen) -> Matches {
        self.result_in(screen.grid())
    }

    /// The same in a grid.
    pub(crate) fn result_in(&self, grid: &Grid) -> Matches {
        let has_numbers = grid.has_line_numbers();
        let position = |place: LinePlace| {
            let (row, col) = grid.position_of(place)?;
            Some(Position { row: row as i32, col: u16::try_from(col).unwrap_or(u16::MAX) })
        };
        let of = |(start, end): &(LinePlace, LinePlace)| {
            let last = LinePlace { col: end.col.saturating_sub(1), ..*end };
            let in_line =
                has_numbers.then_some((LinePosition::from(*start), LinePosition::from(*end)));
            let (start, last) = (position(*start)?, position(last)?);
            Some(Match { start, end: Position { col: last.col + 1, ..last }, in_line })
        };
        let is_complete = matches!(self.phase, Phase::Done { is_complete: true });
        let at = self.at.max(grid.first_place());
        let next = position(at).filter(|_| !is_complete);
        Matches {
            matches: self.found.iter().filter_map(of).collect(),
            next: next.map(|next| next.row),
            next_col: next.map_or(0, |next| next.col),
            next_line: next.filter(|_| has_numbers).map(|_| at.into()),
        }
    }
}

fn find_from(finder: &memmem::Finder<'_>, text: &[u8], from: usize) -> Option<usize> {
    finder.find(text.get(from..)?).map(|at| from + at)
}
