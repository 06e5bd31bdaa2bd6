//! What the engine counts and measures, as structs of C.

use std::mem::size_of;
use std::ptr;

use super::lent::{Lendable, poison_all};
use super::sized::{self, SizedStruct, size_through};
use super::stats::{orch_stage, stage_number};
use super::types::orch_bytes;
use crate::{
    ClientMetrics, Distribution, Gaps, KindCount, Metrics, TerminalMetrics, Traffic, WatchMetrics,
};

/// A distribution of values: times in nanoseconds, or bytes. Percentiles are rounded up: of the engine by 1 %, of turns
/// and stages by 12 %, of one terminal, client or watch by a factor of two at most.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_distribution {
    /// Values.
    pub count: u64,
    /// All of them together.
    pub sum: u64,
    /// Half of them were not larger.
    pub p50: u64,
    /// 95 of 100 were not larger.
    pub p95: u64,
    /// 99 of 100 were not larger.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

/// What went over connections.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_traffic {
    /// Bytes that came in, with all headers.
    pub received_bytes: u64,
    /// Messages that came in: WebSocket frames.
    pub received_messages: u64,
    /// Bytes that were written to sockets.
    pub sent_bytes: u64,
    /// Messages that were written to sockets whole.
    pub sent_messages: u64,
}

/// Output that somebody did not get.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_gaps {
    /// Gaps.
    pub count: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// How often something of one kind happened.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_kind_count {
    /// Its name.
    pub kind: orch_bytes,
    /// How often.
    pub count: u64,
}

/// Counts of the kinds that have happened.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_kind_counts {
    /// The counts, by name.
    pub items: *const orch_kind_count,
    /// How many.
    pub count: usize,
    /// Bytes from one to the next.
    pub stride: usize,
}

/// What one stage of the turns did.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_stage_metrics {
    /// Which stage.
    pub stage: orch_stage,
    /// Always 0.
    pub reserved: u32,
    /// Time on the clock in the turns in which it did something.
    pub wall: orch_distribution,
    /// What its units cost together: an estimate of processor time in nanoseconds.
    pub cost: u64,
}

const NO_DISTRIBUTION: orch_distribution =
    orch_distribution { count: 0, sum: 0, p50: 0, p95: 0, p99: 0, max: 0 };
const NO_TRAFFIC: orch_traffic =
    orch_traffic { received_bytes: 0, received_messages: 0, sent_bytes: 0, sent_messages: 0 };
const NO_GAPS: orch_gaps = orch_gaps { count: 0, bytes: 0 };
const NO_KINDS: orch_kind_counts =
    orch_kind_counts { items: ptr::null(), count: 0, stride: size_of::<orch_kind_count>() };

// SAFETY: integers and raw pointers only.
unsafe impl Lendable for orch_kind_count {}
// SAFETY: integers only.
unsafe impl Lendable for orch_stage_metrics {}

