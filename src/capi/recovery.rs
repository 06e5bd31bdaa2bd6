//! Retry and circuit breaker for hosts: the state is the host's, time and random numbers come from it.

use std::time::Duration;

use super::argument::{self, unknown};
use super::guard::without_engine;
use super::peer_state::{
    ORCH_BREAKER_CLOSED, ORCH_BREAKER_HALF_OPEN, ORCH_BREAKER_OPEN, breaker_number,
    orch_breaker_state,
};
use super::recovery_options::{
    breaker_options, orch_breaker_options, orch_retry_options, retry_policy,
};
use super::sized;
use super::status::*;
use crate::error::{Error, Result};
use crate::policy::BreakerParts;
use crate::{BreakerOptions, BreakerState, CircuitBreaker, Retry, RetryPolicy};

/// A series of retries. The host owns it and may copy it; there is nothing to free. `orch_retry_start` fills it; only
/// `attempts` is of interest to a host.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_retry {
    /// Delays since the start or the last reset.
    pub attempts: u32,
    /// From `orch_retry_options`; 0 for no limit.
    pub attempts_max: u32,
    /// The same.
    pub initial_ns: u64,
    /// The same.
    pub max_ns: u64,
    /// The same.
    pub multiplier: f64,
    /// The bound of the next delay.
    pub bound_ns: f64,
    /// Room for later versions.
    pub reserved: [u64; 3],
}

/// What became of a call that a circuit breaker has allowed.
pub type orch_outcome = u32;
/// It succeeded.
pub const ORCH_OUTCOME_SUCCESS: orch_outcome = 1;
/// It failed, or took too long.
pub const ORCH_OUTCOME_FAILURE: orch_outcome = 2;
/// It was not made, or its outcome will never be known.
pub const ORCH_OUTCOME_ABANDONED: orch_outcome = 3;

/// A circuit breaker. The host owns it and may copy it; there is nothing to free. `orch_breaker_start` fills it; no
/// field is of interest to a host.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_breaker {
    /// Of the library.
    pub state: orch_breaker_state,
    /// Of the library.
    pub count: u32,
    /// From `orch_breaker_options`.
    pub failures: u32,
    /// The same.
    pub successes: u32,
    /// The same.
    pub open_ns: u64,
    /// Of the library.
    pub until_ns: u64,
    /// Of the library.
    pub has_trial: u32,
    /// Room for later versions.
    pub reserved: u32,
    /// Room for later versions.
    pub reserved2: [u64; 3],
}

/// Begins a series of retries. `options` may be NULL for the defaults.
///
/// Any thread; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_retry_start(
    options: *const orch_retry_options,
    out_retry: *mut orch_retry,
) -> orch_status {
    without_engine(|| {
        argument::output("out_retry", out_retry)?;
        // SAFETY: the caller vouches for the struct.
        let policy = unsafe { retry_policy(options) }?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_retry, orch_retry::of(&policy, &policy.start())) };
        Ok(ORCH_OK)
    })
}

/// How long to wait before the next retry: ORCH_OK with a time in `out_delay_ns`, ORCH_DONE when all retries are used up.
/// `random` is any of all numbers of 64 bits, a fresh one for each call: the delay grows with it, from 0 to the bound.
///
/// Any thread, one at a time for one `retry`; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_retry_next_delay(
    retry: *mut orch_retry,
    random: u64,
    out_delay_ns: *mut u64,
) -> orch_status {
    without_engine(|| {
        argument::output("out_delay_ns", out_delay_ns)?;
        // SAFETY: passed on from the caller.
        let (policy, mut state) = unsafe { read_retry(retry) }?;
        let Some(delay) = state.next_delay(random) else { return Ok(ORCH_DONE) };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(retry, orch_retry::of(&policy, &state)) };
        // SAFETY: the same.
        unsafe { sized::put(out_delay_ns, delay.as_nanos() as u64) };
        Ok(ORCH_OK)
    })
}

