//! Events, pulled one by one.

use std::os::unix::ffi::OsStrExt;
use std::ptr;

use super::config::{ORCH_LOG_ERROR, ORCH_LOG_INFO, ORCH_LOG_WARN};
use super::guard::{Inner, Lent, Poisoned, on_engine_if, orch_engine};
use super::line::{NO_LINE, orch_line_position};
use super::options::{NO_BYTES, NO_SIZE, delivery_number, orch_bytes, orch_size};
use super::peer_event::orch_peer_event;
use super::sized::{self, SizedStruct, size_through};
use super::state_change::orch_state_review;
use super::status::*;
use super::turns::{ns, stage_number};
use super::update::{ShownLoan, orch_screen_update};
use super::watch_batch::{BatchLoan, orch_file_batch};
use super::watch_tree::orch_file_version;
use crate::error::Result;
use crate::{
    Completion, Event, ExitStatus, LogLevel, Progress, ReaderId, Size, TerminalEvent, WatchEvent,
};

/// Bytes for a reader: `terminal`, `reader`, `offset` of the first byte, `end` after the last,
/// `data` and `len`. The reader has moved past them.
pub const ORCH_EVENT_OUTPUT: u32 = 1;
/// A reader has lost the bytes from `offset` up to `end`.
pub const ORCH_EVENT_GAP: u32 = 2;
/// A write was not accepted whole earlier, and half of the input queue is free now.
pub const ORCH_EVENT_INPUT_READY: u32 = 3;
/// A line of input was longer than the 4,095 bytes that the kernel keeps in canonical mode; the rest
/// of the line was dropped by the kernel.
pub const ORCH_EVENT_INPUT_TRUNCATED: u32 = 4;
/// The program ended: `exit_kind`, `exit_value`, `core_dumped`; `offset` is after its last byte, and
/// every reader has got everything before it. A background process may still write afterwards.
pub const ORCH_EVENT_EXITED: u32 = 5;
/// Nobody holds the terminal any more: there will be no more output after `offset`. Comes after
/// ORCH_EVENT_EXITED, also when a program closes its terminal before it ends.
pub const ORCH_EVENT_EOF: u32 = 6;
/// The terminal is gone and its id stale: the last event of a terminal that was closed.
pub const ORCH_EVENT_CLOSED: u32 = 7;
/// A command that a sender posted is done: `tag`, `status`; `terminal` of one that was spawned;
/// `data` and `len` is the error message when `status` is below 0.
pub const ORCH_EVENT_COMPLETED: u32 = 8;
/// A log line: `level`, `data`, `len`; UTF-8, not terminated.
pub const ORCH_EVENT_LOG: u32 = 9;
/// Every terminal is gone after `orch_engine_shutdown`.
pub const ORCH_EVENT_SHUTDOWN_COMPLETE: u32 = 10;
/// What changed on the screen since the last such event, for a reader with ORCH_DELIVERY_SCREEN:
/// `terminal`, `reader`, `update`.
pub const ORCH_EVENT_SCREEN: u32 = 11;
/// A snapshot of the screen instead of bytes, for a reader: `terminal`, `reader`, `data` and `len` are
/// control sequences that reset a terminal of the size `window` and make it show the same; `offset` is
/// that of the next byte that the reader gets, which follows on it.
pub const ORCH_EVENT_SNAPSHOT: u32 = 12;
/// The screen was cleared when the output was at `offset`, where `reader` is now: the scrollback of what it
/// has shown goes, and on the primary screen the rows above the cursor's; what the alternate screen shows
/// stays.
pub const ORCH_EVENT_CLEARED: u32 = 13;
/// A lossless reader lagged more than it was allowed: `reader` gets ORCH_EVENT_SCREEN from now on;
/// `value` is its delivery.
pub const ORCH_EVENT_DELIVERY_CHANGED: u32 = 14;
/// The program set the title of its window: `data` and `len`, UTF-8 without control characters, at most
/// 4,096 bytes.
pub const ORCH_EVENT_TITLE: u32 = 15;
/// The program, often a shell, told its working directory (OSC 7, 9;9, 633): `data` and `len`, an
/// absolute path on whatever machine the program runs.
pub const ORCH_EVENT_CWD: u32 = 16;
/// The program rang the bell, `value` times since the last such event.
pub const ORCH_EVENT_BELL: u32 = 17;
/// The program wants something to be shown to the user (OSC 9, 777): `title`, which may be empty, and
/// `data` and `len`, both UTF-8.
pub const ORCH_EVENT_NOTIFICATION: u32 = 18;
/// The program asks to set the clipboard (OSC 52) to `data` and `len`, UTF-8, at most 48 KiB; `value` is
/// 1 for the primary selection, 0 for the clipboard. Only with ORCH_SCREEN_CLIPBOARD.
pub const ORCH_EVENT_CLIPBOARD: u32 = 19;
/// A command began, by the marks of the shell (OSC 133, 633): `data` and `len` is the command line, UTF-8,
/// if the shell told it.
pub const ORCH_EVENT_COMMAND_STARTED: u32 = 20;
/// A command ended, by the marks of the shell: `duration_ns` from its start mark; `exit_kind` is
/// ORCH_EXIT_CODE with `exit_value`, or ORCH_EXIT_UNKNOWN if the shell did not tell the code.
pub const ORCH_EVENT_COMMAND_FINISHED: u32 = 21;

