//! What the reactor carries for terminals: their descriptors and timers.

use crate::id::TerminalId;
use crate::reactor::Key;

/// A descriptor that is registered with the reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The PTY master of a terminal.
    Pty(TerminalId),
    /// The pidfd of a terminal's child.
    Child(TerminalId),
}

impl Source {
    /// `None` for a key of another user.
    pub(crate) fn from_key(key: Key) -> Option<Self> {
        Some(match key.kind() {
            1 => Source::Pty(TerminalId::from_u64(key.id())),
            2 => Source::Child(TerminalId::from_u64(key.id())),
            _ => return None,
        })
    }
}

impl From<Source> for Key {
    fn from(source: Source) -> Self {
        let (kind, id) = match source {
            Source::Pty(id) => (1, id.to_u64()),
            Source::Child(id) => (2, id.to_u64()),
        };
        Key::new(kind, id)
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
    /// Time to look whether a program without a pidfd has ended.
    Exit(TerminalId),
    /// A viewer of the screen may get the next update, or a reader has lagged too long.
    Screen(TerminalId),
    /// Another program may be in the foreground of a terminal.
    Foreground(TerminalId),
    /// Notices of a terminal may be sent.
    Notices(TerminalId),
    /// The program of a terminal is to be started again, or has run for long enough after it was.
    Restart(TerminalId),
}

impl Alarm {
    /// `None` for a key of another user.
    pub(crate) fn from_key(key: Key) -> Option<Self> {
        Some(match key.kind() {
            1 => Alarm::Resize(TerminalId::from_u64(key.id())),
            2 => Alarm::Eof(TerminalId::from_u64(key.id())),
            3 => Alarm::Kill(TerminalId::from_u64(key.id())),
            4 => Alarm::Exit(TerminalId::from_u64(key.id())),
            5 => Alarm::Screen(TerminalId::from_u64(key.id())),
            6 => Alarm::Foreground(TerminalId::from_u64(key.id())),
            14 => Alarm::Notices(TerminalId::from_u64(key.id())),
            17 => Alarm::Restart(TerminalId::from_u64(key.id())),
            _ => return None,
        })
    }
}

impl From<Alarm> for Key {
    fn from(alarm: Alarm) -> Self {
        let (kind, id) = match alarm {
            Alarm::Resize(id) => (1, id.to_u64()),
            Alarm::Eof(id) => (2, id.to_u64()),
            Alarm::Kill(id) => (3, id.to_u64()),
            Alarm::Exit(id) => (4, id.to_u64()),
            Alarm::Screen(id) => (5, id.to_u64()),
            Alarm::Foreground(id) => (6, id.to_u64()),
            Alarm::Notices(id) => (14, id.to_u64()),
            Alarm::Restart(id) => (17, id.to_u64()),
        };
        Key::new(kind, id)
    }
}
