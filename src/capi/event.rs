//! Events, pulled one by one.

use std::ptr;

use super::config::{ORCH_LOG_ERROR, ORCH_LOG_INFO, ORCH_LOG_WARN};
use super::guard::{Inner, Lent, Poisoned, on_engine_if, orch_engine};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use crate::error::Result;
use crate::{Completion, Event, ExitStatus, LogLevel, TerminalEvent};

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
    /// ORCH_EVENT_LOG: one of ORCH_LOG_*.
    pub level: u32,
    /// The terminal that the event is about.
    pub terminal: u64,
    /// The reader that gets the bytes or has lost them.
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
    /// ORCH_EVENT_EXITED: one of ORCH_EXIT_*.
    pub exit_kind: u32,
    /// ORCH_EVENT_EXITED: the code or the signal.
    pub exit_value: i32,
    /// ORCH_EVENT_EXITED: 1 if a core was dumped.
    pub core_dumped: u32,
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
        inner.lent.end();
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
            fill_terminal(&mut out, event, &mut inner.lent);
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
        Event::ShutdownComplete => out.kind = ORCH_EVENT_SHUTDOWN_COMPLETE,
    }
    Ok(Next::Event(out))
}

fn fill_terminal(out: &mut orch_event, event: TerminalEvent<'_>, lent: &mut Lent) {
    match event {
        TerminalEvent::Output { reader, offset, bytes } => {
            out.kind = ORCH_EVENT_OUTPUT;
            out.reader = reader.to_u64();
            (out.offset, out.end) = (offset, offset + bytes.len() as u64);
            (out.data, out.len) = (lent.lend(bytes), bytes.len());
        }
        TerminalEvent::Gap { reader, from, to } => {
            out.kind = ORCH_EVENT_GAP;
            out.reader = reader.to_u64();
            (out.offset, out.end) = (from, to);
        }
        TerminalEvent::InputReady => out.kind = ORCH_EVENT_INPUT_READY,
        TerminalEvent::InputTruncated => out.kind = ORCH_EVENT_INPUT_TRUNCATED,
        TerminalEvent::Exited { status, final_offset } => {
            out.kind = ORCH_EVENT_EXITED;
            (out.offset, out.end) = (final_offset, final_offset);
            (out.exit_kind, out.exit_value, out.core_dumped) = exit_numbers(status);
        }
        TerminalEvent::Eof { final_offset } => {
            out.kind = ORCH_EVENT_EOF;
            (out.offset, out.end) = (final_offset, final_offset);
        }
        TerminalEvent::Closed => out.kind = ORCH_EVENT_CLOSED,
    }
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
