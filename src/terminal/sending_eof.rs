//! Sending the end of input: looks at the terminal, carries out what [`eof`](super::eof) decides.
//!
//! The slave is opened for the time of a look only, so that it does not stand in the way of a hangup.

use std::time::Duration;

use nix::errno::Errno;

use super::eof::{Eof, Seen, Step};
use super::key::Alarm;
use super::{PendingEof, Terminal, procfs};
use crate::error::{Error, Result};
use crate::reactor::Reactor;

/// Output of the program makes the next look come so long after the last one.
const AFTER_OUTPUT: Duration = Duration::from_millis(5);

/// What a look comes to.
enum Look {
    Seen(Seen),
    /// Not now: nobody holds the slave, or there is no descriptor for it.
    Later,
    /// Never: this system or terminal does not allow it.
    Impossible,
}

impl Terminal {
    /// Ends the input: the EOF character is typed once the program has read everything and waits for more.
    pub(crate) fn send_eof(&mut self, reactor: &mut Reactor) -> Result<()> {
        self.accepts_commands()?;
        self.check_reader()?;
        if self.input.free() < 2 {
            self.input.refuse();
            return Err(Error::limit("the input queue is full"));
        }
        self.type_pending_eof(reactor)?;
        let looked = reactor.now();
        self.pending_eof = Some(PendingEof { eof: Eof::new(), looked, timer: None });
        self.look_after_eof(reactor);
        Ok(())
    }

    /// More input comes behind an end that is pending: it is typed now, as a person would, and not looked
    /// after any more.
    pub(crate) fn type_pending_eof(&mut self, reactor: &mut Reactor) -> Result<()> {
        let Some(pending) = self.cancel_eof(reactor) else { return Ok(()) };
        if pending.eof.is_typed() {
            return Ok(());
        }
        let count = if self.is_mid_line() { 2 } else { 1 };
        self.type_eof(count, reactor)
    }

    pub(crate) fn cancel_eof(&mut self, reactor: &mut Reactor) -> Option<PendingEof> {
        let pending = self.pending_eof.take()?;
        if let Some((_, timer)) = pending.timer {
            reactor.cancel_timer(timer);
        }
        Some(pending)
    }

    /// The program has written something, or input that waited has left the queue.
    pub(crate) fn hurry_eof(&mut self, reactor: &mut Reactor) {
        let Some(pending) = &mut self.pending_eof else { return };
        let due = (pending.looked + AFTER_OUTPUT).max(reactor.now());
        if let Some((_, timer)) = pending.timer.take_if(|(at, _)| *at > due) {
            reactor.cancel_timer(timer);
            pending.timer = Some((due, reactor.set_timer(due, Alarm::Eof(self.id))));
        }
    }

    pub(crate) fn on_eof_alarm(&mut self, reactor: &mut Reactor) {
        if let Some(pending) = &mut self.pending_eof {
            pending.timer = None;
        }
        self.look_after_eof(reactor);
    }

    /// Looks, does what is to be done, and sets the time of the next look.
    fn look_after_eof(&mut self, reactor: &mut Reactor) {
        if self.pty.is_none() || self.ending.closing || self.is_draining() {
            self.cancel_eof(reactor);
            return;
        }
        let look = self.look();
        let now = reactor.now();
        let Some(pending) = &mut self.pending_eof else { return };
        let since = now.saturating_duration_since(pending.looked);
        pending.looked = now;
        let goes_on = match look {
            Look::Seen(seen) => {
                let step = pending.eof.decide(&seen, since);
                self.carry_out(step, &seen, reactor)
            }
            Look::Later => {
                pending.eof.skip();
                true
            }
            // What a person could do as well. A program that is gone needs no end.
            Look::Impossible => self.type_pending_eof(reactor).is_ok(),
        };
        if !goes_on {
            self.cancel_eof(reactor);
        }
        let Some(pending) = &mut self.pending_eof else { return };
        // A time that the clock does not have is never.
        pending.timer = now
            .checked_add(pending.eof.gap())
            .map(|at| (at, reactor.set_timer(at, Alarm::Eof(self.id))));
    }

    /// Whether it goes on after that.
    fn carry_out(&mut self, step: Step, seen: &Seen, reactor: &mut Reactor) -> bool {
        match step {
            Step::Wait => true,
            Step::Type(count) => self.type_eof(count, reactor).is_ok(),
            Step::TakeBack => {
                let slave = self.pty.as_ref().and_then(|pty| pty.open_slave().ok());
                let was_there = slave.is_some_and(|slave| slave.take_back());
                if let Some(pending) = &mut self.pending_eof {
                    pending.eof.on_taken_back(was_there, seen);
                }
                true
            }
            Step::Done => false,
        }
    }

    fn look(&self) -> Look {
        let Some(pty) = self.pty.as_ref().filter(|pty| !pty.is_hung_up()) else {
            return Look::Later;
        };
        let slave = match pty.open_slave() {
            Ok(slave) => slave,
            Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EIO) => return Look::Later,
            Err(_) => return Look::Impossible,
        };
        let group = pty.foreground_group();
        let is_unread = !self.input.is_empty() || slave.has_unread();
        Look::Seen(Seen {
            is_unread,
            is_awaited: slave.is_being_read(),
            is_canonical: pty.line_rules().is_some(),
            is_mid_line: self.is_mid_line(),
            is_busy: group.is_some_and(procfs::is_busy),
            group,
            output: self.log.end(),
        })
    }

    fn is_mid_line(&self) -> bool {
        let rules = self.pty.as_ref().and_then(|pty| pty.line_rules());
        rules.is_some_and(|rules| self.input.is_mid_line(&rules))
    }

    fn type_eof(&mut self, count: usize, reactor: &mut Reactor) -> Result<()> {
        let Some(pty) = &self.pty else { return Ok(()) };
        let eof = pty.eof_char().unwrap_or(4);
        self.type_bytes(&[eof, eof][..count.min(2)], reactor).map(drop)
    }
}
