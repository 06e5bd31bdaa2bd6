//! A reader: a cursor over the log with a delivery mode.

use std::time::{Duration, Instant};

use super::log::OutputLog;
use crate::reactor::ReaderId;
use crate::terminal::options::{Delivery, Lag, ReaderOptions};

pub(crate) struct Reader {
    pub(crate) id: ReaderId,
    pub(crate) delivery: Delivery,
    pub(crate) paused: bool,
    /// Offset of the next byte to deliver. May lie before the log's start: then a gap comes first.
    pub(crate) cursor: u64,
    /// A snapshot with so many rows of scrollback comes before the next byte.
    pub(crate) snapshot: Option<usize>,
    /// The screen was cleared after the byte before this offset.
    pub(crate) cleared_at: Option<u64>,
    /// Of a viewer of the screen.
    pub(crate) view: Option<View>,
    /// How far a lossless reader may lag before it becomes a viewer.
    pub(crate) downgrade: Option<Lag>,
    /// Since when a reader with such a bound has had bytes waiting.
    pub(crate) behind_since: Option<Instant>,
    /// It became a viewer because it lagged, and has not been told.
    pub(crate) handed_over: bool,
    /// Questions of the program before this offset are left out.
    pub(crate) without_questions_until: u64,
    interval: Duration,
}

/// What a viewer has seen.
pub(crate) struct View {
    /// The screen's generation that it knows.
    pub(crate) generation: u64,
    /// Rows that it has scrolled back.
    pub(crate) back: usize,
    /// A hash of the rows that it saw last in the scrollback.
    pub(crate) seen: Option<u64>,
    /// The earliest time for its next update.
    pub(crate) next_at: Instant,
    pub(crate) interval: Duration,
    /// An update waits to be taken.
    pub(crate) ready: bool,
    /// It needs everything anew, and does not have to wait for it.
    pub(crate) urgent: bool,
}

/// What a reader gets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Bytes { offset: u64, len: usize },
    Gap { from: u64, to: u64 },
    Cleared { offset: u64 },
    Snapshot { history: usize },
    Update,
    HandedOver,
}

impl Reader {
    pub(crate) fn new(id: ReaderId, options: &ReaderOptions, cursor: u64, now: Instant) -> Self {
        let mut reader = Reader {
            id,
            delivery: options.delivery,
            paused: false,
            cursor,
            snapshot: None,
            cleared_at: None,
            view: None,
            downgrade: options.downgrade,
            behind_since: None,
            handed_over: false,
            without_questions_until: if options.without_questions { u64::MAX } else { 0 },
            interval: options.interval,
        };
        reader.set_delivery(options.delivery, now);
        reader
    }

    pub(crate) fn set_delivery(&mut self, delivery: Delivery, now: Instant) {
        self.delivery = delivery;
        self.behind_since = None;
        self.view = (delivery == Delivery::Screen).then_some(View {
            generation: 0,
            back: 0,
            seen: None,
            next_at: now,
            interval: self.interval,
            ready: false,
            urgent: true,
        });
        if self.view.is_some() {
            self.snapshot = None;
            self.cleared_at = None;
        }
    }

    /// Whether [`take`](Self::take) has something to give.
    pub(crate) fn has_next(&self, log: &OutputLog) -> bool {
        if self.paused {
            return false;
        }
        match &self.view {
            Some(view) => self.handed_over || view.ready,
            None => self.snapshot.is_some() || self.cleared_at.is_some() || self.cursor < log.end(),
        }
    }

    /// Whether it has been given everything up to `offset`.
    pub(crate) fn is_at(&self, offset: u64) -> bool {
        match &self.view {
            Some(view) => !view.ready,
            None => self.cursor >= offset && self.snapshot.is_none(),
        }
    }

    /// Takes what comes next and moves past it. `cut`: where bytes may begin after a gap. `question`
    /// finds the first question that ends after an offset.
    pub(crate) fn take(
        &mut self,
        log: &OutputLog,
        cut: u64,
        question: impl Fn(u64) -> Option<(u64, u64)>,
        now: Instant,
    ) -> Option<Next> {
        if !self.has_next(log) {
            return None;
        }
        if std::mem::take(&mut self.handed_over) {
            return Some(Next::HandedOver);
        }
        if self.view.is_some() {
            return Some(Next::Update);
        }
        if let Some(history) = self.snapshot.take() {
            self.cleared_at = None;
            return Some(Next::Snapshot { history });
        }
        let mut stop = log.end();
        while self.cursor < self.without_questions_until
            && let Some((from, to)) = question(self.cursor)
        {
            if from > self.cursor {
                stop = from;
                break;
            }
            self.cursor = to;
        }
        let from = self.cursor;
        if let Some(offset) = self.cleared_at.take_if(|offset| *offset <= from) {
            return Some(Next::Cleared { offset });
        }
        if from < log.start() {
            self.cursor = cut.clamp(log.start(), log.end());
            return Some(Next::Gap { from, to: self.cursor });
        }
        if from >= log.end() {
            return None;
        }
        let end = self.cleared_at.map_or(stop, |cleared| cleared.min(stop));
        let len = log.slice(from, (end - from) as usize).len();
        self.cursor += len as u64;
        self.behind_since = (self.behind_since.is_some() && self.cursor < log.end()).then_some(now);
        Some(Next::Bytes { offset: from, len })
    }

    /// Bytes that it has not been given, those that it can no longer be given included.
    pub(crate) fn backlog(&self, log: &OutputLog) -> u64 {
        log.end() - self.cursor.min(log.end())
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::terminal::output::LogBudget;

    #[test]
    fn bytes_and_gaps_cover_everything() {
        let mut budget = LogBudget::new(usize::MAX);
        let mut log = OutputLog::new(64 << 10);
        let id = ReaderId::from_u64(1);
        let now = Instant::now();
        let mut reader = Reader::new(id, &ReaderOptions::new(Delivery::Lossy), 0, now);
        let mut covered = 0;
        for round in 0..50 {
            for _ in 0..round * 3 {
                let room = log.room(u64::MAX, &mut budget).unwrap().len();
                log.commit(room.min(1000));
            }
            while let Some(next) = reader.take(&log, 0, |_| None, now) {
                let (from, to) = match next {
                    Next::Bytes { offset, len } => (offset, offset + len as u64),
                    Next::Gap { from, to } => (from, to),
                    other => panic!("{other:?}"),
                };
                assert_eq!(from, covered);
                assert!(to > from);
                covered = to;
            }
            assert_eq!(covered, log.end());
        }
        assert!(log.start() > 0, "the log has wrapped");
    }
}
