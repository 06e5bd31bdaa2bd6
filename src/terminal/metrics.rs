//! What terminals have counted and measured: bytes each way, gaps, and how soon output follows input.

use super::table::Terminals;
use crate::error::Result;
use crate::id::TerminalId;
use crate::observe::{Metrics, TerminalMetrics};

impl Terminals {
    /// Whether times are recorded.
    pub(crate) fn set_observing(&mut self, on: bool) {
        self.totals.is_on = on;
    }

    /// The terminals' part of the figures of the engine.
    pub(crate) fn fill_metrics(&self, metrics: &mut Metrics) {
        let totals = &self.totals;
        metrics.terminals = self.table.len() as u64;
        metrics.terminals_started = totals.started;
        (metrics.output_bytes, metrics.input_bytes) = (totals.output_bytes, totals.input_bytes);
        (metrics.log_bytes, metrics.screen_bytes) =
            (self.logs.used() as u64, self.screens.used() as u64);
        metrics.log_bytes_max = self.limits.log_bytes_total as u64;
        metrics.screen_bytes_max = self.limits.screen_bytes_total as u64;
        metrics.reader_gaps = totals.reader_gaps;
        metrics.response = totals.response();
        for terminal in self.table.values() {
            metrics.output_bytes += terminal.log.end();
            metrics.input_bytes += terminal.input.written();
            metrics.input_waiting_bytes += terminal.input.len() as u64;
            metrics.terminals_stopped += u64::from(terminal.flow.is_stopped());
            metrics.reader_gaps.add(terminal.figures.reader_gaps);
        }
    }

    /// The figures of one terminal.
    pub(crate) fn metrics(&self, id: TerminalId) -> Result<TerminalMetrics> {
        let terminal = self.table.get(id)?;
        let figures = &terminal.figures;
        Ok(TerminalMetrics {
            id,
            output_bytes: terminal.log.end(),
            input_bytes: terminal.input.written(),
            input_waiting_bytes: terminal.input.len() as u64,
            log_bytes: terminal.log.end() - terminal.log.start(),
            screen_bytes: terminal.screen_bytes.0 as u64,
            unread_bytes: terminal.unread(),
            reader_gaps: figures.reader_gaps,
            response: figures.response(),
        })
    }
}
