//! Terminals and readers: one function per command.

use super::argument::{self, flag_from, unknown};
use super::types::orch_size;
use std::ffi::c_void;
use std::time::Duration;

use super::batch::{mode_from, orch_signal_target, target_from};
use super::guard::{Inner, on_engine, orch_engine};
use super::options::*;
use super::sized::{self, SizedStruct};
use super::status::*;
use super::terminal_state::*;
use crate::error::Result;
use crate::{ReaderId, SizePolicy, TerminalId};

/// Runs a command that has no output.
///
/// # Safety
/// As [`on_engine`].
pub(super) unsafe fn command(
    engine: *mut orch_engine,
    work: impl FnOnce(&mut crate::Engine) -> Result<()>,
) -> i32 {
    // SAFETY: passed on from the caller.
    unsafe { on_engine(engine, |inner| work(&mut inner.engine).map(|()| ORCH_OK)) }
}

/// Starts a program in a new terminal. `options` may be NULL for the user's shell.
///
/// Owner thread. Returns when the program has been executed, about 0.4 ms whatever the size of the
/// host's memory. Errors: ORCH_E_NO_PROGRAM, ORCH_E_NOT_EXECUTABLE, ORCH_E_NO_DIRECTORY,
/// ORCH_E_NO_PTY, ORCH_E_NO_FD, ORCH_E_LIMIT, ORCH_E_NO_SCREEN, ORCH_E_INVALID, ORCH_E_GONE after a
/// shutdown; nothing is left behind by any of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_spawn(
    engine: *mut orch_engine,
    options: *const orch_spawn_options,
    out_terminal: *mut u64,
) -> orch_status {
    let spawn = |inner: &mut Inner| {
        argument::output("out_terminal", out_terminal)?;
        // SAFETY: the caller vouches for the struct.
        let options = unsafe { spawn_options(options) }?;
        let id = inner.engine.spawn(&options)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_terminal, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, spawn) }
}

/// Starts `count` programs. `options` is an array whose elements lie `stride` bytes apart
/// (`sizeof(orch_spawn_options)`; their `size` fields count as well). For each element
/// `out_statuses` gets a status and, where that is ORCH_OK, `out_terminals` an id. One that fails
/// does not stop the others, nor is it a failure of the call.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_spawn_many(
    engine: *mut orch_engine,
    options: *const orch_spawn_options,
    count: usize,
    stride: usize,
    out_terminals: *mut u64,
    out_statuses: *mut orch_status,
) -> orch_status {
    let spawn_many = |inner: &mut Inner| {
        if count > 0 {
            argument::output("options", options.cast_mut())?;
            argument::output("out_terminals", out_terminals)?;
            argument::output("out_statuses", out_statuses)?;
            sized::check_stride(count, stride, orch_spawn_options::FIRST_SIZE)?;
        }
        for index in 0..count {
            let element = options.wrapping_byte_add(index * stride);
            // SAFETY: the caller vouches for `count` elements `stride` bytes apart.
            let options = unsafe { sized::check_element(element, stride) }
                // SAFETY: the caller vouches for the struct.
                .and_then(|()| unsafe { spawn_options(element) });
            let outcome = options.and_then(|options| inner.engine.spawn(&options));
            if let Ok(id) = &outcome {
                // SAFETY: the caller vouches for `count` writable ids.
                unsafe { sized::put(out_terminals.wrapping_add(index), id.to_u64()) };
            }
            // SAFETY: the caller vouches for `count` writable statuses.
            unsafe { sized::put(out_statuses.wrapping_add(index), status_of_result(&outcome)) };
        }
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, spawn_many) }
}

/// Takes over an open PTY master. On success the descriptor is the engine's: do not use or close it
/// any more. On error it stays the host's. `options` may be NULL. Without a known program the terminal
/// ends when the last slave is closed.
///
/// Owner thread. Errors: ORCH_E_INVALID when it is not a PTY master, ORCH_E_LIMIT, ORCH_E_NO_FD,
/// ORCH_E_NO_SCREEN, ORCH_E_GONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_adopt(
    engine: *mut orch_engine,
    fd: i32,
    options: *const orch_adopt_options,
    out_terminal: *mut u64,
) -> orch_status {
    let adopt = |inner: &mut Inner| {
        argument::output("out_terminal", out_terminal)?;
        // SAFETY: the caller vouches for the struct.
        let options = unsafe { adopt_options(options) }?;
        // The engine gets a copy, so that the host still has its own after a failure.
        let copy = argument::copied_fd("fd", fd)?;
        let id = inner.engine.adopt(copy, &options)?;
        // SAFETY: close takes an integer; by contract the descriptor is ours now.
        unsafe { libc::close(fd) };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_terminal, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, adopt) }
}

