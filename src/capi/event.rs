//! Events, pulled one by one.

use std::ffi::c_void;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use super::event_loan::EventLoan;
use super::event_payload::*;
use super::event_peer::*;
use super::guard::{Inner, Poisoned, on_engine_if, orch_engine};
use super::health::{orch_event_health, part_health};
use super::notice::{notice_of, orch_event_peer_notice};
use super::options::{
    ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_LOSSY, ORCH_DELIVERY_SCREEN, delivery_number,
};
use super::peer_state::{ORCH_BREAKER_CLOSED, breaker_number};
use super::sized::{self, SizedStruct, size_through};
use super::state_op::orch_event_review;
use super::stats::{ns, stage_number};
use super::status::*;
use super::types::NO_BYTES;
use super::watch_batch::orch_event_watch_batch;
use crate::error::Result;
use crate::{
    ClientId, Completion, Event, LogLevel, PeerEvent, RemoteMode, RestartEvent, Size, SlowTurn,
    TerminalEvent, WatchEvent,
};

/// What an event is about. The name of a kind is that of its payload: ORCH_EVENT_OUTPUT carries
/// `payload.output`, an `orch_event_output`. `source` is a terminal, a watch or a peer, as the kind says. Ignore
/// kinds that you do not know.
pub type orch_event_kind = u32;

