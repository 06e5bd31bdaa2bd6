//! The frozen clock: time is read once a turn and passed down.
//!
//! The one place where the monotonic clock is read, so decisions elsewhere stay pure.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

pub(crate) struct Clock {
    now: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Clock { now: Clock::read() }
    }

    #[allow(clippy::disallowed_methods)] // The one reader of the clock.
    pub(crate) fn read() -> Instant {
        Instant::now()
    }

    /// Processor time of this thread. It costs a system call.
    pub(crate) fn thread_time() -> Duration {
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
    }

    pub(crate) fn freeze(&mut self) {
        self.now = Clock::read();
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }
}
