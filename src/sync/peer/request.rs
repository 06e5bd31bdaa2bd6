//! What can be asked of another engine, and what it answers.

use std::time::Duration;

use super::convert;
use super::file::{RemoteFileVersion, RemoteSlice};
use super::rows::RemoteRows;
use crate::error::one_line;
use crate::sync::convert::line_position;
use crate::sync::protocol::values::Octets;
use crate::sync::protocol::{
    ClientMessage, ErrorCode, Failure, Op as WireOp, Outcome, Read, RowsRequest, Search, Spawn,
    Stats, TerminalDetail, TerminalOp,
};
use crate::terminal::{LinePosition, Match, Size};

/// A request to another engine, by [`Engine::peer_request`](crate::Engine::peer_request). Terminals and
/// watches are those of the other engine, as its state names them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteRequest {
    /// Operations on terminals, in this order. One that fails has the ones after it for the same terminal
    /// skipped. Answer: [`RemoteOutcome::Statuses`].
    Batch(Vec<(u64, RemoteOp)>),
    /// Starts a program. Answer: [`RemoteOutcome::Spawned`].
    Spawn {
        /// The name of a profile that the other host has granted.
        profile: String,
        /// Working directory, inside its granted directories; `None`: that of the profile.
        cwd: Option<Vec<u8>>,
        /// `None`: that of the profile.
        size: Option<Size>,
    },
    /// Searches a screen and its scrollback. Answer: [`RemoteOutcome::Found`].
    Search {
        /// Where.
        terminal: u64,
        /// What.
        pattern: String,
        /// The pattern is a regular expression.
        regex: bool,
        /// Upper and lower case are the same.
        ignore_case: bool,
        /// 0: 1,000; at most 10,000.
        max: u32,
    },
    /// Reads rows of a screen and its scrollback. Answer: [`RemoteOutcome::Rows`].
    Rows {
        /// Where.
        terminal: u64,
        /// A place in the scrollback or on the screen; `None`: the top row of the screen. A place that is no longer kept
        /// is taken as the oldest row.
        from: Option<LinePosition>,
        /// Rows above the row that shows `from`.
        above: u32,
        /// Rows from that row on. Together at most 1,000 come, and fewer if they are large: those nearest to `from`.
        max: u32,
    },
    /// Everything that is known of a terminal at the moment. Answer: [`RemoteOutcome::Terminal`].
    Query {
        /// Which one.
        terminal: u64,
    },
    /// Figures of the other engine, and of this connection. Answer: [`RemoteOutcome::Stats`].
    Stats,
    /// Watches files in a granted directory; they appear in the replica. It ends with the connection.
    /// Answer: [`RemoteOutcome::Watching`].
    Watch {
        /// Absolute.
        path: Vec<u8>,
    },
    /// Ends a watch that was asked for on this connection. Answer: [`RemoteOutcome::Done`].
    Unwatch {
        /// Its number.
        watch: u64,
    },
    /// Reads a part of a regular file in a granted directory. Answer: [`RemoteOutcome::Slice`].
    Read {
        /// Absolute.
        path: Vec<u8>,
        /// Of the first byte.
        offset: u64,
        /// The most bytes. 0: 64 KiB; at most 256 KiB.
        max: u32,
        /// What the file was at an earlier slice: the reply says whether it has changed.
        base: Option<RemoteFileVersion>,
    },
}

/// One operation on a terminal of another engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteOp {
    /// Types bytes, all or none.
    Input(Vec<u8>),
    /// Types text as pasted.
    Paste(Vec<u8>),
    /// Reports the grid of our window if we are attached to the terminal
    /// ([`peer_set_grid`](crate::Engine::peer_set_grid)); else changes the size, in cells.
    Resize(Size),
    /// Types the interrupt character and drops output that was not sent yet.
    Interrupt,
    /// Ends the input.
    Eof,
    /// Sends a signal to the foreground group.
    Signal(i32),
    /// Drops the scrollback.
    Clear,
    /// Hangs up.
    Close {
        /// SIGKILL follows after this time, which is counted in milliseconds.
        grace: Duration,
    },
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteOutcome {
    /// It is done.
    Done,
    /// It was refused, or the answer was lost.
    Failed(RemoteFailure),
    /// Of a batch: one for each operation, `None` for a success.
    Statuses(Vec<Option<RemoteFailure>>),
    /// A program was started.
    Spawned {
        /// Its terminal.
        terminal: u64,
    },
    /// Files are watched.
    Watching {
        /// The number of the watch.
        watch: u64,
    },
    /// What a search found.
    Found {
        /// In the order of the text.
        matches: Vec<Match>,
        /// There are no more.
        complete: bool,
    },
    /// What is known of a terminal.
    Terminal(Box<RemoteTerminal>),
    /// A part of a file.
    Slice(RemoteSlice),
    /// Figures.
    Stats(RemoteStats),
    /// Rows of a terminal.
    Rows(Box<RemoteRows>),
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFailure {
    /// For programs.
    pub code: RemoteCode,
    /// For a person; one line.
    pub message: String,
}

/// Why another engine refused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum RemoteCode {
    /// It makes no sense there.
    Invalid = 1,
    /// The token does not allow it.
    Forbidden = 2,
    /// What was named does not exist (any more).
    NotFound = 3,
    /// A bound was reached.
    Limit = 4,
    /// The entry has changed since the version that the change was made from.
    Conflict = 5,
    /// The other host refused it.
    Refused = 6,
    /// The terminal has ended or is being closed.
    Ended = 7,
    /// An operation before it failed.
    Skipped = 8,
    /// The terminal has no screen.
    NoScreen = 9,
    /// The system refused.
    System = 10,
    /// The connection was lost before the answer came: nobody knows.
    Disconnected = 11,
    /// It was cancelled before it was done.
    Cancelled = 12,
}