/// Terminal: bytes for a reader, `payload.output`. The reader has moved past them.
pub const ORCH_EVENT_OUTPUT: orch_event_kind = 1;
/// Terminal: a lossy reader has lost bytes, `payload.gap`.
pub const ORCH_EVENT_GAP: orch_event_kind = 2;
/// Terminal: a write was accepted in part earlier, and half of the input queue is free now. No payload.
pub const ORCH_EVENT_INPUT_READY: orch_event_kind = 3;
/// Terminal: a line of input was longer than the 4,095 bytes that the kernel keeps in canonical mode; the kernel
/// has dropped the rest of the line. No payload.
pub const ORCH_EVENT_INPUT_TRUNCATED: orch_event_kind = 4;
/// Terminal: the program has ended, `payload.exited`. A background process may still write afterwards.
pub const ORCH_EVENT_EXITED: orch_event_kind = 5;
/// Terminal: no process has the terminal open any more, `payload.eof`. Comes after ORCH_EVENT_EXITED, also when a
/// program closes its terminal before it ends.
pub const ORCH_EVENT_EOF: orch_event_kind = 6;
/// Terminal: it is gone and its id is stale: the last event of a terminal that was closed. No payload.
pub const ORCH_EVENT_CLOSED: orch_event_kind = 7;
/// Engine: a command that a sender posted is done, `payload.completed`; `tag` is that of the command.
pub const ORCH_EVENT_COMPLETED: orch_event_kind = 8;
/// Engine: a log line, `payload.log`.
pub const ORCH_EVENT_LOG: orch_event_kind = 9;
/// Engine: every terminal is gone after `orch_engine_shutdown`. No payload.
pub const ORCH_EVENT_SHUTDOWN_COMPLETE: orch_event_kind = 10;
/// Terminal: what changed on the screen, for a reader with ORCH_DELIVERY_SCREEN, `payload.screen`.
pub const ORCH_EVENT_SCREEN: orch_event_kind = 11;
/// Terminal: a snapshot of the screen for a reader of bytes, `payload.snapshot`.
pub const ORCH_EVENT_SNAPSHOT: orch_event_kind = 12;
/// Terminal: the screen was cleared by ORCH_CONTROL_CLEAR or a client, `payload.cleared`. The scrollback that the
/// reader has shown goes, and on the primary screen the rows above the cursor's; the alternate screen stays.
pub const ORCH_EVENT_CLEARED: orch_event_kind = 13;
/// Terminal: a lossless reader lagged more than `orch_attach_options` allows and gets ORCH_EVENT_SCREEN from now
/// on, `payload.delivery_changed`.
pub const ORCH_EVENT_DELIVERY_CHANGED: orch_event_kind = 14;
/// Terminal: the program has set the title of its window, `payload.title`.
pub const ORCH_EVENT_TITLE: orch_event_kind = 15;
/// Terminal: the program has reported its working directory (OSC 7, 9;9, 633), `payload.cwd`.
pub const ORCH_EVENT_CWD: orch_event_kind = 16;
/// Terminal: the program has rung the bell, `payload.bell`.
pub const ORCH_EVENT_BELL: orch_event_kind = 17;
/// Terminal: the program wants the user to see a message (OSC 9, 777), `payload.notification`.
pub const ORCH_EVENT_NOTIFICATION: orch_event_kind = 18;
/// Terminal: the program asks to set the clipboard (OSC 52), `payload.clipboard`. Only with
/// ORCH_SCREEN_CLIPBOARD.
pub const ORCH_EVENT_CLIPBOARD: orch_event_kind = 19;
/// Terminal: a command began, by the marks of the shell (OSC 133, 633), `payload.command_started`.
pub const ORCH_EVENT_COMMAND_STARTED: orch_event_kind = 20;
/// Terminal: a command ended, by the marks of the shell, `payload.command_finished`.
pub const ORCH_EVENT_COMMAND_FINISHED: orch_event_kind = 21;
/// Watch: the tree has been read for the first time, `payload.watch_ready`. `orch_watch_get_changes` gives what
/// is there; batches report changes from now on.
pub const ORCH_EVENT_WATCH_READY: orch_event_kind = 22;
/// Watch: files changed, `payload.watch_batch`.
pub const ORCH_EVENT_WATCH_BATCH: orch_event_kind = 23;
/// Watch: everything before a call of `orch_watch_sync` has been reported, `payload.watch_synced`.
pub const ORCH_EVENT_WATCH_SYNCED: orch_event_kind = 24;
/// Watch: a part of the tree is not exact, or slower than it could be, `payload.watch_warning`.
pub const ORCH_EVENT_WATCH_WARNING: orch_event_kind = 25;
/// Engine: a client wants to change the state, and `orch_config.review_changes` is on, `payload.review`. Answer
/// with `orch_review_answer`.
pub const ORCH_EVENT_REVIEW: orch_event_kind = 26;
/// Engine: turns took more processor time than `orch_config.turn_time_warn_us`, `payload.slow_turn`. See
/// `orch_engine_get_stats`.
pub const ORCH_EVENT_SLOW_TURN: orch_event_kind = 28;
/// Terminal: the program reports progress of its work (OSC 9;4), `payload.progress`.
pub const ORCH_EVENT_PROGRESS: orch_event_kind = 29;
/// Peer: the other engine has accepted the connection, `payload.peer_connected`.
pub const ORCH_EVENT_PEER_CONNECTED: orch_event_kind = 30;
/// Peer: there is no connection, `payload.peer_disconnected`. Requests without a reply have failed before with
/// ORCH_REMOTE_DISCONNECTED.
pub const ORCH_EVENT_PEER_DISCONNECTED: orch_event_kind = 31;
/// Peer: the copy of its state has reached another version, `payload.peer_state`.
pub const ORCH_EVENT_PEER_STATE: orch_event_kind = 32;
/// Peer: output of a terminal starts, `payload.peer_attached`. Comes again after each reconnect.
pub const ORCH_EVENT_PEER_ATTACHED: orch_event_kind = 33;
/// Peer: a terminal is gone, could not be attached to, or was detached, `payload.peer_detached`.
pub const ORCH_EVENT_PEER_DETACHED: orch_event_kind = 34;
/// Peer: output of a terminal, `payload.peer_output`.
pub const ORCH_EVENT_PEER_OUTPUT: orch_event_kind = 35;
/// Peer: output of a terminal is lost, `payload.peer_gap`.
pub const ORCH_EVENT_PEER_GAP: orch_event_kind = 36;
/// Peer: the screen of a terminal in place of the bytes before it, `payload.peer_snapshot`.
pub const ORCH_EVENT_PEER_SNAPSHOT: orch_event_kind = 37;
/// Peer: what changed on the screen of a terminal, `payload.peer_screen`.
pub const ORCH_EVENT_PEER_SCREEN: orch_event_kind = 38;
/// Peer: the program in a terminal has ended, `payload.peer_exited`.
pub const ORCH_EVENT_PEER_EXITED: orch_event_kind = 39;
/// Peer: the reply to a request, `payload.peer_reply`.
pub const ORCH_EVENT_PEER_REPLY: orch_event_kind = 40;
/// Peer: a change set was committed, `payload.peer_applied`. The copy of the state contains it.
pub const ORCH_EVENT_PEER_APPLIED: orch_event_kind = 41;
/// Peer: a change set was rejected, `payload.peer_rejected`.
pub const ORCH_EVENT_PEER_REJECTED: orch_event_kind = 42;
/// Peer: the other engine rejected something that has no number, such as input, `payload.peer_problem`.
pub const ORCH_EVENT_PEER_PROBLEM: orch_event_kind = 43;
/// Peer: output of a terminal comes in another way from now on, `payload.peer_delivery_changed`.
pub const ORCH_EVENT_PEER_DELIVERY_CHANGED: orch_event_kind = 44;
/// Peer: something has happened in a terminal that its rows do not show, `payload.peer_notice`. Comes for the kinds in
/// `orch_peer_options.notices`.
pub const ORCH_EVENT_PEER_NOTICE: orch_event_kind = 45;
/// Engine: the health of a part has changed, `payload.health`; `source` is the id of the part, 0 for the loop, memory and
/// spawning. See `orch_engine_get_health`.
pub const ORCH_EVENT_HEALTH: orch_event_kind = 46;

