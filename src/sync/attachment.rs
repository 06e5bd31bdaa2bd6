//! A client's attachment to a terminal: how far its output has been sent, and what comes next.
//!
//! Bytes are sent as far as the client's credit and its queue allow. A client that may not or can not
//! have all of them is brought back by a *resync*: a snapshot of the screen where there is one, else a gap
//! up to the newest byte.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::protocol::{Mode, Start};
use crate::reactor::TerminalId;

/// How long others wait for a client that gets every byte before it is brought forward.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);
/// Rows of scrollback in the snapshot of a client that asks for none in particular.
const HISTORY: usize = 1000;
/// The most rows that a client gets.
const HISTORY_MAX: usize = 10_000;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Attachment {
    pub(crate) terminal: TerminalId,
    pub(crate) mode: Mode,
    /// Offset of the next byte.
    pub(crate) cursor: u64,
    /// Bytes that may be on their way.
    window: u64,
    /// Bytes before this offset were worked off.
    credited: u64,
    /// Bytes are not what comes next.
    pub(crate) resync: Option<Resync>,
    /// A snapshot that is being sent.
    pub(crate) parts: Option<Parts>,
    /// The last clearing of the screen that the client knows.
    pub(crate) cleared_at: Option<u64>,
    /// What a viewer of the screen has seen.
    pub(crate) generation: u64,
    pub(crate) next_screen_at: Option<Instant>,
    /// The screen has been sent as it is.
    pub(crate) is_shown: bool,
    /// Since when others have waited for it.
    pub(crate) lags_since: Option<Instant>,
    /// The end of the program was told.
    pub(crate) ended: bool,
}

/// How a client is brought to where the output is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resync {
    /// Rows of scrollback, where there is a screen.
    pub(crate) history: usize,
    /// Not before this time: what still comes until then need not be sent.
    pub(crate) not_before: Option<Instant>,
}

/// A snapshot on its way.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) bytes: Bytes,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
}

impl Attachment {
    /// An attachment that begins as `start` says; an offset past the end is the end.
    pub(crate) fn new(
        terminal: TerminalId,
        mode: Mode,
        start: Start,
        window: u64,
        (log_end, has_screen): (u64, bool),
    ) -> Self {
        let (cursor, resync) = match start {
            Start::Now => (log_end, None),
            Start::Offset(offset) => (offset.min(log_end), None),
            Start::Snapshot(rows) if has_screen => (log_end, Some(rows as usize)),
            Start::Default if has_screen => (log_end, Some(HISTORY)),
            Start::Oldest | Start::Snapshot(_) | Start::Default => (0, None),
        };
        let resync = resync.filter(|_| mode != Mode::Screen);
        let resync = resync.map(|rows| Resync { history: rows.min(HISTORY_MAX), not_before: None });
        Attachment {
            terminal,
            mode,
            cursor,
            window,
            credited: cursor,
            resync,
            parts: None,
            cleared_at: None,
            generation: 0,
            next_screen_at: None,
            is_shown: false,
            lags_since: None,
            ended: false,
        }
    }

    /// Bytes that may be sent now.
    pub(crate) fn credit(&self) -> u64 {
        (self.credited + self.window).saturating_sub(self.cursor)
    }

    /// The client has worked off everything before `offset`.
    pub(crate) fn on_credit(&mut self, offset: u64) {
        self.credited = self.credited.max(offset.min(self.cursor));
    }

    /// Bytes up to this offset are left out. They cost no credit: the client does not see them, so it could
    /// not give any for them.
    pub(crate) fn skip_to(&mut self, offset: u64) {
        self.credited += offset.saturating_sub(self.cursor);
        self.cursor = self.cursor.max(offset);
    }

    /// Output before the cursor is no longer on its way: it was skipped.
    pub(crate) fn jump_to(&mut self, offset: u64) {
        self.cursor = offset;
        self.credited = self.credited.max(offset);
        self.lags_since = None;
    }

