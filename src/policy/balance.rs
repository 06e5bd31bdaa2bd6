//! A balance: what somebody may cost on average, charged after the fact.
//!
//! Unlike a [`TokenBucket`](super::TokenBucket), which refuses what is not there, a balance takes every
//! charge, since what a message costs is known only once it was inflated and decoded. Below zero its owner
//! has to wait until the rate has paid it back; meanwhile the others are served.

use std::time::{Duration, Instant};

/// A unit of cost in the units of the level, and a second in nanoseconds.
const BILLION: i128 = 1_000_000_000;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    rate_per_second: u64,
    max: u64,
    /// Billionths of a unit at `updated`; negative is owed.
    level: i128,
    updated: Instant,
}

impl Balance {
    /// A full balance that gains `rate_per_second` units up to `max`. A rate of 0 counts as 1.
    pub(crate) fn new(rate_per_second: u64, max: u64, now: Instant) -> Balance {
        let rate_per_second = rate_per_second.max(1);
        Balance { rate_per_second, max, level: i128::from(max) * BILLION, updated: now }
    }

    /// Takes this cost, whatever is there.
    pub(crate) fn charge(&mut self, cost: u64, now: Instant) {
        self.level = self.level_at(now) - i128::from(cost) * BILLION;
        self.updated = self.updated.max(now);
    }

    /// When nothing is owed any more: `now`, or later.
    pub(crate) fn ready_at(&self, now: Instant) -> Instant {
        let owed = self.level_at(now).min(0).unsigned_abs();
        let wait = owed.div_ceil(u128::from(self.rate_per_second));
        let wait = Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX));
        // What is owed for longer than the clock can tell is owed for a day.
        now.checked_add(wait).unwrap_or(now + Duration::from_secs(86_400))
    }

    /// Whether most of the maximum is there: its owner has cost little of late.
    pub(crate) fn is_high(&self, now: Instant) -> bool {
        self.level_at(now) >= i128::from(self.max) * BILLION / 4 * 3
    }

    fn level_at(&self, now: Instant) -> i128 {
        let elapsed = now.saturating_duration_since(self.updated).as_nanos();
        let gained = elapsed.saturating_mul(u128::from(self.rate_per_second));
        let gained = i128::try_from(gained).unwrap_or(i128::MAX);
        self.level.saturating_add(gained).min(i128::from(self.max) * BILLION)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_paid_back_by_the_rate() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut balance = Balance::new(1000, 50, start);
        balance.charge(50, start);
        assert_eq!(balance.ready_at(start), start);
        assert!(!balance.is_high(start + ms(37)) && balance.is_high(start + ms(38)));
        balance.charge(100, start);
        assert_eq!(balance.ready_at(start), start + ms(100));
        assert_eq!(balance.ready_at(start + ms(40)), start + ms(100));
        let later = start + ms(100);
        balance.charge(1, later);
        assert_eq!(balance.ready_at(later), later + ms(1));
        // It never holds more than its maximum.
        let much_later = start + Duration::from_secs(100);
        balance.charge(51, much_later);
        assert_eq!(balance.ready_at(much_later), much_later + ms(1));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let start = Instant::now();
        let mut balance = Balance::new(0, u64::MAX, start);
        for _ in 0..3 {
            balance.charge(u64::MAX, start);
        }
        assert!(balance.ready_at(start) > start);
    }
}
