//! What is reported of a program that is started again, and what a query says of it; see `restarting.rs`.

use std::time::Duration;

use crate::error::Error;
use crate::id::TerminalId;
use crate::policy::BreakerState;

/// What happens to a program with a [`RestartPolicy`](crate::RestartPolicy) after it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartEvent<'a> {
    /// It will be started again. Closing the terminal before ends that.
    Waiting {
        /// After this time.
        start_in: Duration,
        /// Starts since the last run that was stable, the next one included.
        attempts: u32,
        /// [`Open`](BreakerState::Open) after too many failures in a row.
        breaker: BreakerState,
        /// Why the last start failed; `None` when it was the program that ended.
        error: Option<&'a Error>,
    },
    /// It was started again, in a new terminal with the options, the tag and the size of this one.
    Started {
        /// The new terminal, of which no event came before.
        terminal: TerminalId,
        /// Starts since the last run that was stable.
        attempts: u32,
    },
    /// It is not started any more: all attempts are used up.
    GivenUp {
        /// Starts since the last run that was stable.
        attempts: u32,
        /// Why the last start failed; `None` when it was the program that ended.
        error: Option<&'a Error>,
    },
}

/// How it stands with the restarts of a terminal's program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestartState {
    /// The time until it is started again; `None` while it runs, and once it has been given up.
    pub start_in: Option<Duration>,
    /// All attempts are used up.
    pub given_up: bool,
    /// Starts since the last run that was stable; 0 if this one is.
    pub attempts: u32,
    /// [`Open`](BreakerState::Open) after too many failures in a row; a program that was started after that is a
    /// trial ([`HalfOpen`](BreakerState::HalfOpen)) until it is stable.
    pub breaker: BreakerState,
    /// Why it could not be started, the last time that it could not, since the last run.
    pub last_error: Option<Error>,
}

/// What is unreported of the restarts of a terminal's program.
#[derive(Debug)]
pub(super) enum Report {
    /// As the series has it.
    Series,
    Started(TerminalId, u32),
}

/// A report that was taken, with what its event borrows.
#[derive(Debug)]
pub(super) enum Reported {
    Waiting { start_in: Duration, attempts: u32, breaker: BreakerState, error: Option<Error> },
    Started { terminal: TerminalId, attempts: u32 },
    GivenUp { attempts: u32, error: Option<Error> },
}

impl Reported {
    pub(super) fn event(&self) -> RestartEvent<'_> {
        match self {
            Reported::Waiting { start_in, attempts, breaker, error } => RestartEvent::Waiting {
                start_in: *start_in,
                attempts: *attempts,
                breaker: *breaker,
                error: error.as_ref(),
            },
            Reported::Started { terminal, attempts } => {
                RestartEvent::Started { terminal: *terminal, attempts: *attempts }
            }
            Reported::GivenUp { attempts, error } => {
                RestartEvent::GivenUp { attempts: *attempts, error: error.as_ref() }
            }
        }
    }
}
