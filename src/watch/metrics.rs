//! What watches have counted and measured: events, batches, rescans, and how soon a batch follows its first event.

use super::figures::Counters;
use super::{Watch, Watches};
use crate::error::Result;
use crate::id::WatchId;
use crate::observe::{Metrics, WatchMetrics};

impl Watch {
    fn metrics(&self) -> WatchMetrics {
        let Counters { kernel_events, events, batches, overflows } = self.counters;
        WatchMetrics {
            id: self.id,
            entries: self.tree.len() as u64,
            dirty_names: self.dirty.len() as u64,
            waiting_directories: self.scan.len() as u64,
            kernel_events,
            events,
            batches,
            overflows,
            latency: self.latency.distribution(),
        }
    }
}

impl Watches {
    /// Whether times are recorded.
    pub(crate) fn set_observing(&mut self, on: bool) {
        self.totals.is_on = on;
    }

    /// The watches' part of the figures of the engine.
    pub(crate) fn fill_metrics(&self, metrics: &mut Metrics) {
        let mut sum = Counters::default();
        sum.add(&self.totals.gone);
        for watch in self.table.values() {
            sum.add(&watch.counters);
            metrics.watches += 1;
            metrics.watch_entries += watch.tree.len() as u64;
            metrics.watch_dirty_names += watch.dirty.len() as u64;
        }
        metrics.watch_kernel_events = sum.kernel_events;
        metrics.watch_events = sum.events;
        metrics.watch_batches = sum.batches;
        metrics.watch_overflows = sum.overflows;
        metrics.watch_latency = self.totals.latency();
    }

    /// The figures of one watch.
    pub(crate) fn metrics(&self, id: WatchId) -> Result<WatchMetrics> {
        self.table.get(id).map(Watch::metrics)
    }
}
