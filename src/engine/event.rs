//! Events for the host.

use super::Engine;
use crate::error::Result;
use crate::observe::SlowTurn;
use crate::reactor::{ClientId, PeerId, TerminalId, WatchId};
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
        /// One line, without an end.
        text: &'a str,
    },
    /// A client wants to change the state, and [`Config::review_changes`](crate::Config) is on. Answer it
    /// with [`Engine::answer_review`].
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
    /// [`Engine::turn_stats`].
    SlowTurn(SlowTurn),
    /// Every terminal, client and peer is gone after [`Engine::shutdown`].
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
    Log { level: LogLevel, text: String },
}

impl Engine {
    /// The next event, or `None` when no event is left before the next turn.
    ///
    /// Reading an event consumes it; a lossless reader moves on, which may let its PTY be read again.
    /// Unread output stays in the log and stops the PTY, it is never dropped.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked), [`System`](crate::ErrorKind::System).
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>> {
        self.check_process()?;
        if let Some(notice) = self.notices.pop_front() {
            self.finish_call_or_log();
            return Ok(Some(match notice {
                Notice::Completed { tag, result } => Event::Completed { tag, result },
                Notice::Log { level, text } => {
                    self.log_line = text;
                    Event::Log { level, text: &self.log_line }
                }
            }));
        }
        if let Some(slow) = self.turns.take_slow() {
            self.finish_call()?;
            return Ok(Some(Event::SlowTurn(slow)));
        }
        if self.has_unreported_review() {
            self.finish_call_or_log();
            let review = self.unreported_review();
            return Ok(review.map(|review| Event::Review {
                review: review.number,
                client: review.client,
                changes: &review.changes,
            }));
        }
        let picked = self.terminals.take_event(&mut self.reactor);
        if picked.is_none()
            && let Some((id, tag)) = self.watches.take_event(&mut self.reactor)
        {
            self.finish_call_or_log();
            let event = self.watches.last_event();
            return Ok(event.map(|event| Event::Watch { id, tag, event }));
        }
        if picked.is_none()
            && let Some((id, tag)) = self.peers.pick_event(&mut self.reactor)
        {
            self.finish_call_or_log();
            return Ok(self.peers.told().map(|event| Event::Peer { id, tag, event }));
        }
        if picked.is_none() && self.is_shutdown_complete() {
            self.shutdown = super::Shutdown::Reported;
            self.finish_call_or_log();
            return Ok(Some(Event::ShutdownComplete));
        }
        self.finish_call_or_log();
        Ok(picked.map(|(id, tag, picked)| {
            let event = self.terminals.resolve(id, picked);
            Event::Terminal { id, tag, event }
        }))
    }
}
