//! What the host is told of a peer.

use std::time::Duration;

use super::options::RemoteMode;
use super::request::{RemoteCode, RemoteOutcome};
use crate::state::StateVersion;
use crate::terminal::{ExitStatus, LinePosition, ScreenUpdate};

/// Something that happened between us and another engine. Events of one peer come in the order in which
/// they happened; bytes and texts are borrowed until the next call on the engine.
#[derive(Debug)]
#[non_exhaustive]
pub enum PeerEvent<'a> {
    /// The other engine has let us in.
    Connected {
        /// The state goes on from the version that we have; else all of it comes anew.
        resumed: bool,
    },
    /// There is no connection (any more). Requests without an answer have been answered by
    /// [`RemoteCode::Disconnected`] before.
    Disconnected {
        /// Why, for a person.
        reason: &'a str,
        /// When it is tried again; `None`: it is given up.
        retry_in: Option<Duration>,
    },
    /// The replica is the other engine's state of this version.
    State {
        /// The version.
        version: StateVersion,
        /// It came anew as a whole, not as what changed.
        full: bool,
    },
    /// Output of a terminal comes from here on. Again after each time that the connection was made anew.
    Attached {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset of the first byte.
        offset: u64,
    },
    /// We held the program back for longer than the other engine allows (its `limits.client_hold_time`, or
    /// `client_stall_time` with a token that may type): what comes from `offset` on comes in this mode, also
    /// after the connection was made anew. Attach again for bytes.
    ModeChanged {
        /// Which terminal of the other engine.
        terminal: u64,
        /// How its output comes now: [`RemoteMode::Screen`].
        mode: RemoteMode,
        /// Offset of the output that the first update shows.
        offset: u64,
    },
    /// The terminal is gone, or could not be attached to; or the host wanted it.
    Detached {
        /// Which terminal of the other engine.
        terminal: u64,
    },
    /// Output.
    Output {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset of the first byte. Where it is ahead, bytes were left out on purpose: questions of the
        /// program that the other engine has answered.
        offset: u64,
        /// At least one.
        bytes: &'a [u8],
    },
    /// Output that is lost to us.
    Gap {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset of the first byte that is lost.
        from: u64,
        /// Offset of the byte after the last one.
        to: u64,
    },
    /// The screen instead of the bytes before `offset`: clear, set the size, write the bytes of all parts.
    Snapshot {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset of the byte that follows.
        offset: u64,
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
        /// Place of the first row that it shows, the same in all parts.
        line: LinePosition,
        /// Control sequences.
        bytes: &'a [u8],
        /// Another part follows. If it does not because the connection broke, a new snapshot comes after it
        /// was made anew.
        more: bool,
    },
    /// What changed on a screen ([`RemoteMode::Screen`](super::RemoteMode)).
    Screen {
        /// Which terminal of the other engine.
        terminal: u64,
        /// As of a terminal of one's own; `generation` rises with each update.
        update: &'a ScreenUpdate,
    },
    /// The program has ended, and everything before has come.
    Ended {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset after the last byte.
        final_offset: u64,
        /// How; whether a core was dumped is not told.
        status: ExitStatus,
    },
    /// What became of a request.
    Answer {
        /// The number of the request.
        request: u64,
        /// What became of it.
        outcome: &'a RemoteOutcome,
    },
    /// A change set was committed; its effect is in the replica.
    Applied {
        /// The number of the change set.
        mutation: u64,
        /// The version that it made.
        version: u64,
    },
    /// A change set was refused; or, with [`RemoteCode::Disconnected`], nobody knows: compare the state.
    Rejected {
        /// The number of the change set.
        mutation: u64,
        /// Why, for programs.
        code: RemoteCode,
        /// Why, for a person.
        message: &'a str,
    },
    /// The other engine complains about something that has no number, such as input.
    Problem {
        /// One line.
        message: &'a str,
    },
}
