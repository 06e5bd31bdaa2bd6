//! Batch operations: many commands for many terminals in one call, each with its own status.

use std::borrow::Cow;
use std::time::Duration;

use super::options::{Mode, SignalTarget};
use super::size::Size;
use super::{Terminals, paste};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ReaderId, TerminalId};
use crate::reactor::Reactor;

/// One operation on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Op<'a> {
    /// Types these bytes, all of them or, when the input queue has no room for all, none
    /// ([`LimitReached`](ErrorKind::LimitReached)).
    Input(Cow<'a, [u8]>),
    /// Types text as pasted: without control characters, its lines ended by carriage returns, and in
    /// brackets when the program asked for that. Whole or not at all, as [`Input`](Self::Input).
    Paste(Cow<'a, [u8]>),
    /// Drops the scrollback of the screen and the rows above the cursor's, which becomes the first
    /// one; while the alternate screen is in use, only the scrollback of the other one. Readers of bytes
    /// get [`Cleared`](crate::TerminalEvent::Cleared).
    Clear,
    /// Scrolls a reader with [`Delivery::Screen`](crate::Delivery::Screen) back to so many rows above
    /// the screen, at most as many as there are; 0 is the screen itself. Further output leaves the
    /// view where it is.
    ScrollTo(ReaderId, u32),
    /// Changes the size; changes in quick succession are coalesced. Sets the policy
    /// [`SizePolicy::Fixed`](crate::SizePolicy::Fixed).
    Resize(Size),
    /// Changes the line discipline.
    SetMode(Mode),
    /// Sends a signal, by its number.
    Signal(i32, SignalTarget),
}

impl Op<'_> {
    /// The operation with bytes of its own, so that it can travel to another thread.
    pub fn into_owned(self) -> Op<'static> {
        match self {
            Op::Input(bytes) => Op::Input(Cow::Owned(bytes.into_owned())),
            Op::Paste(bytes) => Op::Paste(Cow::Owned(bytes.into_owned())),
            Op::Clear => Op::Clear,
            Op::ScrollTo(reader, rows) => Op::ScrollTo(reader, rows),
            Op::Resize(size) => Op::Resize(size),
            Op::SetMode(mode) => Op::SetMode(mode),
            Op::Signal(signal, target) => Op::Signal(signal, target),
        }
    }

    /// What the operation weighs in the inbox.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Op::Input(bytes) | Op::Paste(bytes) => bytes.len(),
            Op::Clear | Op::ScrollTo(..) | Op::Resize(_) | Op::SetMode(_) | Op::Signal(..) => 0,
        }
    }
}

/// The operations for one terminal, in order.
#[derive(Clone, Debug)]
pub struct BatchEntry<'a> {
    /// Which terminal.
    pub terminal: TerminalId,
    /// What to do; after one fails, the rest is skipped: it may build on it.
    pub ops: &'a [Op<'a>],
}

/// What became of a batch. A failed operation is not a failure of the call.
#[derive(Clone, Debug)]
pub struct BatchReport {
    /// Operations in the batch.
    pub total: usize,
    /// Those that succeeded.
    pub succeeded: usize,
    /// Those that failed or were skipped.
    pub failed: usize,
    /// How long the batch took.
    pub duration: Duration,
    /// One status per operation, in the order of the entries and their operations.
    pub statuses: Vec<Result<()>>,
}

impl BatchReport {
    pub(crate) fn new(statuses: Vec<Result<()>>, duration: Duration) -> Self {
        let total = statuses.len();
        let succeeded = statuses.iter().filter(|status| status.is_ok()).count();
        BatchReport { total, succeeded, failed: total - succeeded, duration, statuses }
    }
}

impl Terminals {
    /// Does operations in order, a status for each. After one fails, those behind it that name the
    /// same terminal are skipped.
    pub(crate) fn run_batch<'a>(
        &mut self,
        ops: impl Iterator<Item = (TerminalId, Result<&'a Op<'a>>)>,
        reactor: &mut Reactor,
    ) -> Vec<Result<()>> {
        let mut failed = None;
        ops.map(|(id, op)| {
            if failed == Some(id) {
                let why = "an earlier operation for this terminal failed";
                return Err(Error::new(ErrorKind::Skipped, why));
            }
            let status = op.and_then(|op| self.apply(id, op, reactor));
            failed = status.is_err().then_some(id);
            status
        })
        .collect()
    }

    /// Does one operation of the host.
    pub(crate) fn apply(
        &mut self,
        id: TerminalId,
        op: &Op<'_>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        match op {
            Op::Input(bytes) => self.write_whole(id, bytes, reactor),
            Op::Paste(bytes) => {
                let bracketed = self.get(id)?.brackets_pastes();
                self.write_whole(id, &paste::sanitize(bytes, bracketed), reactor)
            }
            Op::Clear => self.clear_screen(id, reactor),
            Op::ScrollTo(reader, rows) => self
                .command(id, reactor, |t, reactor| t.scroll_to(*reader, *rows as usize, reactor)),
            Op::Resize(size) => self.fix_size(id, *size, reactor),
            Op::SetMode(mode) => {
                self.command(id, reactor, |t, _| t.accepts_commands()?.set_mode(*mode))
            }
            Op::Signal(signal, target) => self.command(id, reactor, |t, reactor| {
                t.expect_exit(reactor);
                t.signal(*signal, *target)
            }),
        }
    }
}
