//! What happens between us and other engines, lent with an event.

use std::mem::size_of;
use std::ptr;

use super::event::exit_numbers;
use super::guard::Lent;
use super::line::{NO_LINE, orch_line_position};
use super::options::{
    NO_BYTES, NO_SIZE, ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_LOSSY, ORCH_DELIVERY_SCREEN,
    orch_bytes, orch_size,
};
use super::search::orch_match;
use super::sized::lend;
use super::state_entry::orch_state_version;
use super::update::{Lendable, ShownLoan, orch_screen_update, poison, poison_all};
use crate::{PeerEvent, RemoteFailure, RemoteMode, RemoteOutcome, RemoteTerminal, Size};

/// Peer event: the other engine has let us in; ORCH_PEER_IS_RESUMED in `flags` if the state goes on from the
/// version that we have, else all of it comes anew.
pub const ORCH_PEER_CONNECTED: u32 = 1;
/// Peer event: there is no connection (any more): `data` says why, `retry_in_ms` when it is tried again.
/// Requests without an answer have been answered with ORCH_REMOTE_DISCONNECTED before.
pub const ORCH_PEER_DISCONNECTED: u32 = 2;
/// Peer event: the copy is the other engine's state of `version`; ORCH_PEER_IS_FULL if it came anew as a whole.
pub const ORCH_PEER_STATE: u32 = 3;
/// Peer event: output of `terminal` comes from `offset` on. Again after each time that the connection was
/// made anew.
pub const ORCH_PEER_ATTACHED: u32 = 4;
/// Peer event: `terminal` is gone, or could not be attached to; or the host wanted it.
pub const ORCH_PEER_DETACHED: u32 = 5;
/// Peer event: output of `terminal`: `data` and `len`, from `offset` up to `end`. An `offset` beyond the `end`
/// of the one before leaves out questions of the program that the other engine has answered.
pub const ORCH_PEER_OUTPUT: u32 = 6;
/// Peer event: output of `terminal` from `offset` up to `end` is lost to us.
pub const ORCH_PEER_GAP: u32 = 7;
/// Peer event: the screen of `terminal` instead of the bytes before `offset`: clear, set the size `window`, write
/// `data` of all parts. ORCH_PEER_HAS_MORE if another part follows; if it does not because the connection
/// broke, a new snapshot comes later.
pub const ORCH_PEER_SNAPSHOT: u32 = 8;
/// Peer event: what changed on the screen of `terminal`: `update`, whose generation rises with each update of this
/// peer.
pub const ORCH_PEER_SCREEN: u32 = 9;
/// Peer event: the program in `terminal` has ended: `exit_kind`, `exit_value`; `offset` is after its last byte,
/// and everything before has come.
pub const ORCH_PEER_ENDED: u32 = 10;
/// Peer event: what became of the request `number`: `answer`.
pub const ORCH_PEER_ANSWER: u32 = 11;
/// Peer event: the change set `number` was committed as `version.n` (the epoch is not told); its effect is in
/// the copy.
pub const ORCH_PEER_APPLIED: u32 = 12;
/// Peer event: the change set `number` was refused: `code`, and `data` for a person. With
/// ORCH_REMOTE_DISCONNECTED nobody knows: compare the state.
pub const ORCH_PEER_REJECTED: u32 = 13;
/// Peer event: the other engine complains about something that has no number, such as input: `data`.
pub const ORCH_PEER_PROBLEM: u32 = 14;
/// Peer event: we held the program in `terminal` back for longer than the token allows, so what comes from
/// `offset` on comes in another way: `code`, one of ORCH_DELIVERY_*, ORCH_DELIVERY_SCREEN so far. Attach anew for bytes.
pub const ORCH_PEER_MODE_CHANGED: u32 = 15;

/// Peer event flag: see ORCH_PEER_CONNECTED.
pub const ORCH_PEER_IS_RESUMED: u32 = 1;
/// Peer event flag: see ORCH_PEER_STATE.
pub const ORCH_PEER_IS_FULL: u32 = 2;
/// Peer event flag: another part of the snapshot follows; a search has found more than it tells.
pub const ORCH_PEER_HAS_MORE: u32 = 4;

/// Answer: it is done (ends a watch).
pub const ORCH_REPLY_DONE: u32 = 1;
/// Answer: it was refused, or the answer was lost: `code`, and `data` for a person.
pub const ORCH_REPLY_FAILED: u32 = 2;
/// Answer to a batch: `statuses`, one for each operation.
pub const ORCH_REPLY_RESULTS: u32 = 3;
/// Answer: a program was started in `terminal`.
pub const ORCH_REPLY_SPAWNED: u32 = 4;
/// Answer: files are watched, as `watch`.
pub const ORCH_REPLY_WATCHING: u32 = 5;
/// Answer to a search: `matches`; ORCH_PEER_HAS_MORE in `flags` if there are more.
pub const ORCH_REPLY_MATCHES: u32 = 6;
/// Answer to a query: `detail`.
pub const ORCH_REPLY_TERMINAL: u32 = 7;

