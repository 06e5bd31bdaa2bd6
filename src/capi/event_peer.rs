//! What events of peers carry, and the memory of replies.

use std::mem::size_of;
use std::ptr;

use super::event_payload::orch_exit_kind;
use super::lent::{Lendable, Lent, poison, poison_all};
use super::line::orch_line_position;
use super::matches::orch_match;
use super::options::orch_delivery;
use super::peer_file::{NO_SLICE, orch_peer_slice};
use super::peer_rows::{PeerRowsLoan, orch_peer_rows};
use super::sized::lend;
use super::state_entry::orch_state_version;
use super::types::{NO_BYTES, orch_bytes, orch_size};
use super::update::orch_screen_update;
use crate::{RemoteFailure, RemoteOutcome, RemoteStats, RemoteTerminal};

/// Why another engine rejected something.
pub type orch_remote_status = u32;
/// It was accepted.
pub const ORCH_REMOTE_OK: orch_remote_status = 0;
/// It is malformed or contradicts itself.
pub const ORCH_REMOTE_INVALID: orch_remote_status = 1;
/// The token does not allow it.
pub const ORCH_REMOTE_FORBIDDEN: orch_remote_status = 2;
/// What it names does not exist.
pub const ORCH_REMOTE_NOT_FOUND: orch_remote_status = 3;
/// A limit is reached.
pub const ORCH_REMOTE_LIMIT: orch_remote_status = 4;
/// An entry has changed since the version that the change was made from.
pub const ORCH_REMOTE_CONFLICT: orch_remote_status = 5;
/// The host of the other engine rejected it.
pub const ORCH_REMOTE_REFUSED: orch_remote_status = 6;
/// The terminal has ended or is being closed.
pub const ORCH_REMOTE_ENDED: orch_remote_status = 7;
/// An operation before it failed.
pub const ORCH_REMOTE_SKIPPED: orch_remote_status = 8;
/// The terminal has no screen.
pub const ORCH_REMOTE_NO_SCREEN: orch_remote_status = 9;
/// The operating system rejected it.
pub const ORCH_REMOTE_SYSTEM: orch_remote_status = 10;
/// The connection broke before the reply arrived: the outcome is not known.
pub const ORCH_REMOTE_DISCONNECTED: orch_remote_status = 11;
/// It was cancelled before it was done.
pub const ORCH_REMOTE_CANCELLED: orch_remote_status = 12;

/// What a reply contains.
pub type orch_reply_kind = u32;
/// The request is done; there is nothing to return.
pub const ORCH_REPLY_DONE: orch_reply_kind = 1;
/// The request failed: `status`, `message`.
pub const ORCH_REPLY_FAILED: orch_reply_kind = 2;
/// A batch: `results`, one for each operation.
pub const ORCH_REPLY_RESULTS: orch_reply_kind = 3;
/// A spawn: `terminal`.
pub const ORCH_REPLY_SPAWNED: orch_reply_kind = 4;
/// A watch: `watch`.
pub const ORCH_REPLY_WATCHING: orch_reply_kind = 5;
/// A search: `matches`, `has_more`.
pub const ORCH_REPLY_MATCHES: orch_reply_kind = 6;
/// A query: `detail`.
pub const ORCH_REPLY_TERMINAL: orch_reply_kind = 7;
/// Rows: `rows`.
pub const ORCH_REPLY_ROWS: orch_reply_kind = 8;
/// A read: `slice`.
pub const ORCH_REPLY_SLICE: orch_reply_kind = 9;
/// Figures: `stats`.
pub const ORCH_REPLY_STATS: orch_reply_kind = 10;

/// The outcome of one operation of a batch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_remote_result {
    /// ORCH_REMOTE_OK for a success.
    pub status: orch_remote_status,
    /// Always 0.
    pub reserved: u32,
    /// Why it failed: one line, UTF-8.
    pub message: orch_bytes,
}

/// What the other engine knows about a terminal beyond what its state contains.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_terminal {
    /// Size of this struct as the library has it.
    pub size: usize,
    /// Which one.
    pub terminal: u64,
    /// The process that has the terminal, see `orch_terminal_state`; 0 if not known.
    pub foreground_pid: i32,
    /// 1 if its output is held back.
    pub paused: u32,
    /// Name of that process; none if unknown.
    pub foreground_name: orch_bytes,
    /// Its working directory; none if unknown.
    pub cwd: orch_bytes,
    /// Offset of the oldest byte that there is.
    pub log_start: u64,
    /// Offset after the newest byte.
    pub log_end: u64,
    /// Bytes typed so far.
    pub input_bytes: u64,
    /// Bytes of them that the program has not read.
    pub input_waiting: u64,
    /// Milliseconds since the last input, -1 if there was none.
    pub since_input_ms: i64,
    /// Milliseconds since the last output, -1 if there was none.
    pub since_output_ms: i64,
    /// Rows of scrollback.
    pub history: u32,
    /// Always 0.
    pub reserved: u32,
}

