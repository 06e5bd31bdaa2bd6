//! A reader of the host: a consumer that can be paused, and may become a viewer when it lags.

use std::time::Instant;

use super::consumer::{Cleared, Consumer, Next, OnLoss, Output};
use crate::id::ReaderId;
use crate::terminal::options::{Delivery, Lag, ReaderOptions};
use crate::terminal::viewport::Viewport;

pub(crate) struct Reader {
    pub(crate) id: ReaderId,
    pub(crate) paused: bool,
    pub(crate) consumer: Consumer,
    pub(crate) viewport: Viewport,
    /// How far a lossless reader may lag before it becomes a viewer.
    downgrade: Option<Lag>,
    /// It became a viewer because it lagged, which has not been reported.
    handed_over: bool,
}

impl Reader {
    pub(crate) fn new(
        id: ReaderId,
        options: &ReaderOptions,
        at: (u64, Cleared),
        now: Instant,
    ) -> Self {
        let mut consumer =
            Consumer::new(options.delivery, OnLoss::Report, at, options.interval, now);
        if options.without_queries {
            consumer.skip_queries(u64::MAX);
        }
        Reader {
            id,
            paused: false,
            consumer,
            viewport: Viewport::default(),
            downgrade: options.downgrade,
            handed_over: false,
        }
    }

    /// Whether it was given everything before `offset`.
    pub(crate) fn is_at(&self, offset: u64) -> bool {
        self.consumer.has_got(offset)
    }

    /// Whether [`take`](Self::take) has something to give.
    pub(crate) fn has_next(&self, output: &Output<'_>) -> bool {
        let has_next = || self.consumer.peek(output, u64::MAX, usize::MAX).is_some();
        !self.paused && (self.handed_over || has_next())
    }

    /// Whether it is to be reported that it became a viewer; that is reported once.
    pub(crate) fn take_handed_over(&mut self) -> bool {
        !self.paused && std::mem::take(&mut self.handed_over)
    }

    /// Takes what comes next and moves past it.
    pub(crate) fn take(&mut self, output: &Output<'_>, now: Instant) -> Option<Next> {
        if self.paused {
            return None;
        }
        loop {
            let next = self.consumer.take(output, u64::MAX, usize::MAX)?;
            match next {
                Next::Skip { .. } => continue,
                Next::Bytes { .. } => self.consumer.lag.restart(now),
                _ => {}
            }
            return Some(next);
        }
    }

    /// Changes how output reaches it.
    pub(crate) fn set_delivery(&mut self, delivery: Delivery, output: &Output<'_>, now: Instant) {
        self.consumer.set_delivery(delivery, output, now);
        self.viewport = Viewport::default();
    }

    /// A lossless reader that lags more than it was allowed becomes a viewer of the screen. `most`: bytes that
    /// can be unread of an output that ends at `end`. Whether it did.
    pub(crate) fn hand_over(&mut self, end: u64, most: u64, now: Instant) -> bool {
        let Some(lag) = self.allowed_lag() else { return false };
        let backlog = self.consumer.backlog(end);
        let until = self.consumer.lag.observe(backlog > 0, None, lag.age, now);
        if backlog < lag.bytes.min(most) && until.is_none_or(|until| until > now) {
            return false;
        }
        self.consumer.become_viewer(now);
        self.handed_over = true;
        true
    }

    /// When it will have lagged too long.
    pub(crate) fn hands_over_at(&self) -> Option<Instant> {
        self.consumer.lag.since()?.checked_add(self.allowed_lag()?.age)
    }

    fn allowed_lag(&self) -> Option<Lag> {
        self.downgrade.filter(|_| self.consumer.delivery() == Delivery::Lossless)
    }
}
