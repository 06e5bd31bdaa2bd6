//! The configuration of an engine.

use std::time::Duration;

use super::event_payload::{ORCH_LOG_ERROR, ORCH_LOG_INFO, ORCH_LOG_WARN, orch_log_level};
use super::sized::{SizedStruct, size_through};
use crate::error::{Error, Result};
use crate::{Config, Limits, LogLevel};

/// How an engine is made, and its limits. In every field 0 is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_config {
    /// `sizeof(orch_config)`.
    pub size: usize,
    /// The least serious log lines that become events. Default ORCH_LOG_WARN.
    pub log_level: orch_log_level,
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
    /// A soft limit in microseconds: after it a turn begins no new unit of work. A unit that has begun is finished, so a
    /// turn takes at most 10 ms of processor time; only snapshots of a long scrollback that the host asks for,
    /// screens of very many cells, and the sums of figures over more than 16,000 terminals, clients and watches, may take
    /// longer. Default 2,000.
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
    /// Events in one batch, with 4 MiB of paths; more come in the next one. Default 16,384.
    pub watch_batch_events: usize,
    /// Bytes of events that are taken from the kernel with one call. Default 64 KiB.
    pub watch_read_bytes: usize,
    /// Removed entries that are remembered for `orch_watch_get_changes`. Default 65,536.
    pub watch_tombstones: usize,
    /// Sessions of the state; a change set that would make more is refused. Default 1,024.
    pub state_sessions: usize,
    /// Panes of the state; a change set that would make more is refused. Default 16,384.
    pub state_panes: usize,
    /// Panes of one session; a change set that would make more is refused. Default 1,024.
    pub state_session_panes: usize,
    /// Bytes of all entries of the state, about; a change set that makes them more is refused. Files may use
    /// seven eighths of them; what is beyond is left out. Default 64 MiB.
    pub state_bytes: usize,
    /// Bytes of the keys of removed entries that are remembered, about, for each collection; a cursor from
    /// before gets everything anew. Default 1 MiB.
    pub state_tombstone_bytes: usize,
    /// Operations of one change set; a larger one is refused. Default 1,024.
    pub state_change_ops: usize,
    /// Addresses to listen on at once; one more is refused. Default 8.
    pub listeners: usize,
    /// Clients at once; one more is closed with that reason. Default 1,024.
    pub clients: usize,
    /// Connections before their welcome that have shown no valid token; beyond it one of them makes room.
    /// Default 16.
    pub clients_pending: usize,
    /// Bytes that wait to be sent to one client. Output and state are added while there is room; a client with more
    /// waiting is closed. One message of up to 4 MiB may exceed the limit. Default 1 MiB.
    pub client_queue_bytes: usize,
    /// Bytes of one message of a client; a larger one closes it. Default 1 MiB.
    pub client_message_bytes: usize,
    /// The same when inflated. Default 4 MiB.
    pub client_inflated_bytes: usize,
    /// Messages of one client in a second, on average; who sends more is read more slowly. Pings and fragments
    /// count, too. Default 2,000.
    pub client_messages_per_second: u64,
    /// Bytes of one client in a second, on average, as sent or when inflated, whichever is more; who sends more
    /// is read more slowly. Default 16 MiB.
    pub client_bytes_per_second: u64,
    /// Terminals that one client is attached to at once; one more is refused. Default 256.
    pub client_attachments: usize,
    /// Bytes of one terminal's output that may be in flight to one client. Default 1 MiB.
    pub client_window_bytes: usize,
    /// Watches that one client has asked for; one more is refused. Default 8.
    pub client_watches: usize,
    /// Changes of clients that wait for review; one more is refused. Default 64.
    pub reviews: usize,
    /// Milliseconds for a connection to ask, upgrade and say hello; then it is closed. Default 5,000.
    pub client_hello_ms: u32,
    /// Milliseconds in which nothing could be sent although something waits, or no byte of an unfinished message
    /// arrived; then the client is closed. Default 30,000.
    pub client_stall_ms: u32,
    /// 1: changes that clients make to the state wait for `orch_review_answer`. 0 (the default): they
    /// are made when they are valid.
    pub review_changes: u32,
    /// Must be 0.
    pub reserved_end: u32,
    /// Peers at once; one more is refused. Default 16.
    pub peers: usize,
    /// Bytes that came from one peer and wait to be read by the host, about; beyond it its connection is not
    /// read. As many may wait to be sent; more is refused. Default 4 MiB.
    pub peer_queue_bytes: usize,
    /// Microseconds of processor time above which a turn is reported (ORCH_EVENT_SLOW_TURN) and the loop counts as
    /// degraded for a minute (ORCH_REASON_SLOW_TURNS). Ten times as much time on the clock also makes the loop degraded, and
    /// is not reported as a turn. Default 100,000, ten times what a turn takes at worst; 20,000 for a host that is more
    /// particular.
    pub turn_time_warn_us: u32,
    /// Milliseconds for which clients that may not type may block a program by not reading; then they continue with
    /// updates of the screen, or after a gap. Default 5,000.
    pub client_hold_ms: u32,
    /// Bytes of the unfinished messages of all clients together, about. When they are used up, a client whose
    /// unfinished message has more than 16 KiB is not read until others have finished theirs or are gone; one without
    /// progress for `client_stall_ms` closes its client. At least `client_message_bytes`. Default 64 MiB.
    pub client_partial_bytes_total: usize,
    /// Bytes of the resources of all listeners; a listener that would make them more is refused. A larger file of a
    /// resource directory is not served. Default 64 MiB.
    pub resource_bytes: usize,
    /// Events that the flight recorder keeps (ORCH_TEXT_FLIGHT_RECORD), some 100 bytes each; the oldest goes first.
    /// Default 1,024.
    pub recorder_events: usize,
    /// Bytes of everything together, about; see `orch_memory` for what counts and who gives way. No other total may be
    /// more. Default 1 GiB.
    pub memory_bytes_total: usize,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_config {
    const FIRST_SIZE: usize = size_through!(orch_config, resize_interval_ms, u32);
    fn defaults() -> Self {
        orch_config {
            size: size_of::<Self>(),
            log_level: 0,
            reserved: 0,
            terminals: 0,
            readers_per_terminal: 0,
            log_bytes: 0,
            log_bytes_max: 0,
            log_bytes_total: 0,
            input_bytes: 0,
            inbox_commands: 0,
            inbox_bytes: 0,
            events: 0,
            turn_bytes_per_terminal: 0,
            turn_bytes: 0,
            turn_time_us: 0,
            turn_time_typing_us: 0,
            typing_window_ms: 0,
            resize_interval_ms: 0,
            screen_cells: 0,
            scrollback_rows: 0,
            screen_bytes_total: 0,
            watches: 0,
            watch_entries: 0,
            watch_dirty_names: 0,
            watch_batch_events: 0,
            watch_read_bytes: 0,
            watch_tombstones: 0,
            state_sessions: 0,
            state_panes: 0,
            state_session_panes: 0,
            state_bytes: 0,
            state_tombstone_bytes: 0,
            state_change_ops: 0,
            listeners: 0,
            clients: 0,
            clients_pending: 0,
            client_queue_bytes: 0,
            client_message_bytes: 0,
            client_inflated_bytes: 0,
            client_messages_per_second: 0,
            client_bytes_per_second: 0,
            client_attachments: 0,
            client_window_bytes: 0,
            client_watches: 0,
            reviews: 0,
            client_hello_ms: 0,
            client_stall_ms: 0,
            review_changes: 0,
            reserved_end: 0,
            peers: 0,
            peer_queue_bytes: 0,
            turn_time_warn_us: 0,
            client_hold_ms: 0,
            client_partial_bytes_total: 0,
            resource_bytes: 0,
            recorder_events: 0,
            memory_bytes_total: 0,
        }
    }
}