/// Figures of another engine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_stats {
    /// Size of this struct as the library has it.
    pub size: usize,
    /// Milliseconds since the engine was made.
    pub uptime_ms: u64,
    /// Turns of its loop so far, or since its host began to count anew.
    pub turns: u64,
    /// Processor time of the longest of them, in microseconds.
    pub longest_turn_us: u64,
    /// Clients that are connected to it.
    pub clients: u32,
    /// Its terminals.
    pub terminals: u32,
    /// Its watches.
    pub watches: u32,
    /// Always 0.
    pub reserved: u32,
    /// Bytes that waited to be sent to this engine when it replied.
    pub queued_bytes: u64,
}

/// The other engine has accepted the connection.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_connected {
    /// 1: the state resumes from the version that the copy has; 0: all of it is sent again.
    pub resumed: u32,
}

/// There is no connection.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_disconnected {
    /// Milliseconds until the next attempt; -1: there is none.
    pub retry_in_ms: i64,
    /// Why: one line, UTF-8.
    pub reason: orch_bytes,
}

/// The copy of the state has reached another version.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_state {
    /// The version.
    pub version: orch_state_version,
    /// 1: all of the state was sent again.
    pub full: u32,
    /// Always 0.
    pub reserved: u32,
}

/// Output of a terminal starts.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_attached {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// Offset of the next byte.
    pub offset: u64,
}

/// A terminal is not attached any more.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_detached {
    /// The terminal of the other engine.
    pub terminal: u64,
}

/// Output of a terminal. An `offset` beyond the end of the previous event leaves out queries of the program that
/// the other engine has answered.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_output {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// Offset of the first byte.
    pub offset: u64,
    /// The bytes.
    pub data: *const u8,
    /// How many.
    pub len: usize,
}

/// Output of a terminal from `start` up to, not including, `end` is lost.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_gap {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// Offset of the first byte that is lost.
    pub start: u64,
    /// Offset of the next byte.
    pub end: u64,
}

/// A part of a snapshot: clear, set the size `window`, and write the bytes of all parts. If `has_more` is 1 and the
/// connection breaks before the next part, a new snapshot comes later.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_snapshot {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// Offset of the output that follows the snapshot.
    pub offset: u64,
    /// Control sequences.
    pub data: *const u8,
    /// How many bytes.
    pub len: usize,
    /// Columns and rows of the screen.
    pub window: orch_size,
    /// The place of the first row of the snapshot.
    pub line: orch_line_position,
    /// 1: another part follows.
    pub has_more: u32,
    /// Always 0.
    pub reserved: u32,
}

/// What changed on the screen of a terminal.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_screen {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// What changed. Its generation rises with each update of this peer.
    pub update: *const orch_screen_update,
}

/// The program in a terminal has ended.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_exited {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// Offset after its last byte; everything before it has arrived.
    pub end: u64,
    /// How it ended.
    pub exit_kind: orch_exit_kind,
    /// The exit code or the number of the signal.
    pub exit_value: i32,
}

/// The reply to a request. Fields that its kind does not name are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_reply {
    /// The number that `orch_peer_request` returned.
    pub request: u64,
    /// What the reply contains. Ignore kinds that you do not know.
    pub kind: orch_reply_kind,
    /// Why the request failed.
    pub status: orch_remote_status,
    /// The same for a person: one line, UTF-8.
    pub message: orch_bytes,
    /// The terminal that was started.
    pub terminal: u64,
    /// The watch of the other engine.
    pub watch: u64,
    /// The outcome of each operation of a batch.
    pub results: *const orch_remote_result,
    /// How many.
    pub result_count: usize,
    /// Bytes from one to the next.
    pub result_stride: usize,
    /// The matches of a search, in the order of the text.
    pub matches: *const orch_match,
    /// How many.
    pub match_count: usize,
    /// Bytes from one to the next.
    pub match_stride: usize,
    /// 1: the search has found more than it returns.
    pub has_more: u32,
    /// Always 0.
    pub reserved: u32,
    /// What a query returns.
    pub detail: *const orch_peer_terminal,
    /// What a read returns.
    pub slice: *const orch_peer_slice,
    /// What ORCH_REQUEST_STATS returns.
    pub stats: *const orch_peer_stats,
    /// The rows that were asked for.
    pub rows: *const orch_peer_rows,
}

