//! The state of a terminal, as a query lends it.

use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::time::Duration;

use super::event_payload::{exit_numbers, orch_exit_kind, orch_progress_state, progress_numbers};
use super::options::{delivery_number, orch_delivery};
use super::peer_state::{breaker_number, orch_breaker_state};
use super::sized::{SizedStruct, lend, size_through};
use super::status::{ORCH_OK, orch_status, status_of};
use super::types::{NO_SIZE, orch_bytes, orch_size};
use super::update::{NO_CURSOR, orch_screen_cursor, orch_screen_modes};
use crate::{RestartState, ScreenState, StateSizePolicy, TerminalState};

/// Flags of `orch_terminal_state`.
pub type orch_terminal_flags = u32;
/// The program is running.
pub const ORCH_TERMINAL_RUNNING: orch_terminal_flags = 1;
/// Nobody holds the terminal any more.
pub const ORCH_TERMINAL_HUNG_UP: orch_terminal_flags = 2;
/// It is being closed.
pub const ORCH_TERMINAL_CLOSING: orch_terminal_flags = 4;
/// Not read because the host paused it.
pub const ORCH_TERMINAL_PAUSED_BY_HOST: orch_terminal_flags = 8;
/// Not read because a lossless reader lags.
pub const ORCH_TERMINAL_PAUSED_BY_READER: orch_terminal_flags = 16;
/// Not read because all logs together have used up `log_bytes_total`.
pub const ORCH_TERMINAL_PAUSED_BY_MEMORY: orch_terminal_flags = 32;
/// It has a screen, and the fields from `title` on are filled.
pub const ORCH_TERMINAL_HAS_SCREEN: orch_terminal_flags = 64;
/// The shell reported the exit code of the last command, `last_exit_code`.
pub const ORCH_TERMINAL_HAS_EXIT_CODE: orch_terminal_flags = 128;
/// What is typed is taken line by line and not shown: probably a password is asked for.
pub const ORCH_TERMINAL_HIDDEN_INPUT: orch_terminal_flags = 256;
/// Its program is started again when it ends: the fields from `restart_in_ns` on are filled.
pub const ORCH_TERMINAL_RESTARTS: orch_terminal_flags = 512;
/// Its program is not started any more: all attempts are used up.
pub const ORCH_TERMINAL_GIVEN_UP: orch_terminal_flags = 1024;

/// Who decides the size of a terminal that clients of the server show. A viewer is an attachment of a client
/// that has reported the columns and rows of its window, and whose token has ORCH_SCOPE_TYPE. While more than one
/// viewer is attached, viewers make a terminal no smaller than 20 columns and 5 rows; a single one may make it as
/// small as 2 columns and 1 row.
pub type orch_size_policy = u32;
/// The host decides; viewers do not change the size. `orch_terminal_resize` and ORCH_OP_RESIZE of the host set this.
pub const ORCH_SIZE_POLICY_FIXED: orch_size_policy = 1;
/// The fewest columns and the fewest rows of all viewers, so that each of them shows the whole terminal.
pub const ORCH_SIZE_POLICY_SMALLEST: orch_size_policy = 2;
/// The window of the viewer that typed last (input, paste, interrupt, end of input). The policy of a new terminal.
/// Attaching and changing a window do not count as typing. While no viewer has typed, the one that reported its
/// window first decides.
pub const ORCH_SIZE_POLICY_LATEST: orch_size_policy = 3;

/// A reader as a state query shows it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_reader_state {
    /// Its id.
    pub reader: u64,
    /// One of ORCH_DELIVERY_*.
    pub delivery: orch_delivery,
    /// 1 if the host paused it.
    pub paused: u32,
    /// Offset of the next byte that it gets.
    pub offset: u64,
    /// Bytes between that and the newest one.
    pub backlog: u64,
}

