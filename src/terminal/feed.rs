//! The feed: how a terminal's output reaches the clients of the server.
//!
//! A client is not a [`Reader`](super::output::Reader): many of them share every frame, so the server
//! keeps their offsets itself and takes bytes by offset. What the terminal has to know is only from
//! where on bytes are still needed, so that it keeps them and stops the program when they are too many.
//!
//! The table notes which terminals were touched in a turn (output, a new size, an exit ...), so that
//! whoever follows them looks at these alone.

use std::time::Instant;

use super::Terminal;
use super::child::ExitStatus;
use super::options::Delivery;
use super::table::Terminals;
use super::viewing::SYNCHRONIZED_MAX;
use crate::error::Result;
use crate::reactor::{Reactor, TerminalId};

/// What Ctrl-C types.
const ETX: u8 = 3;

/// Kept by a terminal that the server follows.
#[derive(Debug)]
pub(crate) struct Feed {
    /// The next byte of the slowest client that gets every byte.
    pub(super) lossless: Option<u64>,
}

/// What comes at an offset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FeedNext<'a> {
    /// Contiguous bytes, not empty.
    Bytes(&'a [u8]),
    /// A question of the program that has its answer; go on behind it.
    Skip(u64),
    /// The log no longer has what is before this offset.
    Gap(u64),
    /// Nothing so far.
    End,
}

/// What a follower wants to know of a terminal's output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeedState {
    /// Offset after the newest byte.
    pub(crate) end: u64,
    /// How the program ended and the offset after its last byte, when both are known.
    pub(crate) exit: Option<(ExitStatus, u64)>,
    /// The terminal goes as soon as its feed is released.
    pub(crate) is_leaving: bool,
    /// A screen is kept.
    pub(crate) has_screen: bool,
    /// The screen shows nothing new before the program says so (mode 2026), or this time.
    pub(crate) held_until: Option<Instant>,
    /// Nothing more waits to be read right now.
    pub(crate) is_quiet: bool,
    /// A reader of the host has everything so far, or the host has the terminal closed.
    pub(crate) host_waits: bool,
    /// The PTY stands still because somebody has not got enough of the output.
    pub(crate) stands: bool,
    /// Terminals stand still because the memory of all logs is used up by what is unread.
    pub(crate) starves: bool,
    /// Unread bytes at which the PTY is no longer read.
    pub(crate) unread_max: u64,
    /// Where the output was when the host cleared the screen last.
    pub(crate) cleared_at: Option<u64>,
}

/// What a terminal shows of itself in the application state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) title: &'a str,
    pub(crate) cwd: Option<&'a [u8]>,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    pub(crate) pid: Option<i32>,
    pub(crate) running: bool,
    pub(crate) exit: Option<ExitStatus>,
    pub(crate) closing: bool,
    pub(crate) has_screen: bool,
}

impl Terminals {
    /// Notes that something about a terminal may be new.
    pub(super) fn touch(&mut self, id: TerminalId) {
        if let Ok(terminal) = self.table.get_mut(id)
            && !std::mem::replace(&mut terminal.touched, true)
        {
            self.touched.push(id);
        }
    }

    /// Whether a terminal was touched since the last look.
    pub(crate) fn has_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// The terminals that were touched since the last call; some may be gone.
    pub(crate) fn take_touched(&mut self, touched: &mut Vec<TerminalId>) {
        touched.clear();
        std::mem::swap(touched, &mut self.touched);
        for id in touched.iter() {
            if let Ok(terminal) = self.table.get_mut(*id) {
                terminal.touched = false;
            }
        }
    }

    /// What the application state holds of a terminal.
    pub(crate) fn facts(&self, id: TerminalId) -> Result<Facts<'_>> {
        Ok(self.get(id)?.facts())
    }

    /// How far the output of a terminal is.
    pub(crate) fn feed_state(&self, id: TerminalId) -> Result<FeedState> {
        Ok(FeedState { starves: self.has_starving(), ..self.get(id)?.feed_state() })
    }

    /// What comes at `offset`, at most `max` bytes.
    pub(crate) fn feed_next(
        &self,
        id: TerminalId,
        offset: u64,
        max: usize,
    ) -> Result<FeedNext<'_>> {
        Ok(self.get(id)?.feed_next(offset, max))
    }

    /// Follows a terminal, or goes on with it: bytes from `lossless` on are kept and hold the program
    /// back when they are too many.
    pub(crate) fn hold_feed(
        &mut self,
        id: TerminalId,
        lossless: Option<u64>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.set_feed(id, Some(Feed { lossless }), reactor)
    }

    /// Follows a terminal no longer.
    pub(crate) fn release_feed(&mut self, id: TerminalId, reactor: &mut Reactor) -> Result<()> {
        self.set_feed(id, None, reactor)
    }

    /// Whether these bytes are nothing but the character that interrupts the program.
    pub(crate) fn is_interrupt(&self, id: TerminalId, bytes: &[u8]) -> bool {
        let &[byte] = bytes else { return false };
        // A printable character is not worth a system call.
        byte < 0x20 && self.get(id).is_ok_and(|t| t.interrupt_char() == Some(byte))
    }

    /// Types the character that interrupts the program.
    pub(crate) fn interrupt(&mut self, id: TerminalId, reactor: &mut Reactor) -> Result<()> {
        let byte = self.get(id)?.interrupt_char().unwrap_or(ETX);
        self.write_whole(id, &[byte], reactor)
    }

    fn set_feed(
        &mut self,
        id: TerminalId,
        feed: Option<Feed>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.command(id, reactor, |t, reactor| {
            t.feed = feed;
            t.update_flow(reactor);
            Ok(())
        })
    }
}