impl orch_config {
    /// The configuration as Rust takes it.
    pub(super) fn to_config(self) -> Result<Config> {
        if self.reserved != 0 || self.reserved_end != 0 {
            return Err(Error::invalid("orch_config.reserved and reserved_end must be 0"));
        }
        let log_level = match self.log_level {
            ORCH_LOG_ERROR => LogLevel::Error,
            0 | ORCH_LOG_WARN => LogLevel::Warn,
            ORCH_LOG_INFO => LogLevel::Info,
            other => return Err(super::argument::unknown("orch_config.log_level", other)),
        };
        let review_changes = match self.review_changes {
            flag @ (0 | 1) => flag == 1,
            other => return Err(super::argument::unknown("orch_config.review_changes", other)),
        };
        let mut limits = Limits::default();
        self.bound_engine(&mut limits);
        self.bound_server(&mut limits);
        Ok(Config { limits, log_level, review_changes })
    }

    fn bound_engine(&self, limits: &mut Limits) {
        set(&mut limits.terminals, self.terminals);
        set(&mut limits.readers_per_terminal, self.readers_per_terminal);
        set(&mut limits.log_bytes, self.log_bytes);
        set(&mut limits.log_bytes_max, self.log_bytes_max);
        set(&mut limits.log_bytes_total, self.log_bytes_total);
        set(&mut limits.input_bytes, self.input_bytes);
        set(&mut limits.inbox_commands, self.inbox_commands);
        set(&mut limits.inbox_bytes, self.inbox_bytes);
        set(&mut limits.events, self.events);
        set(&mut limits.recorder_events, self.recorder_events);
        set(&mut limits.turn_bytes_per_terminal, self.turn_bytes_per_terminal);
        set(&mut limits.turn_bytes, self.turn_bytes);
        set(&mut limits.turn_time, us(self.turn_time_us));
        set(&mut limits.turn_time_typing, us(self.turn_time_typing_us));
        set(&mut limits.turn_time_warn, us(self.turn_time_warn_us));
        set(&mut limits.typing_window, ms(self.typing_window_ms));
        set(&mut limits.resize_interval, ms(self.resize_interval_ms));
        set(&mut limits.screen_cells, self.screen_cells);
        set(&mut limits.scrollback_rows, self.scrollback_rows);
        set(&mut limits.screen_bytes_total, self.screen_bytes_total);
        set(&mut limits.watches, self.watches);
        set(&mut limits.watch_entries, self.watch_entries);
        set(&mut limits.watch_dirty_names, self.watch_dirty_names);
        set(&mut limits.watch_batch_events, self.watch_batch_events);
        set(&mut limits.watch_read_bytes, self.watch_read_bytes);
        set(&mut limits.watch_tombstones, self.watch_tombstones);
    }

