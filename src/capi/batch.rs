//! Batch operations.

use std::borrow::Cow;
use std::ffi::c_void;
use std::ptr;

use super::argument::{self, unknown};
use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use super::types::{NO_SIZE, orch_size};
use crate::error::{Error, Result};
use crate::{Mode, Op, ReaderId, SignalTarget, TerminalId};

/// What an operation does.
pub type orch_op_kind = u32;
/// Types `data` and `len`, all of it or, when the queue has no room for all, nothing.
pub const ORCH_OP_INPUT: orch_op_kind = 1;
/// Changes the size to `window`.
pub const ORCH_OP_RESIZE: orch_op_kind = 2;
/// Sets the mode `value`, one of ORCH_MODE_*.
pub const ORCH_OP_SET_MODE: orch_op_kind = 3;
/// Sends the signal `signal` to `value`, one of ORCH_SIGNAL_*.
pub const ORCH_OP_SIGNAL: orch_op_kind = 4;
/// Types `data` and `len` as `orch_terminal_paste` does.
pub const ORCH_OP_PASTE: orch_op_kind = 5;
/// Clears the screen as ORCH_CONTROL_CLEAR does.
pub const ORCH_OP_CLEAR: orch_op_kind = 6;
/// Scrolls `reader` to `value` rows as ORCH_READER_OPTION_SCROLL does.
pub const ORCH_OP_SCROLL_TO: orch_op_kind = 7;

/// Modes of the line discipline.
pub type orch_mode = u32;
/// Bytes pass unchanged both ways, as by `cfmakeraw`.
pub const ORCH_MODE_RAW: orch_mode = 1;
/// Lines are edited and signals come from keys, as by `stty sane`.
pub const ORCH_MODE_COOKED: orch_mode = 2;
/// Input is echoed.
pub const ORCH_MODE_ECHO: orch_mode = 3;
/// Input is not echoed.
pub const ORCH_MODE_NO_ECHO: orch_mode = 4;

/// Who gets a signal.
pub type orch_signal_target = u32;
/// The foreground process group, as Ctrl-C does; if there is none, the group of the program.
pub const ORCH_SIGNAL_FOREGROUND: orch_signal_target = 0;
/// The process group of the program that was started.
pub const ORCH_SIGNAL_LEADER: orch_signal_target = 1;

/// One operation of a batch. Set fields that its kind does not name to 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_op {
    /// Which terminal.
    pub terminal: u64,
    /// One of ORCH_OP_*.
    pub kind: orch_op_kind,
    /// See the kinds.
    pub value: u32,
    /// ORCH_OP_SIGNAL: 1 to SIGRTMAX.
    pub signal: i32,
    /// Must be 0.
    pub reserved: u32,
    /// ORCH_OP_INPUT, ORCH_OP_PASTE: the bytes.
    pub data: *const c_void,
    /// ORCH_OP_INPUT, ORCH_OP_PASTE: how many.
    pub len: usize,
    /// ORCH_OP_RESIZE: the size. For a terminal of this engine it sets the policy ORCH_SIZE_POLICY_FIXED.
    pub window: orch_size,
    /// ORCH_OP_SCROLL_TO: which reader of the terminal.
    pub reader: u64,
}

/// What became of a batch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_batch_result {
    /// `sizeof(orch_batch_result)`, set by the host.
    pub size: usize,
    /// Operations in the batch.
    pub total: usize,
    /// Those that succeeded.
    pub succeeded: usize,
    /// Those that failed or were skipped.
    pub failed: usize,
    /// How long the batch took, in nanoseconds.
    pub duration_ns: u64,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_batch_result {
    const FIRST_SIZE: usize = size_through!(orch_batch_result, duration_ns, u64);
    fn defaults() -> Self {
        orch_batch_result {
            size: size_of::<Self>(),
            total: 0,
            succeeded: 0,
            failed: 0,
            duration_ns: 0,
        }
    }
}

pub(super) fn mode_from(mode: u32) -> Result<Mode> {
    Ok(match mode {
        ORCH_MODE_RAW => Mode::Raw,
        ORCH_MODE_COOKED => Mode::Cooked,
        ORCH_MODE_ECHO => Mode::Echo,
        ORCH_MODE_NO_ECHO => Mode::NoEcho,
        other => return Err(unknown("mode", other)),
    })
}

pub(super) fn target_from(target: u32) -> Result<SignalTarget> {
    match target {
        ORCH_SIGNAL_FOREGROUND => Ok(SignalTarget::Foreground),
        ORCH_SIGNAL_LEADER => Ok(SignalTarget::Leader),
        other => Err(unknown("signal target", other)),
    }
}

impl orch_op {
    /// The size of the first published version.
    pub(super) const FIRST_SIZE: usize = size_through!(orch_op, window, orch_size);

    pub(super) const NOTHING: orch_op = orch_op {
        terminal: 0,
        kind: 0,
        value: 0,
        signal: 0,
        reserved: 0,
        data: ptr::null(),
        len: 0,
        window: NO_SIZE,
        reader: 0,
    };