/// Terminal: its program, which has ended, is to be started again, was, or is not any more, `payload.restart`. Only with
/// `orch_spawn_options.restart`.
pub const ORCH_EVENT_RESTART: orch_event_kind = 47;

/// What an event carries; the kind says which member is valid. Everything that it points to is borrowed until the
/// next `orch_engine_next_event`, `orch_engine_turn` or `orch_engine_destroy` on this engine.
#[repr(C)]
#[derive(Clone, Copy)]
pub union orch_event_payload {
    /// The address alone; NULL for a kind without a payload.
    pub any: *const c_void,
    /// ORCH_EVENT_OUTPUT.
    pub output: *const orch_event_output,
    /// ORCH_EVENT_GAP.
    pub gap: *const orch_event_gap,
    /// ORCH_EVENT_EXITED.
    pub exited: *const orch_event_exited,
    /// ORCH_EVENT_EOF.
    pub eof: *const orch_event_eof,
    /// ORCH_EVENT_SCREEN.
    pub screen: *const orch_event_screen,
    /// ORCH_EVENT_SNAPSHOT.
    pub snapshot: *const orch_event_snapshot,
    /// ORCH_EVENT_CLEARED.
    pub cleared: *const orch_event_cleared,
    /// ORCH_EVENT_DELIVERY_CHANGED.
    pub delivery_changed: *const orch_event_delivery_changed,
    /// ORCH_EVENT_TITLE.
    pub title: *const orch_event_title,
    /// ORCH_EVENT_CWD.
    pub cwd: *const orch_event_cwd,
    /// ORCH_EVENT_BELL.
    pub bell: *const orch_event_bell,
    /// ORCH_EVENT_NOTIFICATION.
    pub notification: *const orch_event_notification,
    /// ORCH_EVENT_CLIPBOARD.
    pub clipboard: *const orch_event_clipboard,
    /// ORCH_EVENT_COMMAND_STARTED.
    pub command_started: *const orch_event_command_started,
    /// ORCH_EVENT_COMMAND_FINISHED.
    pub command_finished: *const orch_event_command_finished,
    /// ORCH_EVENT_PROGRESS.
    pub progress: *const orch_event_progress,
    /// ORCH_EVENT_WATCH_READY.
    pub watch_ready: *const orch_event_watch_ready,
    /// ORCH_EVENT_WATCH_BATCH.
    pub watch_batch: *const orch_event_watch_batch,
    /// ORCH_EVENT_WATCH_SYNCED.
    pub watch_synced: *const orch_event_watch_synced,
    /// ORCH_EVENT_WATCH_WARNING.
    pub watch_warning: *const orch_event_watch_warning,
    /// ORCH_EVENT_COMPLETED.
    pub completed: *const orch_event_completed,
    /// ORCH_EVENT_LOG.
    pub log: *const orch_event_log,
    /// ORCH_EVENT_SLOW_TURN.
    pub slow_turn: *const orch_event_slow_turn,
    /// ORCH_EVENT_REVIEW.
    pub review: *const orch_event_review,
    /// ORCH_EVENT_PEER_CONNECTED.
    pub peer_connected: *const orch_event_peer_connected,
    /// ORCH_EVENT_PEER_DISCONNECTED.
    pub peer_disconnected: *const orch_event_peer_disconnected,
    /// ORCH_EVENT_PEER_STATE.
    pub peer_state: *const orch_event_peer_state,
    /// ORCH_EVENT_PEER_ATTACHED.
    pub peer_attached: *const orch_event_peer_attached,
    /// ORCH_EVENT_PEER_DETACHED.
    pub peer_detached: *const orch_event_peer_detached,
    /// ORCH_EVENT_PEER_OUTPUT.
    pub peer_output: *const orch_event_peer_output,
    /// ORCH_EVENT_PEER_GAP.
    pub peer_gap: *const orch_event_peer_gap,
    /// ORCH_EVENT_PEER_SNAPSHOT.
    pub peer_snapshot: *const orch_event_peer_snapshot,
    /// ORCH_EVENT_PEER_SCREEN.
    pub peer_screen: *const orch_event_peer_screen,
    /// ORCH_EVENT_PEER_EXITED.
    pub peer_exited: *const orch_event_peer_exited,
    /// ORCH_EVENT_PEER_REPLY.
    pub peer_reply: *const orch_event_peer_reply,
    /// ORCH_EVENT_PEER_APPLIED.
    pub peer_applied: *const orch_event_peer_applied,
    /// ORCH_EVENT_PEER_REJECTED.
    pub peer_rejected: *const orch_event_peer_rejected,
    /// ORCH_EVENT_PEER_PROBLEM.
    pub peer_problem: *const orch_event_peer_problem,
    /// ORCH_EVENT_PEER_DELIVERY_CHANGED.
    pub peer_delivery_changed: *const orch_event_peer_delivery_changed,
    /// ORCH_EVENT_PEER_NOTICE.
    pub peer_notice: *const orch_event_peer_notice,
    /// ORCH_EVENT_HEALTH.
    pub health: *const orch_event_health,
    /// ORCH_EVENT_RESTART.
    pub restart: *const orch_event_restart,
}

