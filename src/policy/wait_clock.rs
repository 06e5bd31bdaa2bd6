//! How long somebody has been waited for.

use std::time::{Duration, Instant};

/// A clock that runs while somebody is waited for.
#[derive(Debug, Default)]
pub(crate) struct WaitClock {
    since: Option<Instant>,
}

impl WaitClock {
    /// Looks whether somebody is waited for now. Gives the end of the time that is `allowed`, counted from the
    /// beginning of the wait, or from when that one was `heard_at` if that is later. A time that is longer than
    /// the clock can show never ends.
    pub(crate) fn observe(
        &mut self,
        is_awaited: bool,
        heard_at: Option<Instant>,
        allowed: Duration,
        now: Instant,
    ) -> Option<Instant> {
        if !is_awaited {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(now);
        heard_at.map_or(since, |heard| heard.max(since)).checked_add(allowed)
    }

    /// When the wait began.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// A wait begins anew; where there is none, none begins.
    pub(crate) fn restart(&mut self, now: Instant) {
        self.since = self.since.map(|_| now);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn the_time_counts_from_the_beginning_of_a_wait() {
        let start = Instant::now();
        let mut patience = WaitClock::default();
        let at = |n| start + Duration::from_secs(n);
        // (second, awaited, last heard of, end of the wait)
        let table = [
            (0, false, None, None),
            (1, true, None, Some(5)),
            (3, true, None, Some(5)),
            (3, true, Some(2), Some(6)),
            (3, true, Some(0), Some(5)),
            (6, true, None, Some(5)),
            (7, false, None, None),
            (8, true, None, Some(12)),
        ];
        for (now, is_awaited, heard, end) in table {
            let allowed = Duration::from_secs(4);
            let got = patience.observe(is_awaited, heard.map(at), allowed, at(now));
            assert_eq!(got, end.map(at), "at {now} s");
        }
        assert_eq!(patience.since(), Some(at(8)));
        patience.restart(at(10));
        assert_eq!(patience.since(), Some(at(10)));
        assert_eq!(patience.observe(true, None, Duration::MAX, at(11)), None);
        patience.observe(false, None, Duration::ZERO, at(11));
        patience.restart(at(12));
        assert_eq!(patience.since(), None);
    }
}
