//! What is counted and measured of watches. Pure.

use std::time::Duration;

use crate::observe::{Distribution, Percentiles, Times, nanos};

/// Counts of one watch, or of several.
#[derive(Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) kernel_events: u64,
    pub(super) events: u64,
    pub(super) batches: u64,
    pub(super) overflows: u64,
}

/// How soon a watch reports.
#[derive(Default)]
pub(super) struct Latency {
    /// Of the batch that was made last, until it is recorded.
    sealed_after: Option<Duration>,
    times: Option<Box<Times>>,
}

/// Of all watches.
pub(super) struct Totals {
    /// Whether times are recorded.
    pub(super) is_on: bool,
    /// Counts of those that are gone.
    pub(super) gone: Counters,
    latency: Percentiles,
}

impl Counters {
    pub(super) fn add(&mut self, other: &Counters) {
        self.kernel_events += other.kernel_events;
        self.events += other.events;
        self.batches += other.batches;
        self.overflows += other.overflows;
    }
}

impl Latency {
    /// A batch was made so long after the first event that it may be of.
    pub(super) fn on_sealed(&mut self, after: Duration) {
        self.sealed_after = Some(after);
    }

    pub(super) fn distribution(&self) -> Distribution {
        self.times.as_ref().map(|times| times.distribution()).unwrap_or_default()
    }
}

impl Totals {
    pub(super) fn new() -> Self {
        Totals { is_on: true, gone: Counters::default(), latency: Percentiles::of_times() }
    }

    /// Records the latency of a batch that was made.
    pub(super) fn record(&mut self, latency: &mut Latency) {
        let Some(time) = latency.sealed_after.take() else { return };
        if self.is_on {
            self.latency.record(nanos(time));
            latency.times.get_or_insert_default().record(nanos(time));
        }
    }

    pub(super) fn latency(&self) -> Distribution {
        self.latency.distribution()
    }
}
