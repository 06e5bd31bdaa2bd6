//! What the engine has counted and measured, as plain numbers.
//!
//! What is counted only grows, since the engine was made. Times are in nanoseconds.

use super::distribution::Distribution;
use super::kinds::KindCount;
use super::turns::{STAGES, StageMetrics};
use crate::id::{ClientId, TerminalId, WatchId};

/// What went over connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes that came in, with all headers.
    pub received_bytes: u64,
    /// Messages that came in: WebSocket frames, as the rates of a client count them.
    pub received_messages: u64,
    /// Bytes that were written to sockets.
    pub sent_bytes: u64,
    /// Messages that were written to sockets whole: frames, heads and parts of pages.
    pub sent_messages: u64,
}

/// Output that somebody did not get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Gaps.
    pub count: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// The figures of an engine; see [`Engine::metrics`](crate::Engine::metrics).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Nanoseconds since the engine was made.
    pub uptime_ns: u64,
    /// Whether [`set_observing`](crate::Engine::set_observing) is on.
    pub is_observing: bool,
    /// How often an invariant was broken in any engine of this process: anything but 0 is a bug in the library.
    pub invariants_broken: u64,
    /// What went wrong inside of turns, where no caller got the error.
    pub errors: Vec<KindCount>,
    /// Log lines that were dropped because the host did not read them.
    pub log_lines_dropped: u64,
    /// Completions and log lines that wait to be read.
    pub notices: u64,
    /// Changes of clients that wait for the host's review.
    pub reviews: u64,
    /// Bytes that each subsystem uses, about; see [`Engine::memory`](crate::Engine::memory).
    pub memory: Vec<KindCount>,
    /// The most that all of them may use.
    pub memory_bytes_max: u64,
    /// How often each kind of memory was given up, and how often something was refused for want of it.
    pub memory_gave_way: Vec<KindCount>,
    /// Parts that are degraded, and parts that have failed; see [`Engine::health`](crate::Engine::health).
    pub parts_unwell: Vec<KindCount>,
    /// Searches, batches, rows and reports of clients that are under way.
    pub jobs: u64,

    /// Turns. These figures and those of turns and stages below are since
    /// [`reset_turn_stats`](crate::Engine::reset_turn_stats), if that was called.
    pub turns: u64,
    /// Turns that left work for the next one.
    pub turns_unfinished: u64,
    /// Processor time of a turn.
    pub turn_cpu: Distribution,
    /// Time on the clock of a turn, without the wait for something to do.
    pub turn_wall: Distribution,
    /// The stages of a turn, in their order.
    pub stages: [StageMetrics; STAGES],
    /// How late timers fired, and how long what a turn had left undone waited for the next one.
    pub loop_lag: Distribution,

    /// Terminals, ended ones included.
    pub terminals: u64,
    /// Terminals that were spawned or adopted.
    pub terminals_started: u64,
    /// Bytes that came out of terminals.
    pub output_bytes: u64,
    /// Bytes that the programs' sides took in.
    pub input_bytes: u64,
    /// Bytes that wait for programs to read.
    pub input_waiting_bytes: u64,
    /// Terminals that are not read at the moment: the host or a slow reader stops them, or memory is used up.
    pub terminals_stopped: u64,
    /// Bytes that all output logs hold.
    pub log_bytes: u64,
    /// The most that they may hold.
    pub log_bytes_max: u64,
    /// Bytes that all screens hold with their scrollback.
    pub screen_bytes: u64,
    /// The most that they may hold.
    pub screen_bytes_max: u64,
    /// Gaps of the host's readers.
    pub reader_gaps: Gaps,
    /// From input to the first output after it.
    pub response: Distribution,

    /// File watches.
    pub watches: u64,
    /// Entries of all trees.
    pub watch_entries: u64,
    /// Names that wait to be looked at.
    pub watch_dirty_names: u64,
    /// Events that the kernel reported.
    pub watch_kernel_events: u64,
    /// Events that were published in batches.
    pub watch_events: u64,
    /// Batches.
    pub watch_batches: u64,
    /// How often the kernel dropped events, so that everything was listed again.
    pub watch_overflows: u64,
    /// From the first event of a batch to the moment at which the host could read it.
    pub watch_latency: Distribution,

    /// Bytes of the application state, about.
    pub state_bytes: u64,
    /// The most that there may be.
    pub state_bytes_max: u64,
    /// Versions of the application state.
    pub state_version: u64,

    /// Addresses that are listened on.
    pub listeners: u64,
    /// Connections, those included that have not authenticated or are being closed.
    pub connections: u64,
    /// Clients that have authenticated.
    pub clients: u64,
    /// Connections that were accepted.
    pub connections_accepted: u64,
    /// Requests that were refused, by HTTP status.
    pub requests_refused: Vec<KindCount>,
    /// WebSockets that the server closed, by the code of the close frame.
    pub clients_closed: Vec<KindCount>,
    /// Errors that were reported to clients, by code.
    pub client_errors: Vec<KindCount>,
    /// What went over all connections of the server.
    pub client_traffic: Traffic,
    /// Bytes that wait to be sent to clients.
    pub client_queued_bytes: u64,
    /// Bytes of unfinished messages of clients.
    pub client_partial_bytes: u64,
    /// Gaps of clients.
    pub client_gaps: Gaps,
    /// From a diff to its acknowledgement.
    pub client_round_trip: Distribution,
    /// Sizes of parts of diffs, in bytes.
    pub diff_bytes: Distribution,
    /// From the oldest change of a diff to the moment at which it was queued.
    pub diff_age: Distribution,

    /// Connections to other engines.
    pub peers: u64,
    /// Those that are connected.
    pub peers_connected: u64,
    /// What went over them.
    pub peer_traffic: Traffic,
    /// Bytes of other engines that wait to be read by the host, about.
    pub peer_received_bytes: u64,
    /// Bytes that wait to be sent to other engines.
    pub peer_queued_bytes: u64,
}

