//! Senders: commands from other threads.

use std::time::Duration;

use super::batch::{orch_op, read_op};
use super::guard::{Inner, on_engine, orch_engine, without_engine};
use super::options::{orch_spawn_options, spawn_options};
use super::sized;
use super::status::*;
use crate::error::{Error, Result};
use crate::{Command, Sender, TerminalId};

/// Posts commands to an engine from any thread. Opaque; made by `orch_sender_create`. It may outlive
/// its engine.
pub struct orch_sender {
    sender: Sender,
}

/// Makes a sender for the engine. Destroy it with `orch_sender_destroy`.
///
/// Owner thread of the engine. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_create(
    engine: *mut orch_engine,
    out_sender: *mut *mut orch_sender,
) -> i32 {
    let create = |inner: &mut Inner| {
        sized::check_pointer(out_sender)?;
        let sender = Box::new(orch_sender { sender: inner.engine.sender() });
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_sender, Box::into_raw(sender)) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, create) }
}

/// Destroys a sender. NULL is fine. What it posted is carried out all the same.
///
/// Any thread, when no other thread is in a call on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_destroy(sender: *mut orch_sender) -> i32 {
    without_engine(|| {
        if !sender.is_null() {
            // SAFETY: the pointer came from `orch_sender_create` and is given back once.
            drop(unsafe { Box::from_raw(sender) });
        }
        Ok(ORCH_OK)
    })
}

/// Posts a command that does nothing but come back as ORCH_EVENT_COMPLETED with `tag`: wakes the
/// host.
///
/// Any thread, several at once. Does not wait. Errors of this and the other posts: ORCH_E_LIMIT when
/// the inbox is full (try again later), ORCH_E_GONE when the engine is destroyed, ORCH_E_FORKED,
/// ORCH_E_INVALID; read them with `orch_error_get(NULL, ...)`. Nothing was posted then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_notify(sender: *const orch_sender, tag: u64) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { post(sender, tag, || Ok(Command::Notify)) }
}

/// Posts an operation; `op_size` is `sizeof(orch_op)`. Its bytes are copied. It comes back as
/// ORCH_EVENT_COMPLETED with `tag`.
///
/// Any thread, several at once. Errors: see `orch_sender_notify`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_op(
    sender: *const orch_sender,
    op: *const orch_op,
    op_size: usize,
    tag: u64,
) -> i32 {
    let command = || {
        sized::check_pointer(op.cast_mut())?;
        // SAFETY: the caller vouches for the struct.
        let (terminal, op) = unsafe { read_op(op, op_size) }?;
        Ok(Command::Op(terminal, op?.into_owned()))
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { post(sender, tag, command) }
}

/// Posts the start of a program; `options` is copied and may be NULL for the user's shell. It comes
/// back as ORCH_EVENT_COMPLETED with `tag` and the new terminal.
///
/// Any thread, several at once. Errors: see `orch_sender_notify`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_spawn(
    sender: *const orch_sender,
    options: *const orch_spawn_options,
    tag: u64,
) -> i32 {
    let command = || {
        // SAFETY: the caller vouches for the struct.
        Ok(Command::Spawn(Box::new(unsafe { spawn_options(options) }?)))
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { post(sender, tag, command) }
}

/// Posts the closing of a terminal. It comes back as ORCH_EVENT_COMPLETED with `tag`.
///
/// Any thread, several at once. Errors: see `orch_sender_notify`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_close(
    sender: *const orch_sender,
    terminal: u64,
    grace_ms: u32,
    tag: u64,
) -> i32 {
    let grace = Duration::from_millis(grace_ms.into());
    let command = || Ok(Command::Close(TerminalId::from_u64(terminal), grace));
    // SAFETY: the caller vouches for the pointer.
    unsafe { post(sender, tag, command) }
}

/// Posts what `command` gives.
///
/// # Safety
/// `sender` is NULL or comes from `orch_sender_create` and was not destroyed.
unsafe fn post(
    sender: *const orch_sender,
    tag: u64,
    command: impl FnOnce() -> Result<Command>,
) -> i32 {
    without_engine(|| {
        // SAFETY: passed on from the caller.
        let sender = unsafe { sender.as_ref() };
        let sender = sender.ok_or_else(|| Error::invalid("the sender is NULL"))?;
        sender.sender.post(tag, command()?)?;
        Ok(ORCH_OK)
    })
}
