//! Generations of what the grid shows, for viewers: what was written is published by a look. See `changes.rs`.

use super::Grid;
use crate::terminal::screen::position::Scroll;

impl Grid {
    /// Something outside of the grid changed that viewers see.
    pub(crate) fn touch(&mut self) {
        self.changes.touch();
    }

    /// Takes the place of another grid: its viewers get everything.
    pub(crate) fn forget_changes_of(&mut self, other: &Grid) {
        self.changes.clock = other.changes.clock + 1;
        self.changes.published = other.changes.published;
        self.changes.forget();
    }

    /// Publishes what was written so far; gives its generation.
    pub(crate) fn look(&mut self) -> u64 {
        let seen = (self.cursor, self.history.rows());
        let changes = &mut self.changes;
        changes.is_dirty |= seen != changes.seen;
        if changes.is_dirty {
            (changes.published, changes.seen) = (changes.clock, seen);
            changes.clock += 1;
            changes.is_dirty = false;
        }
        changes.published
    }

    /// The generation that the last look published; 0 before the first one.
    pub(crate) fn generation(&self) -> u64 {
        self.changes.published
    }

    /// Whether a viewer of this generation needs only what is younger.
    pub(crate) fn knows(&self, generation: u64) -> bool {
        let changes = &self.changes;
        generation >= changes.floor && generation > 0 && generation <= changes.published
    }

    /// The generation in which a row of the screen changed last.
    pub(crate) fn row_generation(&self, row: usize) -> u64 {
        self.active.rows.get(row).map_or(0, |row| row.generation)
    }

    /// Scrolls since a generation, the oldest first. They come before the rows that are younger.
    pub(crate) fn scrolls_since(&self, generation: u64) -> impl Iterator<Item = Scroll> + '_ {
        let scrolls = self.changes.scrolls.iter();
        scrolls.filter(move |(when, _)| *when > generation).map(|(_, scroll)| *scroll)
    }
}
