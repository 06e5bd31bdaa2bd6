//! Queries about terminals.

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct};
use super::status::*;
use super::terminal_state::orch_terminal_state;
use crate::TerminalId;

/// The state of a terminal now. Set `out_state->size` first.
///
/// Owner thread. Costs a few system calls. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_state(
    engine: *mut orch_engine,
    terminal: u64,
    out_state: *mut orch_terminal_state,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let state = inner.engine.terminal_state(TerminalId::from_u64(terminal))?;
        inner.states.clear();
        let c = inner.states.keep(state);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_state, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The states of many terminals. `out_states` is an array whose elements lie `stride` bytes apart,
/// each with its `size` set. For each id `out_statuses` gets a status; where that is ORCH_OK, the
/// element is filled. An unknown id does not make the call fail.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_states(
    engine: *mut orch_engine,
    terminals: *const u64,
    count: usize,
    out_states: *mut orch_terminal_state,
    stride: usize,
    out_statuses: *mut orch_status,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the array.
        let ids = unsafe { argument::array("terminals", terminals, count) }?;
        if count > 0 {
            argument::output("out_states", out_states)?;
            argument::output("out_statuses", out_statuses)?;
            sized::check_stride(count, stride, orch_terminal_state::FIRST_SIZE)?;
        }
        for index in 0..count {
            // SAFETY: the caller vouches for `count` elements `stride` bytes apart.
            unsafe { sized::check_out(out_states.wrapping_byte_add(index * stride)) }?;
            // SAFETY: as above.
            unsafe { sized::check_element(out_states.wrapping_byte_add(index * stride), stride) }?;
        }
        inner.states.clear();
        for (index, id) in ids.iter().enumerate() {
            let outcome = inner.engine.terminal_state(TerminalId::from_u64(*id));
            let status = status_of_result(&outcome);
            if let Ok(state) = outcome {
                let c = inner.states.keep(state);
                // SAFETY: the output was checked; the caller vouches for its size.
                unsafe { sized::write(out_states.wrapping_byte_add(index * stride), &c) };
            }
            // SAFETY: the caller vouches for `count` writable statuses.
            unsafe { sized::put(out_statuses.wrapping_add(index), status) };
        }
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