/// Another engine refused something: it makes no sense there.
pub const ORCH_REMOTE_INVALID: u32 = 1;
/// Another engine refused something: the token does not allow it.
pub const ORCH_REMOTE_FORBIDDEN: u32 = 2;
/// Another engine refused something: what was named does not exist (any more).
pub const ORCH_REMOTE_NOT_FOUND: u32 = 3;
/// Another engine refused something: a bound was reached.
pub const ORCH_REMOTE_LIMIT: u32 = 4;
/// Another engine refused something: an entry has changed since the version that the change was made from.
pub const ORCH_REMOTE_CONFLICT: u32 = 5;
/// Another engine refused something: its host did.
pub const ORCH_REMOTE_REFUSED: u32 = 6;
/// Another engine refused something: the terminal has ended or is being closed.
pub const ORCH_REMOTE_ENDED: u32 = 7;
/// Another engine refused something: an operation before it failed.
pub const ORCH_REMOTE_SKIPPED: u32 = 8;
/// Another engine refused something: the terminal has no screen.
pub const ORCH_REMOTE_NO_SCREEN: u32 = 9;
/// Another engine refused something: the system did.
pub const ORCH_REMOTE_SYSTEM: u32 = 10;
/// The connection was lost before the answer came: nobody knows.
pub const ORCH_REMOTE_DISCONNECTED: u32 = 11;
/// It was cancelled before it was done.
pub const ORCH_REMOTE_CANCELLED: u32 = 12;

/// What became of an operation of `orch_peer_batch`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_remote_result {
    /// 0 for a success, else one of ORCH_REMOTE_*.
    pub code: u32,
    /// Always 0.
    pub reserved: u32,
    /// Why it was refused, for a person: one line, UTF-8.
    pub message: orch_bytes,
}

/// What is known of a terminal of another engine, beyond what its state tells.
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

/// Something that happened between us and another engine. Events of one peer come in the order in which they
/// happened. Fields that its kind does not name are 0. All that it points to is borrowed as `data` of
/// `orch_event` is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_event {
    /// Size of this struct as the library has it: what a host knows beyond that is not there.
    pub size: usize,
    /// Which peer.
    pub peer: u64,
    /// One of ORCH_PEER_CONNECTED and the like. Ignore kinds that you do not know.
    pub kind: u32,
    /// Sum of ORCH_PEER_IS_RESUMED and the like.
    pub flags: u32,
    /// The terminal of the other engine that the event is about.
    pub terminal: u64,
    /// Offset in bytes since the terminal's start; see the kinds.
    pub offset: u64,
    /// Offset after the last byte that the event is about.
    pub end: u64,
    /// Bytes, or text in UTF-8.
    pub data: *const u8,
    /// Bytes in `data`.
    pub len: usize,
    /// ORCH_PEER_SNAPSHOT: the size of the screen in cells.
    pub window: orch_size,
    /// ORCH_PEER_STATE, ORCH_PEER_APPLIED: the version.
    pub version: orch_state_version,
    /// ORCH_PEER_ANSWER, _APPLIED, _REJECTED: the number that the call has given.
    pub number: u64,
    /// ORCH_PEER_ANSWER: one of ORCH_ANSWER_*. Ignore those that you do not know.
    pub answer: u32,
    /// ORCH_PEER_REJECTED, ORCH_REPLY_FAILED: one of ORCH_REMOTE_*. ORCH_PEER_MODE_CHANGED: one of
    /// ORCH_DELIVERY_*.
    pub code: u32,
    /// ORCH_PEER_ENDED: one of ORCH_EXIT_*.
    pub exit_kind: u32,
    /// ORCH_PEER_ENDED: the code or the signal.
    pub exit_value: i32,
    /// ORCH_PEER_DISCONNECTED: milliseconds until it is tried again; -1 if it is given up.
    pub retry_in_ms: i64,
    /// ORCH_REPLY_WATCHING: the watch of the other engine.
    pub watch: u64,
    /// ORCH_PEER_SCREEN: what changed.
    pub update: *const orch_screen_update,
    /// ORCH_REPLY_RESULTS: the statuses; elements lie `status_stride` bytes apart (`orch_remote_result_at`).
    pub statuses: *const orch_remote_result,
    /// How many.
    pub status_count: usize,
    /// Bytes from one to the next.
    pub status_stride: usize,
    /// ORCH_REPLY_MATCHES: the matches in the order of the text; elements lie `match_stride` bytes apart
    /// (`orch_peer_match_at`).
    pub matches: *const orch_match,
    /// How many.
    pub match_count: usize,
    /// Bytes from one to the next.
    pub match_stride: usize,
    /// ORCH_REPLY_TERMINAL: what is known.
    pub detail: *const orch_peer_terminal,
    /// ORCH_PEER_SNAPSHOT: the place of the first row that it shows. Otherwise ORCH_LINE_NONE.
    pub line: orch_line_position,
}