/// A change set was committed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_applied {
    /// The number that `orch_peer_request` returned.
    pub request: u64,
    /// The `n` of the version that contains it.
    pub version_n: u64,
}

/// A change set was rejected. With ORCH_REMOTE_DISCONNECTED the outcome is not known: compare the state.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_rejected {
    /// The number that `orch_peer_request` returned.
    pub request: u64,
    /// Why.
    pub status: orch_remote_status,
    /// Always 0.
    pub reserved: u32,
    /// The same for a person: one line, UTF-8.
    pub message: orch_bytes,
}

/// The other engine rejected something that has no number.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_problem {
    /// What is wrong: one line, UTF-8.
    pub message: orch_bytes,
    /// The terminal of the other engine that it is about; 0 if it is about none.
    pub terminal: u64,
}

/// This host has blocked the program by not reading for longer than the token allows, so output comes in another way.
/// Attach again for bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_delivery_changed {
    /// The terminal of the other engine.
    pub terminal: u64,
    /// Offset from which this applies.
    pub offset: u64,
    /// The delivery from now on.
    pub delivery: orch_delivery,
    /// Always 0.
    pub reserved: u32,
}

const NO_TERMINAL: orch_peer_terminal = orch_peer_terminal {
    size: size_of::<orch_peer_terminal>(),
    terminal: 0,
    foreground_pid: 0,
    paused: 0,
    foreground_name: NO_BYTES,
    cwd: NO_BYTES,
    log_start: 0,
    log_end: 0,
    input_bytes: 0,
    input_waiting: 0,
    since_input_ms: -1,
    since_output_ms: -1,
    history: 0,
    reserved: 0,
};

const NO_STATS: orch_peer_stats = orch_peer_stats {
    size: size_of::<orch_peer_stats>(),
    uptime_ms: 0,
    turns: 0,
    longest_turn_us: 0,
    clients: 0,
    terminals: 0,
    watches: 0,
    reserved: 0,
    queued_bytes: 0,
};

// SAFETY: integers and raw pointers only, in all of them.
unsafe impl Lendable for orch_event_peer_reply {}
// SAFETY: as above.
unsafe impl Lendable for orch_remote_result {}
// SAFETY: as above.
unsafe impl Lendable for orch_peer_terminal {}
// SAFETY: as above.
unsafe impl Lendable for orch_peer_slice {}
// SAFETY: as above.
unsafe impl Lendable for orch_peer_stats {}

const NO_REPLY: orch_event_peer_reply = orch_event_peer_reply {
    request: 0,
    kind: 0,
    status: ORCH_REMOTE_OK,
    message: NO_BYTES,
    terminal: 0,
    watch: 0,
    results: ptr::null(),
    result_count: 0,
    result_stride: size_of::<orch_remote_result>(),
    matches: ptr::null(),
    match_count: 0,
    match_stride: size_of::<orch_match>(),
    has_more: 0,
    reserved: 0,
    detail: ptr::null(),
    slice: ptr::null(),
    stats: ptr::null(),
    rows: ptr::null(),
};

impl From<&RemoteStats> for orch_peer_stats {
    fn from(stats: &RemoteStats) -> Self {
        orch_peer_stats {
            uptime_ms: u64::try_from(stats.uptime.as_millis()).unwrap_or(u64::MAX),
            turns: stats.turns,
            longest_turn_us: u64::try_from(stats.longest_turn.as_micros()).unwrap_or(u64::MAX),
            clients: stats.clients,
            terminals: stats.terminals,
            watches: stats.watches,
            queued_bytes: stats.queued_bytes,
            ..NO_STATS
        }
    }
}

/// A reply, lent until the next event. A debug build overwrites it when the loan ends.
pub(super) struct ReplyLoan {
    reply: orch_event_peer_reply,
    results: Vec<orch_remote_result>,
    matches: Vec<orch_match>,
    detail: orch_peer_terminal,
    slice: orch_peer_slice,
    stats: orch_peer_stats,
    rows: PeerRowsLoan,
    texts: Vec<u8>,
}

impl Default for ReplyLoan {
    fn default() -> Self {
        ReplyLoan {
            reply: NO_REPLY,
            results: Vec::new(),
            matches: Vec::new(),
            detail: NO_TERMINAL,
            slice: NO_SLICE,
            stats: NO_STATS,
            rows: PeerRowsLoan::default(),
            texts: Vec::new(),
        }
    }
}

