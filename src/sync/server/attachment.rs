//! A client's attachment to a terminal: a [`Consumer`] of its output with credit, and for how long it may
//! keep others waiting.
//!
//! Bytes are sent as far as the client's credit and its queue allow. A client that may not or can not
//! have all of them is brought back by a *resync*: a snapshot of the screen where there is one, else a gap
//! up to the newest byte.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::size::Viewer;
use crate::id::TerminalId;
use crate::policy::WaitClock;
use crate::sync::convert;
use crate::sync::protocol::{Mode, Start};
use crate::terminal::{Consumer, Due, LinePosition, OnLoss, OutputState, Snapshot, Viewport};

/// How long others wait for a client that gets every byte before it is brought forward.
pub(crate) const LAG_MAX: Duration = Duration::from_millis(500);
/// Rows of scrollback in the snapshot of a client that asks for none in particular.
const HISTORY: usize = 1000;
/// The most rows that a client gets.
const HISTORY_MAX: usize = 10_000;
/// The shortest time between two updates of a viewer's screen: a frame of a display.
const INTERVAL: Duration = Duration::from_millis(16);

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Attachment {
    pub(crate) terminal: TerminalId,
    pub(crate) consumer: Consumer,
    /// Where it looks, in the mode `screen`.
    pub(super) viewport: Viewport,
    /// Its part in the size of the terminal.
    pub(super) viewer: Viewer,
    /// Nothing is sent before: the size that its client asked for is set then.
    pub(super) begins_at: Option<Instant>,
    /// Bytes that may be in flight.
    window: u64,
    /// The client has consumed the bytes before this offset.
    credited: u64,
    /// The client itself has given credit up to here.
    acknowledged: u64,
    /// A resync waits for this time: what still comes until then need not be sent.
    pub(super) resync_at: Option<Instant>,
    /// A snapshot that is being sent.
    pub(crate) parts: Option<Parts>,
    /// How long it has held the program back, if its client may type.
    pub(super) hold: WaitClock,
    /// The client was warned that it may hold the program back until then.
    pub(super) warned: Option<Instant>,
    /// Nothing is kept for it for now: its client may not type, and such clients had their time.
    pub(super) rests: bool,
    /// It held the program back for too long and was brought forward to this offset. Nothing is kept for
    /// it before it has caught up.
    lapsed: Option<u64>,
    /// The end of the program was reported.
    pub(crate) ended: bool,
}

/// A snapshot in flight.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) bytes: Bytes,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    pub(crate) line: LinePosition,
}

impl Attachment {
    /// An attachment that begins as `start` says; an offset past the end is the end.
    pub(crate) fn new(
        terminal: TerminalId,
        mode: Mode,
        start: Start,
        window: u64,
        state: &OutputState,
        now: Instant,
    ) -> Self {
        let (cursor, history) = match start {
            Start::Now => (state.end, None),
            Start::Offset(offset) => (offset.min(state.end), None),
            Start::Snapshot(rows) if state.has_screen => (state.end, Some(rows as usize)),
            Start::Default if state.has_screen => (state.end, Some(HISTORY)),
            Start::Oldest | Start::Snapshot(_) | Start::Default => (0, None),
        };
        let delivery = convert::delivery(mode);
        let at = (cursor, state.cleared);
        let mut consumer = Consumer::new(delivery, OnLoss::Snapshot, at, INTERVAL, now);
        consumer.skip_queries(u64::MAX);
        if let Some(rows) = history.filter(|_| mode != Mode::Screen) {
            consumer.resync(rows.min(HISTORY_MAX));
        }
        Attachment {
            terminal,
            consumer,
            viewport: Viewport::default(),
            viewer: Viewer::default(),
            begins_at: None,
            window,
            credited: cursor,
            acknowledged: 0,
            resync_at: None,
            parts: None,
            hold: WaitClock::default(),
            warned: None,
            rests: false,
            lapsed: None,
            ended: false,
        }
    }

    /// Bytes that may be sent now.
    pub(crate) fn credit(&self) -> u64 {
        (self.credited + self.window).saturating_sub(self.consumer.cursor())
    }