/// A watch has read its tree for the first time: `watch`, `version`. What is there comes from
/// `orch_watch_get_changes`; from now on batches tell what changes.
pub const ORCH_EVENT_WATCH_READY: u32 = 22;
/// Files changed: `watch`, `version`, `batch`.
pub const ORCH_EVENT_WATCH_BATCH: u32 = 23;
/// Everything that happened before a call of `orch_watch_sync` has been told: `watch`, `version`, and in
/// `offset` the call's tag.
pub const ORCH_EVENT_WATCH_SYNCED: u32 = 24;
/// Something keeps a part of a tree from being exact, or makes it slower: `watch`, `value` is one of
/// ORCH_WATCH_PROBLEM_*, `data` and `len` is the path.
pub const ORCH_EVENT_WATCH_WARNING: u32 = 25;

/// A client wants to change the state, and `orch_config.review_changes` is on: `review`. Answer it with
/// `orch_review_answer`.
pub const ORCH_EVENT_REVIEW: u32 = 26;
/// Something happened between us and another engine: `peer` says what; `tag` is that of
/// `orch_peer_options`.
pub const ORCH_EVENT_PEER: u32 = 27;
/// Turns took more processor time than `orch_config.turn_time_warn_us`: `value` of them since the last such
/// event. Of the longest: `duration_ns` is its processor time, `end` its time on the clock, `level` the stage
/// that took most of it (one of ORCH_STAGE_*), `offset` the time on the clock in that stage (both in
/// nanoseconds), `data` and `len` the stage's name. See `orch_engine_turn_stats`.
pub const ORCH_EVENT_SLOW_TURN: u32 = 28;

/// The program reports other progress of its work (OSC 9;4): `level` is one of ORCH_PROGRESS_*, `value` the percent, 0
/// to 100.
pub const ORCH_EVENT_PROGRESS: u32 = 29;

/// Progress: none is reported.
pub const ORCH_PROGRESS_NONE: u32 = 0;
/// Progress: the work goes on as it should.
pub const ORCH_PROGRESS_NORMAL: u32 = 1;
/// Progress: the work has failed.
pub const ORCH_PROGRESS_FAILED: u32 = 2;
/// Progress: nobody knows how far the work is; the percent means nothing.
pub const ORCH_PROGRESS_INDETERMINATE: u32 = 3;
/// Progress: the work has paused, or something is to be looked at.
pub const ORCH_PROGRESS_PAUSED: u32 = 4;

/// The program exited with a code: `exit_value`, 0 to 255.
pub const ORCH_EXIT_CODE: u32 = 1;
/// A signal killed the program: `exit_value` is its number.
pub const ORCH_EXIT_SIGNAL: u32 = 2;
/// The program ended and somebody else collected its status.
pub const ORCH_EXIT_UNKNOWN: u32 = 3;

