//! What the reactor can report: sources that are ready, and alarms that are due.
//!
//! Closed enums, so that the engine's dispatch is one exhaustive `match`.

use mio::Token;

use super::id::{ClientId, ListenerId, PeerId, RawId, TerminalId, WatchId};

/// A registered descriptor, as it travels in a mio token: the kind in the upper four bits, the id
/// of the owner below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The waker of the inbox.
    Inbox,
    /// The one timerfd.
    Timer,
    /// Our own eventfd, see [`super::Reactor::update_readiness`].
    SelfWake,
    /// The PTY master of a terminal.
    Pty(TerminalId),
    /// The pidfd of a terminal's child.
    Child(TerminalId),
    /// The inotify queue of a file watch.
    Files(WatchId),
    /// The list of mounted file systems.
    Mounts,
    /// A socket that the server listens on.
    Listener(ListenerId),
    /// The connection of a client.
    Client(ClientId),
    /// The connection to another engine.
    Peer(PeerId),
}

const KIND_SHIFT: u32 = 60;
const ID_MASK: u64 = (1 << KIND_SHIFT) - 1;

impl Source {
    pub(crate) fn token(self) -> Token {
        let (kind, id) = match self {
            Source::Inbox => (0, 0),
            Source::Timer => (1, 0),
            Source::SelfWake => (2, 0),
            Source::Pty(id) => (3, id.raw()),
            Source::Child(id) => (4, id.raw()),
            Source::Files(id) => (5, id.raw()),
            Source::Listener(id) => (6, id.raw()),
            Source::Client(id) => (7, id.raw()),
            Source::Peer(id) => (8, id.raw()),
            Source::Mounts => (9, 0),
        };
        invariant!(id & !ID_MASK == 0, "an id fits into a token");
        Token((kind << KIND_SHIFT | id) as usize)
    }

    /// The source of a token, or `None` for a token that [`token`](Self::token) never makes.
    pub(crate) fn from_token(token: Token) -> Option<Self> {
        let raw = token.0 as u64;
        let id = TerminalId::from_raw(raw & ID_MASK);
        Some(match raw >> KIND_SHIFT {
            0 => Source::Inbox,
            1 => Source::Timer,
            2 => Source::SelfWake,
            3 => Source::Pty(id),
            4 => Source::Child(id),
            5 => Source::Files(WatchId::from_raw(raw & ID_MASK)),
            6 => Source::Listener(ListenerId::from_raw(raw & ID_MASK)),
            7 => Source::Client(ClientId::from_raw(raw & ID_MASK)),
            8 => Source::Peer(PeerId::from_raw(raw & ID_MASK)),
            9 => Source::Mounts,
            _ => return None,
        })
    }
}

/// What a timer was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// The size change that was held back may be applied.
    Resize(TerminalId),
    /// An end of input is looked after.
    Eof(TerminalId),
    /// The grace of a closing terminal is over.
    Kill(TerminalId),
    /// It is to be looked whether a program without a pidfd has ended.
    Exit(TerminalId),
    /// A viewer of the screen may be told again, or a reader has lagged too long.
    Screen(TerminalId),
    /// The working directory of a terminal's programs may be another one.
    Directory(TerminalId),
    /// A file watch has something to look at.
    Files(WatchId),
    /// A listener may accept again.
    Listener(ListenerId),
    /// A client has a deadline.
    Client(ClientId),
    /// Clients are due for what changed in the state.
    Pace,
    /// Reads of floods that were held back for an echo go on.
    Hold,
    /// Output of a terminal has waited long enough to be sent.
    Feed(TerminalId),
    /// A peer has a deadline.
    Peer(PeerId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip() {
        let id = TerminalId::from_u64((1 << KIND_SHIFT) - 1);
        let sources =
            [Source::Inbox, Source::Timer, Source::SelfWake, Source::Pty(id), Source::Child(id)];
        let mounts = [Source::Mounts];
        let files = Source::Files(WatchId::from_u64((1 << KIND_SHIFT) - 1));
        let max = (1 << KIND_SHIFT) - 1;
        let sockets = [
            Source::Listener(ListenerId::from_u64(max)),
            Source::Client(ClientId::from_u64(max)),
            Source::Peer(PeerId::from_u64(max)),
        ];
        for source in sources.into_iter().chain([files]).chain(mounts).chain(sockets) {
            assert_eq!(Source::from_token(source.token()), Some(source));
        }
        assert_eq!(Source::from_token(Token(usize::MAX)), None);
    }
}