/// The figures of an engine; docs/METRICS.md explains each. What is counted is counted since the engine was created.
/// Times are in nanoseconds. What pointers lead to is lent until the next `orch_engine_get_metrics` on this engine that
/// succeeds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_metrics {
    /// `sizeof(orch_metrics)`, set by the host.
    pub size: usize,
    /// Since the engine was created.
    pub uptime_ns: u64,
    /// 1 while times and sizes are recorded; see `orch_engine_set_observing`.
    pub observing: u32,
    /// Always 0.
    pub reserved: u32,
    /// How often an invariant was broken in any engine of this process: anything but 0 is a bug in the library.
    pub invariants_broken: u64,
    /// What went wrong in turns, where no caller got the error.
    pub errors: orch_kind_counts,
    /// Log lines that were dropped because the host did not read them.
    pub log_lines_dropped: u64,
    /// Completions and log lines that wait to be read.
    pub notices: u64,
    /// Changes of clients that wait for the host's review.
    pub reviews: u64,
    /// Searches, batches, rows and reports of clients that are under way.
    pub jobs: u64,
    /// Turns. These figures and those of turns and stages below are since `orch_engine_reset_stats`, if that was
    /// called.
    pub turns: u64,
    /// Turns that left work for the next one.
    pub turns_unfinished: u64,
    /// Processor time of a turn.
    pub turn_cpu: orch_distribution,
    /// Time on the clock of a turn, without the wait for something to do.
    pub turn_wall: orch_distribution,
    /// How late timers fired, and how long what a turn had left undone waited for the next one.
    pub loop_lag: orch_distribution,
    /// The stages of a turn, in their order.
    pub stages: *const orch_stage_metrics,
    /// How many.
    pub stage_count: usize,
    /// Bytes from one to the next.
    pub stage_stride: usize,
    /// Terminals, ended ones included.
    pub terminals: u64,
    /// Terminals that were spawned or adopted.
    pub terminals_started: u64,
    /// Terminals that are not read: the host or a slow reader stops them, or memory is used up.
    pub terminals_stopped: u64,
    /// Bytes that came out of terminals.
    pub output_bytes: u64,
    /// Bytes that the programs' sides took in.
    pub input_bytes: u64,
    /// Bytes that wait for programs to read.
    pub input_waiting_bytes: u64,
    /// Bytes that all output logs hold.
    pub log_bytes: u64,
    /// The most that they may hold.
    pub log_bytes_max: u64,
    /// Bytes that all screens hold with their scrollback.
    pub screen_bytes: u64,
    /// The most that they may hold.
    pub screen_bytes_max: u64,
    /// Gaps of the host's readers.
    pub reader_gaps: orch_gaps,
    /// From input to the first output after it.
    pub response: orch_distribution,
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
    pub watch_latency: orch_distribution,
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
    pub requests_refused: orch_kind_counts,
    /// WebSockets that the server closed, by the code of the close frame.
    pub clients_closed: orch_kind_counts,
    /// Errors that were reported to clients, by code.
    pub client_errors: orch_kind_counts,
    /// What went over all connections of the server.
    pub client_traffic: orch_traffic,
    /// Bytes that wait to be sent to clients.
    pub client_queued_bytes: u64,
    /// Bytes of unfinished messages of clients.
    pub client_partial_bytes: u64,
    /// Gaps of clients.
    pub client_gaps: orch_gaps,
    /// From a diff to its acknowledgement.
    pub client_round_trip: orch_distribution,
    /// Sizes of parts of diffs, in bytes.
    pub diff_bytes: orch_distribution,
    /// From the oldest change of a diff to the moment at which it was queued.
    pub diff_age: orch_distribution,
    /// Connections to other engines.
    pub peers: u64,
    /// Those that are connected.
    pub peers_connected: u64,
    /// What went over them.
    pub peer_traffic: orch_traffic,
    /// Bytes of other engines that wait to be read by the host, about.
    pub peer_received_bytes: u64,
    /// Bytes that wait to be sent to other engines.
    pub peer_queued_bytes: u64,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_metrics {
    const FIRST_SIZE: usize = size_through!(orch_metrics, peer_queued_bytes, u64);
    fn defaults() -> Self {
        orch_metrics {
            size: size_of::<Self>(),
            uptime_ns: 0,
            observing: 0,
            reserved: 0,
            invariants_broken: 0,
            errors: NO_KINDS,
            log_lines_dropped: 0,
            notices: 0,
            reviews: 0,
            jobs: 0,
            turns: 0,
            turns_unfinished: 0,
            turn_cpu: NO_DISTRIBUTION,
            turn_wall: NO_DISTRIBUTION,
            loop_lag: NO_DISTRIBUTION,
            stages: ptr::null(),
            stage_count: 0,
            stage_stride: size_of::<orch_stage_metrics>(),
            terminals: 0,
            terminals_started: 0,
            terminals_stopped: 0,
            output_bytes: 0,
            input_bytes: 0,
            input_waiting_bytes: 0,
            log_bytes: 0,
            log_bytes_max: 0,
            screen_bytes: 0,
            screen_bytes_max: 0,
            reader_gaps: NO_GAPS,
            response: NO_DISTRIBUTION,
            watches: 0,
            watch_entries: 0,
            watch_dirty_names: 0,
            watch_kernel_events: 0,
            watch_events: 0,
            watch_batches: 0,
            watch_overflows: 0,
            watch_latency: NO_DISTRIBUTION,
            state_bytes: 0,
            state_bytes_max: 0,
            state_version: 0,
            listeners: 0,
            connections: 0,
            clients: 0,
            connections_accepted: 0,
            requests_refused: NO_KINDS,
            clients_closed: NO_KINDS,
            client_errors: NO_KINDS,
            client_traffic: NO_TRAFFIC,
            client_queued_bytes: 0,
            client_partial_bytes: 0,
            client_gaps: NO_GAPS,
            client_round_trip: NO_DISTRIBUTION,
            diff_bytes: NO_DISTRIBUTION,
            diff_age: NO_DISTRIBUTION,
            peers: 0,
            peers_connected: 0,
            peer_traffic: NO_TRAFFIC,
            peer_received_bytes: 0,
            peer_queued_bytes: 0,
        }
    }
}

