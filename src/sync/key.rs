//! What the reactor carries for the server and for peers: their descriptors and timers.

use crate::id::{ClientId, ListenerId, PeerId, TerminalId};
use crate::reactor::Key;

/// A descriptor that is registered with the reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A socket that the server listens on.
    Listener(ListenerId),
    /// The connection of a client.
    Client(ClientId),
    /// The connection to another engine.
    Peer(PeerId),
}

impl Source {
    /// `None` for a key of another user.
    pub(crate) fn from_key(key: Key) -> Option<Self> {
        Some(match key.kind() {
            5 => Source::Listener(ListenerId::from_u64(key.id())),
            6 => Source::Client(ClientId::from_u64(key.id())),
            7 => Source::Peer(PeerId::from_u64(key.id())),
            _ => return None,
        })
    }
}

impl From<Source> for Key {
    fn from(source: Source) -> Self {
        let (kind, id) = match source {
            Source::Listener(id) => (5, id.to_u64()),
            Source::Client(id) => (6, id.to_u64()),
            Source::Peer(id) => (7, id.to_u64()),
        };
        Key::new(kind, id)
    }
}

/// What a timer was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// A listener may accept again.
    Listener(ListenerId),
    /// A client has a deadline.
    Client(ClientId),
    /// Clients are due for what changed in the state.
    Pace,
    /// Output of a terminal has waited long enough to be sent.
    Fanout(TerminalId),
    /// A peer has a deadline.
    Peer(PeerId),
    /// Clients are due for figures.
    Observers,
}

impl Alarm {
    /// `None` for a key of another user.
    pub(crate) fn from_key(key: Key) -> Option<Self> {
        Some(match key.kind() {
            8 => Alarm::Listener(ListenerId::from_u64(key.id())),
            9 => Alarm::Client(ClientId::from_u64(key.id())),
            10 => Alarm::Pace,
            11 => Alarm::Fanout(TerminalId::from_u64(key.id())),
            12 => Alarm::Peer(PeerId::from_u64(key.id())),
            16 => Alarm::Observers,
            _ => return None,
        })
    }
}

impl From<Alarm> for Key {
    fn from(alarm: Alarm) -> Self {
        let (kind, id) = match alarm {
            Alarm::Listener(id) => (8, id.to_u64()),
            Alarm::Client(id) => (9, id.to_u64()),
            Alarm::Pace => (10, 0),
            Alarm::Fanout(id) => (11, id.to_u64()),
            Alarm::Peer(id) => (12, id.to_u64()),
            Alarm::Observers => (16, 0),
        };
        Key::new(kind, id)
    }
}
