//! The circuit breaker: after failures in a row it lets no call through for a while, then one trial at
//! a time, until enough trials have succeeded.
//!
//! ```text
//!            failures in a row            open_for has passed
//!   closed ---------------------> open -----------------------> half-open
//!     ^                            ^                              |   |
//!     |                            +---- a trial failed ----------+   |
//!     +---------------- enough trials succeeded ----------------------+
//! ```
//!
//! Open turns to half-open by time alone, so no timer is needed to get there. Which call a report is
//! about is not tracked: while open, reports are of calls from before and change nothing; in half-open,
//! a late failure opens again (it is as good a sign as any), and a success counts only while a trial
//! is out.

use std::ops::Add;
use std::time::{Duration, Instant};

use super::delay::DELAY_MAX;
use crate::error::{Error, Result};

/// When a [`CircuitBreaker`] opens and closes. [`BreakerOptions::default`]: opens after 5 failures for
/// 10 s, closes after 1 success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    failure_threshold: u32,
    success_threshold: u32,
    open_for: Duration,
}

impl BreakerOptions {
    /// - `failure_threshold`: failures in a row that open a closed breaker; at least 1.
    /// - `success_threshold`: trials in a row that must succeed to close it again; at least 1.
    /// - `open_for`: how long it lets nothing through; more than zero, at most 365 days.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) outside these ranges.
    pub fn new(
        failure_threshold: u32,
        success_threshold: u32,
        open_for: Duration,
    ) -> Result<BreakerOptions> {
        if failure_threshold == 0 {
            return Err(Error::invalid("failure_threshold: at least 1"));
        }
        if success_threshold == 0 {
            return Err(Error::invalid("success_threshold: at least 1"));
        }
        if open_for.is_zero() || open_for > DELAY_MAX {
            return Err(Error::invalid("open_for: more than zero, at most 365 days"));
        }
        Ok(BreakerOptions { failure_threshold, success_threshold, open_for })
    }

    /// The failures that open it, the successes that close it, and how long it stays open.
    pub(crate) fn bounds(&self) -> (u32, u32, Duration) {
        (self.failure_threshold, self.success_threshold, self.open_for)
    }
}

impl Default for BreakerOptions {
    fn default() -> Self {
        BreakerOptions {
            failure_threshold: 5,
            success_threshold: 1,
            open_for: Duration::from_secs(10),
        }
    }
}

/// What a [`CircuitBreaker`] does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// All go through.
    Closed,
    /// None goes through.
    Open,
    /// One goes through at a time, as a trial.
    HalfOpen,
}

/// What changes in a breaker.
pub(crate) struct BreakerParts<T> {
    /// [`Open`](BreakerState::Open) until somebody asks for a trial, also when the time is over.
    pub(crate) state: BreakerState,
    /// Failures of a closed one, successes of a half-open one.
    pub(crate) count: u32,
    pub(crate) has_trial: bool,
    /// Of an open one.
    pub(crate) until: T,
}

#[derive(Clone, Copy, Debug)]
enum State<T> {
    /// With so many failures since the last success.
    Closed { failures: u32 },
    /// Half-open from then on, though no trial has been asked for yet.
    Open { until: T },
    /// With so many trials that succeeded, and perhaps one that is out.
    HalfOpen { successes: u32, trial: bool },
}

/// Keeps calls from something that fails: see [`BreakerState`].
///
/// `T` is a point in time: [`Instant`], or for a host with a clock of its own the [`Duration`] since some moment.
///
/// Ask [`allow`](CircuitBreaker::allow) before each call and report how it went. Whoever was allowed a
/// call must say one of three things, or a half-open breaker waits for it forever: it succeeded, it
/// failed (a timeout is a failure; the caller has the deadline), or it was never made
/// ([`abandon`](CircuitBreaker::abandon)).
///
/// ```
/// use std::time::{Duration, Instant};
/// use orchflow::{BreakerOptions, BreakerState, CircuitBreaker};
///
/// let now = Instant::now();
/// let later = now + Duration::from_secs(10);
/// let mut breaker = CircuitBreaker::new(BreakerOptions::new(1, 1, Duration::from_secs(10))?);
/// assert!(breaker.allow(now));
/// breaker.record_failure(now);
/// assert!(!breaker.allow(now));
/// assert_eq!(breaker.retry_at(), Some(later));
///
/// assert!(breaker.allow(later));
/// assert!(!breaker.allow(later)); // One trial at a time.
/// breaker.record_success(later);
/// assert_eq!(breaker.state(later), BreakerState::Closed);
/// # Ok::<(), orchflow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CircuitBreaker<T = Instant> {
    options: BreakerOptions,
    state: State<T>,
    /// When `state` was entered; `None` for the first one.
    since: Option<T>,
}

