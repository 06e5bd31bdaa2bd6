//! The configuration of an engine.

use std::time::Duration;

use super::guard::without_engine;
use super::sized::{self, SizedStruct, size_through};
use crate::error::{Error, Result};
use crate::{Config, Limits, LogLevel};

/// Log level: something failed that no caller could be told.
pub const ORCH_LOG_ERROR: u32 = 1;
/// Log level: something unexpected that the engine coped with.
pub const ORCH_LOG_WARN: u32 = 2;
/// Log level: something worth knowing.
pub const ORCH_LOG_INFO: u32 = 3;

/// How an engine is made. Fill with `orch_config_init` first. In every field 0 means the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_config {
    /// `sizeof(orch_config)`.
    pub size: usize,
    /// The least urgent log lines that become events, one of ORCH_LOG_*. Default ORCH_LOG_WARN.
    pub log_level: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Terminals at once; one more is refused. Default 1,024.
    pub terminals: usize,
    /// Readers of one terminal; one more is refused. Default 64.
    pub readers_per_terminal: usize,
    /// Bytes of output that a terminal keeps; unread bytes of a lossless reader are never dropped,
    /// the PTY is paused instead. Default 1 MiB.
    pub log_bytes: usize,
    /// The largest log that spawn options may ask for. Default 64 MiB.
    pub log_bytes_max: usize,
    /// Bytes of all logs together; beyond it history is dropped, then PTYs are paused. Default
    /// 256 MiB.
    pub log_bytes_total: usize,
    /// Input bytes of one terminal that wait; writes beyond it are accepted in part. Default 1 MiB.
    pub input_bytes: usize,
    /// Commands of senders that wait; one more is refused. Default 1,024.
    pub inbox_commands: usize,
    /// Bytes in those commands; more are refused. Default 16 MiB.
    pub inbox_bytes: usize,
    /// Completions and log lines that wait to be read; with more completions the inbox waits, of log
    /// lines the oldest is dropped. Default 1,024.
    pub events: usize,
    /// Bytes read from one PTY before the next one. Default 64 KiB.
    pub turn_bytes_per_terminal: usize,
    /// Bytes read in one turn. Default 1 MiB.
    pub turn_bytes: usize,
    /// Microseconds after which a turn stops reading. Default 2,000.
    pub turn_time_us: u32,
    /// The same while somebody types. Default 100.
    pub turn_time_typing_us: u32,
    /// Milliseconds after input in which a terminal is served first. Default 100.
    pub typing_window_ms: u32,
    /// The shortest time between two size changes in milliseconds. Default 25.
    pub resize_interval_ms: u32,
    /// Cells of one screen; a larger terminal with a screen is refused. Default 1,048,576.
    pub screen_cells: usize,
    /// Rows of scrollback that a screen may be made with. Default 100,000.
    pub scrollback_rows: usize,
    /// Bytes of all screens, about; beyond it a scrollback grows no further. Default 512 MiB.
    pub screen_bytes_total: usize,
    /// File watches at once; one more is refused. Default 64.
    pub watches: usize,
    /// Entries of one watch; what is beyond is left out. Default 4,194,304.
    pub watch_entries: usize,
    /// Names of one watch that wait to be looked at; beyond it whole directories wait. Default 65,536.
    pub watch_dirty_names: usize,
    /// Events in one batch; more come in the next one. Default 16,384.
    pub watch_batch_events: usize,
    /// Bytes of events that are taken from the kernel with one call. Default 64 KiB.
    pub watch_read_bytes: usize,
    /// Removed entries that are remembered for `orch_watch_changes`. Default 65,536.
    pub watch_tombstones: usize,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_config {
    const FIRST_SIZE: usize = size_through!(orch_config, resize_interval_ms, u32);
    fn defaults() -> Self {
        let limits = Limits::default();
        orch_config {
            size: size_of::<Self>(),
            log_level: ORCH_LOG_WARN,
            reserved: 0,
            terminals: limits.terminals,
            readers_per_terminal: limits.readers_per_terminal,
            log_bytes: limits.log_bytes,
            log_bytes_max: limits.log_bytes_max,
            log_bytes_total: limits.log_bytes_total,
            input_bytes: limits.input_bytes,
            inbox_commands: limits.inbox_commands,
            inbox_bytes: limits.inbox_bytes,
            events: limits.events,
            turn_bytes_per_terminal: limits.turn_bytes_per_terminal,
            turn_bytes: limits.turn_bytes,
            turn_time_us: limits.turn_time.as_micros() as u32,
            turn_time_typing_us: limits.turn_time_typing.as_micros() as u32,
            typing_window_ms: limits.typing_window.as_millis() as u32,
            resize_interval_ms: limits.resize_interval.as_millis() as u32,
            screen_cells: limits.screen_cells,
            scrollback_rows: limits.scrollback_rows,
            screen_bytes_total: limits.screen_bytes_total,
            watches: limits.watches,
            watch_entries: limits.watch_entries,
            watch_dirty_names: limits.watch_dirty_names,
            watch_batch_events: limits.watch_batch_events,
            watch_read_bytes: limits.watch_read_bytes,
            watch_tombstones: limits.watch_tombstones,
        }
    }
}

