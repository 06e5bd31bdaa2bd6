//! The events of an engine.

use crate::error::Result;
use crate::id::{ClientId, PeerId, TerminalId, WatchId};
use crate::observe::{PartHealth, SlowTurn};
use crate::state::ChangeSet;
use crate::sync::PeerEvent;
use crate::terminal::TerminalEvent;
use crate::watch::WatchEvent;

/// How urgent a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed whose error no caller got.
    Error,
    /// Something unexpected that the engine coped with.
    Warn,
    /// Something worth knowing.
    Info,
}

/// Something that happened. Bytes and texts are borrowed until the next call on the engine.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// In a terminal.
    Terminal {
        /// Which one. After [`TerminalEvent::Closed`] the id is stale.
        id: TerminalId,
        /// The tag that the host gave it.
        tag: u64,
        /// What happened.
        event: TerminalEvent<'a>,
    },
    /// In a file watch.
    Watch {
        /// Which one.
        id: WatchId,
        /// The tag that the host gave it.
        tag: u64,
        /// What happened.
        event: WatchEvent<'a>,
    },
    /// A command that a [`Sender`](crate::Sender) posted has been carried out, or refused.
    Completed {
        /// The tag that the command was posted with.
        tag: u64,
        /// What became of it.
        result: Result<Completion>,
    },
    /// A log line.
    Log {
        /// How urgent it is.
        level: LogLevel,
        /// The client that it is about, if it is about one.
        client: Option<ClientId>,
        /// One line, without an end.
        text: &'a str,
    },
    /// A client wants to change the state, and [`Config::review_changes`](crate::Config) is on. Answer it
    /// with [`Engine::answer_review`](crate::Engine::answer_review).
    Review {
        /// Names the review.
        review: u64,
        /// Whose change it is.
        client: ClientId,
        /// What it would change; valid when it was made.
        changes: &'a ChangeSet,
    },
    /// Between us and another engine.
    Peer {
        /// Which one.
        id: PeerId,
        /// The tag that the host gave it.
        tag: u64,
        /// What happened.
        event: PeerEvent<'a>,
    },
    /// Turns took more processor time than [`Limits::turn_time_warn`](crate::Limits); see
    /// [`Engine::turn_stats`](crate::Engine::turn_stats).
    SlowTurn(SlowTurn),
    /// A part of the engine is in another health than was reported of it last, or for another reason. Of several changes
    /// only the newest is reported. A part that is gone is reported as well if it was not before.
    Health(PartHealth),
    /// Every terminal, client and peer is gone after [`Engine::shutdown`](crate::Engine::shutdown).
    ShutdownComplete,
}

/// What a posted command has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completion {
    /// It is done.
    Done,
    /// A terminal was made.
    Spawned(TerminalId),
}

/// An event that waits in the engine's queue.
pub(super) enum Notice {
    Completed { tag: u64, result: Result<Completion> },
    Log { level: LogLevel, client: Option<ClientId>, text: String },
}