    /// The client has consumed everything before `offset`.
    pub(crate) fn on_credit(&mut self, offset: u64) {
        self.acknowledged = self.acknowledged.max(offset.min(self.consumer.cursor()));
        self.credited = self.credited.max(self.acknowledged);
    }

    /// So many bytes are left out. They cost no credit: the client does not see them, so it could not give
    /// any for them.
    pub(crate) fn credit_left_out(&mut self, bytes: u64) {
        self.credited += bytes;
    }

    /// Output before `offset` is not sent any more, so no credit will come for it.
    pub(crate) fn credit_up_to(&mut self, offset: u64) {
        self.credited = self.credited.max(offset);
    }

    /// Offset of the first byte that must be kept for this client.
    pub(crate) fn keeps_from(&self) -> Option<u64> {
        let keeps = self.parts.is_none() && self.lapsed.is_none() && !self.rests;
        self.consumer.keeps_from().filter(|_| keeps)
    }

    /// Whether what it has not taken stands in the way: it is half of what stops the PTY, or terminals
    /// starve for memory.
    fn keeps_much(&self, state: &OutputState) -> bool {
        let unread = self.consumer.backlog(state.end);
        let is_much = unread >= state.unread_max / 2 || (state.starves && unread > 0);
        self.keeps_from().is_some() && is_much
    }

    /// Whether what it has not taken holds a program back: its own, or one that starves for memory.
    pub(super) fn holds_back(&self, state: &OutputState) -> bool {
        (state.stands || state.starves) && self.keeps_much(state)
    }

    /// Goes on with a snapshot, and bytes behind it.
    pub(super) fn resume_with(&mut self, snapshot: Snapshot) {
        let Snapshot { offset, cols, rows, line, bytes } = snapshot;
        self.parts = Some(Parts { bytes: bytes.into(), cols, rows, line });
        self.credit_up_to(offset);
        self.consumer.resume_at(offset);
    }

    /// Goes on at the end of output: nothing comes before it. Gives what the client does not get.
    pub(super) fn skip_to_end(&mut self, end: u64) -> (u64, u64) {
        (self.parts, self.resync_at) = (None, None);
        self.credit_up_to(end);
        self.consumer.skip_to_end(end)
    }

    /// It held the program back: it goes on as a viewer of the screen, which it is sent anew.
    pub(super) fn become_viewer(&mut self, end: u64, now: Instant) {
        self.skip_to_end(end);
        self.consumer.become_viewer(now);
    }

    /// When to go on although nothing happens.
    pub(super) fn wakes_at(&mut self, now: Instant) -> Option<Instant> {
        if self.is_put_off(now) {
            return [self.begins_at, self.resync_at].into_iter().flatten().max();
        }
        match self.consumer.view().map(|view| view.due()) {
            Some(Due::At(at)) => Some(at),
            // One whose time has come waits for room, and is woken when there is some.
            Some(Due::Now | Due::Nothing) => None,
            None => None,
        }
    }

    /// Whether what comes next waits for its time: a resync, or everything.
    pub(super) fn is_put_off(&mut self, now: Instant) -> bool {
        self.begins_at = self.begins_at.filter(|at| *at > now);
        self.resync_at = self.resync_at.filter(|at| *at > now && self.consumer.is_resyncing());
        self.begins_at.is_some() || self.resync_at.is_some()
    }

    /// It held the program back, and there is no screen: it goes on behind a gap, which is given.
    pub(super) fn lapse(&mut self, end: u64) -> (u64, u64) {
        self.lapsed = Some(end);
        self.skip_to_end(end)
    }

    /// Bytes are kept for it again once its client has consumed what came after the gap.
    pub(super) fn look_at_lapse(&mut self, end: u64) {
        let has_gone_on = self.lapsed.is_some_and(|offset| self.acknowledged >= offset);
        if has_gone_on && self.acknowledged.saturating_add(self.window / 2) >= end {
            self.lapsed = None;
        }
    }

    /// Whether everything before `offset` was sent; to a viewer, what is due.
    pub(crate) fn has_everything(&self, offset: u64) -> bool {
        self.consumer.has_got(offset) && self.parts.is_none()
    }

