//! A client's attachment to a terminal: how far its output has been sent, and what comes next.
//!
//! Bytes are sent as far as the client's credit and its queue allow. A client that may not or can not
//! have all of them is brought back by a *resync*: a snapshot of the screen where there is one, else a gap
//! up to the newest byte.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::holding::HoldClock;
use super::protocol::{Mode, Start};
use crate::reactor::TerminalId;
use crate::terminal::FeedState;

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
    /// The client itself has given credit up to here.
    acknowledged: u64,
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
    /// How long it has held the program back, if its client may type.
    pub(super) hold: HoldClock,
    /// The client was warned that it may hold the program back until then.
    pub(super) warned: Option<Instant>,
    /// Nothing is kept for it for now: its client may not type, and such clients had their time.
    pub(super) rests: bool,
    /// It held the program back for too long and was brought forward to this offset. Nothing is kept for
    /// it before it has caught up.
    lapsed: Option<u64>,
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
            acknowledged: 0,
            resync,
            parts: None,
            cleared_at: None,
            generation: 0,
            next_screen_at: None,
            is_shown: false,
            lags_since: None,
            hold: HoldClock::default(),
            warned: None,
            rests: false,
            lapsed: None,
            ended: false,
        }
    }

    /// Bytes that may be sent now.
    pub(crate) fn credit(&self) -> u64 {
        (self.credited + self.window).saturating_sub(self.cursor)
    }

    /// The client has worked off everything before `offset`.
    pub(crate) fn on_credit(&mut self, offset: u64) {
        self.acknowledged = self.acknowledged.max(offset.min(self.cursor));
        self.credited = self.credited.max(self.acknowledged);
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
        let keeps = self.mode == Mode::Lossless
            && self.resync.is_none()
            && self.parts.is_none()
            && self.lapsed.is_none()
            && !self.rests;
        keeps.then_some(self.cursor)
    }

    /// Whether what it has not taken stands in the way: it is half of what stops the PTY, or terminals
    /// starve for memory.
    fn keeps_much(&self, state: &FeedState) -> bool {
        let unread = state.end.saturating_sub(self.cursor);
        let is_much = unread >= state.unread_max / 2 || (state.starves && unread > 0);
        self.keeps_from().is_some() && is_much
    }

    /// Whether what it has not taken holds a program back: its own, or one that starves for memory.
    pub(super) fn holds_back(&self, state: &FeedState) -> bool {
        (state.stands || state.starves) && self.keeps_much(state)
    }

    /// It goes on as a viewer of the screen, which it is sent anew.
    pub(super) fn become_viewer(&mut self, end: u64) {
        self.mode = Mode::Screen;
        self.jump_to(end);
        (self.resync, self.parts) = (None, None);
        (self.generation, self.next_screen_at, self.is_shown) = (0, None, false);
    }

    /// It was brought forward to here because it held the program back.
    pub(super) fn lapse_at(&mut self, offset: u64) {
        self.jump_to(offset);
        self.lapsed = Some(offset);
    }

    /// Bytes are kept for it again once its client has worked off what came after the gap.
    pub(super) fn look_at_lapse(&mut self, end: u64) {
        let has_gone_on = self.lapsed.is_some_and(|offset| self.acknowledged >= offset);
        if has_gone_on && self.acknowledged.saturating_add(self.window / 2) >= end {
            self.lapsed = None;
        }
    }

    /// Whether everything before `offset` is on its way.
    pub(crate) fn has_everything(&self, offset: u64) -> bool {
        self.cursor >= offset && self.resync.is_none() && self.parts.is_none()
    }

    /// Looks whether others (`others_wait`) have waited for this client for too long; then it is
    /// brought forward. Gives the time to look again.
    pub(crate) fn watch_lag(
        &mut self,
        state: &FeedState,
        others_wait: bool,
        now: Instant,
    ) -> Option<Instant> {
        if !(others_wait && self.keeps_much(state)) {
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

    /// A terminal with so much output, whose PTY stands still at 1,000 unread bytes.
    fn state(end: u64, stands: bool, starves: bool) -> FeedState {
        FeedState {
            end,
            exit: None,
            is_leaving: false,
            has_screen: true,
            held_until: None,
            is_quiet: false,
            host_waits: false,
            stands,
            starves,
            unread_max: 1000,
            cleared_at: None,
        }
    }

    #[test]
    fn a_client_that_others_wait_for_is_brought_forward() {
        let now = Instant::now();
        let mut attachment = attachment(Start::Oldest, false);
        let (far, near) = (state(900, true, false), state(100, true, false));
        assert_eq!(attachment.watch_lag(&far, false, now), None);
        assert_eq!(attachment.watch_lag(&far, true, now), Some(now + PATIENCE));
        // It caught up, so the time counts anew.
        assert_eq!(attachment.watch_lag(&near, true, now + PATIENCE), None);
        let later = now + PATIENCE;
        assert_eq!(attachment.watch_lag(&far, true, later), Some(later + PATIENCE));
        let end = later + PATIENCE;
        assert_eq!(attachment.watch_lag(&far, true, end), Some(end));
        assert!(attachment.resync.is_some() && attachment.keeps_from().is_none());
    }

    #[test]
    fn who_holds_a_program_back() {
        let mut attachment = attachment(Start::Oldest, false);
        // (end of the output, the PTY stands, terminals starve, it holds them back)
        let table = [
            (900, false, false, false),
            (900, true, false, true),
            (499, true, false, false),
            (500, true, false, true),
            (1, false, true, true),
            (0, false, true, false),
        ];
        for (end, stands, starves, holds) in table {
            let state = state(end, stands, starves);
            assert_eq!(attachment.holds_back(&state), holds, "{end} {stands} {starves}");
        }
        let full = state(900, true, true);
        attachment.rests = true;
        assert!(!attachment.holds_back(&full));
        attachment.rests = false;
        attachment.mode = Mode::Lossy;
        assert!(!attachment.holds_back(&full));
    }

    #[test]
    fn who_was_brought_forward_holds_nothing_back_before_it_has_caught_up() {
        let mut attachment = attachment(Start::Oldest, false);
        attachment.lapse_at(900);
        let full = state(2000, true, true);
        assert!(!attachment.holds_back(&full));
        // The gap alone is no sign of life.
        attachment.look_at_lapse(900);
        assert!(attachment.keeps_from().is_none());
        attachment.on_credit(900);
        attachment.look_at_lapse(2000);
        assert!(attachment.keeps_from().is_none(), "it is far behind");
        attachment.look_at_lapse(950);
        assert_eq!(attachment.keeps_from(), Some(900));
        attachment.become_viewer(2000);
        assert_eq!((attachment.mode, attachment.cursor), (Mode::Screen, 2000));
        assert!(attachment.keeps_from().is_none());
    }
}