/// The figures of one terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminalMetrics {
    /// Which one.
    pub id: TerminalId,
    /// Bytes that came out.
    pub output_bytes: u64,
    /// Bytes that the program's side took in.
    pub input_bytes: u64,
    /// Bytes that wait for the program to read.
    pub input_waiting_bytes: u64,
    /// Bytes that the output log holds.
    pub log_bytes: u64,
    /// Bytes that the screen holds with its scrollback.
    pub screen_bytes: u64,
    /// Bytes that the slowest reader that gets every byte has not got.
    pub unread_bytes: u64,
    /// Gaps of the host's readers.
    pub reader_gaps: Gaps,
    /// From input to the first output after it. Percentiles are rounded up by a factor of two at most.
    pub response: Distribution,
}

/// The figures of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientMetrics {
    /// Which one.
    pub id: ClientId,
    /// What went over its connection.
    pub traffic: Traffic,
    /// Bytes that wait to be sent to it.
    pub queued_bytes: u64,
    /// Messages that wait.
    pub queued_messages: u64,
    /// Terminals that it is attached to.
    pub attachments: u64,
    /// Its gaps.
    pub gaps: Gaps,
    /// From a diff to its acknowledgement. Percentiles of this and the next two are rounded up by a factor of two at
    /// most.
    pub round_trip: Distribution,
    /// Sizes of parts of diffs, in bytes.
    pub diff_bytes: Distribution,
    /// From the oldest change of a diff to the moment at which it was queued.
    pub diff_age: Distribution,
}

/// The figures of one watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchMetrics {
    /// Which one.
    pub id: WatchId,
    /// Entries of the tree.
    pub entries: u64,
    /// Names that wait to be looked at.
    pub dirty_names: u64,
    /// Directories that wait to be listed.
    pub waiting_directories: u64,
    /// Events that the kernel reported.
    pub kernel_events: u64,
    /// Events that were published in batches.
    pub events: u64,
    /// Batches.
    pub batches: u64,
    /// How often the kernel dropped events, so that everything was listed again.
    pub overflows: u64,
    /// From the first event of a batch to the moment at which the host could read it. Percentiles are rounded up by a
    /// factor of two at most.
    pub latency: Distribution,
}

impl Traffic {
    /// Adds what `new` has more than `counted`, which becomes `new`.
    pub(crate) fn add_since(&mut self, counted: &mut Traffic, new: Traffic) {
        self.received_bytes += new.received_bytes - counted.received_bytes;
        self.received_messages += new.received_messages - counted.received_messages;
        self.sent_bytes += new.sent_bytes - counted.sent_bytes;
        self.sent_messages += new.sent_messages - counted.sent_messages;
        *counted = new;
    }

    pub(crate) fn add(&mut self, other: Traffic) {
        self.add_since(&mut Traffic::default(), other);
    }
}

impl Gaps {
    /// A gap of so many bytes.
    pub(crate) fn note(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }

    pub(crate) fn add(&mut self, other: Gaps) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}
