//! The events of a terminal.

use std::path::Path;
use std::time::Duration;

use super::child::ExitStatus;
use super::options::Delivery;
use super::restart_report::{Reported, RestartEvent};
use super::screen::{Progress, ScreenEvent, ScreenUpdate, Snapshot};
use crate::id::ReaderId;

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
    /// The program of a terminal with a [`RestartPolicy`](crate::RestartPolicy) is to be started again, was, or is not
    /// any more. Comes after [`Exited`](Self::Exited).
    Restart(RestartEvent<'a>),
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
    /// The update is made when the event is taken.
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
    /// What it is about is with what it borrows.
    Restart,
}

/// What the event that was reported last borrows, apart from bytes of a log.
#[derive(Default)]
pub(crate) struct LastEvent {
    pub(super) update: ScreenUpdate,
    pub(super) snapshot: Snapshot,
    pub(super) screen_event: Option<ScreenEvent>,
    pub(super) cwd: Vec<u8>,
    pub(super) restart: Option<Reported>,
}