/// The state of a terminal. Texts and arrays are lent until the next `orch_terminal_get_state` or
/// `orch_terminal_get_states` on this engine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_terminal_state {
    /// `sizeof(orch_terminal_state)`, set by the host.
    pub size: usize,
    /// Its id.
    pub terminal: u64,
    /// The host's own number.
    pub tag: u64,
    /// The process that was started in it, 0 if not known.
    pub pid: i32,
    /// The leader of the foreground process group, or once that has ended, as the first program of a pipeline
    /// may, the living member that the shell started last. 0 if there is none.
    pub foreground_pid: i32,
    /// Name of the foreground process, at most 15 bytes; none if unknown.
    pub foreground_name: orch_bytes,
    /// Working directory of the foreground process, else of the leader; none if unknown.
    pub cwd: orch_bytes,
    /// The size, with a change that has not reached the program yet.
    pub window: orch_size,
    /// Sum of ORCH_TERMINAL_RUNNING and the like.
    pub flags: orch_terminal_flags,
    /// One of ORCH_EXIT_*; 0 while the program runs.
    pub exit_kind: orch_exit_kind,
    /// The exit code or the signal.
    pub exit_value: i32,
    /// 1 if a core was dumped.
    pub core_dumped: u32,
    /// Offset of the oldest byte that the log has.
    pub log_start: u64,
    /// Offset after the newest byte: bytes that came out, ever.
    pub log_end: u64,
    /// Bytes that the program's side took in, ever.
    pub input_bytes: u64,
    /// Bytes that wait for the program to read.
    pub input_waiting: usize,
    /// Nanoseconds since the last input, -1 if there was none.
    pub since_input_ns: i64,
    /// Nanoseconds since the last output, -1 if there was none.
    pub since_output_ns: i64,
    /// The readers, in the order of their attaching; elements lie `reader_stride` bytes apart.
    pub readers: *const orch_reader_state,
    /// Elements of `readers`.
    pub reader_count: usize,
    /// Size of an element as this library has it.
    pub reader_stride: usize,
    /// The title that the program set, UTF-8; none if it did not.
    pub title: orch_bytes,
    /// The working directory that the program reported, on whatever machine it runs; none if it did not.
    pub reported_cwd: orch_bytes,
    /// The cursor of the screen.
    pub cursor: orch_screen_cursor,
    /// As in `orch_screen_update`.
    pub modes: orch_screen_modes,
    /// Rows of scrollback.
    pub history: usize,
    /// Nanoseconds since the command began that the shell is running, by its marks; -1 if there is none.
    pub command_for_ns: i64,
    /// Bytes of the screen and its scrollback, about.
    pub screen_bytes: usize,
    /// Times that the model of the screen failed and was built anew from the log.
    pub screen_failures: u32,
    /// Exit code of the last command; see ORCH_TERMINAL_HAS_EXIT_CODE.
    pub last_exit_code: i32,
    /// Who decides the size, one of ORCH_SIZE_POLICY_*.
    pub size_policy: orch_size_policy,
    /// Progress of the program's work, as it reports it: one of ORCH_PROGRESS_*.
    pub progress: orch_progress_state,
    /// Its percent, 0 to 100.
    pub progress_percent: u32,
    /// Always 0.
    pub reserved: u32,
    /// Nanoseconds until its program is started again; -1 while it runs and if it is not started again.
    pub restart_in_ns: i64,
    /// Starts since the last run that was stable; 0 if this one is.
    pub restart_attempts: u32,
    /// One of ORCH_BREAKER_*: open after too many failures in a row, half open while the start after that is a trial; 0
    /// without `orch_spawn_options.restart`.
    pub restart_breaker: orch_breaker_state,
    /// Why its program could not be started, since its last run; ORCH_OK if it could.
    pub restart_error: orch_status,
    /// Always 0.
    pub reserved2: u32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_terminal_state {
    const FIRST_SIZE: usize = size_through!(orch_terminal_state, reader_stride, usize);
    fn defaults() -> Self {
        orch_terminal_state {
            size: size_of::<Self>(),
            terminal: 0,
            tag: 0,
            pid: 0,
            foreground_pid: 0,
            foreground_name: lend(b""),
            cwd: lend(b""),
            window: NO_SIZE,
            flags: 0,
            exit_kind: 0,
            exit_value: 0,
            core_dumped: 0,
            log_start: 0,
            log_end: 0,
            input_bytes: 0,
            input_waiting: 0,
            since_input_ns: -1,
            since_output_ns: -1,
            readers: ptr::null(),
            reader_count: 0,
            reader_stride: size_of::<orch_reader_state>(),
            title: lend(b""),
            reported_cwd: lend(b""),
            cursor: NO_CURSOR,
            modes: 0,
            history: 0,
            command_for_ns: -1,
            screen_bytes: 0,
            screen_failures: 0,
            last_exit_code: 0,
            size_policy: 0,
            progress: 0,
            progress_percent: 0,
            reserved: 0,
            restart_in_ns: -1,
            restart_attempts: 0,
            restart_breaker: 0,
            restart_error: ORCH_OK,
            reserved2: 0,
        }
    }
}

/// The states that the last query has lent.
#[derive(Default)]
pub(super) struct TerminalStates {
    states: Vec<TerminalState>,
    readers: Vec<Vec<orch_reader_state>>,
}

impl TerminalStates {
    pub(super) fn clear(&mut self) {
        self.states.clear();
        self.readers.clear();
    }

