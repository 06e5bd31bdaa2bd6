//! The token bucket: so much a second on average, so much at once.
//!
//! The level is an integer in billionths of a token: what a rate of whole tokens a second adds in a
//! nanosecond. So nothing is rounded, however often it is asked, and there is no drift.

use std::time::{Duration, Instant};

/// A token in the units of the level, and a second in nanoseconds.
const BILLION: u128 = 1_000_000_000;

/// Limits a rate: messages or bytes a second.
///
/// It fills at a rate up to a maximum, the burst, and starts full. What is taken and not there is
/// refused, and nothing is owed.
///
/// ```
/// use std::time::{Duration, Instant};
/// use orchflow::TokenBucket;
///
/// let now = Instant::now();
/// let mut bucket = TokenBucket::new(1000, 50, now); // 1,000 a second, 50 at once.
/// assert!(bucket.take(50, now));
/// assert!(!bucket.take(1, now));
/// let ready = now + Duration::from_millis(10);
/// assert_eq!(bucket.ready_at(10, now), Some(ready));
/// assert!(bucket.take(10, ready));
/// assert_eq!(bucket.ready_at(51, now), None); // More than it ever holds.
/// ```
#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate_per_second: u64,
    burst: u64,
    /// Billionths of a token at `updated`, at most the burst.
    level: u128,
    /// Never goes back, so that no time is counted twice.
    updated: Instant,
}

impl TokenBucket {
    /// A full bucket. `rate_per_second` tokens come each second, and it holds `burst` at most. With a
    /// rate of 0 nothing comes after the burst, with a burst of 0 nothing is ever given.
    pub fn new(rate_per_second: u64, burst: u64, now: Instant) -> TokenBucket {
        TokenBucket { rate_per_second, burst, level: u128::from(burst) * BILLION, updated: now }
    }

    /// Takes `n` tokens if all of them are there, and says whether it did; takes none otherwise.
    pub fn take(&mut self, n: u64, now: Instant) -> bool {
        self.level = self.level_at(now);
        self.updated = self.updated.max(now);
        let wanted = u128::from(n) * BILLION;
        let there = wanted <= self.level;
        if there {
            self.level -= wanted;
        }
        there
    }

    /// The earliest time, from `now` on, at which [`take`](TokenBucket::take) gives `n` tokens, if none
    /// are taken before. `None` when that is never: `n` is more than the burst, or the rate is 0; or it
    /// is so far that the clock cannot tell.
    pub fn ready_at(&self, n: u64, now: Instant) -> Option<Instant> {
        if n > self.burst {
            return None;
        }
        let missing = (u128::from(n) * BILLION).saturating_sub(self.level_at(now));
        if missing == 0 {
            return Some(now);
        }
        if self.rate_per_second == 0 {
            return None;
        }
        let wait = missing.div_ceil(u128::from(self.rate_per_second));
        let seconds = u64::try_from(wait / BILLION).ok()?;
        let wait = Duration::new(seconds, (wait % BILLION) as u32);
        self.updated.max(now).checked_add(wait)
    }

    fn level_at(&self, now: Instant) -> u128 {
        let elapsed = now.saturating_duration_since(self.updated).as_nanos();
        let gained = elapsed.saturating_mul(u128::from(self.rate_per_second));
        self.level.saturating_add(gained).min(u128::from(self.burst) * BILLION)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    /// A bucket, the tokens taken at the start, tokens wanted, and when they are there in ns.
    #[test]
    fn ready_times() {
        let start = Instant::now();
        for (rate, burst, taken, wanted, expected) in [
            (10, 5, 0, 5, Some(0)),
            (10, 5, 5, 0, Some(0)),
            (10, 5, 5, 1, Some(SECOND / 10)),
            (10, 5, 5, 5, Some(SECOND / 2)),
            (10, 5, 2, 5, Some(SECOND / 5)),
            (10, 5, 0, 6, None),
            // A third of a second is rounded up, or it would not be there yet.
            (3, 1, 1, 1, Some(SECOND / 3 + 1)),
            (SECOND, 10, 10, 7, Some(7)),
            (u64::MAX, 10, 10, 10, Some(1)),
            (0, 5, 4, 1, Some(0)),
            (0, 5, 5, 1, None),
            (10, 0, 0, 0, Some(0)),
            (10, 0, 0, 1, None),
            (1, u64::MAX, u64::MAX, 1, Some(SECOND)),
            (1, u64::MAX, u64::MAX, u64::MAX, None),
        ] {
            let mut bucket = TokenBucket::new(rate, burst, start);
            assert!(bucket.take(taken, start));
            let expected = expected.map(|after| start + Duration::from_nanos(after));
            assert_eq!(bucket.ready_at(wanted, start), expected, "{bucket:?} {wanted}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_twice() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut bucket = TokenBucket::new(1, 10, at(0));
        assert!(bucket.take(10, at(0)));
        assert!(bucket.take(5, at(5)));
        assert!(!bucket.take(1, at(3)));
        assert_eq!(bucket.ready_at(1, at(3)), Some(at(6)));
        assert!(!bucket.take(1, at(5)));
        assert!(bucket.take(1, at(6)));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(u64::MAX, u64::MAX, start);
        assert!(bucket.take(u64::MAX, start));
        let later = start + Duration::from_secs(3_000_000_000);
        assert!(bucket.take(u64::MAX, later));
        assert!(!bucket.take(1, later));
    }

    proptest! {
        /// Rounds by whole nanoseconds against a sum of exact fractions, at any rate; however time is
        /// cut up, the same is given.
        #[test]
        fn equals_exact_fractions(
            rate in prop_oneof![0..5u64, 0..2000u64, any::<u32>().prop_map(u64::from)],
            burst in 0..1000u64,
            steps in prop::collection::vec((0..2 * SECOND, 0..50u64, 1..20u32), 1..100),
        ) {
            let mut now = Instant::now();
            let mut bucket = TokenBucket::new(rate, burst, now);
            // Numerator over a billion.
            let mut model = u128::from(burst) * BILLION;
            for (pass, wanted, cuts) in steps {
                let later = now + Duration::from_nanos(pass);
                for cut in 0..cuts {
                    let between = now + Duration::from_nanos(pass) / cuts * cut;
                    prop_assert!(bucket.take(0, between));
                }
                now = later;
                model = (model + u128::from(pass) * u128::from(rate)).min(u128::from(burst) * BILLION);
                let fits = u128::from(wanted) * BILLION <= model;
                prop_assert_eq!(bucket.ready_at(wanted, now) == Some(now), fits);
                prop_assert_eq!(bucket.take(wanted, now), fits);
                model -= if fits { u128::from(wanted) * BILLION } else { 0 };
            }
        }

        /// Ready is when it can be taken and not a nanosecond sooner.
        #[test]
        fn ready_is_the_first_time(
            rate in 1..u64::from(u32::MAX),
            burst in 1..10_000u64,
            taken in 0..10_000u64,
            wanted in 0..10_000u64,
            passed in 0..SECOND,
        ) {
            let start = Instant::now();
            let now = start + Duration::from_nanos(passed);
            let mut bucket = TokenBucket::new(rate, burst, start);
            bucket.take(taken.min(burst), start);
            match bucket.ready_at(wanted, now) {
                None => prop_assert!(wanted > burst),
                Some(at) => {
                    prop_assert!(at >= now);
                    prop_assert!(bucket.clone().take(wanted, at));
                    let sooner = at - Duration::from_nanos(1);
                    prop_assert!(at == now || !bucket.take(wanted, sooner));
                }
            }
        }
    }
}
