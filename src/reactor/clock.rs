//! The frozen clock: time is read once a turn and passed down.
//!
//! The one place where the monotonic clock is read, so decisions elsewhere stay pure.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::tick::Tick;

pub(crate) struct Clock {
    now: Instant,
    tick: Tick,
    /// The same moment of both.
    origin: (Instant, Tick),
}

impl Clock {
    pub(crate) fn new() -> Self {
        let (now, tick) = (Clock::read(), Clock::read_tick());
        Clock { now, tick, origin: (now, tick) }
    }

    #[allow(clippy::disallowed_methods)] // The one reader of the clock.
    pub(crate) fn read() -> Instant {
        Instant::now()
    }

    /// The same clock in nanoseconds.
    pub(crate) fn read_tick() -> Tick {
        let Ok(time) = clock_gettime(ClockId::CLOCK_MONOTONIC) else {
            return broken!("the monotonic clock is gone", Tick::from_nanos(0));
        };
        // Neither is negative.
        let (seconds, nanos) = (time.tv_sec() as u64, time.tv_nsec() as u64);
        Tick::from_nanos(seconds.wrapping_mul(1_000_000_000).wrapping_add(nanos))
    }

    /// Processor time of this thread. It costs a system call.
    pub(crate) fn thread_time() -> Duration {
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
    }

    pub(crate) fn freeze(&mut self) {
        self.tick = Clock::read_tick();
        let (origin, first) = self.origin;
        self.now = origin + Duration::from_nanos(self.tick.since(first));
    }

    /// Stands this much later; the next look at the real clock undoes it.
    #[cfg(test)]
    pub(crate) fn jump(&mut self, by: Duration) {
        self.now += by;
        self.tick = self.tick + by;
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// [`now`](Self::now) in nanoseconds.
    pub(crate) fn tick(&self) -> Tick {
        self.tick
    }
}
