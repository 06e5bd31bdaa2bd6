//! What the reactor carries for file watches: their descriptors and timers.

use crate::id::WatchId;
use crate::reactor::Key;

/// A descriptor that is registered with the reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The inotify queue of a file watch.
    Files(WatchId),
    /// The list of mounted file systems.
    Mounts,
}

impl Source {
    /// `None` for a key of another user.
    pub(crate) fn from_key(key: Key) -> Option<Self> {
        Some(match key.kind() {
            3 => Source::Files(WatchId::from_u64(key.id())),
            4 => Source::Mounts,
            _ => return None,
        })
    }
}

impl From<Source> for Key {
    fn from(source: Source) -> Self {
        let (kind, id) = match source {
            Source::Files(id) => (3, id.to_u64()),
            Source::Mounts => (4, 0),
        };
        Key::new(kind, id)
    }
}

/// What a timer was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// A file watch has something to look at.
    Files(WatchId),
}

impl Alarm {
    /// `None` for a key of another user.
    pub(crate) fn from_key(key: Key) -> Option<Self> {
        Some(match key.kind() {
            7 => Alarm::Files(WatchId::from_u64(key.id())),
            _ => return None,
        })
    }
}

impl From<Alarm> for Key {
    fn from(alarm: Alarm) -> Self {
        let (kind, id) = match alarm {
            Alarm::Files(id) => (7, id.to_u64()),
        };
        Key::new(kind, id)
    }
}
