//! What viewers and hosts see of a screen: updates, rows, text, places and marks.

use std::ops::Range;

use super::grid::RowView;
use super::{COUNT_COST, LinePosition, Mark, Position, Rows, Screen, ScreenUpdate};

/// What reading a row of the screen costs, and each cell of it, in about nanoseconds.
const SCREEN_ROW_COST: u64 = 200;
const CELL_COST: u64 = 8;

impl Screen {
    /// What finding a row by its place or number costs, in about nanoseconds.
    pub(super) const FIND_COST: u64 = 20_000;

    /// The generation of what the last look found.
    pub(crate) fn generation(&self) -> u64 {
        self.grid().generation()
    }

    /// Whether the screen may show something else than at the last look.
    pub(crate) fn is_stale(&self) -> bool {
        self.looked_at != self.revision || !self.grid().is_history_counted()
    }

    /// Looks for changes; returns the generation of what the screen shows now.
    pub(crate) fn look(&mut self) -> u64 {
        if !self.is_stale() {
            return self.generation();
        }
        self.looked_at = self.revision;
        let seen = (self.cursor(), self.modes());
        let grid = self.emulator.grid_mut();
        grid.count_history(COUNT_COST);
        if self.title_is_new || self.seen != seen {
            grid.touch();
        }
        let generation = grid.look();
        self.seen = seen;
        if std::mem::take(&mut self.title_is_new) {
            self.title_generation = generation;
        }
        generation
    }

    /// What a viewer needs who knows `generation` (0: nothing). Call [`look`](Self::look) before. Gives what its rows cost,
    /// in about nanoseconds.
    pub(crate) fn changes_since(&self, generation: u64, update: &mut ScreenUpdate) -> u64 {
        let grid = self.grid();
        let full = !grid.knows(generation);
        self.describe(update);
        update.full = full;
        if full || self.title_generation > generation {
            update.title = Some(self.title().to_owned());
        }
        if !full {
            update.scrolls.extend(grid.scrolls_since(generation));
        }
        let has_changed = |row| full || grid.row_generation(row) > generation;
        self.push_rows(0..grid.rows() as i64, has_changed, &mut update.rows)
    }

    /// The place at which a viewport begins that is scrolled back by so many rows; `None` if it is not.
    pub(crate) fn anchor(&self, back: usize) -> Option<LinePosition> {
        let back = back.min(self.history());
        let place = self.grid().place_of(-(back as i64), 0);
        place.filter(|_| back > 0).map(Into::into)
    }

    /// How many rows a viewport is scrolled back that begins at a place: as many as there are when that is gone. `None`
    /// once it is on the screen itself.
    pub(crate) fn rows_back(&self, anchor: LinePosition) -> Option<usize> {
        if !self.grid().has_line_numbers() {
            return Some(0);
        }
        match self.grid().position_of(anchor.into()) {
            Some((row, _)) => usize::try_from(-row).ok().filter(|back| *back > 0),
            None => Some(self.history()),
        }
    }

    /// Whether the rows of the scrollback are as they were in this generation, but for those that are gone and the newest
    /// one: that one, whose line may go on, ends when the line does.
    pub(crate) fn keeps_rows_since(&self, generation: u64) -> bool {
        // Only what makes every viewer need everything, as another size does, takes rows back.
        self.grid().knows(generation)
    }

    /// All but the rows of a viewport that is scrolled back by so many, for a viewer who knows `generation` of the rest.
    /// Gives what that cost, in about nanoseconds.
    pub(crate) fn viewport(&self, back: usize, generation: u64, update: &mut ScreenUpdate) -> u64 {
        let back = back.min(self.history());
        self.describe(update);
        update.full = false;
        if !self.grid().knows(generation) || self.title_generation > generation {
            update.title = Some(self.title().to_owned());
        }
        update.viewport = back as u32;
        update.line = self.anchor(back).or(update.line);
        Self::FIND_COST
    }