const NO_EVENT: orch_peer_event = orch_peer_event {
    size: size_of::<orch_peer_event>(),
    peer: 0,
    kind: 0,
    flags: 0,
    terminal: 0,
    offset: 0,
    end: 0,
    data: ptr::null(),
    len: 0,
    window: NO_SIZE,
    version: orch_state_version { epoch: 0, n: 0 },
    number: 0,
    answer: 0,
    code: 0,
    exit_kind: 0,
    exit_value: 0,
    retry_in_ms: 0,
    watch: 0,
    update: ptr::null(),
    statuses: ptr::null(),
    status_count: 0,
    status_stride: size_of::<orch_remote_result>(),
    matches: ptr::null(),
    match_count: 0,
    match_stride: size_of::<orch_match>(),
    detail: ptr::null(),
    line: NO_LINE,
};

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

// SAFETY: integers and raw pointers only, in all of them.
unsafe impl Lendable for orch_peer_event {}
// SAFETY: as above.
unsafe impl Lendable for orch_remote_result {}
// SAFETY: as above.
unsafe impl Lendable for orch_peer_terminal {}

/// The peer's part of an event, lent until the next one. Output and texts stay where the engine has them;
/// what an answer tells is copied. A debug build lends copies of everything, and overwrites them when the loan
/// ends (see [`Lent`]).
pub(super) struct PeerLoan {
    event: orch_peer_event,
    statuses: Vec<orch_remote_result>,
    matches: Vec<orch_match>,
    detail: orch_peer_terminal,
    texts: Vec<u8>,
}

impl Default for PeerLoan {
    fn default() -> Self {
        PeerLoan {
            event: NO_EVENT,
            statuses: Vec::new(),
            matches: Vec::new(),
            detail: NO_TERMINAL,
            texts: Vec::new(),
        }
    }
}

