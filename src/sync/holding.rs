//! Who may hold a program back, and for how long. Pure.
//!
//! A client that gets every byte *holds a program back* when the PTY stands still, or terminals starve for
//! memory, until this client takes what it was sent. It may, within three bounds:
//! - others that have everything wait for it at most half a second (`Attachment::watch_lag`);
//! - clients that may not type hold a terminal back for at most `limits.client_hold_time`, all of them
//!   together. Then they rest: until the program has written another log's worth, nothing is kept for them,
//!   so neither a new attachment nor a new connection begins the time anew;
//! - a client that may type, but sends nothing, for at most `limits.client_stall_time`.
//!
//! A client is warned when half of its time is over. After it, its attachment goes on without holding
//! anything back.

use std::time::{Duration, Instant};

/// How long a program has been held back.
#[derive(Debug, Default)]
pub(super) struct HoldClock {
    since: Option<Instant>,
}

impl HoldClock {
    /// Looks whether it is held back now. Gives the end of the time that is `allowed`, counted from the
    /// beginning of the hold, or from when the client was `heard_at` if that is later.
    pub(super) fn observe(
        &mut self,
        is_held: bool,
        heard_at: Option<Instant>,
        allowed: Duration,
        now: Instant,
    ) -> Option<Instant> {
        if !is_held {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(now);
        Some(heard_at.map_or(since, |heard| heard.max(since)) + allowed)
    }
}

/// The time of all clients of a terminal that may not type.
#[derive(Debug, Default)]
pub(super) struct ObserverHold {
    clock: HoldClock,
    /// Nothing is kept for them before the output is here.
    rests_until: u64,
}

impl ObserverHold {
    /// Whether nothing is kept for them now.
    pub(super) fn rests(&self, end: u64) -> bool {
        end < self.rests_until
    }

    /// See [`HoldClock::observe`]. When the time is over, the rest begins.
    pub(super) fn observe(
        &mut self,
        is_held: bool,
        (end, unread_max): (u64, u64),
        allowed: Duration,
        now: Instant,
    ) -> Option<Instant> {
        let until = self.clock.observe(is_held, None, allowed, now)?;
        if until <= now {
            self.clock = HoldClock::default();
            self.rests_until = end.saturating_add(unread_max);
        }
        Some(until)
    }
}

/// What is to be done about a client that holds a program back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again then.
    Wait(Instant),
    /// Say that so much time is left, and look again when it is over.
    Warn(Duration),
    /// Its time is over.
    Over,
}

/// Judges a hold that may last `until`, of all the time that is `allowed`.
pub(super) fn judge(until: Instant, allowed: Duration, is_warned: bool, now: Instant) -> Verdict {
    let left = until.saturating_duration_since(now);
    if left.is_zero() {
        Verdict::Over
    } else if is_warned {
        Verdict::Wait(until)
    } else if left <= allowed / 2 {
        Verdict::Warn(left)
    } else {
        Verdict::Wait(now + (left - allowed / 2))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    const ALLOWED: Duration = Duration::from_secs(4);

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn the_time_counts_from_the_beginning_of_a_hold() {
        let start = Instant::now();
        let mut clock = HoldClock::default();
        let at = |n| start + seconds(n);
        // (second, held, last heard of, end of the hold)
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
        for (now, held, heard, end) in table {
            let got = clock.observe(held, heard.map(at), ALLOWED, at(now));
            assert_eq!(got, end.map(at), "at {now} s");
        }
    }

    #[test]
    fn observers_rest_until_the_program_has_gone_on() {
        let start = Instant::now();
        let mut hold = ObserverHold::default();
        assert!(!hold.rests(0));
        let log = (1000, 500);
        assert_eq!(hold.observe(true, log, ALLOWED, start), Some(start + ALLOWED));
        assert!(!hold.rests(1000));
        let over = start + ALLOWED;
        assert_eq!(hold.observe(true, log, ALLOWED, over), Some(over));
        assert!(hold.rests(1000) && hold.rests(1499) && !hold.rests(1500));
        // The next hold has its own time.
        assert_eq!(hold.observe(true, (1500, 500), ALLOWED, over), Some(over + ALLOWED));
    }

    #[test]
    fn half_of_the_time_then_a_warning_then_the_end() {
        let now = Instant::now();
        let judge = |left, is_warned| judge(now + seconds(left), ALLOWED, is_warned, now);
        let table = [
            (4, false, Verdict::Wait(now + seconds(2))),
            (3, false, Verdict::Wait(now + seconds(1))),
            (2, false, Verdict::Warn(seconds(2))),
            (1, false, Verdict::Warn(seconds(1))),
            (1, true, Verdict::Wait(now + seconds(1))),
            (0, false, Verdict::Over),
            (0, true, Verdict::Over),
        ];
        for (left, is_warned, verdict) in table {
            assert_eq!(judge(left, is_warned), verdict, "{left} {is_warned}");
        }
        assert_eq!(super::judge(now - seconds(1), ALLOWED, true, now), Verdict::Over);
    }
}
