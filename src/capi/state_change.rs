//! The application state: its changes, and reviews of those of clients.

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct};
use super::state_entry::orch_state_version;
use super::state_op::*;
use super::status::*;
use super::types::orch_bytes;
use crate::error::Error;

/// Changes sessions and panes: `count` operations in order, all of them as one version, or none of them. `ops` is an
/// array whose elements lie `stride` bytes apart (`sizeof(orch_state_op)`). After the last operation, the sessions
/// and terminals that panes name must exist. Clients of the server get the change like any other.
///
/// The array and everything in it is read during the call. It may point to what a query has lent: get a session,
/// change a field, and set it with its own `version` as the base.
///
/// `out_version` (may be NULL) gets the version that the change made, or the current one if the change made no
/// difference. `out_refusal` (may be NULL; set its `size` first) is filled when one operation makes the call fail:
/// always with ORCH_E_CONFLICT, and with ORCH_E_INVALID if an operation is not valid.
///
/// Owner thread. Does not block. Errors: ORCH_E_CONFLICT if an entry is not at the base of an operation,
/// ORCH_E_INVALID (the message names the operation), ORCH_E_LIMIT. After an error nothing has changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_change(
    engine: *mut orch_engine,
    ops: *const orch_state_op,
    count: usize,
    stride: usize,
    out_version: *mut orch_state_version,
    out_refusal: *mut orch_state_refusal,
) -> orch_status {
    let change = |inner: &mut Inner| {
        if !out_refusal.is_null() {
            // SAFETY: the caller vouches for the struct.
            unsafe { sized::check_out(out_refusal) }?;
        }
        // SAFETY: the caller vouches for the array and what it points to.
        let refused = match unsafe { ops_from("ops", ops, count, stride) }? {
            Ok(set) => match inner.engine.change_state(&set) {
                Ok(version) => {
                    if !out_version.is_null() {
                        // SAFETY: the caller vouches that it is writable.
                        unsafe { sized::put(out_version, version.into()) };
                    }
                    return Ok(ORCH_OK);
                }
                Err(error) => {
                    // It changed nothing, so the state refuses it again for the same reason.
                    let refusal = inner.engine.application_state()?.validate(&set).err();
                    (refusal.as_ref().and_then(refusal_of), error)
                }
            },
            Err((index, error)) => {
                (Some(orch_state_refusal { index, ..orch_state_refusal::defaults() }), error)
            }
        };
        if let (Some(refusal), false) = (refused.0, out_refusal.is_null()) {
            // SAFETY: the output was checked; the caller vouches for its size.
            unsafe { sized::write(out_refusal, &refusal) };
        }
        Err(refused.1)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, change) }
}

/// Answers a change set of a client that waits for review (ORCH_EVENT_REVIEW). With `accept` 1 the change set is
/// made, if it is still valid, and `reason` is no bytes. With 0 it is refused, and the client gets the `reason`:
/// UTF-8, at most 1,024 bytes.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID if no such review waits, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_review_answer(
    engine: *mut orch_engine,
    review: u64,
    accept: u32,
    reason: orch_bytes,
) -> orch_status {
    let work = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let reason = unsafe { argument::text("reason", reason) }?;
        let answer = match argument::flag_from("accept", accept)? {
            true if reason.is_empty() => Ok(()),
            true => return Err(Error::invalid("reason: must be empty when accept is 1")),
            false => Err(reason.to_owned()),
        };
        inner.engine.answer_review(review, answer)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, work) }
}