impl PeerLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            poison(&mut self.event);
            poison_all(&mut self.statuses);
            poison_all(&mut self.matches);
            poison(&mut self.detail);
            self.texts.fill(Lent::POISON);
        }
    }

    /// Lends an event; what it points to stays until [`end`](Self::end) or the next loan.
    pub(super) fn lend(
        &mut self,
        peer: u64,
        event: &PeerEvent<'_>,
        lent: &mut Lent,
        lent_update: &mut ShownLoan,
    ) -> &orch_peer_event {
        self.end();
        let mut out = orch_peer_event { peer, ..NO_EVENT };
        match event {
            PeerEvent::Answer { request, outcome } => {
                (out.kind, out.number) = (ORCH_PEER_ANSWER, *request);
                self.fill_answer(&mut out, outcome, lent);
            }
            PeerEvent::Screen { terminal, update } => {
                (out.kind, out.terminal) = (ORCH_PEER_SCREEN, *terminal);
                out.update = lent_update.lend(update);
            }
            PeerEvent::Connected { .. }
            | PeerEvent::Disconnected { .. }
            | PeerEvent::State { .. }
            | PeerEvent::Applied { .. }
            | PeerEvent::Rejected { .. }
            | PeerEvent::Problem { .. } => fill_peer(&mut out, event, lent),
            _ => fill_terminal(&mut out, event, lent),
        }
        self.event = out;
        &self.event
    }

    fn fill_answer(&mut self, out: &mut orch_peer_event, outcome: &RemoteOutcome, lent: &mut Lent) {
        match outcome {
            RemoteOutcome::Done => out.answer = ORCH_REPLY_DONE,
            RemoteOutcome::Failed(failure) => {
                (out.answer, out.code) = (ORCH_REPLY_FAILED, failure.code as u32);
                fill_data(out, failure.message.as_bytes(), lent);
            }
            RemoteOutcome::Statuses(statuses) => {
                out.answer = ORCH_REPLY_RESULTS;
                self.fill_statuses(statuses);
                (out.statuses, out.status_count) = (self.statuses.as_ptr(), self.statuses.len());
            }
            RemoteOutcome::Spawned { terminal } => {
                (out.answer, out.terminal) = (ORCH_REPLY_SPAWNED, *terminal);
            }
            RemoteOutcome::Watching { watch } => {
                (out.answer, out.watch) = (ORCH_REPLY_WATCHING, *watch);
            }
            RemoteOutcome::Found { matches, complete } => {
                out.answer = ORCH_REPLY_MATCHES;
                out.flags = if *complete { 0 } else { ORCH_PEER_HAS_MORE };
                self.matches.clear();
                self.matches.extend(matches.iter().map(orch_match::from));
                (out.matches, out.match_count) = (self.matches.as_ptr(), self.matches.len());
            }
            RemoteOutcome::Terminal(terminal) => {
                (out.answer, out.terminal) = (ORCH_REPLY_TERMINAL, terminal.terminal);
                self.fill_detail(terminal);
                out.detail = &raw const self.detail;
            }
        }
    }

    fn fill_statuses(&mut self, statuses: &[Option<RemoteFailure>]) {
        self.make_room(statuses.iter().flatten().map(|failure| failure.message.len()).sum());
        self.statuses.clear();
        for status in statuses {
            let (code, message) = match status {
                None => (0, NO_BYTES),
                Some(failure) => (failure.code as u32, self.text(failure.message.as_bytes())),
            };
            self.statuses.push(orch_remote_result { code, reserved: 0, message });
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

/// What is about the connection or the state.
fn fill_peer(out: &mut orch_peer_event, event: &PeerEvent<'_>, lent: &mut Lent) {
    match event {
        PeerEvent::Connected { resumed } => {
            out.kind = ORCH_PEER_CONNECTED;
            out.flags = if *resumed { ORCH_PEER_IS_RESUMED } else { 0 };
        }
        PeerEvent::Disconnected { reason, retry_in } => {
            out.kind = ORCH_PEER_DISCONNECTED;
            out.retry_in_ms = retry_in.map_or(-1, |wait| wait.as_millis() as i64);
            fill_data(out, reason.as_bytes(), lent);
        }
        PeerEvent::State { version, full } => {
            (out.kind, out.version) = (ORCH_PEER_STATE, (*version).into());
            out.flags = if *full { ORCH_PEER_IS_FULL } else { 0 };
        }
        PeerEvent::Applied { mutation, version } => {
            (out.kind, out.number, out.version.n) = (ORCH_PEER_APPLIED, *mutation, *version);
        }
        PeerEvent::Rejected { mutation, code, message } => {
            (out.kind, out.number) = (ORCH_PEER_REJECTED, *mutation);
            out.code = *code as u32;
            fill_data(out, message.as_bytes(), lent);
        }
        PeerEvent::Problem { message } => {
            out.kind = ORCH_PEER_PROBLEM;
            fill_data(out, message.as_bytes(), lent);
        }
        _ => {}
    }
}

/// What is about a terminal.
fn fill_terminal(out: &mut orch_peer_event, event: &PeerEvent<'_>, lent: &mut Lent) {
    match *event {
        PeerEvent::Attached { terminal, offset } => {
            (out.kind, out.terminal) = (ORCH_PEER_ATTACHED, terminal);
            (out.offset, out.end) = (offset, offset);
        }
        PeerEvent::ModeChanged { terminal, mode, offset } => {
            (out.kind, out.terminal) = (ORCH_PEER_MODE_CHANGED, terminal);
            (out.offset, out.end) = (offset, offset);
            out.code = match mode {
                RemoteMode::Lossless => ORCH_DELIVERY_LOSSLESS,
                RemoteMode::Lossy => ORCH_DELIVERY_LOSSY,
                RemoteMode::Screen => ORCH_DELIVERY_SCREEN,
            };
        }
        PeerEvent::Detached { terminal } => {
            (out.kind, out.terminal) = (ORCH_PEER_DETACHED, terminal);
        }
        PeerEvent::Output { terminal, offset, bytes } => {
            (out.kind, out.terminal) = (ORCH_PEER_OUTPUT, terminal);
            (out.offset, out.end) = (offset, offset + bytes.len() as u64);
            fill_data(out, bytes, lent);
        }
        PeerEvent::Gap { terminal, from, to } => {
            (out.kind, out.terminal) = (ORCH_PEER_GAP, terminal);
            (out.offset, out.end) = (from, to);
        }
        PeerEvent::Snapshot { terminal, offset, cols, rows, line, bytes, more } => {
            (out.kind, out.terminal) = (ORCH_PEER_SNAPSHOT, terminal);
            (out.offset, out.end) = (offset, offset);
            out.window = Size::cells(cols, rows).into();
            out.line = line.into();
            out.flags = if more { ORCH_PEER_HAS_MORE } else { 0 };
            fill_data(out, bytes, lent);
        }
        PeerEvent::Ended { terminal, final_offset, status } => {
            (out.kind, out.terminal) = (ORCH_PEER_ENDED, terminal);
            (out.offset, out.end) = (final_offset, final_offset);
            (out.exit_kind, out.exit_value, _) = exit_numbers(status);
        }
        _ => {}
    }
}

fn fill_data(out: &mut orch_peer_event, bytes: &[u8], lent: &mut Lent) {
    (out.data, out.len) = (lent.lend(bytes), bytes.len());
}
