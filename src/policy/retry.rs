//! Retry with backoff: how long to wait before trying again.
//!
//! Full jitter: each delay is drawn uniformly between zero and a ceiling that grows exponentially. What
//! failed together (all clients of a server that restarts) comes back spread over the whole time and not
//! in waves, and the other side sees the fewest calls for the time it takes.

use std::time::Duration;

use super::delay::DELAY_MAX;
use crate::error::{Error, Result};

/// How often to try again and how long to wait before; [`start`](RetryPolicy::start) makes the running
/// state. [`RetryPolicy::default`]: from 100 ms doubling up to 30 s, without an end.
///
/// ```
/// use std::time::Duration;
/// use orchflow::RetryPolicy;
///
/// let (initial, max) = (Duration::from_millis(100), Duration::from_secs(1));
/// let mut retry = RetryPolicy::new(initial, max)?.multiplier(4.0)?.attempts(3).start();
/// // The largest random number gives the ceiling.
/// assert_eq!(retry.next_delay(u64::MAX), Some(Duration::from_millis(100)));
/// assert_eq!(retry.next_delay(u64::MAX), Some(Duration::from_millis(400)));
/// assert_eq!(retry.next_delay(u64::MAX / 2), Some(Duration::from_millis(500)));
/// assert_eq!(retry.next_delay(u64::MAX), None);
/// retry.reset(); // It worked.
/// assert_eq!(retry.attempts(), 0);
/// # Ok::<(), orchflow::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    attempts: Option<u32>,
    initial: Duration,
    max: Duration,
    multiplier: f64,
}

impl RetryPolicy {
    /// Retries without an end, with delays up to `initial` at first and up to `max` later, doubling in
    /// between. `initial` is more than zero, `max` at least `initial` and at most 365 days.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) outside these ranges.
    pub fn new(initial: Duration, max: Duration) -> Result<RetryPolicy> {
        if initial.is_zero() {
            return Err(Error::invalid("initial: more than zero"));
        }
        if max < initial || max > DELAY_MAX {
            return Err(Error::invalid("max: at least initial, at most 365 days"));
        }
        Ok(RetryPolicy { attempts: None, initial, max, multiplier: 2.0 })
    }

    /// Gives up after so many retries, the first call not counted; with 0 there is none.
    pub fn attempts(mut self, attempts: u32) -> RetryPolicy {
        self.attempts = Some(attempts);
        self
    }

    /// What the ceiling grows by from one delay to the next; a finite number, at least 1. Default 2.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) outside this range.
    pub fn multiplier(mut self, multiplier: f64) -> Result<RetryPolicy> {
        if !multiplier.is_finite() || multiplier < 1.0 {
            return Err(Error::invalid("multiplier: a finite number, at least 1"));
        }
        self.multiplier = multiplier;
        Ok(self)
    }

    /// The longest first delay, the longest of all, and what the ceiling grows by.
    pub(crate) fn bounds(&self) -> (Duration, Duration, f64) {
        (self.initial, self.max, self.multiplier)
    }

    /// How many retries there are; `None` for no end.
    pub(crate) fn attempts_max(&self) -> Option<u32> {
        self.attempts
    }

    /// A series of retries, none made yet.
    pub fn start(self) -> Retry {
        Retry { policy: self, attempts: 0, ceiling_ns: nanoseconds(self.initial) as f64 }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            attempts: None,
            initial: Duration::from_millis(100),
            max: Duration::from_secs(30),
            multiplier: 2.0,
        }
    }
}

/// A series of retries by a [`RetryPolicy`].
#[derive(Clone, Debug)]
pub struct Retry {
    policy: RetryPolicy,
    attempts: u32,
    /// The next ceiling, at most the policy's maximum. A fraction, because a ceiling of a few
    /// nanoseconds would not grow if it were rounded each time.
    ceiling_ns: f64,
}

impl Retry {
    /// How long to wait before the next retry: uniform in \[0, min(max, initial * multiplier^n)\], where n
    /// is the number of delays handed out before. `None` when all attempts are used up.
    ///
    /// `random` is uniform over all of `u64`, fresh for each call; zero gives no delay, `u64::MAX` the
    /// ceiling, and larger numbers never shorter delays.
    pub fn next_delay(&mut self, random: u64) -> Option<Duration> {
        if self.policy.attempts.is_some_and(|attempts| self.attempts >= attempts) {
            return None;
        }
        let max = nanoseconds(self.policy.max);
        let ceiling = (self.ceiling_ns as u64).min(max);
        self.attempts = self.attempts.saturating_add(1);
        self.ceiling_ns = (self.ceiling_ns * self.policy.multiplier).min(max as f64);
        // Multiplying and taking the upper half maps equal shares of `u64` to each value, without the
        // bias of a remainder towards small delays.
        let delay = (u128::from(random) * (u128::from(ceiling) + 1)) >> 64;
        Some(Duration::from_nanos(delay as u64))
    }

    /// It worked: the next failure starts at the beginning.
    pub fn reset(&mut self) {
        *self = self.policy.start();
    }

    /// A series that goes on where [`parts`](Self::parts) said; `None` for what no series has.
    pub(crate) fn from_parts(policy: RetryPolicy, attempts: u32, ceiling_ns: f64) -> Option<Retry> {
        let range = nanoseconds(policy.initial) as f64..=nanoseconds(policy.max) as f64;
        range.contains(&ceiling_ns).then_some(Retry { policy, attempts, ceiling_ns })
    }

    /// What changes in a series: the delays handed out and the next ceiling.
    pub(crate) fn parts(&self) -> (u32, f64) {
        (self.attempts, self.ceiling_ns)
    }