/// Fills a configuration with the defaults. `size` is `sizeof(orch_config)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_config_init(config: *mut orch_config, size: usize) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `config`.
    without_engine(|| unsafe { sized::init(config, size) })
}

impl orch_config {
    /// The configuration as Rust takes it.
    pub(super) fn to_config(self) -> Result<Config> {
        let default = Self::defaults();
        if self.reserved != 0 {
            return Err(Error::invalid("reserved: must be 0"));
        }
        let log_level = match self.log_level {
            ORCH_LOG_ERROR => LogLevel::Error,
            0 | ORCH_LOG_WARN => LogLevel::Warn,
            ORCH_LOG_INFO => LogLevel::Info,
            other => return Err(super::options::unknown("log_level", other)),
        };
        let or = |value: usize, default: usize| if value == 0 { default } else { value };
        let us = |value: u32, default: u32| {
            Duration::from_micros(if value == 0 { default } else { value }.into())
        };
        let ms = |value: u32, default: u32| {
            Duration::from_millis(if value == 0 { default } else { value }.into())
        };
        let limits = Limits {
            terminals: or(self.terminals, default.terminals),
            readers_per_terminal: or(self.readers_per_terminal, default.readers_per_terminal),
            log_bytes: or(self.log_bytes, default.log_bytes),
            log_bytes_max: or(self.log_bytes_max, default.log_bytes_max),
            log_bytes_total: or(self.log_bytes_total, default.log_bytes_total),
            input_bytes: or(self.input_bytes, default.input_bytes),
            inbox_commands: or(self.inbox_commands, default.inbox_commands),
            inbox_bytes: or(self.inbox_bytes, default.inbox_bytes),
            events: or(self.events, default.events),
            turn_bytes_per_terminal: or(
                self.turn_bytes_per_terminal,
                default.turn_bytes_per_terminal,
            ),
            turn_bytes: or(self.turn_bytes, default.turn_bytes),
            turn_time: us(self.turn_time_us, default.turn_time_us),
            turn_time_typing: us(self.turn_time_typing_us, default.turn_time_typing_us),
            typing_window: ms(self.typing_window_ms, default.typing_window_ms),
            resize_interval: ms(self.resize_interval_ms, default.resize_interval_ms),
            screen_cells: or(self.screen_cells, default.screen_cells),
            scrollback_rows: or(self.scrollback_rows, default.scrollback_rows),
            screen_bytes_total: or(self.screen_bytes_total, default.screen_bytes_total),
            watches: or(self.watches, default.watches),
            watch_entries: or(self.watch_entries, default.watch_entries),
            watch_dirty_names: or(self.watch_dirty_names, default.watch_dirty_names),
            watch_batch_events: or(self.watch_batch_events, default.watch_batch_events),
            watch_read_bytes: or(self.watch_read_bytes, default.watch_read_bytes),
            watch_tombstones: or(self.watch_tombstones, default.watch_tombstones),
            ..Limits::default()
        };
        Ok(Config { limits, log_level, ..Config::default() })
    }
}
