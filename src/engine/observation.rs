//! What the engine remembers between turns of what it writes down in the application state.

use crate::id::{TerminalId, WatchId};
use crate::watch::{FileChanges, FileCursor, Watches};

/// A watch whose files are part of the state.
pub(super) struct Published {
    pub(super) watch: WatchId,
    pub(super) cursor: FileCursor,
    /// What the state has of it goes first.
    pub(super) is_emptying: bool,
    /// The watch is gone, or published no longer.
    pub(super) is_ending: bool,
    /// The state has no room for some of its files.
    pub(super) is_partial: bool,
}

/// What the engine remembers between turns to bring the application state up to date.
#[derive(Default)]
pub(super) struct Observation {
    /// Terminals that something happened to since the server looked.
    pub(super) touched: Vec<TerminalId>,
    pub(super) fresh: Vec<TerminalId>,
    pub(super) published: Vec<Published>,
    pub(super) changes: FileChanges,
}

impl Published {
    pub(super) fn is_behind(&self, watches: &Watches) -> bool {
        self.is_emptying
            // A watch that is gone has to be taken out.
            || watches.version(self.watch).map_or(true, |version| version != self.cursor.version())
    }
}