    /// Looks whether others (`others_wait`) have waited for this client for too long; then it is
    /// brought forward. Gives the time to look again.
    pub(crate) fn watch_lag(
        &mut self,
        state: &OutputState,
        others_wait: bool,
        now: Instant,
    ) -> Option<Instant> {
        let is_awaited = others_wait && self.keeps_much(state);
        let until = self.consumer.lag.observe(is_awaited, None, LAG_MAX, now)?;
        if until > now {
            return Some(until);
        }
        self.consumer.resync(0);
        // At once; the caller has gone through what it sends already.
        Some(now)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::terminal::Cleared;

    fn attachment(start: Start, has_screen: bool) -> Attachment {
        attachment_in(Mode::Lossless, start, has_screen)
    }

    fn attachment_in(mode: Mode, start: Start, has_screen: bool) -> Attachment {
        let state = OutputState { has_screen, ..state(1000, false, false) };
        let id = TerminalId::from_u64(1);
        Attachment::new(id, mode, start, 100, &state, Instant::now())
    }

    /// An attachment that was sent so many bytes.
    fn sent(bytes: u64) -> Attachment {
        let mut attachment = attachment(Start::Oldest, false);
        attachment.consumer.resume_at(bytes);
        attachment
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
            let made = attachment(start, has_screen).consumer;
            let got = (made.cursor(), made.is_resyncing());
            assert_eq!(got, expected, "{start:?} {has_screen}");
        }
    }

    #[test]
    fn credit_is_absolute_and_cannot_be_invented() {
        let mut attachment = attachment(Start::Oldest, false);
        assert_eq!(attachment.credit(), 100);
        attachment.consumer.resume_at(100);
        assert_eq!(attachment.credit(), 0);
        attachment.on_credit(60);
        attachment.on_credit(10);
        assert_eq!(attachment.credit(), 60);
        attachment.on_credit(u64::MAX);
        assert_eq!(attachment.credit(), 100);
    }

    #[test]
    fn what_is_left_out_costs_no_credit() {
        let mut attachment = sent(70);
        attachment.consumer.resume_at(500);
        attachment.credit_left_out(430);
        assert_eq!(attachment.credit(), 30);
        attachment.credit_up_to(400);
        assert_eq!(attachment.credit(), 30);
        assert_eq!(attachment.skip_to_end(900), (500, 900));
        assert_eq!(attachment.credit(), 100);
    }

    /// A terminal with so much output, whose PTY stands still at 1,000 unread bytes.
    fn state(end: u64, stands: bool, starves: bool) -> OutputState {
        OutputState {
            end,
            exit: None,
            is_leaving: false,
            has_screen: true,
            is_quiet: false,
            host_waits: false,
            stands,
            starves,
            unread_max: 1000,
            cleared: Cleared::default(),
        }
    }

    #[test]
    fn a_client_that_others_wait_for_is_brought_forward() {
        let now = Instant::now();
        let mut attachment = attachment(Start::Oldest, false);
        let (far, near) = (state(900, true, false), state(100, true, false));
        assert_eq!(attachment.watch_lag(&far, false, now), None);
        assert_eq!(attachment.watch_lag(&far, true, now), Some(now + LAG_MAX));
        // It caught up, so the time counts anew.
        assert_eq!(attachment.watch_lag(&near, true, now + LAG_MAX), None);
        let later = now + LAG_MAX;
        assert_eq!(attachment.watch_lag(&far, true, later), Some(later + LAG_MAX));
        let end = later + LAG_MAX;
        assert_eq!(attachment.watch_lag(&far, true, end), Some(end));
        assert!(attachment.consumer.is_resyncing() && attachment.keeps_from().is_none());
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
        let lossy = attachment_in(Mode::Lossy, Start::Oldest, false);
        assert!(!lossy.holds_back(&full));
    }

    #[test]
    fn who_was_brought_forward_holds_nothing_back_before_it_has_caught_up() {
        let mut attachment = attachment(Start::Oldest, false);
        assert_eq!(attachment.lapse(900), (0, 900));
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
        attachment.become_viewer(2000, Instant::now());
        assert!(attachment.consumer.is_viewer() && attachment.consumer.cursor() == 2000);
        assert!(attachment.keeps_from().is_none());
    }
}
