//! A copy of another engine's state, filled by its messages.
//!
//! Entries come with the versions of their maker, in any order, and are hashed as there: two sides with
//! the same hash have the same state. Neither rules nor cascades apply here; the maker has seen to them.

use std::ops::Deref;

use super::entry::{KeyRef, OwnedEntry};
use super::version::StateVersion;
use super::view::StateView;
use crate::error::{Error, Result};

/// A mirror of a state.
pub struct Replica {
    view: StateView,
    version: Option<StateVersion>,
    bytes_max: usize,
    /// Counts from 1 how often it began empty.
    pub(super) filling: u64,
}

/// Reading by key is the same for the state and for its copies.
impl Deref for Replica {
    type Target = StateView;

    fn deref(&self) -> &StateView {
        &self.view
    }
}

impl Replica {
    /// An empty copy that may grow to so many bytes, about.
    pub fn new(bytes_max: usize) -> Self {
        Replica {
            // Nobody reads changes from a copy, so it remembers nothing that is gone.
            view: StateView::new(0),
            version: None,
            bytes_max,
            filling: 1,
        }
    }

    /// Begins to take changes in. With `full` the copy is emptied, and has no version until
    /// [`finish`](Self::finish).
    pub fn begin(&mut self, full: bool) {
        if full {
            *self = Replica { filling: self.filling + 1, ..Replica::new(self.bytes_max) };
        }
    }

    /// Puts an entry in place of what was there.
    ///
    /// # Errors
    ///
    /// [`LimitReached`](crate::ErrorKind::LimitReached) when the copy would grow past its bytes; it is as
    /// it was.
    pub fn set(&mut self, entry: OwnedEntry) -> Result<()> {
        let new = entry.as_entry().bytes();
        let old = self.entry(entry.as_entry().key()).map_or(0, |old| old.bytes());
        if new > old && self.bytes() - old + new > self.bytes_max {
            return Err(Error::limit("state_bytes: the remote state is too large"));
        }
        match entry {
            OwnedEntry::Session(id, value, version) => self.view.sessions.set(id, value, version),
            OwnedEntry::Pane(id, value, version) => self.view.panes.set(id, value, version),
            OwnedEntry::Terminal(id, value, version) => self.view.terminals.set(id, value, version),
            OwnedEntry::File(key, value, version) => self.view.files.set(key, value, version),
        }
        Ok(())
    }

    /// Takes an entry out, if it is there.
    pub fn removed(&mut self, key: KeyRef<'_>) {
        match key {
            KeyRef::Session(id) => drop(self.view.sessions.remove(id, 0)),
            KeyRef::Pane(id) => drop(self.view.panes.remove(id, 0)),
            KeyRef::Terminal(id) => drop(self.view.terminals.remove(&id, 0)),
            KeyRef::File(key) => drop(self.view.files.remove(&key, 0)),
        }
    }

    /// Ends taking changes in: the version to come back with, [`Progress::to`](super::Progress::to).
    pub fn finish(&mut self, version: StateVersion) {
        self.version = Some(version);
    }

    /// The version to come back with; `None` before the first message, and in the middle of one that
    /// began anew.
    pub fn version(&self) -> Option<StateVersion> {
        self.version
    }
}
