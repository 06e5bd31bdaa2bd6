//! Backpressure: which clients may exert it on a program, and for how long. Pure.
//!
//! A client that gets every byte *holds a program back* when the PTY stands still, or terminals starve for
//! memory, until this client takes what it was sent. It may, within three bounds:
//! - others that have everything wait for it at most half a second (`Attachment::watch_lag`);
//! - clients that may not type hold a terminal back for at most `limits.client_hold_time`, all of them
//!   together. Then they rest: until the program has written another log's worth, nothing is kept for them,
//!   so neither a new attachment nor a new connection begins the time anew;
//! - a client that may type, but sends nothing, for at most `limits.client_stall_time`.
//!
//! A client is warned when half of its time is over. After it, its attachment becomes one of the screen, or goes on
//! behind a gap, and exerts no backpressure.

use std::time::{Duration, Instant};

use crate::policy::WaitClock;

/// The time of all clients of a terminal that may not type.
///
/// It is spent by holds and given back once the program has written half a log, which it does whenever a
/// client that is slow takes enough. So a client that leaves and comes back goes on where it was.
#[derive(Debug, Default)]
pub(super) struct ObserverHold {
    clock: WaitClock,
    /// Spent by holds that are over, since the output was here.
    spent: Duration,
    counted_from: u64,
    /// Nothing is kept for them before the output is here.
    rests_until: u64,
}

impl ObserverHold {
    /// Whether nothing is kept for them now.
    pub(super) fn rests(&self, end: u64) -> bool {
        end < self.rests_until
    }

    /// See [`WaitClock::observe`]. The output ends at `end`, and stops at `unread_max` unread bytes.
    pub(super) fn observe(
        &mut self,
        is_held: bool,
        (end, unread_max): (u64, u64),
        allowed: Duration,
        now: Instant,
    ) -> Option<Instant> {
        if let Some(since) = self.clock.since().filter(|_| !is_held) {
            self.spent += now.saturating_duration_since(since);
        }
        if end.saturating_sub(self.counted_from) >= unread_max / 2 {
            (self.spent, self.counted_from) = (Duration::ZERO, end);
        }
        self.clock.observe(is_held, None, allowed.saturating_sub(self.spent), now)
    }

    /// Their time is over: the rest begins.
    pub(super) fn end(&mut self, (end, unread_max): (u64, u64)) {
        self.clock = WaitClock::default();
        self.rests_until = end.saturating_add(unread_max);
    }
}

/// What is to be done about a client that holds a program back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldStep {
    /// Look again then.
    Wait(Instant),
    /// Say that so much time is left.
    Warn(Duration),
    /// Its time is over.
    Over,
}

/// What is to be done about a hold that may last `until`, of all the time that is `allowed`. A client that was `warned` that it
/// may hold on until a time may do so. One that was not, because it came late or we did, is, and has a
/// quarter of the time more; but nobody has more than that.
pub(super) fn next_step(
    until: Instant,
    allowed: Duration,
    warned: Option<Instant>,
    now: Instant,
) -> HoldStep {
    let left = until.saturating_duration_since(now);
    let grace = (allowed / 4).max(Duration::from_millis(1));
    match warned {
        Some(warned) if warned >= until && warned <= now => HoldStep::Over,
        Some(warned) if warned >= until => HoldStep::Wait(warned),
        _ if until + grace <= now => HoldStep::Over,
        _ if left <= allowed / 2 => HoldStep::Warn(left.max(grace)),
        _ => HoldStep::Wait(now + (left - allowed / 2)),
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
    fn observers_spend_one_time_together_until_the_program_goes_on() {
        let start = Instant::now();
        let mut hold = ObserverHold::default();
        let at = |n| start + seconds(n);
        // (second, held, end of the output, end of the hold)
        let table = [
            (0, true, 1000, Some(4)),
            (3, true, 1000, Some(4)),
            // It leaves, and another one comes.
            (3, false, 1000, None),
            (5, true, 1100, Some(6)),
            (6, false, 1100, None),
            (7, true, 1100, Some(7)),
            // The program has written half a log.
            (8, false, 1250, None),
            (9, true, 1250, Some(13)),
        ];
        for (now, held, end, until) in table {
            let got = hold.observe(held, (end, 500), ALLOWED, at(now));
            assert_eq!(got, until.map(at), "at {now} s");
        }
        hold.end((1250, 500));
        assert!(hold.rests(1250) && hold.rests(1749) && !hold.rests(1750));
    }

    #[test]
    fn half_of_the_time_then_a_warning_then_the_end() {
        let start = Instant::now();
        let at = |n| start + seconds(n);
        // (second, end of the hold, warned of this end, step)
        let table = [
            (0, 4, None, HoldStep::Wait(at(2))),
            (1, 4, None, HoldStep::Wait(at(2))),
            (2, 4, None, HoldStep::Warn(seconds(2))),
            (3, 4, Some(4), HoldStep::Wait(at(4))),
            (4, 4, Some(4), HoldStep::Over),
            (9, 4, Some(4), HoldStep::Over),
            // We look late: it is warned all the same.
            (4, 4, None, HoldStep::Warn(seconds(1))),
            (4, 4, Some(5), HoldStep::Wait(at(5))),
            (5, 4, None, HoldStep::Over),
            // It was heard of meanwhile.
            (4, 7, Some(4), HoldStep::Wait(at(5))),
        ];
        for (now, until, warned, step) in table {
            let got = next_step(at(until), ALLOWED, warned.map(at), at(now));
            assert_eq!(got, step, "{now} {until} {warned:?}");
        }
    }
}
