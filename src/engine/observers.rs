//! Figures and health for clients, as they travel.

use super::Engine;
use crate::observe::{Distribution, HealthStatus, PartHealth};
use crate::policy::Slice;
use crate::sync::MadeFigures;
use crate::sync::protocol::{self as wire, Figures, MemoryPart, Times};

/// Parts in one message.
const PARTS_MAX: usize = 64;

/// What making the figures costs, in nanoseconds of estimated work, and looking at a terminal, client or watch for it.
const FIGURES_COST: u64 = 200_000;
const OBJECT_COST: u64 = 50;

impl Engine {
    /// Sends figures and health to the clients that are due.
    pub(super) fn send_to_observers(&mut self, slice: &mut Slice) {
        let (figures, health) = self.server.observers_due(self.reactor.now());
        let figures = figures.then(|| {
            let figures = self.figures();
            let objects = figures.terminals + figures.clients + figures.watches;
            let cost = FIGURES_COST + u64::from(objects) * OBJECT_COST;
            slice.charge(cost);
            MadeFigures::new(figures, cost)
        });
        let health = health.then(|| self.health_for_clients());
        self.server.send_to_observers(figures, health.as_ref(), slice, &mut self.reactor);
    }

    /// What differs from client to client is left at 0.
    fn figures(&self) -> Figures {
        let metrics = self.metrics();
        let memory = self.memory();
        let part =
            |(name, bytes): (&str, usize)| MemoryPart { name: name.into(), bytes: bytes as u64 };
        let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let kinds = metrics.errors.iter().chain(&metrics.client_errors);
        Figures {
            uptime_ms: metrics.uptime_ns / 1_000_000,
            turns: metrics.turns,
            unfinished_turns: metrics.turns_unfinished,
            pty_read_bytes: metrics.output_bytes,
            pty_written_bytes: metrics.input_bytes,
            received_bytes: metrics.client_traffic.received_bytes,
            sent_bytes: metrics.client_traffic.sent_bytes,
            received_messages: metrics.client_traffic.received_messages,
            sent_messages: metrics.client_traffic.sent_messages,
            file_events: metrics.watch_events,
            rescans: metrics.watch_overflows,
            gap_bytes: metrics.reader_gaps.bytes + metrics.client_gaps.bytes,
            errors: kinds.map(|kind| kind.count).sum(),
            turn: times(&metrics.turn_wall),
            lag: times(&metrics.loop_lag),
            response: times(&metrics.response),
            file_latency: times(&metrics.watch_latency),
            diff_age: times(&metrics.diff_age),
            round_trip: times(&metrics.client_round_trip),
            memory: memory.parts().map(part).into(),
            memory_limit: memory.limit as u64,
            queued_bytes: 0,
            terminals: count(metrics.terminals),
            clients: count(metrics.clients),
            watches: count(metrics.watches),
            peers: count(metrics.peers),
        }
    }

    fn health_for_clients(&self) -> wire::Health {
        let health = self.health();
        let now = self.reactor.measure_now();
        let part = |of: &PartHealth| {
            let since =
                of.since.map_or_else(Default::default, |at| now.saturating_duration_since(at));
            wire::PartHealth {
                part: of.part.kind().into(),
                id: of.part.id(),
                status: status(of.status),
                reason: of.reason.map_or("", |reason| reason.name()).into(),
                message: of.reason.map_or("", |reason| reason.sentence()).into(),
                since_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            }
        };
        let more = health.parts.len().saturating_sub(PARTS_MAX);
        wire::Health {
            status: status(health.status),
            parts: health.parts.iter().take(PARTS_MAX).map(part).collect(),
            more: u32::try_from(more).unwrap_or(u32::MAX),
        }
    }
}

fn status(status: HealthStatus) -> wire::HealthStatus {
    match status {
        HealthStatus::Ok => wire::HealthStatus::Ok,
        HealthStatus::Degraded => wire::HealthStatus::Degraded,
        HealthStatus::Failed => wire::HealthStatus::Failed,
    }
}

fn times(of: &Distribution) -> Times {
    Times {
        count: of.count,
        sum_us: of.sum / 1000,
        p50_us: of.p50 / 1000,
        p95_us: of.p95 / 1000,
        p99_us: of.p99 / 1000,
        max_us: of.max / 1000,
    }
}
