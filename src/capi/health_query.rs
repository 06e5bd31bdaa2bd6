//! Queries of how an engine is, what it says of itself as text, and what a host reports of saved trees.

use super::argument::{self, unknown};
use super::guard::{Inner, on_engine, orch_engine};
use super::health::*;
use super::lent::{Lent, poison_all};
use super::sized::{self, SizedStruct, lend};
use super::status::{ORCH_OK, orch_status};
use super::types::orch_bytes;
use crate::WatchId;

/// How an engine is, and its parts that are not as they should be. Set `out_health->size` before; it is left as it is.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_health(
    engine: *mut orch_engine,
    out_health: *mut orch_engine_health,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_health) }?;
        let (health, now) = (inner.engine.health(), inner.engine.now());
        let parts = &mut inner.health.parts;
        if cfg!(debug_assertions) {
            poison_all(parts);
        }
        parts.clear();
        parts.extend(health.parts.iter().map(|part| part_health(part, now)));
        let lent = orch_engine_health {
            status: health.status as u32,
            parts: parts.as_ptr(),
            part_count: parts.len(),
            ..orch_engine_health::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_health, &lent) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// What an engine says of itself (ORCH_TEXT_*): lines for people and programs, UTF-8, each with its end. There is no
/// output, no input and no token in it; docs/HEALTH.md describes the lines of the first two.
///
/// Lent until the next call of this on the same engine. Owner thread. Does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_text(
    engine: *mut orch_engine,
    kind: orch_text_kind,
    out_text: *mut orch_bytes,
) -> orch_status {
    let query = |inner: &mut Inner| {
        argument::output("out_text", out_text)?;
        let text = match kind {
            ORCH_TEXT_DUMP => inner.engine.dump(),
            ORCH_TEXT_FLIGHT_RECORD => inner.engine.flight_record(),
            ORCH_TEXT_METRICS => inner.engine.metrics_text(),
            other => return Err(unknown("kind", other)),
        };
        if cfg!(debug_assertions) {
            inner.health.text.fill(Lent::POISON);
        }
        inner.health.text = text.into_bytes();
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_text, lend(&inner.health.text)) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Reports what became of writing the bytes of `orch_watch_save` to where they are kept, which only the host knows.
/// `os_error`: 0, or the error number (errno). After a failure the watch is degraded (ORCH_REASON_SAVE_FAILED,
/// ORCH_REASON_DISK_FULL) until a success is reported.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID below 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_report_save(
    engine: *mut orch_engine,
    watch: u64,
    os_error: i32,
) -> orch_status {
    let report = |inner: &mut Inner| {
        let outcome = match os_error {
            0 => Ok(()),
            1.. => Err(std::io::Error::from_raw_os_error(os_error)),
            _ => return Err(crate::Error::invalid("os_error is below 0")),
        };
        inner.engine.report_save(WatchId::from_u64(watch), &outcome)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, report) }
}
