//! The application state: sessions, panes, terminals and files as a versioned store.
//!
//! **One counter, four collections.** Every committed change set makes the version `n` one larger, and
//! an entry carries the `n` at which it last changed. Sessions and panes are the layout: written by the
//! host and by clients, as change sets that are taken whole or not at all ([`commit`]). Terminals and
//! files are metadata: put by the engine, committed together with [`ApplicationState::commit_metadata`].
//!
//! **A difference costs what changed.** A collection is a [`table`]: slots that never move, found by
//! key, in a list ordered by last change. [`changes`] reads from it in slices, for any number of
//! readers, whose whole position is in their cursors; nothing in the store knows of a reader.
//!
//! **Deletions are exact.** A removed key leaves a tombstone. These are bounded in bytes, and whoever
//! is older than the oldest one forgotten gets everything anew, never a guess.
//!
//! Pure: no input or output, no clock. What is deliberately not here: who may write, the ids of
//! mutations, encoding (all in `sync`).

mod change_set;
mod changes;
mod commit;
mod digest;
mod draft;
mod entry;
mod replica;
mod rules;
mod sink;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod version;
mod view;
mod walk;

pub use change_set::{Change, ChangeOp, ChangeSet, Refusal};
pub use changes::{Budget, Progress, StateCursor};
pub use entry::{
    Collection, Collections, Entry, FileKey, FileKind, Key, KeyRef, Metadata, OwnedEntry, Pane,
    PaneContent, Session, StateFile, StateSizePolicy, StateTerminal, TerminalExit,
};
pub use replica::Replica;
pub use sink::{ChangeSink, StateChanges};
pub use store::ApplicationState;
pub use version::StateVersion;
pub use view::StateView;
pub(crate) use walk::WalkCursor;
