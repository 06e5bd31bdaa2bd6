//! Where changes are reported to: to an encoder, or into a value.

use super::entry::{Entry, Key, KeyRef, OwnedEntry};
use super::version::StateVersion;

/// Takes changes in. To bring a copy up to date, apply them in this order: removed keys come before
/// entries within a slice. A removed key need not be in the copy; an entry takes the place of what was
/// there.
pub trait ChangeSink {
    /// This key has no entry.
    fn removed(&mut self, key: KeyRef<'_>);
    /// This entry is new or different.
    fn set(&mut self, entry: Entry<'_>);
}

/// Changes as a value; see [`ApplicationState::read_changes`](super::ApplicationState::read_changes).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateChanges {
    /// The version to come back with.
    pub version: StateVersion,
    /// This begins with an empty copy.
    pub full: bool,
    /// There is more to read at once.
    pub more: bool,
    /// Keys that are gone; the reader may never have known some of them.
    pub removed: Vec<Key>,
    /// Entries that are new or different.
    pub entries: Vec<OwnedEntry>,
}

impl StateChanges {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.removed.is_empty()
    }
}

impl ChangeSink for StateChanges {
    fn removed(&mut self, key: KeyRef<'_>) {
        self.removed.push(key.to_key());
    }

    fn set(&mut self, entry: Entry<'_>) {
        self.entries.push(entry.to_owned());
    }
}
