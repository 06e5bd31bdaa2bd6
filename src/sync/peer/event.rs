//! Events of a peer, as the host sees them.

use std::time::Duration;

use super::options::RemoteMode;
use super::request::{RemoteCode, RemoteOutcome};
use crate::state::StateVersion;
use crate::terminal::{ExitStatus, LinePosition, ScreenUpdate, TerminalNotice};

/// Something that happened between us and another engine. Events of one peer come in the order in which
/// they happened; bytes and texts are borrowed until the next call on the engine.
#[derive(Debug)]
#[non_exhaustive]
pub enum PeerEvent<'a> {
    /// The other engine has accepted the connection.
    Connected {
        /// The state resumes from the version that the replica has; else all of it is sent again.
        resumed: bool,
    },
    /// There is no connection. Requests without a reply have failed before with [`RemoteCode::Disconnected`].
    Disconnected {
        /// Why, for a person.
        reason: &'a str,
        /// Time until the next attempt; `None`: there is none.
        retry_in: Option<Duration>,
    },
    /// The replica is the other engine's state of this version.
    State {
        /// The version.
        version: StateVersion,
        /// All of it was sent again, not what changed.
        full: bool,
    },
    /// Output of a terminal starts. Comes again after each reconnect.
    Attached {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset of the first byte.
        offset: u64,
    },
    /// The program exerted backpressure through us for longer than the other engine allows (its
    /// `limits.client_hold_time`, or `client_stall_time` with a token that may type): output from `offset` on comes in
    /// this mode, also after a reconnect. Attach again for bytes.
    DeliveryChanged {
        /// Which terminal of the other engine.
        terminal: u64,
        /// How its output comes now: [`RemoteMode::Screen`].
        mode: RemoteMode,
        /// Offset of the output that the first update shows.
        offset: u64,
    },
    /// The terminal is gone, could not be attached to, or was detached by the host.
    Detached {
        /// Which terminal of the other engine.
        terminal: u64,
    },
    /// Output.
    Output {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset of the first byte. Where it is ahead, queries of the program were left out that the other engine
        /// has answered.
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
    /// The program has ended, and all of its output has arrived.
    Exited {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Offset after the last byte.
        final_offset: u64,
        /// How it ended; whether a core was dumped is not known.
        status: ExitStatus,
    },
    /// Something happened in a terminal, attached or not, that its rows do not show
    /// ([`PeerOptions::notices`](super::PeerOptions::notices)).
    Notice {
        /// Which terminal of the other engine.
        terminal: u64,
        /// Its number among the notices of the terminal. It skips those that were dropped, and those of other kinds.
        seq: u64,
        /// What happened. Texts come from the program.
        notice: &'a TerminalNotice,
    },
    /// The reply to a request.
    Reply {
        /// The number of the request.
        request: u64,
        /// The outcome.
        outcome: &'a RemoteOutcome,
    },
    /// A change set was committed; its effect is in the replica.
    Applied {
        /// The number of the change set.
        mutation: u64,
        /// The version that it made.
        version: u64,
    },
    /// A change set was rejected. With [`RemoteCode::Disconnected`] the outcome is not known: compare the state.
    Rejected {
        /// The number of the change set.
        mutation: u64,
        /// Why, for programs.
        code: RemoteCode,
        /// Why, for a person.
        message: &'a str,
    },
    /// The other engine rejected something that has no number, such as input.
    Problem {
        /// The terminal of the other engine that it is about, if it is about one.
        terminal: Option<u64>,
        /// One line.
        message: &'a str,
    },
}
