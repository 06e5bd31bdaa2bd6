//! The four collections, to read by key: the same for the state and for its copies.

use super::entry::{
    Collection, Collections, Entry, FileKey, KeyRef, Pane, Session, StateFile, StateTerminal,
};
use super::table::{Rows, Table, Value};

/// Sessions, panes, terminals and files. Both [`ApplicationState`](super::ApplicationState) and
/// [`Replica`](super::Replica) are read through it.
pub struct StateView {
    pub(super) sessions: Table<Session>,
    pub(super) panes: Table<Pane>,
    pub(super) terminals: Table<StateTerminal>,
    pub(super) files: Table<StateFile>,
}

impl StateView {
    pub(super) fn new(tombstone_bytes_max: usize) -> Self {
        StateView {
            sessions: Table::new(tombstone_bytes_max),
            panes: Table::new(tombstone_bytes_max),
            terminals: Table::new(tombstone_bytes_max),
            files: Table::new(tombstone_bytes_max),
        }
    }

    /// The tables in the order of [`Collection::EACH`].
    pub(super) fn rows(&self) -> [&dyn Rows; 4] {
        [&self.sessions, &self.panes, &self.terminals, &self.files]
    }

    /// The hash of these collections: two copies with the same hash are the same, but for one chance in
    /// 2^64. See `docs/PROTOCOL.md` for how a client computes it.
    pub fn hash(&self, collections: Collections) -> u64 {
        let hashes = [
            (Collection::Sessions, self.sessions.hash()),
            (Collection::Panes, self.panes.hash()),
            (Collection::Terminals, self.terminals.hash()),
            (Collection::Files, self.files.hash()),
        ];
        let asked = hashes.into_iter().filter(|(each, _)| collections.contains(*each));
        asked.fold(0, |sum, (_, hash)| sum.wrapping_add(hash))
    }

    /// The entry of a key.
    pub fn entry<'a>(&'a self, key: KeyRef<'a>) -> Option<Entry<'a>> {
        Some(match key {
            KeyRef::Session(id) => {
                let (value, version) = self.sessions.get(id)?;
                Entry::Session(id, value, version)
            }
            KeyRef::Pane(id) => {
                let (value, version) = self.panes.get(id)?;
                Entry::Pane(id, value, version)
            }
            KeyRef::Terminal(id) => {
                let (value, version) = self.terminals.get(&id)?;
                Entry::Terminal(id, value, version)
            }
            KeyRef::File(key) => {
                let (value, version) = self.files.get(&key)?;
                Entry::File(key, value, version)
            }
        })
    }

    /// Bytes of all entries, about.
    pub fn bytes(&self) -> usize {
        let layout = self.sessions.bytes() + self.panes.bytes();
        layout + self.terminals.bytes() + self.files.bytes()
    }

    /// Bytes that the collections take, about: of all entries, and of the room for more.
    pub(crate) fn memory(&self) -> usize {
        let layout = self.sessions.memory() + self.panes.memory();
        layout + self.terminals.memory() + self.files.memory()
    }

    /// Bytes of what is remembered of removed entries, about.
    pub(super) fn tombstone_bytes(&self) -> usize {
        let layout = self.sessions.tombstone_bytes() + self.panes.tombstone_bytes();
        layout + self.terminals.tombstone_bytes() + self.files.tombstone_bytes()
    }

    /// Forgets what is remembered of removed entries, the oldest first, until so many bytes are free; files
    /// first, of which there are the most.
    pub(super) fn forget_tombstones(&mut self, bytes: usize) {
        let StateView { sessions, panes, terminals, files } = self;
        let left = |freed: usize| bytes.saturating_sub(freed);
        let mut freed = 0;
        freed += forget(files, left(freed));
        freed += forget(panes, left(freed));
        freed += forget(sessions, left(freed));
        forget(terminals, left(freed));
    }

    /// How many entries a collection has.
    pub fn count(&self, collection: Collection) -> usize {
        match collection {
            Collection::Sessions => self.sessions.len(),
            Collection::Panes => self.panes.len(),
            Collection::Terminals => self.terminals.len(),
            Collection::Files => self.files.len(),
        }
    }

    /// A session with the version of its last change.
    pub fn session(&self, id: &str) -> Option<(&Session, u64)> {
        self.sessions.get(id)
    }

    /// All sessions with the versions of their last changes, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = (&str, &Session, u64)> {
        self.sessions.iter().map(|(id, session, version)| (id.as_str(), session, version))
    }

    /// A pane with the version of its last change.
    pub fn pane(&self, id: &str) -> Option<(&Pane, u64)> {
        self.panes.get(id)
    }

    /// All panes with the versions of their last changes, in no particular order.
    pub fn panes(&self) -> impl Iterator<Item = (&str, &Pane, u64)> {
        self.panes.iter().map(|(id, pane, version)| (id.as_str(), pane, version))
    }

    /// A terminal with the version of its last change.
    pub fn terminal(&self, id: u64) -> Option<(&StateTerminal, u64)> {
        self.terminals.get(&id)
    }

    /// All terminals with the versions of their last changes, in no particular order.
    pub fn terminals(&self) -> impl Iterator<Item = (u64, &StateTerminal, u64)> {
        self.terminals.iter().map(|(id, metadata, version)| (*id, metadata, version))
    }

    /// A file with the version of its last change.
    pub fn file(&self, key: FileKey) -> Option<(&StateFile, u64)> {
        self.files.get(&key)
    }

    /// All files with the versions of their last changes, in no particular order.
    pub fn files(&self) -> impl Iterator<Item = (FileKey, &StateFile, u64)> {
        self.files.iter().map(|(key, metadata, version)| (*key, metadata, version))
    }
}

/// Forgets tombstones of a collection until so many bytes are free; how many were freed.
fn forget<V: Value>(table: &mut Table<V>, bytes: usize) -> usize {
    let before = table.tombstone_bytes();
    table.keep_tombstones(before.saturating_sub(bytes));
    before - table.tombstone_bytes()
}