/// The figures of one terminal. Times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_terminal_metrics {
    /// `sizeof(orch_terminal_metrics)`, set by the host.
    pub size: usize,
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
    pub reader_gaps: orch_gaps,
    /// From input to the first output after it.
    pub response: orch_distribution,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_terminal_metrics {
    const FIRST_SIZE: usize = size_through!(orch_terminal_metrics, response, orch_distribution);
    fn defaults() -> Self {
        orch_terminal_metrics {
            size: size_of::<Self>(),
            output_bytes: 0,
            input_bytes: 0,
            input_waiting_bytes: 0,
            log_bytes: 0,
            screen_bytes: 0,
            unread_bytes: 0,
            reader_gaps: NO_GAPS,
            response: NO_DISTRIBUTION,
        }
    }
}

/// The figures of one client. Times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_client_metrics {
    /// `sizeof(orch_client_metrics)`, set by the host.
    pub size: usize,
    /// What went over its connection.
    pub traffic: orch_traffic,
    /// Bytes that wait to be sent to it.
    pub queued_bytes: u64,
    /// Messages that wait.
    pub queued_messages: u64,
    /// Terminals that it is attached to.
    pub attachments: u64,
    /// Its gaps.
    pub gaps: orch_gaps,
    /// From a diff to its acknowledgement.
    pub round_trip: orch_distribution,
    /// Sizes of parts of diffs, in bytes.
    pub diff_bytes: orch_distribution,
    /// From the oldest change of a diff to the moment at which it was queued.
    pub diff_age: orch_distribution,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_client_metrics {
    const FIRST_SIZE: usize = size_through!(orch_client_metrics, diff_age, orch_distribution);
    fn defaults() -> Self {
        orch_client_metrics {
            size: size_of::<Self>(),
            traffic: NO_TRAFFIC,
            queued_bytes: 0,
            queued_messages: 0,
            attachments: 0,
            gaps: NO_GAPS,
            round_trip: NO_DISTRIBUTION,
            diff_bytes: NO_DISTRIBUTION,
            diff_age: NO_DISTRIBUTION,
        }
    }
}

/// The figures of one watch. Times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_watch_metrics {
    /// `sizeof(orch_watch_metrics)`, set by the host.
    pub size: usize,
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
    /// From the first event of a batch to the moment at which the host could read it.
    pub latency: orch_distribution,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_watch_metrics {
    const FIRST_SIZE: usize = size_through!(orch_watch_metrics, latency, orch_distribution);
    fn defaults() -> Self {
        orch_watch_metrics {
            size: size_of::<Self>(),
            entries: 0,
            dirty_names: 0,
            waiting_directories: 0,
            kernel_events: 0,
            events: 0,
            batches: 0,
            overflows: 0,
            latency: NO_DISTRIBUTION,
        }
    }
}

/// What the last `orch_engine_get_metrics` has lent.
#[derive(Default)]
pub(super) struct MetricsLoan {
    stages: Vec<orch_stage_metrics>,
    /// One array for each list of kinds.
    kinds: [Vec<orch_kind_count>; 4],
}

impl MetricsLoan {
    /// Lends the figures of an engine in place of those that were lent before.
    pub(super) fn lend(&mut self, m: &Metrics) -> orch_metrics {
        if cfg!(debug_assertions) {
            poison_all(&mut self.stages);
            self.kinds.iter_mut().for_each(|kinds| poison_all(kinds));
        }
        self.stages.clear();
        self.stages.extend(m.stages.iter().map(|stage| orch_stage_metrics {
            stage: stage_number(stage.stage),
            reserved: 0,
            wall: distribution(stage.wall),
            cost: stage.cost,
        }));
        let [errors, refused, closed, client_errors] = &mut self.kinds;
        let counted = orch_metrics {
            errors: lend_kinds(errors, &m.errors),
            requests_refused: lend_kinds(refused, &m.requests_refused),
            clients_closed: lend_kinds(closed, &m.clients_closed),
            client_errors: lend_kinds(client_errors, &m.client_errors),
            stages: self.stages.as_ptr(),
            stage_count: self.stages.len(),
            ..orch_metrics::defaults()
        };
        with_distributions(with_numbers(counted, m), m)
    }
}

fn lend_kinds(into: &mut Vec<orch_kind_count>, kinds: &[KindCount]) -> orch_kind_counts {
    into.clear();
    into.extend(kinds.iter().map(|kind| orch_kind_count {
        kind: sized::lend(kind.kind.as_bytes()),
        count: kind.count,
    }));
    orch_kind_counts { items: into.as_ptr(), count: into.len(), ..NO_KINDS }
}