/// Types bytes into a terminal: what the PTY takes goes out at once, the rest waits in the engine.
/// `out_accepted` (may be NULL) gets how many were accepted, the first ones; when fewer than `len`,
/// the queue is full and ORCH_EVENT_INPUT_READY reports when to go on.
///
/// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_write(
    engine: *mut orch_engine,
    terminal: u64,
    data: *const c_void,
    len: usize,
    out_accepted: *mut usize,
) -> orch_status {
    let write = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { argument::array("data", data.cast(), len) }?;
        let accepted = inner.engine.write(TerminalId::from_u64(terminal), bytes)?;
        if !out_accepted.is_null() {
            // SAFETY: the caller vouches that it is writable.
            unsafe { sized::put(out_accepted, accepted) };
        }
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, write) }
}

/// Types text as a person pastes it: its ends of lines become carriage returns, control characters and
/// every end of a bracketed paste are taken out, and it is bracketed when the program asked for that
/// (known with a screen only). All of it or nothing.
///
/// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_LIMIT when
/// the input queue has no room for all, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_paste(
    engine: *mut orch_engine,
    terminal: u64,
    data: *const c_void,
    len: usize,
) -> orch_status {
    let paste = |e: &mut crate::Engine| {
        // SAFETY: the caller vouches for the bytes.
        e.paste(TerminalId::from_u64(terminal), unsafe {
            argument::array("data", data.cast(), len)
        }?)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, paste) }
}

/// What `orch_terminal_control` does.
pub type orch_control = u32;
/// Ends the input as a person would, with the terminal's end-of-file character (usually Ctrl-D), twice where a line
/// in canonical mode is unfinished.
///
/// The character is typed once the program has read all input and waits for more. The engine supervises it until it is
/// read, because a switch between canonical and raw mode before that would give it another meaning. It ends one read of
/// one program. Input that is written later comes after it: the character is then typed at once and no longer
/// supervised.
pub const ORCH_CONTROL_EOF: orch_control = 1;
/// Clears the screen: drops the scrollback and the rows above the cursor's, which becomes the first one; on the
/// alternate screen, which a program draws, only the scrollback. Readers of bytes get ORCH_EVENT_CLEARED. The
/// program does not notice.
pub const ORCH_CONTROL_CLEAR: orch_control = 2;

/// Does something to a terminal that needs no argument.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_INVALID; ORCH_E_ENDED, ORCH_E_LIMIT for
/// ORCH_CONTROL_EOF; ORCH_E_NO_SCREEN for ORCH_CONTROL_CLEAR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_control(
    engine: *mut orch_engine,
    terminal: u64,
    control: orch_control,
) -> orch_status {
    let work = |e: &mut crate::Engine| {
        let id = TerminalId::from_u64(terminal);
        match control {
            ORCH_CONTROL_EOF => e.send_eof(id),
            ORCH_CONTROL_CLEAR => e.clear_screen(id),
            other => Err(unknown("control", other)),
        }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, work) }
}

/// Changes the size. The first change is made at once, further ones at most every
/// `resize_interval_ms`, the last one always. From then on the host decides the size: this sets the policy
/// ORCH_SIZE_POLICY_FIXED.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID, ORCH_E_LIMIT when
/// it has a screen and that would have more than `screen_cells`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_resize(
    engine: *mut orch_engine,
    terminal: u64,
    window: orch_size,
) -> orch_status {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |e| e.resize(TerminalId::from_u64(terminal), window.into())) }
}

/// What `orch_terminal_set` sets.
pub type orch_terminal_option = u32;
/// 1: the terminal is not read; its program blocks once the kernel's buffer is full, and its exit is reported only
/// after 0, when all of its output has been read. 0: it is read again.
pub const ORCH_TERMINAL_OPTION_PAUSED: orch_terminal_option = 1;
/// The line discipline, one of ORCH_MODE_*. Input that was written just before may be echoed only after the change:
/// the kernel's worker carries it over.
pub const ORCH_TERMINAL_OPTION_MODE: orch_terminal_option = 2;
/// Who decides the size, one of ORCH_SIZE_POLICY_*. The policy is applied at once; if no viewer is attached,
/// the size stays as it is.
pub const ORCH_TERMINAL_OPTION_SIZE_POLICY: orch_terminal_option = 3;

/// Sets an option of a terminal. `orch_terminal_state` contains what is set.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_set(
    engine: *mut orch_engine,
    terminal: u64,
    option: orch_terminal_option,
    value: u32,
) -> orch_status {
    let set = |e: &mut crate::Engine| {
        let id = TerminalId::from_u64(terminal);
        match option {
            ORCH_TERMINAL_OPTION_PAUSED => {
                if flag_from("value of ORCH_TERMINAL_OPTION_PAUSED", value)? {
                    e.pause(id)
                } else {
                    e.resume(id)
                }
            }
            ORCH_TERMINAL_OPTION_MODE => e.set_mode(id, mode_from(value)?),
            ORCH_TERMINAL_OPTION_SIZE_POLICY => e.set_size_policy(id, policy_from(value)?),
            other => Err(unknown("option", other)),
        }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, set) }
}

