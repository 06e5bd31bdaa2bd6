//! The life of an engine.

use super::argument;
use super::guard::{Inner, LastError};
use super::memory::{self, orch_memory};
use super::stats::{orch_engine_stats, stage_stats, turn_stats};
use std::ffi::c_char;
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::config::orch_config;
pub use super::guard::orch_engine;
use super::guard::{check_destroy, last_error, on_engine, without_engine};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use super::types::orch_bytes;
use crate::Engine;

/// The version of this library as text, such as "0.1.0".
///
/// Any thread. The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn orch_library_get_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Makes an engine that belongs to the calling thread. `config` may be NULL for the defaults.
///
/// Errors: ORCH_E_INVALID (a limit out of range; the message names all), ORCH_E_NO_FD,
/// ORCH_E_SYSTEM; read them with `orch_error_get(NULL, ...)`. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_create(
    config: *const orch_config,
    out_engine: *mut *mut orch_engine,
) -> orch_status {
    without_engine(|| {
        argument::output("out_engine", out_engine)?;
        // SAFETY: the caller vouches for the struct.
        let config = unsafe { sized::read(config, true) }?.to_config()?;
        let handle = Box::new(orch_engine::new(Engine::new(config)?));
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_engine, Box::into_raw(handle)) };
        Ok(ORCH_OK)
    })
}

/// Destroys an engine: kills what runs in it and frees everything, without waiting. For an orderly
/// end call `orch_engine_shutdown` first and turn until ORCH_EVENT_SHUTDOWN_COMPLETE. NULL is fine.
///
/// Each program's group and the foreground group of its terminal get SIGHUP and SIGKILL; others on the
/// terminal are hung up on, and those that ignore it, as under nohup, go on without a terminal. Programs
/// that are dead at once are reaped. The kernel needs a moment for the others, and this call does not
/// wait for it: each of them leaves a zombie process and a descriptor of this process until it is reaped
/// by `orch_program_reap`. Nothing else is left.
///
/// Owner thread. On error (ORCH_E_WRONG_THREAD, ORCH_E_FORKED, ORCH_E_BUSY) the engine is untouched.
/// Works on a poisoned engine. Afterwards the pointer and everything borrowed from it are invalid;
/// senders stay valid and report ORCH_E_GONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_destroy(engine: *mut orch_engine) -> orch_status {
    if engine.is_null() {
        return ORCH_OK;
    }
    // SAFETY: the caller vouches for the pointer.
    let status = unsafe { check_destroy(engine) };
    if status != ORCH_OK {
        return status;
    }
    without_engine(|| {
        // SAFETY: the pointer came from `orch_engine_create`, this is its owner, nobody is inside.
        drop(unsafe { Box::from_raw(engine) });
        Ok(ORCH_OK)
    })
}

/// Reaps the programs of destroyed engines that have ended since, and counts those that have not in
/// `out_left`, which may be NULL. Call it until that is 0, at your own pace; usually it takes less than a
/// millisecond. It can take long only for a program that the kernel cannot end, as one that waits for a
/// broken disk, and for one that this process may not kill, as after sudo. The same is done whenever
/// an engine of this process is made or destroyed or starts a program.
///
/// Any thread. Does not wait. Never touches another child of this process. Errors: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_program_reap(out_left: *mut usize) -> orch_status {
    without_engine(|| {
        let left = crate::reap_programs();
        if !out_left.is_null() {
            // SAFETY: the pointer was checked; the caller vouches that it is writable.
            unsafe { sized::put(out_left, left) };
        }
        Ok(ORCH_OK)
    })
}

/// Makes the calling thread the owner of the engine: for a host that creates it on one thread and
/// runs it on another. The old owner must not use it any more; what it did before must have
/// happened before this call.
///
/// Any thread. Errors: ORCH_E_BUSY when a call is going on, ORCH_E_FORKED, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_bind_thread(engine: *mut orch_engine) -> orch_status {
    // SAFETY: the caller vouches for the pointer.
    match unsafe { engine.as_ref() } {
        Some(engine) => engine.bind(),
        // SAFETY: NULL is what this reports.
        None => unsafe { on_engine(engine, |_| Ok(ORCH_OK)) },
    }
}

/// The file descriptor to poll for readability (POLLIN), 0 or above; below 0 an error.
///
/// It is readable if and only if a turn has something to do or an event is unread. It can be nested
/// in poll, select, epoll, libuv, GLib and the like. Never read from it, write to it or close it; it
/// goes with the engine. Owner thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_fd(engine: *const orch_engine) -> orch_status {
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, |inner| Ok(inner.engine.as_raw_fd())) }
}