/// What is known of a terminal of another engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteTerminal {
    /// Which one.
    pub terminal: u64,
    /// The process that has the terminal; see [`Process`](crate::Process).
    pub foreground_pid: Option<i32>,
    /// Its name.
    pub foreground_name: Vec<u8>,
    /// Its working directory.
    pub cwd: Option<Vec<u8>>,
    /// Offset of the oldest byte that there is.
    pub log_start: u64,
    /// Offset after the newest.
    pub log_end: u64,
    /// Bytes typed so far.
    pub input_bytes: u64,
    /// Bytes of them that the program has not read.
    pub input_waiting: u64,
    /// How long ago the last input was.
    pub since_input: Option<Duration>,
    /// How long ago the last output was.
    pub since_output: Option<Duration>,
    /// Its output is held back.
    pub paused: bool,
    /// Rows of scrollback.
    pub history: u32,
}

/// Figures of another engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteStats {
    /// How long ago it was made.
    pub uptime: Duration,
    /// Turns of its loop so far, or since its host began to count anew.
    pub turns: u64,
    /// Processor time of the longest of them.
    pub longest_turn: Duration,
    /// Clients that are connected to it.
    pub clients: u32,
    /// Its terminals.
    pub terminals: u32,
    /// Its watches.
    pub watches: u32,
    /// Bytes that waited to be sent to us when it answered.
    pub queued_bytes: u64,
}

impl RemoteOutcome {
    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let failure = |failure: &RemoteFailure| failure.message.len();
        match self {
            RemoteOutcome::Failed(failed) => failure(failed),
            RemoteOutcome::Statuses(all) => {
                let texts: usize = all.iter().flatten().map(failure).sum();
                texts + all.len() * size_of::<Option<RemoteFailure>>()
            }
            RemoteOutcome::Found { matches, .. } => matches.len() * size_of::<Match>(),
            RemoteOutcome::Terminal(terminal) => {
                size_of::<RemoteTerminal>()
                    + terminal.foreground_name.len()
                    + terminal.cwd.as_ref().map_or(0, Vec::len)
            }
            RemoteOutcome::Slice(slice) => slice.bytes.len(),
            RemoteOutcome::Rows(read) => size_of::<RemoteRows>() + read.rows.bytes(),
            _ => 0,
        }
    }

    pub(super) fn lost() -> Self {
        RemoteOutcome::Failed(RemoteFailure {
            code: RemoteCode::Disconnected,
            message: LOST.into(),
        })
    }
}

/// The message of requests whose reply will not come.
pub(super) const LOST: &str = "the connection was lost before the answer came";

impl RemoteRequest {
    /// The message that asks for it under this number.
    pub(super) fn to_message(&self, id: u64) -> ClientMessage {
        match self {
            RemoteRequest::Batch(ops) => {
                let op = |(terminal, op): &(u64, RemoteOp)| TerminalOp {
                    terminal: *terminal,
                    op: op.to_wire(),
                };
                ClientMessage::Batch { id, ops: ops.iter().map(op).collect() }
            }
            RemoteRequest::Spawn { profile, cwd, size } => ClientMessage::Spawn(Spawn {
                id,
                profile: profile.clone(),
                cwd: cwd.clone().map(Octets),
                cols: size.map_or(0, |size| size.cols),
                rows: size.map_or(0, |size| size.rows),
            }),
            RemoteRequest::Search { terminal, pattern, regex, ignore_case, max } => {
                ClientMessage::Search(Search {
                    id,
                    terminal: *terminal,
                    pattern: pattern.clone(),
                    regex: *regex,
                    ignore_case: *ignore_case,
                    max: *max,
                })
            }
            RemoteRequest::Rows { terminal, from, above, max } => {
                ClientMessage::Rows(RowsRequest {
                    id,
                    terminal: *terminal,
                    from: from.map(line_position),
                    above: *above,
                    max: *max,
                })
            }
            RemoteRequest::Query { terminal } => ClientMessage::Query { id, terminal: *terminal },
            RemoteRequest::Stats => ClientMessage::Stats { id },
            RemoteRequest::Watch { path } => {
                ClientMessage::Watch { id, path: Octets(path.clone()) }
            }
            RemoteRequest::Unwatch { watch } => ClientMessage::Unwatch { id, watch: *watch },
            RemoteRequest::Read { path, offset, max, base } => ClientMessage::Read(Read {
                id,
                path: Octets(path.clone()),
                offset: *offset,
                max: *max,
                base: base.map(Into::into),
            }),
        }
    }
}