    /// Delays handed out since the start or the last reset.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// Of a delay that is at most [`DELAY_MAX`], which is 2^55 ns.
fn nanoseconds(delay: Duration) -> u64 {
    u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(initial_ms: u64, max_ms: u64, multiplier: f64) -> RetryPolicy {
        let (initial, max) = (Duration::from_millis(initial_ms), Duration::from_millis(max_ms));
        RetryPolicy::new(initial, max).unwrap().multiplier(multiplier).unwrap()
    }

    #[test]
    fn ceilings() {
        for (policy, expected_ms) in [
            (policy(100, 1000, 2.0), [100, 200, 400, 800, 1000, 1000]),
            (policy(100, 10_000, 1.5), [100, 150, 225, 337, 506, 759]),
            (policy(100, 10_000, 1.0), [100; 6]),
            (policy(100, 100, 3.0), [100; 6]),
            (policy(1, 60_000, f64::MAX), [1, 60_000, 60_000, 60_000, 60_000, 60_000]),
            (RetryPolicy::default(), [100, 200, 400, 800, 1600, 3200]),
        ] {
            let mut retry = policy.start();
            let delays = expected_ms.map(|_| retry.next_delay(u64::MAX).unwrap().as_millis());
            assert_eq!(delays, expected_ms);
            assert_eq!(retry.attempts(), 6);
        }
    }

    /// 1.5 ns is 1 ns, and stays it if the fraction is dropped each time.
    #[test]
    fn a_ceiling_of_nanoseconds_grows() {
        let initial = Duration::from_nanos(1);
        let policy = RetryPolicy::new(initial, Duration::from_secs(1)).unwrap();
        let mut retry = policy.multiplier(1.5).unwrap().start();
        let delays = [(); 6].map(|()| retry.next_delay(u64::MAX).unwrap().as_nanos());
        assert_eq!(delays, [1, 1, 2, 3, 5, 7]);
    }

    #[test]
    fn attempts_end_and_begin_again() {
        for attempts in [0, 1, 3] {
            let mut retry = policy(1, 2, 2.0).attempts(attempts).start();
            for _ in 0..2 {
                for n in 0..attempts {
                    assert_eq!(retry.attempts(), n);
                    assert!(retry.next_delay(0).is_some());
                }
                assert_eq!(retry.next_delay(0), None);
                assert_eq!(retry.next_delay(u64::MAX), None);
                assert_eq!(retry.attempts(), attempts);
                retry.reset();
            }
        }
    }

    #[test]
    fn policies_have_ranges() {
        let (ns, ms) = (Duration::from_nanos(1), Duration::from_millis(1));
        for (initial, max, ok) in [
            (ns, ns, true),
            (DELAY_MAX, DELAY_MAX, true),
            (Duration::ZERO, ms, false),
            (ms, ns, false),
            (ms, DELAY_MAX + ns, false),
            (Duration::MAX, Duration::MAX, false),
        ] {
            assert_eq!(RetryPolicy::new(initial, max).is_ok(), ok, "{initial:?} {max:?}");
        }
        for (multiplier, ok) in [
            (1.0, true),
            (f64::MAX, true),
            (0.999, false),
            (-2.0, false),
            (f64::NAN, false),
            (f64::INFINITY, false),
        ] {
            assert_eq!(RetryPolicy::default().multiplier(multiplier).is_ok(), ok, "{multiplier}");
        }
        let default = RetryPolicy::default();
        assert_eq!(RetryPolicy::new(default.initial, default.max), Ok(default));
    }

    proptest! {
        /// Every allowed policy: never beyond the ceiling, which never falls and follows the formula.
        #[test]
        fn stays_below_its_ceiling(
            initial in 1..=DELAY_MAX.as_nanos() as u64,
            more in 0..=DELAY_MAX.as_nanos() as u64,
            multiplier in prop_oneof![1.0..4.0, 1.0..f64::MAX],
            randoms in prop::collection::vec(any::<u64>(), 1..200),
        ) {
            let max = initial.saturating_add(more).min(DELAY_MAX.as_nanos() as u64);
            let (shortest, longest) = (Duration::from_nanos(initial), Duration::from_nanos(max));
            let policy =
                RetryPolicy::new(shortest, longest).unwrap().multiplier(multiplier).unwrap();
            let mut retry = policy.start();
            let mut last = 0;
            for (n, random) in randoms.into_iter().enumerate() {
                let delay = |random| retry.clone().next_delay(random).unwrap().as_nanos();
                let ceiling = delay(u64::MAX);
                let formula = (initial as f64 * multiplier.powi(n as i32)).min(max as f64);
                prop_assert!((ceiling as f64 - formula).abs() <= 1.0 + formula * 1e-12);
                prop_assert!(ceiling >= last && ceiling <= u128::from(max));
                prop_assert_eq!(delay(0), 0);
                prop_assert!(delay(random / 2) <= delay(random) && delay(random) <= ceiling);
                last = ceiling;
                retry.next_delay(random);
            }
        }

        /// Evenly spaced random numbers fall on every delay equally often.
        #[test]
        fn uses_randomness_uniformly(ceiling in 1..50u64, rounds in 1..20u64) {
            let ceiling_ns = Duration::from_nanos(ceiling);
            let policy = RetryPolicy::new(ceiling_ns, ceiling_ns).unwrap();
            let mut counts = vec![0; ceiling as usize + 1];
            let draws = (ceiling + 1) * rounds;
            for draw in 0..draws {
                let random = (u128::from(2 * draw + 1) << 64) / u128::from(2 * draws);
                let delay = policy.start().next_delay(random as u64).unwrap();
                counts[delay.as_nanos() as usize] += 1;
            }
            prop_assert!(counts.iter().all(|count| *count == rounds), "{:?}", counts);
        }
    }
}