    /// Keeps a state and gives it in C's form. What it points to lives in heap blocks that stay
    /// where they are when more states are kept.
    pub(super) fn keep(&mut self, state: TerminalState) -> orch_terminal_state {
        let readers: Vec<orch_reader_state> = state
            .readers
            .iter()
            .map(|reader| orch_reader_state {
                reader: reader.id.to_u64(),
                delivery: delivery_number(reader.delivery),
                paused: reader.paused.into(),
                offset: reader.offset,
                backlog: reader.backlog,
            })
            .collect();
        let mut c = to_c(&state);
        if let Some(screen) = &state.screen {
            fill_screen(&mut c, screen);
        }
        if let Some(restart) = &state.restart {
            fill_restart(&mut c, restart);
        }
        c.readers = readers.as_ptr();
        c.reader_count = readers.len();
        self.states.push(state);
        self.readers.push(readers);
        c
    }
}

/// One of ORCH_SIZE_POLICY_*.
pub(super) fn size_policy_number(policy: StateSizePolicy) -> orch_size_policy {
    match policy {
        StateSizePolicy::Latest => ORCH_SIZE_POLICY_LATEST,
        StateSizePolicy::Smallest => ORCH_SIZE_POLICY_SMALLEST,
        StateSizePolicy::Fixed => ORCH_SIZE_POLICY_FIXED,
    }
}

fn ns(since: Option<Duration>) -> i64 {
    since.map_or(-1, |since| since.as_nanos() as i64)
}

fn fill_screen(c: &mut orch_terminal_state, screen: &ScreenState) {
    c.flags |= ORCH_TERMINAL_HAS_SCREEN;
    c.title = lend(screen.title.as_bytes());
    c.reported_cwd = lend(screen.cwd.as_ref().map_or(b"", |cwd| cwd.as_os_str().as_bytes()));
    c.cursor = screen.cursor.into();
    c.modes = screen.modes.bits();
    c.history = screen.history;
    c.command_for_ns = ns(screen.command_for);
    c.screen_bytes = screen.bytes;
    c.screen_failures = screen.failures;
    (c.progress, c.progress_percent) = progress_numbers(screen.progress);
    if let Some(code) = screen.last_exit_code {
        c.flags |= ORCH_TERMINAL_HAS_EXIT_CODE;
        c.last_exit_code = code;
    }
}

fn fill_restart(c: &mut orch_terminal_state, restart: &RestartState) {
    c.flags |= if restart.given_up { ORCH_TERMINAL_GIVEN_UP } else { ORCH_TERMINAL_RESTARTS };
    c.restart_in_ns = ns(restart.start_in);
    c.restart_attempts = restart.attempts;
    c.restart_breaker = breaker_number(restart.breaker);
    c.restart_error = restart.last_error.as_ref().map_or(ORCH_OK, status_of);
}

fn to_c(state: &TerminalState) -> orch_terminal_state {
    let foreground = state.foreground.as_ref();
    let (exit_kind, exit_value, core_dumped) = state.exit.map_or((0, 0, 0), exit_numbers);
    orch_terminal_state {
        terminal: state.id.to_u64(),
        tag: state.tag,
        pid: state.pid.unwrap_or(0),
        foreground_pid: foreground.map_or(0, |process| process.pid),
        foreground_name: lend(foreground.map_or(b"", |process| process.name.as_bytes())),
        cwd: lend(state.cwd.as_ref().map_or(b"", |cwd| cwd.as_os_str().as_bytes())),
        window: state.size.into(),
        size_policy: state.size_policy as u32,
        flags: flags(state),
        exit_kind,
        exit_value,
        core_dumped,
        log_start: state.log_start,
        log_end: state.log_end,
        input_bytes: state.input_bytes,
        input_waiting: state.input_waiting,
        since_input_ns: ns(state.since_input),
        since_output_ns: ns(state.since_output),
        ..orch_terminal_state::defaults()
    }
}

fn flags(state: &TerminalState) -> u32 {
    [
        (state.running, ORCH_TERMINAL_RUNNING),
        (state.hung_up, ORCH_TERMINAL_HUNG_UP),
        (state.closing, ORCH_TERMINAL_CLOSING),
        (state.paused_by_host, ORCH_TERMINAL_PAUSED_BY_HOST),
        (state.paused_by_reader, ORCH_TERMINAL_PAUSED_BY_READER),
        (state.paused_by_memory, ORCH_TERMINAL_PAUSED_BY_MEMORY),
        (state.hidden_input, ORCH_TERMINAL_HIDDEN_INPUT),
    ]
    .iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, flag)| flag)
    .sum()
}
