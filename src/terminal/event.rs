//! What a terminal has to tell its host.
//!
//! A terminal does not queue events: it knows what it has to tell (bytes that readers have not got,
//! flags, its end), and makes the next event when it is asked. So what is untold is bounded by
//! itself, and events of one terminal always come in the right order: bytes, then the exit that
//! follows the last of them, then the end of the PTY, then `Closed`.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Terminal;
use super::child::ExitStatus;
use super::options::Delivery;
use super::output::Next;
use super::screen::{Progress, ScreenUpdate, Snapshot};
use crate::reactor::{ReaderId, TerminalId};

/// Something that happened in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminalEvent<'a> {
    /// Bytes for a reader, which has moved past them.
    Output {
        /// Who gets them.
        reader: ReaderId,
        /// Offset of the first byte, counted from the terminal's start.
        offset: u64,
        /// The bytes, never empty.
        bytes: &'a [u8],
    },
    /// A reader has lost the bytes from `from` up to `to`: the log no longer has them.
    Gap {
        /// Who lost them.
        reader: ReaderId,
        /// Offset of the first byte lost.
        from: u64,
        /// Offset of the next byte that the reader gets.
        to: u64,
    },
    /// A write was not accepted whole earlier, and half of the input queue is free now.
    InputReady,
    /// A line of input was longer than the 4,095 bytes that the kernel keeps of one in canonical
    /// mode; the rest of the line was dropped by the kernel.
    InputTruncated,
    /// The program ended. Every reader has got every byte up to `final_offset` before. A background
    /// process that still holds the terminal may write more, so [`Eof`](Self::Eof) can come later.
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// Offset after the program's last byte.
        final_offset: u64,
    },
    /// What changed on the screen since the last update, for a reader with
    /// [`Delivery::Screen`](crate::Delivery::Screen).
    Screen {
        /// Who gets it.
        reader: ReaderId,
        /// What changed.
        update: &'a ScreenUpdate,
    },
    /// A snapshot of the screen instead of bytes; the next bytes follow on it.
    Snapshot {
        /// Who gets it.
        reader: ReaderId,
        /// The snapshot, with the offset of the next byte.
        snapshot: &'a Snapshot,
    },
    /// The screen was cleared when the output was at this offset: the scrollback of what a reader has
    /// shown goes, and on the primary screen the rows above the cursor's; what the alternate screen shows
    /// stays.
    Cleared {
        /// Who gets it.
        reader: ReaderId,
        /// Offset of the next byte that the reader gets.
        offset: u64,
    },
    /// A lossless reader lagged more than it was allowed and gets
    /// [`Screen`](Self::Screen) updates from now on.
    DeliveryChanged {
        /// Who gets it.
        reader: ReaderId,
        /// How output reaches it now.
        delivery: Delivery,
    },
    /// The program set the title of its window.
    Title {
        /// The title, at most 4,096 bytes, without control characters.
        title: &'a str,
    },
    /// The program, often a shell, reported its working directory (OSC 7, 9;9, 633).
    Cwd {
        /// An absolute path, on whatever machine the program runs.
        path: &'a Path,
    },
    /// The program rang the bell.
    Bell {
        /// How often since the last such event.
        count: u32,
    },
    /// The program wants something to be shown to the user (OSC 9, 777).
    Notification {
        /// Its title; may be empty.
        title: &'a str,
        /// Its text.
        body: &'a str,
    },
    /// The program asks to set the clipboard (OSC 52). Only with
    /// [`ScreenOptions::clipboard`](crate::ScreenOptions).
    Clipboard {
        /// The primary selection, else the clipboard.
        selection: bool,
        /// What to put there, at most 48 KiB.
        text: &'a str,
    },
    /// The program reports other progress of its work (OSC 9;4), or none any more.
    Progress {
        /// What it reports now.
        progress: Option<Progress>,
    },
    /// A command began, by the marks of the shell (OSC 133, 633).
    CommandStarted {
        /// The command line, if the shell reported it.
        command: &'a str,
    },
    /// A command ended, by the marks of the shell.
    CommandFinished {
        /// Its exit code, if the shell reported it.
        exit_code: Option<i32>,
        /// From its start mark to its end mark.
        duration: Duration,
    },
    /// Nobody holds the terminal any more: there will be no more output. Comes after
    /// [`Exited`](Self::Exited), also when a program closes its terminal before it ends.
    Eof {
        /// Offset after the last byte.
        final_offset: u64,
    },
    /// The terminal is gone and its id stale: the last event of a terminal that was closed.
    Closed,
}

/// An event before its bytes are borrowed from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingEvent {
    Output {
        reader: ReaderId,
        offset: u64,
        len: usize,
    },
    Gap {
        reader: ReaderId,
        from: u64,
        to: u64,
    },
    /// The update is made by whoever picks.
    Screen {
        reader: ReaderId,
    },
    /// So is the snapshot.
    Snapshot {
        reader: ReaderId,
        history: usize,
    },
    Cleared {
        reader: ReaderId,
        offset: u64,
    },
    DeliveryChanged {
        reader: ReaderId,
        delivery: Delivery,
    },
    /// Something on the screen; what it is has been taken from there.
    ScreenEvent,
    InputReady,
    InputTruncated,
    Exited {
        status: ExitStatus,
        final_offset: u64,
    },
    Eof {
        final_offset: u64,
    },
    Closed,
}

