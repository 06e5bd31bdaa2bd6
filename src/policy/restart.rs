//! When a program that has ended is started again. Pure: a run or a start that failed comes in, the time of the next
//! start goes out.
//!
//! A run that lasts for [`stable_after`](RestartPolicy::stable_after) worked, however it ends. One that does not is a
//! failure, also with exit code 0, and so is a start that fails. Each failure is followed by a longer delay (the
//! retry policy), and after too many in a row the breaker lets no start through for a while. So a program that ends
//! at once never spins.

use std::time::{Duration, Instant};

use super::breaker::{BreakerOptions, BreakerState, CircuitBreaker};
use super::delay::DELAY_MAX;
use super::retry::{Retry, RetryPolicy};
use crate::error::{Error, Result};

/// Whether and when a terminal's program is started again after it has ended, in a new terminal.
///
/// Each start takes an attempt of the [`RetryPolicy`], which a run of [`stable_after`](Self::stable_after) gives back.
/// See [`SpawnOptions::restart`](crate::SpawnOptions::restart).
///
/// ```
/// use std::time::Duration;
/// use orchflow::{BreakerOptions, RestartPolicy, RetryPolicy, SpawnOptions};
///
/// let retry = RetryPolicy::new(Duration::from_millis(50), Duration::from_secs(5))?.attempts(20);
/// let policy = RestartPolicy::on_failure()
///     .retry(retry)
///     .breaker(BreakerOptions::new(5, 1, Duration::from_secs(60))?)
///     .stable_after(Duration::from_secs(30))?;
/// let options = SpawnOptions::program("language-server").restart(policy);
/// # Ok::<(), orchflow::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestartPolicy {
    on_success: bool,
    retry: RetryPolicy,
    breaker: BreakerOptions,
    stable_after: Duration,
    keep_ended: usize,
}

impl RestartPolicy {
    /// Starts the program again however it ends.
    pub fn always() -> RestartPolicy {
        RestartPolicy {
            on_success: true,
            retry: RetryPolicy::default(),
            breaker: BreakerOptions::default(),
            stable_after: Duration::from_secs(10),
            keep_ended: 1,
        }
    }

    /// Starts the program again unless it ends with exit code 0.
    pub fn on_failure() -> RestartPolicy {
        RestartPolicy { on_success: false, ..RestartPolicy::always() }
    }

    /// The delays before starts, and how many starts there are without a run that is stable. By default
    /// [`RetryPolicy::default`].
    pub fn retry(mut self, retry: RetryPolicy) -> RestartPolicy {
        self.retry = retry;
        self
    }

    /// After how many failures in a row no start is made for a while. By default
    /// [`BreakerOptions::default`].
    pub fn breaker(mut self, breaker: BreakerOptions) -> RestartPolicy {
        self.breaker = breaker;
        self
    }

    /// A run of this length worked: the failures before it are forgotten. By default 10 s.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for zero and for more than 365 days.
    pub fn stable_after(mut self, time: Duration) -> Result<RestartPolicy> {
        if time.is_zero() || time > DELAY_MAX {
            return Err(Error::invalid("stable_after: more than zero, at most 365 days"));
        }
        self.stable_after = time;
        Ok(self)
    }

    /// So many terminals of ended runs stay beside the running one; a start closes older ones. By default 1, so that
    /// people can see how the last run ended. While a start is waited for, there is one more, and a start needs a
    /// free place among [`Limits::terminals`](crate::Limits).
    pub fn keep_ended(mut self, terminals: usize) -> RestartPolicy {
        self.keep_ended = terminals;
        self
    }

    /// See [`keep_ended`](Self::keep_ended).
    pub(crate) fn kept(&self) -> usize {
        self.keep_ended
    }
}

/// What follows on a run or a failed start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextStart {
    At(Instant),
    /// The program ended as it was to.
    Never,
    /// All attempts are used up.
    GivenUp,
}

/// A series of starts by a [`RestartPolicy`].
#[derive(Debug)]
pub(crate) struct Restarts {
    policy: RestartPolicy,
    retry: Retry,
    breaker: CircuitBreaker,
}

