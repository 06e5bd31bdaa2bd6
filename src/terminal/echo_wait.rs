//! Holding reads of floods back while somebody types. Pure.
//!
//! Two things. While an echo is on its way no flood is read ([`EchoWait`]), and as long as somebody types only few
//! of them are read at a time ([`BulkWindow`]), so that few programs want the processor when the next key comes.
//!
//! A program that floods its terminal is stopped by the kernel once nobody reads. So when somebody types, a
//! short pause in the reads of all other terminals frees the processor for the program that echoes, which
//! else waits behind every flood. The pause ends with the first output of the terminal that was typed in, at
//! the latest after [`WAIT_MAX`], and all pauses together take at most a part of the time, so that who types
//! without an end (a paste, a program) does not stop the floods.
//!
//! Each read of a flood wakes a program that fills the kernel's 12 KiB again, hence the bound on how many are read
//! between keys. Measured beside 16 floods on two cores: reading all of them, with the wait alone, gave a p99 of 1.05
//! of the C loop's; two at a time 0.26 with 0.62 of its throughput, three 0.34 with 0.63, four 0.38 with 0.71
//! (medians; the C loop's own p99 differs by half from run to run).

use std::time::{Duration, Instant};

use crate::id::TerminalId;
use crate::policy::Balance;

/// How long an echo is waited for. Beside 16 floods on two cores, all but one in a hundred is there by then.
const WAIT_MAX: Duration = Duration::from_millis(2);
/// Nanoseconds of pauses in a second, and at once: 40 %.
const WAIT_RATE: u64 = 400_000_000;
const WAIT_BURST: u64 = 20_000_000;

/// See the module's documentation.
pub(crate) struct EchoWait {
    /// The terminal that was typed in, since when, and the end.
    awaited: Option<(TerminalId, Instant, Instant)>,
    balance: Balance,
}

impl EchoWait {
    pub(crate) fn new(now: Instant) -> Self {
        EchoWait { awaited: None, balance: Balance::new(WAIT_RATE, WAIT_BURST, now) }
    }

    /// Input went to a terminal: its echo is on its way.
    pub(crate) fn on_input(&mut self, id: TerminalId, now: Instant) {
        self.expire_wait(now);
        // A pause that is on is paid for so far.
        self.end(now);
        if self.balance.ready_at(now) <= now {
            self.awaited = Some((id, now, now + WAIT_MAX));
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
        self.expire_wait(now);
        self.awaited.map(|(.., until)| until)
    }

    fn expire_wait(&mut self, now: Instant) {
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

/// Terminals that are read beside those that are typed in, at once.
const OPEN: usize = 4;
/// Bytes that are read of one before the next one has its turn.
const QUOTA: usize = 128 << 10;
/// One that has nothing to read for so long leaves its place to the next one. A program that floods fills the
/// kernel's 12 KiB in less.
const IDLE: Duration = Duration::from_micros(300);

/// Which terminals are read while somebody types in another one.
#[derive(Default)]
pub(crate) struct BulkWindow {
    open: [Option<Open>; OPEN],
}

struct Open {
    id: TerminalId,
    left: usize,
    until: Instant,
}

impl BulkWindow {
    /// A terminal that is not open is read: it takes a place. Whether there was one.
    pub(crate) fn enter(&mut self, id: TerminalId, now: Instant) -> bool {
        let Some(place) = self.open.iter_mut().find(|place| place.is_none()) else { return false };
        *place = Some(Open { id, left: QUOTA, until: now + IDLE });
        true
    }

    /// So much was read of a terminal. Whether it keeps its place.
    pub(crate) fn on_read(&mut self, id: TerminalId, bytes: usize, now: Instant) -> bool {
        let place = self.open.iter_mut().find(|place| place.as_ref().is_some_and(|o| o.id == id));
        let Some(place) = place else { return false };
        if let Some(open) = place {
            open.left = open.left.saturating_sub(bytes);
            open.until = now + IDLE;
        }
        place.take_if(|open| open.left == 0).is_none()
    }

    /// Takes the places of those that have had nothing to read for too long, or of all.
    pub(crate) fn expire(&mut self, now: Instant, all: bool) -> impl Iterator<Item = TerminalId> {
        let gone = self.open.each_mut().map(|place| place.take_if(|open| all || open.until <= now));
        gone.into_iter().flatten().map(|open| open.id)
    }

    /// When a place is free: `None` if one is.
    pub(crate) fn free_at(&self) -> Option<Instant> {
        let mut times = [None; OPEN];
        for (time, place) in times.iter_mut().zip(&self.open) {
            *time = Some(place.as_ref()?.until);
        }
        times.into_iter().flatten().min()
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
        let mut wait = EchoWait::new(now);
        assert_eq!(wait.until(now), None);
        wait.on_input(cat, now);
        assert_eq!(wait.until(now), Some(now + WAIT_MAX));
        wait.on_output(other, now + 10 * US);
        assert!(wait.until(now + 10 * US).is_some());
        wait.on_output(cat, now + 20 * US);
        assert_eq!(wait.until(now + 20 * US), None);
        wait.on_input(cat, now + 30 * US);
        assert_eq!(wait.until(now + 30 * US + WAIT_MAX), None);
    }

    #[test]
    fn few_are_read_at_a_time_and_each_has_its_turn() {
        let now = Instant::now();
        let ids: Vec<_> = (1..=5).map(TerminalId::from_u64).collect();
        let mut window = BulkWindow::default();
        assert!(window.enter(ids[0], now) && window.free_at().is_none());
        assert!(window.enter(ids[1], now + 10 * US) && window.enter(ids[3], now + 50 * US));
        assert!(window.enter(ids[4], now + 50 * US));
        assert!(!window.enter(ids[2], now) && window.free_at() == Some(now + IDLE));
        // One that has had its share goes.
        assert!(window.on_read(ids[0], QUOTA - 1, now + 20 * US));
        assert!(!window.on_read(ids[0], 1, now + 30 * US));
        assert!(window.enter(ids[2], now + 30 * US));
        // So does one that has nothing to read.
        assert_eq!(window.free_at(), Some(now + 10 * US + IDLE));
        assert_eq!(window.expire(now + 10 * US + IDLE, false).collect::<Vec<_>>(), [ids[1]]);
        assert_eq!(window.expire(now, true).collect::<Vec<_>>(), [ids[2], ids[3], ids[4]]);
        assert!(!window.on_read(ids[2], 1, now));
    }

    #[test]
    fn typing_without_an_end_holds_floods_for_a_part_of_the_time() {
        let start = Instant::now();
        let cat = TerminalId::from_u64(1);
        let mut wait = EchoWait::new(start);
        let (mut now, mut held) = (start, Duration::ZERO);
        for _ in 0..200_000 {
            wait.on_input(cat, now);
            held += if wait.until(now).is_some() { 10 * US } else { Duration::ZERO };
            now += 10 * US;
        }
        let share = held.as_secs_f64() / (now - start).as_secs_f64();
        assert!((0.35..0.45).contains(&share), "{share}");
    }
}