/// An event. Fields that its kind does not name are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event {
    /// `sizeof(orch_event)`, set by the host.
    pub size: usize,
    /// One of ORCH_EVENT_*. Ignore kinds that you do not know.
    pub kind: u32,
    /// ORCH_EVENT_LOG: one of ORCH_LOG_*. ORCH_EVENT_SLOW_TURN: one of ORCH_STAGE_*.
    /// ORCH_EVENT_PROGRESS: one of ORCH_PROGRESS_*.
    pub level: u32,
    /// The terminal that the event is about.
    pub terminal: u64,
    /// The reader that the event is for.
    pub reader: u64,
    /// The terminal's tag, or that of the sender's command.
    pub tag: u64,
    /// Offset in bytes since the terminal's start; see the kinds.
    pub offset: u64,
    /// Offset after the last byte that the event is about.
    pub end: u64,
    /// Bytes or text, borrowed until the next `orch_engine_next_event`, `orch_engine_turn` or
    /// `orch_engine_destroy` on this engine.
    pub data: *const u8,
    /// Bytes in `data`.
    pub len: usize,
    /// ORCH_EVENT_COMPLETED: the status of the command.
    pub status: i32,
    /// ORCH_EVENT_EXITED, ORCH_EVENT_COMMAND_FINISHED: one of ORCH_EXIT_*.
    pub exit_kind: u32,
    /// ORCH_EVENT_EXITED, ORCH_EVENT_COMMAND_FINISHED: the code or the signal.
    pub exit_value: i32,
    /// ORCH_EVENT_EXITED: 1 if a core was dumped.
    pub core_dumped: u32,
    /// ORCH_EVENT_SCREEN: what changed, with everything in it borrowed as `data` is.
    pub update: *const orch_screen_update,
    /// ORCH_EVENT_NOTIFICATION: its title, borrowed as `data` is.
    pub title: orch_bytes,
    /// ORCH_EVENT_COMMAND_FINISHED: how long the command took, in nanoseconds. ORCH_EVENT_SLOW_TURN: the
    /// processor time of the turn.
    pub duration_ns: u64,
    /// ORCH_EVENT_SNAPSHOT: the size of the screen.
    pub window: orch_size,
    /// A number; see the kinds.
    pub value: u32,
    /// Always 0.
    pub reserved: u32,
    /// The file watch that the event is about; then `tag` is the watch's.
    pub watch: u64,
    /// ORCH_EVENT_WATCH_READY, _BATCH, _SYNCED: the state of the tree.
    pub version: orch_file_version,
    /// ORCH_EVENT_WATCH_BATCH: what changed, with everything in it borrowed as `data` is.
    pub batch: *const orch_file_batch,
    /// ORCH_EVENT_REVIEW: the change set, with everything in it borrowed as `data` is.
    pub review: *const orch_state_review,
    /// ORCH_EVENT_PEER: what happened, with everything in it borrowed as `data` is.
    pub peer: *const orch_peer_event,
    /// ORCH_EVENT_SNAPSHOT: the place of the first row that it shows. Otherwise ORCH_LINE_NONE.
    pub line: orch_line_position,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_event {
    const FIRST_SIZE: usize = size_through!(orch_event, core_dumped, u32);
    fn defaults() -> Self {
        orch_event {
            size: size_of::<Self>(),
            kind: 0,
            level: 0,
            terminal: 0,
            reader: 0,
            tag: 0,
            offset: 0,
            end: 0,
            data: ptr::null(),
            len: 0,
            status: 0,
            exit_kind: 0,
            exit_value: 0,
            core_dumped: 0,
            update: ptr::null(),
            title: NO_BYTES,
            duration_ns: 0,
            window: NO_SIZE,
            value: 0,
            reserved: 0,
            watch: 0,
            version: orch_file_version { epoch: 0, n: 0 },
            batch: ptr::null(),
            review: ptr::null(),
            peer: ptr::null(),
            line: NO_LINE,
        }
    }
}

/// Takes the next event: ORCH_OK with an event in `out_event`, ORCH_DONE when there is none before
/// the next turn.
///
/// Reading an event consumes it and ends the loan of the one before. Unread output stays in the
/// engine and stops its PTY; it is never dropped. Set `out_event->size` before the first call; it
/// is left as it is.
///
/// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_SYSTEM. After ORCH_E_PANIC the panic's message comes
/// once as ORCH_EVENT_LOG, then ORCH_E_POISONED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_next_event(
    engine: *mut orch_engine,
    out_event: *mut orch_event,
) -> i32 {
    let next = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_event) }?;
        inner.end_event();
        let event = match next_event(inner)? {
            Next::Event(event) => event,
            Next::Nothing => return Ok(ORCH_DONE),
            Next::Poisoned => return Ok(ORCH_E_POISONED),
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_event, &event) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine_if(engine, Poisoned::Allow, next) }
}

enum Next {
    Event(orch_event),
    Nothing,
    Poisoned,
}