/// Does what is due: collects readiness, fires timers, carries out commands of senders, reads
/// terminals, within the budgets of the configuration. Then read events with
/// `orch_engine_next_event` until it says ORCH_DONE.
///
/// `timeout_ms`: how long it may wait for something to do. 0: not at all, for hosts that poll the
/// descriptor themselves. Below 0: without end. It never waits when events are unread. Being called
/// for nothing is fine. Ends the loan of the last event.
///
/// Owner thread. Errors: ORCH_E_SYSTEM. What goes wrong with one terminal is an event, not an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_turn(
    engine: *mut orch_engine,
    timeout_ms: i32,
) -> orch_status {
    let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
    let turn = |inner: &mut Inner| {
        inner.end_event();
        inner.engine.turn(timeout)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, turn) }
}

/// How many milliseconds a host that prefers a timeout may wait before the next turn, rounded up:
/// 0 when there is something to do now, -1 when only the descriptor can tell. The descriptor alone is
/// enough; timers make it readable too.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_timeout(
    engine: *mut orch_engine,
    out_ms: *mut i32,
) -> orch_status {
    let timeout = |inner: &mut Inner| {
        argument::output("out_ms", out_ms)?;
        let wait = inner.engine.time_to_deadline();
        let ms = wait.map_or(-1, |wait| {
            i32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
        });
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_ms, ms) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, timeout) }
}

/// Closes every terminal (see `orch_terminal_close`) and refuses new ones. When all are gone,
/// ORCH_EVENT_SHUTDOWN_COMPLETE comes; then destroy the engine.
///
/// Owner thread. Does not wait. Errors: ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_shutdown(
    engine: *mut orch_engine,
    grace_ms: u32,
) -> orch_status {
    let shutdown = |inner: &mut Inner| {
        inner.engine.shutdown(Duration::from_millis(grace_ms.into()))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, shutdown) }
}

/// What went wrong in a call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_error {
    /// `sizeof(orch_error)`, set by the host.
    pub size: usize,
    /// The status that the call returned; ORCH_OK when none has failed yet.
    pub status: orch_status,
    /// The system's error number (errno), 0 if the system had no part in it.
    pub os_error: i32,
    /// One line for a person, UTF-8, not terminated. Borrowed until the next call that fails.
    pub message: orch_bytes,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_error {
    const FIRST_SIZE: usize = size_through!(orch_error, message, orch_bytes);
    fn defaults() -> Self {
        orch_error {
            size: size_of::<Self>(),
            status: ORCH_OK,
            os_error: 0,
            message: sized::lend(b""),
        }
    }
}

/// The last call on this engine that failed. With NULL: the last one of this thread that failed
/// without an engine to keep it (creating one, a sender, a wrong thread, a NULL engine).
///
/// Owner thread, or any with NULL. Works on a poisoned engine. Errors: ORCH_E_INVALID,
/// ORCH_E_WRONG_THREAD, ORCH_E_FORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_error_get(
    engine: *const orch_engine,
    out_error: *mut orch_error,
) -> orch_status {
    // SAFETY: the caller vouches for the struct.
    if unsafe { sized::check_out(out_error) }.is_err() {
        return ORCH_E_INVALID;
    }
    let show = |last: &LastError| {
        let error = orch_error {
            status: last.status,
            os_error: last.os_error,
            message: sized::lend(last.message.as_bytes()),
            ..orch_error::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_error, &error) };
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { last_error(engine, show) }
}

/// What memory an engine uses, by what it is used for. Set `out_memory->size` before; it is left as it is.
///
/// Owner thread. Errors: ORCH_E_INVALID. Does not block, and costs as good as nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_memory(
    engine: *mut orch_engine,
    out_memory: *mut orch_memory,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_memory) }?;
        let memory = memory::memory(&inner.engine.memory());
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_memory, &memory) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// What an engine uses, and how its turns went. Set `out_stats->size` before; it is left as it is.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_stats(
    engine: *mut orch_engine,
    out_stats: *mut orch_engine_stats,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_stats) }?;
        let turns = inner.engine.turn_stats();
        inner.stages.clear();
        inner.stages.extend(turns.stages.iter().map(stage_stats));
        let stats = orch_engine_stats {
            log_bytes: inner.engine.log_bytes(),
            screen_bytes: inner.engine.screen_bytes(),
            invariants_broken: crate::invariants_broken(),
            stages: inner.stages.as_ptr(),
            stage_count: inner.stages.len(),
            ..turn_stats(&turns)
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_stats, &stats) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Starts the figures of turns anew.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_reset_stats(engine: *mut orch_engine) -> orch_status {
    let reset = |inner: &mut Inner| {
        inner.engine.reset_turn_stats();
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, reset) }
}
