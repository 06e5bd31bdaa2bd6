//! A reader: a cursor over the log with a delivery mode.

use super::log::OutputLog;
use crate::reactor::ReaderId;
use crate::terminal::options::Delivery;

pub(crate) struct Reader {
    pub(crate) id: ReaderId,
    pub(crate) delivery: Delivery,
    pub(crate) paused: bool,
    /// Offset of the next byte to deliver. May lie before the log's start: then a gap comes first.
    pub(crate) cursor: u64,
}

/// What a reader gets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Bytes { offset: u64, len: usize },
    Gap { from: u64, to: u64 },
}

impl Reader {
    /// Whether [`take`](Self::take) has something to give.
    pub(crate) fn has_next(&self, log: &OutputLog) -> bool {
        !self.paused && self.cursor < log.end()
    }

    /// Takes what comes next and moves past it.
    pub(crate) fn take(&mut self, log: &OutputLog) -> Option<Next> {
        if !self.has_next(log) {
            return None;
        }
        let from = self.cursor;
        if from < log.start() {
            self.cursor = log.start();
            return Some(Next::Gap { from, to: self.cursor });
        }
        let len = log.slice(from, usize::MAX).len();
        self.cursor += len as u64;
        Some(Next::Bytes { offset: from, len })
    }

    /// Bytes that it has not been given, those that it can no longer be given included.
    pub(crate) fn backlog(&self, log: &OutputLog) -> u64 {
        log.end() - self.cursor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::output::LogBudget;

    #[test]
    fn bytes_and_gaps_cover_everything() {
        let mut budget = LogBudget::new(usize::MAX);
        let mut log = OutputLog::new(64 << 10);
        let id = ReaderId::from_u64(1);
        let mut reader = Reader { id, delivery: Delivery::Lossy, paused: false, cursor: 0 };
        let mut covered = 0;
        for round in 0..50 {
            for _ in 0..round * 3 {
                let room = log.room(u64::MAX, &mut budget).unwrap().len();
                log.commit(room.min(1000));
            }
            while let Some(next) = reader.take(&log) {
                let (from, to) = match next {
                    Next::Bytes { offset, len } => (offset, offset + len as u64),
                    Next::Gap { from, to } => (from, to),
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