impl Terminal {
    /// Whether bytes are kept for clients.
    pub(super) fn keeps_for_clients(&self) -> bool {
        self.feed.as_ref().is_some_and(|feed| feed.lossless.is_some())
    }

    fn interrupt_char(&self) -> Option<u8> {
        self.pty.as_ref().and_then(|pty| pty.interrupt_char())
    }

    fn feed_next(&self, offset: u64, max: usize) -> FeedNext<'_> {
        let (start, end) = (self.log.start(), self.log.end());
        if offset >= end {
            return FeedNext::End;
        }
        if offset < start {
            let cut = self.screen.as_ref().and_then(|screen| screen.first_cut(start));
            return FeedNext::Gap(cut.unwrap_or(start).clamp(start, end));
        }
        let question = self.screen.as_ref().and_then(|screen| screen.next_question(offset));
        let stop = match question {
            Some((from, to)) if from <= offset => return FeedNext::Skip(to.min(end)),
            Some((from, _)) => from,
            None => match self.unfinished_question() {
                // One whose beginning it has been given already is not taken back.
                Some(from) if from == offset => return FeedNext::End,
                Some(from) if from > offset => from,
                _ => end,
            },
        };
        FeedNext::Bytes(self.log.slice(offset, max.min((stop - offset) as usize)))
    }

    /// Where what may become a question begins, while there may be more output.
    fn unfinished_question(&self) -> Option<u64> {
        let screen = self.screen.as_ref().filter(|_| self.pty.is_some())?;
        if self.known_exit().is_some() { None } else { screen.unfinished_question() }
    }

    /// Whether the host has everything and the PTY stands still all the same, for clients.
    pub(super) fn is_held_back_by_feed(&self) -> bool {
        let waits = self.host_waits() || self.ending.closing;
        self.feed.is_some() && self.flow.by_reader && waits
    }

    /// Whether a reader of the host has everything so far.
    fn host_waits(&self) -> bool {
        let end = self.log.end();
        self.readers.iter().any(|reader| {
            reader.delivery == Delivery::Lossless && !reader.paused && reader.cursor == end
        })
    }

    fn feed_state(&self) -> FeedState {
        let end = self.log.end();
        let since = self.screen.as_ref().and_then(|screen| screen.synchronized_since());
        FeedState {
            end,
            exit: self.known_exit(),
            is_leaving: self.ending.closing && self.pty.is_none(),
            has_screen: self.screen.is_some(),
            held_until: since.map(|since| self.started + since + SYNCHRONIZED_MAX),
            is_quiet: !self.queued.is_queued(),
            host_waits: self.host_waits() || self.ending.closing,
            stands: self.flow.by_reader && self.pty.is_some(),
            starves: false,
            unread_max: self.log.unread_max(),
            cleared_at: self.cleared_at,
        }
    }

    /// How it ended, once every byte of it has been read; of an adopted PTY nothing but that it has.
    fn known_exit(&self) -> Option<(ExitStatus, u64)> {
        match &self.child {
            Some(child) => child.status().zip(self.ending.final_offset),
            None if self.ending.hung_up => Some((ExitStatus::Unknown, self.log.end())),
            None => None,
        }
    }

    fn facts(&self) -> Facts<'_> {
        let size = self.resizer.target();
        Facts {
            title: self.screen.as_ref().map_or("", |screen| screen.title()),
            cwd: self.screen.as_ref().and_then(|screen| screen.facts().cwd()),
            cols: size.cols,
            rows: size.rows,
            pid: self.child.as_ref().map(|child| child.pid()),
            running: self.is_running(),
            exit: self.known_exit().map(|(status, _)| status),
            closing: self.ending.closing,
            has_screen: self.screen.is_some(),
        }
    }
}
