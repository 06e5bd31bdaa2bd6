//! A series of starts of one program: what decides, what it is started with, and its one timer. `restarting.rs` drives it.

use std::collections::VecDeque;
use std::time::Instant;

use super::key::Alarm;
use super::options::SpawnOptions;
use super::restart_report::{Reported, RestartState};
use crate::error::Error;
use crate::id::TerminalId;
use crate::observe::HealthReason;
use crate::policy::{RestartPolicy, Restarts};
use crate::reactor::{Reactor, TimerId};

/// See the module's documentation.
pub(super) struct Series {
    pub(super) restarts: Restarts,
    pub(super) options: SpawnOptions,
    /// What they take, with what lies elsewhere.
    options_bytes: usize,
    /// Terminals of earlier runs, the oldest first.
    pub(super) ended: VecDeque<TerminalId>,
    pub(super) until: Option<Instant>,
    /// No start is made for a while, after too many failures in a row.
    pub(super) is_broken: bool,
    pub(super) given_up: bool,
    pub(super) last_error: Option<Error>,
    pub(super) timer: Option<TimerId>,
}

impl Series {
    pub(super) fn new(policy: RestartPolicy, options: &SpawnOptions) -> Self {
        Series {
            restarts: Restarts::new(policy),
            options: options.clone(),
            options_bytes: options.bytes(),
            ended: VecDeque::new(),
            until: None,
            is_broken: false,
            given_up: false,
            last_error: None,
            timer: None,
        }
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let ended = self.ended.capacity() * size_of::<TerminalId>();
        let error = self.last_error.as_ref().map_or(0, |error| error.message().len());
        size_of::<Series>() + self.options_bytes - size_of::<SpawnOptions>() + ended + error
    }

    pub(super) fn state(&self, now: Instant) -> RestartState {
        RestartState {
            start_in: self.until.map(|at| at.saturating_duration_since(now)),
            given_up: self.given_up,
            attempts: self.restarts.attempts(),
            breaker: self.restarts.breaker(now),
            last_error: self.last_error.clone(),
        }
    }

    /// What is wrong with a program that does not stay. One that was started again once is not yet worth a word.
    pub(super) fn problem(&self) -> Option<HealthReason> {
        if self.given_up {
            Some(HealthReason::GivenUp)
        } else if self.is_broken && self.until.is_some() {
            Some(HealthReason::BreakerOpen)
        } else {
            (self.restarts.attempts() > 1).then_some(HealthReason::ProgramCrashes)
        }
    }

    pub(super) fn cancel(&mut self, reactor: &mut Reactor) {
        if let Some(timer) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
    }

    pub(super) fn set_timer(&mut self, at: Instant, id: TerminalId, reactor: &mut Reactor) {
        self.cancel(reactor);
        self.timer = Some(reactor.set_timer(at, Alarm::Restart(id)));
    }

    /// What is to be reported: the next start, or that there is none.
    pub(super) fn report(&self, now: Instant) -> Option<Reported> {
        let (attempts, error) = (self.restarts.attempts(), self.last_error.clone());
        match self.until {
            Some(until) => {
                let start_in = until.saturating_duration_since(now);
                let breaker = self.restarts.breaker(now);
                Some(Reported::Waiting { start_in, attempts, breaker, error })
            }
            None if self.given_up => Some(Reported::GivenUp { attempts, error }),
            None => None,
        }
    }
}