    fn bound_server(&self, limits: &mut Limits) {
        set(&mut limits.state_sessions, self.state_sessions);
        set(&mut limits.state_panes, self.state_panes);
        set(&mut limits.state_session_panes, self.state_session_panes);
        set(&mut limits.state_bytes, self.state_bytes);
        set(&mut limits.state_tombstone_bytes, self.state_tombstone_bytes);
        set(&mut limits.state_change_ops, self.state_change_ops);
        set(&mut limits.listeners, self.listeners);
        set(&mut limits.clients, self.clients);
        set(&mut limits.clients_pending, self.clients_pending);
        set(&mut limits.client_queue_bytes, self.client_queue_bytes);
        set(&mut limits.client_message_bytes, self.client_message_bytes);
        set(&mut limits.client_inflated_bytes, self.client_inflated_bytes);
        set(&mut limits.client_messages_per_second, self.client_messages_per_second);
        set(&mut limits.client_bytes_per_second, self.client_bytes_per_second);
        set(&mut limits.client_attachments, self.client_attachments);
        set(&mut limits.client_window_bytes, self.client_window_bytes);
        set(&mut limits.client_watches, self.client_watches);
        set(&mut limits.reviews, self.reviews);
        set(&mut limits.client_hello_time, ms(self.client_hello_ms));
        set(&mut limits.client_stall_time, ms(self.client_stall_ms));
        set(&mut limits.client_hold_time, ms(self.client_hold_ms));
        set(&mut limits.peers, self.peers);
        set(&mut limits.peer_queue_bytes, self.peer_queue_bytes);
        set(&mut limits.client_partial_bytes_total, self.client_partial_bytes_total);
        set(&mut limits.resource_bytes, self.resource_bytes);
        set(&mut limits.memory_bytes_total, self.memory_bytes_total);
    }
}

/// Sets a limit, unless the host leaves it at the default.
fn set<T: Default + PartialEq>(limit: &mut T, value: T) {
    if value != T::default() {
        *limit = value;
    }
}

fn us(time: u32) -> Duration {
    Duration::from_micros(time.into())
}

fn ms(time: u32) -> Duration {
    Duration::from_millis(time.into())
}
