//! Senders: commands from other threads.

use std::mem::size_of;
use std::ptr;
use std::time::Duration;

use super::argument;
use super::argument::unknown;
use super::batch::{orch_op, read_op};
use super::guard::{Inner, on_engine, orch_engine, without_engine};
use super::options::{orch_spawn_options, spawn_options};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use crate::error::{Error, Result};
use crate::{Command, Sender, TerminalId};

/// A sender: posts commands to an engine from any thread. Opaque; made by `orch_sender_create`. It may outlive its
/// engine.
pub struct orch_sender {
    sender: Sender,
}

/// Makes a sender for the engine. Destroy it with `orch_sender_destroy`.
///
/// Owner thread of the engine. Does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_create(
    engine: *mut orch_engine,
    out_sender: *mut *mut orch_sender,
) -> orch_status {
    let create = |inner: &mut Inner| {
        argument::output("out_sender", out_sender)?;
        let sender = Box::new(orch_sender { sender: inner.engine.sender() });
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_sender, Box::into_raw(sender)) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, create) }
}

/// Destroys a sender. NULL is allowed. Commands that it has posted are still done.
///
/// Any thread, while no other thread is in a call on this sender. Does not block. Never fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_destroy(sender: *mut orch_sender) -> orch_status {
    without_engine(|| {
        if !sender.is_null() {
            // SAFETY: the pointer came from `orch_sender_create` and is given back once.
            drop(unsafe { Box::from_raw(sender) });
        }
        Ok(ORCH_OK)
    })
}

/// The kind of a command.
pub type orch_command_kind = u32;
/// Does nothing but come back. It wakes the host.
pub const ORCH_COMMAND_NOTIFY: orch_command_kind = 1;
/// Does the operation `op`. Its bytes are copied.
pub const ORCH_COMMAND_OP: orch_command_kind = 2;
/// Starts a program with the options `spawn`, which are copied. ORCH_EVENT_COMPLETED has the new terminal.
pub const ORCH_COMMAND_SPAWN: orch_command_kind = 3;
/// Closes `terminal`, as `orch_terminal_close` does.
pub const ORCH_COMMAND_CLOSE: orch_command_kind = 4;

/// A command for the engine. Set fields that its kind does not name to 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_command {
    /// `sizeof(orch_command)`.
    pub size: usize,
    /// One of ORCH_COMMAND_*.
    pub kind: orch_command_kind,
    /// ORCH_COMMAND_CLOSE: the time until SIGKILL, in milliseconds.
    pub grace_ms: u32,
    /// ORCH_COMMAND_CLOSE: the terminal.
    pub terminal: u64,
    /// ORCH_COMMAND_OP: the operation.
    pub op: *const orch_op,
    /// ORCH_COMMAND_OP: `sizeof(orch_op)`.
    pub op_size: usize,
    /// ORCH_COMMAND_SPAWN: the options; NULL for the user's shell.
    pub spawn: *const orch_spawn_options,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_command {
    const FIRST_SIZE: usize = size_through!(orch_command, spawn, *const orch_spawn_options);
    fn defaults() -> Self {
        orch_command {
            size: size_of::<Self>(),
            kind: 0,
            grace_ms: 0,
            terminal: 0,
            op: ptr::null(),
            op_size: 0,
            spawn: ptr::null(),
        }
    }
}

/// A command as Rust takes it.
///
/// # Safety
/// `command` is NULL or a struct as the header describes it.
unsafe fn command_from(command: *const orch_command) -> Result<Command> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(command, false) }?;
    Ok(match c.kind {
        ORCH_COMMAND_NOTIFY => Command::Notify,
        ORCH_COMMAND_OP => {
            argument::output("orch_command.op", c.op.cast_mut())?;
            // SAFETY: passed on from the caller.
            let (terminal, op) = unsafe { read_op(c.op, c.op_size) }?;
            Command::Op(terminal, op?.into_owned())
        }
        // SAFETY: passed on from the caller.
        ORCH_COMMAND_SPAWN => Command::Spawn(Box::new(unsafe { spawn_options(c.spawn) }?)),
        ORCH_COMMAND_CLOSE => {
            let grace = Duration::from_millis(c.grace_ms.into());
            Command::Close(TerminalId::from_u64(c.terminal), grace)
        }
        other => return Err(unknown("orch_command.kind", other)),
    })
}

/// Posts a command to the engine. A turn does it, and ORCH_EVENT_COMPLETED with `tag` reports the result. Commands of
/// one thread are done in the order of their posts. The command is read during the call and copied.
///
/// Any thread, several at once. Does not wait. Errors: ORCH_E_LIMIT if the command queue is full (try again later),
/// ORCH_E_GONE if the engine is destroyed, ORCH_E_FORKED, ORCH_E_INVALID; read them with `orch_error_get(NULL, ...)`.
/// After an error nothing was posted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_sender_post(
    sender: *const orch_sender,
    command: *const orch_command,
    tag: u64,
) -> orch_status {
    without_engine(|| {
        // SAFETY: the pointer is NULL or comes from `orch_sender_create` and was not destroyed.
        let sender = unsafe { sender.as_ref() };
        let sender = sender.ok_or_else(|| Error::invalid("sender is NULL"))?;
        // SAFETY: the caller vouches for the struct and what it points to.
        sender.sender.post(tag, unsafe { command_from(command) }?)?;
        Ok(ORCH_OK)
    })
}
