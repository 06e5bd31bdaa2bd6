//! A distribution as plain numbers, whatever it was recorded by.

use std::time::Duration;

/// A distribution of values: times in nanoseconds, or bytes. Percentiles are rounded up, as far as what recorded them is
/// coarse; the sum and the largest are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Values.
    pub count: u64,
    /// All of them together.
    pub sum: u64,
    /// Half of them were not larger.
    pub p50: u64,
    /// 95 of 100 were not larger.
    pub p95: u64,
    /// 99 of 100 were not larger.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

/// A duration in nanoseconds; more than 584 years are as many.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
