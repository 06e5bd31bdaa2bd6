//! Holding reads of floods back while an echo is on its way. Pure.
//!
//! A program that floods its terminal is stopped by the kernel once nobody reads. So when somebody types, a
//! short pause in the reads of all other terminals frees the processor for the program that echoes, which
//! else waits behind every flood. The pause ends with the first output of the terminal that was typed in, at
//! the latest after [`HOLD_MAX`], and all pauses together take at most a part of the time, so that who types
//! without an end (a paste, a program) does not stop the floods.

use std::time::{Duration, Instant};

use crate::policy::Balance;
use crate::reactor::TerminalId;

/// How long an echo is waited for. Beside 16 floods on two cores, all but one in a hundred is there by then.
const HOLD_MAX: Duration = Duration::from_millis(2);
/// Nanoseconds of pauses in a second, and at once: 40 %.
const HOLD_RATE: u64 = 400_000_000;
const HOLD_BURST: u64 = 20_000_000;

/// See the module's documentation.
pub(crate) struct Hold {
    /// The terminal that was typed in, since when, and the end.
    awaited: Option<(TerminalId, Instant, Instant)>,
    balance: Balance,
}

impl Hold {
    pub(crate) fn new(now: Instant) -> Self {
        Hold { awaited: None, balance: Balance::new(HOLD_RATE, HOLD_BURST, now) }
    }

    /// Input went to a terminal: its echo is on its way.
    pub(crate) fn on_input(&mut self, id: TerminalId, now: Instant) {
        self.settle(now);
        // A pause that is on is paid for so far.
        self.end(now);
        if self.balance.ready_at(now) <= now {
            self.awaited = Some((id, now, now + HOLD_MAX));
        }
    }

    /// A terminal gave output, or is gone.
    pub(crate) fn on_output(&mut self, id: TerminalId, now: Instant) {
        if self.awaited.is_some_and(|(awaited, ..)| awaited == id) {
            self.end(now);
        }
    }

    /// When the pause ends, if one is on.
    pub(crate) fn until(&mut self, now: Instant) -> Option<Instant> {
        self.settle(now);
        self.awaited.map(|(.., until)| until)
    }

    fn settle(&mut self, now: Instant) {
        if let Some((.., until)) = self.awaited
            && until <= now
        {
            self.end(until);
        }
    }

    fn end(&mut self, at: Instant) {
        if let Some((_, since, _)) = self.awaited.take() {
            let held = at.saturating_duration_since(since).as_nanos();
            self.balance.charge(u64::try_from(held).unwrap_or(u64::MAX), at);
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    #[test]
    fn until_the_echo_or_its_time() {
        let now = Instant::now();
        let (cat, other) = (TerminalId::from_u64(1), TerminalId::from_u64(2));
        let mut hold = Hold::new(now);
        assert_eq!(hold.until(now), None);
        hold.on_input(cat, now);
        assert_eq!(hold.until(now), Some(now + HOLD_MAX));
        hold.on_output(other, now + 10 * US);
        assert!(hold.until(now + 10 * US).is_some());
        hold.on_output(cat, now + 20 * US);
        assert_eq!(hold.until(now + 20 * US), None);
        hold.on_input(cat, now + 30 * US);
        assert_eq!(hold.until(now + 30 * US + HOLD_MAX), None);
    }

    #[test]
    fn typing_without_an_end_holds_floods_for_a_part_of_the_time() {
        let start = Instant::now();
        let cat = TerminalId::from_u64(1);
        let mut hold = Hold::new(start);
        let (mut now, mut held) = (start, Duration::ZERO);
        for _ in 0..200_000 {
            hold.on_input(cat, now);
            held += if hold.until(now).is_some() { 10 * US } else { Duration::ZERO };
            now += 10 * US;
        }
        let share = held.as_secs_f64() / (now - start).as_secs_f64();
        assert!((0.35..0.45).contains(&share), "{share}");
    }
}
