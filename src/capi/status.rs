//! Statuses: what every function returns.

use std::ffi::c_char;

use crate::error::{Error, ErrorKind};

/// What every call returns: 0 or above is a success. Numbers are never reused.
pub type orch_status = i32;
/// The call did what it says.
pub const ORCH_OK: orch_status = 0;
/// There is nothing to return: `orch_engine_next_event` without an unread event, `orch_state_get_version` of a copy
/// that is not complete.
pub const ORCH_DONE: orch_status = 1;
/// An argument is NULL, out of range or contradicts another one.
pub const ORCH_E_INVALID: orch_status = -1;
/// What an id, a key or a name stands for is gone or never was.
pub const ORCH_E_STALE_ID: orch_status = -2;
/// A limit of the engine is reached; the message names it.
pub const ORCH_E_LIMIT: orch_status = -3;
/// The program to start was not found.
pub const ORCH_E_NO_PROGRAM: orch_status = -4;
/// The program to start cannot be executed.
pub const ORCH_E_NOT_EXECUTABLE: orch_status = -5;
/// The working directory does not exist or cannot be entered.
pub const ORCH_E_NO_DIRECTORY: orch_status = -6;
/// The system has no free PTY.
pub const ORCH_E_NO_PTY: orch_status = -7;
/// The process or the system has no free file descriptor.
pub const ORCH_E_NO_FD: orch_status = -8;
/// The terminal is being closed and takes no more commands.
pub const ORCH_E_CLOSING: orch_status = -9;
/// The program or the PTY has ended, so there is nothing left to act on.
pub const ORCH_E_ENDED: orch_status = -10;
/// Not tried: an earlier operation for the same terminal in the batch failed.
pub const ORCH_E_SKIPPED: orch_status = -11;
/// The call was made in a forked child; the engine belongs to the parent.
pub const ORCH_E_FORKED: orch_status = -12;
/// The engine of a sender is gone, or the engine is shutting down.
pub const ORCH_E_GONE: orch_status = -13;
/// The system refused; see `os_error` of `orch_error_get`.
pub const ORCH_E_SYSTEM: orch_status = -14;
/// The call was made on a thread that does not own the engine.
pub const ORCH_E_WRONG_THREAD: orch_status = -15;
/// A bug in the library was caught in this call. The engine is poisoned.
pub const ORCH_E_PANIC: orch_status = -16;
/// An earlier call returned ORCH_E_PANIC; only `orch_engine_destroy` is left.
pub const ORCH_E_POISONED: orch_status = -17;
/// Another thread is inside a call on this engine.
pub const ORCH_E_BUSY: orch_status = -18;
/// The terminal was made without a screen, and the call is about the screen.
pub const ORCH_E_NO_SCREEN: orch_status = -19;

/// Something that is named does not exist: a path, a line of the scrollback.
pub const ORCH_E_NOT_FOUND: orch_status = -20;
/// The operating system does not permit it: a path to watch, a port below 1024.
pub const ORCH_E_PERMISSION: orch_status = -21;
/// A part of a path is not a directory.
pub const ORCH_E_NOT_DIRECTORY: orch_status = -22;

/// An entry of the state has changed since the version that a change was made from.
pub const ORCH_E_CONFLICT: orch_status = -23;
/// The token of a client does not allow it. Clients get it as an error of the protocol; no function returns it.
pub const ORCH_E_FORBIDDEN: orch_status = -24;
/// There is no connection to the other engine at the moment.
pub const ORCH_E_DISCONNECTED: orch_status = -25;