impl Restarts {
    /// The first start was made.
    pub(crate) fn new(policy: RestartPolicy) -> Restarts {
        let breaker = CircuitBreaker::new(policy.breaker);
        Restarts { policy, retry: policy.retry.start(), breaker }
    }

    pub(crate) fn policy(&self) -> &RestartPolicy {
        &self.policy
    }

    /// A run has ended, with exit code 0 if `success`.
    pub(crate) fn on_ended(
        &mut self,
        (started, ended): (Instant, Instant),
        success: bool,
        now: Instant,
        random: u64,
    ) -> NextStart {
        if ended.saturating_duration_since(started) >= self.policy.stable_after {
            self.on_stable(ended);
        } else {
            self.breaker.record_failure(now);
        }
        if success && !self.policy.on_success {
            return NextStart::Never;
        }
        self.next_start(now, random)
    }

    /// The program could not be started.
    pub(crate) fn on_not_started(&mut self, now: Instant, random: u64) -> NextStart {
        self.breaker.record_failure(now);
        self.next_start(now, random)
    }

    fn next_start(&mut self, now: Instant, random: u64) -> NextStart {
        match self.retry.next_delay(random) {
            Some(delay) => {
                let at = now + delay;
                NextStart::At(self.breaker.retry_at().map_or(at, |open| at.max(open)))
            }
            None => NextStart::GivenUp,
        }
    }

    /// A start is made now.
    pub(crate) fn on_start(&mut self, now: Instant) {
        let allowed = self.breaker.allow(now);
        invariant!(allowed, "the time of a start is not before the breaker's");
    }

    /// When a run that began at this time is stable, if there is something that would be forgotten then.
    pub(crate) fn stable_at(&self, started: Instant) -> Option<Instant> {
        let has_failed =
            self.retry.attempts() > 0 || self.breaker.state(started) != BreakerState::Closed;
        has_failed.then(|| started + self.policy.stable_after)
    }

    /// The run has lasted long enough. Again for the same run, it changes nothing.
    pub(crate) fn on_stable(&mut self, now: Instant) {
        self.retry.reset();
        self.breaker.record_success(now);
    }

    /// Starts since the last run that was stable.
    pub(crate) fn attempts(&self) -> u32 {
        self.retry.attempts()
    }

    pub(crate) fn breaker(&self, now: Instant) -> BreakerState {
        self.breaker.state(now)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::NextStart::{At, GivenUp, Never};
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Delays of 1, 2, 4, 4 s, at most 6; stable after 10 s; the breaker opens for 60 s after 3 failures.
    fn policy() -> RestartPolicy {
        RestartPolicy::on_failure()
            .retry(RetryPolicy::new(seconds(1), seconds(4)).unwrap().attempts(6))
            .breaker(BreakerOptions::new(3, 1, seconds(60)).unwrap())
            .stable_after(seconds(10))
            .unwrap()
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// A run of so many seconds.
        Fails(u64),
        Succeeds(u64),
        NotStarted,
    }

    /// A name, a policy, what happens, and what follows on each.
    type Case<'a> = (&'a str, RestartPolicy, &'a [Step], &'a [Option<u64>]);

    /// Plays a series in which each start is made in time. What followed on each step: seconds until the next start.
    fn play(policy: RestartPolicy, steps: &[Step]) -> Vec<Option<u64>> {
        let mut restarts = Restarts::new(policy);
        let mut now = Instant::now();
        let mut outcomes = Vec::new();
        for step in steps {
            let started = now;
            let next = match *step {
                Step::Fails(lasts) | Step::Succeeds(lasts) => {
                    now += seconds(lasts);
                    let success = matches!(step, Step::Succeeds(_));
                    restarts.on_ended((started, now), success, now, u64::MAX)
                }
                Step::NotStarted => restarts.on_not_started(now, u64::MAX),
            };
            outcomes.push(match next {
                At(at) => Some((at - now).as_secs()),
                Never | GivenUp => None,
            });
            let At(at) = next else { break };
            now = at;
            restarts.on_start(now);
        }
        outcomes
    }

