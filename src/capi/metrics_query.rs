//! The figures of the engine and of one terminal, client or watch: `orch_*_get_metrics`.

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::metrics::{
    client_metrics, orch_client_metrics, orch_metrics, orch_terminal_metrics, orch_watch_metrics,
    terminal_metrics, watch_metrics,
};
use super::sized;
use super::status::*;
use crate::{ClientId, TerminalId, WatchId};

/// What an engine has counted and measured. Set `out_metrics->size` before; it is left as it is. Every terminal, client
/// and watch is looked at: about a tenth of a microsecond for each.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_get_metrics(
    engine: *mut orch_engine,
    out_metrics: *mut orch_metrics,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_metrics) }?;
        let metrics = inner.engine.metrics();
        let lent = inner.lent_metrics.lend(&metrics);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_metrics, &lent) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Whether times and sizes are recorded: response times, latencies, round trips, ages, lag. 1 is the default; with 0
/// nothing is recorded for an event. Bytes, messages, events, errors and turns are counted in any case.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_set_observing(
    engine: *mut orch_engine,
    observing: u32,
) -> orch_status {
    let set = |inner: &mut Inner| {
        inner.engine.set_observing(argument::flag_from("observing", observing)?);
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, set) }
}

/// The figures of a terminal. Set `out_metrics->size` before; it is left as it is.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_metrics(
    engine: *mut orch_engine,
    terminal: u64,
    out_metrics: *mut orch_terminal_metrics,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_metrics) }?;
        let metrics = inner.engine.terminal_metrics(TerminalId::from_u64(terminal))?;
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_metrics, &terminal_metrics(&metrics)) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The figures of a client. Set `out_metrics->size` before; it is left as it is.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_client_get_metrics(
    engine: *mut orch_engine,
    client: u64,
    out_metrics: *mut orch_client_metrics,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_metrics) }?;
        let metrics = inner.engine.client_metrics(ClientId::from_u64(client))?;
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_metrics, &client_metrics(&metrics)) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The figures of a watch. Set `out_metrics->size` before; it is left as it is.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_get_metrics(
    engine: *mut orch_engine,
    watch: u64,
    out_metrics: *mut orch_watch_metrics,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_metrics) }?;
        let metrics = inner.engine.watch_metrics(WatchId::from_u64(watch))?;
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_metrics, &watch_metrics(&metrics)) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