fn next_event(inner: &mut Inner) -> Result<Next> {
    let mut out = orch_event::defaults();
    if inner.is_poisoned() {
        let Some(text) = inner.panic_text.take() else { return Ok(Next::Poisoned) };
        (out.kind, out.level) = (ORCH_EVENT_LOG, ORCH_LOG_ERROR);
        (out.data, out.len) = (inner.lent.lend_text(&text), text.len());
        return Ok(Next::Event(out));
    }
    let Some(event) = inner.engine.next_event()? else { return Ok(Next::Nothing) };
    match event {
        Event::Terminal { id, tag, event } => {
            (out.terminal, out.tag) = (id.to_u64(), tag);
            fill_terminal(&mut out, event, &mut inner.lent, &mut inner.lent_update);
        }
        Event::Watch { id, tag, event } => {
            (out.watch, out.tag) = (id.to_u64(), tag);
            fill_watch(&mut out, event, &mut inner.lent, &mut inner.lent_batch);
        }
        Event::Completed { tag, result } => {
            (out.kind, out.tag) = (ORCH_EVENT_COMPLETED, tag);
            out.status = status_of_result(&result);
            match result {
                Ok(Completion::Spawned(id)) => out.terminal = id.to_u64(),
                Ok(Completion::Done) => {}
                Err(error) => {
                    out.data = inner.lent.lend_text(error.message());
                    out.len = error.message().len();
                }
            }
        }
        Event::Log { level, text } => {
            (out.kind, out.level) = (ORCH_EVENT_LOG, level_number(level));
            (out.data, out.len) = (inner.lent.lend(text.as_bytes()), text.len());
        }
        Event::Review { review, client, changes } => {
            out.kind = ORCH_EVENT_REVIEW;
            out.review = inner.lent_review.lend_review(review, client.to_u64(), changes);
        }
        Event::Peer { id, tag, event } => {
            (out.kind, out.tag) = (ORCH_EVENT_PEER, tag);
            let (lent, lent_update) = (&mut inner.lent, &mut inner.lent_update);
            out.peer = inner.lent_peer.lend(id.to_u64(), &event, lent, lent_update);
        }
        Event::SlowTurn(slow) => {
            let longest = slow.longest;
            (out.kind, out.level) = (ORCH_EVENT_SLOW_TURN, stage_number(longest.stage));
            out.value = u32::try_from(slow.count).unwrap_or(u32::MAX);
            (out.duration_ns, out.end) = (ns(longest.cpu), ns(longest.wall));
            out.offset = ns(longest.stage_wall);
            fill_data(&mut out, longest.stage.name().as_bytes(), &mut inner.lent);
        }
        Event::ShutdownComplete => out.kind = ORCH_EVENT_SHUTDOWN_COMPLETE,
    }
    Ok(Next::Event(out))
}

fn kind_of(event: &TerminalEvent<'_>) -> u32 {
    match event {
        TerminalEvent::Output { .. } => ORCH_EVENT_OUTPUT,
        TerminalEvent::Gap { .. } => ORCH_EVENT_GAP,
        TerminalEvent::InputReady => ORCH_EVENT_INPUT_READY,
        TerminalEvent::InputTruncated => ORCH_EVENT_INPUT_TRUNCATED,
        TerminalEvent::Exited { .. } => ORCH_EVENT_EXITED,
        TerminalEvent::Screen { .. } => ORCH_EVENT_SCREEN,
        TerminalEvent::Snapshot { .. } => ORCH_EVENT_SNAPSHOT,
        TerminalEvent::Cleared { .. } => ORCH_EVENT_CLEARED,
        TerminalEvent::DeliveryChanged { .. } => ORCH_EVENT_DELIVERY_CHANGED,
        TerminalEvent::Title { .. } => ORCH_EVENT_TITLE,
        TerminalEvent::Cwd { .. } => ORCH_EVENT_CWD,
        TerminalEvent::Bell { .. } => ORCH_EVENT_BELL,
        TerminalEvent::Notification { .. } => ORCH_EVENT_NOTIFICATION,
        TerminalEvent::Clipboard { .. } => ORCH_EVENT_CLIPBOARD,
        TerminalEvent::Progress { .. } => ORCH_EVENT_PROGRESS,
        TerminalEvent::CommandStarted { .. } => ORCH_EVENT_COMMAND_STARTED,
        TerminalEvent::CommandFinished { .. } => ORCH_EVENT_COMMAND_FINISHED,
        TerminalEvent::Eof { .. } => ORCH_EVENT_EOF,
        TerminalEvent::Closed => ORCH_EVENT_CLOSED,
    }
}

/// One of ORCH_PROGRESS_*, and the percent.
pub(super) fn progress_numbers(progress: Option<Progress>) -> (u32, u32) {
    progress.map_or((ORCH_PROGRESS_NONE, 0), |progress| {
        (progress.state as u32, progress.percent.into())
    })
}