/// It worked: the next failure starts at the beginning.
///
/// Any thread, one at a time for one `retry`; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_retry_reset(retry: *mut orch_retry) -> orch_status {
    without_engine(|| {
        // SAFETY: passed on from the caller.
        let (policy, _) = unsafe { read_retry(retry) }?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(retry, orch_retry::of(&policy, &policy.start())) };
        Ok(ORCH_OK)
    })
}

/// Makes a circuit breaker, which is closed. `options` may be NULL for the defaults.
///
/// Any thread; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_breaker_start(
    options: *const orch_breaker_options,
    out_breaker: *mut orch_breaker,
) -> orch_status {
    without_engine(|| {
        argument::output("out_breaker", out_breaker)?;
        // SAFETY: the caller vouches for the struct.
        let options = unsafe { breaker_options(options) }?;
        let breaker = orch_breaker::of(options, &CircuitBreaker::new(options));
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_breaker, breaker) };
        Ok(ORCH_OK)
    })
}

/// Whether a call may be made now: ORCH_OK, or ORCH_DONE when not. Report the outcome of a call that may be made with
/// `orch_breaker_record`: a half-open breaker allows no other one before. `now_ns` is the time of any clock that does not go
/// back.
///
/// Any thread, one at a time for one `breaker`; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_breaker_allow(
    breaker: *mut orch_breaker,
    now_ns: u64,
) -> orch_status {
    let ask = |breaker: &mut CircuitBreaker<Duration>| {
        let allowed = breaker.allow(Duration::from_nanos(now_ns));
        Ok(if allowed { ORCH_OK } else { ORCH_DONE })
    };
    // SAFETY: passed on from the caller.
    without_engine(|| unsafe { with_breaker(breaker, ask) })
}

/// Reports what became of a call: one of ORCH_OUTCOME_*.
///
/// Any thread, one at a time for one `breaker`; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_breaker_record(
    breaker: *mut orch_breaker,
    outcome: orch_outcome,
    now_ns: u64,
) -> orch_status {
    let now = Duration::from_nanos(now_ns);
    let record = |breaker: &mut CircuitBreaker<Duration>| {
        match outcome {
            ORCH_OUTCOME_SUCCESS => breaker.record_success(now),
            ORCH_OUTCOME_FAILURE => breaker.record_failure(now),
            ORCH_OUTCOME_ABANDONED => breaker.abandon(),
            other => return Err(unknown("outcome", other)),
        }
        Ok(ORCH_OK)
    };
    // SAFETY: passed on from the caller.
    without_engine(|| unsafe { with_breaker(breaker, record) })
}

/// What a circuit breaker does with calls now, one of ORCH_BREAKER_*, and the nanoseconds until it allows a trial, for a
/// timer: 0 when it does so now, -1 when there is no time to wait for. Each output may be NULL.
///
/// Any thread, one at a time for one `breaker`; does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_breaker_get_state(
    breaker: *const orch_breaker,
    now_ns: u64,
    out_state: *mut orch_breaker_state,
    out_trial_in_ns: *mut i64,
) -> orch_status {
    without_engine(|| {
        // SAFETY: passed on from the caller.
        let (_, breaker) = unsafe { read_breaker(breaker) }?;
        let now = Duration::from_nanos(now_ns);
        if !out_state.is_null() {
            // SAFETY: the pointer was checked; the caller vouches that it is writable.
            unsafe { sized::put(out_state, breaker_number(breaker.state(now))) };
        }
        if !out_trial_in_ns.is_null() {
            let wait = breaker.retry_at().map(|at| at.saturating_sub(now).as_nanos());
            let wait = wait.map_or(-1, |wait| i64::try_from(wait).unwrap_or(i64::MAX));
            // SAFETY: the pointer was checked; the caller vouches that it is writable.
            unsafe { sized::put(out_trial_in_ns, wait) };
        }
        Ok(ORCH_OK)
    })
}

