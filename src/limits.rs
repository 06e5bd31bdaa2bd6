//! Every bound of the engine in one struct, with what happens when it is reached.

use std::time::Duration;

use crate::error::{Error, Result};

/// The bounds of one engine. Nothing in it grows past these.
///
/// The defaults are for a laptop. [`Engine::new`](crate::Engine::new) validates all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Terminals that exist at once, ended ones that are not closed included. One more spawn or
    /// adoption is refused with [`LimitReached`](crate::ErrorKind::LimitReached). Default 1,024.
    pub terminals: usize,
    /// Readers of one terminal's output, the one made at spawn included. One more attach is
    /// refused. Default 64.
    pub readers_per_terminal: usize,
    /// Bytes of output that one terminal keeps, unless its spawn options name another size. The
    /// oldest are dropped first; unread bytes of a lossless reader are never dropped, the PTY is
    /// paused instead. Default 1 MiB.
    pub log_bytes: usize,
    /// The largest log that spawn options may ask for. Default 64 MiB.
    pub log_bytes_max: usize,
    /// Bytes of all output logs together. When they are used up, history that every reader has
    /// passed is dropped, of other terminals too; when all of it is unread, PTYs are paused.
    /// Default 256 MiB.
    pub log_bytes_total: usize,
    /// Input bytes of one terminal that wait for its program to read. Writes beyond it are accepted
    /// in part, and [`InputReady`](crate::TerminalEvent::InputReady) follows. Default 1 MiB.
    pub input_bytes: usize,
    /// Commands posted by [`Sender`](crate::Sender)s that wait for a turn. A post beyond it is
    /// refused. Default 1,024.
    pub inbox_commands: usize,
    /// Bytes in those commands. A post beyond it is refused. Default 16 MiB.
    pub inbox_bytes: usize,
    /// Completions and log lines that wait to be read. When as many completions wait, the inbox is
    /// not read any further; when as many log lines wait, the oldest is dropped. Default 1,024.
    pub events: usize,
    /// Events that the flight recorder keeps ([`Engine::flight_record`](crate::Engine::flight_record)), some 100 bytes
    /// each; the oldest goes first. 0: none. Default 1,024.
    pub recorder_events: usize,
    /// Bytes read from one PTY before the next one has its turn. Default 64 KiB.
    pub turn_bytes_per_terminal: usize,
    /// Bytes read from all PTYs in one turn. Default 1 MiB.
    pub turn_bytes: usize,
    /// Time after which a turn begins no further unit of work: reads of PTYs, messages of clients, looks at
    /// files. What is left is done in the next turn. A unit takes 1 ms as a rule, and a turn at most 10 ms of
    /// processor time. Only these are not cut into units, and may take longer: a snapshot that the host asks for with a
    /// long scrollback (see [`snapshot`](crate::Engine::snapshot)), a look at a screen of very many cells, the sums of
    /// figures over more than 16,000 terminals, clients and watches. Default 2 ms.
    pub turn_time: Duration,
    /// How long after input a terminal counts as typed-in: it is served before all others, and
    /// other terminals get shorter slices (see `turn_time_typing`). Default 100 ms.
    pub typing_window: Duration,
    /// The `turn_time` while a terminal counts as typed-in, when each kind of work has one unit a turn at
    /// most, so that an echo never waits long behind a flood. Default 100 us.
    pub turn_time_typing: Duration,
    /// Processor time above which a turn is reported ([`SlowTurn`](crate::Event::SlowTurn)) and the loop counts as
    /// degraded for a minute ([`SlowTurns`](crate::HealthReason::SlowTurns)). Ten times as much time on the clock also makes
    /// the loop degraded, and is not reported as a turn. Default 100 ms: ten times what a turn takes at worst in a release build, so that it is a fault
    /// and no load, and as late as a person notices an echo. A host that is more particular takes 20 ms.
    pub turn_time_warn: Duration,
    /// The shortest time between two size changes of one terminal. Default 25 ms.
    pub resize_interval: Duration,
    /// Cells of one screen, rows times columns. A larger terminal with a screen is refused. Default
    /// 1,048,576.
    pub screen_cells: usize,
    /// Rows of scrollback that one screen may be made with. Default 100,000.
    pub scrollback_rows: usize,
    /// File watches at once; one more is refused. Each costs an inotify instance, of which a user has
    /// `fs.inotify.max_user_instances` (often 128). Default 64.
    pub watches: usize,
    /// Entries of one watch, files and directories. What is beyond it is left out, the watch says that it
    /// is partial, and the directory is listed again when there is room. Default 4,194,304.
    pub watch_entries: usize,
    /// Names of one watch that wait to be looked at. Beyond it whole directories wait to be listed
    /// instead; nothing is dropped. Default 65,536.
    pub watch_dirty_names: usize,
    /// Events that one batch may hold, with 4 MiB of paths; more come in the next one. Default 16,384.
    pub watch_batch_events: usize,
    /// Bytes of events that are taken from the kernel with one call; all watches share them. Default
    /// 64 KiB.
    pub watch_read_bytes: usize,
    /// Entries that were removed and are remembered for
    /// [`watch_changes`](crate::Engine::watch_changes); a cursor from before the oldest one starts anew.
    /// 16 bytes each. Default 65,536.
    pub watch_tombstones: usize,
    /// Bytes of all screens with their scrollback, about. When they are used up, a scrollback grows no
    /// further: its oldest rows go sooner. Default 512 MiB.
    pub screen_bytes_total: usize,
    /// Sessions of the application state. A change set that would make more is refused. Default 1,024.
    pub state_sessions: usize,
    /// Panes of the application state. A change set that would make more is refused. Default 16,384.
    pub state_panes: usize,
    /// Panes of one session. A change set that would make more is refused. Default 1,024.
    pub state_session_panes: usize,
    /// Bytes of all entries of the application state, about. A change set that makes them more is refused
    /// when they are used up. Files may use seven eighths of them: what is beyond is left out, and the
    /// watch is partial in the state; terminals are always taken. Default 64 MiB.
    pub state_bytes: usize,
    /// Bytes of the keys of removed entries that are remembered, about, for each of the four collections
    /// of the application state. A client from before the oldest one gets a snapshot. Default 1 MiB.
    pub state_tombstone_bytes: usize,
    /// Operations in one change set; a larger one is refused. Default 1,024.
    pub state_change_ops: usize,
    /// Addresses that the server listens on. Default 8.
    pub listeners: usize,
    /// Bytes of the resources of all listeners ([`ListenerOptions::resource`](crate::ListenerOptions::resource)), as
    /// the host gave them; their compressed forms are smaller and do not count. A listener that would make them more
    /// is refused. A larger file of a resource directory is not served. Default 64 MiB.
    pub resource_bytes: usize,
    /// Clients of the server at once. One more is closed with that reason. Default 1,024.
    pub clients: usize,
    /// Connections that have not authenticated yet and have not shown a valid token in their request; they take
    /// no place of a client. One more takes the place of another one, which is closed with that reason: of the
    /// address that has the most, and of these one that has come less far. Default 16.
    pub clients_pending: usize,
    /// Time for a connection to ask, upgrade and say hello; then it is closed. Default 5 s.
    pub client_hello_time: Duration,
    /// Bytes that wait to be sent to one client. Output and state are added only while there is room; a client
    /// for which more waits is closed. The largest message that waits does not count if it has at most 4 MiB, so
    /// one answer may be larger. Default 1 MiB.
    pub client_queue_bytes: usize,
    /// Time in which nothing could be sent although something waits, or nothing came of a message that is
    /// not finished; then the client is closed. Default 30 s.
    pub client_stall_time: Duration,
    /// How long clients that may not type may hold a program back by bytes that they do not take, all of one
    /// terminal's together. After it they go on with updates of the screen, or behind a gap where there
    /// is none. A client that may type is treated so when it has sent nothing for `client_stall_time`
    /// while it holds a program back. Default 5 s.
    pub client_hold_time: Duration,
    /// Bytes of one message of a client; a larger one closes it. Default 1 MiB.
    pub client_message_bytes: usize,
    /// Bytes of one message of a client when inflated; a larger one closes it. Default 4 MiB.
    pub client_inflated_bytes: usize,
    /// Bytes of the unfinished messages of all clients together, about. When they are used up, a client
    /// whose unfinished message has more than 16 KiB is not read any further until others have finished
    /// theirs or are gone; one that does not go on for `client_stall_time` closes its client. Default 64 MiB.
    pub client_partial_bytes_total: usize,
    /// Messages of one client in a second, on average; who sends more is read more slowly. Pings and
    /// fragments count, too. Default 2,000.
    pub client_messages_per_second: u64,
    /// Bytes of one client in a second, on average, as sent or when inflated, whichever is more; who sends
    /// more is read more slowly. Default 16 MiB.
    pub client_bytes_per_second: u64,
    /// Terminals that one client is attached to at once. One more is refused. Default 256.
    pub client_attachments: usize,
    /// Bytes of one terminal's output that may be in flight to one client. Default 1 MiB.
    pub client_window_bytes: usize,
    /// Watches that one client has asked for. One more is refused. Default 8.
    pub client_watches: usize,
    /// Changes of clients that wait for the host's review. One more is refused. Default 64.
    pub reviews: usize,
    /// Connections to other engines ([`Engine::connect`](crate::Engine::connect)). One more is refused.
    /// Each may mirror a state of `state_bytes`. Default 16.
    pub peers: usize,
    /// Bytes that came from one peer and wait to be read by the host, about: beyond it the connection is
    /// not read any further. Also bytes that wait to be sent to it: a call that would make them more is
    /// refused. Default 4 MiB.
    pub peer_queue_bytes: usize,
    /// Bytes of everything together, about: see [`MemoryUse`](crate::MemoryUse) for what counts. When seven eighths are
    /// used, what nobody needs is given up, in this order: history of logs, the oldest rows of scrollbacks, tombstones
    /// and caches. When fifteen sixteenths are used, the client for which the most waits is closed, then new things
    /// are refused and PTYs are paused. What is unread is never dropped. No other total may be more. Default 1 GiB.
    pub memory_bytes_total: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            terminals: 1024,
            readers_per_terminal: 64,
            log_bytes: 1 << 20,
            log_bytes_max: 64 << 20,
            log_bytes_total: 256 << 20,
            input_bytes: 1 << 20,
            inbox_commands: 1024,
            inbox_bytes: 16 << 20,
            events: 1024,
            recorder_events: 1024,
            turn_bytes_per_terminal: 64 << 10,
            turn_bytes: 1 << 20,
            turn_time: Duration::from_millis(2),
            typing_window: Duration::from_millis(100),
            turn_time_typing: Duration::from_micros(100),
            turn_time_warn: Duration::from_millis(100),
            resize_interval: Duration::from_millis(25),
            screen_cells: 1 << 20,
            scrollback_rows: 100_000,
            screen_bytes_total: 512 << 20,
            watches: 64,
            watch_entries: 4 << 20,
            watch_dirty_names: 1 << 16,
            watch_batch_events: 1 << 14,
            watch_read_bytes: 64 << 10,
            watch_tombstones: 1 << 16,
            listeners: 8,
            resource_bytes: 64 << 20,
            clients: 1024,
            clients_pending: 16,
            client_hello_time: Duration::from_secs(5),
            client_queue_bytes: 1 << 20,
            client_stall_time: Duration::from_secs(30),
            client_hold_time: Duration::from_secs(5),
            client_message_bytes: 1 << 20,
            client_inflated_bytes: 4 << 20,
            client_partial_bytes_total: 64 << 20,
            client_messages_per_second: 2000,
            client_bytes_per_second: 16 << 20,
            client_attachments: 256,
            client_window_bytes: 1 << 20,
            client_watches: 8,
            reviews: 64,
            peers: 16,
            peer_queue_bytes: 4 << 20,
            state_sessions: 1024,
            state_panes: 1 << 14,
            state_session_panes: 1024,
            state_bytes: 64 << 20,
            state_tombstone_bytes: 1 << 20,
            state_change_ops: 1024,
            memory_bytes_total: 1 << 30,
        }
    }
}