/// An event. Initialize it with ORCH_EVENT_INIT once; the library leaves `size` alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event {
    /// `sizeof(orch_event)`, set by the host.
    pub size: usize,
    /// What it is about.
    pub kind: orch_event_kind,
    /// Always 0.
    pub reserved: u32,
    /// The terminal, watch or peer that it is about; 0 for the engine.
    pub source: u64,
    /// The tag that the host gave to the source, or to the command of ORCH_EVENT_COMPLETED.
    pub tag: u64,
    /// What the kind says.
    pub payload: orch_event_payload,
}

const NO_PAYLOAD: orch_event_payload = orch_event_payload { any: ptr::null() };

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_event {
    const FIRST_SIZE: usize = size_through!(orch_event, payload, orch_event_payload);
    fn defaults() -> Self {
        orch_event {
            size: size_of::<Self>(),
            kind: 0,
            reserved: 0,
            source: 0,
            tag: 0,
            payload: NO_PAYLOAD,
        }
    }
}

/// Takes the next event: ORCH_OK with an event in `out_event`, ORCH_DONE when there is none before the next turn.
///
/// Reading an event consumes it and invalidates what the previous one lent. Unread output stays in the engine and
/// exerts backpressure on its program; it is never dropped.
///
/// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_SYSTEM. After ORCH_E_PANIC the message of the panic comes once as
/// ORCH_EVENT_LOG, then the call returns ORCH_E_POISONED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_next_event(
    engine: *mut orch_engine,
    out_event: *mut orch_event,
) -> orch_status {
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

/// The kind of an event and the address of its payload.
type Lending = (orch_event_kind, *const c_void);

fn next_event(inner: &mut Inner) -> Result<Next> {
    if inner.is_poisoned() {
        let Some(text) = inner.panic_text.take() else { return Ok(Next::Poisoned) };
        let text = inner.event.bytes.lend_text(&text);
        let log = orch_event_log { level: ORCH_LOG_ERROR, reserved: 0, text, client: 0 };
        return Ok(Next::Event(event_of(0, 0, (ORCH_EVENT_LOG, inner.event.payload.lend(log)))));
    }
    let Some(event) = inner.engine.next_event()? else { return Ok(Next::Nothing) };
    let lent = &mut inner.event;
    Ok(Next::Event(match event {
        Event::Terminal { id, tag, event } => {
            event_of(id.to_u64(), tag, lend_terminal(event, lent))
        }
        Event::Watch { id, tag, event } => event_of(id.to_u64(), tag, lend_watch(event, lent)),
        Event::Peer { id, tag, event } => event_of(id.to_u64(), tag, lend_peer(&event, lent)),
        Event::Completed { tag, result } => event_of(0, tag, lend_completed(&result, lent)),
        Event::Log { level, client, text } => {
            let text = lent.bytes.lend(text.as_bytes());
            let client = client.map_or(0, ClientId::to_u64);
            let log = orch_event_log { level: level_number(level), reserved: 0, text, client };
            event_of(0, 0, (ORCH_EVENT_LOG, lent.payload.lend(log)))
        }
        Event::Review { review, client, changes } => {
            let review = lent.review.lend_review(review, client.to_u64(), changes);
            event_of(0, 0, (ORCH_EVENT_REVIEW, ptr::from_ref(review).cast()))
        }
        Event::Health(health) => {
            // No other event needs the clock: it is read for this one alone.
            let event = orch_event_health { health: part_health(&health, inner.engine.now()) };
            event_of(health.part.id(), 0, (ORCH_EVENT_HEALTH, lent.payload.lend(event)))
        }
        Event::SlowTurn(slow) => event_of(0, 0, lend_slow_turn(slow, lent)),
        Event::ShutdownComplete => event_of(0, 0, (ORCH_EVENT_SHUTDOWN_COMPLETE, ptr::null())),
    }))
}

fn event_of(source: u64, tag: u64, (kind, payload): Lending) -> orch_event {
    let payload = orch_event_payload { any: payload };
    orch_event { kind, source, tag, payload, ..orch_event::defaults() }
}

fn lend_terminal(event: TerminalEvent<'_>, lent: &mut EventLoan) -> Lending {
    let (bytes, payload) = (&mut lent.bytes, &mut lent.payload);
    match event {
        TerminalEvent::Output { reader, offset, bytes: output } => {
            let (data, len) = bytes.lend_raw(output);
            let output = orch_event_output { reader: reader.to_u64(), offset, data, len };
            (ORCH_EVENT_OUTPUT, payload.lend(output))
        }
        TerminalEvent::Gap { reader, from, to } => {
            let gap = orch_event_gap { reader: reader.to_u64(), start: from, end: to };
            (ORCH_EVENT_GAP, payload.lend(gap))
        }
        TerminalEvent::InputReady => (ORCH_EVENT_INPUT_READY, ptr::null()),
        TerminalEvent::InputTruncated => (ORCH_EVENT_INPUT_TRUNCATED, ptr::null()),
        TerminalEvent::Exited { status, final_offset: end } => {
            let (exit_kind, exit_value, core_dumped) = exit_numbers(status);
            let exited = orch_event_exited { exit_kind, exit_value, core_dumped, reserved: 0, end };
            (ORCH_EVENT_EXITED, payload.lend(exited))
        }
        TerminalEvent::Eof { final_offset: end } => {
            (ORCH_EVENT_EOF, payload.lend(orch_event_eof { end }))
        }
        TerminalEvent::Closed => (ORCH_EVENT_CLOSED, ptr::null()),
        TerminalEvent::Screen { reader, update } => {
            let update = ptr::from_ref(lent.update.lend(update));
            let screen = orch_event_screen { reader: reader.to_u64(), update };
            (ORCH_EVENT_SCREEN, payload.lend(screen))
        }
        TerminalEvent::Snapshot { reader, snapshot } => {
            let (data, len) = bytes.lend_raw(&snapshot.bytes);
            let snapshot = orch_event_snapshot {
                reader: reader.to_u64(),
                offset: snapshot.offset,
                data,
                len,
                window: Size::cells(snapshot.cols, snapshot.rows).into(),
                line: snapshot.line.into(),
            };
            (ORCH_EVENT_SNAPSHOT, payload.lend(snapshot))
        }
        TerminalEvent::Cleared { reader, offset } => {
            let cleared = orch_event_cleared { reader: reader.to_u64(), offset };
            (ORCH_EVENT_CLEARED, payload.lend(cleared))
        }
        TerminalEvent::DeliveryChanged { reader, delivery } => {
            let delivery = delivery_number(delivery);
            let changed =
                orch_event_delivery_changed { reader: reader.to_u64(), delivery, reserved: 0 };
            (ORCH_EVENT_DELIVERY_CHANGED, payload.lend(changed))
        }
        TerminalEvent::Restart(restart) => lend_restart(restart, lent),
        // Every kind is named, so that the compiler shows where a new one is missing.
        report @ (TerminalEvent::Title { .. }
        | TerminalEvent::Cwd { .. }
        | TerminalEvent::Bell { .. }
        | TerminalEvent::Notification { .. }
        | TerminalEvent::Clipboard { .. }
        | TerminalEvent::Progress { .. }
        | TerminalEvent::CommandStarted { .. }
        | TerminalEvent::CommandFinished { .. }) => lend_report(report, lent),
    }
}

fn lend_restart(restart: RestartEvent<'_>, lent: &mut EventLoan) -> Lending {
    let (failed, attempts) = match restart {
        RestartEvent::Waiting { error, attempts, .. } => (error, attempts),
        RestartEvent::GivenUp { error, attempts } => (error, attempts),
        RestartEvent::Started { attempts, .. } => (None, attempts),
    };
    let mut c = orch_event_restart {
        step: ORCH_RESTART_STEP_GIVEN_UP,
        breaker: ORCH_BREAKER_CLOSED,
        terminal: 0,
        start_in_ns: -1,
        attempts,
        error: failed.map_or(ORCH_OK, status_of),
        message: failed.map_or(NO_BYTES, |error| lent.bytes.lend_text(error.message())),
    };
    match restart {
        RestartEvent::Waiting { start_in, breaker, .. } => {
            c.step = ORCH_RESTART_STEP_WAITING;
            c.breaker = breaker_number(breaker);
            c.start_in_ns = i64::try_from(start_in.as_nanos()).unwrap_or(i64::MAX);
        }
        RestartEvent::Started { terminal, .. } => {
            c.step = ORCH_RESTART_STEP_STARTED;
            c.terminal = terminal.to_u64();
        }
        RestartEvent::GivenUp { .. } => {}
    }
    (ORCH_EVENT_RESTART, lent.payload.lend(c))
}

/// What the program in a terminal reports about itself.
fn lend_report(event: TerminalEvent<'_>, lent: &mut EventLoan) -> Lending {
    let (bytes, payload) = (&mut lent.bytes, &mut lent.payload);
    match event {
        TerminalEvent::Title { title } => {
            let title = orch_event_title { title: bytes.lend(title.as_bytes()) };
            (ORCH_EVENT_TITLE, payload.lend(title))
        }
        TerminalEvent::Cwd { path } => {
            let cwd = orch_event_cwd { path: bytes.lend(path.as_os_str().as_bytes()) };
            (ORCH_EVENT_CWD, payload.lend(cwd))
        }
        TerminalEvent::Bell { count } => (ORCH_EVENT_BELL, payload.lend(orch_event_bell { count })),
        TerminalEvent::Notification { title, body } => {
            let body = bytes.lend(body.as_bytes());
            let title = bytes.lend_text(title);
            (ORCH_EVENT_NOTIFICATION, payload.lend(orch_event_notification { title, body }))
        }
        TerminalEvent::Clipboard { selection, text } => {
            let text = bytes.lend(text.as_bytes());
            let clipboard =
                orch_event_clipboard { text, is_primary: selection.into(), reserved: 0 };
            (ORCH_EVENT_CLIPBOARD, payload.lend(clipboard))
        }
        TerminalEvent::Progress { progress } => {
            let (state, percent) = progress_numbers(progress);
            (ORCH_EVENT_PROGRESS, payload.lend(orch_event_progress { state, percent }))
        }
        TerminalEvent::CommandStarted { command } => {
            let command = orch_event_command_started { command: bytes.lend(command.as_bytes()) };
            (ORCH_EVENT_COMMAND_STARTED, payload.lend(command))
        }
        TerminalEvent::CommandFinished { exit_code, duration } => {
            let finished = orch_event_command_finished {
                has_exit_code: exit_code.is_some().into(),
                exit_code: exit_code.unwrap_or(0),
                duration_ns: ns(duration),
            };
            (ORCH_EVENT_COMMAND_FINISHED, payload.lend(finished))
        }
        // The caller passes no other kind.
        _ => (0, ptr::null()),
    }
}

fn lend_watch(event: WatchEvent<'_>, lent: &mut EventLoan) -> Lending {
    let payload = &mut lent.payload;
    match event {
        WatchEvent::Ready { version } => {
            let ready = orch_event_watch_ready { version: version.into() };
            (ORCH_EVENT_WATCH_READY, payload.lend(ready))
        }
        WatchEvent::Batch { batch } => {
            (ORCH_EVENT_WATCH_BATCH, ptr::from_ref(lent.batch.lend(batch)).cast())
        }
        WatchEvent::Synced { tag: sync_tag, version } => {
            let synced = orch_event_watch_synced { version: version.into(), sync_tag };
            (ORCH_EVENT_WATCH_SYNCED, payload.lend(synced))
        }
        WatchEvent::Warning { problem, path } => {
            let path = lent.bytes.lend(path.as_os_str().as_bytes());
            let warning = orch_event_watch_warning { problem: problem as u32, reserved: 0, path };
            (ORCH_EVENT_WATCH_WARNING, payload.lend(warning))
        }
    }
}

fn lend_completed(result: &Result<Completion>, lent: &mut EventLoan) -> Lending {
    let status = status_of_result(result);
    let (terminal, message) = match result {
        Ok(Completion::Spawned(id)) => (id.to_u64(), NO_BYTES),
        Ok(Completion::Done) => (0, NO_BYTES),
        Err(error) => (0, lent.bytes.lend_text(error.message())),
    };
    let completed = orch_event_completed { status, reserved: 0, terminal, message };
    (ORCH_EVENT_COMPLETED, lent.payload.lend(completed))
}

fn lend_slow_turn(slow: SlowTurn, lent: &mut EventLoan) -> Lending {
    let longest = slow.longest;
    let slow = orch_event_slow_turn {
        count: u32::try_from(slow.count).unwrap_or(u32::MAX),
        stage: stage_number(longest.stage),
        stage_name: lent.bytes.lend(longest.stage.name().as_bytes()),
        cpu_ns: ns(longest.cpu),
        wall_ns: ns(longest.wall),
        stage_wall_ns: ns(longest.stage_wall),
    };
    (ORCH_EVENT_SLOW_TURN, lent.payload.lend(slow))
}

/// Lends what happened between us and another engine.
fn lend_peer(event: &PeerEvent<'_>, lent: &mut EventLoan) -> Lending {
    let (bytes, payload) = (&mut lent.bytes, &mut lent.payload);
    match event {
        PeerEvent::Connected { resumed } => {
            let connected = orch_event_peer_connected { resumed: (*resumed).into() };
            (ORCH_EVENT_PEER_CONNECTED, payload.lend(connected))
        }
        PeerEvent::Disconnected { reason, retry_in } => {
            let retry_in_ms = retry_in.map_or(-1, |wait| wait.as_millis() as i64);
            let reason = bytes.lend(reason.as_bytes());
            let disconnected = orch_event_peer_disconnected { retry_in_ms, reason };
            (ORCH_EVENT_PEER_DISCONNECTED, payload.lend(disconnected))
        }
        PeerEvent::State { version, full } => {
            let (version, full) = ((*version).into(), (*full).into());
            let state = orch_event_peer_state { version, full, reserved: 0 };
            (ORCH_EVENT_PEER_STATE, payload.lend(state))
        }
        PeerEvent::Reply { request, outcome } => {
            let reply = lent.reply.lend(*request, outcome);
            (ORCH_EVENT_PEER_REPLY, ptr::from_ref(reply).cast())
        }
        PeerEvent::Notice { terminal, seq, notice } => {
            let notice = notice_of(*terminal, *seq, notice, bytes);
            (ORCH_EVENT_PEER_NOTICE, payload.lend(notice))
        }
        PeerEvent::Applied { mutation, version } => {
            let applied = orch_event_peer_applied { request: *mutation, version_n: *version };
            (ORCH_EVENT_PEER_APPLIED, payload.lend(applied))
        }
        PeerEvent::Rejected { mutation: request, code, message } => {
            let message = bytes.lend(message.as_bytes());
            let (request, status) = (*request, *code as u32);
            let rejected = orch_event_peer_rejected { request, status, reserved: 0, message };
            (ORCH_EVENT_PEER_REJECTED, payload.lend(rejected))
        }
        PeerEvent::Problem { terminal, message } => {
            let (terminal, message) = (terminal.unwrap_or(0), bytes.lend(message.as_bytes()));
            let problem = orch_event_peer_problem { message, terminal };
            (ORCH_EVENT_PEER_PROBLEM, payload.lend(problem))
        }
        about_terminal @ (PeerEvent::Attached { .. }
        | PeerEvent::Detached { .. }
        | PeerEvent::Output { .. }
        | PeerEvent::Gap { .. }
        | PeerEvent::Snapshot { .. }
        | PeerEvent::Screen { .. }
        | PeerEvent::Exited { .. }
        | PeerEvent::DeliveryChanged { .. }) => lend_peer_terminal(about_terminal, lent),
    }
}

/// What happened to a terminal of another engine.
fn lend_peer_terminal(event: &PeerEvent<'_>, lent: &mut EventLoan) -> Lending {
    let (bytes, payload) = (&mut lent.bytes, &mut lent.payload);
    match *event {
        PeerEvent::Attached { terminal, offset } => {
            (ORCH_EVENT_PEER_ATTACHED, payload.lend(orch_event_peer_attached { terminal, offset }))
        }
        PeerEvent::Detached { terminal } => {
            (ORCH_EVENT_PEER_DETACHED, payload.lend(orch_event_peer_detached { terminal }))
        }
        PeerEvent::Output { terminal, offset, bytes: output } => {
            let (data, len) = bytes.lend_raw(output);
            let output = orch_event_peer_output { terminal, offset, data, len };
            (ORCH_EVENT_PEER_OUTPUT, payload.lend(output))
        }
        PeerEvent::Gap { terminal, from, to } => {
            let gap = orch_event_peer_gap { terminal, start: from, end: to };
            (ORCH_EVENT_PEER_GAP, payload.lend(gap))
        }
        PeerEvent::Snapshot { terminal, offset, cols, rows, line, bytes: part, more } => {
            let (data, len) = bytes.lend_raw(part);
            let (window, line) = (Size::cells(cols, rows).into(), line.into());
            let has_more = more.into();
            let snapshot = orch_event_peer_snapshot {
                terminal,
                offset,
                data,
                len,
                window,
                line,
                has_more,
                reserved: 0,
            };
            (ORCH_EVENT_PEER_SNAPSHOT, payload.lend(snapshot))
        }
        PeerEvent::Screen { terminal, update } => {
            let update = ptr::from_ref(lent.update.lend(update));
            (ORCH_EVENT_PEER_SCREEN, payload.lend(orch_event_peer_screen { terminal, update }))
        }
        PeerEvent::Exited { terminal, final_offset: end, status } => {
            let (exit_kind, exit_value, _) = exit_numbers(status);
            let exited = orch_event_peer_exited { terminal, end, exit_kind, exit_value };
            (ORCH_EVENT_PEER_EXITED, payload.lend(exited))
        }
        PeerEvent::DeliveryChanged { terminal, mode, offset } => {
            let delivery = match mode {
                RemoteMode::Lossless => ORCH_DELIVERY_LOSSLESS,
                RemoteMode::Lossy => ORCH_DELIVERY_LOSSY,
                RemoteMode::Screen => ORCH_DELIVERY_SCREEN,
            };
            let changed =
                orch_event_peer_delivery_changed { terminal, offset, delivery, reserved: 0 };
            (ORCH_EVENT_PEER_DELIVERY_CHANGED, payload.lend(changed))
        }
        // The caller passes no other kind.
        _ => (0, ptr::null()),
    }
}

fn level_number(level: LogLevel) -> orch_log_level {
    match level {
        LogLevel::Error => ORCH_LOG_ERROR,
        LogLevel::Warn => ORCH_LOG_WARN,
        LogLevel::Info => ORCH_LOG_INFO,
    }
}