impl orch_retry {
    fn of(policy: &RetryPolicy, retry: &Retry) -> Self {
        let (attempts, bound_ns) = retry.parts();
        let (initial, max, multiplier) = policy.bounds();
        orch_retry {
            attempts,
            attempts_max: policy.attempts_max().unwrap_or(0),
            initial_ns: initial.as_nanos() as u64,
            max_ns: max.as_nanos() as u64,
            multiplier,
            bound_ns,
            reserved: [0; 3],
        }
    }
}

impl orch_breaker {
    fn of(options: BreakerOptions, breaker: &CircuitBreaker<Duration>) -> Self {
        let BreakerParts { state, count, has_trial, until } = breaker.parts(Duration::ZERO);
        let (failures, successes, open_for) = options.bounds();
        orch_breaker {
            state: breaker_number(state),
            count,
            failures,
            successes,
            open_ns: open_for.as_nanos() as u64,
            until_ns: u64::try_from(until.as_nanos()).unwrap_or(u64::MAX),
            has_trial: has_trial.into(),
            reserved: 0,
            reserved2: [0; 3],
        }
    }
}

/// A series of a host, if it can be one.
///
/// # Safety
/// `retry` is NULL or points to a readable struct.
unsafe fn read_retry(retry: *const orch_retry) -> Result<(RetryPolicy, Retry)> {
    argument::output("retry", retry.cast_mut())?;
    // SAFETY: the pointer was checked; the caller vouches that it is readable.
    let c = unsafe { retry.read_unaligned() };
    let bad = || Error::invalid("retry: not filled by orch_retry_start");
    let (initial, max) = (Duration::from_nanos(c.initial_ns), Duration::from_nanos(c.max_ns));
    let policy = RetryPolicy::new(initial, max).and_then(|policy| policy.multiplier(c.multiplier));
    let mut policy = policy.map_err(|_| bad())?;
    if c.attempts_max != 0 {
        policy = policy.attempts(c.attempts_max);
    }
    let retry = Retry::from_parts(policy, c.attempts, c.bound_ns).ok_or_else(bad)?;
    Ok((policy, retry))
}

/// A breaker of a host, if it can be one.
///
/// # Safety
/// `breaker` is NULL or points to a readable struct.
unsafe fn read_breaker(
    breaker: *const orch_breaker,
) -> Result<(BreakerOptions, CircuitBreaker<Duration>)> {
    argument::output("breaker", breaker.cast_mut())?;
    // SAFETY: the pointer was checked; the caller vouches that it is readable.
    let c = unsafe { breaker.read_unaligned() };
    let bad = || Error::invalid("breaker: not filled by orch_breaker_start");
    let options = BreakerOptions::new(c.failures, c.successes, Duration::from_nanos(c.open_ns));
    let options = options.map_err(|_| bad())?;
    let state = match c.state {
        ORCH_BREAKER_CLOSED => BreakerState::Closed,
        ORCH_BREAKER_OPEN => BreakerState::Open,
        ORCH_BREAKER_HALF_OPEN => BreakerState::HalfOpen,
        _ => return Err(bad()),
    };
    let until = Duration::from_nanos(c.until_ns);
    let parts = BreakerParts { state, count: c.count, has_trial: c.has_trial != 0, until };
    Ok((options, CircuitBreaker::from_parts(options, parts)))
}

/// Does something with a breaker of a host; a failure leaves it as it was.
///
/// # Safety
/// `breaker` is NULL or points to a readable and writable struct.
unsafe fn with_breaker(
    breaker: *mut orch_breaker,
    work: impl FnOnce(&mut CircuitBreaker<Duration>) -> Result<orch_status>,
) -> Result<orch_status> {
    // SAFETY: passed on from the caller.
    let (options, mut state) = unsafe { read_breaker(breaker) }?;
    let status = work(&mut state)?;
    // SAFETY: the pointer was checked; the caller vouches that it is writable.
    unsafe { sized::put(breaker, orch_breaker::of(options, &state)) };
    Ok(status)
}
