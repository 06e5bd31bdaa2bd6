//! The way out: hang up, grace, kill; never waiting for it.
//!
//! `close` sends SIGHUP and keeps the terminal going: the program may still write (an editor says
//! where it saved), and that is delivered. When it exits, or a SIGKILL after the grace makes it, the
//! PTY is drained and closed, and `Closed` is the last event.

use std::time::Duration;

use super::Terminal;
use super::child;
use super::key::Alarm;
use super::pty::Pty;
use crate::reactor::Reactor;

impl Terminal {
    /// Starts closing. Again: the new grace counts from now, so a second call can hurry it.
    pub(crate) fn close(&mut self, grace: Duration, reactor: &mut Reactor) {
        self.ending.closing = true;
        self.cancel_eof(reactor);
        self.input.clear();
        self.input_ready = false;
        self.resume_everything();
        if self.has_living_child() {
            self.expect_exit(reactor);
            self.signal_everybody(libc::SIGHUP);
            // A stopped program cannot act on the hangup.
            self.signal_everybody(libc::SIGCONT);
            if let Some(timer) = self.ending.kill_timer.take() {
                reactor.cancel_timer(timer);
            }
            // A grace past the end of time is no limit.
            self.ending.kill_timer = reactor
                .now()
                .checked_add(grace)
                .map(|deadline| reactor.set_timer(deadline, Alarm::Kill(self.id)));
        } else if self.pty.is_some() && !self.is_draining() {
            // Once more for what was written before; then whoever is left on the slave is hung up on.
            self.drain(reactor);
        }
        self.start_reading(reactor);
    }

    /// Nothing holds back the bytes of a closing terminal but its readers' own pace.
    fn resume_everything(&mut self) {
        self.flow.by_host = false;
        for reader in &mut self.readers {
            reader.paused = false;
        }
        self.flow.observe(self.unread(), self.log.unread_max());
    }

    pub(crate) fn on_kill_alarm(&mut self, reactor: &mut Reactor) {
        self.ending.kill_timer = None;
        if self.has_living_child() {
            self.expect_exit(reactor);
            self.signal_everybody(libc::SIGKILL);
        }
    }

    /// Takes everything back that is known to the kernel or the reactor; the terminal can be dropped
    /// afterwards. A child that still runs is killed and reaped later.
    pub(crate) fn teardown(&mut self, reactor: &mut Reactor) {
        if self.has_living_child() {
            self.signal_everybody(libc::SIGHUP);
            self.signal_everybody(libc::SIGKILL);
        }
        reactor.ready.remove(&mut self.queued);
        self.cancel_eof(reactor);
        let screen_timer = self.screen_timer.take().map(|(_, timer)| timer);
        let timers = [
            self.resize_timer.take(),
            self.ending.kill_timer.take(),
            self.notice_timer.take(),
            screen_timer,
        ];
        for timer in timers.into_iter().flatten() {
            reactor.cancel_timer(timer);
        }
        self.end_exit_poll(reactor);
        self.cancel_look(reactor);
        if let Some(mut series) = self.series.take() {
            series.cancel(reactor);
        }
        if let Some(child) = self.child.take() {
            child.abandon(reactor);
        }
        self.close_pty(reactor);
    }

    pub(crate) fn close_pty(&mut self, reactor: &mut Reactor) {
        reactor.ready.remove(&mut self.queued);
        self.input.clear();
        self.log.unstage();
        if let Some(pty) = self.pty.take() {
            pty.close(reactor);
        }
    }

    pub(crate) fn has_living_child(&self) -> bool {
        self.child.as_ref().is_some_and(|child| child.status().is_none())
    }

    /// Signals the leader's group and the foreground group; either may be gone already.
    fn signal_everybody(&self, signal: i32) {
        let foreground = self.pty.as_ref().and_then(Pty::foreground_group);
        if let Some(child) = &self.child {
            let _ = child.signal_group(signal);
            if let Some(group) = foreground.filter(|group| *group != child.pid()) {
                let _ = child::signal_group(group, signal);
            }
        }
    }
}
