//! How to retry, when to stop calling what fails, and when to start a program again.

use std::mem::size_of;
use std::ptr;
use std::time::Duration;

use super::argument;
use super::sized::{self, SizedStruct, size_through};
use crate::error::Result;
use crate::{BreakerOptions, RestartPolicy, RetryPolicy};

/// The delays between retries. In every field 0 is the default.
///
/// Each delay is random between 0 and a bound, so that what failed together does not come back together. The bound
/// begins with `initial_ns` and grows by `multiplier` up to `max_ns`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_retry_options {
    /// `sizeof(orch_retry_options)`.
    pub size: usize,
    /// The longest delay before the first retry, in nanoseconds. 0 (the default): 100 ms.
    pub initial_ns: u64,
    /// The longest delay before any retry, in nanoseconds; not less than `initial_ns`, at most 365 days. 0 (the
    /// default): 30 s.
    pub max_ns: u64,
    /// What the bound grows by, at least 1. 0 (the default): 2.
    pub multiplier: f64,
    /// Retries before giving up. 0 (the default): no limit.
    pub attempts: u32,
    /// Must be 0.
    pub reserved: u32,
}

/// When a circuit breaker opens and closes. In every field 0 is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_breaker_options {
    /// `sizeof(orch_breaker_options)`.
    pub size: usize,
    /// Failures in a row before it opens. 0 (the default): 5.
    pub failures: u32,
    /// Trials in a row that succeed before it closes again. 0 (the default): 1.
    pub successes: u32,
    /// How long it stays open, in nanoseconds, at most 365 days. 0 (the default): 10 s.
    pub open_ns: u64,
}

/// Flags of `orch_restart_options`.
pub type orch_restart_flags = u32;
/// The program is started again also after it has exited with code 0.
pub const ORCH_RESTART_ALWAYS: orch_restart_flags = 1;
/// A start closes the terminal of the run before; `keep_ended` must be 0.
pub const ORCH_RESTART_CLOSE_ENDED: orch_restart_flags = 2;

/// When a program is started again after it has ended, in a new terminal. In every field 0 is the default.
///
/// A run of `stable_after_ns` worked, however it ends. A shorter one is a failure, also with exit code 0, and so is a
/// start that fails: a failure takes a retry, and too many in a row open the breaker. So a program that ends at once
/// never spins. Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_restart_options {
    /// `sizeof(orch_restart_options)`.
    pub size: usize,
    /// Sum of ORCH_RESTART_ALWAYS and ORCH_RESTART_CLOSE_ENDED. Default 0.
    pub flags: orch_restart_flags,
    /// So many terminals of ended runs stay beside the running one; a start closes older ones. While a start is waited
    /// for, there is one more. A start needs a free place among `orch_config.terminals`. 0 (the default): 1.
    pub keep_ended: u32,
    /// The delays before starts, and how many starts there are without a run that is stable; NULL for the defaults.
    pub retry: *const orch_retry_options,
    /// After how many failures in a row no start is made for a while; NULL for the defaults.
    pub breaker: *const orch_breaker_options,
    /// How long a run lasts before it is stable and the failures before it are forgotten, in nanoseconds, at most 365
    /// days. 0 (the default): 10 s.
    pub stable_after_ns: u64,
}

// SAFETY: repr(C), `size` first, numbers only.
unsafe impl SizedStruct for orch_retry_options {
    const FIRST_SIZE: usize = size_through!(orch_retry_options, reserved, u32);
    fn defaults() -> Self {
        orch_retry_options {
            size: size_of::<Self>(),
            initial_ns: 0,
            max_ns: 0,
            multiplier: 0.0,
            attempts: 0,
            reserved: 0,
        }
    }
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_breaker_options {
    const FIRST_SIZE: usize = size_through!(orch_breaker_options, open_ns, u64);
    fn defaults() -> Self {
        orch_breaker_options { size: size_of::<Self>(), failures: 0, successes: 0, open_ns: 0 }
    }
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_restart_options {
    const FIRST_SIZE: usize = size_through!(orch_restart_options, stable_after_ns, u64);
    fn defaults() -> Self {
        orch_restart_options {
            size: size_of::<Self>(),
            flags: 0,
            keep_ended: 0,
            retry: ptr::null(),
            breaker: ptr::null(),
            stable_after_ns: 0,
        }
    }
}

/// Retries as Rust has them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
pub(super) unsafe fn retry_policy(options: *const orch_retry_options) -> Result<RetryPolicy> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, true) }?;
    argument::reserved("orch_retry_options.reserved", c.reserved)?;
    let named = |error| argument::in_name("orch_retry_options", &error);
    let initial = or(c.initial_ns, 100_000_000);
    let max = or(c.max_ns, initial.max(30_000_000_000));
    let multiplier = if c.multiplier == 0.0 { 2.0 } else { c.multiplier };
    let policy = RetryPolicy::new(Duration::from_nanos(initial), Duration::from_nanos(max))
        .and_then(|policy| policy.multiplier(multiplier))
        .map_err(named)?;
    Ok(if c.attempts == 0 { policy } else { policy.attempts(c.attempts) })
}

/// A breaker's options as Rust has them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
pub(super) unsafe fn breaker_options(
    options: *const orch_breaker_options,
) -> Result<BreakerOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, true) }?;
    let (failures, successes) = (if c.failures == 0 { 5 } else { c.failures }, c.successes.max(1));
    BreakerOptions::new(failures, successes, Duration::from_nanos(or(c.open_ns, 10_000_000_000)))
        .map_err(|error| argument::in_name("orch_breaker_options", &error))
}

/// A restart policy as Rust has it.
///
/// # Safety
/// `options` is a struct as the header describes it.
pub(super) unsafe fn restart_policy(options: *const orch_restart_options) -> Result<RestartPolicy> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, true) }?;
    let all = ORCH_RESTART_ALWAYS | ORCH_RESTART_CLOSE_ENDED;
    sized::check_flags("orch_restart_options.flags", c.flags, all)?;
    let policy = if c.flags & ORCH_RESTART_ALWAYS == 0 {
        RestartPolicy::on_failure()
    } else {
        RestartPolicy::always()
    };
    let keep_ended = match (c.flags & ORCH_RESTART_CLOSE_ENDED != 0, c.keep_ended) {
        (true, kept) => {
            argument::reserved(
                "orch_restart_options.keep_ended with ORCH_RESTART_CLOSE_ENDED",
                kept,
            )?;
            0
        }
        (false, 0) => 1,
        (false, kept) => kept as usize,
    };
    // SAFETY: passed on from the caller.
    let retry = unsafe { retry_policy(c.retry) }?;
    // SAFETY: passed on from the caller.
    let breaker = unsafe { breaker_options(c.breaker) }?;
    policy
        .retry(retry)
        .breaker(breaker)
        .keep_ended(keep_ended)
        .stable_after(Duration::from_nanos(or(c.stable_after_ns, 10_000_000_000)))
        .map_err(|error| argument::in_name("orch_restart_options", &error))
}

fn or(given: u64, default: u64) -> u64 {
    if given == 0 { default } else { given }
}