fn fill_terminal(
    out: &mut orch_event,
    event: TerminalEvent<'_>,
    lent: &mut Lent,
    lent_update: &mut ShownLoan,
) {
    out.kind = kind_of(&event);
    match event {
        TerminalEvent::Output { reader, offset, bytes } => {
            fill_reader(out, reader, offset, offset + bytes.len() as u64);
            fill_data(out, bytes, lent);
        }
        TerminalEvent::Gap { reader, from, to } => fill_reader(out, reader, from, to),
        TerminalEvent::Exited { status, final_offset } => {
            (out.offset, out.end) = (final_offset, final_offset);
            (out.exit_kind, out.exit_value, out.core_dumped) = exit_numbers(status);
        }
        TerminalEvent::Eof { final_offset } => (out.offset, out.end) = (final_offset, final_offset),
        TerminalEvent::Screen { reader, update } => {
            out.reader = reader.to_u64();
            out.update = lent_update.lend(update);
        }
        TerminalEvent::Snapshot { reader, snapshot } => {
            fill_reader(out, reader, snapshot.offset, snapshot.offset);
            fill_data(out, &snapshot.bytes, lent);
            out.window = Size::cells(snapshot.cols, snapshot.rows).into();
            out.line = snapshot.line.into();
        }
        TerminalEvent::Cleared { reader, offset } => fill_reader(out, reader, offset, offset),
        TerminalEvent::DeliveryChanged { reader, delivery } => {
            out.reader = reader.to_u64();
            out.value = delivery_number(delivery);
        }
        TerminalEvent::Title { title: text } | TerminalEvent::CommandStarted { command: text } => {
            fill_data(out, text.as_bytes(), lent);
        }
        TerminalEvent::Cwd { path } => fill_data(out, path.as_os_str().as_bytes(), lent),
        TerminalEvent::Bell { count } => out.value = count,
        TerminalEvent::Progress { progress } => {
            (out.level, out.value) = progress_numbers(progress);
        }
        TerminalEvent::Notification { title, body } => {
            fill_data(out, body.as_bytes(), lent);
            out.title = orch_bytes { data: lent.lend_text(title).cast(), len: title.len() };
        }
        TerminalEvent::Clipboard { selection, text } => {
            fill_data(out, text.as_bytes(), lent);
            out.value = selection.into();
        }
        TerminalEvent::CommandFinished { exit_code, duration } => {
            (out.exit_kind, out.exit_value) =
                exit_code.map_or((ORCH_EXIT_UNKNOWN, 0), |code| (ORCH_EXIT_CODE, code));
            out.duration_ns = duration.as_nanos() as u64;
        }
        TerminalEvent::InputReady | TerminalEvent::InputTruncated | TerminalEvent::Closed => {}
    }
}

fn fill_watch(
    out: &mut orch_event,
    event: WatchEvent<'_>,
    lent: &mut Lent,
    lent_batch: &mut BatchLoan,
) {
    match event {
        WatchEvent::Ready { version } => {
            (out.kind, out.version) = (ORCH_EVENT_WATCH_READY, version.into());
        }
        WatchEvent::Batch { batch } => {
            (out.kind, out.version) = (ORCH_EVENT_WATCH_BATCH, batch.version().into());
            out.batch = lent_batch.lend(batch);
        }
        WatchEvent::Synced { tag, version } => {
            (out.kind, out.version) = (ORCH_EVENT_WATCH_SYNCED, version.into());
            out.offset = tag;
        }
        WatchEvent::Warning { problem, path } => {
            (out.kind, out.value) = (ORCH_EVENT_WATCH_WARNING, problem as u32);
            fill_data(out, path.as_os_str().as_bytes(), lent);
        }
    }
}

fn fill_reader(out: &mut orch_event, reader: ReaderId, offset: u64, end: u64) {
    out.reader = reader.to_u64();
    (out.offset, out.end) = (offset, end);
}

fn fill_data(out: &mut orch_event, bytes: &[u8], lent: &mut Lent) {
    (out.data, out.len) = (lent.lend(bytes), bytes.len());
}

/// An exit status as kind, value and whether a core was dumped.
pub(super) fn exit_numbers(status: ExitStatus) -> (u32, i32, u32) {
    match status {
        ExitStatus::Code(code) => (ORCH_EXIT_CODE, code, 0),
        ExitStatus::Signal { signal, core_dumped } => {
            (ORCH_EXIT_SIGNAL, signal, core_dumped.into())
        }
        ExitStatus::Unknown => (ORCH_EXIT_UNKNOWN, 0, 0),
    }
}

fn level_number(level: LogLevel) -> u32 {
    match level {
        LogLevel::Error => ORCH_LOG_ERROR,
        LogLevel::Warn => ORCH_LOG_WARN,
        LogLevel::Info => ORCH_LOG_INFO,
    }
}
