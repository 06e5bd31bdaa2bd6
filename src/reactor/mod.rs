//! The reactor: who is ready, what time it is, what is due.
//!
//! mio registers everything edge-triggered, so a source has to be drained until the kernel says
//! `WouldBlock`, or remembered as still readable. Drains are bounded here, so sources that a budget
//! stopped wait in the [`ReadyQueue`] and the next poll does not block.
//!
//! **One descriptor.** The host polls the epoll descriptor itself. It has to be readable whenever a
//! turn would do something or an event is unread, and not otherwise. The kernel does this for PTYs,
//! pidfds and the timer; for what only this process knows (sources in the ready queue, unread
//! events) [`Reactor::update_readiness`] raises or lowers an eventfd of our own inside the epoll set. The
//! trick that makes lowering work: an edge that was reported but whose cause is gone (the eventfd
//! was read again) does not keep the epoll descriptor readable.
//!
//! The reactor knows none of its users: whoever registers a descriptor or sets a timer gives a [`Key`], which
//! comes back when the descriptor is ready or the timer is due. The engine's turn dispatches keys.

mod clock;
mod inbox;
mod key;
mod process;
mod ready;
mod self_wake;
mod timers;

use std::cell::Cell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::error::{Error, ErrorKind, Result};
use crate::tick::Tick;
use clock::Clock;
use self_wake::SelfWake;

pub(crate) use inbox::{Inbox, InboxSender, PostError};
pub(crate) use key::Key;
use key::Own;
pub(crate) use process::ProcessIdentity;
pub(crate) use ready::{Class, QueueLink, ReadyQueue};
pub(crate) use timers::TimerId;
use timers::Timers;

/// Events taken from the kernel in one poll. More stay in the kernel and keep the descriptor readable.
const EVENTS_PER_POLL: usize = 256;

/// Failures that wait to be logged; further ones are dropped.
const FAILURES_MAX: usize = 64;

/// The epoll set, the clock, the timers and the ready queue of one engine.
pub(crate) struct Reactor {
    poll: mio::Poll,
    clock: Clock,
    timers: Timers<Key>,
    timer_fd: TimerFd,
    /// What the timerfd is set to.
    armed: Option<Instant>,
    self_wake: SelfWake,
    inbox_waker: Arc<mio::Waker>,
    /// What went wrong where no caller can be given it.
    failures: Vec<Error>,
    /// Descriptors of the engine that were closed.
    freed: Cell<u64>,
    /// Sources believed readable that still wait for their share of a turn, by the ids that their owner gave.
    pub(crate) ready: ReadyQueue<u64>,
}

/// Whose a descriptor is that the kernel reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// A user's.
    User(Key),
    /// The waker of the inbox.
    Inbox,
    /// The reactor's own; there is nothing to do.
    Own,
}

