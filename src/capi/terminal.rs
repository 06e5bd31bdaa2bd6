//! Terminals and readers: one function per command.

use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;

use super::batch::{mode_from, target_from};
use super::guard::{Inner, on_engine, orch_engine};
use super::options::*;
use super::sized::{self, SizedStruct};
use super::status::*;
use crate::error::{Error, Result};
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
) -> i32 {
    let spawn = |inner: &mut Inner| {
        sized::check_pointer(out_terminal)?;
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
    out_statuses: *mut i32,
) -> i32 {
    let spawn_many = |inner: &mut Inner| {
        if count > 0 {
            sized::check_pointer(options.cast_mut())?;
            sized::check_pointer(out_terminals)?;
            sized::check_pointer(out_statuses)?;
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
) -> i32 {
    let adopt = |inner: &mut Inner| {
        sized::check_pointer(out_terminal)?;
        // SAFETY: the caller vouches for the struct.
        let options = unsafe { adopt_options(options) }?;
        if fd < 0 {
            return Err(Error::invalid("the descriptor is negative"));
        }
        // The engine gets a copy, so that the host still has its own after a failure.
        // SAFETY: the descriptor is only looked at; a closed one makes the system call fail.
        let host_fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let copy = host_fd.try_clone_to_owned().map_err(|e| match e.raw_os_error() {
            Some(libc::EBADF) | None => Error::invalid("the descriptor is not open"),
            Some(errno) => Error::system("copy the descriptor", Errno::from_raw(errno)),
        })?;
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
/// the queue is full and ORCH_EVENT_INPUT_READY tells when to go on.
///
/// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_write(
    engine: *mut orch_engine,
    terminal: u64,
    data: *const c_void,
    len: usize,
    out_accepted: *mut usize,
) -> i32 {
    let write = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { sized::bytes(data, len) }?;
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
) -> i32 {
    let paste = |e: &mut crate::Engine| {
        // SAFETY: the caller vouches for the bytes.
        e.paste(TerminalId::from_u64(terminal), unsafe { sized::bytes(data, len) }?)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, paste) }
}

/// Ends the input as a person would, with the terminal's end-of-file character (usually Ctrl-D),
/// twice where a line in canonical mode is unfinished.
///
/// The character is typed once the program has read all input and waits for more, and looked after until
/// it was read: a change between canonical and raw mode before that would make something else of it. It
/// ends one read of one program. Further input is typed behind it; then it is typed at once, if it was not
/// yet, and not looked after any more.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_send_eof(engine: *mut orch_engine, terminal: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.send_eof(TerminalId::from_u64(terminal))) }
}

/// Changes the size. The first change is made at once, further ones at most every
/// `resize_interval_ms`, the last one always. From then on the host decides over the size: this sets the policy
/// ORCH_SIZE_POLICY_FIXED.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID, ORCH_E_LIMIT when
/// it has a screen and that would have more than `screen_cells`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_resize(
    engine: *mut orch_engine,
    terminal: u64,
    window: orch_size,
) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |e| e.resize(TerminalId::from_u64(terminal), window.into())) }
}

/// Size policy: the host decides; viewers do not change the size. `orch_terminal_resize` and ORCH_OP_RESIZE of
/// the host set it.
pub const ORCH_SIZE_POLICY_FIXED: u32 = 1;
/// Size policy: the fewest columns and the fewest rows of all viewers, so that each of them shows the whole
/// terminal.
pub const ORCH_SIZE_POLICY_SMALLEST: u32 = 2;
/// Size policy, that of a new terminal: the grid of the viewer that typed last (input, paste, interrupt, end of
/// input). Attaching and changing a window do not count as typing. While no viewer has typed, the one that
/// reported its grid first decides.
pub const ORCH_SIZE_POLICY_LATEST: u32 = 3;

/// Sets who decides over the size of a terminal that clients of the server show: one of ORCH_SIZE_*. A viewer is
/// an attachment of a client that has reported the columns and rows of its window, and whose token has
/// ORCH_SCOPE_TYPE. While more than one viewer is attached, viewers make a terminal no smaller than 20 columns and
/// 5 rows; a single one may make it as small as 2 columns and 1 row. The policy is applied at once; if no viewer
/// is attached, the size stays as it is. `orch_terminal_state.size_policy` has the policy.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_set_size_policy(
    engine: *mut orch_engine,
    terminal: u64,
    policy: u32,
) -> i32 {
    let set = |e: &mut crate::Engine| {
        let policy = match policy {
            ORCH_SIZE_POLICY_FIXED => SizePolicy::Fixed,
            ORCH_SIZE_POLICY_SMALLEST => SizePolicy::Smallest,
            ORCH_SIZE_POLICY_LATEST => SizePolicy::Latest,
            other => return Err(unknown("size policy", other)),
        };
        e.set_size_policy(TerminalId::from_u64(terminal), policy)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, set) }
}

/// Changes the line discipline to one of ORCH_MODE_*. Input that was written just before may be echoed
/// only after the change: the kernel's worker carries it over.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_set_mode(
    engine: *mut orch_engine,
    terminal: u64,
    mode: u32,
) -> i32 {
    let set = |e: &mut crate::Engine| e.set_mode(TerminalId::from_u64(terminal), mode_from(mode)?);
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, set) }
}

/// Sends a signal, 1 to SIGRTMAX, to one of ORCH_SIGNAL_*.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_ENDED when there is no process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_signal(
    engine: *mut orch_engine,
    terminal: u64,
    signal: i32,
    target: u32,
) -> i32 {
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
) -> i32 {
    let grace = Duration::from_millis(grace_ms.into());
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |e| e.close(TerminalId::from_u64(terminal), grace)) }
}

/// Stops reading a terminal; its program blocks once the kernel's buffer is full. Its exit is
/// reported after `orch_terminal_resume`, when all of its output has been read.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_pause(engine: *mut orch_engine, terminal: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.pause(TerminalId::from_u64(terminal))) }
}

/// Ends `orch_terminal_pause`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_resume(engine: *mut orch_engine, terminal: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.resume(TerminalId::from_u64(terminal))) }
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
) -> i32 {
    let attach = |inner: &mut Inner| {
        sized::check_pointer(out_reader)?;
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

/// Takes a reader away, the one made at spawn too. What it has not read does not hold back the PTY
/// any more.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_detach(engine: *mut orch_engine, reader: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.detach(ReaderId::from_u64(reader))) }
}

/// Gives a reader nothing until it is resumed. A lossless one stops the PTY when its backlog is
/// full, and the terminal's exit waits for it; a lossy one gets a gap later, one with
/// ORCH_DELIVERY_SCREEN the screen as it is then.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_pause(engine: *mut orch_engine, reader: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.pause_reader(ReaderId::from_u64(reader))) }
}

/// Ends `orch_reader_pause`.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_resume(engine: *mut orch_engine, reader: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |engine| engine.resume_reader(ReaderId::from_u64(reader))) }
}
