//! What events carry: one struct for each kind, lent until the next event.

use std::ffi::c_void;
use std::mem::{align_of, size_of};

use super::lent::Lent;
use super::line::orch_line_position;
use super::options::orch_delivery;
use super::peer_state::orch_breaker_state;
use super::stats::orch_stage;
use super::status::orch_status;
use super::types::{orch_bytes, orch_size};
use super::update::orch_screen_update;
use super::watch_tree::{orch_file_version, orch_watch_problem};
use crate::{ExitStatus, Progress};

/// How serious a log line is.
pub type orch_log_level = u32;
/// Something failed.
pub const ORCH_LOG_ERROR: orch_log_level = 1;
/// Something is not as it should be, and the engine copes.
pub const ORCH_LOG_WARN: orch_log_level = 2;
/// Something that happens in normal operation.
pub const ORCH_LOG_INFO: orch_log_level = 3;

/// How a program ended.
pub type orch_exit_kind = u32;
/// It exited with a code, 0 to 255.
pub const ORCH_EXIT_CODE: orch_exit_kind = 1;
/// A signal killed it.
pub const ORCH_EXIT_SIGNAL: orch_exit_kind = 2;
/// It ended, and its status is not known: another part of the process collected it.
pub const ORCH_EXIT_UNKNOWN: orch_exit_kind = 3;

/// The state of a program's work, as the program reports it (OSC 9;4).
pub type orch_progress_state = u32;
/// No progress is reported.
pub const ORCH_PROGRESS_NONE: orch_progress_state = 0;
/// The work is going on.
pub const ORCH_PROGRESS_NORMAL: orch_progress_state = 1;
/// The work has failed.
pub const ORCH_PROGRESS_FAILED: orch_progress_state = 2;
/// The work is going on, and how much is left is not known.
pub const ORCH_PROGRESS_INDETERMINATE: orch_progress_state = 3;
/// The work is paused, or needs attention.
pub const ORCH_PROGRESS_PAUSED: orch_progress_state = 4;

/// Bytes for a reader. Consecutive events of one reader are contiguous, unless an ORCH_EVENT_GAP or
/// ORCH_EVENT_SNAPSHOT stands between them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_output {
    /// The reader that they are for.
    pub reader: u64,
    /// Offset of the first byte in everything that the program has written.
    pub offset: u64,
    /// The bytes.
    pub data: *const u8,
    /// How many.
    pub len: usize,
}

/// A lossy reader has lost the bytes from `start` up to, not including, `end`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_gap {
    /// The reader.
    pub reader: u64,
    /// Offset of the first byte that is lost.
    pub start: u64,
    /// Offset of the next byte that the reader gets.
    pub end: u64,
}

/// The program in a terminal has ended.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_exited {
    /// How it ended.
    pub exit_kind: orch_exit_kind,
    /// The exit code or the number of the signal; 0 for ORCH_EXIT_UNKNOWN.
    pub exit_value: i32,
    /// 1 if a core was dumped.
    pub core_dumped: u32,
    /// Always 0.
    pub reserved: u32,
    /// Offset after its last byte. Every reader has received what is before it.
    pub end: u64,
}

/// There is no more output.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_eof {
    /// Offset after the last byte.
    pub end: u64,
}

/// What changed on a screen, for a reader with ORCH_DELIVERY_SCREEN.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_screen {
    /// The reader.
    pub reader: u64,
    /// What changed since its last update.
    pub update: *const orch_screen_update,
}

/// A snapshot of the screen, for a reader of bytes that starts with one, asked for one, or missed bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_snapshot {
    /// The reader.
    pub reader: u64,
    /// Offset of the next byte that the reader gets.
    pub offset: u64,
    /// Control sequences that reset a terminal of the size `window` and make it show the same screen.
    pub data: *const u8,
    /// How many bytes.
    pub len: usize,
    /// Columns and rows of the screen.
    pub window: orch_size,
    /// The place of the first row of the snapshot.
    pub line: orch_line_position,
}

/// The host or a client cleared a screen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_cleared {
    /// The reader.
    pub reader: u64,
    /// Where the reader is in the output.
    pub offset: u64,
}

/// How output reaches a reader has changed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_delivery_changed {
    /// The reader.
    pub reader: u64,
    /// Its delivery from now on.
    pub delivery: orch_delivery,
    /// Always 0.
    pub reserved: u32,
}

/// A program has set the title of its window.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_title {
    /// The title: UTF-8 without control characters, at most 4,096 bytes.
    pub title: orch_bytes,
}

/// A program, usually a shell, has reported its working directory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_cwd {
    /// An absolute path on the machine that the program runs on.
    pub path: orch_bytes,
}

/// A program has rung the bell.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_bell {
    /// How often since the last such event.
    pub count: u32,
}

/// A program wants the user to see a message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_notification {
    /// Its title, UTF-8; may be empty.
    pub title: orch_bytes,
    /// The message, UTF-8.
    pub body: orch_bytes,
}

/// A program asks to set the clipboard.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_clipboard {
    /// The text: UTF-8, at most 48 KiB.
    pub text: orch_bytes,
    /// 1: the primary selection; 0: the clipboard.
    pub is_primary: u32,
    /// Always 0.
    pub reserved: u32,
}

/// A shell has started a command.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_command_started {
    /// The command line, UTF-8; empty if the shell did not report it.
    pub command: orch_bytes,
}