impl Reactor {
    pub(crate) fn new() -> Result<Self> {
        let poll = mio::Poll::new().map_err(|e| io_error("epoll_create1", &e))?;
        let timer_fd = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )
        .map_err(|e| Error::system("timerfd_create", e))?;
        let self_wake = SelfWake::new()?;
        let inbox_waker = mio::Waker::new(poll.registry(), Key::from(Own::Inbox).token())
            .map_err(|e| io_error("eventfd", &e))?;
        let reactor = Reactor {
            poll,
            clock: Clock::new(),
            timers: Timers::new(),
            timer_fd,
            armed: None,
            self_wake,
            inbox_waker: Arc::new(inbox_waker),
            failures: Vec::new(),
            freed: Cell::new(0),
            ready: ReadyQueue::new(),
        };
        reactor.register(reactor.timer_fd.as_fd(), Own::Timer, mio::Interest::READABLE)?;
        reactor.register(reactor.self_wake.as_fd(), Own::SelfWake, mio::Interest::READABLE)?;
        Ok(reactor)
    }

    /// A fresh buffer for [`poll`](Self::poll).
    pub(crate) fn event_buffer() -> mio::Events {
        mio::Events::with_capacity(EVENTS_PER_POLL)
    }

    /// The descriptor for the host to poll: the epoll descriptor itself.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is the poll's own, which lives as long as the borrow.
        unsafe { BorrowedFd::borrow_raw(self.poll.as_raw_fd()) }
    }

    pub(crate) fn inbox_waker(&self) -> Arc<mio::Waker> {
        Arc::clone(&self.inbox_waker)
    }

    /// Waits for readiness at most `timeout` (`None`: without end) and freezes the clock after it.
    ///
    /// An interruption by a signal counts as "nothing is ready": the host may have work to do.
    pub(crate) fn poll(
        &mut self,
        events: &mut mio::Events,
        timeout: Option<Duration>,
    ) -> Result<()> {
        let outcome = self.poll.poll(events, timeout);
        self.clock.freeze();
        match outcome {
            Ok(()) => {}
            Err(e) if e.raw_os_error() == Some(Errno::EINTR as i32) => events.clear(),
            Err(e) => return Err(io_error("epoll_wait", &e)),
        }
        Ok(())
    }

    /// The time of this turn, or of this call when no turn runs.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// [`now`](Self::now) as a tick.
    pub(crate) fn tick(&self) -> Tick {
        self.clock.tick()
    }

    /// Reads the clock again: at the start of a call between turns.
    pub(crate) fn refresh_now(&mut self) -> Instant {
        self.clock.freeze();
        self.clock.now()
    }

    /// Lets time pass in a test that reads no clock.
    #[cfg(test)]
    pub(crate) fn jump(&mut self, by: Duration) {
        self.clock.jump(by);
    }

    /// The time at this instant.
    pub(crate) fn measure_now(&self) -> Instant {
        Clock::read()
    }

    /// The tick of this instant, for the time budget inside a turn.
    pub(crate) fn measure_tick(&self) -> Tick {
        Clock::read_tick()
    }

    /// Processor time that this thread has used.
    pub(crate) fn thread_time(&self) -> Duration {
        Clock::thread_time()
    }

    /// The clock that the slices of a turn look at.
    pub(crate) fn clock() -> fn() -> Tick {
        Clock::read_tick
    }

    pub(crate) fn register(
        &self,
        fd: BorrowedFd<'_>,
        key: impl Into<Key>,
        interest: mio::Interest,
    ) -> Result<()> {
        self.poll
            .registry()
            .register(&mut SourceFd(&fd.as_raw_fd()), key.into().token(), interest)
            .map_err(|e| io_error("epoll_ctl add", &e))
    }

    pub(crate) fn reregister(
        &self,
        fd: BorrowedFd<'_>,
        key: impl Into<Key>,
        interest: mio::Interest,
    ) -> Result<()> {
        self.poll
            .registry()
            .reregister(&mut SourceFd(&fd.as_raw_fd()), key.into().token(), interest)
            .map_err(|e| io_error("epoll_ctl modify", &e))
    }

    /// Takes `fd` out of the epoll set for a while. One that is closed is
    /// [released](Self::release).
    pub(crate) fn deregister(&self, fd: BorrowedFd<'_>) {
        let outcome = self.poll.registry().deregister(&mut SourceFd(&fd.as_raw_fd()));
        invariant!(outcome.is_ok(), "what leaves the epoll set was in it");
    }

    /// Takes `fd` out of the epoll set, always before its owner closes it, which it does now: a copy of it in a
    /// forked child of the host would keep the registration alive.
    pub(crate) fn release(&self, fd: BorrowedFd<'_>) {
        self.deregister(fd);
        self.note_freed();
    }

    /// A descriptor that is not registered is closed now.
    pub(crate) fn note_freed(&self) {
        self.freed.set(self.freed.get().wrapping_add(1));
    }

    /// A number that changes when the engine has closed a descriptor: whoever waits for one may try again.
    pub(crate) fn freed(&self) -> u64 {
        self.freed.get()
    }

    /// A random number, for delays: without random numbers the longest one is the politest.
    pub(crate) fn random(&self) -> u64 {
        getrandom::u64().unwrap_or(u64::MAX)
    }

    /// Keeps a failure for the log: one that must not stop what the caller is in the middle of.
    pub(crate) fn report(&mut self, failure: Error) {
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(failure);
        }
    }

    /// What was reported since the last call.
    pub(crate) fn take_failures(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.failures)
    }

    /// Has `key` reported once `deadline` has passed.
    pub(crate) fn set_timer(&mut self, deadline: Instant, key: impl Into<Key>) -> TimerId {
        self.timers.set(deadline, key.into())
    }

    /// Takes a timer back. A timer that has fired or was cancelled is ignored.
    pub(crate) fn cancel_timer(&mut self, timer: TimerId) {
        self.timers.cancel(timer);
    }

    /// The key of the next timer that is due, in order of deadlines, and how late it fires.
    pub(crate) fn expired(&mut self) -> Option<(Key, Duration)> {
        let now = self.clock.now();
        let (key, deadline) = self.timers.expire(now)?;
        Some((key, now.saturating_duration_since(deadline)))
    }

    /// The earliest deadline of all timers.
    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Whose a descriptor is that the kernel reported. Notes what that says of the reactor's own.
    pub(crate) fn take_polled(&mut self, event: &mio::event::Event) -> Polled {
        let key = Key::from_token(event.token());
        match Own::from_key(key) {
            None => return Polled::User(key),
            Some(Own::Inbox) => return Polled::Inbox,
            // It fired, so nothing is armed any more.
            Some(Own::Timer) => self.armed = None,
            // Its edge is used up.
            Some(Own::SelfWake) => self.self_wake.seen(),
        }
        Polled::Own
    }

    /// Makes the readiness of the descriptor exact before a call returns to the host: readable while there
    /// is `work` (or anything in the ready queue), and at the earliest deadline.
    pub(crate) fn update_readiness(&mut self, work: bool) -> Result<()> {
        self.self_wake.set(work || !self.ready.is_empty())?;
        let deadline = self.timers.next_deadline();
        if deadline != self.armed {
            self.arm(deadline)?;
        }
        Ok(())
    }

    fn arm(&mut self, deadline: Option<Instant>) -> Result<()> {
        let outcome = match deadline {
            None => self.timer_fd.unset(),
            Some(at) => {
                // Zero would disarm; a deadline that has passed fires in a nanosecond.
                let wait = at.saturating_duration_since(Clock::read()).max(Duration::from_nanos(1));
                let expiration = Expiration::OneShot(TimeSpec::from_duration(wait));
                self.timer_fd.set(expiration, TimerSetTimeFlags::empty())
            }
        };
        outcome.map_err(|e| Error::system("timerfd_settime", e))?;
        self.armed = deadline;
        Ok(())
    }
}

/// An error of the standard library's as one of ours.
pub(crate) fn io_error(what: &'static str, error: &std::io::Error) -> Error {
    match error.raw_os_error() {
        Some(code) => Error::system(what, Errno::from_raw(code)),
        // Not from the kernel.
        None => Error::new(ErrorKind::System, format!("{what}: {error}")),
    }
}
