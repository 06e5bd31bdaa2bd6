//! Every metric: its name, what it means, and how it is read. The text for Prometheus and `docs/METRICS.md` are made of
//! this table, so they cannot differ from it.
//!
//! Names follow the conventions of Prometheus: a prefix, base units (seconds, bytes) last, `_total` behind what only
//! grows. A label has a bounded number of values: a stage, a kind, or an object of a table that is bounded by `Limits`.

use super::distribution::Distribution;
use super::kinds::KindCount;
use super::metrics::{ClientMetrics, Metrics, TerminalMetrics, Traffic, WatchMetrics};
use super::turns::StageMetrics;

/// One metric.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    /// One line, without a full stop.
    pub(crate) help: &'static str,
    pub(crate) read: Read,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows.
    Counter,
    Gauge,
    /// A distribution, with quantiles.
    Summary,
}

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Bytes,
    /// The numbers are nanoseconds; the text has seconds.
    Seconds,
}

/// How a metric is read, of what.
pub(crate) enum Read {
    /// One sample without labels.
    Engine(fn(&Metrics) -> Value),
    /// One sample, whose label names the version.
    Version,
    /// A sample for each stage of a turn.
    Stage(fn(&StageMetrics) -> Value),
    /// A sample for each kind of a count; the label's name.
    Kinds(&'static str, fn(&Metrics) -> &[KindCount]),
    /// A sample for each of two ways.
    Ways(fn(&Metrics) -> [(&'static str, u64); 2]),
    /// A sample for each terminal.
    Terminal(fn(&TerminalMetrics) -> Value),
    /// A sample for each client.
    Client(fn(&ClientMetrics) -> Value),
    /// A sample for each watch.
    Watch(fn(&WatchMetrics) -> Value),
}

/// What a sample is.
pub(crate) enum Value {
    One(u64),
    Many(Distribution),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value::One(value)
    }
}

impl From<Distribution> for Value {
    fn from(distribution: Distribution) -> Self {
        Value::Many(distribution)
    }
}

impl Kind {
    /// As Prometheus has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Summary => "summary",
        }
    }
}

impl Read {
    /// The label of the samples.
    pub(crate) fn label(&self) -> Option<&'static str> {
        match self {
            Read::Engine(_) => None,
            Read::Version => Some("version"),
            Read::Stage(_) => Some("stage"),
            Read::Kinds(label, _) => Some(label),
            Read::Ways(_) => Some("direction"),
            Read::Terminal(_) => Some("terminal"),
            Read::Client(_) => Some("client"),
            Read::Watch(_) => Some("watch"),
        }
    }
}

const fn counter(name: &'static str, unit: Unit, help: &'static str, read: Read) -> Family {
    Family { name, kind: Kind::Counter, unit, help, read }
}

const fn gauge(name: &'static str, unit: Unit, help: &'static str, read: Read) -> Family {
    Family { name, kind: Kind::Gauge, unit, help, read }
}

const fn summary(name: &'static str, unit: Unit, help: &'static str, read: Read) -> Family {
    Family { name, kind: Kind::Summary, unit, help, read }
}