    /// Adds all rows of the viewport that the update is of. Gives what they cost, in about nanoseconds.
    pub(crate) fn viewport_rows(&self, update: &mut ScreenUpdate) -> u64 {
        update.full = true;
        let top = -i64::from(update.viewport);
        self.push_rows(top..top + self.grid().rows() as i64, |_| true, &mut update.rows)
    }

    fn describe(&self, update: &mut ScreenUpdate) {
        let size = self.emulator.size();
        update.generation = self.generation();
        update.offset = self.offset();
        update.cols = size.cols;
        update.height = size.rows;
        update.history = self.history() as u32;
        update.viewport = 0;
        let top = self.grid().places().next();
        update.line = top.filter(|_| self.grid().has_line_numbers()).map(Into::into);
        update.cursor = self.cursor();
        update.modes = self.modes();
        update.title = None;
        update.scrolls.clear();
        update.rows.clear();
    }

    /// What reading a row costs, in about nanoseconds.
    pub(super) fn row_cost(&self, row: &RowView<'_>) -> u64 {
        match row {
            RowView::History(row) => row.cost(),
            RowView::Screen(..) => SCREEN_ROW_COST + self.grid().cols() as u64 * CELL_COST,
        }
    }

    /// Rows of the scrollback, and those of the screen that `is_wanted` picks. Gives what they cost.
    fn push_rows(
        &self,
        range: Range<i64>,
        is_wanted: impl Fn(usize) -> bool,
        rows: &mut Rows,
    ) -> u64 {
        let grid = self.grid();
        let has_numbers = grid.has_line_numbers();
        let above = range.end.min(0).saturating_sub(range.start).max(0) as usize;
        let history = grid.newest_rows(range.start.min(0).unsigned_abs() as usize);
        let mut cost = 0;
        for (index, row) in (range.start..).zip(history.take(above)) {
            let line = grid.place_of_row(&row).into();
            let view = RowView::History(row);
            cost += self.row_cost(&view);
            rows.push(index as i32, Some(line), &view);
        }
        let (first, shown) = (range.start.max(0) as usize, range.end.max(0) as usize);
        let wanted = grid.places().enumerate().take(shown).skip(first);
        for (index, place) in wanted.filter(|(row, _)| is_wanted(*row)) {
            if let Some(view) = grid.row(index as i64) {
                cost += self.row_cost(&view);
                rows.push(index as i32, has_numbers.then(|| place.into()), &view);
            }
        }
        cost
    }

    /// Rows of the screen (from 0) and its scrollback (below 0), as far as they exist.
    pub(crate) fn rows(&self, first: i32, count: usize, rows: &mut Rows) {
        rows.clear();
        let (top, end) = (-(self.history() as i64), self.grid().rows() as i64);
        let first = i64::from(first);
        let last = first.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        self.push_rows(first.max(top)..last.min(end), |_| true, rows);
    }

    /// Where a place is now; `None` when its line is gone, hidden by the alternate screen, or not counted yet after a
    /// change of the width.
    pub(crate) fn position_of(&self, place: LinePosition) -> Option<Position> {
        let grid = self.grid();
        let (row, col) = grid.position_of(place.into()).filter(|_| grid.has_line_numbers())?;
        let col = col.min(grid.cols() - 1);
        Some(Position { row: row as i32, col: col as u16 })
    }

    /// The marks, in the order of the text.
    pub(crate) fn marks(&self, marks: &mut Vec<Mark>) {
        marks.clear();
        self.grid().marks(|mark| marks.push(mark));
        // Within a line they are in the order in which they were made.
        marks.sort_by_key(|mark| mark.position);
    }

    /// The screen as text: a line per row, trailing blanks cut.
    pub(crate) fn text(&self, history: usize) -> String {
        let (grid, mut text) = (self.grid(), String::new());
        let history = grid.newest_rows(self.history().min(history)).map(RowView::History);
        for row in history.chain((0..grid.rows() as i64).filter_map(|row| grid.row(row))) {
            row.push_text(&mut text);
            text.push('\n');
        }
        text
    }
}