    #[test]
    fn cases() {
        use Step::{Fails, NotStarted, Succeeds};
        let always = RestartPolicy { on_success: true, ..policy() };
        let cases: &[Case<'_>] = &[
            ("a crash", policy(), &[Fails(0)], &[Some(1)]),
            ("an end as wanted", policy(), &[Succeeds(0)], &[None]),
            ("however it ends", always, &[Succeeds(0)], &[Some(1)]),
            (
                "an end at once counts as a failure",
                always,
                &[Succeeds(0); 3],
                &[Some(1), Some(2), Some(60)],
            ),
            (
                "delays grow, the breaker opens and stays so",
                policy(),
                &[Fails(1); 5],
                &[Some(1), Some(2), Some(60), Some(60), Some(60)],
            ),
            (
                "attempts end",
                policy(),
                &[Fails(0); 9],
                &[Some(1), Some(2), Some(60), Some(60), Some(60), Some(60), None],
            ),
            (
                "a stable run forgets failures",
                policy(),
                &[Fails(9), Fails(9), Fails(10), Fails(9)],
                &[Some(1), Some(2), Some(1), Some(2)],
            ),
            (
                "the trial of a breaker is stable",
                policy(),
                &[Fails(0), Fails(0), Fails(0), Fails(10), Fails(0)],
                &[Some(1), Some(2), Some(60), Some(1), Some(2)],
            ),
            (
                "starts that fail count, too",
                policy(),
                &[NotStarted, Fails(0), NotStarted],
                &[Some(1), Some(2), Some(60)],
            ),
        ];
        for (name, policy, steps, expected) in cases {
            assert_eq!(play(*policy, steps), *expected, "{name}");
        }
    }

    #[test]
    fn stability_is_of_interest_after_a_failure() {
        let mut restarts = Restarts::new(policy());
        let now = Instant::now();
        assert_eq!(restarts.stable_at(now), None);
        restarts.on_ended((now, now), false, now, 0);
        restarts.on_start(now);
        assert_eq!(restarts.stable_at(now), Some(now + seconds(10)));
        restarts.on_stable(now + seconds(10));
        assert_eq!((restarts.stable_at(now), restarts.attempts()), (None, 0));
    }

    #[test]
    fn policies_have_ranges() {
        for (time, ok) in
            [(Duration::ZERO, false), (DELAY_MAX, true), (DELAY_MAX + seconds(1), false)]
        {
            assert_eq!(RestartPolicy::always().stable_after(time).is_ok(), ok);
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..20u64).prop_map(Step::Fails),
            1 => (0..20u64).prop_map(Step::Succeeds),
            1 => Just(Step::NotStarted),
        ]
    }

    proptest! {
        /// What somebody sees who counts failures in a row, with random delays.
        #[test]
        fn agrees_with_an_observer(
            steps in prop::collection::vec((step(), any::<u64>()), 1..60),
            always in any::<bool>(),
        ) {
            let mut restarts = Restarts::new(RestartPolicy { on_success: always, ..policy() });
            let mut now = Instant::now();
            let (mut failures, mut attempts) = (0, 0);
            for (step, random) in steps {
                let started = now;
                let (next, success) = match step {
                    Step::Fails(lasts) | Step::Succeeds(lasts) => {
                        now += seconds(lasts);
                        if lasts >= 10 {
                            (failures, attempts) = (0, 0);
                        } else {
                            failures += 1;
                        }
                        let success = matches!(step, Step::Succeeds(_));
                        (restarts.on_ended((started, now), success, now, random), success)
                    }
                    Step::NotStarted => {
                        failures += 1;
                        (restarts.on_not_started(now, random), false)
                    }
                };
                match next {
                    Never => prop_assert!(success && !always),
                    GivenUp => prop_assert_eq!(attempts, 6),
                    At(at) => {
                        prop_assert!(always || !success);
                        attempts += 1;
                        let ceiling = seconds([1, 2, 4][(attempts - 1).min(2)]);
                        if failures >= 3 {
                            prop_assert_eq!(at, now + seconds(60));
                        } else {
                            prop_assert!(at >= now && at <= now + ceiling);
                        }
                        prop_assert_eq!(restarts.attempts() as usize, attempts);
                        now = at;
                        restarts.on_start(now);
                    }
                }
                if !matches!(next, At(_)) {
                    break;
                }
            }
        }
    }
}
