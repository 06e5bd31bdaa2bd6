//! Reading a PTY into the log, in units of one system call, until it is drained, stopped or gone, or the
//! slice of the turn is over.
//!
//! Where a screen parses what was read and that is a lot of work, the unit ends early: the rest stays staged in the
//! log, unseen by readers, and is shown by the next units before anything else is read.

use std::io::ErrorKind::{Interrupted, WouldBlock};

use super::Terminal;
use super::output::LogBudget;
use crate::error::Result;
use crate::policy::Slice;
use crate::reactor::{Class, Reactor};

/// More than the kernel holds of a PTY's output: 8 KiB of flip buffers and a page for the line
/// discipline (`pty_common_install`, `N_TTY_BUF_SIZE`), with room to spare.
const KERNEL_BYTES_MAX: u64 = 64 << 10;

/// The most that one system call reads. The kernel gives 4 KiB at once as a rule; more would be a unit of
/// work that is too long where a screen parses it.
const READ_BYTES_MAX: usize = 16 << 10;
/// What a read costs, and each byte of it: without and with a screen that parses it.
const READ_COST: u64 = 2_000;
const BYTE_COST: (u64, u64) = (1, 15);

/// What the kernel reported of a PTY.
#[derive(Clone, Copy)]
pub(crate) struct PtyReady {
    pub(crate) readable: bool,
    /// A hangup: an edge that comes once, maybe together with the last bytes.
    pub(crate) hung_up: bool,
    pub(crate) writable: bool,
}

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The kernel has no more bytes now, also none in flight from the slave.
    Drained,
    /// What the kernel had ready has been read; an edge will report more.
    Emptied,
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
    ///
    /// A read that fills less than its buffer has emptied the master, and what comes later is a new
    /// edge, so no second read is made for an `EAGAIN`. That read would not be free: before the
    /// kernel says `EAGAIN` it waits for the worker that carries bytes over from the slave
    /// (`__flush_work` in `n_tty_read`), behind every program that wants the processor. Only at the
    /// end is it made, where that wait is what makes the final offset exact and where the edge may
    /// have come already.
    ///
    /// `share`: bytes that may be read; they are counted down.
    pub(crate) fn read(
        &mut self,
        slice: &mut Slice,
        share: &mut usize,
        logs: &mut LogBudget,
        reactor: &Reactor,
    ) -> Outcome {
        if self.pty.is_none() {
            return Outcome::HungUp;
        }
        // Readers do not move while we read; without a lossless one nothing is kept for anybody.
        let slowest = self.slowest_lossless();
        let high = self.log.unread_max();
        let to_the_last = self.is_draining() || self.ending.closing || self.ending.hangup_reported;
        let byte_cost = if self.screen.is_some() { BYTE_COST.1 } else { BYTE_COST.0 };
        let mut is_emptied = false;
        loop {
            let keep_from = self.log.keep_from(slowest);
            let unread = self.log.end() - keep_from;
            self.flow.observe(unread, high);
            if self.flow.is_stopped() {
                return Outcome::Stopped;
            }
            let allowed = (*share).min((high - unread) as usize);
            let mut cost = 0;
            if self.log.staged().is_empty() {
                cost = READ_COST;
                match self.stage(allowed, keep_from, logs) {
                    Ok(is_short) => is_emptied = is_short && !to_the_last,
                    Err(outcome) => {
                        slice.charge(READ_COST);
                        return outcome;
                    }
                }
            }
            let (taken, work) = self.show(allowed, reactor);
            self.last_output = Some(reactor.now());
            *share -= taken;
            slice.charge(cost + taken as u64 * byte_cost + work);
            if is_emptied && self.log.staged().is_empty() {
                return Outcome::Emptied;
            }
            if *share == 0 || slice.is_over() {
                return Outcome::More;
            }
        }
    }

    /// Reads once, at most so many bytes, which are staged then. Whether the kernel gave less than there was room for.
    fn stage(
        &mut self,
        allowed: usize,
        keep_from: u64,
        logs: &mut LogBudget,
    ) -> std::result::Result<bool, Outcome> {
        let Some(room) = self.log.read_buffer(keep_from, logs) else {
            self.flow.by_memory = true;
            return Err(Outcome::Starved);
        };
        let Some(pty) = &self.pty else {
            return broken!("seen by the caller", Err(Outcome::HungUp));
        };
        let allowed = allowed.min(room.len()).min(READ_BYTES_MAX);
        let n = loop {
            match pty.read(&mut room[..allowed]) {
                Ok(0) => return Err(Outcome::HungUp),
                Ok(n) => break n,
                Err(e) if e.kind() == WouldBlock => return Err(Outcome::Drained),
                Err(e) if e.kind() == Interrupted => {}
                Err(_) => return Err(Outcome::HungUp),
            }
        };
        self.log.stage(n);
        Ok(n < allowed)
    }

    /// Draws the consequences of a read.
    pub(crate) fn after_read(
        &mut self,
        outcome: Outcome,
        class: Class,
        reactor: &mut Reactor,
    ) -> Result<()> {
        match outcome {
            Outcome::Drained => self.finish_drain(reactor),
            Outcome::Emptied => {}
            Outcome::More if self.has_drained_enough() => {
                reactor.ready.push(&mut self.queued, self.id.to_u64(), class);
                self.finish_drain(reactor);
            }
            Outcome::More => reactor.ready.push(&mut self.queued, self.id.to_u64(), class),
            Outcome::Stopped | Outcome::Starved => self.update_interest(reactor),
            // The program has closed its descriptors, as some do a moment before they end. It keeps its
            // controlling terminal and may open it again; closing our side would hang up on it and
            // take the place of its own exit status.
            Outcome::HungUp if self.has_living_child() => {}
            Outcome::HungUp => {
                self.ending.hung_up = true;
                self.close_pty(reactor);
                self.finish_drain(reactor);
            }
        }
        Ok(())
    }

    /// The program has ended, or the terminal is closed without one, and the last bytes are still
    /// looked for.
    pub(crate) fn is_draining(&self) -> bool {
        self.ending.draining_from.is_some()
    }

    /// A background program that floods the terminal may leave no moment in which it is drained. What
    /// was written before is in the kernel's buffers, so it has been read when these have been read
    /// through.
    fn has_drained_enough(&self) -> bool {
        let from = self.ending.draining_from;
        from.is_some_and(|from| self.log.end() - from >= KERNEL_BYTES_MAX)
    }

    /// Everything that was written before the drain began has been read: fixes the final offset of a
    /// program that has ended. The kernel makes this exact: a read says EAGAIN only after it has carried
    /// over everything that was written to the slave.
    fn finish_drain(&mut self, reactor: &mut Reactor) {
        if self.ending.draining_from.take().is_none() {
            return;
        }
        if self.child.is_some() && self.ending.final_offset.is_none() {
            self.ending.final_offset = Some(self.log.end());
        }
        // Nothing of the program will follow: viewers see its last screen before its exit.
        self.update_viewers(reactor, true);
        if self.ending.closing {
            self.close_pty(reactor);
        }
    }

    /// The pidfd fired, or it is time to look: collects the status; the final offset is known once the PTY is drained.
    pub(crate) fn on_child_ready(&mut self, reactor: &mut Reactor) {
        let Some(child) = &mut self.child else { return broken!("who watches has a child") };
        if child.reap(reactor).is_some() {
            self.after_exit(reactor);
        }
    }

    /// The child's status is known.
    pub(crate) fn after_exit(&mut self, reactor: &mut Reactor) {
        if let Some(timer) = self.ending.kill_timer.take() {
            reactor.cancel_timer(timer);
        }
        self.end_exit_poll(reactor);
        self.cancel_eof(reactor);
        self.ending.ended = Some(reactor.now());
        self.drain(reactor);
    }

    /// Looks for the last bytes; settles at once when there is no PTY any more.
    pub(crate) fn drain(&mut self, reactor: &mut Reactor) {
        self.ending.draining_from = Some(self.log.end());
        if self.pty.is_none() {
            self.finish_drain(reactor);
        } else if !self.flow.is_stopped() {
            reactor.ready.push(&mut self.queued, self.id.to_u64(), Class::Typing);
        }
    }

    /// Offset of the first byte that must be kept.
    pub(crate) fn keep_from(&self) -> u64 {
        self.log.keep_from(self.slowest_lossless())
    }

    fn slowest_lossless(&self) -> Option<u64> {
        let readers = self.readers.iter().filter_map(|reader| reader.consumer.keeps_from());
        let clients = self.subscription.as_ref().and_then(|subscription| subscription.lossless);
        readers.chain(clients).min()
    }

    /// Bytes that the slowest lossless reader has not got.
    pub(crate) fn unread(&self) -> u64 {
        self.log.end() - self.keep_from()
    }
}
