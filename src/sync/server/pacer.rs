//! When a client gets the next diff. Pure.
//!
//! The first change after a pause goes out at once. Then at most one diff per interval, which grows with
//! the round-trip time, and at most two that the client has not acknowledged: so a slow client skips
//! versions by itself, and its lag costs nobody memory.

use std::time::{Duration, Instant};

/// The interval while the round trip is short: slower than the eye, faster than a change is missed.
const INTERVAL: Duration = Duration::from_millis(50);
const INTERVAL_MAX: Duration = Duration::from_millis(250);
/// Diffs in flight at once.
const UNACKNOWLEDGED_MAX: usize = 2;

/// The pacing of one client.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    /// Versions in flight, oldest first, and when they were sent.
    sent: [Option<(u64, Instant)>; UNACKNOWLEDGED_MAX],
    last: Option<Instant>,
    /// Smoothed round-trip time.
    round_trip: Option<Duration>,
}

impl Pacer {
    /// The earliest time for the next diff; `None` until the client acknowledges one.
    pub(crate) fn due(&self) -> Option<Due> {
        if self.sent.iter().all(Option::is_some) {
            return None;
        }
        Some(self.last.map_or(Due::Now, |last| Due::At(last + self.interval())))
    }

    /// A diff that leads to this version went out.
    pub(crate) fn on_sent(&mut self, version: u64, now: Instant) {
        self.last = Some(now);
        match self.sent.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some((version, now)),
            // One that could not wait for its turn: the newest counts.
            None => self.sent[UNACKNOWLEDGED_MAX - 1] = Some((version, now)),
        }
    }

    /// The client has applied this version. How long after it was sent, if it was waited for.
    pub(crate) fn on_acknowledged(&mut self, version: u64, now: Instant) -> Option<Duration> {
        let mut found = None;
        for slot in &mut self.sent {
            let Some((_, sent)) = slot.take_if(|(sent, _)| *sent <= version) else { continue };
            let sample = now.saturating_duration_since(sent);
            let smooth = |old: Duration| (old * 7 + sample) / 8;
            self.round_trip = Some(self.round_trip.map_or(sample, smooth));
            found = Some(sample);
        }
        self.sent.sort_by_key(|slot| slot.map_or(u64::MAX, |(version, _)| version));
        found
    }

    /// The time between two diffs: half a round trip where that is longer than usual.
    fn interval(&self) -> Duration {
        self.round_trip.map_or(INTERVAL, |trip| (trip / 2).clamp(INTERVAL, INTERVAL_MAX))
    }
}

/// When something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    At(Instant),
}

impl Due {
    pub(crate) fn time(self, now: Instant) -> Instant {
        match self {
            Due::Now => now,
            Due::At(at) => at,
        }
    }

    pub(crate) fn is_over(self, now: Instant) -> bool {
        match self {
            Due::Now => true,
            Due::At(at) => at <= now,
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn at_once_then_by_the_interval_and_never_more_than_two() {
        let start = Instant::now();
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(), Some(Due::Now));
        pacer.on_sent(1, start);
        assert_eq!(pacer.due(), Some(Due::At(start + ms(50))));
        pacer.on_sent(2, start + ms(50));
        assert_eq!(pacer.due(), None);
        assert_eq!(pacer.on_acknowledged(1, start + ms(60)), Some(ms(60)));
        assert!(pacer.due().is_some());
        assert_eq!(pacer.on_acknowledged(1, start + ms(61)), None);
        // An acknowledgement covers all before it.
        pacer.on_sent(3, start + ms(100));
        assert_eq!(pacer.on_acknowledged(3, start + ms(110)), Some(ms(10)));
        assert!(pacer.sent.iter().all(Option::is_none));
    }

    #[test]
    fn the_interval_follows_the_round_trip() {
        for (round_trip, interval) in [(0, 50), (100, 50), (200, 100), (5000, 250)] {
            let start = Instant::now();
            let mut pacer = Pacer::default();
            pacer.on_sent(1, start);
            pacer.on_acknowledged(1, start + ms(round_trip));
            assert_eq!(pacer.interval(), ms(interval), "{round_trip}");
        }
    }

    #[test]
    fn what_could_not_wait_is_counted() {
        let start = Instant::now();
        let mut pacer = Pacer::default();
        for version in 1..=5 {
            pacer.on_sent(version, start);
        }
        assert!(pacer.on_acknowledged(1, start).is_some());
        assert!(pacer.on_acknowledged(5, start).is_some());
        assert_eq!(pacer.due(), Some(Due::At(start + INTERVAL)));
    }
}
