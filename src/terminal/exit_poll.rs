//! The end of a program where the system gives no pidfd: it is looked for from time to time.
//!
//! A process that has ended makes nothing readable by itself. A hangup of the PTY and output are good signs
//! that the end is near, but neither has to come: a program in the background may hold the terminal open.
//! So there is a timer as long as such a program runs, with a pause that is half of the time since the last
//! sign of it, between [`PAUSE_MIN`] and [`PAUSE_MAX`]. One look is one `waitid` for this process alone.
//!
//! The price: such a terminal wakes its engine five times a second while its program is idle, an exit without a sign
//! is noticed up to 200 ms late, and a host that reaps our children itself may let their numbers pass to others
//! within that time. With a pidfd none of this happens, and an idle engine does not wake.

use std::time::Duration;

use super::child::Child;
use super::key::Alarm;
use super::{Terminal, Terminals};
use crate::id::TerminalId;
use crate::reactor::Reactor;

/// An end that follows a sign is noticed so soon.
const PAUSE_MIN: Duration = Duration::from_millis(2);
/// An end without a sign is noticed so late at worst; this is what an idle program costs in wakeups.
const PAUSE_MAX: Duration = Duration::from_millis(200);

impl Terminal {
    /// Something happened after which the program may end: looks soon, if it has to be looked for.
    pub(super) fn expect_exit(&mut self, reactor: &mut Reactor) {
        if self.child.as_ref().is_some_and(Child::is_polled) {
            self.exit_poll.last_sign = Some(reactor.now());
            self.look_in(PAUSE_MIN, reactor);
        }
    }

    /// It is time to look. Whether the program still runs; then the next look is arranged.
    fn look_for_exit(&mut self, reactor: &mut Reactor) -> bool {
        self.exit_poll.timer = None;
        self.on_child_ready(reactor);
        let still_runs = self.child.as_ref().is_some_and(Child::is_polled);
        if still_runs {
            let now = reactor.now();
            let quiet = self.exit_poll.last_sign.map(|at| now.saturating_duration_since(at));
            self.look_in(pause_after(quiet.unwrap_or(PAUSE_MAX)), reactor);
        }
        still_runs
    }

    /// The end is known, or the terminal goes.
    pub(super) fn end_exit_poll(&mut self, reactor: &mut Reactor) {
        if let Some((_, timer)) = self.exit_poll.timer.take() {
            reactor.cancel_timer(timer);
        }
    }

    /// Sets the timer, unless it comes as early already.
    fn look_in(&mut self, pause: Duration, reactor: &mut Reactor) {
        let at = reactor.now() + pause;
        match self.exit_poll.timer {
            Some((due, _)) if due <= at => {}
            earlier => {
                if let Some((_, timer)) = earlier {
                    reactor.cancel_timer(timer);
                }
                self.exit_poll.timer = Some((at, reactor.set_timer(at, Alarm::Exit(self.id))));
            }
        }
    }
}

impl Terminals {
    pub(super) fn on_exit_alarm(&mut self, id: TerminalId, reactor: &mut Reactor) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        if !terminal.look_for_exit(reactor) {
            self.after_change(id, false, reactor);
            self.touch(id);
        }
    }
}

fn pause_after(quiet: Duration) -> Duration {
    (quiet / 2).clamp(PAUSE_MIN, PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rare() {
        let (mut at, mut looks) = (Duration::ZERO, 0);
        while at < Duration::from_secs(10) {
            at += pause_after(at);
            looks += 1;
        }
        // About twenty until the longest pause is reached, then five a second.
        assert!((50..80).contains(&looks), "{looks}");
        assert_eq!(pause_after(Duration::ZERO), PAUSE_MIN);
        assert_eq!(pause_after(Duration::MAX), PAUSE_MAX);
    }
}
