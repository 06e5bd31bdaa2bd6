//! A terminal of another engine that we are attached to: where its output goes on, and how much more may
//! be sent. Pure.
//!
//! Three places in the output count. `next`: everything before it has come, so a new connection goes on
//! there. `read`: the host has read everything before it. `credited`: we have given credit up to there; the
//! other engine sends at most a window more. Credit is given for what was *read*, so a host that does not
//! read has at most a window of a terminal's output in its queue.

use super::convert;
use super::event_queue::AttachmentId;
use super::options::{RemoteAttach, RemoteMode};
use crate::sync::protocol::{Attach, Start};
use crate::terminal::Size;

/// The window that stands for 0.
const WINDOW: u64 = 256 << 10;
/// Rows of scrollback when a snapshot broke off.
const HISTORY: u32 = 1000;

/// How far an attachment has come on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no connection.
    Idle,
    /// It was asked for; the answer comes before the pong of this number.
    Asked(u64),
    Attached,
}

/// Output that cannot be: it was sent before, or on no attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfOrder;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Attachment {
    pub(super) id: AttachmentId,
    options: RemoteAttach,
    phase: Phase,
    window: u64,
    /// `None` before the first answer.
    next: Option<u64>,
    read: u64,
    credited: u64,
    /// Parts of a snapshot are missing.
    is_between: bool,
    /// The end of the program has been reported.
    ended: bool,
}

impl Attachment {
    pub(super) fn new(id: AttachmentId, options: RemoteAttach) -> Self {
        Attachment {
            id,
            options,
            phase: Phase::Idle,
            window: WINDOW,
            next: None,
            read: 0,
            credited: 0,
            is_between: false,
            ended: false,
        }
    }

    /// Asks to be attached, or to resume. `window_max` is the other engine's bound.
    pub(super) fn ask(&mut self, ping: u64, window_max: u64) -> Attach {
        self.phase = Phase::Asked(ping);
        let wanted = if self.options.window == 0 { WINDOW } else { self.options.window };
        self.window = wanted.min(window_max.max(1));
        let mut attach = convert::attach(self.id.terminal, &self.options);
        if self.options.mode != RemoteMode::Screen {
            attach.start = match self.next {
                _ if self.is_between => Start::Snapshot(HISTORY),
                Some(next) => Start::Offset(next),
                None => attach.start,
            };
        }
        attach
    }

    /// The grid of our window, for when the connection is made anew.
    pub(super) fn set_grid(&mut self, grid: Size) {
        self.options.grid = Some(grid);
    }

    /// It was asked for before this ping, and has not been answered.
    pub(super) fn is_asked(&self, ping: u64) -> bool {
        matches!(self.phase, Phase::Asked(asked) if asked <= ping)
    }

    pub(super) fn is_attached(&self) -> bool {
        self.phase == Phase::Attached
    }