impl<T: Copy + Ord + Add<Duration, Output = T>> CircuitBreaker<T> {
    /// A closed breaker.
    pub fn new(options: BreakerOptions) -> CircuitBreaker<T> {
        CircuitBreaker { options, state: State::Closed { failures: 0 }, since: None }
    }

    /// Whether a call may be made now. In half-open, `true` takes the trial's slot: until its outcome
    /// is reported or [`abandon`](CircuitBreaker::abandon)ed, no other call is allowed.
    pub fn allow(&mut self, now: T) -> bool {
        match &mut self.state {
            State::Closed { .. } => true,
            State::Open { until } if now < *until => false,
            State::Open { until } => {
                self.since = Some(*until);
                self.state = State::HalfOpen { successes: 0, trial: true };
                true
            }
            State::HalfOpen { trial, .. } => !std::mem::replace(trial, true),
        }
    }

    /// A call succeeded: forgets the failures of a closed breaker, counts towards closing a half-open one.
    pub fn record_success(&mut self, now: T) {
        match &mut self.state {
            State::Closed { failures } => *failures = 0,
            State::HalfOpen { successes, trial } if *trial => {
                *trial = false;
                *successes = successes.saturating_add(1);
                if *successes >= self.options.success_threshold {
                    self.enter(State::Closed { failures: 0 }, now);
                }
            }
            State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }

    /// A call failed: opens a closed breaker when it was one too many, a half-open one at once.
    pub fn record_failure(&mut self, now: T) {
        match &mut self.state {
            State::Closed { failures } => {
                *failures = failures.saturating_add(1);
                if *failures >= self.options.failure_threshold {
                    self.open(now);
                }
            }
            State::HalfOpen { .. } => self.open(now),
            // Calls that were out when it opened come back now. They must not prolong the wait.
            State::Open { .. } => {}
        }
    }

    /// A call that was allowed will not be made, or its outcome will never be known: gives the trial's
    /// slot back, so that another call may be the trial. Says nothing about the other side, and does
    /// nothing unless a trial is out.
    pub fn abandon(&mut self) {
        if let State::HalfOpen { trial, .. } = &mut self.state {
            *trial = false;
        }
    }

    /// What it does with calls now.
    pub fn state(&self, now: T) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open,
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Since when [`state`](CircuitBreaker::state) is what it is; `None` if it has always been closed.
    pub fn since(&self, now: T) -> Option<T> {
        match self.state {
            State::Open { until } if now >= until => Some(until),
            _ => self.since,
        }
    }

    /// When it will let a trial through, for a timer; possibly in the past. `None` when there is no
    /// time to wait for: it is closed, or a trial has been let through since it opened.
    pub fn retry_at(&self) -> Option<T> {
        match self.state {
            State::Open { until } => Some(until),
            State::Closed { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// Goes on where [`parts`](Self::parts) said, for a host that keeps the state itself.
    pub(crate) fn from_parts(options: BreakerOptions, parts: BreakerParts<T>) -> CircuitBreaker<T> {
        let BreakerParts { state, count, has_trial, until } = parts;
        let state = match state {
            BreakerState::Closed => State::Closed { failures: count },
            BreakerState::Open => State::Open { until },
            BreakerState::HalfOpen => State::HalfOpen { successes: count, trial: has_trial },
        };
        CircuitBreaker { options, state, since: None }
    }

    /// The state as plain values; `now` stands for a time that does not count.
    pub(crate) fn parts(&self, now: T) -> BreakerParts<T> {
        let (state, count, has_trial, until) = match self.state {
            State::Closed { failures } => (BreakerState::Closed, failures, false, now),
            State::Open { until } => (BreakerState::Open, 0, false, until),
            State::HalfOpen { successes, trial } => (BreakerState::HalfOpen, successes, trial, now),
        };
        BreakerParts { state, count, has_trial, until }
    }

    fn open(&mut self, now: T) {
        self.enter(State::Open { until: now + self.options.open_for }, now);
    }

    fn enter(&mut self, state: State<T>, now: T) {
        self.state = state;
        self.since = Some(now);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPEN_FOR: u64 = 10;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// Asks, and expects this answer.
        Allow(bool),
        Success,
        Failure,
        Abandon,
        /// Seconds that pass.
        Pass(u64),
        /// Expects the state.
        Is(BreakerState),
    }

    #[test]
    fn cases() {
        use BreakerState::{Closed, HalfOpen, Open};
        use Step::{Abandon, Allow, Failure, Is, Pass, Success};
        // Opens after 2 failures for 10 s, closes after 2 successes.
        let opened = [Failure, Failure, Is(Open)];
        let half_open = [Failure, Failure, Pass(10), Allow(true), Is(HalfOpen)];
        let cases: &[(&str, &[Step], &[Step])] = &[
            ("closed lets all through", &[], &[Allow(true), Allow(true), Is(Closed)]),
            ("one failure is not enough", &[], &[Failure, Is(Closed), Allow(true)]),
            ("a success forgets failures", &[], &[Failure, Success, Failure, Is(Closed)]),
            ("open until the time has passed", &opened, &[Pass(9), Allow(false), Is(Open)]),
            ("half-open by time alone", &opened, &[Pass(10), Is(HalfOpen), Allow(true)]),
            (
                "late reports while open",
                &opened,
                &[Pass(5), Failure, Success, Is(Open), Pass(5), Is(HalfOpen)],
            ),
            ("a late failure before the first trial", &opened, &[Pass(12), Failure, Allow(true)]),
            ("one trial at a time", &half_open, &[Allow(false), Pass(99), Allow(false)]),
            ("the next trial after a success", &half_open, &[Success, Allow(true), Allow(false)]),
            (
                "closes after two",
                &half_open,
                &[Success, Is(HalfOpen), Allow(true), Success, Is(Closed)],
            ),
            (
                "closed anew has no failures",
                &half_open,
                &[Success, Allow(true), Success, Failure, Is(Closed), Failure, Is(Open)],
            ),
            ("a success of no trial", &half_open, &[Success, Success, Success, Is(HalfOpen)]),
            ("a failed trial opens", &half_open, &[Failure, Is(Open), Pass(9), Allow(false)]),
            (
                "successes are in a row",
                &half_open,
                &[Success, Allow(true), Failure, Pass(10), Allow(true), Success, Is(HalfOpen)],
            ),
            ("a late failure between trials", &half_open, &[Success, Failure, Is(Open)]),
            ("an abandoned trial", &half_open, &[Abandon, Is(HalfOpen), Allow(true), Allow(false)]),
            (
                "abandoning keeps successes",
                &half_open,
                &[Success, Allow(true), Abandon, Allow(true), Success, Is(Closed)],
            ),
            ("abandoning what is not out", &opened, &[Abandon, Allow(false), Is(Open)]),
        ];
        for (name, first, then) in cases {
            let options = BreakerOptions::new(2, 2, Duration::from_secs(OPEN_FOR)).unwrap();
            let mut breaker = CircuitBreaker::new(options);
            let mut now = Instant::now();
            for step in first.iter().chain(*then) {
                match step {
                    Allow(answer) => assert_eq!(breaker.allow(now), *answer, "{name}"),
                    Success => breaker.record_success(now),
                    Failure => breaker.record_failure(now),
                    Abandon => breaker.abandon(),
                    Pass(seconds) => now += Duration::from_secs(*seconds),
                    Is(state) => assert_eq!(breaker.state(now), *state, "{name}"),
                }
            }
        }
    }

    #[test]
    fn knows_since_when() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let options = BreakerOptions::new(1, 1, Duration::from_secs(OPEN_FOR)).unwrap();
        let mut breaker = CircuitBreaker::new(options);
        assert_eq!(breaker.since(at(0)), None);
        breaker.record_failure(at(1));
        assert_eq!(breaker.since(at(2)), Some(at(1)));
        assert_eq!(breaker.since(at(20)), Some(at(11)));
        assert!(breaker.allow(at(20)));
        assert_eq!(breaker.since(at(21)), Some(at(11)));
        breaker.record_success(at(22));
        assert_eq!(breaker.since(at(23)), Some(at(22)));
    }

    #[test]
    fn options_have_ranges() {
        let second = Duration::from_secs(1);
        for (failures, successes, open_for, ok) in [
            (1, 1, Duration::from_nanos(1), true),
            (u32::MAX, u32::MAX, DELAY_MAX, true),
            (0, 1, second, false),
            (1, 0, second, false),
            (1, 1, Duration::ZERO, false),
            (1, 1, DELAY_MAX + second, false),
        ] {
            assert_eq!(BreakerOptions::new(failures, successes, open_for).is_ok(), ok);
        }
        let default = BreakerOptions::default();
        let (failures, successes) = (default.failure_threshold, default.success_threshold);
        assert_eq!(BreakerOptions::new(failures, successes, default.open_for), Ok(default));
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Allow(true)),
            2 => Just(Step::Success),
            2 => Just(Step::Failure),
            1 => Just(Step::Abandon),
            2 => (1..OPEN_FOR + 2).prop_map(Step::Pass),
        ]
    }

    proptest! {
        /// What an observer can count from outside agrees with every answer.
        #[test]
        fn agrees_with_an_observer(
            failure_threshold in 1..4u32,
            success_threshold in 1..4u32,
            steps in prop::collection::vec(step(), 1..200),
        ) {
            let open_for = Duration::from_secs(OPEN_FOR);
            let options =
                BreakerOptions::new(failure_threshold, success_threshold, open_for).unwrap();
            let mut breaker = CircuitBreaker::new(options);
            let mut now = Instant::now();
            // Failures since the last success or closing; trials that succeeded; whether one is out.
            let (mut failures, mut successes, mut out) = (0, 0, false);
            let mut opened = None;
            for step in steps {
                let before = breaker.state(now);
                match step {
                    Step::Allow(_) => {
                        let expected = match before {
                            BreakerState::Closed => true,
                            BreakerState::Open => false,
                            BreakerState::HalfOpen => !out,
                        };
                        prop_assert_eq!(breaker.allow(now), expected);
                        out |= before == BreakerState::HalfOpen;
                    }
                    Step::Success => {
                        breaker.record_success(now);
                        failures = 0;
                        successes += u32::from(out);
                        out = false;
                    }
                    Step::Failure => {
                        let waits = breaker.retry_at().is_some();
                        breaker.record_failure(now);
                        failures += 1;
                        let opens = match before {
                            BreakerState::Closed => failures >= failure_threshold,
                            BreakerState::Open => false,
                            BreakerState::HalfOpen => !waits,
                        };
                        if opens {
                            opened = Some(now);
                            (successes, out) = (0, false);
                        }
                    }
                    Step::Abandon => {
                        breaker.abandon();
                        out = false;
                    }
                    Step::Pass(seconds) => now += Duration::from_secs(seconds),
                    Step::Is(_) => {}
                }
                if successes >= success_threshold {
                    (failures, successes, opened) = (0, 0, None);
                }
                let expected = match opened {
                    None => BreakerState::Closed,
                    Some(at) if now < at + open_for => BreakerState::Open,
                    Some(_) => BreakerState::HalfOpen,
                };
                prop_assert_eq!(breaker.state(now), expected);
                if let Some(at) = breaker.retry_at() {
                    prop_assert_eq!(Some(at), opened.map(|at| at + open_for));
                    prop_assert!(!out);
                }
            }
        }
    }
}
