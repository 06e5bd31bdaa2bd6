//! Reading a PTY into the log, under a budget, until it is drained, stopped or gone.

use std::io::ErrorKind::{Interrupted, WouldBlock};
use std::time::Instant;

use super::Terminal;
use super::output::LogBudget;
use crate::error::Result;
use crate::reactor::{Class, Reactor};

/// What one turn may still read.
pub(crate) struct TurnBudget {
    /// Bytes from all terminals.
    pub(crate) bytes: usize,
    /// Bytes from each terminal.
    pub(crate) bytes_per_terminal: usize,
    /// The time at which reading stops.
    pub(crate) deadline: Instant,
}

impl TurnBudget {
    pub(crate) fn is_used_up(&self, reactor: &Reactor) -> bool {
        self.bytes == 0 || reactor.measure_now() >= self.deadline
    }
}

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The kernel has no more bytes now.
    Drained,
    /// The budget is used up; there may be more.
    More,
    /// Flow control does not allow more.
    Stopped,
    /// No memory for more in the budget of all logs.
    Starved,
    /// Nobody holds the slave any more, or the PTY is broken.
    HungUp,
}

impl Terminal {
    /// Reads until one of the [`Outcome`]s.
    pub(crate) fn read(
        &mut self,
        budget: &mut TurnBudget,
        logs: &mut LogBudget,
        reactor: &Reactor,
    ) -> Outcome {
        let Some(pty) = &self.pty else { return Outcome::HungUp };
        // Readers do not move while we read.
        let keep_from = self.keep_from();
        let high = self.log.unread_max();
        let mut share = budget.bytes_per_terminal.min(budget.bytes);
        loop {
            let unread = self.log.end() - keep_from;
            self.flow.observe(unread, high);
            if self.flow.is_stopped() {
                return Outcome::Stopped;
            }
            let Some(room) = self.log.room(keep_from, logs) else {
                self.flow.by_memory = true;
                return Outcome::Starved;
            };
            let allowed = share.min((high - unread) as usize).min(room.len());
            match pty.read(&mut room[..allowed]) {
                Ok(0) => return Outcome::HungUp,
                Ok(n) => {
                    self.log.commit(n);
                    self.last_output = Some(reactor.now());
                    share -= n;
                    budget.bytes -= n;
                }
                Err(e) if e.kind() == WouldBlock => return Outcome::Drained,
                Err(e) if e.kind() == Interrupted => {}
                Err(_) => return Outcome::HungUp,
            }
            if share == 0 || reactor.measure_now() >= budget.deadline {
                return Outcome::More;
            }
        }
    }

    /// Draws the consequences of a read.
    pub(crate) fn after_read(
        &mut self,
        outcome: Outcome,
        class: Class,
        reactor: &mut Reactor,
    ) -> Result<()> {
        match outcome {
            Outcome::Drained => {
                self.settle_exit();
                if self.ending.closing && self.ending.final_offset.is_some() {
                    self.close_pty(reactor);
                }
            }
            Outcome::More => reactor.ready.push(&mut self.queued, self.id, class),
            Outcome::Stopped | Outcome::Starved => return self.update_interest(reactor),
            Outcome::HungUp => {
                self.ending.hung_up = true;
                self.close_pty(reactor);
                self.settle_exit();
            }
        }
        Ok(())
    }

    /// The program has ended and what it wrote is not all read yet.
    pub(crate) fn is_draining(&self) -> bool {
        let ended = self.child.as_ref().is_some_and(|child| child.status().is_some());
        ended && self.ending.final_offset.is_none()
    }

    /// Everything that was written before this moment has been read: fixes the final offset of a
    /// program that has ended. The kernel makes this exact: a read says EAGAIN only after it has
    /// carried over everything that was written to the slave.
    fn settle_exit(&mut self) {
        if self.is_draining() {
            self.ending.final_offset = Some(self.log.end());
        }
    }

    /// The pidfd fired: collects the status; the final offset is known once the PTY is drained.
    pub(crate) fn on_child_ready(&mut self, reactor: &mut Reactor) {
        let Some(child) = &mut self.child else { return };
        if child.reap(reactor).is_some() {
            self.after_exit(reactor);
        }
    }

    /// The child's status is known: has the PTY drained, or settles at once when there is none.
    pub(crate) fn after_exit(&mut self, reactor: &mut Reactor) {
        if let Some(timer) = self.ending.kill_timer.take() {
            reactor.cancel_timer(timer);
        }
        if self.pty.is_none() {
            self.settle_exit();
        } else if !self.flow.is_stopped() {
            reactor.ready.push(&mut self.queued, self.id, Class::Typing);
        }
    }

    /// Offset of the first byte that a lossless reader has not got.
    pub(crate) fn keep_from(&self) -> u64 {
        let lossless =
            self.readers.iter().filter(|r| r.delivery == super::options::Delivery::Lossless);
        let slowest = lossless.map(|r| r.cursor).min().unwrap_or(self.log.end());
        // A reader that came late may wait for a gap: what it lost is not kept for it.
        slowest.max(self.log.start())
    }

    /// Bytes that the slowest lossless reader has not got.
    pub(crate) fn unread(&self) -> u64 {
        self.log.end() - self.keep_from()
    }
}