    /// Whether it has been attached on any connection.
    pub(super) fn was_attached(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn on_attached(&mut self, offset: u64) {
        self.phase = Phase::Attached;
        self.next = Some(offset);
        self.is_between = false;
        // The other engine counts what it did not send as consumed.
        self.credited = offset;
    }

    /// How its output comes.
    pub(super) fn mode(&self) -> RemoteMode {
        self.options.mode
    }

    /// The other engine goes on in another mode, and will after the connection was made anew.
    pub(super) fn on_mode(&mut self, mode: RemoteMode, offset: u64) {
        self.options.mode = mode;
        self.on_attached(offset);
    }

    /// The connection is gone.
    pub(super) fn on_lost(&mut self) {
        self.phase = Phase::Idle;
    }

    pub(super) fn on_output(&mut self, offset: u64, length: u64) -> Result<(), OutOfOrder> {
        let end = offset.checked_add(length).ok_or(OutOfOrder)?;
        match self.next {
            Some(next) if offset >= next && self.is_attached() => self.next = Some(end),
            _ => return Err(OutOfOrder),
        }
        Ok(())
    }

    pub(super) fn on_gap(&mut self, from: u64, to: u64) -> Result<(), OutOfOrder> {
        match self.next {
            Some(next) if from >= next && to >= from && self.is_attached() => self.next = Some(to),
            _ => return Err(OutOfOrder),
        }
        Ok(())
    }

    /// A part of a snapshot, after which output goes on at `offset`.
    pub(super) fn on_snapshot(&mut self, offset: u64, more: bool) {
        self.is_between = more;
        self.next = Some(offset);
    }

    /// Whether the end of the program is new to the host.
    pub(super) fn on_ended(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }

    /// The host has read everything before `end`. Gives the credit to send, if it is time.
    pub(super) fn on_read(&mut self, end: u64) -> Option<u64> {
        self.read = self.read.max(end);
        let is_due = self.read.saturating_sub(self.credited) >= self.window.div_ceil(2);
        if !is_due || !self.is_attached() {
            return None;
        }
        self.credited = self.read;
        Some(self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::peer::options::RemoteStart;
    use proptest::prelude::*;

    fn follow(start: RemoteStart, window: u64) -> Attachment {
        let id = AttachmentId { terminal: 7, serial: 1 };
        Attachment::new(id, RemoteAttach { start, window, ..RemoteAttach::default() })
    }

    #[test]
    fn goes_on_where_it_was() {
        let mut follow = follow(RemoteStart::Oldest, 0);
        assert_eq!(follow.ask(1, 1 << 20).start, Start::Oldest);
        assert!(follow.is_asked(1) && !follow.is_asked(0));
        follow.on_attached(100);
        assert!(!follow.is_asked(1));
        follow.on_output(100, 50).unwrap();
        // Bytes that were left out.
        follow.on_output(160, 40).unwrap();
        assert_eq!(follow.on_output(199, 1), Err(OutOfOrder));
        assert_eq!(follow.on_output(u64::MAX, 1), Err(OutOfOrder));
        follow.on_lost();
        assert_eq!(follow.on_output(200, 1), Err(OutOfOrder));
        assert_eq!(follow.ask(2, 1 << 20).start, Start::Offset(200));
        follow.on_attached(200);
        follow.on_gap(200, 300).unwrap();
        assert_eq!(follow.on_gap(299, 300), Err(OutOfOrder));
        follow.on_lost();
        assert_eq!(follow.ask(3, 1 << 20).start, Start::Offset(300));
    }

    #[test]
    fn a_snapshot_that_broke_off_is_asked_for_anew() {
        let mut follow = follow(RemoteStart::Default, 0);
        follow.ask(1, 1 << 20);
        follow.on_attached(500);
        follow.on_snapshot(500, true);
        follow.on_lost();
        assert_eq!(follow.ask(2, 1 << 20).start, Start::Snapshot(HISTORY));
        follow.on_attached(600);
        follow.on_snapshot(600, true);
        follow.on_snapshot(600, false);
        follow.on_lost();
        assert_eq!(follow.ask(3, 1 << 20).start, Start::Offset(600));
    }

    #[test]
    fn a_viewer_of_the_screen_never_asks_for_an_offset() {
        let id = AttachmentId { terminal: 7, serial: 1 };
        let options = RemoteAttach { mode: RemoteMode::Screen, ..RemoteAttach::default() };
        let mut follow = Attachment::new(id, options);
        follow.ask(1, 1 << 20);
        follow.on_attached(500);
        follow.on_lost();
        assert_eq!(follow.ask(2, 1 << 20).start, Start::Default);
    }

    #[test]
    fn the_end_is_reported_once() {
        let mut follow = follow(RemoteStart::Oldest, 0);
        assert!(follow.on_ended() && !follow.on_ended());
    }

    proptest! {
        /// However pieces come and are read, the other side may always send: it gets credit at least every
        /// half window, never for more than was read, and not more often than that.
        #[test]
        fn credit_keeps_output_flowing(
            window in 1..10_000u64,
            window_max in 1..10_000u64,
            pieces in prop::collection::vec((1..3000u64, any::<bool>()), 1..200),
        ) {
            let mut follow = follow(RemoteStart::Oldest, window);
            let attach = follow.ask(1, window_max);
            prop_assert_eq!(attach.window, window);
            follow.on_attached(0);
            let window = window.min(window_max);
            let (mut cursor, mut credited, mut read) = (0, 0, 0);
            for (length, reads) in pieces {
                let length = length.min(credited + window - cursor);
                if length > 0 {
                    follow.on_output(cursor, length).unwrap();
                    cursor += length;
                }
                if reads || length == 0 {
                    read = cursor;
                    if let Some(credit) = follow.on_read(read) {
                        prop_assert_eq!(credit, read);
                        prop_assert!(credit - credited >= window.div_ceil(2));
                        credited = credit;
                    }
                }
                prop_assert!(read - credited < window.div_ceil(2).max(1));
                prop_assert!(cursor - credited <= window);
            }
        }
    }
}