impl Terminal {
    /// Whether [`take_event`](Self::take_event) has something to give.
    pub(crate) fn has_event(&self) -> bool {
        self.has_output()
            || self.screen.as_ref().is_some_and(|screen| screen.has_event())
            || self.input_truncated
            || self.input_ready
            || self.unreported_exit().is_some()
            || self.unreported_eof().is_some()
            || self.is_closed()
    }

    /// Takes the next event. Readers take turns.
    pub(crate) fn take_event(&mut self, now: Instant) -> Option<PendingEvent> {
        if let Some(pending) = self.take_output(now) {
            return Some(pending);
        }
        if self.screen.as_ref().is_some_and(|screen| screen.has_event()) {
            return Some(PendingEvent::ScreenEvent);
        }
        if std::mem::take(&mut self.input_truncated) {
            return Some(PendingEvent::InputTruncated);
        }
        if std::mem::take(&mut self.input_ready) {
            return Some(PendingEvent::InputReady);
        }
        if let Some((status, final_offset)) = self.unreported_exit() {
            self.ending.exit_reported = true;
            return Some(PendingEvent::Exited { status, final_offset });
        }
        if let Some(final_offset) = self.unreported_eof() {
            self.ending.eof_reported = true;
            return Some(PendingEvent::Eof { final_offset });
        }
        self.is_closed().then_some(PendingEvent::Closed)
    }

    fn take_output(&mut self, now: Instant) -> Option<PendingEvent> {
        let last = self.next_reader;
        let (output, readers) = self.consumers();
        for count in 1..=readers.len() {
            let index = (last + count) % readers.len();
            let reader = &mut readers[index];
            let id = reader.id;
            let pending = if reader.take_handed_over() {
                PendingEvent::DeliveryChanged { reader: id, delivery: reader.consumer.delivery() }
            } else {
                match reader.take(&output, now) {
                    Some(Next::Bytes { offset, len }) => {
                        PendingEvent::Output { reader: id, offset, len }
                    }
                    Some(Next::Gap { from, to }) => PendingEvent::Gap { reader: id, from, to },
                    Some(Next::Cleared { offset }) => PendingEvent::Cleared { reader: id, offset },
                    Some(Next::Snapshot { history }) => {
                        PendingEvent::Snapshot { reader: id, history }
                    }
                    Some(Next::Update) => PendingEvent::Screen { reader: id },
                    Some(Next::Skip { .. }) | None => continue,
                }
            };
            self.next_reader = index;
            return Some(pending);
        }
        None
    }

    fn has_output(&self) -> bool {
        let output = self.output();
        self.readers.iter().any(|reader| reader.has_next(&output))
    }

    fn unreported_exit(&self) -> Option<(ExitStatus, u64)> {
        let status = self.child.as_ref()?.status()?;
        let final_offset = self.ending.final_offset?;
        let due = !self.ending.exit_reported && self.all_readers_at(final_offset);
        due.then_some((status, final_offset))
    }

    fn unreported_eof(&self) -> Option<u64> {
        let due = self.ending.hung_up
            && !self.ending.eof_reported
            && (self.child.is_none() || self.ending.exit_reported)
            && self.all_readers_at(self.log.end());
        due.then_some(self.log.end())
    }

    /// Whether every event but `Closed` was reported.
    fn is_closed(&self) -> bool {
        self.ending.closing
            && self.pty.is_none()
            && self.subscription.is_none()
            && (self.child.is_none() || self.ending.exit_reported)
            && self.all_readers_at(self.log.end())
    }

    fn all_readers_at(&self, offset: u64) -> bool {
        self.readers.iter().all(|reader| reader.is_at(offset))
    }
}

/// The terminals that have events to tell, in the order in which they are asked.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: std::collections::VecDeque<TerminalId>,
    /// Terminals with an event, exactly; the queue may also hold ones whose reason went away.
    waiting: usize,
}

/// Where a terminal stands in the outbox; kept by the terminal.
#[derive(Debug, Default)]
pub(crate) struct OutboxPlace {
    queued: bool,
    waiting: bool,
}

impl Outbox {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Has room for so many terminals, so that telling of them allocates nothing.
    pub(crate) fn reserve(&mut self, terminals: usize) {
        self.queue.reserve(terminals.saturating_sub(self.queue.len()));
    }

    /// Looks whether the terminal has something to tell now. Call after every change to it.
    /// `first`: a terminal that is typed in is asked before the others.
    pub(crate) fn refresh(&mut self, terminal: &mut Terminal, first: bool) {
        let waiting = terminal.has_event();
        let place = &mut terminal.outbox_place;
        if waiting != place.waiting {
            place.waiting = waiting;
            if waiting { self.waiting += 1 } else { self.waiting -= 1 }
        }
        if waiting && !place.queued {
            place.queued = true;
            if first {
                self.queue.push_front(terminal.id);
            } else {
                self.queue.push_back(terminal.id);
            }
        }
    }

    pub(crate) fn next(&mut self) -> Option<TerminalId> {
        self.queue.pop_front()
    }

    /// The terminal has come up: it is in the queue no longer.
    pub(crate) fn taken(&self, terminal: &mut Terminal) {
        terminal.outbox_place.queued = false;
    }

    /// The terminal goes away.
    pub(crate) fn forget(&mut self, terminal: &Terminal) {
        if terminal.outbox_place.waiting {
            self.waiting -= 1;
        }
    }
}