/// The status for a kind of error; the numbers are never reused.
pub(super) fn status_of(error: &Error) -> i32 {
    match error.kind() {
        ErrorKind::InvalidArgument => ORCH_E_INVALID,
        ErrorKind::StaleId => ORCH_E_STALE_ID,
        ErrorKind::LimitReached => ORCH_E_LIMIT,
        ErrorKind::ProgramNotFound => ORCH_E_NO_PROGRAM,
        ErrorKind::NotExecutable => ORCH_E_NOT_EXECUTABLE,
        ErrorKind::WorkingDirectory => ORCH_E_NO_DIRECTORY,
        ErrorKind::OutOfPtys => ORCH_E_NO_PTY,
        ErrorKind::OutOfDescriptors => ORCH_E_NO_FD,
        ErrorKind::Closing => ORCH_E_CLOSING,
        ErrorKind::Ended => ORCH_E_ENDED,
        ErrorKind::NoScreen => ORCH_E_NO_SCREEN,
        ErrorKind::NotFound => ORCH_E_NOT_FOUND,
        ErrorKind::PermissionDenied => ORCH_E_PERMISSION,
        ErrorKind::NotADirectory => ORCH_E_NOT_DIRECTORY,
        ErrorKind::Conflict => ORCH_E_CONFLICT,
        ErrorKind::Forbidden => ORCH_E_FORBIDDEN,
        ErrorKind::Skipped => ORCH_E_SKIPPED,
        ErrorKind::Disconnected => ORCH_E_DISCONNECTED,
        ErrorKind::Forked => ORCH_E_FORKED,
        ErrorKind::EngineGone => ORCH_E_GONE,
        ErrorKind::System => ORCH_E_SYSTEM,
    }
}

/// The status of a result without a value.
pub(super) fn status_of_result<T>(result: &crate::Result<T>) -> i32 {
    result.as_ref().map_or_else(status_of, |_| ORCH_OK)
}

/// The name of a status, such as "ORCH_E_STALE_ID"; "unknown status" for any other number.
///
/// Any thread. The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn orch_status_get_name(status: orch_status) -> *const c_char {
    let name = match status {
        ORCH_OK => c"ORCH_OK",
        ORCH_DONE => c"ORCH_DONE",
        ORCH_E_INVALID => c"ORCH_E_INVALID",
        ORCH_E_STALE_ID => c"ORCH_E_STALE_ID",
        ORCH_E_LIMIT => c"ORCH_E_LIMIT",
        ORCH_E_NO_PROGRAM => c"ORCH_E_NO_PROGRAM",
        ORCH_E_NOT_EXECUTABLE => c"ORCH_E_NOT_EXECUTABLE",
        ORCH_E_NO_DIRECTORY => c"ORCH_E_NO_DIRECTORY",
        ORCH_E_NO_PTY => c"ORCH_E_NO_PTY",
        ORCH_E_NO_FD => c"ORCH_E_NO_FD",
        ORCH_E_CLOSING => c"ORCH_E_CLOSING",
        ORCH_E_ENDED => c"ORCH_E_ENDED",
        ORCH_E_SKIPPED => c"ORCH_E_SKIPPED",
        ORCH_E_FORKED => c"ORCH_E_FORKED",
        ORCH_E_GONE => c"ORCH_E_GONE",
        ORCH_E_SYSTEM => c"ORCH_E_SYSTEM",
        ORCH_E_WRONG_THREAD => c"ORCH_E_WRONG_THREAD",
        ORCH_E_PANIC => c"ORCH_E_PANIC",
        ORCH_E_POISONED => c"ORCH_E_POISONED",
        ORCH_E_BUSY => c"ORCH_E_BUSY",
        ORCH_E_NO_SCREEN => c"ORCH_E_NO_SCREEN",
        ORCH_E_NOT_FOUND => c"ORCH_E_NOT_FOUND",
        ORCH_E_PERMISSION => c"ORCH_E_PERMISSION",
        ORCH_E_NOT_DIRECTORY => c"ORCH_E_NOT_DIRECTORY",
        ORCH_E_CONFLICT => c"ORCH_E_CONFLICT",
        ORCH_E_FORBIDDEN => c"ORCH_E_FORBIDDEN",
        ORCH_E_DISCONNECTED => c"ORCH_E_DISCONNECTED",
        _ => c"unknown status",
    };
    name.as_ptr()
}
