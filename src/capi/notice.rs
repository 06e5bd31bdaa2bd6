//! Notices of terminals of other engines: which are wanted, and what the event carries.

use super::event_payload::{orch_progress_state, progress_numbers};
use super::lent::Lent;
use super::stats::ns;
use super::types::{NO_BYTES, orch_bytes};
use crate::TerminalNotice;

/// Kinds of notices, a sum.
pub type orch_notices = u32;
/// The bell.
pub const ORCH_NOTICES_BELL: orch_notices = 1;
/// Messages for the user.
pub const ORCH_NOTICES_NOTIFICATION: orch_notices = 2;
/// Texts for the clipboard. The token needs ORCH_SCOPE_CLIPBOARD.
pub const ORCH_NOTICES_CLIPBOARD: orch_notices = 4;
/// Progress of programs.
pub const ORCH_NOTICES_PROGRESS: orch_notices = 8;
/// Commands of shells that start and end.
pub const ORCH_NOTICES_COMMAND: orch_notices = 16;
/// Titles.
pub const ORCH_NOTICES_TITLE: orch_notices = 32;
/// Working directories.
pub const ORCH_NOTICES_CWD: orch_notices = 64;
/// All kinds.
pub const ORCH_NOTICES_ALL: orch_notices = 127;

/// What has happened in a terminal of another engine.
pub type orch_notice = u32;
/// The program has rung the bell: `count`.
pub const ORCH_NOTICE_BELL: orch_notice = 1;
/// The program wants the user to see a message: `title`, `text`.
pub const ORCH_NOTICE_NOTIFICATION: orch_notice = 2;
/// The program asks to set the clipboard: `text`, `is_primary`. Ask the user.
pub const ORCH_NOTICE_CLIPBOARD: orch_notice = 3;
/// The program reports progress: `progress`, `percent`.
pub const ORCH_NOTICE_PROGRESS: orch_notice = 4;
/// The shell has started a command: `text`, which is empty if the shell did not report it.
pub const ORCH_NOTICE_COMMAND_STARTED: orch_notice = 5;
/// A command of the shell has ended: `has_exit_code`, `exit_code`, `duration_ns`.
pub const ORCH_NOTICE_COMMAND_FINISHED: orch_notice = 6;
/// The program has set the title: `title`.
pub const ORCH_NOTICE_TITLE: orch_notice = 7;
/// The program has reported its working directory: `text`, an absolute path on the machine that the program runs on.
pub const ORCH_NOTICE_CWD: orch_notice = 8;

/// Something has happened in a terminal of the other engine that its rows do not show. Fields that its kind does not
/// name are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_peer_notice {
    /// The terminal of the other engine; it need not be attached.
    pub terminal: u64,
    /// The number of the notice among those of the terminal. It skips notices that were dropped, and kinds that are
    /// not wanted.
    pub seq: u64,
    /// What has happened. Ignore kinds that you do not know.
    pub kind: orch_notice,
    /// How often the bell was rung.
    pub count: u32,
    /// The title, UTF-8; may be empty.
    pub title: orch_bytes,
    /// The message, the text for the clipboard or the command line, UTF-8; or the path.
    pub text: orch_bytes,
    /// 1: the primary selection; 0: the clipboard.
    pub is_primary: u32,
    /// The state of the work.
    pub progress: orch_progress_state,
    /// How much is done, 0 to 100.
    pub percent: u32,
    /// 1: the shell reported the exit code.
    pub has_exit_code: u32,
    /// The exit code.
    pub exit_code: i32,
    /// Always 0.
    pub reserved: u32,
    /// Nanoseconds since the command started.
    pub duration_ns: u64,
}

/// A notice in C's form. Its texts are lent.
pub(super) fn notice_of(
    terminal: u64,
    seq: u64,
    notice: &TerminalNotice,
    bytes: &mut Lent,
) -> orch_event_peer_notice {
    let mut c = orch_event_peer_notice {
        terminal,
        seq,
        kind: 0,
        count: 0,
        title: NO_BYTES,
        text: NO_BYTES,
        is_primary: 0,
        progress: 0,
        percent: 0,
        has_exit_code: 0,
        exit_code: 0,
        reserved: 0,
        duration_ns: 0,
    };
    match notice {
        TerminalNotice::Bell { count } => (c.kind, c.count) = (ORCH_NOTICE_BELL, *count),
        TerminalNotice::Notification { title, body } => {
            c.kind = ORCH_NOTICE_NOTIFICATION;
            c.text = bytes.lend(body.as_bytes());
            c.title = bytes.lend_text(title);
        }
        TerminalNotice::Clipboard { selection, text } => {
            (c.kind, c.is_primary) = (ORCH_NOTICE_CLIPBOARD, (*selection).into());
            c.text = bytes.lend(text.as_bytes());
        }
        TerminalNotice::Progress { progress } => {
            c.kind = ORCH_NOTICE_PROGRESS;
            (c.progress, c.percent) = progress_numbers(*progress);
        }
        TerminalNotice::CommandStarted { command } => {
            c.kind = ORCH_NOTICE_COMMAND_STARTED;
            c.text = bytes.lend(command.as_bytes());
        }
        TerminalNotice::CommandFinished { exit_code, duration } => {
            (c.kind, c.duration_ns) = (ORCH_NOTICE_COMMAND_FINISHED, ns(*duration));
            (c.has_exit_code, c.exit_code) = exit_code.map_or((0, 0), |code| (1, code));
        }
        TerminalNotice::Title { title } => {
            (c.kind, c.title) = (ORCH_NOTICE_TITLE, bytes.lend(title.as_bytes()));
        }
        TerminalNotice::Cwd { path } => (c.kind, c.text) = (ORCH_NOTICE_CWD, bytes.lend(path)),
    }
    c
}