impl RemoteOp {
    fn to_wire(&self) -> WireOp {
        match self {
            RemoteOp::Input(bytes) => WireOp::Input(Octets(bytes.clone())),
            RemoteOp::Paste(bytes) => WireOp::Paste(Octets(bytes.clone())),
            RemoteOp::Resize(size) => WireOp::Resize { cols: size.cols, rows: size.rows },
            RemoteOp::Interrupt => WireOp::Interrupt,
            RemoteOp::Eof => WireOp::Eof,
            RemoteOp::Signal(signal) => WireOp::Signal(*signal),
            RemoteOp::Clear => WireOp::Clear,
            RemoteOp::Close { grace } => {
                WireOp::Close { grace_ms: u32::try_from(grace.as_millis()).unwrap_or(u32::MAX) }
            }
        }
    }
}

/// An answer in our own types.
pub(super) fn outcome(outcome: Outcome) -> RemoteOutcome {
    match outcome {
        Outcome::Done => RemoteOutcome::Done,
        Outcome::Failed(failed) => RemoteOutcome::Failed(failure(failed)),
        Outcome::Statuses(all) => {
            RemoteOutcome::Statuses(all.into_iter().map(|status| status.map(failure)).collect())
        }
        Outcome::Spawned { terminal } => RemoteOutcome::Spawned { terminal },
        Outcome::Watching { watch } => RemoteOutcome::Watching { watch },
        Outcome::Found { matches, complete } => {
            RemoteOutcome::Found { matches: matches.iter().map(convert::found).collect(), complete }
        }
        Outcome::Slice(slice) => RemoteOutcome::Slice(slice.into()),
        Outcome::Stats(figures) => RemoteOutcome::Stats(stats(&figures)),
        Outcome::Rows(reply) => RemoteOutcome::Rows(Box::new(convert::rows(&reply))),
        Outcome::Terminal(detail) => RemoteOutcome::Terminal(Box::new(terminal(*detail))),
    }
}

fn failure(failure: Failure) -> RemoteFailure {
    let message = one_line(failure.message.into()).into_owned();
    RemoteFailure { code: code(failure.code), message }
}

fn stats(stats: &Stats) -> RemoteStats {
    RemoteStats {
        uptime: Duration::from_millis(stats.uptime_ms),
        turns: stats.turns,
        longest_turn: Duration::from_micros(stats.longest_turn_us),
        clients: stats.clients,
        terminals: stats.terminals,
        watches: stats.watches,
        queued_bytes: stats.queued_bytes,
    }
}

fn terminal(detail: TerminalDetail) -> RemoteTerminal {
    RemoteTerminal {
        terminal: detail.terminal,
        foreground_pid: detail.foreground_pid,
        foreground_name: detail.foreground_name.0,
        cwd: detail.cwd.map(|cwd| cwd.0),
        log_start: detail.log_start,
        log_end: detail.log_end,
        input_bytes: detail.input_bytes,
        input_waiting: detail.input_waiting,
        since_input: detail.since_input_ms.map(Duration::from_millis),
        since_output: detail.since_output_ms.map(Duration::from_millis),
        paused: detail.paused,
        history: detail.history,
    }
}

pub(super) fn code(code: ErrorCode) -> RemoteCode {
    match code {
        ErrorCode::Invalid => RemoteCode::Invalid,
        ErrorCode::Forbidden => RemoteCode::Forbidden,
        ErrorCode::NotFound => RemoteCode::NotFound,
        ErrorCode::Limit => RemoteCode::Limit,
        ErrorCode::Conflict => RemoteCode::Conflict,
        ErrorCode::Refused => RemoteCode::Refused,
        ErrorCode::Ended => RemoteCode::Ended,
        ErrorCode::Skipped => RemoteCode::Skipped,
        ErrorCode::NoScreen => RemoteCode::NoScreen,
        ErrorCode::System => RemoteCode::System,
        ErrorCode::Cancelled => RemoteCode::Cancelled,
    }
}
