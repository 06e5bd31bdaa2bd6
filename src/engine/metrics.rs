//! The figures of the engine, gathered from its subsystems when somebody asks for them.

use super::Engine;
use crate::error::Result;
use crate::id::{ClientId, TerminalId, WatchId};
use crate::observe::{
    ClientMetrics, HealthStatus, KindCount, Metrics, MetricsText, TerminalMetrics, WatchMetrics,
    nanos,
};
use crate::policy::GaveWay;

impl Engine {
    /// What the engine has counted and measured so far. `docs/METRICS.md` explains each figure.
    ///
    /// Every terminal, client and watch is looked at: about a tenth of a microsecond for each.
    pub fn metrics(&self) -> Metrics {
        let mut metrics = self.own_metrics();
        self.terminals.fill_metrics(&mut metrics);
        self.watches.fill_metrics(&mut metrics);
        self.server.fill_metrics(&mut metrics);
        self.peers.fill_metrics(&mut metrics);
        metrics
    }

    /// The figures of one terminal.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn terminal_metrics(&self, id: TerminalId) -> Result<TerminalMetrics> {
        self.terminals.metrics(id)
    }

    /// The figures of one client.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn client_metrics(&self, id: ClientId) -> Result<ClientMetrics> {
        self.server.metrics(id)
    }

    /// The figures of one watch.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn watch_metrics(&self, id: WatchId) -> Result<WatchMetrics> {
        self.watches.metrics(id)
    }

    /// All figures as text for Prometheus, those of each terminal, client and watch included; see `docs/METRICS.md`.
    pub fn metrics_text(&self) -> String {
        let mut text = MetricsText::new();
        let terminals = self.terminals.ids(crate::TerminalFilter::All);
        for found in terminals.filter_map(|id| self.terminals.metrics(id).ok()) {
            text.add_terminal(&found);
        }
        for found in self.server.client_ids().filter_map(|id| self.server.metrics(id).ok()) {
            text.add_client(&found);
        }
        for found in self.watches.ids().filter_map(|id| self.watches.metrics(id).ok()) {
            text.add_watch(&found);
        }
        text.add_engine(&self.metrics());
        let mut out = String::with_capacity(text.len());
        while text.write_next(&mut out).is_some() {}
        out
    }

    /// Whether times and sizes are recorded: response times, latencies, round trips, ages, lag. Bytes, messages, events,
    /// errors and turns are counted in any case. By default they are; without it nothing is recorded for an event.
    pub fn set_observing(&mut self, on: bool) {
        self.turns.is_on = on;
        self.terminals.set_observing(on);
        self.watches.set_observing(on);
        self.server.set_observing(on);
    }

    /// What belongs to no subsystem; the rest is zero.
    fn own_metrics(&self) -> Metrics {
        let (turn_cpu, turn_wall) = self.turns.distributions();
        let searches = self.searches.running.len() + self.searches.waiting.len();
        let memory = self.memory();
        let health = self.health();
        let unwell = |status: HealthStatus| {
            let parts = health.parts.iter().filter(|part| part.status == status);
            kind_count(status.name(), parts.count() as u64)
        };
        let jobs = searches + self.batches.len() + self.rows.jobs.len();
        Metrics {
            uptime_ns: nanos(self.reactor.measure_now().saturating_duration_since(self.started)),
            is_observing: self.turns.is_on,
            invariants_broken: crate::invariants_broken(),
            errors: self.errors.sorted(),
            log_lines_dropped: self.log_lines_dropped,
            notices: self.notices.len() as u64,
            reviews: self.reviews.len() as u64,
            memory: memory.parts().map(|(kind, bytes)| kind_count(kind, bytes as u64)).into(),
            memory_bytes_max: memory.limit as u64,
            memory_gave_way: gave_way(&memory.gave_way).into(),
            parts_unwell: [HealthStatus::Degraded, HealthStatus::Failed].map(unwell).into(),
            jobs: jobs as u64 + u64::from(self.report.is_some()),
            turns: turn_wall.count,
            turns_unfinished: self.turns.unfinished(),
            turn_cpu,
            turn_wall,
            stages: self.turns.stage_metrics(),
            loop_lag: self.turns.lag(),
            state_bytes: self.state.bytes() as u64,
            state_bytes_max: self.config.limits.state_bytes as u64,
            state_version: self.state.version().n,
            ..Metrics::default()
        }
    }
}

fn kind_count(kind: &'static str, count: u64) -> KindCount {
    KindCount { kind, count }
}

fn gave_way(of: &GaveWay) -> [KindCount; 5] {
    [
        kind_count("log_history", of.log_history),
        kind_count("scrollback", of.scrollback),
        kind_count("tombstones", of.tombstones),
        kind_count("clients", of.clients),
        kind_count("refused", of.refused),
    ]
}