fn policy_from(policy: orch_size_policy) -> Result<SizePolicy> {
    match policy {
        ORCH_SIZE_POLICY_FIXED => Ok(SizePolicy::Fixed),
        ORCH_SIZE_POLICY_SMALLEST => Ok(SizePolicy::Smallest),
        ORCH_SIZE_POLICY_LATEST => Ok(SizePolicy::Latest),
        other => Err(unknown("size policy", other)),
    }
}

/// Sends a signal, 1 to SIGRTMAX, to one of ORCH_SIGNAL_*.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_ENDED when there is no process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_signal(
    engine: *mut orch_engine,
    terminal: u64,
    signal: i32,
    target: orch_signal_target,
) -> orch_status {
    let send = |e: &mut crate::Engine| {
        e.signal(TerminalId::from_u64(terminal), signal, target_from(target)?)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, send) }
}

/// Closes a terminal: SIGHUP to the program's group and the foreground group, SIGKILL to both if the
/// program has not ended after `grace_ms`. Others that ignore the hangup, as under `nohup`, go on
/// without a terminal. Output that still comes is delivered; pauses end. ORCH_EVENT_CLOSED is its last event, and the id is good until that has been
/// read. Closing again sets a new grace from now.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_close(
    engine: *mut orch_engine,
    terminal: u64,
    grace_ms: u32,
) -> orch_status {
    let grace = Duration::from_millis(grace_ms.into());
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |e| e.close(TerminalId::from_u64(terminal), grace)) }
}

/// Adds a reader to a terminal's output; its bytes come as ORCH_EVENT_OUTPUT with its id, what it sees of
/// the screen as ORCH_EVENT_SCREEN. `options` may be NULL: lossless, from the oldest byte that is kept.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT, ORCH_E_INVALID for an offset past the end,
/// ORCH_E_NO_SCREEN when the options need a screen.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_attach(
    engine: *mut orch_engine,
    terminal: u64,
    options: *const orch_attach_options,
    out_reader: *mut u64,
) -> orch_status {
    let attach = |inner: &mut Inner| {
        argument::output("out_reader", out_reader)?;
        // SAFETY: the caller vouches for the struct.
        let options = reader_options(&unsafe { sized::read(options, true) }?)?;
        let reader = inner.engine.attach_with(TerminalId::from_u64(terminal), &options)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_reader, reader.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, attach) }
}

/// Takes a reader away, the one made at spawn too. What it has not read exerts no backpressure any
/// more.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_detach(engine: *mut orch_engine, reader: u64) -> orch_status {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.detach(ReaderId::from_u64(reader))) }
}

/// What `orch_reader_set` sets.
pub type orch_reader_option = u32;
/// 1: the reader gets nothing until it is set to 0. A lossless one then exerts backpressure once its backlog is full,
/// and the terminal's exit waits for it; a lossy one gets a gap later, one with ORCH_DELIVERY_SCREEN the screen as
/// it is then.
pub const ORCH_READER_OPTION_PAUSED: orch_reader_option = 1;
/// How output reaches the reader: ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_LOSSY or ORCH_DELIVERY_SCREEN. From
/// ORCH_DELIVERY_SCREEN to bytes, an ORCH_EVENT_SNAPSHOT comes first; to it, all of the screen.
pub const ORCH_READER_OPTION_DELIVERY: orch_reader_option = 2;
/// For ORCH_DELIVERY_SCREEN: how many rows above the screen the view begins, at most as many as there are; 0 is the
/// screen itself. Further output leaves the view where it is.
pub const ORCH_READER_OPTION_SCROLL: orch_reader_option = 3;

/// Sets an option of a reader.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN, ORCH_E_INVALID, also for
/// ORCH_READER_OPTION_SCROLL of a reader of bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_set(
    engine: *mut orch_engine,
    reader: u64,
    option: orch_reader_option,
    value: u32,
) -> orch_status {
    let set = |e: &mut crate::Engine| {
        let id = ReaderId::from_u64(reader);
        match option {
            ORCH_READER_OPTION_PAUSED => {
                if flag_from("value of ORCH_READER_OPTION_PAUSED", value)? {
                    e.pause_reader(id)
                } else {
                    e.resume_reader(id)
                }
            }
            ORCH_READER_OPTION_DELIVERY => {
                let delivery = delivery_from("value of ORCH_READER_OPTION_DELIVERY", value)?;
                e.set_delivery(id, delivery)
            }
            ORCH_READER_OPTION_SCROLL => e.scroll_to(id, value),
            other => Err(unknown("option", other)),
        }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, set) }
}