fn bytes(traffic: Traffic) -> [(&'static str, u64); 2] {
    [("in", traffic.received_bytes), ("out", traffic.sent_bytes)]
}

fn messages(traffic: Traffic) -> [(&'static str, u64); 2] {
    [("in", traffic.received_messages), ("out", traffic.sent_messages)]
}

/// All metrics, in the order of the text: each line is one.
#[rustfmt::skip]
pub(crate) const FAMILIES: &[Family] = &[
    gauge("orchflow_build_info", Unit::Count, "1, labelled with the version of the library", Read::Version),
    gauge("orchflow_uptime_seconds", Unit::Seconds, "Time since the engine was made", Read::Engine(|m| m.uptime_ns.into())),
    gauge("orchflow_observing", Unit::Count, "1 while times and sizes are recorded", Read::Engine(|m| u64::from(m.is_observing).into())),
    counter("orchflow_invariants_broken_total", Unit::Count, "Faults of the library in this process; anything but 0 is a bug", Read::Engine(|m| m.invariants_broken.into())),
    counter("orchflow_errors_total", Unit::Count, "What went wrong in turns, where no caller got the error, by kind", Read::Kinds("kind", |m| &m.errors)),
    gauge("orchflow_notices", Unit::Count, "Completions and log lines that wait to be read by the host", Read::Engine(|m| m.notices.into())),
    counter("orchflow_log_lines_dropped_total", Unit::Count, "Log lines that went because the host did not read them", Read::Engine(|m| m.log_lines_dropped.into())),
    gauge("orchflow_memory_bytes", Unit::Bytes, "Memory that each subsystem uses, about", Read::Kinds("subsystem", |m| &m.memory)),
    gauge("orchflow_memory_limit_bytes", Unit::Bytes, "The most that all subsystems may use together", Read::Engine(|m| m.memory_bytes_max.into())),
    counter("orchflow_memory_gave_way_total", Unit::Count, "How often memory was given up or refused, by what gave way", Read::Kinds("kind", |m| &m.memory_gave_way)),
    gauge("orchflow_unwell_parts", Unit::Count, "Parts that are not as they should be, by their status", Read::Kinds("status", |m| &m.parts_unwell)),
    gauge("orchflow_reviews", Unit::Count, "Changes of clients that wait for the review of the host", Read::Engine(|m| m.reviews.into())),
    gauge("orchflow_jobs", Unit::Count, "Searches, batches, rows and reports of clients that are under way", Read::Engine(|m| m.jobs.into())),
    counter("orchflow_turns_total", Unit::Count, "Turns", Read::Engine(|m| m.turns.into())),
    counter("orchflow_turns_unfinished_total", Unit::Count, "Turns that left work for the next one because their time was over", Read::Engine(|m| m.turns_unfinished.into())),
    summary("orchflow_turn_seconds", Unit::Seconds, "Time on the clock of a turn, without the wait for something to do", Read::Engine(|m| m.turn_wall.into())),
    summary("orchflow_turn_cpu_seconds", Unit::Seconds, "Processor time of a turn", Read::Engine(|m| m.turn_cpu.into())),
    summary("orchflow_stage_seconds", Unit::Seconds, "Time on the clock of a stage in the turns in which it did something", Read::Stage(|m| m.wall.into())),
    counter("orchflow_stage_cost_total", Unit::Count, "Estimated nanoseconds of work of a stage, the same for the same work on every machine", Read::Stage(|m| m.cost.into())),
    summary("orchflow_loop_lag_seconds", Unit::Seconds, "How late timers fired, and how long what a turn had left undone waited for the next one", Read::Engine(|m| m.loop_lag.into())),
    gauge("orchflow_terminals", Unit::Count, "Terminals, ended ones included", Read::Engine(|m| m.terminals.into())),
    gauge("orchflow_terminals_stopped", Unit::Count, "Terminals that are not read: the host or a slow reader stops them, or memory is used up", Read::Engine(|m| m.terminals_stopped.into())),
    counter("orchflow_terminals_started_total", Unit::Count, "Terminals that were spawned or adopted", Read::Engine(|m| m.terminals_started.into())),
    counter("orchflow_pty_bytes_total", Unit::Bytes, "Bytes of all terminals: out is what came out, in is what their programs took in", Read::Ways(|m| [("in", m.input_bytes), ("out", m.output_bytes)])),
    gauge("orchflow_input_waiting_bytes", Unit::Bytes, "Input that waits for programs to read", Read::Engine(|m| m.input_waiting_bytes.into())),
    gauge("orchflow_log_bytes", Unit::Bytes, "Output that all logs hold", Read::Engine(|m| m.log_bytes.into())),
    gauge("orchflow_log_limit_bytes", Unit::Bytes, "The most that all logs may hold", Read::Engine(|m| m.log_bytes_max.into())),
    gauge("orchflow_screen_bytes", Unit::Bytes, "Memory of all screens with their scrollback", Read::Engine(|m| m.screen_bytes.into())),
    gauge("orchflow_screen_limit_bytes", Unit::Bytes, "The most that all screens may take", Read::Engine(|m| m.screen_bytes_max.into())),
    counter("orchflow_reader_gaps_total", Unit::Count, "Gaps in the output that readers of the host got", Read::Engine(|m| m.reader_gaps.count.into())),
    counter("orchflow_reader_gap_bytes_total", Unit::Bytes, "Output that readers of the host did not get", Read::Engine(|m| m.reader_gaps.bytes.into())),
    summary("orchflow_response_seconds", Unit::Seconds, "From input to the first output after it, of all terminals", Read::Engine(|m| m.response.into())),
    counter("orchflow_terminal_output_bytes_total", Unit::Bytes, "Bytes that came out of a terminal", Read::Terminal(|m| m.output_bytes.into())),
    counter("orchflow_terminal_input_bytes_total", Unit::Bytes, "Bytes that the program of a terminal took in", Read::Terminal(|m| m.input_bytes.into())),
    gauge("orchflow_terminal_input_waiting_bytes", Unit::Bytes, "Input of a terminal that waits for its program", Read::Terminal(|m| m.input_waiting_bytes.into())),
    gauge("orchflow_terminal_log_bytes", Unit::Bytes, "Output that the log of a terminal holds", Read::Terminal(|m| m.log_bytes.into())),
    gauge("orchflow_terminal_screen_bytes", Unit::Bytes, "Memory of the screen of a terminal", Read::Terminal(|m| m.screen_bytes.into())),
    gauge("orchflow_terminal_unread_bytes", Unit::Bytes, "Output that the slowest reader of a terminal has not got that gets every byte", Read::Terminal(|m| m.unread_bytes.into())),
    counter("orchflow_terminal_reader_gaps_total", Unit::Count, "Gaps in the output that readers of the host got of a terminal", Read::Terminal(|m| m.reader_gaps.count.into())),
    summary("orchflow_terminal_response_seconds", Unit::Seconds, "From input to the first output after it, of a terminal", Read::Terminal(|m| m.response.into())),
    gauge("orchflow_watches", Unit::Count, "File watches", Read::Engine(|m| m.watches.into())),
    gauge("orchflow_watch_files", Unit::Count, "Files and directories of all watches", Read::Engine(|m| m.watch_entries.into())),
    gauge("orchflow_watch_dirty", Unit::Count, "Names of all watches that wait to be looked at", Read::Engine(|m| m.watch_dirty_names.into())),
    counter("orchflow_watches_kernel_events_total", Unit::Count, "File events that the kernel reported", Read::Engine(|m| m.watch_kernel_events.into())),
    counter("orchflow_watches_events_total", Unit::Count, "File events that were published", Read::Engine(|m| m.watch_events.into())),
    counter("orchflow_watches_batches_total", Unit::Count, "Batches of file events", Read::Engine(|m| m.watch_batches.into())),
    counter("orchflow_watches_rescans_total", Unit::Count, "How often the kernel dropped file events, so that everything was listed again", Read::Engine(|m| m.watch_overflows.into())),
    summary("orchflow_watches_latency_seconds", Unit::Seconds, "From the first file event of a batch to the moment at which the host could read it", Read::Engine(|m| m.watch_latency.into())),
    gauge("orchflow_watch_entries", Unit::Count, "Files and directories of a watch", Read::Watch(|m| m.entries.into())),
    gauge("orchflow_watch_dirty_names", Unit::Count, "Names of a watch that wait to be looked at", Read::Watch(|m| m.dirty_names.into())),
    gauge("orchflow_watch_waiting_directories", Unit::Count, "Directories of a watch that wait to be listed", Read::Watch(|m| m.waiting_directories.into())),
    counter("orchflow_watch_kernel_events_total", Unit::Count, "File events that the kernel reported to a watch", Read::Watch(|m| m.kernel_events.into())),
    counter("orchflow_watch_events_total", Unit::Count, "File events that a watch published", Read::Watch(|m| m.events.into())),
    counter("orchflow_watch_batches_total", Unit::Count, "Batches of a watch", Read::Watch(|m| m.batches.into())),
    counter("orchflow_watch_rescans_total", Unit::Count, "How often the kernel dropped file events of a watch", Read::Watch(|m| m.overflows.into())),
    summary("orchflow_watch_latency_seconds", Unit::Seconds, "From the first file event of a batch to the moment at which the host could read it, of a watch", Read::Watch(|m| m.latency.into())),
    gauge("orchflow_state_bytes", Unit::Bytes, "Bytes of the application state, about", Read::Engine(|m| m.state_bytes.into())),
    gauge("orchflow_state_limit_bytes", Unit::Bytes, "The most that the application state may have", Read::Engine(|m| m.state_bytes_max.into())),
    counter("orchflow_state_versions_total", Unit::Count, "Versions of the application state", Read::Engine(|m| m.state_version.into())),
    gauge("orchflow_listeners", Unit::Count, "Addresses that are listened on", Read::Engine(|m| m.listeners.into())),
    gauge("orchflow_connections", Unit::Count, "Connections, those included that have not authenticated or are being closed", Read::Engine(|m| m.connections.into())),
    gauge("orchflow_clients", Unit::Count, "Clients that have authenticated", Read::Engine(|m| m.clients.into())),
    counter("orchflow_connections_accepted_total", Unit::Count, "Connections that were accepted", Read::Engine(|m| m.connections_accepted.into())),
    counter("orchflow_requests_refused_total", Unit::Count, "Requests that were refused, by HTTP status", Read::Kinds("status", |m| &m.requests_refused)),
    counter("orchflow_clients_closed_total", Unit::Count, "WebSockets that the server closed, by the code of the close frame", Read::Kinds("code", |m| &m.clients_closed)),
    counter("orchflow_client_errors_total", Unit::Count, "Errors that were reported to clients, by code", Read::Kinds("code", |m| &m.client_errors)),
    counter("orchflow_server_bytes_total", Unit::Bytes, "Bytes of all connections of the server, with all headers", Read::Ways(|m| bytes(m.client_traffic))),
    counter("orchflow_server_messages_total", Unit::Count, "Messages of all connections of the server", Read::Ways(|m| messages(m.client_traffic))),
    gauge("orchflow_server_queued_bytes", Unit::Bytes, "Bytes that wait to be sent to clients", Read::Engine(|m| m.client_queued_bytes.into())),
    gauge("orchflow_server_partial_bytes", Unit::Bytes, "Bytes of unfinished messages of clients", Read::Engine(|m| m.client_partial_bytes.into())),
    counter("orchflow_server_gaps_total", Unit::Count, "Gaps in the output that clients got", Read::Engine(|m| m.client_gaps.count.into())),
    counter("orchflow_server_gap_bytes_total", Unit::Bytes, "Output that clients did not get", Read::Engine(|m| m.client_gaps.bytes.into())),
    summary("orchflow_round_trip_seconds", Unit::Seconds, "From a diff to its acknowledgement, of all clients", Read::Engine(|m| m.client_round_trip.into())),
    summary("orchflow_diff_bytes", Unit::Bytes, "Sizes of parts of diffs", Read::Engine(|m| m.diff_bytes.into())),
    summary("orchflow_diff_age_seconds", Unit::Seconds, "From the oldest change of a diff to the moment at which it was queued", Read::Engine(|m| m.diff_age.into())),
    counter("orchflow_client_received_bytes_total", Unit::Bytes, "Bytes that came from a client", Read::Client(|m| m.traffic.received_bytes.into())),
    counter("orchflow_client_received_messages_total", Unit::Count, "Messages that came from a client", Read::Client(|m| m.traffic.received_messages.into())),
    counter("orchflow_client_sent_bytes_total", Unit::Bytes, "Bytes that were sent to a client", Read::Client(|m| m.traffic.sent_bytes.into())),
    counter("orchflow_client_sent_messages_total", Unit::Count, "Messages that were sent to a client", Read::Client(|m| m.traffic.sent_messages.into())),
    gauge("orchflow_client_queued_bytes", Unit::Bytes, "Bytes that wait to be sent to a client", Read::Client(|m| m.queued_bytes.into())),
    gauge("orchflow_client_attachments", Unit::Count, "Terminals that a client is attached to", Read::Client(|m| m.attachments.into())),
    counter("orchflow_client_gaps_total", Unit::Count, "Gaps in the output that a client got", Read::Client(|m| m.gaps.count.into())),
    summary("orchflow_client_round_trip_seconds", Unit::Seconds, "From a diff to its acknowledgement, of a client", Read::Client(|m| m.round_trip.into())),
    summary("orchflow_client_diff_bytes", Unit::Bytes, "Sizes of parts of diffs of a client", Read::Client(|m| m.diff_bytes.into())),
    summary("orchflow_client_diff_age_seconds", Unit::Seconds, "From the oldest change of a diff to the moment at which it was queued, of a client", Read::Client(|m| m.diff_age.into())),
    gauge("orchflow_peers", Unit::Count, "Connections to other engines that the host wants", Read::Engine(|m| m.peers.into())),
    gauge("orchflow_peers_connected", Unit::Count, "Connections to other engines that are open", Read::Engine(|m| m.peers_connected.into())),
    counter("orchflow_peer_bytes_total", Unit::Bytes, "Bytes of all connections to other engines", Read::Ways(|m| bytes(m.peer_traffic))),
    counter("orchflow_peer_messages_total", Unit::Count, "Messages of all connections to other engines", Read::Ways(|m| messages(m.peer_traffic))),
    gauge("orchflow_peer_received_waiting_bytes", Unit::Bytes, "What came from other engines and waits to be read by the host, about", Read::Engine(|m| m.peer_received_bytes.into())),
    gauge("orchflow_peer_queued_bytes", Unit::Bytes, "Bytes that wait to be sent to other engines", Read::Engine(|m| m.peer_queued_bytes.into())),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The conventions of Prometheus, as far as the table alone can break them.
    #[test]
    fn names_follow_the_conventions() {
        for (at, Family { name, kind, unit, help, read }) in FAMILIES.iter().enumerate() {
            assert!(name.starts_with("orchflow_"), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            let base = name.strip_suffix("_total").unwrap_or(name);
            assert_eq!(base.ends_with("_seconds"), *unit == Unit::Seconds, "{name}");
            assert_eq!(base.ends_with("_bytes"), *unit == Unit::Bytes, "{name}");
            assert!(
                !help.is_empty() && !help.ends_with('.') && !help.contains(['\n', '\\']),
                "{name}"
            );
            let is_object = matches!(read.label(), Some("terminal" | "client" | "watch"));
            assert!(!is_object || name.contains(read.label().unwrap_or_default()), "{name}");
            assert!(FAMILIES.iter().skip(at + 1).all(|other| other.name != *name), "{name} twice");
        }
    }

    /// A line of the table in the document.
    fn row(family: &Family) -> String {
        let Family { name, kind, unit, help, read } = family;
        let unit = match unit {
            Unit::Count => "",
            Unit::Bytes => "bytes",
            Unit::Seconds => "seconds",
        };
        let label = read.label().map(|label| format!("`{label}`")).unwrap_or_default();
        format!("| `{name}` | {} | {unit} | {label} | {help} |\n", kind.name())
    }

    /// `docs/METRICS.md` has a line for each metric. `ORCHFLOW_WRITE_METRICS=1` writes them.
    #[test]
    fn the_document_lists_every_metric() {
        const BEGIN: &str = "| --- | --- | --- | --- | --- |\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/METRICS.md");
        let document = std::fs::read_to_string(path).unwrap();
        let (head, rest) = document.split_once(BEGIN).unwrap();
        let (_, tail) = rest.split_once("\n\n").unwrap();
        let rows: String = FAMILIES.iter().map(row).collect();
        let expected = format!("{head}{BEGIN}{rows}\n{tail}");
        if std::env::var_os("ORCHFLOW_WRITE_METRICS").is_some() {
            std::fs::write(path, &expected).unwrap();
        }
        assert!(document == expected, "docs/METRICS.md: ORCHFLOW_WRITE_METRICS=1 writes its table");
    }

    /// The dashboard for Grafana asks for metrics and labels that there are.
    #[test]
    fn the_dashboard_knows_the_metrics() {
        const DASHBOARD: &str = include_str!("../../packaging/grafana/orchflow.json");
        let mut asked = 0;
        for (at, _) in DASHBOARD.match_indices("orchflow_") {
            let end = |b: u8| !b.is_ascii_lowercase() && b != b'_';
            let rest = &DASHBOARD.as_bytes()[at..];
            let length = rest.iter().position(|b| end(*b)).unwrap();
            let name = &DASHBOARD[at..at + length];
            let is_asked = |family: &&Family| {
                let parts =
                    ["_sum", "_count"].into_iter().filter_map(|part| name.strip_suffix(part));
                let of_summary = parts.clone().any(|base| base == family.name);
                family.name == name && family.kind != Kind::Summary
                    || of_summary && family.kind == Kind::Summary
            };
            assert!(FAMILIES.iter().any(|family| is_asked(&family)), "{name}");
            asked += 1;
        }
        assert!(asked > 20, "{asked}");
        let known: Vec<_> = FAMILIES.iter().filter_map(|family| family.read.label()).collect();
        for (at, _) in DASHBOARD.match_indices("{{") {
            let label = DASHBOARD[at + 2..].split_once("}}").unwrap().0;
            assert!(known.contains(&label), "{label}");
        }
    }
}