    /// The operation as Rust takes it.
    ///
    /// # Safety
    /// The bytes are as the header describes them.
    unsafe fn to_op<'a>(self) -> Result<Op<'a>> {
        if self.reserved != 0 {
            return Err(Error::invalid("orch_op.reserved must be 0"));
        }
        Ok(match self.kind {
            ORCH_OP_INPUT => {
                // SAFETY: passed on from the caller.
                Op::Input(Cow::Borrowed(unsafe {
                    argument::array("orch_op.data", self.data.cast(), self.len)
                }?))
            }
            ORCH_OP_RESIZE => Op::Resize(self.window.into()),
            ORCH_OP_SET_MODE => Op::SetMode(mode_from(self.value)?),
            ORCH_OP_SIGNAL => Op::Signal(self.signal, target_from(self.value)?),
            ORCH_OP_PASTE => {
                // SAFETY: passed on from the caller.
                Op::Paste(Cow::Borrowed(unsafe {
                    argument::array("orch_op.data", self.data.cast(), self.len)
                }?))
            }
            ORCH_OP_CLEAR => Op::Clear,
            ORCH_OP_SCROLL_TO => Op::ScrollTo(ReaderId::from_u64(self.reader), self.value),
            other => return Err(unknown("orch_op.kind", other)),
        })
    }
}

/// Reads one operation; `stride` is what the host takes its size to be.
///
/// # Safety
/// `op` points to `stride` readable bytes, its data is as the header describes it.
pub(super) unsafe fn read_op<'a>(
    op: *const orch_op,
    stride: usize,
) -> Result<(TerminalId, Result<Op<'a>>)> {
    // SAFETY: passed on from the caller.
    let c =
        unsafe { sized::read_element(op.cast(), stride, orch_op::FIRST_SIZE, orch_op::NOTHING) }?;
    // SAFETY: passed on from the caller.
    Ok((TerminalId::from_u64(c.terminal), unsafe { c.to_op() }))
}

/// Does `count` operations, an array whose elements lie `stride` bytes apart (`sizeof(orch_op)`).
///
/// Operations that follow each other and name the same terminal form a group: they are done in
/// order, and after one fails the rest of its group is ORCH_E_SKIPPED, because it may build on it.
/// Other groups go on. `out_statuses` (may be NULL) gets a status for each operation, `out_result`
/// (may be NULL) the totals. A failed operation is not a failure of the call; it leaves its status and no message.
///
/// Owner thread. Errors: ORCH_E_INVALID when an argument of the call itself is wrong; then nothing was done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_batch(
    engine: *mut orch_engine,
    ops: *const orch_op,
    count: usize,
    stride: usize,
    out_statuses: *mut orch_status,
    out_result: *mut orch_batch_result,
) -> orch_status {
    let batch = |inner: &mut Inner| {
        if count > 0 {
            argument::output("ops", ops.cast_mut())?;
            sized::check_stride(count, stride, orch_op::FIRST_SIZE)?;
        }
        let ops = (0..count)
            .map(|index| {
                // SAFETY: the caller vouches for `count` elements `stride` bytes apart.
                unsafe { read_op(ops.wrapping_byte_add(index * stride), stride) }
            })
            .collect::<Result<Vec<_>>>()?;
        // SAFETY: the caller vouches for the outputs.
        unsafe { run(inner, &ops, out_statuses, out_result) }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, batch) }
}

/// Types the same bytes into many terminals; outputs as in `orch_terminal_batch`. A terminal takes all of the
/// bytes or, when its queue has no room, none.
///
/// Owner thread. Errors: ORCH_E_INVALID, then nothing was done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_write_many(
    engine: *mut orch_engine,
    terminals: *const u64,
    count: usize,
    data: *const c_void,
    len: usize,
    out_statuses: *mut orch_status,
    out_result: *mut orch_batch_result,
) -> orch_status {
    let write_many = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the array.
        let ids = unsafe { argument::array("terminals", terminals, count) }?;
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { argument::array("data", data.cast(), len) }?;
        let op = |id: &u64| (TerminalId::from_u64(*id), Ok(Op::Input(Cow::Borrowed(bytes))));
        let ops: Vec<_> = ids.iter().map(op).collect();
        // SAFETY: the caller vouches for the outputs.
        unsafe { run(inner, &ops, out_statuses, out_result) }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, write_many) }
}

/// Runs operations and writes the outputs that are wanted.
///
/// # Safety
/// Each output is NULL or writable: a status for each operation, a struct with its size set.
unsafe fn run(
    inner: &mut Inner,
    ops: &[(TerminalId, Result<Op<'_>>)],
    out_statuses: *mut orch_status,
    out_result: *mut orch_batch_result,
) -> Result<i32> {
    if !out_result.is_null() {
        // SAFETY: passed on from the caller.
        unsafe { sized::check_out(out_result) }?;
    }
    let report = inner.engine.run_ops(ops)?;
    if !out_statuses.is_null() {
        for (index, status) in report.statuses.iter().enumerate() {
            // SAFETY: the caller vouches for a status for each operation.
            unsafe { sized::put(out_statuses.wrapping_add(index), status_of_result(status)) };
        }
    }
    if !out_result.is_null() {
        let result = orch_batch_result {
            total: report.total,
            succeeded: report.succeeded,
            failed: report.failed,
            duration_ns: report.duration.as_nanos() as u64,
            ..orch_batch_result::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_result, &result) };
    }
    Ok(ORCH_OK)
}