/// The smallest output log: sixteen segments of a page.
pub(crate) const LOG_BYTES_MIN: usize = 64 << 10;

/// The smallest budget of all memory: what is kept of it for what cannot be refused has to be enough for a message.
const MEMORY_BYTES_MIN: usize = 4 << 20;

/// What is said of whatever `memory_bytes_total` refuses.
pub(crate) const MEMORY_USED_UP: &str = "memory_bytes_total: all memory of the engine is used up";

impl Limits {
    /// Checks every bound, alone and against the others.
    pub(crate) fn validate(&self) -> Result<()> {
        let checks = self.checks().into_iter().chain(self.state_checks());
        let checks = checks.chain(self.memory_checks());
        let broken: Vec<&str> = checks.filter(|(ok, _)| !ok).map(|(_, rule)| rule).collect();
        if broken.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(format!("limits out of range: {}", broken.join("; "))))
    }

    fn checks(&self) -> Vec<(bool, &'static str)> {
        vec![
            (self.terminals >= 1 && self.terminals <= 1 << 20, "terminals: 1 to 1,048,576"),
            (self.readers_per_terminal >= 1, "readers_per_terminal: at least 1"),
            (self.log_bytes >= LOG_BYTES_MIN, "log_bytes: at least 64 KiB"),
            (self.log_bytes_max >= self.log_bytes, "log_bytes_max: at least log_bytes"),
            (self.log_bytes_total >= self.log_bytes_max, "log_bytes_total: at least log_bytes_max"),
            (self.input_bytes >= 4096, "input_bytes: at least 4,096"),
            // There is room for all of them from the beginning.
            ((1..=1 << 16).contains(&self.inbox_commands), "inbox_commands: 1 to 65,536"),
            (self.inbox_bytes >= 4096, "inbox_bytes: at least 4,096"),
            (self.events >= 1, "events: at least 1"),
            (self.recorder_events <= 1 << 20, "recorder_events: at most 1,048,576"),
            (self.turn_bytes_per_terminal >= 1024, "turn_bytes_per_terminal: at least 1,024"),
            (
                self.turn_bytes >= self.turn_bytes_per_terminal,
                "turn_bytes: at least turn_bytes_per_terminal",
            ),
            (self.turn_time >= Duration::from_micros(50), "turn_time: at least 50 us"),
            (
                self.turn_time_typing >= Duration::from_micros(50),
                "turn_time_typing: at least 50 us",
            ),
            (self.turn_time <= Duration::from_secs(1), "turn_time: at most 1 s"),
            (within_hour(self.turn_time_warn), "turn_time_warn: 1 ms to an hour"),
            (self.turn_time_typing <= self.turn_time, "turn_time_typing: at most turn_time"),
            (self.typing_window <= Duration::from_secs(60), "typing_window: at most 60 s"),
            (self.resize_interval <= Duration::from_secs(60), "resize_interval: at most 60 s"),
            ((1..=1 << 24).contains(&self.screen_cells), "screen_cells: 1 to 16,777,216"),
            (self.scrollback_rows <= 10_000_000, "scrollback_rows: at most 10,000,000"),
            ((1..=1 << 16).contains(&self.watches), "watches: 1 to 65,536"),
            ((1..=1 << 30).contains(&self.watch_entries), "watch_entries: 1 to 1,073,741,824"),
            ((1..=1 << 24).contains(&self.watch_dirty_names), "watch_dirty_names: 1 to 16,777,216"),
            (
                (1..=1 << 24).contains(&self.watch_batch_events),
                "watch_batch_events: 1 to 16,777,216",
            ),
            // The kernel does not take a buffer that the longest name might not fit in.
            ((512..=1 << 24).contains(&self.watch_read_bytes), "watch_read_bytes: 512 to 16 MiB"),
            (self.watch_tombstones <= 1 << 28, "watch_tombstones: at most 268,435,456"),
            ((1..=1 << 10).contains(&self.listeners), "listeners: 1 to 1,024"),
            (self.resource_bytes <= 1 << 30, "resource_bytes: at most 1 GiB"),
            ((1..=1 << 20).contains(&self.clients), "clients: 1 to 1,048,576"),
            ((1..=1 << 16).contains(&self.clients_pending), "clients_pending: 1 to 65,536"),
            (within_hour(self.client_hello_time), "client_hello_time: 1 ms to an hour"),
            (within_hour(self.client_stall_time), "client_stall_time: 1 ms to an hour"),
            (within_hour(self.client_hold_time), "client_hold_time: 1 ms to an hour"),
            (self.client_queue_bytes >= 256 << 10, "client_queue_bytes: at least 256 KiB"),
            (
                (4 << 10..=64 << 20).contains(&self.client_message_bytes),
                "client_message_bytes: 4 KiB to 64 MiB",
            ),
            (
                (4 << 10..=4 << 20).contains(&self.client_inflated_bytes),
                "client_inflated_bytes: 4 KiB to 4 MiB",
            ),
            (
                self.client_partial_bytes_total >= self.client_message_bytes,
                "client_partial_bytes_total: at least client_message_bytes",
            ),
            (self.client_messages_per_second >= 1, "client_messages_per_second: at least 1"),
            (self.client_bytes_per_second >= 1024, "client_bytes_per_second: at least 1,024"),
            (self.client_window_bytes >= 4 << 10, "client_window_bytes: at least 4 KiB"),
            ((1..=1 << 10).contains(&self.peers), "peers: 1 to 1,024"),
            (self.peer_queue_bytes >= 64 << 10, "peer_queue_bytes: at least 64 KiB"),
        ]
    }

    /// No total may be more than all memory.
    fn memory_checks(&self) -> Vec<(bool, &'static str)> {
        let fits = |bytes: usize| bytes <= self.memory_bytes_total;
        vec![
            (fits(MEMORY_BYTES_MIN), "memory_bytes_total: at least 4 MiB"),
            (fits(self.log_bytes_total), "log_bytes_total: at most memory_bytes_total"),
            (fits(self.screen_bytes_total), "screen_bytes_total: at most memory_bytes_total"),
            (fits(self.state_bytes), "state_bytes: at most memory_bytes_total"),
            (fits(self.resource_bytes), "resource_bytes: at most memory_bytes_total"),
            (fits(self.inbox_bytes), "inbox_bytes: at most memory_bytes_total"),
            (
                fits(self.client_partial_bytes_total),
                "client_partial_bytes_total: at most memory_bytes_total",
            ),
            (fits(self.client_queue_bytes), "client_queue_bytes: at most memory_bytes_total"),
            (fits(self.peer_queue_bytes), "peer_queue_bytes: at most memory_bytes_total"),
        ]
    }

    fn state_checks(&self) -> Vec<(bool, &'static str)> {
        vec![
            ((1..=1 << 20).contains(&self.state_sessions), "state_sessions: 1 to 1,048,576"),
            ((1..=1 << 20).contains(&self.state_panes), "state_panes: 1 to 1,048,576"),
            ((1..=1 << 14).contains(&self.state_session_panes), "state_session_panes: 1 to 16,384"),
            // Slots are counted in 32 bits, and no entry is smaller than 16 bytes.
            ((1 << 16..=1 << 36).contains(&self.state_bytes), "state_bytes: 64 KiB to 64 GiB"),
            (self.state_tombstone_bytes <= 1 << 32, "state_tombstone_bytes: at most 4 GiB"),
            ((1..=1 << 16).contains(&self.state_change_ops), "state_change_ops: 1 to 65,536"),
        ]
    }
}

fn within_hour(time: Duration) -> bool {
    (Duration::from_millis(1)..=Duration::from_secs(3600)).contains(&time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid() {
        assert_eq!(Limits::default().validate(), Ok(()));
    }

    #[test]
    fn every_broken_bound_is_named() {
        let limits = Limits { terminals: 0, log_bytes: 1, ..Limits::default() };
        let error = limits.validate().unwrap_err();
        assert!(error.message().contains("terminals: 1 to"));
        assert!(error.message().contains("log_bytes: at least"));
    }
}