/// A command of a shell has ended.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_command_finished {
    /// 1: the shell reported the exit code.
    pub has_exit_code: u32,
    /// The exit code.
    pub exit_code: i32,
    /// Nanoseconds since the command started.
    pub duration_ns: u64,
}

/// A program reports progress.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_progress {
    /// The state of the work.
    pub state: orch_progress_state,
    /// How much is done, 0 to 100.
    pub percent: u32,
}

/// What happens to a program that is started again after it has ended.
pub type orch_restart_step = u32;
/// It will be started again. Closing the terminal before ends that.
pub const ORCH_RESTART_STEP_WAITING: orch_restart_step = 1;
/// It was started again, in another terminal with the options, the tag and the size of this one.
pub const ORCH_RESTART_STEP_STARTED: orch_restart_step = 2;
/// It is not started any more: all attempts are used up.
pub const ORCH_RESTART_STEP_GIVEN_UP: orch_restart_step = 3;

/// The program of a terminal with `orch_spawn_options.restart` is to be started again, was, or is not any more.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_restart {
    /// One of ORCH_RESTART_STEP_*.
    pub step: orch_restart_step,
    /// ORCH_RESTART_STEP_WAITING: one of ORCH_BREAKER_*, open after too many failures in a row; else
    /// ORCH_BREAKER_CLOSED, whatever the breaker is. `restart_breaker` of orch_terminal_state always has it.
    pub breaker: orch_breaker_state,
    /// ORCH_RESTART_STEP_STARTED: the new terminal, of which no event came before; else 0.
    pub terminal: u64,
    /// ORCH_RESTART_STEP_WAITING: nanoseconds until the start; else -1.
    pub start_in_ns: i64,
    /// Starts since the last run that was stable, one that is waited for included.
    pub attempts: u32,
    /// Why the last start failed; ORCH_OK when it was the program that ended.
    pub error: orch_status,
    /// The message of the error: one line, UTF-8; or no bytes.
    pub message: orch_bytes,
}

/// A watch has read its tree for the first time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_watch_ready {
    /// The version of the tree.
    pub version: orch_file_version,
}

/// Everything that happened to the files before a call of `orch_watch_sync` has been reported.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_watch_synced {
    /// The version of the tree.
    pub version: orch_file_version,
    /// The `sync_tag` of the call.
    pub sync_tag: u64,
}

/// A part of a tree is not exact, or slower than it could be.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_watch_warning {
    /// What is wrong.
    pub problem: orch_watch_problem,
    /// Always 0.
    pub reserved: u32,
    /// Where.
    pub path: orch_bytes,
}

/// A command that a sender posted is done.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_completed {
    /// What the same call on the owner thread would have returned.
    pub status: orch_status,
    /// Always 0.
    pub reserved: u32,
    /// The terminal that a spawn has started; else 0.
    pub terminal: u64,
    /// The error message when `status` is negative: one line, UTF-8.
    pub message: orch_bytes,
}

/// A line for the host's log.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_log {
    /// How serious it is.
    pub level: orch_log_level,
    /// Always 0.
    pub reserved: u32,
    /// The line: UTF-8, not terminated.
    pub text: orch_bytes,
    /// The client that it is about; 0: none.
    pub client: u64,
}

/// Turns took more processor time than `orch_config.turn_time_warn_us`. All but `count` is about the longest one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_slow_turn {
    /// How many since the last such event.
    pub count: u32,
    /// The stage that took most of the time.
    pub stage: orch_stage,
    /// The name of the stage.
    pub stage_name: orch_bytes,
    /// Processor time of the turn, in nanoseconds.
    pub cpu_ns: u64,
    /// Time on the clock of the turn, in nanoseconds.
    pub wall_ns: u64,
    /// Time on the clock in the stage, in nanoseconds.
    pub stage_wall_ns: u64,
}

/// An exit status as kind, value and whether a core was dumped.
pub(super) fn exit_numbers(status: ExitStatus) -> (orch_exit_kind, i32, u32) {
    match status {
        ExitStatus::Code(code) => (ORCH_EXIT_CODE, code, 0),
        ExitStatus::Signal { signal, core_dumped } => {
            (ORCH_EXIT_SIGNAL, signal, core_dumped.into())
        }
        ExitStatus::Unknown => (ORCH_EXIT_UNKNOWN, 0, 0),
    }
}

/// One of ORCH_PROGRESS_*, and the percent.
pub(super) fn progress_numbers(progress: Option<Progress>) -> (orch_progress_state, u32) {
    progress.map_or((ORCH_PROGRESS_NONE, 0), |progress| {
        (progress.state as u32, progress.percent.into())
    })
}

/// Room for the payload of one event.
///
/// It is lent until the next event and always stands at the same address. A debug build overwrites it when
/// the loan ends.
pub(super) struct Payload {
    words: [u64; WORDS],
}

const WORDS: usize = 20;

impl Default for Payload {
    fn default() -> Self {
        Payload { words: [0; WORDS] }
    }
}

impl Payload {
    /// Keeps a payload and lends it.
    pub(super) fn lend<T: Copy>(&mut self, payload: T) -> *const c_void {
        const {
            assert!(size_of::<T>() <= size_of::<Payload>() && align_of::<T>() <= align_of::<u64>());
        }
        let place = self.words.as_mut_ptr();
        // SAFETY: the words have room for a `T`, and no stricter alignment is needed.
        unsafe { place.cast::<T>().write(payload) };
        place.cast_const().cast()
    }

    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            self.words.fill(u64::from_ne_bytes([Lent::POISON; 8]));
        }
    }
}