fn with_numbers(out: orch_metrics, m: &Metrics) -> orch_metrics {
    orch_metrics {
        observing: u32::from(m.is_observing),
        uptime_ns: m.uptime_ns,
        invariants_broken: m.invariants_broken,
        log_lines_dropped: m.log_lines_dropped,
        notices: m.notices,
        reviews: m.reviews,
        jobs: m.jobs,
        turns: m.turns,
        turns_unfinished: m.turns_unfinished,
        terminals: m.terminals,
        terminals_started: m.terminals_started,
        terminals_stopped: m.terminals_stopped,
        output_bytes: m.output_bytes,
        input_bytes: m.input_bytes,
        input_waiting_bytes: m.input_waiting_bytes,
        log_bytes: m.log_bytes,
        log_bytes_max: m.log_bytes_max,
        screen_bytes: m.screen_bytes,
        screen_bytes_max: m.screen_bytes_max,
        watches: m.watches,
        watch_entries: m.watch_entries,
        watch_dirty_names: m.watch_dirty_names,
        watch_kernel_events: m.watch_kernel_events,
        watch_events: m.watch_events,
        watch_batches: m.watch_batches,
        watch_overflows: m.watch_overflows,
        state_bytes: m.state_bytes,
        state_bytes_max: m.state_bytes_max,
        state_version: m.state_version,
        listeners: m.listeners,
        connections: m.connections,
        clients: m.clients,
        connections_accepted: m.connections_accepted,
        client_queued_bytes: m.client_queued_bytes,
        client_partial_bytes: m.client_partial_bytes,
        peers: m.peers,
        peers_connected: m.peers_connected,
        peer_received_bytes: m.peer_received_bytes,
        peer_queued_bytes: m.peer_queued_bytes,
        ..out
    }
}

fn with_distributions(out: orch_metrics, m: &Metrics) -> orch_metrics {
    orch_metrics {
        turn_cpu: distribution(m.turn_cpu),
        turn_wall: distribution(m.turn_wall),
        loop_lag: distribution(m.loop_lag),
        reader_gaps: gaps(m.reader_gaps),
        response: distribution(m.response),
        watch_latency: distribution(m.watch_latency),
        client_traffic: traffic(m.client_traffic),
        client_gaps: gaps(m.client_gaps),
        client_round_trip: distribution(m.client_round_trip),
        diff_bytes: distribution(m.diff_bytes),
        diff_age: distribution(m.diff_age),
        peer_traffic: traffic(m.peer_traffic),
        ..out
    }
}

pub(super) fn terminal_metrics(m: &TerminalMetrics) -> orch_terminal_metrics {
    orch_terminal_metrics {
        output_bytes: m.output_bytes,
        input_bytes: m.input_bytes,
        input_waiting_bytes: m.input_waiting_bytes,
        log_bytes: m.log_bytes,
        screen_bytes: m.screen_bytes,
        unread_bytes: m.unread_bytes,
        reader_gaps: gaps(m.reader_gaps),
        response: distribution(m.response),
        ..orch_terminal_metrics::defaults()
    }
}

pub(super) fn client_metrics(m: &ClientMetrics) -> orch_client_metrics {
    orch_client_metrics {
        traffic: traffic(m.traffic),
        queued_bytes: m.queued_bytes,
        queued_messages: m.queued_messages,
        attachments: m.attachments,
        gaps: gaps(m.gaps),
        round_trip: distribution(m.round_trip),
        diff_bytes: distribution(m.diff_bytes),
        diff_age: distribution(m.diff_age),
        ..orch_client_metrics::defaults()
    }
}

pub(super) fn watch_metrics(m: &WatchMetrics) -> orch_watch_metrics {
    orch_watch_metrics {
        entries: m.entries,
        dirty_names: m.dirty_names,
        waiting_directories: m.waiting_directories,
        kernel_events: m.kernel_events,
        events: m.events,
        batches: m.batches,
        overflows: m.overflows,
        latency: distribution(m.latency),
        ..orch_watch_metrics::defaults()
    }
}

fn distribution(d: Distribution) -> orch_distribution {
    let Distribution { count, sum, p50, p95, p99, max } = d;
    orch_distribution { count, sum, p50, p95, p99, max }
}

fn traffic(t: Traffic) -> orch_traffic {
    let Traffic { received_bytes, received_messages, sent_bytes, sent_messages } = t;
    orch_traffic { received_bytes, received_messages, sent_bytes, sent_messages }
}

fn gaps(g: Gaps) -> orch_gaps {
    let Gaps { count, bytes } = g;
    orch_gaps { count, bytes }
}