impl ReplyLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            poison(&mut self.reply);
            poison_all(&mut self.results);
            poison_all(&mut self.matches);
            poison(&mut self.detail);
            poison(&mut self.slice);
            poison(&mut self.stats);
            self.rows.end();
            self.texts.fill(Lent::POISON);
        }
    }

    /// Lends the reply to a request.
    pub(super) fn lend(&mut self, request: u64, outcome: &RemoteOutcome) -> &orch_event_peer_reply {
        self.end();
        let mut out = orch_event_peer_reply { request, ..NO_REPLY };
        match outcome {
            RemoteOutcome::Done => out.kind = ORCH_REPLY_DONE,
            RemoteOutcome::Failed(failure) => {
                (out.kind, out.status) = (ORCH_REPLY_FAILED, failure.code as u32);
                self.make_room(failure.message.len());
                out.message = self.text(failure.message.as_bytes());
            }
            RemoteOutcome::Statuses(statuses) => {
                out.kind = ORCH_REPLY_RESULTS;
                self.fill_results(statuses);
                (out.results, out.result_count) = (self.results.as_ptr(), self.results.len());
            }
            RemoteOutcome::Spawned { terminal } => {
                (out.kind, out.terminal) = (ORCH_REPLY_SPAWNED, *terminal);
            }
            RemoteOutcome::Watching { watch } => {
                (out.kind, out.watch) = (ORCH_REPLY_WATCHING, *watch);
            }
            RemoteOutcome::Found { matches, complete } => {
                (out.kind, out.has_more) = (ORCH_REPLY_MATCHES, (!*complete).into());
                self.matches.clear();
                self.matches.extend(matches.iter().map(orch_match::from));
                (out.matches, out.match_count) = (self.matches.as_ptr(), self.matches.len());
            }
            RemoteOutcome::Terminal(terminal) => {
                out.kind = ORCH_REPLY_TERMINAL;
                self.fill_detail(terminal);
                out.detail = &raw const self.detail;
            }
            RemoteOutcome::Slice(slice) => {
                out.kind = ORCH_REPLY_SLICE;
                self.slice = orch_peer_slice::lending(slice);
                out.slice = &raw const self.slice;
            }
            RemoteOutcome::Stats(stats) => {
                out.kind = ORCH_REPLY_STATS;
                self.stats = stats.into();
                out.stats = &raw const self.stats;
            }
            RemoteOutcome::Rows(read) => {
                out.kind = ORCH_REPLY_ROWS;
                out.rows = self.rows.lend(read);
            }
        }
        self.reply = out;
        &self.reply
    }

    fn fill_results(&mut self, statuses: &[Option<RemoteFailure>]) {
        self.make_room(statuses.iter().flatten().map(|failure| failure.message.len()).sum());
        self.results.clear();
        for outcome in statuses {
            let (status, message) = match outcome {
                None => (0, NO_BYTES),
                Some(failure) => (failure.code as u32, self.text(failure.message.as_bytes())),
            };
            self.results.push(orch_remote_result { status, reserved: 0, message });
        }
    }

    fn fill_detail(&mut self, terminal: &RemoteTerminal) {
        let cwd = terminal.cwd.as_deref();
        self.make_room(terminal.foreground_name.len() + cwd.map_or(0, <[u8]>::len));
        let ms = |since: Option<std::time::Duration>| {
            since.map_or(-1, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        };
        self.detail = orch_peer_terminal {
            terminal: terminal.terminal,
            foreground_pid: terminal.foreground_pid.unwrap_or(0),
            paused: terminal.paused.into(),
            foreground_name: self.text(&terminal.foreground_name),
            cwd: cwd.map_or(NO_BYTES, |cwd| self.text(cwd)),
            log_start: terminal.log_start,
            log_end: terminal.log_end,
            input_bytes: terminal.input_bytes,
            input_waiting: terminal.input_waiting,
            since_input_ms: ms(terminal.since_input),
            since_output_ms: ms(terminal.since_output),
            history: terminal.history,
            ..NO_TERMINAL
        };
    }

    /// Makes room for so many bytes of texts, so that none of them moves.
    fn make_room(&mut self, bytes: usize) {
        self.texts.clear();
        self.texts.reserve(bytes);
    }

    fn text(&mut self, text: &[u8]) -> orch_bytes {
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        lend(&self.texts[start..])
    }
}
