//! Ticks: moments of the monotonic clock as nanoseconds.
//!
//! What an `Instant` is, but a subtraction of two is one instruction and not a call: a turn makes thirty, for its
//! stages, its slices and its histograms.

use std::ops::Add;
use std::time::Duration;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// So many nanoseconds after the clock began.
    pub(crate) fn from_nanos(nanos: u64) -> Tick {
        Tick(nanos)
    }

    /// Nanoseconds since an earlier tick, and none since a later one.
    pub(crate) fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Tick {
    type Output = Tick;

    fn add(self, time: Duration) -> Tick {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Tick(self.0.saturating_add(nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_go_back_and_has_an_end() {
        let at = Tick::from_nanos(5);
        let later = at + Duration::from_nanos(7);
        assert!(later > at);
        assert_eq!((later.since(at), at.since(later)), (7, 0));
        assert_eq!(later + Duration::MAX, Tick::from_nanos(u64::MAX));
    }
}