    /// Offset of the first byte that must be kept for this client.
    pub(crate) fn keeps_from(&self) -> Option<u64> {
        let keeps = self.mode == Mode::Lossless && self.resync.is_none() && self.parts.is_none();
        keeps.then_some(self.cursor)
    }

    /// Whether everything before `offset` is on its way.
    pub(crate) fn has_everything(&self, offset: u64) -> bool {
        self.cursor >= offset && self.resync.is_none() && self.parts.is_none()
    }

    /// Looks whether others (`others_wait`) have waited for this client for too long; then it is
    /// brought forward. Gives the time to look again.
    pub(crate) fn watch_lag(
        &mut self,
        unread: u64,
        unread_max: u64,
        others_wait: bool,
        now: Instant,
    ) -> Option<Instant> {
        let keeps_back = others_wait && self.keeps_from().is_some() && unread >= unread_max / 2;
        if !keeps_back {
            self.lags_since = None;
            return None;
        }
        let until = *self.lags_since.get_or_insert(now) + PATIENCE;
        if until > now {
            return Some(until);
        }
        self.lags_since = None;
        self.resync = Some(Resync { history: 0, not_before: None });
        // At once; the caller has gone through what it sends already.
        Some(now)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn attachment(start: Start, has_screen: bool) -> Attachment {
        let id = TerminalId::from_u64(1);
        Attachment::new(id, Mode::Lossless, start, 100, (1000, has_screen))
    }

    #[test]
    fn where_output_begins() {
        let table = [
            (Start::Oldest, true, (0, false)),
            (Start::Now, true, (1000, false)),
            (Start::Offset(10), true, (10, false)),
            (Start::Offset(1001), true, (1000, false)),
            (Start::Snapshot(5), true, (1000, true)),
            (Start::Snapshot(5), false, (0, false)),
            (Start::Default, true, (1000, true)),
            (Start::Default, false, (0, false)),
        ];
        for (start, has_screen, expected) in table {
            let made = attachment(start, has_screen);
            assert_eq!((made.cursor, made.resync.is_some()), expected, "{start:?} {has_screen}");
        }
    }

    #[test]
    fn credit_is_absolute_and_cannot_be_invented() {
        let mut attachment = attachment(Start::Oldest, false);
        assert_eq!(attachment.credit(), 100);
        attachment.cursor = 100;
        assert_eq!(attachment.credit(), 0);
        attachment.on_credit(60);
        attachment.on_credit(10);
        assert_eq!(attachment.credit(), 60);
        attachment.on_credit(u64::MAX);
        assert_eq!(attachment.credit(), 100);
    }

    #[test]
    fn what_is_left_out_costs_no_credit() {
        let mut attachment = attachment(Start::Oldest, false);
        attachment.cursor = 70;
        attachment.skip_to(500);
        assert_eq!((attachment.cursor, attachment.credit()), (500, 30));
        attachment.skip_to(400);
        assert_eq!((attachment.cursor, attachment.credit()), (500, 30));
    }

    #[test]
    fn a_client_that_others_wait_for_is_brought_forward() {
        let now = Instant::now();
        let mut attachment = attachment(Start::Oldest, false);
        assert_eq!(attachment.watch_lag(900, 1000, false, now), None);
        assert_eq!(attachment.watch_lag(900, 1000, true, now), Some(now + PATIENCE));
        // It caught up, so the time counts anew.
        assert_eq!(attachment.watch_lag(100, 1000, true, now + PATIENCE), None);
        let later = now + PATIENCE;
        assert_eq!(attachment.watch_lag(900, 1000, true, later), Some(later + PATIENCE));
        let end = later + PATIENCE;
        assert_eq!(attachment.watch_lag(900, 1000, true, end), Some(end));
        assert!(attachment.resync.is_some() && attachment.keeps_from().is_none());
    }
}
