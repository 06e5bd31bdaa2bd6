//! A search under way.
//!
//! Between two steps the screen may change. Rows are searched as they are when the search reads them, and
//! places stay with their rows when those scroll away; what has left the scrollback is not searched and not
//! reported. When rows change their places in another way (another size, another screen, a scrollback that
//! was dropped), the search begins anew, a few times.

use std::rc::Rc;

use super::finder::{Finder, Haystack, Step};
use super::line::{LineText, Numbered, Place, Reading};
use super::pattern::Pattern;
use super::{Match, Matches, Position, Search};
use crate::terminal::screen::Screen;

/// About what a step may cost. To that come a row whose end is looked for and a character, which visits each
/// state of the largest program: the bound of a unit is still far.
const STEP_COST: u64 = 200_000;

/// What a step costs at least, so that no number of empty lines is free.
const STEP_COST_MIN: u64 = 100;

/// Times that a search begins anew when rows have changed their places.
const RESTARTS_MAX: u32 = 3;

/// The memory that a search needs while it is inside a line; it may serve another search after that. At
/// most about 1 MiB.
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
    rows_left: usize,
    matches_max: usize,
    phase: Phase,
    /// Where it goes on.
    at: Place,
    /// No line was looked at so far.
    is_first: bool,
    found: Vec<(Place, Place)>,
    /// How rows had changed their places when it began; `None` before.
    epoch: Option<u64>,
    restarts: u32,
}

impl SearchCursor {
    pub(crate) fn new(search: &Search, pattern: Rc<Pattern>) -> Self {
        SearchCursor {
            pattern,
            from: search.from.map(|row| (row, search.from_col)),
            rows_left: search.rows_max.max(1),
            matches_max: search.matches_max.max(1),
            phase: Phase::Between,
            at: Place::default(),
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

    /// Searches on. The screen is awake. Gives the cost, about [`STEP_COST`] at most.
    pub(crate) fn step(&mut self, screen: &Screen, scratch: &mut Scratch) -> u64 {
        let grid = screen.numbered();
        self.notice_changes(screen, grid);
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

    /// Begins, or begins anew when rows have changed their places.
    fn notice_changes(&mut self, screen: &Screen, grid: Numbered<'_>) {
        let epoch = screen.row_epoch();
        if self.epoch == Some(epoch) || self.is_done() {
            return;
        }
        if self.epoch.replace(epoch).is_some() {
            self.restarts += 1;
        }
        let oldest = (grid.top() - grid.scrolled, 0);
        let (row, col) = self.from.map_or(oldest, |(row, col)| (i64::from(row), usize::from(col)));
        self.at = Place { row: grid.scrolled + row, col };
        self.found.clear();
        self.is_first = true;
        self.phase = if self.restarts > RESTARTS_MAX {
            Phase::Done { is_complete: false }
        } else {
            Phase::Between
        };
    }

    fn begin_line(&mut self, grid: Numbered<'_>, scratch: &mut Scratch) -> u64 {
        self.at = self.at.max(Place { row: grid.top(), col: 0 });
        if self.at.row >= grid.end() {
            self.phase = Phase::Done { is_complete: true };
        } else if self.rows_left == 0 || self.found.len() >= self.matches_max {
            self.phase = Phase::Done { is_complete: false };
        } else {
            scratch.line.begin(grid, self.at);
            self.phase = Phase::Reading;
        }
        0
    }

    fn read(&mut self, grid: Numbered<'_>, scratch: &mut Scratch, cost_max: u64) -> u64 {
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

    fn find(
        &mut self,
        grid: Numbered<'_>,
        scratch: &mut Scratch,
        cost_max: u64,
        is_last: bool,
    ) -> u64 {
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
                    let is_complete = self.at.row >= grid.end();
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

    /// What it found, in the numbers that rows have now.
    pub(crate) fn result(&self, screen: &Screen) -> Matches {
        let grid = screen.numbered();
        let position = |place: &Place| Position {
            row: i32::try_from(place.row - grid.scrolled).unwrap_or(i32::MIN),
            col: u16::try_from(place.col).unwrap_or(u16::MAX),
        };
        // What has left the scrollback is no place any more.
        let is_there = |found: &&(Place, Place)| found.0.row >= grid.top();
        let matches = self.found.iter().filter(is_there);
        let matches =
            matches.map(|(start, end)| Match { start: position(start), end: position(end) });
        let is_complete = matches!(self.phase, Phase::Done { is_complete: true });
        let next = position(&self.at.max(Place { row: grid.top(), col: 0 }));
        Matches {
            matches: matches.collect(),
            next: (!is_complete).then_some(next.row),
            next_col: if is_complete { 0 } else { next.col },
        }
    }
}
